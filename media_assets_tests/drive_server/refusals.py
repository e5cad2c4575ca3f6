"""For tests: what a refusal looks like on the client's side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from googleapiclient.errors import HttpError

from media_assets_tests.drive_server.errors import REASONS


@contextmanager
def refused(reason: str, *, status: int | None = None) -> Iterator[None]:
    """The block ends in an `HttpError` with this reason in `error.errors[]`, and its usual status."""
    with pytest.raises(HttpError) as caught:
        yield
    assert [detail["reason"] for detail in caught.value.error_details] == [reason]
    assert caught.value.status_code == (status or REASONS[reason].status)
