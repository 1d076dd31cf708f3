"""Random C of all of C's grammar with awaits in it, against itself with `async` and `await` taken out.

    grammar.py --count 100 --seed 1

Where csmith's programs (run.py) are C to which awaits are added as statements, these have them in every place of an expression:
under a comma that needs no parentheses, in an initialiser, a loop's header, a literal, out of a macro. A program whose plain
build does not give one output is skipped and counted.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import seeds  # noqa: E402
from grammar_statements import program  # noqa: E402
from run import TOP, WRAPPING, asyncc_command, configuration, run  # noqa: E402

INCLUDES = (f"-I{HERE}", f"-I{TOP / 'include'}")
STOPS = (1, 2, 5, 12, 40)  # polls after which the program is also dropped: what it has said till then has to be right
UNDEFINED = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def plainly(source: Path, compiler: str, *flags: str) -> str | None:
    """What the program prints as plain C; None where it cannot be compiled, or has undefined behaviour that is seen."""
    built = source.with_suffix(".plain")
    done = run([compiler, *WRAPPING, *flags, "-DPLAIN", "-xc", str(source), "-o", str(built)], 60)
    done = run([str(built)], 10) if done.returncode == 0 else done
    return done.stdout if done.returncode == 0 else None


def try_seed(seed: int, folder: Path) -> str:
    """Empty: as it should be."""
    source, output, built = folder / "grammar.ac", folder / "grammar.c", folder / "grammar"
    source.write_text(program(seed))
    expected = plainly(source, "gcc", "-O0")
    if expected is None:
        return seeds.SKIPPED
    failure = differs(seed, source, output, built, expected)
    if failure and any(plainly(source, "clang", *flags) != expected for flags in (UNDEFINED, ("-O2",))):
        return seeds.SKIPPED
    return failure


def differs(seed: int, source: Path, output: Path, built: Path, expected: str) -> str:
    done = run([*asyncc_command(seed // 2 % 2 == 1), str(source), "-o", str(output), "-std=gnu11", "-w", *INCLUDES], 60)
    if done.returncode:
        return f"asyncc gave {done.returncode}: {done.stderr}"
    compiler, *flags = configuration(seed)
    done = run([compiler, *WRAPPING, *flags, *INCLUDES, str(output), str(HERE / "drive.c"), "-o", str(built)], 120)
    if done.returncode:
        return f"{compiler}: {done.stderr}"
    how = {"DRIVE_FROM_LEAF": "1"} if seed % 3 == 0 else {}
    for polls in (None, *STOPS):
        done = run([str(built)], 20, how if polls is None else {**how, "DRIVE_STOP": str(polls)})
        if done.returncode:
            return f"ended with {done.returncode}, stopped after {polls}: {done.stderr}"
        if not expected.startswith(done.stdout) or (polls is None and done.stdout != expected):
            return f"the output differs, stopped after {polls}"
    return ""


if __name__ == "__main__":
    sys.exit(seeds.main("grammar", __doc__, try_seed))
