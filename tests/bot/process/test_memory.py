from __future__ import annotations

import subprocess
import sys

import pytest

# As many threads as the bot has, each of which takes and gives back memory while the others hold some.
SCRIPT = """
import ctypes, threading
from bot.process.memory import use_one_heap
assert USE is False or use_one_heap()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.malloc.argtypes = [ctypes.c_size_t]
barrier, heaps = threading.Barrier(24), set()
def work():
    barrier.wait()
    for _ in range(200):
        heaps.add(library.malloc(1000) >> 26)  # a thread's own heap lies in 64 MiB of its own
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(24)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(heaps))
"""


def heaps_of(*, use: bool) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("USE", str(use))], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the knob is glibc's")
def test_all_threads_share_one_heap() -> None:
    assert heaps_of(use=True) <= 2 < heaps_of(use=False)
