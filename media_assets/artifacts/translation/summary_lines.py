"""A summary as lines to translate, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from media_assets.artifacts.summary.value import Summary
from media_assets.artifacts.translation.translator import Line


def lines_of(summary: Summary) -> tuple[Line, ...]:
    """All texts of a summary, in order; those without a letter too, so that ids stand for the same texts."""
    return tuple(Line(number, text) for number, text in enumerate(_texts(summary), start=1))


def with_texts(summary: Summary, texts: Mapping[int, str]) -> Summary:
    """The same summary with other texts, by the ids of `lines_of`."""
    following = iter([texts[line.id] for line in lines_of(summary)])
    return summary.model_copy(
        update={
            "title": next(following),
            "abstract": next(following),
            "key_points": tuple(next(following) for _ in summary.key_points),
            "chapters": tuple(each.model_copy(update={"title": next(following)}) for each in summary.chapters),
            "action_items": tuple(next(following) for _ in summary.action_items),
            "topics": tuple(next(following) for _ in summary.topics),
        }
    )


def _texts(summary: Summary) -> Iterator[str]:
    yield summary.title
    yield summary.abstract
    yield from summary.key_points
    yield from (chapter.title for chapter in summary.chapters)
    yield from summary.action_items
    yield from summary.topics
