"""The addresses and parameters of Drive v3, from the description that comes with Google's client."""

from __future__ import annotations

import json
from functools import cache
from typing import Any


def drive_service(api_endpoint: str | None) -> Any:
    """What builds requests; it is safe to share among threads as long as each sends them over its own connection.

    Args:
        api_endpoint: Another server. It goes into the description as `rootUrl`: the client's own option for it sends
            uploads to https on that host, whatever the address says.
    """
    from googleapiclient.discovery import build_from_document
    from googleapiclient.discovery_cache import get_static_doc
    from googleapiclient.http import build_http

    document = json.loads(get_static_doc("drive", "v3"))
    if api_endpoint is not None:
        document["rootUrl"] = api_endpoint.rstrip("/") + "/"
        document["servicePath"] = "drive/v3/"
    service = build_from_document(document, http=build_http())
    for name in document["resources"]:
        # The client makes all methods of a resource anew, with their documentation, each time it is asked for it. That
        # takes longer than a request does.
        setattr(service, name, cache(getattr(service, name)))
    return service
