"""Random programs of the words: defer, select, gather, run_until, within loops, switches and jumps of control, with variables
that all of them read and write.

    words.py --count 100 --seed 1

Each program says numbers. What it has to say is computed by an interpreter (words_model.py). Every program is run to its end,
and stopped after each of its first polls; half of them are translated with every variable in a C local that may be (eager.py).
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import seeds  # noqa: E402
from run import TOP, WRAPPING, asyncc_command, run  # noqa: E402
from words_model import Endless, expected  # noqa: E402
from words_program import Text, Writer  # noqa: E402

STOPS = 12


def try_seed(seed: int, folder: Path) -> str:
    """Empty: as it should be."""
    functions = Writer(seed).functions
    try:
        whole, _ = expected(functions, None)
    except Endless:
        return seeds.SKIPPED
    source, output, program = folder / "words.ac", folder / "words.c", folder / "words"
    source.write_text(Text(functions).text)
    includes = [f"-I{HERE}", f"-I{TOP / 'include'}"]
    done = run([*asyncc_command(seed // 2 % 2 == 1), str(source), "-o", str(output), *includes], 60)
    if done.returncode:
        return f"asyncc gave {done.returncode}: {done.stderr}"
    compiler = ("gcc", "clang")[seed % 2]
    flags = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    done = run([compiler, *WRAPPING, *flags, *includes, str(output), str(HERE / "drive.c"), "-o", str(program)], 60)
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
    return "" if whole else seeds.SKIPPED


if __name__ == "__main__":
    sys.exit(seeds.main("words", __doc__, try_seed))
