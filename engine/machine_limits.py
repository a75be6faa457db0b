"""The machine's limits for a process: open files, threads. Too little is a sentence, and not half a program.

Found out before anything begins, because later it shows as anything: a database that "cannot be opened", a
source that "fails". Bot and engine share no code: each has this file, and a test compares the two.
"""

from __future__ import annotations

import errno
import resource
import threading
from collections.abc import Iterator

FEWEST_FILES = 256
# As many are asked for as connections may take, where that is left to us.
WANTED_FILES = 4096

_RAISE_FILES = (
    "raise that with `ulimit -n 4096`, LimitNOFILE= of the systemd unit, or --ulimit nofile= of the container"
)
_RAISE_THREADS = (
    "raise that with `ulimit -u`, TasksMax= of the systemd unit, or --pids-limit of the container"
)
_NO_THREAD = "can't start new thread"


def find_shortage(threads: int, *, wanted_files: int = WANTED_FILES) -> str | None:
    """One sentence when this process may have too few files or `threads`; None when it may have enough.

    Of files, as many are allowed as can be without anybody's leave, up to `wanted_files`.
    """
    files = _raise_files(wanted_files)
    if files < FEWEST_FILES:
        return f"Only {files} open files are allowed here, {FEWEST_FILES} are needed: {_RAISE_FILES}."
    started = _count_of_threads(threads)
    if started < threads:
        return f"Only {started} more threads are allowed here, {threads} are needed: {_RAISE_THREADS}."
    return None


def explain(problem: BaseException) -> str | None:
    """The sentence for an error that means that the machine allows no more; None for any other."""
    for one in _causes(problem):
        if isinstance(one, RuntimeError) and _NO_THREAD in str(one):
            return f"No more threads are allowed here: {_RAISE_THREADS}."
        if isinstance(one, OSError) and one.errno == errno.EMFILE:
            return f"No more open files are allowed here: {_RAISE_FILES}."
        if isinstance(one, OSError) and one.errno == errno.ENFILE:
            return "This machine has no open file left: end what holds so many, or raise fs.file-max."
        if isinstance(one, BlockingIOError):
            return f"No more processes are allowed here: {_RAISE_THREADS}."
    return None


def _raise_files(wanted: int) -> int:
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return wanted
    if allowed < wanted:
        allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return allowed


def _count_of_threads(wanted: int) -> int:
    """The number of threads, at most `wanted`, that could run at once; all have ended when this returns."""
    end = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(wanted):
            thread = threading.Thread(target=end.wait, name="probe")
            thread.start()
            started.append(thread)
    except RuntimeError:
        pass  # the one that could not be started: what was started is the answer
    finally:
        end.set()
        for thread in started:
            thread.join()
    return len(started)


def _causes(problem: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = problem
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__
