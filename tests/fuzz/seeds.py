"""Tries a row of seeds, keeps the programs that fail, and says at the end how many there were of which kind."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
SKIPPED = "skipped"

# What becomes of a seed: in a folder of its own it writes KIND.ac, and gives "", SKIPPED, or what went wrong.
Trial = Callable[[int, Path], str]


def main(kind: str, description: str | None, trial: Trial) -> int:
    """The command line of a kind of random programs; gives the exit status."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, default=TOP / "build" / "fuzz", help="where programs that fail are put")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda seed: _one(kind, seed, trial, arguments.keep), seeds))
    skipped = results.count(SKIPPED)
    failed = len(results) - skipped - results.count("")
    last = arguments.seed + arguments.count - 1
    print(
        f"{kind}: {len(results) - skipped} programs compared (seeds {arguments.seed} to {last}, {skipped} skipped), {failed} failed"
    )
    return 1 if failed else 0


def _one(kind: str, seed: int, trial: Trial, keep: Path) -> str:
    with tempfile.TemporaryDirectory(prefix=f"asyncc-{kind}-") as name:
        result = trial(seed, Path(name))
        if result not in ("", SKIPPED):
            keep.mkdir(parents=True, exist_ok=True)
            kept = keep / f"{kind}-{seed}.ac"
            kept.write_text((Path(name) / f"{kind}.ac").read_text())
            print(f"{kind}: seed {seed}: {result[:800]}\n    kept as {kept}", flush=True)
    return result
