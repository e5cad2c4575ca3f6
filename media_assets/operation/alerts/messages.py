"""The words of messages: short, plain text, with links. Services turn addresses into links by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal
from urllib.parse import quote

from media_assets.base.keys import display_name
from media_assets.base.wording import counted
from media_assets.operation.alerts.incidents import Example, Incident, Notice

Level = Literal["info", "success", "warning", "failure"]

# Telegram takes 4096 characters, Discord 2000.
_LONGEST_BODY = 1_800
# The most characters of what somebody else wrote: a reason, a name.
_LONGEST_TEXT = 320
_MOST_LINES = 12

_LEVELS: dict[str, Level] = {"failures": "warning", "stops": "failure", "recoveries": "success"}


@dataclass(frozen=True)
class Text:
    """A message without its addressees."""

    level: Level
    title: str
    body: str


class Links:
    """Addresses that open something.

    Args:
        ui_base_url: Of the Dagster UI; None where it has no address that people know.
        file_link: The address of a source file by its key; empty where it has none that opens elsewhere.
    """

    def __init__(self, ui_base_url: str | None, file_link: Callable[[str], str]) -> None:
        self._ui = ui_base_url
        self._file_link = file_link

    def run(self, run_id: str) -> str:
        return f"{self._ui}/runs/{quote(run_id, safe='')}" if self._ui and run_id else ""

    def cell(self, example: Example) -> str:
        """The page of an artifact of a file, else the file itself."""
        if self._ui:
            key = quote(example.key, safe="")
            return f"{self._ui}/assets/{quote(example.asset, safe='')}?view=partitions&partition={key}"
        return self._file_link(example.key)


class Writer:
    """Writes messages."""

    def __init__(self, links: Links, zone: tzinfo | None) -> None:
        self._links = links
        self._zone = zone

    def notice(self, notice: Notice) -> Text:
        """About one cause."""
        incident = notice.incident
        if notice.kind == "recoveries":
            return self._recovery(incident)
        title = self._stop_title(incident) if incident.kind == "stops" else self._failure_title(incident)
        why = f"{plain(incident.reason)}. {plain(incident.next_step)}".strip().removesuffix(".")
        lines = [why, *self._since(incident)]
        for example in sorted(incident.examples, key=lambda each: (each.key, each.asset)):
            link = self._links.cell(example)
            lines.append(f"- {plain(display_name(example.key))}{f' {link}' if link else ''}")
        if incident.examples and incident.untold > len(incident.examples):
            lines.append(f"- and {incident.untold - len(incident.examples)} more")
        run = self._links.run(incident.run_id)
        if run:
            lines.append(f"{'Last run' if incident.open else 'Run'}: {run}")
        return Text(_LEVELS[notice.kind], title, fitting(lines))

    def several(self, notices: Sequence[Notice]) -> Text:
        """About many causes of one kind in one message."""
        kind = notices[0].kind
        title = {
            "failures": f"files failed for {len(notices)} causes",
            "stops": f"processing stopped for {len(notices)} causes",
            "recoveries": f"{len(notices)} causes are gone",
        }[kind]
        lines = [
            f"- {', '.join(notice.incident.assets)}: {plain(notice.incident.reason)} ({_number_of(notice)})"
            for notice in notices[:_MOST_LINES]
        ]
        if len(notices) > _MOST_LINES:
            lines.append(f"- and {len(notices) - _MOST_LINES} more; `media-assets status` has all")
        return Text(_LEVELS[kind], title, fitting(lines))

    def time(self, at: float) -> str:
        return datetime.fromtimestamp(at, UTC).astimezone(self._zone).strftime("%d %b %H:%M")

    def _failure_title(self, incident: Incident) -> str:
        happened = f"{'held' if incident.held else 'failed'} at {incident.assets[0]}"
        if not incident.open:
            return f"{counted(incident.untold)} {happened}"
        if not incident.untold:
            return f"{counted(incident.again)} {happened} again"
        return f"{counted(incident.untold, 'more file')} {happened}"

    def _stop_title(self, incident: Incident) -> str:
        if not incident.open:
            return f"processing stopped at {', '.join(incident.assets) or 'a run'}"
        return f"processing stopped {counted(incident.untold, 'more time')}"

    def _since(self, incident: Incident) -> list[str]:
        if not incident.open:
            return ["No file is to blame."] if incident.kind == "stops" else []
        total = counted(incident.files, "run" if incident.kind == "stops" else "file")
        done = f"; {incident.done} of them are done since" if incident.done else ""
        again = f"; {counted(incident.again, 'repetition')} failed too" if incident.again else ""
        return [f"{total} in all since {self.time(incident.first_at)}{done}{again}"]

    def _recovery(self, incident: Incident) -> Text:
        where = ", ".join(incident.assets) or "a run"
        if incident.kind == "stops":
            title, line = f"processing goes on at {where}", "The work goes on; this had stopped it:"
        else:
            title = f"{counted(incident.done)} recovered at {where}"
            line = f"Every file that had {'been held' if incident.held else 'failed'} for this cause is done or gone:"
        return Text("success", title, fitting([line, plain(incident.reason), f"since {self.time(incident.first_at)}"]))


def plain(text: str) -> str:
    """Text of others, such as names of files: nobody is called by it and no service takes it for markup."""
    marked = text.replace("@", "@\N{ZERO WIDTH SPACE}").replace("<", "‹").replace(">", "›")
    return marked if len(marked) <= _LONGEST_TEXT else f"{marked[:_LONGEST_TEXT]}…"


def fitting(lines: Sequence[str]) -> str:
    """The lines, as many of them as services take."""
    body = ""
    for line in lines:
        if len(body) + len(line) > _LONGEST_BODY:
            return f"{body}…"
        body += f"{line}\n"
    return body.rstrip("\n")


def _number_of(notice: Notice) -> str:
    incident = notice.incident
    if notice.kind == "recoveries":
        return "goes on" if incident.kind == "stops" else f"{counted(incident.done)} done"
    return counted(incident.untold or incident.again, "run" if incident.kind == "stops" else "file")
