"""The calls from here to the function at Modal, in our own errors. What they are for is the transcriber's business."""

from __future__ import annotations

import logging
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from media_assets.artifacts.transcript.engines.modal.contract import (
    FUNCTION,
    TranscriptionAnswer,
    TranscriptionRequest,
    progress_key,
)
from media_assets.artifacts.transcript.engines.modal.failures import DEPLOY, broken_container, failure, modal_errors
from media_assets.artifacts.transcript.engines.modal.reading import answer_in
from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription
from media_assets.base.errors import Fatal, MediaAssetsError, Transient

if TYPE_CHECKING:
    import modal

    from media_assets.base.secrets import Secrets

logger = logging.getLogger("media_assets")

_FORGOTTEN = "forgotten"
"""Stands for a call where nobody waits for one."""


class CallLost(MediaAssetsError):
    """Modal has no result of the call and will not have one: it was stopped, it crashed, or it was long ago."""


def connect(secrets: Secrets) -> modal.Client:
    """A client with the token of the secrets, else with what `modal token set` has stored.

    Raises:
        Fatal: there is no token.
        Transient: Modal cannot be reached.
    """
    import modal

    logging.getLogger("hpack").setLevel(logging.INFO)  # else it writes every header down, and so the token
    refusal: MediaAssetsError
    try:
        if secrets.modal_token_id and secrets.modal_token_secret:
            return modal.Client.from_credentials(
                secrets.modal_token_id.get_secret_value(), secrets.modal_token_secret.get_secret_value()
            )
        return modal.Client.from_env()
    except modal_errors() as error:
        refusal = failure(error, "cannot log in")
    raise refusal


class ModalCalls:
    """The calls of one process to Modal. Shared by threads; connects at its first use.

    Every method raises what `failures.failure` makes of Modal's refusal: `Fatal` for what a person has to repair,
    `Transient` for what may pass.
    """

    def __init__(self, settings: ModalTranscription, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._lock = threading.Lock()

    @property
    def notes_name(self) -> str:
        """Name of the `modal.Dict` in which the calls say what they do."""
        return f"{self._settings.app}-notes"

    def look_up(self) -> str:
        """A line about the deployed function; it is not run."""
        try:
            self._function.hydrate()
            info = self._function.info()
        except modal_errors() as error:
            raise failure(error, "cannot be called") from None
        deployed = (" or ".join(f"{name}:{count}" if count > 1 else name for name, count in info.gpus), info.timeout)
        wanted = (self._settings.gpu.upper().removesuffix(":1"), self._settings.timeout_seconds)
        line = f"{FUNCTION} of {self._place} is deployed with {deployed[0] or 'no GPU'} and a limit of {deployed[1]} s"
        if deployed == wanted:
            return line
        return f"{line}; library.yaml says {wanted[0]} and {wanted[1]} s: {DEPLOY[0].lower()}{DEPLOY[1:]}"

    def spawn(self, request: TranscriptionRequest, audio: bytes | None) -> str:
        """Begin a call and return its id. The client sends what is large to Modal's storage, and the rest with it."""
        try:
            return str(self._function.spawn(request.model_dump_json(), audio).object_id)
        except modal_errors() as error:
            raise failure(error, "could not be sent to Modal") from None

    def answer(self, call_id: str, wait_seconds: float) -> TranscriptionAnswer | None:
        """What came of a call; None while it lasts.

        Raises:
            CallLost: there will be no answer.
            TimeLimitExceeded: it took longer than the function may.
            Fatal: the container does not start.
        """
        import modal

        at = modal.exception
        try:
            return answer_in(self._call(call_id).get(timeout=wait_seconds))
        except (
            at.OutputExpiredError,
            at.NotFoundError,
            at.RemoteError,
            at.InternalFailure,
            at.InputCancellation,  # no Exception, which is why it has to be named
        ) as error:
            raise CallLost(f"the call {call_id} has no result ({type(error).__name__}: {error})") from None
        except (at.FunctionTimeoutError, at.ExecTimeoutError) as error:
            raise failure(error, "could not be transcribed") from None
        except TimeoutError:  # Python's own; what broke on the way comes as Modal's ConnectionError
            return None
        except modal_errors() as error:
            if hasattr(error, "__line_cache__"):  # it was raised in the container
                raise broken_container(error) from None
            raise failure(error, "could not be fetched from Modal") from None
        except Exception as error:
            logger.exception("the container at Modal raised what is not ours")
            raise broken_container(error) from None

    def cancel(self, call_id: str) -> None:
        """Stop a call; the container stays for the next."""
        try:
            self._call(call_id).cancel()
        except modal_errors() as error:
            raise failure(error, "could not be stopped at Modal") from None

    def holder(self, token: str) -> str | None:
        """The id of the call that has the work of a token in hand; None when none has begun."""
        call_id = self._noted(token)
        return None if call_id is None else str(call_id)

    def progress(self, token: str) -> float | None:
        """The fraction done (0 to 1), as far as it is known."""
        try:
            fraction = self._noted(progress_key(token))
        except (Fatal, Transient) as error:  # nothing depends on it
            logger.debug("no progress: %s", error)
            return None
        return None if fraction is None else float(fraction)

    def forget(self, token: str) -> None:
        """Nobody asks for this work any more: a call for it that may still wait for a container is to do nothing.

        The note that says so vanishes at Modal by itself, after a week in which nobody looked at it.
        """
        try:
            self._notes.put(token, _FORGOTTEN, skip_if_exists=True)
            self._notes.pop(progress_key(token), None)
        except modal_errors() as error:
            logger.debug("notes were left: %s", error)

    @property
    def _place(self) -> str:
        environment = f" in {self._settings.environment}" if self._settings.environment else ""
        return f"the app {self._settings.app}{environment}"

    def _noted(self, key: str) -> Any:
        try:
            return self._notes.get(key)
        except modal_errors() as error:
            raise failure(error, "could not be looked up at Modal") from None

    def _call(self, call_id: str) -> modal.FunctionCall[str]:
        import modal

        return modal.FunctionCall.from_id(call_id, client=self._client)

    @property
    def _client(self) -> modal.Client:
        with self._lock:
            return self._connected

    @cached_property
    def _connected(self) -> modal.Client:
        return connect(self._secrets)

    @property
    def _function(self) -> modal.Function[Any, Any, Any]:
        import modal

        return modal.Function.from_name(
            self._settings.app, FUNCTION, environment_name=self._settings.environment, client=self._client
        )

    @cached_property
    def _notes(self) -> modal.Dict:
        import modal

        return modal.Dict.from_name(
            self.notes_name, environment_name=self._settings.environment, create_if_missing=True, client=self._client
        )
