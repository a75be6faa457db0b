"""How many compute at once."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from engine.machine_share import count_cores
from engine.storage.data_folder import DataFolder
from engine.web.workers import Workers
from tests.support.engine import WAIT_SECONDS


def test_no_more_compute_at_once_than_there_are_cores(tmp_path: Path) -> None:
    workers = Workers(64, DataFolder(tmp_path))
    begun, inside, most = threading.Semaphore(0), 0, 0
    changing, go = threading.Lock(), threading.Event()

    def compute() -> None:
        nonlocal inside, most
        with changing:
            inside += 1
            most = max(most, inside)
        begun.release()
        assert go.wait(WAIT_SECONDS)
        with changing:
            inside -= 1

    def let_go() -> None:
        for _ in range(count_cores()):
            assert begun.acquire(timeout=WAIT_SECONDS)
        go.set()

    async def all_at_once() -> None:
        computing = [workers.compute(compute) for _ in range(4 * count_cores())]
        await asyncio.gather(workers.run(let_go), *computing)

    asyncio.run(all_at_once())
    workers.stop()
    assert most == count_cores()
