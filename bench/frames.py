#!/usr/bin/env python3
"""Prints the frame of every function of the example programs beside the size of the same function's future in Rust.

    python bench/frames.py [--gallery DIR] [--out DIR]

Reads the sizes from `asyncc inspect --format json` and from bench/frames (a Rust program that prints size_of_val). Exit status 1
when one is larger than Rust's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent


def rust_sizes(out: Path) -> dict[tuple[str, str], int]:
    manifest = BENCH / "frames" / "Cargo.toml"
    command = [
        "cargo",
        "run",
        "--release",
        "--quiet",
        "--manifest-path",
        str(manifest),
        "--target-dir",
        str(out / "frames"),
    ]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    sizes = {}
    for line in printed.splitlines():
        program, function, size = line.split()
        sizes[program, function] = int(size)
    return sizes


def our_sizes(program: Path) -> dict[str, int]:
    command = [sys.executable, "-m", "asyncc", "inspect", str(program), "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    return {function["name"]: function["size"] for function in json.loads(printed)["functions"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gallery", type=Path, default=ROOT.parent / "shared" / "gallery", help="the example programs")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench")
    options = parser.parse_args()
    rust = rust_sizes(options.out)
    larger = 0
    print(f"{'program':12} {'function':16} {'asyncc':>7} {'Rust':>7}")
    for program in dict.fromkeys(name for name, _ in rust):
        ours = our_sizes(options.gallery / f"{program}.ac")
        for (name, function), size in rust.items():
            if name == program and function in ours:
                worse = ours[function] > size
                larger += worse
                print(f"{program:12} {function:16} {ours[function]:7} {size:7}{'  larger' if worse else ''}")
    print(f"{larger} larger than Rust's")
    return 1 if larger else 0


if __name__ == "__main__":
    sys.exit(main())
