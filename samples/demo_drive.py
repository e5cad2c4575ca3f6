"""`make demo-drive`: the sample library in Google Drive, as far as a server on this machine can stand in for it.

The server speaks Drive's protocol and is used through Google's own client library; now and then it fails, as Drive
does.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from media_assets_tests.drive_server import DriveServer, Faults, drive_server  # noqa: E402

BROKEN = {"interrupted-upload.mp4", "unfinished.mp4"}
FAULTS = Faults(rate=0.03)
CONFIG = """
sources:
  lectures:
    type: drive
    folders: [My Drive/Lectures]
    credentials: grant.json
    api_endpoint: {url}
stores:
  drive:
    type: drive
    folder: My Drive/Artifacts
    credentials: grant.json
    api_endpoint: {url}
outputs:
  m4a_audio: {{placement: beside_source}}
"""


def media_assets(config: Path, *arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    if not capture:
        print(f"\n$ media-assets --config {config.name} {shlex.join(arguments)}", flush=True)
    command = [sys.executable, "-P", "-m", "media_assets.cli", "--config", str(config), *arguments]
    return subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE if capture else None)


def fill(drive: DriveServer) -> None:
    """Put the sample library into Drive."""
    for path in sorted((HERE / "library").rglob("*")):
        if path.is_file():
            folder = path.parent.relative_to(HERE / "library").as_posix()
            drive.add_file(path.name, path.read_bytes(), parent=drive.add_path(f"Lectures/{folder}".removesuffix("/.")))


def show(drive: DriveServer) -> None:
    """What lies in Drive now."""
    files = [item for item in drive.files() if not item.mime_type.startswith("application/vnd.google-apps")]
    print("\nIn Drive:")
    for path, item in sorted((drive.path(item.id), item) for item in files):
        if item.app_properties.get("media_assets_part") != "manifest":
            print(f"    {'ours ' if item.app_properties else 'yours'}  {path}")
    print(f"and {sum(item.app_properties.get('media_assets_part') == 'manifest' for item in files)} manifests.")


def main() -> int:
    with TemporaryDirectory() as temporary, drive_server(seed=7, faults=FAULTS) as drive:
        fill(drive)
        config = Path(temporary) / "library.yaml"
        config.write_text(CONFIG.format(url=drive.url))
        grant = Path(temporary) / "grant.json"
        grant.touch(0o600)
        grant.write_text(json.dumps(drive.authorized_user_info()))
        print(f"A stand-in for Google Drive answers at {drive.url}; library.yaml says:\n{CONFIG.format(url=drive.url)}")
        media_assets(config, "doctor")
        processed = media_assets(config, "process")
        first = Counter(drive.calls)
        media_assets(config, "process")
        second = Counter(drive.calls) - first
        media_assets(config, "status")
        found = json.loads(media_assets(config, "status", "--json", capture=True).stdout)
        show(drive)
    calls, again = sum(first.values()), sum(second.values())
    uploads = sum(number for method, number in second.items() if "create" in method or "update" in method)
    print(f"\n{calls} calls for the first pass, {again} for the second, {uploads} uploads in it.")
    unexpected = [failure for failure in found["failures"] if not any(name in failure["file"] for name in BROKEN)]
    if processed.returncode not in (0, 1) or unexpected:
        print(f"\nThis should not have failed: {unexpected or 'see above'}", file=sys.stderr)
        return 1
    print(f"{len(found['failures'])} cells are red: two of the samples are broken on purpose.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
