"""What the failures of Modal and of its client mean for the file and for the batch.

Texts of the client hold addresses, among them signed ones to upload to; what follows a `?` is never passed on.
"""

from __future__ import annotations

import re

from media_assets.base.errors import Fatal, MediaAssetsError, TimeLimitExceeded, Transient

_QUERY = re.compile(r"(https?://[^\s?]+)\?\S+")
_MAX_CHARACTERS = 300

_LOG_IN = (
    "Run `modal token set` with a token of your workspace, or set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET in the "
    "environment or in .env beside library.yaml"
)
DEPLOY = "Run `media-assets modal deploy`"


def modal_errors() -> tuple[type[Exception], ...]:
    """Everything that Modal's client raises about Modal and the way there."""
    import aiohttp
    import grpclib
    import modal

    # The client turns most of what comes from below into errors of its own, but not all.
    return (
        modal.exception.Error,
        grpclib.GRPCError,
        grpclib.exceptions.StreamTerminatedError,
        aiohttp.ClientError,
        OSError,
    )


def failure(error: Exception, doing: str) -> MediaAssetsError:
    """The project's error for one of `modal_errors`.

    Args:
        error: What the client raised; it has done its own repetitions by then.
        doing: What was tried, as a clause that follows "could not be" or the like.
    """
    import modal

    at = modal.exception
    said = _said(error)
    if isinstance(error, at.AuthError):
        return Fatal(f"{doing}: Modal does not know who we are ({said})", next_step=_LOG_IN)
    if isinstance(error, at.PermissionDeniedError):
        return Fatal(f"{doing}: Modal does not permit it ({said})", next_step=_LOG_IN)
    if isinstance(error, at.NotFoundError):
        return Fatal(f"{doing}: this version of the app is not at Modal ({said})", next_step=DEPLOY)
    if isinstance(error, at.ResourceExhaustedError):
        return Fatal(
            f"{doing}: a limit of the Modal workspace is reached ({said})",
            next_step="Look at its usage and billing pages, or lower `assets.transcript.workers`, then run again",
        )
    if isinstance(error, at.FunctionTimeoutError):
        return TimeLimitExceeded(
            f"{doing}: it took longer than the function at Modal may",
            next_step="Look at the file; if it is sound, raise `transcription.timeout_seconds` in library.yaml and run "
            "`media-assets modal deploy`",
        )
    if isinstance(error, at.InvalidError | at.UnimplementedError | at.VersionError | at.ImageBuildError):
        return Fatal(f"{doing}: Modal refused it ({said})", next_step=f"{DEPLOY}, and look at the app's page at Modal")
    return Transient(f"{doing}: {said}")


def broken_container(error: Exception) -> Fatal:
    """What an exception means that came out of a container and is none of ours: our code did not even begin there."""
    return Fatal(
        f"the function at Modal does not start ({_said(error)})",
        next_step=f"{DEPLOY} again; if that does not help, `modal app logs` shows what happened there",
    )


def _said(error: Exception) -> str:
    text = _QUERY.sub(r"\1", " ".join(str(error).split())) or type(error).__name__
    return f"{text[:_MAX_CHARACTERS]}…" if len(text) > _MAX_CHARACTERS else text
