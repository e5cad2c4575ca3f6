"""A transcript as sentences with times, also where the recogniser wrote no punctuation.

With punctuation a sentence ends where it says so, and may span segments. Without, the speaker's pauses say it: segments
are utterances, short ones are joined to the nearer neighbour, and long ones are split where the pause is longest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise

from media_assets.artifacts.summary.engines.extractive.words import is_hiragana
from media_assets.artifacts.transcript.value import TranscriptSegment
from media_assets.base.words import has_text, is_unspaced, parted, word_count
from media_assets.base.writing import CLOSING_MARKS, SENTENCE_MARKS, blank_between

_SHORT = 5
"""Words; an utterance below this seldom says something by itself."""
_LONG = 45
"""Words; beyond this people do not read a quotation."""
_JOIN_GAP_SECONDS = 1.5
_WORDS_PER_STOP = 80
"""Fewer sentence ends than one in so many words count as no punctuation."""

_END = re.compile(rf"[{re.escape(SENTENCE_MARKS)}][{re.escape(CLOSING_MARKS)}]*$")
_DOUBTFUL = ".!?…"
"""Marks that may stand within a sentence too; the others end one whatever follows."""
_ABBREVIATION = re.compile(
    r"""["'(\[]*(?:\w|mr|mrs|ms|dr|prof|st|vs|etc|approx|e\.g|i\.e|no|z\.b|d\.h|bzw|ca|nr|hr|fr|sra?|dott|mme|m)\.""",
    re.IGNORECASE,
)


_POLITE_ENDS = frozenset(("ます", "です", "ました", "した", "でした", "ません", "せん", "ください", "た", "ない"))
"""Parted as ICU does it."""


@dataclass(frozen=True)
class Sentence:
    """Consecutive words of a transcript."""

    text: str
    start_seconds: float
    end_seconds: float

    @property
    def ends_itself(self) -> bool:
        """Whether punctuation closes it."""
        return _END.search(self.text) is not None


@dataclass(frozen=True)
class _Token:
    """A word as written, with the marks at it, and where it stands."""

    text: str
    start_seconds: float
    end_seconds: float
    blank: str | None
    """What parts it from the word before; None where that is another segment's."""
    words: int

    @property
    def first(self) -> bool:
        """Whether a segment begins with it."""
        return self.blank is None


def sentences(segments: Sequence[TranscriptSegment]) -> list[Sentence]:
    """All that the segments say, in order. At least one sentence if a segment has text."""
    tokens = [token for segment in segments for token in _tokens(segment)]
    ends = [i for i, token in enumerate(tokens) if _ends(token, tokens[i + 1] if i + 1 < len(tokens) else None)]
    if len(ends) * _WORDS_PER_STOP >= sum(token.words for token in tokens):
        pieces = _cut(tokens, [i + 1 for i in ends])
    else:
        pieces = _joined(_cut(tokens, [i for i, token in enumerate(tokens) if token.first]))
    return [_sentence(short) for piece in pieces for short in _shortened(piece)]


def _tokens(segment: TranscriptSegment) -> Iterator[_Token]:
    """The words of a segment; without times of their own they get them by their share of the text."""
    written = [list(_with_marks(word)) for word in segment.text.split()]
    texts = [
        (text, None if i == j == 0 else "" if j else " ") for i, w in enumerate(written) for j, text in enumerate(w)
    ]
    times = _times(segment, [text for text, _ in texts])
    for (text, blank), (start, end) in zip(texts, times, strict=True):
        yield _Token(text, start, end, blank, word_count(text))


def _with_marks(word: str) -> Iterator[str]:
    """What stands between two blanks; where it is several words, each with the marks around it."""
    waiting = ""
    for piece in parted(word):
        opens = unicodedata.category(piece[0]) in ("Ps", "Pi")
        if waiting and has_text(waiting) and (has_text(piece) or opens):
            yield waiting
            waiting = ""
        waiting += piece
    if waiting:
        yield waiting


def _times(segment: TranscriptSegment, texts: Sequence[str]) -> list[tuple[float, float]]:
    """When each text is said, in seconds: by the words of the segment if they are the same, or the same letters."""
    if len(segment.words) == len(texts):
        return [(word.start_seconds, word.end_seconds or word.start_seconds) for word in segment.words]
    letters = ["".join(word.text.split()) for word in segment.words]
    if "".join(letters) == "".join(texts):
        spoken = [(len(said), word) for said, word in zip(letters, segment.words, strict=True)]
        moments = list(
            chain.from_iterable(
                _evenly(word.start_seconds, word.end_seconds or word.start_seconds, n) for n, word in spoken
            )
        )
    else:
        moments = list(_evenly(segment.start_seconds, segment.end_seconds, sum(map(len, texts))))
    borders = [0, *accumulate(map(len, texts))]
    return [(moments[a][0], moments[b - 1][1]) for a, b in pairwise(borders)]


def _evenly(start: float, end: float, count: int) -> Iterator[tuple[float, float]]:
    """So many stretches of equal length between two times."""
    each = (end - start) / max(1, count)
    yield from ((start + i * each, start + (i + 1) * each) for i in range(count))


def _ends(token: _Token, following: _Token | None) -> bool:
    found = _END.search(token.text)
    if found is None:
        return False
    if following is None:
        return True
    if following.blank == "" and len(found.group()) > 1 and found.group()[-1] not in SENTENCE_MARKS:
        return False  # a sentence in quotes is part of another: 「…。」と言う
    if found.group()[0] not in _DOUBTFUL:
        return True
    # "Dr. Smith", "e.g. this": no end.
    return not following.text[:1].islower() and _ABBREVIATION.fullmatch(token.text) is None


def _cut(tokens: Sequence[_Token], starts: Sequence[int]) -> list[list[_Token]]:
    borders = sorted({0, *starts, len(tokens)})
    return [list(tokens[a:b]) for a, b in pairwise(borders)]


def _joined(pieces: list[list[_Token]]) -> list[list[_Token]]:
    """Short pieces joined to the one before or behind them, whichever pause is shorter."""
    joined: list[list[_Token]] = []
    pending: list[_Token] = []
    for i, piece in enumerate(pieces):
        piece = pending + piece
        pending = []
        before = piece[0].start_seconds - joined[-1][-1].end_seconds if joined else float("inf")
        behind = pieces[i + 1][0].start_seconds - piece[-1].end_seconds if i + 1 < len(pieces) else float("inf")
        if _count(piece) >= _SHORT or min(before, behind) > _JOIN_GAP_SECONDS:
            joined.append(piece)
        elif before <= behind and _count(joined[-1]) < _LONG:
            joined[-1] += piece
        elif behind <= _JOIN_GAP_SECONDS:
            pending = piece
        else:
            joined.append(piece)
    return joined


def _shortened(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """The piece in pieces of readable length, split where the speaker paused longest away from the ends."""
    waiting = [tokens]
    while waiting:
        piece = waiting.pop()
        if _count(piece) <= _LONG or len(piece) < 2:
            yield piece
            continue
        middle = len(piece) / 2
        room = max(1, min(_SHORT, len(piece) // 3))

        def rank(i: int, piece: list[_Token] = piece, middle: float = middle) -> tuple[float, bool, int, float]:
            pause = round(piece[i].start_seconds - piece[i - 1].end_seconds, 2)
            return (pause if pause >= 0.2 else 0.0, piece[i].first, _parting(piece[i - 1], piece[i]), -abs(i - middle))

        cut = max(range(room, len(piece) - room + 1), key=rank)
        waiting += [piece[cut:], piece[:cut]]


def _parting(before: _Token, token: _Token) -> int:
    """How well a text without blanks between words is parted there: 2 as by a sentence's end, 1 as by a phrase's.

    Thai, Lao, Khmer and Burmese have a blank there; in Japanese a polite verb ends most sentences, and Hiragana ends
    the phrases.
    """
    if not is_unspaced(token.text) or is_hiragana(token.text[0]):
        return 0
    if token.blank == " " or before.text in _POLITE_ENDS:
        return 2
    return 1 if is_hiragana(before.text[-1]) else 0


def _count(tokens: Sequence[_Token]) -> int:
    return sum(token.words for token in tokens)


def _sentence(tokens: Sequence[_Token]) -> Sentence:
    text = ""
    for token in tokens:
        text += (blank_between(text, token.text) if token.blank is None else token.blank if text else "") + token.text
    return Sentence(text, tokens[0].start_seconds, max(token.end_seconds for token in tokens))
