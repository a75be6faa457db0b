"""`python -m bot.process.die_with_parent PID MODULE ARGUMENT…`: a module that ends when process PID does.

Even when PID is killed without a chance to say so. Where the system cannot promise that
(it is Linux that can), the module simply runs; whoever starts next finds it and uses it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    parent, *module = arguments
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # It may have died before the kernel was told.
        if os.getppid() != int(parent):
            sys.exit(1)
    os.execv(sys.executable, [sys.executable, "-m", *module])  # noqa: S606 - the point of this module


if __name__ == "__main__":
    main(sys.argv[1:])
