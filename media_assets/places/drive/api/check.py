"""What `doctor` says of an account and of the folders named in library.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from media_assets.base.errors import Fatal
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import WrongFolder

_GIB = 1 << 30


def check(api: DriveApi, places: Sequence[str]) -> str:
    """One line: the account, the folders found, and the storage that is left.

    Raises:
        Fatal: the credentials or their scope do not do, the API is switched off, or folders are missing or not shared
            with the account: all of them are named.
        Transient: Drive cannot be reached.
    """
    about = api.call(lambda drive: drive.about().get(fields="user(emailAddress),storageQuota(limit,usage)"))
    problems = [problem for place in places if (problem := _problem(api, place))]
    if problems:
        steps = dict.fromkeys(problem.next_step for problem in problems)
        raise Fatal("; ".join(problem.reason for problem in problems), next_step=". ".join(steps))
    account = about["user"].get("emailAddress", "the account")
    folders = f"{len(places)} folder{'' if len(places) == 1 else 's'}"
    return f"{account}: {folders} found, {_storage(about.get('storageQuota', {}))}"


def _problem(api: DriveApi, place: str) -> Fatal | None:
    """What is wrong with one of several folders; what is wrong with all of them is raised."""
    try:
        api.folder_id(place)
    except WrongFolder as error:
        return error
    return None


def _storage(quota: Mapping[str, Any]) -> str:
    if "limit" not in quota:
        return "storage without a limit"
    if int(quota["limit"]) == 0:
        return "no storage of its own"
    return f"{max(0, int(quota['limit']) - int(quota.get('usage', 0))) / _GIB:.1f} GiB of storage free"
