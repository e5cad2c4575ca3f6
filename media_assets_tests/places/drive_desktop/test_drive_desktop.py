"""Drive for desktop as a source: where it is found on each system, and what is said when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.base.errors import Fatal
from media_assets.places.drive_desktop.mounts import Machine
from media_assets.places.drive_desktop.settings import DriveDesktopSource
from media_assets.places.drive_desktop.source import DriveDesktop, drive_desktop_folder
from media_assets.places.folder.settings import FolderSource
from media_assets.places.folder.source import Folder
from media_assets.places.watching import AutomationSettings


def machine(root: Path, platform: str) -> Machine:
    """One whose every place is below `root`."""
    (root / "home").mkdir(exist_ok=True)
    return Machine(
        platform=platform,
        home=root / "home",
        volumes=root / "Volumes",
        letters=tuple(root / f"{letter}:" for letter in "DEFGHIJKLMNOPQRSTUVWXYZ"),
        gvfs=root / "run/user/1000/gvfs",
        mount_table=root / "mounts",
    )


def settings(**values: object) -> DriveDesktopSource:
    return DriveDesktopSource.model_validate({"type": "drive_desktop", **values})


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("content")


def found(root: Path, platform: str, **values: object) -> str:
    """The folder it leads to, relative to `root`."""
    return drive_desktop_folder(settings(**values), machine(root, platform)).path.relative_to(root).as_posix()


# ----------------------------------------------------------------------------------------------- where it is found


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("darwin", "home/Library/CloudStorage/GoogleDrive-ann@example.com/My Drive"),
        ("darwin", "home/Google Drive/My Drive"),
        ("darwin", "Volumes/GoogleDrive/My Drive"),
        ("darwin", "home/My Drive"),
        ("win32", "G:/My Drive"),
        ("win32", "K:/My Drive"),
        ("win32", "home/My Drive"),
        ("linux", "home/Google Drive/My Drive"),
        ("linux", "home/gdrive/My Drive"),
        ("linux", "run/user/1000/gvfs/google-drive:host=example.com,user=ann/My Drive"),
    ],
)
def test_my_drive_is_found_where_the_system_puts_it(tmp_path: Path, platform: str, place: str) -> None:
    (tmp_path / place).mkdir(parents=True)
    assert found(tmp_path, platform) == place


def test_the_places_of_other_systems_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "G:/My Drive").mkdir(parents=True)
    (tmp_path / "Volumes/GoogleDrive/My Drive").mkdir(parents=True)
    with pytest.raises(Fatal, match="not mounted"):
        found(tmp_path, "linux")


def test_a_letter_of_windows_is_known_by_its_shortcut_targets_when_my_drive_is_translated(tmp_path: Path) -> None:
    (tmp_path / "H:/.shortcut-targets-by-id").mkdir(parents=True)
    (tmp_path / "H:/Meine Ablage/Vorlesungen").mkdir(parents=True)
    assert found(tmp_path, "win32", folder="Meine Ablage/Vorlesungen") == "H:/Meine Ablage/Vorlesungen"


def test_a_disk_that_has_a_folder_of_the_wanted_name_is_not_taken_for_drive(tmp_path: Path) -> None:
    (tmp_path / "D:/Videos").mkdir(parents=True)
    (tmp_path / "home/Videos").mkdir(parents=True)
    with pytest.raises(Fatal, match="not mounted"):
        found(tmp_path, "win32", folder="Videos")


def mount_table(root: Path, *rows: tuple[str, Path, str]) -> None:
    """As the kernel writes it: blanks in octal."""
    lines = [f"{device} {str(path).replace(' ', chr(92) + '040')} {kind} rw 0 0\n" for device, path, kind in rows]
    (root / "mounts").write_text("".join(["proc /proc proc rw 0 0\n", *lines]))


def test_a_mount_of_ocamlfuse_shows_what_lies_in_my_drive(tmp_path: Path) -> None:
    (tmp_path / "my mounts/drive/Lectures").mkdir(parents=True)
    mount_table(tmp_path, ("google-drive-ocamlfuse", tmp_path / "my mounts/drive", "fuse.google-drive-ocamlfuse"))
    assert found(tmp_path, "linux") == "my mounts/drive"
    assert found(tmp_path, "linux", folder="My Drive/Lectures") == "my mounts/drive/Lectures"


def test_a_mount_of_rclone_counts_only_if_it_looks_like_drive(tmp_path: Path) -> None:
    (tmp_path / "bucket/Lectures").mkdir(parents=True)
    (tmp_path / "drive/My Drive").mkdir(parents=True)
    mount_table(tmp_path, ("s3:", tmp_path / "bucket", "fuse.rclone"), ("drive:", tmp_path / "drive", "fuse.rclone"))
    assert found(tmp_path, "linux") == "drive/My Drive"


def test_insync_has_the_content_of_my_drive_below_the_account(tmp_path: Path) -> None:
    (tmp_path / "home/Insync/ann@example.com/Google Drive/Lectures").mkdir(parents=True)
    (tmp_path / "home/Insync/bob@example.com/Google Drive/Lectures").mkdir(parents=True)
    assert (
        found(tmp_path, "linux", account="bob@example.com", folder="My Drive/Lectures")
        == "home/Insync/bob@example.com/Google Drive/Lectures"
    )


def test_one_place_that_is_reached_by_two_names_is_one(tmp_path: Path) -> None:
    place = tmp_path / "home/Library/CloudStorage/GoogleDrive-ann@example.com"
    (place / "My Drive").mkdir(parents=True)
    (tmp_path / "home/Google Drive").symlink_to(place)
    assert found(tmp_path, "darwin").startswith("home/Library/CloudStorage")


# ----------------------------------------------------------------------------------------------- what the user chooses


def test_the_account_chooses_among_several(tmp_path: Path) -> None:
    for account in ("ann@example.com", "bob@example.com"):
        (tmp_path / f"home/Library/CloudStorage/GoogleDrive-{account}/My Drive").mkdir(parents=True)
    with pytest.raises(Fatal, match=r"several times: .*ann@example\.com.*bob@example\.com") as caught:
        found(tmp_path, "darwin")
    assert "`account`" in caught.value.next_step
    assert "bob@" in found(tmp_path, "darwin", account="Bob@Example.com")


def test_an_account_that_is_not_there_is_not_replaced_by_another(tmp_path: Path) -> None:
    (tmp_path / "home/Library/CloudStorage/GoogleDrive-ann@example.com/My Drive").mkdir(parents=True)
    with pytest.raises(Fatal, match=r"of bob@example\.com is not mounted; found .*ann@example\.com"):
        found(tmp_path, "darwin", account="bob@example.com")


def test_a_mount_of_the_users_choice_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "G:/My Drive").mkdir(parents=True)
    (tmp_path / "elsewhere/Mon Drive").mkdir(parents=True)
    mount = tmp_path / "elsewhere"
    assert found(tmp_path, "win32", mount=mount, folder="Mon Drive") == "elsewhere/Mon Drive"
    assert found(tmp_path, "win32", mount=mount, folder=".") == "elsewhere"


def test_a_chosen_mount_that_is_not_there_is_fatal_even_if_another_is(tmp_path: Path) -> None:
    (tmp_path / "G:/My Drive").mkdir(parents=True)
    with pytest.raises(Fatal, match=r"not mounted at .*elsewhere") as caught:
        found(tmp_path, "win32", mount=tmp_path / "elsewhere")
    assert "Start Drive for desktop" in caught.value.next_step


def test_a_translated_my_drive_is_told_among_the_folders_that_are_there(tmp_path: Path) -> None:
    place = tmp_path / "home/Library/CloudStorage/GoogleDrive-ann@example.com"
    for name in ("Meine Ablage", "Geteilte Ablagen", ".Trash"):
        (place / name).mkdir(parents=True)
    with pytest.raises(Fatal, match=r"no folder 'My Drive' .* has 'Geteilte Ablagen', 'Meine Ablage'\. ") as caught:
        found(tmp_path, "darwin")
    assert "`folder`" in caught.value.next_step
    assert found(tmp_path, "darwin", folder="Meine Ablage").endswith("Meine Ablage")


# ----------------------------------------------------------------------------------------------- as a source


def source(root: Path, platform: str, **values: object) -> DriveDesktop:
    def folder(section: FolderSource) -> Folder:
        return Folder("drive", section, AutomationSettings())

    return DriveDesktop("drive", settings(**values), folder, machine=machine(root, platform))


def test_files_are_read_where_they_lie_and_google_native_ones_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "G:/My Drive", "a.mp4", "notes.gdoc", "sub/Table.GSHEET", "sub/film.gvid", "sub/b.mov", "x.tmp")
    drive = source(tmp_path, "win32", exclude=["*.tmp"])
    entries = list(drive.scan())
    assert [entry.key for entry in entries] == ["drive:a.mp4", "drive:sub/b.mov"]
    assert drive.direct_path(entries[1]) == tmp_path / "G:/My Drive/sub/b.mov"


def test_shortcuts_are_followed(tmp_path: Path) -> None:
    place = tmp_path / "home/Library/CloudStorage/GoogleDrive-ann@example.com"
    write(place, "My Drive/a.mp4", ".shortcut-targets-by-id/1x/Talks/b.mp4")
    (place / "My Drive/Talks").symlink_to(place / ".shortcut-targets-by-id/1x/Talks")
    assert [entry.path for entry in source(tmp_path, "darwin").scan()] == ["Talks/b.mp4", "a.mp4"]


def test_a_library_loads_while_drive_is_not_mounted_and_works_once_it_is(tmp_path: Path) -> None:
    drive = source(tmp_path, "win32")
    with pytest.raises(Fatal, match="not mounted") as caught:
        drive.check()
    assert "Start Drive for desktop" in caught.value.next_step
    write(tmp_path / "G:/My Drive", "a.mp4")
    entry = drive.entry("drive:a.mp4")
    (tmp_path / "G:").rename(tmp_path / "ejected")
    with pytest.raises(Fatal, match="not mounted"):
        drive.entry("drive:a.mp4")
    (tmp_path / "ejected").rename(tmp_path / "H:")
    assert drive.direct_path(entry) == tmp_path / "H:/My Drive/a.mp4"


def test_the_machine_we_are_on_can_be_looked_at() -> None:
    assert Machine().home == Path.home()
    with pytest.raises(Fatal, match="is not mounted"):
        drive_desktop_folder(settings(account="nobody@example.com"))
