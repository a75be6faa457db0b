"""Everything that only a card can show, in one run of at most eight minutes.

    make setup GPU=yes && python -m benchmarks.on_card
    python -m benchmarks.on_card --device cpu      tries the program where there is no card

One after the other, each within its own time: the tests that need a card, the search of 1,000,000 rows
against the memory's speed, the encoder with the shape of Qwen3-Embedding-4B and random weights. What one
has printed stays when another fails or takes too long; the exit code is how many did.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A module to run with its arguments, and its time in seconds."""

    name: str
    seconds: float
    command: Sequence[str]


def _steps(*, rows: int, width: int, rounds: int, size: str, texts: int, device: str) -> Sequence[Step]:
    few = ("--rounds", str(rounds))
    return (
        Step("tests", 60, ("pytest", "-q", "-m", "gpu", "-rs")),
        Step("search", 180, ("benchmarks.card", str(rows), "--width", str(width), "--device", device, *few)),
        Step("encoder", 240, ("benchmarks.encode", "--size", size, "--texts", str(texts), *few)),
    )


STEPS: Mapping[str, Sequence[Step]] = {
    "cuda": _steps(rows=1_000_000, width=2560, rounds=15, size="4B", texts=4096, device="cuda"),
    "cpu": _steps(rows=20_000, width=256, rounds=3, size="tiny", texts=64, device="cpu"),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=STEPS, default="cuda")
    return sum(not _run(step) for step in STEPS[parser.parse_args().device])


def _run(step: Step) -> bool:
    """Whether it ended well and in time; what it prints goes to the same place as ours."""
    print(f"\n== {step.name}", flush=True)
    began = time.perf_counter()
    try:
        ended = subprocess.run([sys.executable, "-m", *step.command], timeout=step.seconds, check=False)
    except subprocess.TimeoutExpired:
        print(f"-- {step.name}: not done after {step.seconds:.0f} s")
        return False
    print(f"-- {step.name}: ended with {ended.returncode} after {time.perf_counter() - began:.0f} s")
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
