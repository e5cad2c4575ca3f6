"""Which language texts are in, where it is not the one that was asked for."""

from __future__ import annotations

import pytest

from media_assets.artifacts.translation.wrong_language import language_instead

SAID = {
    "en": "Good morning, and welcome to the talk about bees. The queen lays every egg in the hive. They make honey "
    "from nectar, which they collect all summer, and that is all for today, thank you very much for listening.",
    "de": "Guten Morgen und willkommen zum Vortrag über Bienen. Die Königin legt jedes Ei im Stock. Sie machen Honig "
    "aus Nektar, den sie den ganzen Sommer sammeln, und das ist alles für heute, vielen Dank fürs Zuhören.",
    "nl": "Goedemorgen en welkom bij de lezing over bijen. De koningin legt elk ei in de korf. Ze maken honing van "
    "nectar die ze de hele zomer verzamelen, en dat is alles voor vandaag, bedankt voor het luisteren.",
    "fr": "Bonjour et bienvenue à la conférence sur les abeilles. La reine pond chaque œuf dans la ruche. Elles font "
    "du miel avec le nectar qu'elles récoltent tout l'été, et c'est tout pour aujourd'hui, merci beaucoup à vous.",
    "es": "Buenos días y bienvenidos a la charla sobre abejas. La reina pone cada huevo en la colmena. Hacen miel con "
    "el néctar que recogen todo el verano, y eso es todo por hoy, muchas gracias a todos por escuchar.",
    "pt": "Bom dia e bem-vindos à palestra sobre abelhas. A rainha põe cada ovo na colmeia. Elas fazem mel do néctar "
    "que recolhem todo o verão, e isso é tudo por hoje, muito obrigado a todos por nos ouvirem.",
    "sv": "God morgon och välkomna till föredraget om bin. Drottningen lägger varje ägg i kupan. De gör honung av "
    "nektar som de samlar hela sommaren, och det var allt för idag, tack så mycket för att ni lyssnade.",
    "da": "Godmorgen og velkommen til foredraget om bier. Dronningen lægger hvert æg i kuben. De laver honning af "
    "nektar, som de samler hele sommeren, og det var alt for i dag, tak fordi I lyttede til os.",
    "ru": "Доброе утро и добро пожаловать на лекцию о пчёлах. Матка откладывает каждое яйцо в улье. Они делают мёд из "
    "нектара, который собирают всё лето, и это всё на сегодня, большое спасибо вам за то, что вы нас слушали.",
}


@pytest.mark.parametrize("language", SAID)
def test_what_is_in_the_wanted_language_passes(language: str) -> None:
    assert language_instead([SAID[language]], language) is None


@pytest.mark.parametrize("wanted", ["de", "fr", "es", "sv", "ru", "pt-BR"])
def test_english_instead_is_seen(wanted: str) -> None:
    assert language_instead([SAID["en"]], wanted) == "en"


@pytest.mark.parametrize(("wanted", "said"), [("en", "de"), ("fr", "de"), ("de", "nl"), ("fr", "es"), ("uk", "ru")])
def test_so_is_another_one(wanted: str, said: str) -> None:
    assert language_instead([SAID[said]], wanted) == said


def test_names_and_few_words_say_nothing() -> None:
    assert language_instead(["Anna Miller, Barack Obama, Angela Merkel, Tim Cook, Ada Lovelace"] * 5, "de") is None
    assert language_instead(["This is what they were."], "de") is None
    assert language_instead([SAID["en"]], "mt") is None, "of a language without a list nothing is said"
