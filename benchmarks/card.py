"""Time the exact search on an NVIDIA card against the speed of its memory.

    python -m benchmarks.card [ROWS ...] [--width 2560] [--rounds 15]

The floor is the time to read the rows in half precision at the bandwidth that copying
shows in the same run. The rows stay in the machine's memory in single precision, too:
10,000,000 x 2560 take 102 GB there and 51 GB of the card. The vectors and the threshold
are those of `benchmarks.search`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.search import ROUNDS, THRESHOLD, library, planted, unit_rows
from engine.index.protocol import SearchSpec

COPIED_BYTES = 2 << 30


def median_seconds(run: Callable[[], object], rounds: int, finish: Callable[[], object]) -> float:
    times = []
    for _ in range(rounds + 1):
        finish()
        begun = time.perf_counter()
        run()
        finish()
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])  # the first round warms up


def copying(torch: Any, device: str, rounds: int, finish: Callable[[], object]) -> float:
    """Bytes read and written in a second."""
    source = torch.zeros(COPIED_BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * COPIED_BYTES / median_seconds(lambda: target.copy_(source), rounds, finish)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", type=int, default=[1_000_000, 10_000_000])
    parser.add_argument("--width", type=int, default=2560)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--device", default="cuda", help='"cpu" tries the program, not the card')
    options = parser.parse_args()
    torch = library("torch")
    if torch is None or (options.device.startswith("cuda") and not torch.cuda.is_available()):
        print("Skipped: torch sees no NVIDIA card here.")
        return
    from engine.index.scan.gpu_scan import CardScan

    is_card = options.device.startswith("cuda")
    finish = torch.cuda.synchronize if is_card else lambda: None
    bandwidth = copying(torch, options.device, options.rounds, finish)
    print(
        f"{torch.cuda.get_device_name() if is_card else 'processor'}: {bandwidth / 1e9:,.0f} GB/s copying\n"
    )
    print("| rows | floor, ms | questions | wanted | ms | of the floor |")
    print("| ---: | ---: | ---: | --- | ---: | ---: |")
    rng = np.random.default_rng(0)
    for count in options.rows:
        matrix, questions = unit_rows(rng, count, options.width), unit_rows(rng, 32, options.width)
        planted(matrix, questions)
        scan = CardScan.over(matrix, options.device)
        floor = 2 * matrix.size / bandwidth
        for asked in (questions[:1], questions):
            for name, want in {
                f"all >= {THRESHOLD:.2f}": SearchSpec(THRESHOLD),
                "first 5 and best 200": SearchSpec(THRESHOLD, 5, 200),
            }.items():
                taken = median_seconds(
                    partial(scan.search, asked, [want] * len(asked)),
                    options.rounds,
                    finish,
                )
                cells = (
                    f"{1000 * floor:.2f} | {len(asked)} | {name} | {1000 * taken:.2f} | {taken / floor:.2f}"
                )
                print(f"| {count:,} | {cells} |")


if __name__ == "__main__":
    main()
