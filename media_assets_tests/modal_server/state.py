"""What the stand-in knows: functions, calls, dicts, blobs; and how a call is run."""

from __future__ import annotations

import importlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from modal._runtime.execution_context import _set_current_context_ids
from modal._serialization import deserialize, pickle_exception, pickle_traceback, serialize
from modal_proto import api_pb2

Result = api_pb2.GenericResult
INLINE_BYTES = 8 * 1024
"""What is larger goes through blobs, both ways; Modal's limit for calls that are spawned."""


@dataclass
class Call:
    """One spawned call."""

    id: str
    input_id: str
    function_id: str
    done: threading.Event = field(default_factory=threading.Event)
    result: api_pb2.GenericResult | None = None
    expired: bool = False
    cancelled: bool = False

    def finish(self, result: api_pb2.GenericResult) -> None:
        if not self.done.is_set():
            self.result = result
            self.done.set()


class State:
    """See the module. Its lock is for what several requests change."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.containers = ThreadPoolExecutor(8)
        self._ids = itertools.count(1)
        self.reset()

    def reset(self) -> None:
        """As new; what still runs goes on unseen."""
        self.functions: dict[tuple[str, str, str], str] = {}
        """By environment, app and tag: what is deployed."""
        self.definitions: dict[str, api_pb2.Function] = {}
        self.release = threading.Event()
        self.release.set()
        """Containers wait for this before they begin; calls are queued while it is clear."""
        self.in_container: Callable[[Call], api_pb2.GenericResult | None] = lambda _: None
        """Asked before a call is run: what it gives is the result instead."""
        self.calls: dict[str, Call] = {}
        self.by_idempotency_key: dict[str, Call] = {}
        self.dicts: dict[str, dict[bytes, bytes]] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: Counter[str] = Counter()
        self.running = 0
        self.most_running = 0

    def new_id(self, prefix: str) -> str:
        return f"{prefix}-{next(self._ids):08d}"

    def deploy(self, module: str, function: str, *, app: str, tag: str) -> None:
        """As if it had been deployed."""
        function_id = self.new_id("fu")
        gpu = api_pb2.GPUConfig(gpu_type="L4", count=1)
        self.definitions[function_id] = api_pb2.Function(
            module_name=module,
            function_name=tag,
            implementation_name=function,
            timeout_secs=3600,
            resources=api_pb2.Resources(gpu_config=gpu),
        )
        self.functions[("main", app, tag)] = function_id

    # ------------------------------------------------------------------------------------------- calls

    def start(self, function_id: str, item: api_pb2.FunctionPutInputsItem, idempotency_key: str) -> Call:
        """Queue a call; the same request twice is one call."""
        with self.lock:
            known = self.by_idempotency_key.get(idempotency_key)
            if known:
                return known
            call = Call(self.new_id("fc"), self.new_id("in"), function_id)
            self.calls[call.id] = self.by_idempotency_key[idempotency_key] = call
        self.containers.submit(self._run, call, item.input)
        return call

    def cancel(self, call: Call) -> None:
        """Nobody waits for its container any more."""
        call.cancelled = True
        call.finish(Result(status=Result.GENERIC_STATUS_TERMINATED, exception="the call was cancelled"))

    def _run(self, call: Call, given: api_pb2.FunctionInput) -> None:
        self.release.wait()
        if call.cancelled:
            return
        instead = self.in_container(call)
        if instead is not None:
            call.finish(instead)
            return
        with self.lock:
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        reset = _set_current_context_ids([call.input_id], [call.id], ["attempt"])
        try:
            args, kwargs = deserialize(self.blobs[given.args_blob_id] if given.args_blob_id else given.args, None)
            call.finish(self.success(self._function(call.function_id)(*args, **kwargs)))
        except BaseException as error:  # noqa: BLE001  as the container entry point does
            call.finish(self.failure(error))
        finally:
            reset()
            with self.lock:
                self.running -= 1

    def _function(self, function_id: str) -> Callable[..., Any]:
        """Found as Modal's container entry point finds it."""
        definition = self.definitions[function_id]
        module = importlib.import_module(definition.module_name)
        function: Callable[..., Any] = getattr(module, definition.implementation_name)
        return function

    def success(self, value: Any) -> api_pb2.GenericResult:
        data = serialize(value)
        if len(data) > INLINE_BYTES:
            blob_id = self.new_id("bl")
            self.blobs[blob_id] = data
            return Result(status=Result.GENERIC_STATUS_SUCCESS, data_blob_id=blob_id)
        return Result(status=Result.GENERIC_STATUS_SUCCESS, data=data)

    def failure(self, error: BaseException) -> api_pb2.GenericResult:
        traceback, lines = pickle_traceback(error, "ta-01234567890123456789012345")
        return Result(
            status=Result.GENERIC_STATUS_FAILURE,
            exception=repr(error),
            traceback=repr(error),
            data=pickle_exception(error),
            serialized_tb=traceback,
            tb_line_cache=lines,
        )

    def outputs(self, call: Call, wait_seconds: float) -> api_pb2.FunctionGetOutputsResponse:
        if call.expired:
            return api_pb2.FunctionGetOutputsResponse(num_unfinished_inputs=0)
        if not call.done.wait(wait_seconds) or call.result is None:
            return api_pb2.FunctionGetOutputsResponse(num_unfinished_inputs=1)
        item = api_pb2.FunctionGetOutputsItem(
            result=call.result,
            input_id=call.input_id,
            data_format=api_pb2.DATA_FORMAT_PICKLE,
            output_created_at=time.time(),
        )
        return api_pb2.FunctionGetOutputsResponse(outputs=[item], idxs=[0])
