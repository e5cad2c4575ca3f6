"""`make demo`: process the sample library and show what came of it.

Two of its files are broken on purpose. That they fail, with a reason, and hold up nothing else is a part of the show;
that anything else fails is an error.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIG = HERE / "library.yaml"
BROKEN = {"samples:talks/interrupted-upload.mp4", "samples:meetings/unfinished.mp4"}
SHOWN = {"transcript": "2025-03-17-team-meeting*/transcript.txt", "summary": "looking-after-recordings*/summary.md"}
"""What is printed of the artifacts: a meeting of two people who have names in people.yaml, and what a talk is about."""


def media_assets(*arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    if not capture:
        print(f"\n$ media-assets --config samples/library.yaml {shlex.join(arguments)}", flush=True)
    command = [sys.executable, "-P", "-m", "media_assets.cli", "--config", str(CONFIG), *arguments]
    return subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE if capture else None)


def main() -> int:
    processed = media_assets("process")
    media_assets("status")
    found = json.loads(media_assets("status", "--json", capture=True).stdout)
    artifacts = HERE / "artifacts"
    for asset, shown in SHOWN.items():
        for path in sorted((artifacts / asset).glob(shown)):
            print(f"\n── {path.relative_to(HERE.parent)}\n\n{path.read_text('utf-8').strip()}")
    print(f"\nThe artifacts lie in {artifacts.relative_to(HERE.parent)}/, a folder for each file.")
    print("To see the grid in Dagster's UI, with sensors and automation on:")
    print("    .venv/bin/media-assets --config samples/library.yaml dev      → http://127.0.0.1:3000")
    unexpected = [failure for failure in found["failures"] if failure["file"] not in BROKEN]
    if processed.returncode not in (0, 1) or unexpected:
        print(f"\nThis should not have failed: {unexpected or 'see above'}", file=sys.stderr)
        return 1
    print(f"\n{len(found['failures'])} cells are red: two of the samples are broken on purpose.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
