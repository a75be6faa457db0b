"""The thread pools for requests other than questions: files, bulk texts, long computations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.domain import FolderUnusable
from engine.machine_share import count_cores
from engine.storage.data_folder import DataFolder

Made = TypeVar("Made")


class Workers:
    """A few threads, started when they are first wanted. A question never waits for one.

    Those that compute are no more than there are cores: each more would only come between the event loop and
    the interpreter, and none would be done sooner.
    """

    def __init__(self, threads: int, folder: DataFolder) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="web")
        self._computing = ThreadPoolExecutor(count_cores(), thread_name_prefix="computing")
        self._folder = folder

    async def run(self, work: Callable[[], Made]) -> Made:
        """Run `work` in a thread without blocking the event loop; returns or raises what it does."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def compute(self, work: Callable[[], Made]) -> Made:
        """Run work that computes for long and waits for nothing, in the threads for that."""
        return await asyncio.get_running_loop().run_in_executor(self._computing, work)

    async def run_writing(self, work: Callable[[], Made]) -> Made:
        """Run work that writes into the data folder.

        What was written into a folder that was taken away meanwhile must not be acknowledged.

        Raises:
            FolderUnusable
        """

        def do_and_look() -> Made:
            self._require_folder()
            made = work()
            self._require_folder()
            return made

        return await self.run(do_and_look)

    def stop(self) -> None:
        """Take no more work. What is begun ends in its own time."""
        for pool in (self._pool, self._computing):
            pool.shutdown(wait=False, cancel_futures=True)

    def _require_folder(self) -> None:
        if problem := self._folder.problem():
            raise FolderUnusable(problem)
