"""Keys as people read them."""

from __future__ import annotations

import pytest

from media_assets.base.keys import partition_key, readable


@pytest.mark.parametrize(
    "name",
    ["plain.mp4", "می\u200cخواهم.mp4", "\U0001f469\u200d\U0001f469\u200d\U0001f467.mp4", 'a "quoted", [odd] *name.mp4'],
)
def test_names_are_shown_as_they_are_written(name: str) -> None:
    assert readable(partition_key("media", name)) == f"media:{name}"


@pytest.mark.parametrize("char", ["\x1b", "\n", "\u202e", "\u2066", "\u2028", "\u00ad", "\u200b"])
def test_what_a_terminal_would_act_on_is_not_shown(char: str) -> None:
    assert readable(partition_key("media", f"a{char}b.mp4")) == "media:a\N{REPLACEMENT CHARACTER}b.mp4"
