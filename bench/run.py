#!/usr/bin/env python3
"""Runs the same work in asyncc and in its peers, side by side, and prints ratios.

    python bench/run.py [--rows PATTERN] [--rounds N] [--seconds S] [--out DIR] [--skip go,asio]

Every row is run in turn by every contender, N rounds over, so that what else the machine does falls on all of them alike. A
ratio is the peer's time over asyncc's in the same round: above 1, asyncc is faster. Printed are the median of the rounds' ratios and
their spread. What one unit of each row is, and what the rows do, is in bench/README.md.

Writes results.json, table.md and ratios.svg (and .png) to the output directory (build/bench).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent


@dataclass
class Contender:
    name: str
    command: list[str]
    rows: set[str] = field(default_factory=set)


@dataclass
class Result:
    row: str
    unit: str
    times: dict[str, list[float]] = field(default_factory=dict)  # contender → ns a unit, one a round
    kernel: dict[str, list[float]] = field(default_factory=dict)  # contender → share of its CPU time in the kernel

    def ratios(self, peer: str) -> list[float]:
        return [p / max(a, 0.01) for p, a in zip(self.times[peer], self.times["asyncc"], strict=True)]


# What one unit of a row is, by the beginning of its name.
UNITS = {
    "mt_spawn": "task",
    "ct_spawn_many": "task",
    "remote_spawn": "spawn",
    "ct_spawn_join": "task",
    "mt1_spawn_join": "task",
    "mt_ping_pong": "pair",
    "ct_ping_pong": "pair",
    "mt_yield": "yield",
    "ct_yield": "yield",
    "mt_chained": "task",
    "ct_chained": "task",
    "spawn_blocking": "call",
    "timeout": "timeout",
    "timers": "timer",
    "signals": "delivery",
    "memory": "task (bytes)",
    "mpsc_create": "channel",
    "mpsc_send": "channel+message",
    "mpsc": "message",
    "request": "round trip",
    "notify": "wake",
    "rwlock": "lock",
    "semaphore": "permit",
    "mutex": "lock",
    "watch": "receive",
    "broadcast": "receive",
}
SCHEDULER = re.compile(r"^(mt_|ct_|mt1_|remote_spawn)")
CHANNELS = re.compile(r"^(mpsc|request|notify|rwlock|semaphore|mutex|watch|broadcast)")


def unit_of(row: str) -> str:
    for beginning, unit in UNITS.items():
        if row.startswith(beginning):
            return unit
    return "operation"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(command: list[str], **kwargs: object) -> None:
    say("+ " + " ".join(command))
    subprocess.run(command, check=True, **kwargs)  # type: ignore[call-overload]


def build(out: Path, skip: set[str]) -> list[Contender]:
    """Builds every contender whose tools are there; says which are not."""
    out.mkdir(parents=True, exist_ok=True)
    contenders: list[Contender] = []
    program = out / "asyncc-bench"
    sources = [*sorted(str(p) for p in (BENCH / "asyncc").glob("*.ac")), str(BENCH / "asyncc" / "harness.c")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run(
        [sys.executable, "-m", "asyncc", "build", *sources, "-o", str(program), "-O3", "-DNDEBUG", "-pthread"],
        env=environment,
    )
    contenders.append(Contender("asyncc", [str(program)]))
    if shutil.which("cargo") and "tokio" not in skip:
        for name, features in (("tokio", []), ("tokio+mimalloc", ["--features", "mimalloc"])):
            target = out / name
            run(["cargo", "build", "--release", "--quiet", "--manifest-path", str(BENCH / "tokio" / "Cargo.toml"),
                 "--target-dir", str(target), *features])  # fmt: skip
            contenders.append(Contender(name, [str(target / "release" / "tokio-bench")]))
    if shutil.which("go") and "go" not in skip:
        run(["go", "build", "-o", str(out / "go-bench"), "."], cwd=BENCH / "go")
        contenders.append(Contender("go", [str(out / "go-bench")]))
    if (
        any((Path(folder) / "asio.hpp").exists() for folder in ("/usr/include", "/usr/local/include"))
        and "asio" not in skip
    ):
        run(
            [
                "g++",
                "-std=c++20",
                "-O3",
                "-DNDEBUG",
                "-pthread",
                str(BENCH / "asio" / "main.cpp"),
                "-o",
                str(out / "asio-bench"),
            ]
        )
        contenders.append(Contender("asio", [str(out / "asio-bench")]))
    for contender in contenders:
        listed = subprocess.run([*contender.command, "--list"], capture_output=True, text=True, check=True)
        contender.rows = set(listed.stdout.split())
        if contender.rows:
            say(f"{contender.name}: {len(contender.rows)} rows")
    return contenders


@dataclass
class Run:
    ns: float  # the median time of a unit
    kernel: float  # the share of the CPU time that was spent in the kernel


def once(contender: Contender, row: str, seconds: float) -> Run | None:
    """One run, or None when it failed (said, and left out of the table)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        ran = subprocess.run([*contender.command, row, str(seconds)], capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        say(f"  {contender.name} {row}: took more than 120 s, given up")
        return None
    if ran.returncode != 0:
        say(f"  {contender.name} {row}: exit {ran.returncode}: {ran.stderr.strip()[:200]}")
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return Run(float(ran.stdout.split()[2]), system / max(user + system, 1e-6))


def measure(contenders: list[Contender], pattern: str, rounds: int, seconds: float) -> list[Result]:
    listed = subprocess.run(
        [*contenders[0].command, "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    results = []
    chosen = [row for row in listed if re.search(pattern, row)]
    for number, row in enumerate(chosen, 1):
        say(f"[{number}/{len(chosen)}] {row}")
        result = Result(row, unit_of(row))
        able = [c for c in contenders if row in c.rows]
        repeats = 1 if row.startswith("memory") else rounds
        for turn in range(repeats):
            order = able if turn % 2 == 0 else able[::-1]
            runs = {c.name: once(c, row, seconds) for c in order}
            for name, ran in runs.items():
                if ran is not None:
                    result.times.setdefault(name, []).append(ran.ns)
                    result.kernel.setdefault(name, []).append(ran.kernel)
        if "asyncc" in result.times:
            results.append(result)
    return results


def geometric_mean(values: list[float]) -> float:
    return math.exp(statistics.fmean(math.log(v) for v in values))


def table(results: list[Result], peers: list[str]) -> str:
    from tabulate import tabulate

    rows = []
    for r in results:
        cells = [r.row, r.unit, f"{statistics.median(r.times['asyncc']):.1f}"]
        for peer in peers:
            if peer in r.times and len(r.times[peer]) == len(r.times["asyncc"]):
                ratios = r.ratios(peer)
                cells.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})")
            else:
                cells.append("")
        cells.append(
            ", ".join(f"{100 * statistics.median(r.kernel[c]):.0f}" for c in ["asyncc", *peers] if c in r.kernel)
        )
        rows.append(cells)
    for title, pattern in (("scheduler rows", SCHEDULER), ("channel and lock rows", CHANNELS)):
        cells = [f"geometric mean, {title}", "", ""]
        for peer in peers:
            medians = [statistics.median(r.ratios(peer)) for r in results if peer in r.times and pattern.search(r.row)]
            cells.append(f"{geometric_mean(medians):.2f}" if medians else "")
        rows.append(cells)
    headers = [
        "row",
        "unit",
        "asyncc, ns a unit",
        *(f"{p} ÷ asyncc" for p in peers),
        "% of CPU time in the kernel, each",
    ]
    return str(tabulate(rows, headers, tablefmt="github"))


def plot(results: list[Result], peers: list[str], out: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 0.34 * len(results) + 1.5))
    marks = dict(zip(peers, "osD^v<>", strict=False))
    for peer in peers:
        points = [(statistics.median(r.ratios(peer)), i) for i, r in enumerate(results) if peer in r.times]
        if points:
            axes.plot([p[0] for p in points], [p[1] for p in points], marks[peer], label=peer, markersize=5)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(results)), [r.row for r in results], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("time of the peer ÷ time of asyncc (right of the line asyncc is faster)")
    axes.grid(axis="x", which="both", alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(out / "ratios.svg")
    figure.savefig(out / "ratios.png", dpi=110)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="a regular expression; only rows that match")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="time of one run of a row")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--skip", default="", help="contenders to leave out, by comma")
    options = parser.parse_args()
    contenders = build(options.out, set(options.skip.split(",")))
    results = measure(contenders, options.rows, options.rounds, options.seconds)
    peers = [c.name for c in contenders[1:]]
    (options.out / "results.json").write_text(
        json.dumps({r.row: {"unit": r.unit, "ns": r.times, "kernel": r.kernel} for r in results}, indent=1)
    )
    text = table(results, peers)
    print(text)
    (options.out / "table.md").write_text(text + "\n")
    if results:
        plot(results, peers, options.out)
        say(f"wrote {options.out}/table.md, results.json, ratios.svg, ratios.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
