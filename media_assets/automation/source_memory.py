"""What the sensors of the sources remember, moved from one instance to another.

Dagster keeps the cursor of a sensor under the name of its code location, which may be another one there. So an imported
cursor is put beside the state it belongs to, and the sensor takes it up as long as it has none of its own.
"""

from __future__ import annotations

import dagster as dg

from media_assets.base.model import Model
from media_assets.dagster_seams.sensor_state import InstigatorType, SensorInstigatorData
from media_assets.places.section import state_names_of
from media_assets.places.settings import SOURCE_KINDS
from media_assets.places.source import DurableState


class SourceMemory(Model):
    """What the sensor of one source remembers."""

    cursor: str
    states: dict[str, str]
    """What the cursor stands for, by the name it is kept under."""


def sensor_name(source: str) -> str:
    """Name of the sensor that watches a source."""
    return f"watch_{source}"


def remembered(instance: dg.DagsterInstance, state: DurableState, source: str) -> SourceMemory | None:
    """What the sensor of a source remembers; None when it never looked."""
    found = [
        each.instigator_data
        for each in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
        if each.instigator_name == sensor_name(source)
    ]
    # One for each code location there ever was.
    data = [each for each in found if isinstance(each, SensorInstigatorData) and each.cursor]
    latest = max(data, key=lambda each: each.last_tick_timestamp or 0.0, default=None)
    cursor = latest.cursor if latest else imported_cursor(state, source)
    if not cursor:
        return None
    return SourceMemory(cursor=cursor, states=_states(state, source))


def remember(state: DurableState, source: str, memory: SourceMemory) -> None:
    """Have the sensor of a source go on from there."""
    for name, text in memory.states.items():
        state.write(name, text)
    state.write(_name(source), memory.cursor)


def imported_cursor(state: DurableState, source: str) -> str | None:
    """The cursor that was imported, for a sensor that has none yet."""
    return state.read(_name(source)) or None


def forget_imported(state: DurableState, source: str) -> None:
    """The sensor has a cursor of its own now; when somebody resets that, it is to start anew."""
    if state.read(_name(source)):
        state.write(_name(source), "")


def is_of(memory: SourceMemory, source: str) -> bool:
    """Whether it has nothing but what a source keeps: there is much else under other names."""
    return set(memory.states) <= set(_slots(source))


def _states(state: DurableState, source: str) -> dict[str, str]:
    return {name: text for name in _slots(source) if (text := state.read(name))}


def _slots(source: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for kind in SOURCE_KINDS for name in state_names_of(kind, source)))


def _name(source: str) -> str:
    return f"media_assets/imported_cursor/{source}"
