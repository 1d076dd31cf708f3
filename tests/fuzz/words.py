"""Random programs of the words: defer, select, gather, run_until, within loops, switches and jumps of control, with variables
that all of them read and write.

    words.py --count 100 --seed 1

Each program says numbers. What it has to say is computed by an interpreter (words_model.py). Every program is run to its end,
and stopped after each of its first polls; half of them are translated with every variable in a C local that may be (eager.py).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from run import QUIET, TOP, asyncc_command, run  # noqa: E402
from words_model import Endless, expected  # noqa: E402
from words_program import Text, Writer  # noqa: E402

STOPS = 12


def try_seed(seed: int, folder: Path) -> str:
    """Empty: as it should be."""
    functions = Writer(seed).functions
    try:
        whole, _ = expected(functions, None)
    except Endless:
        return "skipped"
    source, output, program = folder / "words.ac", folder / "words.c", folder / "words"
    source.write_text(Text(functions).text)
    includes = [f"-I{HERE}", f"-I{TOP / 'include'}"]
    done = run([*asyncc_command(seed // 2 % 2 == 1), str(source), "-o", str(output), *includes], 60)
    if done.returncode:
        return f"asyncc gave {done.returncode}: {done.stderr}"
    compiler = ("gcc", "clang")[seed % 2]
    flags = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    done = run([compiler, *QUIET, *flags, *includes, str(output), str(HERE / "drive.c"), "-o", str(program)], 60)
    if done.returncode:
        return f"{compiler}: {done.stderr}"
    for polls in (None, *range(1, STOPS)):
        said, ended = expected(functions, polls)
        stop = {} if polls is None else {"DRIVE_STOP": str(polls)}
        done = run([str(program)], 20, {**stop, **({"DRIVE_FROM_LEAF": "1"} if seed % 3 == 0 else {})})
        if done.returncode or done.stdout.split() != [str(n) for n in said]:
            return f"stopped after {polls}: status {done.returncode}, said {done.stdout.split()}, not {said}\n{done.stderr}"
        if ended and polls is not None:
            break
    return "" if whole else "skipped"


def one(seed: int, keep: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="asyncc-words-") as name:
        result = try_seed(seed, Path(name))
        if result not in ("", "skipped"):
            keep.mkdir(parents=True, exist_ok=True)
            kept = keep / f"words-{seed}.ac"
            kept.write_text((Path(name) / "words.ac").read_text())
            print(f"words: seed {seed}: {result[:600]}\n       kept as {kept}", flush=True)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, default=TOP / "build" / "fuzz")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda seed: one(seed, arguments.keep), seeds))
    compared = sum(result != "skipped" for result in results)
    failed = sum(result not in ("", "skipped") for result in results)
    skipped = len(results) - compared
    print(f"words: {compared} programs compared, {skipped} endless, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
