"""What the command line prints of a library: the line on a stage, the grid, the failures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from media_assets.artifacts.duplicates.values import DuplicateGroup, LookAlike
from media_assets.base.keys import display_name, readable
from media_assets.base.wording import counted, describe_bytes
from media_assets.operation.planning import StagePlan
from media_assets.pipeline.quality_warnings import QualityWarning
from media_assets.pipeline.records import Failed
from media_assets.pipeline.status import LibraryStatus, State
from media_assets.pipeline.status_cells import Cell
from media_assets.places.moving import Move, MoveOutcome

_SYMBOLS = {"done": "[green]✓[/]", "not_applicable": "[dim]–[/]", "failed": "[red]✗[/]", "missing": "[dim]·[/]"}
MOST_ROWS = 100
_MOST_NAMES = 12
_MOST_FAILURES = 20
_MOST_EXAMPLES = 3
_MOST_GROUPS = 20


def print_stage(console: Console, plan: StagePlan, outcomes: Mapping[str, int], *, is_through: bool = True) -> None:
    """A line on what became of one stage, and the names of what was reused where nothing else was.

    Args:
        is_through: Whether all files came to their turn. Else a stage that none came to is left out.
    """
    counts = dict(outcomes)
    counts["left undone"] = max(0, len(plan.todo) - sum(counts.values()))
    counts["reused"] = counts.get("reused", 0) + len(plan.current)
    counts["failed before, not tried again"] = len(plan.failed_before)
    counts["waiting for an earlier stage"] = counts.get("waiting for an earlier stage", 0) + len(plan.blocked)
    parts = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    if not parts and not is_through:
        return
    console.print(f"{plan.stage}: {parts or 'nothing to do'}", markup=False)
    if plan.current and not plan.todo:
        names = [display_name(key) for key in plan.current]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        console.print(f"  reused: {', '.join(names[:_MOST_NAMES])}{more}", style="dim", markup=False, soft_wrap=True)


def print_status(
    console: Console, found: LibraryStatus, *, states: Set[State] = frozenset(), every_file: bool = False
) -> None:
    """The grid, its sums, and why cells are red.

    Args:
        states: Of the files only those that have a cell in one of these states; empty: all.
        every_file: Whether all rows are printed, however many there are.
    """
    rows = {key: cells for key, cells in found.grid.items() if not states or not states.isdisjoint(cells.values())}
    table = Table("file", *found.assets, box=None)
    if len(rows) <= MOST_ROWS or every_file:
        for key, cells in rows.items():
            table.add_row(escape(readable(key)), *(_SYMBOLS[cells[asset].value] for asset in found.assets))
    counts = found.counts()
    for state, symbol in _SYMBOLS.items():
        table.add_row(
            f"{symbol} {state.replace('_', ' ')}", *(str(counts[asset][state]) for asset in found.assets), style="bold"
        )
    console.print(table)
    if len(rows) > MOST_ROWS and not every_file:
        console.print(
            f"not shown: the rows of {counted(len(rows))}; `media-assets status --all` shows them, "
            "--failed, --missing, --source, --folder and --file choose",
            soft_wrap=True,
        )
    if states and not rows:
        console.print(f"no file has an artifact that is {' or '.join(sorted(states))}")
    failures = [each for (key, asset), each in found.failures.items() if not states or found.grid[key][asset] in states]
    print_failures(console, failures, every_one=every_file)


def print_failures(console: Console, failures: Sequence[Failed], *, every_one: bool = False) -> None:
    """Why cells are red, and what to do about it."""
    shown = failures if every_one else failures[:_MOST_FAILURES]
    for failure in shown:
        console.print(f"✗ {failure.asset} of {readable(failure.key)}", style="red", markup=False, soft_wrap=True)
        console.print(f"    {failure.sentence}", markup=False, soft_wrap=True)
    if len(failures) > len(shown):
        console.print(
            f"… and {len(failures) - len(shown)} more; `media-assets status --failed --all` shows them, "
            "and with --json they can be read by programs",
            soft_wrap=True,
        )
    if failures:
        console.print("`media-assets retry` tries them again.")


def print_warnings(console: Console, warnings: Sequence[QualityWarning], *, every_one: bool = False) -> None:
    """Which artifacts may not be as good as they should, why, and what to do about it."""
    shown = warnings if every_one else warnings[:_MOST_FAILURES]
    for warning in shown:
        head = f"! {warning.asset} of {readable(warning.key)}: {warning.check}"
        console.print(head, style="yellow", markup=False, soft_wrap=True)
        console.print(f"    {warning.sentence}", markup=False, soft_wrap=True)
    if len(warnings) > len(shown):
        console.print(
            f"… and {len(warnings) - len(shown)} more; `media-assets status --warnings --all` shows them",
            soft_wrap=True,
        )


def print_warned(console: Console, warnings: Sequence[QualityWarning]) -> None:
    """How many files the checks of quality warn of."""
    if warnings:
        files = len({warning.key for warning in warnings})
        they = "it" if files == 1 else "they"
        console.print(
            f"{counted(files)} may not be as good as {they} should: `media-assets status --warnings` says why",
            style="yellow",
            soft_wrap=True,
        )


def print_missing(console: Console, cells: Iterable[Cell]) -> None:
    """What is not there yet, by what it waits for; failures are left out, `print_failures` has them.

    Args:
        cells: Of all files in question.
    """
    waiting: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        if cell.state is State.MISSING and not cell.error:
            waiting.setdefault((cell.asset, cell.sentence), []).append(cell.file)
    for (asset, sentence), keys in waiting.items():
        names = ", ".join(map(display_name, keys[:_MOST_EXAMPLES]))
        example = "e.g. " if len(keys) > _MOST_EXAMPLES else ""
        console.print(f"· {asset} of {counted(len(keys))} ({example}{names})", markup=False, soft_wrap=True)
        console.print(f"    {sentence}", markup=False, soft_wrap=True)


def print_unregistered(console: Console, *, is_empty: bool, is_about_missing: bool) -> None:
    """What the grid cannot show: files that lie in the sources, and that no look has registered yet.

    Args:
        is_empty: Whether no file is registered at all, of those that were asked for.
        is_about_missing: Whether what is missing was asked for.
    """
    if is_empty:
        console.print("Nothing is registered yet; `media-assets process` takes up what lies in the sources")
    elif is_about_missing:
        console.print(
            "files that no look has registered yet are not in it; `media-assets process` takes them up", soft_wrap=True
        )


def print_gone(console: Console, keys: Iterable[str]) -> None:
    """The files that went away while they were processed: their failures are none."""
    for key in keys:
        console.print(
            f"gone: {readable(key)} is no longer in its source; it counts as no failure, and its artifacts are kept",
            markup=False,
            soft_wrap=True,
        )


def print_duplicates(
    console: Console,
    groups: Sequence[DuplicateGroup],
    look_alikes: Sequence[LookAlike],
    *,
    unknown: int,
    failed: int,
    is_written: bool,
) -> None:
    """The groups that free most, and what all of them would free.

    Args:
        look_alikes: What is not the same, though it seems so.
        unknown: Files that are not indexed yet.
        failed: Files that could not be indexed.
        is_written: Whether all of it goes to a file, too.
    """
    for group in groups[:_MOST_GROUPS]:
        console.print(f"keep {readable(group.keep_key)} ({group.keep_because})", markup=False, soft_wrap=True)
        for member in group.members:
            text = f"     {readable(member.key)}: {member.reason}, {describe_bytes(member.freed_bytes)}"
            console.print(text, style="dim", markup=False, soft_wrap=True)
    freed = describe_bytes(sum(group.freed_bytes for group in groups))
    more = f", {len(groups) - _MOST_GROUPS} more than are shown" if len(groups) > _MOST_GROUPS else ""
    console.print(f"{counted(len(groups), 'group')} of duplicates{more}; without the copies {freed} would be free")
    for pair in look_alikes[:_MOST_GROUPS]:
        text = f"not the same: {readable(pair.key)} and {readable(pair.other_key)}: {pair.reason}"
        console.print(text, style="dim", markup=False, soft_wrap=True)
    if len(look_alikes) > _MOST_GROUPS:
        hint = "" if is_written else "; --csv FILE writes all of them"
        rest = counted(len(look_alikes) - _MOST_GROUPS, "more pair that looks", "more pairs that look")
        console.print(f"and {rest} the same and are not{hint}", soft_wrap=True)
    if unknown:
        console.print(f"not indexed yet: {counted(unknown)}; `media-assets process --stage dedup_index` sees to it")
    if failed:
        console.print(
            f"could not be indexed: {counted(failed)}; `media-assets status` says why, "
            "`media-assets retry --stage dedup_index` tries again",
            soft_wrap=True,
        )


def print_plan(console: Console, moves: Iterable[Move], refused: Sequence[MoveOutcome], *, near: bool) -> None:
    """What `--apply` would do.

    Args:
        refused: What it would skip.
    """
    skipped = {outcome.key for outcome in refused}
    sizes_bytes = [move.file.size_bytes for move in moves if move.key not in skipped]
    for outcome in refused:
        console.print(f"cannot be moved: {readable(outcome.key)}: {outcome.detail}", markup=False, soft_wrap=True)
    command = "`media-assets duplicates --apply --near`" if near else "`media-assets duplicates --apply`"
    size = describe_bytes(sum(sizes_bytes))
    copies = f"{counted(len(sizes_bytes), 'copy', 'copies')} ({size})" if sizes_bytes else "none of them"
    rest = f", and leave {counted(len(refused), 'copy', 'copies')} in place" if refused else ""
    console.print(
        f"nothing was moved; {command} would move {copies} to the review folder{rest}", markup=False, soft_wrap=True
    )


def print_moves(console: Console, outcomes: Iterable[MoveOutcome], *, if_none: str = "nothing to move") -> bool:
    """What became of each copy; whether all that was asked for was done."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome.state] = counts.get(outcome.state, 0) + 1
        detail = f": {outcome.detail}" if outcome.detail else ""
        console.print(f"{outcome.state} {readable(outcome.key)}{detail}", markup=False, soft_wrap=True)
    console.print(", ".join(f"{number} {state}" for state, number in counts.items()) or if_none)
    return "skipped" not in counts
