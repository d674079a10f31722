import os
import subprocess
import sys
from pathlib import Path

import pytest

from rvm_addon.engine import heap, pipeline
from rvm_addon.jobs.worker import MEMORY_IS_KEPT
from tests import tiny
from tests.engine.test_pipeline import matting
from tests.fakes import DictSink, ListSource

FREED = """
from pathlib import Path
from rvm_addon.engine import heap

def resident():
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) // 1024

pieces = [bytearray(b"x" * (1 << 20)) for _ in range(200)]
del pieces[:-1]
before = resident()
heap.trim()
print(before - resident(), "MB")
"""
"""A hundred and ninety-nine pieces are free, the last is not: the heap cannot end before it."""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps what is free")
def test_what_is_free_goes_back_to_the_system() -> None:
    """Also from the middle of a heap, in a process that has the worker's settings."""
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, **MEMORY_IS_KEPT, "PYTHONPATH": str(root)}
    told = subprocess.run([sys.executable, "-c", FREED], env=environment, capture_output=True, text=True, check=True)
    assert int(told.stdout.split()[0]) > 190, told.stdout


def test_a_run_gives_memory_back_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not wait for the end of a long clip."""
    trims: list[int] = []
    sink = DictSink()
    monkeypatch.setattr(heap, "trim", lambda: trims.append(len(sink.pictures)))
    frames = 3 * pipeline.TRIMMED_EVERY
    assert len(list(matting(ListSource([tiny.barcode(0)] * frames), sink))) == frames
    assert len(trims) == 3 and trims[0] <= pipeline.TRIMMED_EVERY
