from __future__ import annotations

import subprocess
import sys

import pytest

FREES_HALF_OF_ITS_BLOCKS = """
import psutil
from media_assets.base.freed_memory import give_back_freed_memory

held = [bytes(20_000) for _ in range(10_000)]
del held[::2], held[:4_900]
before = psutil.Process().memory_info().rss
give_back_freed_memory()
print(before - psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what a C library keeps is its own business")
def test_what_lies_free_between_blocks_in_use_goes_back_to_the_system() -> None:
    told = subprocess.run(
        [sys.executable, "-c", FREES_HALF_OF_ITS_BLOCKS], stdout=subprocess.PIPE, text=True, check=True
    )
    assert int(told.stdout) > 100_000_000
