"""Translations by a LibreTranslate server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from media_assets.artifacts.translation.engines.libretranslate.client import REPAIR, LibreServer, TooMuch
from media_assets.artifacts.translation.engines.libretranslate.settings import LibreTranslation
from media_assets.artifacts.translation.translator import Line, Order, Portion
from media_assets.base.errors import BadMedia, Fatal, Transient
from media_assets.base.secrets import Secrets
from media_assets.work.work import Work

_MOST_LINES = 50
_OTHER_NAMES = {"zh-Hans": "zh", "zh-Hant": "zt", "nb": "no", "no": "nb"}
"""What some versions call these languages."""


class LibreTranslator:
    """A translator behind LibreTranslate's API."""

    name = "libretranslate"
    model = ""

    def __init__(self, settings: LibreTranslation, secrets: Secrets) -> None:
        self._settings = settings
        key = secrets.libretranslate_api_key
        self._server = LibreServer(
            settings.base_url,
            key.get_secret_value().strip() if key else "",
            settings.timeout_seconds,
            settings.max_retries,
        )

    def translate(self, order: Order, work: Work) -> Iterator[Portion]:
        """See `Translator`. Neither the lines around nor the glossary can be told."""
        languages = self._server.languages()
        source, target = self._code(order.source, languages), self._code(order.target, languages)
        if target not in languages[source] and languages[source]:
            raise self._unknown(f"{order.source} into {order.target}")
        batch: list[Line] = []
        for line in (*(line for line in order.lines if line.id in order.wanted), None):
            full = len(batch) == _MOST_LINES or sum(len(each.text) for each in batch) >= self._settings.batch_characters
            if batch and (line is None or full):
                yield Portion(self._texts(batch, source, target, work))
                batch = []
            if line is not None:
                batch.append(line)

    def estimate_usd(self, orders: Sequence[Order]) -> float | None:  # noqa: ARG002 - it costs nothing
        """See `Translator`."""
        return 0.0

    def check(self) -> str:
        """See `Translator`."""
        try:
            languages = self._server.languages()
        except Transient as error:
            raise Fatal(error.reason, next_step=REPAIR) from error
        codes = [self._code(language, languages) for language in self._settings.languages]
        into = f", translates into {', '.join(codes)}" if codes else ""
        return f"libretranslate at {self._server.address}: reachable, knows {len(languages)} languages{into}"

    def _texts(self, lines: list[Line], source: str, target: str, work: Work) -> dict[int, str]:
        """Each line; in halves, where the server takes less at once."""
        try:
            texts = self._server.translate([line.text for line in lines], source, target, work)
        except TooMuch as error:
            if len(lines) == 1:
                raise BadMedia(error.reason, next_step="Raise --char-limit of the server, then retry it") from error
            middle = len(lines) // 2
            first, second = (self._texts(half, source, target, work) for half in (lines[:middle], lines[middle:]))
            return first | second
        # An empty answer is none: the line stays as it was, and is told as one that was not translated.
        return {line.id: text or line.text for line, text in zip(lines, texts, strict=True)}

    def _code(self, tag: str, known: Mapping[str, object]) -> str:
        """What the server calls a language.

        Raises:
            Fatal: it does not know it.
        """
        names = (tag, _OTHER_NAMES.get(tag), tag.split("-")[0])
        found = next((name for name in names if name in known), None)
        if found is None:
            raise self._unknown(tag)
        return found

    def _unknown(self, what: str) -> Fatal:
        return Fatal(
            f"{self._server.address} does not translate {what}",
            next_step="Install the language there, or change `translation.languages` in library.yaml, then run again",
        )
