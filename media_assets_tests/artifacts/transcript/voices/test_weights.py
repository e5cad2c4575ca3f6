"""The weights that tell voices apart: read without PyTorch, and nothing of a file that is not the published one."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.transcript.voices import weights
from media_assets.artifacts.transcript.voices.legacy_pickle import NotReadable, read_tensors
from media_assets.base.errors import Fatal

MAGIC = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})


def test_the_published_weights_are_read_and_neither_pytorch_nor_the_package_is_imported() -> None:
    code = (
        "import sys; from media_assets.artifacts.transcript.voices.weights import load_weights; "
        "found = load_weights(); print(len(found.layers), found.linear.shape, "
        "sorted({'torch', 'librosa', 'webrtcvad', 'resemblyzer'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "3 (256, 256) []\n"


def test_a_missing_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(Fatal) as told:
        weights.weights_file()
    assert "Resemblyzer, which is not installed" in told.value.reason
    assert "pip install --no-deps Resemblyzer==0.1.4" in told.value.next_step


def test_a_package_without_its_weights_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    about = tmp_path / "Resemblyzer-0.1.4.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: Resemblyzer\nVersion: 0.1.4\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(Fatal, match=r"has no weights at .*resemblyzer/pretrained\.pt"):
        weights.weights_file()


@pytest.mark.parametrize("change", ["a byte", "the end", "all"])
def test_a_file_that_is_not_the_published_one_is_not_unpickled(tmp_path: Path, change: str) -> None:
    content = bytearray(weights.weights_file().read_bytes())
    if change == "a byte":
        content[1_000_000] ^= 1
    path = tmp_path / "pretrained.pt"
    mark = tmp_path / "was run"
    path.write_bytes(hostile(mark) if change == "all" else bytes(content[:-1] if change == "the end" else content))
    with pytest.raises(Fatal, match="damaged or of another version: their SHA-256 is"):
        weights.load_weights(path)
    assert not mark.exists()


class Command:
    """Runs something when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, (self.command,))


def pickled(*values: object) -> bytes:
    return b"".join(pickle.dumps(value, 2) for value in values)


def hostile(mark: Path) -> bytes:
    return pickled(*MAGIC, {"model_state": Command(f"touch '{mark}'")}, [])


@pytest.mark.parametrize("place", range(5))
def test_a_hostile_pickle_runs_nothing_wherever_it_stands(tmp_path: Path, place: int) -> None:
    mark = tmp_path / "was run"
    values: list[object] = [*MAGIC, {"model_state": {}}, []]
    values[place] = Command(f"touch '{mark}'")
    with pytest.raises(NotReadable, match=r"it wants (posix|nt)\.system, which no file of tensors needs"):
        read_tensors(pickled(*values), "model_state")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("module", "name"), [("builtins", "eval"), ("torch", "load"), ("torch._utils", "_rebuild_parameter")]
)
def test_no_other_name_is_constructed(module: str, name: str) -> None:
    content = pickled(*MAGIC) + b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"."
    with pytest.raises(NotReadable, match="it wants"):
        read_tensors(content, "model_state")


def test_what_is_no_such_file_is_told() -> None:
    for content in (b"", b"PK\x03\x04", pickled(1), pickled(*MAGIC), pickled(*MAGIC, [], []), os.urandom(100)):
        with pytest.raises(NotReadable):
            read_tensors(content, "model_state")


def test_a_file_is_not_read_past_its_end() -> None:
    content = weights.weights_file().read_bytes()
    for end in (5_000, 6_700, len(content) // 2, len(content) - 1):
        with pytest.raises(NotReadable):
            weights.weights_in(content[:end])


def test_weights_of_another_network_are_told() -> None:
    with pytest.raises(NotReadable, match=r"no tensor lstm\.weight_ih_l0 of 1024 x 40 numbers"):
        weights.weights_in(pickled(*MAGIC, {"model_state": {}}, []))


def test_the_numbers_are_those_of_the_file() -> None:
    found = weights.load_weights()
    assert found.layers[0].from_input.dtype == np.float32
    assert [layer.from_input.shape for layer in found.layers] == [(1024, 40), (1024, 256), (1024, 256)]
    assert all(np.isfinite(layer.from_before).all() for layer in found.layers)
