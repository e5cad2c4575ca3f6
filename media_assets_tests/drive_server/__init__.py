"""A stand-in for Google Drive: a real HTTP server on loopback that speaks the parts of Drive v3 the project uses.

    with drive_server(seed=1, faults=Faults(rate=0.1), tls=True) as drive:
        folder = drive.add_path("Lectures/2024")
        video = drive.add_file("intro.mp4", size=5_000_000_000, parent=folder, mime="video/mp4")
        drive.client().files().get(fileId=video).execute()
        assert drive.calls["files.get"] == 1

Its parts: `model` and `state` hold files and the log of changes, `contents` their bytes, `tree` is what people do to
them; `query`, `masks` and `listing` make `files.list`; `files`, `edits`, `uploads`, `one_request` and `feeds` are the
rest of the API; `oauth` lets callers in; `faults` decides what goes wrong, and `handler` lets it happen on a connection
of `sockets`; `server` puts all together.
"""

from __future__ import annotations

from media_assets_tests.drive_server.contents import Bytes, Content, Generated
from media_assets_tests.drive_server.errors import REASONS
from media_assets_tests.drive_server.faults import EVERYTHING, Fault, Faults
from media_assets_tests.drive_server.model import DOCUMENT, FOLDER, SHORTCUT, Item
from media_assets_tests.drive_server.oauth import DRIVE_SCOPE
from media_assets_tests.drive_server.server import DriveServer, drive_server
from media_assets_tests.drive_server.uploads import UNIT_BYTES

__all__ = [
    "DOCUMENT",
    "DRIVE_SCOPE",
    "EVERYTHING",
    "FOLDER",
    "REASONS",
    "SHORTCUT",
    "UNIT_BYTES",
    "Bytes",
    "Content",
    "DriveServer",
    "Fault",
    "Faults",
    "Generated",
    "Item",
    "drive_server",
]
