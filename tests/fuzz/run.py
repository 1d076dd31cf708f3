"""Random programs: each is compiled as plain C and, made async by machine, by asyncc; both must print the same checksum.

    run.py --count 500 --seed 1 --jobs 2

A seed decides everything: the program, how it is made async, whether all variables that may be are kept in C locals, the
C compiler, its flags, and how the program is polled. A
seed whose programs differ, or that the compiler refuses, is kept with all its files below --keep and reduced to fewer lines;
the exit status is then 1. Programs that run too long as plain C (csmith makes endless loops) are skipped, counted, and
replaced by further seeds; so are those whose plain program gives one checksum with one compiler and another with the next,
or has undefined behaviour that its sanitizers see. Both are asked of a program only once the async one has failed.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import csmith  # noqa: E402
from convert import ConversionError  # noqa: E402
from reduce import reduce_lines  # noqa: E402

TOP = HERE.parent.parent
DIFFERS = "the output differs"
ENDED = "the program ended with"
PLAIN_SECONDS = 2
ASYNC_SECONDS = 120
# Not for what the plain programs do too: csmith takes addresses of members of packed structs.
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-sanitize=alignment")
CONFIGURATIONS = (
    ("gcc", "-O0"),
    ("clang", "-O2"),
    ("gcc", "-O2"),
    ("clang", "-O1", *SANITIZE),
    ("gcc", "-O1", *SANITIZE),
    ("clang", "-O0"),
)
# Csmith's programs compare and convert as they please; uninitialised unions and long shifts are its own affair.
WRAPPING = (
    "-std=gnu11",
    "-w",
    "-fwrapv",
)  # for programs that keep to C's rules of types: frames reuse bytes for others
QUIET = (*WRAPPING, "-fno-strict-aliasing")


@dataclass(frozen=True)
class Outcome:
    """What became of one program: `kind` is "same", "skipped", or what went wrong."""

    kind: str
    detail: str = ""

    @property
    def is_failure(self) -> bool:
        return self.kind not in ("same", "skipped")


def asyncc_command(eager: bool = False) -> list[str]:
    """The compiler under test: $ASYNCC, or the one in this checkout; `eager`: see eager.py."""
    return shlex.split(os.environ.get("ASYNCC", f"{sys.executable} {HERE / 'eager.py' if eager else '-m asyncc'}"))


def run(
    command: list[str], seconds: float, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command; one that takes too long counts as killed by SIGALRM."""
    env = {**os.environ, "PYTHONPATH": f"{TOP}:{os.environ.get('PYTHONPATH', '')}", **(environment or {})}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, errors="replace", env=env,
        start_new_session=True,
    ) as started:  # fmt: skip
        try:
            out, err = started.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)  # and what it has started: gcc's cc1
            return subprocess.CompletedProcess(command, -14, "", f"took more than {seconds} s")
    return subprocess.CompletedProcess(command, started.returncode, out, err)


def includes() -> list[str]:
    return [f"-I{HERE}", f"-I{TOP / 'include'}", f"-I{csmith.include_directory()}"]


def configuration(seed: int) -> tuple[str, ...]:
    return CONFIGURATIONS[seed % len(CONFIGURATIONS)]


def build_plain(source: Path, *flags: str, compiler: str = "gcc", seconds: float = PLAIN_SECONDS) -> str | None:
    """The output of a plain program; None when it does not compile or does not end in time."""
    program = source.with_suffix(".plain")
    built = run([compiler, *QUIET, *flags, *includes(), str(source), "-o", str(program), "-lm"], 60)
    ended = run([str(program)], seconds) if built.returncode == 0 else built
    return ended.stdout if ended.returncode == 0 else None


def try_async(plain: Path, seed: int, expected: str) -> Outcome:
    """Makes the program async, compiles it, runs it, and compares."""
    source, output, program = plain.with_suffix(".ac"), plain.with_suffix(".out.c"), plain.with_suffix(".async")
    try:
        source.write_text(csmith.make_async(plain, seed))
    except ConversionError as error:
        kind = "skipped" if "incompatible" in str(error) else "not converted"  # such C is refused in a .ac file
        return Outcome(kind, str(error))
    # gcc's own way through functions of thousands of jumps takes minutes once it also has to sanitize them.
    eager = seed // 2 % 2 == 1 and configuration(seed)[:2] != ("gcc", "-O1")
    done = run(
        [*asyncc_command(eager), str(source), "-o", str(output), "-std=gnu11", "-w", *includes()],
        120,
    )
    if done.returncode != 0:
        return Outcome(f"asyncc gave {done.returncode}", done.stderr)
    compiler, *flags = configuration(seed)
    driver = str(HERE / "drive.c")
    done = run([compiler, *QUIET, *flags, *includes(), str(output), driver, "-o", str(program), "-lm"], 300)
    if done.returncode != 0:
        return Outcome(f"{compiler} refused the output", done.stderr)
    done = run([str(program)], ASYNC_SECONDS, {"DRIVE_FROM_LEAF": "1"} if seed % 2 else {})
    if done.returncode != 0:
        return Outcome(f"{ENDED} {done.returncode}", done.stderr)
    if done.stdout != expected:
        return Outcome(DIFFERS, f"plain: {expected}async: {done.stdout}")
    return Outcome("same")


def try_seed(seed: int, directory: Path) -> Outcome:
    """One random program, from its seed to the comparison."""
    plain = directory / "program.c"
    text = csmith.with_waiting_arithmetic(csmith.generate(seed), seed)
    if "__builtin_ia32_" in text:
        return Outcome("skipped")  # wants a CPU's feature: it is no program but where a compiler drops the call
    plain.write_text(text)
    expected = build_plain(plain, "-O0")
    if expected is None or ("__builtin_" in text and build_plain(plain, *SANITIZE, compiler="clang") is None):
        return Outcome("skipped")  # endless, or with builtins of arguments they are not defined for
    outcome = try_async(plain, seed, expected)
    if (outcome.kind == DIFFERS or outcome.kind.startswith(ENDED)) and not has_one_meaning(plain):
        return Outcome("skipped")
    return outcome


def has_one_meaning(plain: Path) -> bool:
    """Whether all compilers agree on the plain program, also when they look for undefined behaviour. Csmith means to write
    only such, but floats and packed structs make it slip now and then: a float that no int can hold is cast to one, or gcc,
    clang and clang -O1 give three checksums."""
    levels = (("-O0",), ("-O1",), ("-O2",), ("-O1", *SANITIZE))
    builds = [(compiler, flags) for compiler in ("gcc", "clang") for flags in levels]
    return len({build_plain(plain, *flags, compiler=compiler, seconds=20) for compiler, flags in builds}) == 1


def still_fails(plain: Path, seed: int, kind: str) -> bool:
    """Whether a program cut shorter is still valid C, has no undefined behaviour we can see, and fails the same way."""
    strict = ("-Werror=uninitialized", "-Werror=return-type", "-O1")
    expected = build_plain(plain, *strict, *SANITIZE)
    return expected is not None and try_async(plain, seed, expected).kind == kind


def keep_failure(seed: int, outcome: Outcome, directory: Path, keep: Path, seconds: float) -> Path:
    """Keeps the files of a failing seed, and a reduced program beside them."""
    place = keep / f"seed-{seed}"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(directory, place)
    (place / "outcome.txt").write_text(
        f"seed {seed}: {outcome.kind}\n{' '.join(configuration(seed))}\n{outcome.detail}\n"
    )
    if seconds > 0:
        reduced = place / "reduced.c"
        text = reduce_lines(
            (place / "program.c").read_text(),
            lambda t: write_and(reduced, t) and still_fails(reduced, seed, outcome.kind),
            seconds,
        )
        reduced.write_text(text)
        still_fails(reduced, seed, outcome.kind)
    return place


def write_and(path: Path, text: str) -> bool:
    path.write_text(text)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20, help="how many programs to compare")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=TOP / "build" / "fuzz", help="where failing programs go")
    parser.add_argument("--reduce-seconds", type=float, default=60, help="time for the reduction of a failure; 0: none")
    parser.add_argument("--failures", type=int, default=5, help="stop after so many")
    arguments = parser.parse_args()
    if not shutil.which("csmith"):
        print("fuzz: csmith is not installed (Debian: apt install csmith libcsmith-dev)", file=sys.stderr)
        return 2
    arguments.keep.mkdir(parents=True, exist_ok=True)
    return Session(arguments).run()


class Session:
    """A run over many seeds: keeps `jobs` of them going until `count` were compared."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.compared = self.skipped = 0
        self.failed: list[int] = []
        self.started = time.monotonic()

    def run(self) -> int:
        seed, printed = self.arguments.seed, 0
        with ThreadPoolExecutor(self.arguments.jobs) as pool:
            while self.compared < self.arguments.count and len(self.failed) < self.arguments.failures:
                missing = min(self.arguments.count - self.compared, 4 * self.arguments.jobs)
                for _ in pool.map(self.one, range(seed, seed + missing)):
                    self.progress()
                seed += missing
                if not sys.stderr.isatty() and self.compared // 50 > printed:
                    printed = self.compared // 50
                    print(
                        f"fuzz: {self.compared} compared, up to seed {seed - 1}, {len(self.failed)} failed", flush=True
                    )
        seconds = time.monotonic() - self.started
        print(
            f"fuzz: {self.compared} programs compared (seeds {self.arguments.seed} to {seed - 1}, {self.skipped} skipped), "
            f"{len(self.failed)} failed, {seconds:.0f} s"
        )
        return 1 if self.failed else 0

    def one(self, seed: int) -> None:
        with tempfile.TemporaryDirectory(prefix="asyncc-fuzz-") as name:
            directory = Path(name)
            outcome = try_seed(seed, directory)
            if outcome.kind == "skipped":
                self.skipped += 1
                return
            self.compared += 1
            if outcome.is_failure:
                self.failed.append(seed)
                place = keep_failure(seed, outcome, directory, self.arguments.keep, self.arguments.reduce_seconds)
                first = outcome.detail.strip().splitlines()[:1]
                print(f"\nfuzz: seed {seed}: {outcome.kind}: {''.join(first)}\n      kept in {place}", flush=True)

    def progress(self) -> None:
        if sys.stderr.isatty():
            print(
                f"\r{self.compared} compared, {self.skipped} skipped, {len(self.failed)} failed ",
                end="",
                file=sys.stderr,
            )


if __name__ == "__main__":
    sys.exit(main())
