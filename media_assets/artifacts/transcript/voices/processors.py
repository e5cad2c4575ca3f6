"""Products of matrices on one processor each, so that threads of ours share the processors out.

The library below numpy (OpenBLAS) spreads each product over all processors and waits actively for them. The network's
products are small: on a busy machine that was seen to take seven times as long as one processor alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

_lock = Lock()
_state: dict[str, Any] = {"users": 0, "limits": None}


@contextmanager
def one_processor_a_product() -> Iterator[None]:
    """Meanwhile no product of any thread is spread; the last that leaves puts back what was."""
    from threadpoolctl import threadpool_limits

    with _lock:
        if _state["users"] == 0:
            _state["limits"] = threadpool_limits(1, user_api="blas")
        _state["users"] += 1
    try:
        yield
    finally:
        with _lock:
            _state["users"] -= 1
            if _state["users"] == 0:
                _state["limits"].restore_original_limits()
