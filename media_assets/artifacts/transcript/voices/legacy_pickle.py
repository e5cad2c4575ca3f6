"""Tensors in a file of PyTorch from before version 1.6, read without PyTorch.

Such a file is five pickles (a magic number, the version of its form, the machine it was written on, the saved values,
the names of its storages), then the numbers of each storage. A pickle can name any function of any package to be
called: here three names are known, all others are refused, and what the three stand for does nothing but keep its
arguments.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C
_FORM = 1001
_NUMBER_BYTES = 4


class NotReadable(ValueError):
    """The bytes are no such file, are damaged, or want more than tensors."""


class _Dictionary(dict[Any, Any]):
    """Stands for `OrderedDict`, of which a state dictionary is made."""


@dataclass(frozen=True)
class _FloatStorage:
    """Some 32 bit numbers behind the pickles."""

    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A part of a storage, and how it is laid out."""

    storage: Any
    offset: Any
    shape: Any
    strides: Any


def _tensor(storage: Any = None, offset: Any = None, shape: Any = None, strides: Any = None, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


class _FloatStorageName:
    """Stands for the class `FloatStorage`, which is named and never called."""


_KNOWN: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _Dictionary,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): _FloatStorageName,
}


class _TensorUnpickler(pickle.Unpickler):
    """Constructs nothing but plain values and what `_KNOWN` lists."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise NotReadable(f"it wants {module}.{name}, which no file of tensors needs") from None

    def persistent_load(self, pid: Any) -> Any:
        match pid:
            case ("storage", kind, str(key), str(), int(count), None) if kind is _FloatStorageName and count >= 0:
                return _FloatStorage(key, count)
        raise NotReadable("it has a storage of another kind than 32 bit floating point numbers")


def read_tensors(content: bytes, section: str) -> dict[str, np.ndarray]:
    """The tensors of one dictionary of a file, by name.

    Args:
        section: The key of the dictionary among the saved values.

    Raises:
        NotReadable: the bytes are no such file, are damaged, or want more than tensors.
    """
    file = io.BytesIO(content)
    if _next_pickle(file) != _MAGIC or _next_pickle(file) != _FORM:
        raise NotReadable("it does not begin as a file of PyTorch's older form does")
    _next_pickle(file)
    values = _next_pickle(file)
    keys = _next_pickle(file)
    wanted = values.get(section) if isinstance(values, dict) else None
    if not isinstance(wanted, dict) or not isinstance(keys, list):
        raise NotReadable(f"it has no {section}")
    storages = _storages(content, file.tell(), keys)
    return {str(name): _laid_out(tensor, storages) for name, tensor in wanted.items() if isinstance(tensor, _Tensor)}


def _next_pickle(file: io.BytesIO) -> Any:
    try:
        return _TensorUnpickler(file).load()
    except NotReadable:
        raise
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to lead to
        raise NotReadable(f"it is damaged ({type(error).__name__})") from error


def _storages(content: bytes, position: int, keys: list[Any]) -> dict[str, np.ndarray]:
    """The numbers that lie behind the pickles, by key: a count of 8 bytes before each storage."""
    import numpy as np

    found: dict[str, np.ndarray] = {}
    for key in keys:
        count = int.from_bytes(content[position : position + 8], "little")
        position += 8
        if position + count * _NUMBER_BYTES > len(content):
            raise NotReadable("its end is missing")
        found[str(key)] = np.frombuffer(content, "<f4", count, position)
        position += count * _NUMBER_BYTES
    return found


def _laid_out(tensor: _Tensor, storages: Mapping[str, np.ndarray]) -> np.ndarray:
    """A tensor's numbers in its shape. Only rows one after the other are known, which is how weights are saved."""
    match tensor:
        case _Tensor(_FloatStorage(key), int(offset), tuple(shape), tuple(strides)) if key in storages:
            pass
        case _:
            raise NotReadable("it has a tensor without numbers")
    count = 1
    expected: list[int] = []
    for size in reversed(shape):
        if not isinstance(size, int) or size < 0:
            raise NotReadable("it has a tensor without a shape")
        expected.insert(0, count)
        count *= size
    numbers = storages[key]
    if list(strides) != expected or offset < 0 or offset + count > len(numbers):
        raise NotReadable("it has a tensor that does not fit its storage")
    return numbers[offset : offset + count].reshape(shape)
