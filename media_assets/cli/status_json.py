"""What `status --json` prints: a line for each cell, however many there are, and the sums of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TextIO

from media_assets.pipeline.quality_warnings import QualityWarning
from media_assets.pipeline.status import State
from media_assets.pipeline.status_cells import Cells


def write_status(
    output: TextIO,
    cells: Cells,
    keys: Sequence[str],
    wanted: Collection[State],
    ui_base_url: str | None,
    warnings: Sequence[QualityWarning] = (),
) -> None:
    """Write the cells of some files as one JSON object.

    Args:
        keys: The files. All of them are counted.
        wanted: The states whose cells are told; empty: all.
        ui_base_url: Where Dagster's UI is, for links to runs.
        warnings: What the checks of quality warn of.
    """
    counts: dict[str, dict[str, int]] = {asset: {state.value: 0 for state in State} for asset in cells.assets}
    failures: list[dict[str, str]] = []
    separator = ""
    output.write(f'{{\n "files": {len(keys)},\n "cells": [')
    for key in keys:
        for cell in cells.of(key):
            counts[cell.asset][cell.state.value] += 1
            if cell.error:
                failures.append({"file": cell.file, "asset": cell.asset, "reason": cell.sentence})
            if not wanted or cell.state in wanted:
                output.write(f"{separator}\n  {_text(cell.to_json(ui_base_url))}")
                separator = ","
    warned = [
        {"file": one.key, "asset": one.asset, "check": one.check, "reason": one.said, "next_step": one.next_step}
        for one in warnings
    ]
    sums = (("assets", counts), ("failures", failures), ("warnings", warned))
    told = (f' "{name}": {_text(value)}' for name, value in sums)
    output.write("\n ],\n" + ",\n".join(told) + "\n}\n")


def _text(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)
