"""What was found of a labelled set: precision and recall by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from media_assets_tests.artifacts.duplicates.kinds import Sample, kind_of

Pair = frozenset[Path]


class Score(NamedTuple):
    """How pairs of a kind were told."""

    same: int
    """Pairs that are duplicates."""
    different: int
    """Pairs that are none."""
    found: int
    wrong: int
    """Pairs that are none and were called duplicates."""

    @property
    def precision(self) -> float | None:
        """None when nothing was called a duplicate."""
        called = self.found + self.wrong
        return self.found / called if called else None

    @property
    def recall(self) -> float | None:
        """None when there is nothing to find."""
        return self.found / self.same if self.same else None


ALL = "all"


def pairs_within(groups: Iterable[Iterable[Path]]) -> set[Pair]:
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def scores(samples: Mapping[Path, Sample], called: set[Pair]) -> dict[str, Score]:
    """The scores by kind, with those of all pairs at the end.

    Args:
        called: The pairs that were called duplicates.
    """
    counts: dict[str, Counter[str]] = {}
    for first, second in combinations(samples, 2):
        kind = kind_of(samples[first], samples[second])
        if kind is None:
            continue
        name, is_same = kind
        is_called = frozenset((first, second)) in called
        for one in (name, ALL):
            counts.setdefault(one, Counter())[("same" if is_same else "different")] += 1
            counts[one]["found" if is_same else "wrong"] += is_called
    last = counts.pop(ALL, Counter())
    ordered = {**{name: counts[name] for name in sorted(counts)}, ALL: last}
    return {
        name: Score(count["same"], count["different"], count["found"], count["wrong"])
        for name, count in ordered.items()
    }


def table(by_method: Mapping[str, Mapping[str, Score]]) -> Iterator[str]:
    """Lines of text: of each kind its pairs, and of each method what it found, what was wrong, precision and recall."""
    kinds = next(iter(by_method.values()))
    width = max(map(len, kinds))
    yield f"{'':{width}}  {'pairs':>13}" + "".join(f"  | {name:^29}" for name in by_method)
    columns = f"  | {'found':>6} {'wrong':>6} {'precis.':>8} {'recall':>6}"
    yield f"{'kind':{width}}  {'same':>5} {'differ':>7}" + columns * len(by_method)
    for kind, score in kinds.items():
        line = f"{kind:{width}}  {score.same:5} {score.different:7}"
        for one in by_method.values():
            line += _cells(one.get(kind))
        yield line


def _cells(score: Score | None) -> str:
    if score is None:
        return f"  | {'n/a':>6} {'':>22}"
    precision, recall = (f"{value:.3f}" if value is not None else "-" for value in (score.precision, score.recall))
    return f"  | {score.found:6} {score.wrong:6} {precision:>8} {recall:>6}"
