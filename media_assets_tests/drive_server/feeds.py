"""The methods of `changes`, `drives` and `about`."""

from __future__ import annotations

from media_assets_tests.drive_server.errors import ApiError, invalid
from media_assets_tests.drive_server.masks import parse_fields, select, wanted
from media_assets_tests.drive_server.model import Caller
from media_assets_tests.drive_server.resources import DEFAULT_CHANGES, DEFAULT_DRIVE, change_json, drive_json, user_json
from media_assets_tests.drive_server.state import Change, DriveState
from media_assets_tests.drive_server.web import Answer, Request, json_answer


class Feeds:
    """What is new, which shared drives there are, and who asks. `page_limit` caps pages of changes."""

    def __init__(self, state: DriveState) -> None:
        self.state = state
        self.page_limit: int | None = None

    def start_page_token(self, request: Request, _caller: Caller) -> Answer:
        """`changes.getStartPageToken`."""
        self._check_drive(request)
        token = str(self.state.next_sequence)
        return json_answer({"kind": "drive#startPageToken", "startPageToken": token})

    def changes(self, request: Request, caller: Caller) -> Answer:
        """`changes.list`. Tokens never expire; only the last page has `newStartPageToken`."""
        tree = parse_fields(request.params.get("fields", DEFAULT_CHANGES), "ChangeList")
        size = request.number("pageSize", 100, 1000)
        size = min(size, self.page_limit or size)
        self._check_drive(request)
        token = request.params.get("pageToken")
        if token is None:
            raise ApiError("required", "Required parameter: pageToken", location="pageToken")
        with self.state.lock:
            if not token.isdecimal() or int(token) > self.state.next_sequence:
                raise invalid("pageToken")
            changes = self._shown(request, self.state.changes_since(int(token)))
            names, everywhere = wanted(tree, "changes", "file"), _is_everywhere(request)
            entries = [
                change_json(self.state, caller, change, names, everywhere=everywhere) for change in changes[:size]
            ]
            if request.params.get("includeRemoved") == "false":
                entries = [entry for entry in entries if not entry["removed"]]
            page = {"kind": "drive#changeList", "changes": entries}
            if len(changes) > size:
                page["nextPageToken"] = str(changes[size].sequence)
            else:
                page["newStartPageToken"] = str(self.state.next_sequence)
        return json_answer(select(page, tree))

    def drives(self, request: Request, _caller: Caller) -> Answer:
        """`drives.list`."""
        tree = parse_fields(request.params.get("fields", f"kind,nextPageToken,drives({DEFAULT_DRIVE})"), "DriveList")
        size = request.number("pageSize", 10, 100)
        start = request.params.get("pageToken", "0")
        if not start.isdecimal():
            raise invalid("pageToken")
        end = int(start) + size
        everything = [shared for shared in self.state.drives.values() if self.state.is_member(shared.id)]
        page = {"kind": "drive#driveList", "drives": [drive_json(shared) for shared in everything[int(start) : end]]}
        if end < len(everything):
            page["nextPageToken"] = str(end)
        return json_answer(select(page, tree))

    def drive(self, request: Request, _caller: Caller) -> Answer:
        """`drives.get`."""
        shared = self.state.drives.get(request.path_id)
        if shared is None or not self.state.is_member(shared.id):
            raise ApiError("notFound", f"Shared drive not found: {request.path_id}", location="driveId")
        tree = parse_fields(request.params.get("fields", DEFAULT_DRIVE), "Drive")
        return json_answer(select(drive_json(shared), tree))

    def about(self, request: Request, caller: Caller) -> Answer:
        """`about.get`, which has no default for `fields`."""
        if "fields" not in request.params:
            raise ApiError("required", "The 'fields' parameter is required for this method.", location="fields")
        tree = parse_fields(request.params["fields"], "About")
        used = self.state.storage_used_bytes if caller.account == "user" else 0
        limit = self.state.storage_limit_bytes if caller.account == "user" else 0
        quota = {"usage": str(used), "usageInDrive": str(used), "usageInDriveTrash": "0"}
        if limit is not None:
            quota["limit"] = str(limit)
        about = {
            "kind": "drive#about",
            "user": user_json(caller.account),
            "storageQuota": quota,
            "maxUploadSize": str(5 * 2**40),
            "canCreateDrives": True,
        }
        return json_answer(select(about, tree))

    def _check_drive(self, request: Request) -> None:
        drive_id = request.params.get("driveId")
        if drive_id is None:
            return
        if not request.all_drives:
            raise ApiError("includeTeamDriveItemsRequired", "The supportsAllDrives parameter must be true.")
        if not self.state.is_member(drive_id):
            raise ApiError("notFound", f"Shared drive not found: {drive_id}", location="driveId")

    @staticmethod
    def _shown(request: Request, changes: list[Change]) -> list[Change]:
        """Those of the log that is asked for: one for each item."""
        if not _is_everywhere(request):
            drive_id = request.params.get("driveId")
            return [change for change in changes if change.drive_id == drive_id]
        last = {(change.is_drive, change.id): change.sequence for change in changes}
        return [change for change in changes if last[change.is_drive, change.id] == change.sequence]


def _is_everywhere(request: Request) -> bool:
    """Whether the account's own log is asked for, with what happens in shared drives."""
    alone = "driveId" in request.params or request.flag("restrictToMyDrive")
    return request.flag("includeItemsFromAllDrives") and not alone
