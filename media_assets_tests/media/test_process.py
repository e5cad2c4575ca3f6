"""Tools are started under their limits, and what they may do is bounded from their first instruction on."""

from __future__ import annotations

import errno
import platform
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from media_assets.base.errors import Fatal
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.process import Ending, run_process
from media_assets.media.sandbox.kernel_filter import Freedom
from media_assets.media.settings import FFmpegSettings
from media_assets.media.untrusted import file_url, uploaded
from media_assets.work.child_limits import ToolLimits
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.waiting import wait_until
from media_assets_tests.watching import unreached

FILTERED = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="the kernel has no such filter"
)
REACH = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"
LOCAL = "import socket; socket.socket(socket.AF_UNIX); print('made')"
START = "import subprocess; print(subprocess.run(['true']).returncode)"
BECOME = "import os; os.execv('/bin/true', ['true'])"
SIGNAL = "import os; os.kill(os.getppid(), 0); print('found')"
THREADS = "import threading; t = threading.Thread(target=print, args=['a thread']); t.start(); t.join()"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path, time_limit_seconds=60)


def run(work: Work, *arguments: str, freedom: Freedom = "none") -> tuple[str, Ending]:
    ending = Ending()
    output = b"".join(run_process(arguments, work, ending, freedom)).decode()
    return output, ending


def descriptors() -> set[str]:
    return {path.name for path in Path("/dev/fd").iterdir()}


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_limits_hold_from_the_first_instruction_on(work: Work):
    work.tool_limits = ToolLimits(memory_bytes=512_000_000, open_files=77)
    said, _ = run(work, "sh", "-c", "ulimit -n; ulimit -c")
    assert said.split() == ["77", "0"]
    if sys.platform == "linux":
        assert run(work, "sh", "-c", "ulimit -d")[0].strip() == "500000"


def test_it_works_in_its_own_folder_and_has_nothing_open_but_its_streams(tmp_path: Path, work: Work):
    with Path(__file__).open("rb"):
        said, _ = run(work, sys.executable, "-c", "import os; print(os.getcwd()); print(os.listdir('/dev/fd'))")
    folder, descriptors = said.splitlines()
    assert folder == str(tmp_path.resolve())
    assert descriptors in ("['0', '1', '2', '3']", "['0', '1', '2']")  # the last is that of the listing


@FILTERED
@pytest.mark.parametrize("code", [START, BECOME, SIGNAL, REACH, LOCAL])
def test_it_starts_nothing_signals_nobody_and_reaches_nothing(code: str, work: Work):
    with unreached() as port:
        said, ending = run(work, sys.executable, "-c", code, str(port))
    assert (said, ending.exit_code) == ("", 1)
    assert b"PermissionError" in ending.error_output


def test_it_may_have_threads(work: Work):
    assert run(work, sys.executable, "-c", THREADS)[0] == "a thread\n"


@FILTERED
@pytest.mark.parametrize(
    ("code", "said"), [(START, "0\n"), (BECOME, ""), (SIGNAL, "found\n"), (LOCAL, "made\n"), (REACH, None)]
)
def test_with_the_freedom_to_start_programs_the_network_stays_out_of_reach(code: str, said: str | None, work: Work):
    with unreached() as port:
        heard, ending = run(work, sys.executable, "-c", code, str(port), freedom="programs")
    assert (ending.exit_code, heard) == ((0, said) if said is not None else (1, ""))


@FILTERED
def test_a_script_in_front_of_a_tool_may_start_it(tmp_path: Path, work: Work):
    with unreached() as port:
        wrapper = script(tmp_path / "wrapper", f'exec {sys.executable} -c "{REACH}" {port}')
        _, ending = run(work, wrapper)
    assert b"PermissionError" in ending.error_output
    assert run(work, script(tmp_path / "starts", "echo a | cat"))[0] == "a\n"


def test_ffmpeg_works_behind_a_script(tmp_path: Path, work: Work):
    wrapper = script(tmp_path / "ffmpeg", f'exec {FFmpeg().path} "$@"')
    ffmpeg = FFmpeg(FFmpegSettings(path=Path(wrapper)))
    assert ffmpeg.version == FFmpeg().version
    output = uploaded(media.tone(tmp_path / "a.mp3", 0.2), "mp3").output(file_url(tmp_path / "a.wav"))
    assert ffmpeg.run(output, work) == ()


@FILTERED
def test_a_tool_that_has_to_start_others_can_be_given_its_freedom():
    starts_others = Path(sys.executable)  # that it asks for nothing here does not matter
    assert FFmpeg(FFmpegSettings(path=starts_others)).freer("programs")._freedom == "programs"
    free = FFmpeg(FFmpegSettings(path=starts_others, confined=False))
    assert free._freedom == free.freer("programs")._freedom == "all"
    with pytest.raises(Fatal, match=r"does not answer as an ffmpeg does.*ffmpeg\.confined: false"):
        _ = FFmpeg(FFmpegSettings(path=starts_others)).version


@pytest.mark.parametrize(("content", "number"), [(None, errno.ENOENT), ("no program\0", errno.ENOEXEC)])
def test_what_cannot_be_started_is_told_as_the_system_tells_it(
    content: str | None, number: int, tmp_path: Path, work: Work
):
    path = tmp_path / "tool"
    if content is not None:
        path.write_text(content)
        path.chmod(0o755)
    with pytest.raises(OSError) as caught:
        run(work, str(path))
    assert caught.value.errno == number or isinstance(caught.value, FileNotFoundError)


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a tool with what started it")
def test_nothing_is_left_when_this_process_is_killed(tmp_path: Path):
    note = tmp_path / "pid"
    tool = script(tmp_path / "tool", f"echo $$ > {note}.new; mv {note}.new {note}; sleep 300")
    code = (
        "from pathlib import Path; from media_assets.media.process import Ending, run_process\n"
        "from media_assets.work.work import Work\n"
        f"list(run_process([{tool!r}], Work(Path({str(tmp_path)!r})), Ending()))"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2]) as parent:
        wait_until(note.exists, goes_on=lambda: parent.poll() is None)
        parent.kill()
    pid = int(note.read_text())
    wait_until(lambda: not psutil.pid_exists(pid), 10)


def test_descriptors_do_not_pile_up(work: Work):
    run(work, "true")
    before = descriptors()
    for _ in range(5):
        run(work, "true")
    with pytest.raises(OSError):
        run(work, str(work.directory / "none"))
    assert descriptors() == before
