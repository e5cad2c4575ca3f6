"""The voices that conversations are made of: those of flite, and variants of espeak-ng's in several languages.

Many of espeak-ng's hundred variants are one voice under several names. Those here differ from each other as measured
without the network that is judged: of a text they say alike, the mean spectrum in 40 bands is more than 5 dB apart, or
more than 2.5 dB and the pitch by more than three semitones. The limits of the product were chosen with half of them
(`TUNING`); the others (`HELD_OUT`) say how well it does.
"""

from __future__ import annotations

import hashlib
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

RATE = 16_000


@dataclass(frozen=True)
class SyntheticVoice:
    """One who speaks."""

    name: str
    program: str
    voice: str
    languages: tuple[str, ...]


def _voices(flite: tuple[str, ...], espeak: tuple[str, ...]) -> tuple[SyntheticVoice, ...]:
    english = (SyntheticVoice(f"flite-{name}", "flite", name, ("en",)) for name in flite)
    variants = (SyntheticVoice(name.lower(), "espeak-ng", name, ("en", "de", "es", "fr")) for name in espeak)
    return (*english, *variants)


TUNING = _voices(
    ("slt", "awb"),
    ("Alicia", "antonio", "boris", "Annie", "Nguyen", "steph", "Mr serious", "iven", "f1", "travis"),
)
HELD_OUT = _voices(
    ("rms", "kal16"),
    ("Andrea", "belinda", "aunty", "Gene", "kaukovalta", "Mario", "pablo", "shelby", "grandma", "norbert"),
)

SHORT = {
    "en": ("Yes.", "No, not yet.", "I see.", "Right.", "Of course.", "Really?", "Thank you.", "Why not?"),
    "de": ("Ja.", "Noch nicht.", "Ach so.", "Genau.", "Natürlich.", "Wirklich?", "Vielen Dank.", "Warum nicht?"),
    "es": ("Sí.", "Todavía no.", "Ya veo.", "Claro.", "¿De verdad?", "Gracias.", "¿Por qué no?"),
    "fr": ("Oui.", "Pas encore.", "Je vois.", "Bien sûr.", "Vraiment ?", "Merci.", "Pourquoi pas ?"),
}
SENTENCES = {
    "en": (
        "Good morning, let us begin with the weather station on the hill.",
        "It was down for two days because the battery was empty.",
        "A new battery costs forty two dollars, and I will buy one in Hamburg tomorrow.",
        "How many children will visit us in June?",
        "The school has three hundred and fifty children, and Maria will call them on Friday.",
        "I will make a list of the things that we need before the summer.",
        "Most garden plants die because people give them too much water.",
        "Look at the sky in the morning, and take an umbrella if the clouds are dark.",
        "Nobody had told the driver which of the two bridges was closed.",
        "We measured the same thing twice, and the second time it was a third longer.",
        "If you put the microphone closer to the window, you will hear the street.",
        "The museum opens at ten, but the guided tour does not start before noon.",
        "My brother plays the trumpet in a band that nobody has heard of yet.",
        "Could you please send me the photographs from the day before yesterday?",
        "Every evening she walks along the river to the old mill and back.",
        "That is exactly what I was afraid of when we signed the contract.",
    ),
    "de": (
        "Guten Morgen, fangen wir mit der Wetterstation auf dem Hügel an.",
        "Sie ist zwei Tage lang ausgefallen, weil die Batterie leer war.",
        "Wie viele Kinder werden uns im Juni besuchen?",
        "Ich schreibe eine Liste der Dinge, die wir vor dem Sommer brauchen.",
        "Die meisten Pflanzen sterben, weil sie zu viel Wasser bekommen.",
        "Niemand hatte dem Fahrer gesagt, welche der beiden Brücken gesperrt war.",
    ),
    "es": (
        "Buenos días, empecemos con la estación meteorológica de la colina.",
        "No funcionó durante dos días porque la batería estaba vacía.",
        "¿Cuántos niños nos visitarán en junio?",
        "Voy a hacer una lista de las cosas que necesitamos antes del verano.",
        "El museo abre a las diez, pero la visita no empieza antes del mediodía.",
    ),
    "fr": (
        "Bonjour, commençons par la station météo sur la colline.",
        "Elle est restée en panne deux jours parce que la batterie était vide.",
        "Combien d'enfants viendront nous voir en juin ?",
        "Je vais faire une liste des choses dont nous avons besoin avant l'été.",
        "Le musée ouvre à dix heures, mais la visite ne commence pas avant midi.",
    ),
}


def spoken(voice: SyntheticVoice, text: str, language: str, folder: Path) -> np.ndarray:
    """What a voice says, from -1 to 1, without silence around it. Kept in the folder."""
    key = hashlib.sha256(repr((voice, text, language)).encode()).hexdigest()[:24]
    path = folder / f"{key}.wav"
    if not path.is_file():
        if voice.program == "flite":
            command = ["flite", "-voice", voice.voice, "-t", text, "-o", str(path)]
        else:
            known = {"en": "en-us"}.get(language, language)  # of fr-fr there is one voice only
            command = ["espeak-ng", "-v", f"{known}+{voice.voice}", "-w", str(path), text]
        subprocess.run(command, check=True, capture_output=True)
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768
    if rate != RATE:
        common = np.gcd(rate, RATE)
        sound = resample_poly(sound, RATE // common, rate // common)
    return _without_silence_around(sound)


def _without_silence_around(sound: np.ndarray) -> np.ndarray:
    frame = RATE // 100
    levels = np.sqrt(np.mean(np.square(sound[: len(sound) // frame * frame].reshape(-1, frame)), axis=1))
    loud = np.flatnonzero(levels > 0.02 * levels.max())
    sound = sound[loud[0] * frame : (loud[-1] + 1) * frame]
    level: np.ndarray = sound * (0.1 / np.sqrt(np.mean(np.square(sound))))
    return level
