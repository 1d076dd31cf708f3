"""The tests of gcc, made async by machine: each must still end well, or at least compile.

    torture.py [name …] [--sources DIR] [--jobs N] [--keep DIR]

Each of these programs aborts when a compiler is wrong about one small thing of C: a bit-field, a conversion, an order of
evaluation, a corner of initialisers. They come from Debian's package gcc-12-source, which is kept outside of the
repository, by default in the user's cache; where it cannot be had nothing is tried, and that is said. Old C among them is
first made into C11, by what clang warns of. A program that is no C for clang (nested functions, for one), or whose plain
form does not end well with gcc and clang alike, is skipped and counted. Every other program runs with the runtime, built by
`asyncc build`, the others with nothing but the convention (drive.c).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from convert import ConversionError, Options, convert  # noqa: E402
from run import TOP, WRAPPING, asyncc_command, run  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "asyncc-tests" / "torture"
PACKAGE = "gcc-12-source"
FOLDERS = (
    "gcc.c-torture/execute",
    "gcc.c-torture/execute/ieee",
    "gcc.c-torture/compile",
    "gcc.dg",
    "gcc.dg/torture",
    "gcc.dg/tree-ssa",
    "gcc.dg/vect",
    "gcc.dg/ipa",
    "gcc.dg/atomic",
    "c-c++-common",
    "c-c++-common/torture",
)
COMPILERS = (("gcc", "-O0"), ("clang", "-O2"), ("gcc", "-O2"), ("clang", "-O0"))
SECONDS = 20
# What a converted program may not ask for: it would see that its main has another name, or a stack of its own.
ITSELF = re.compile(
    r"__func__|__FUNCTION__|\bifunc\b|__PRETTY_FUNCTION__|__builtin_(return_address|frame_address|FILE|FUNCTION)|BASE_FILE|#\s*include\s+__FILE__"
)
# Refused by the language, each with a reason: calls with a wrong number of arguments, pointers to something else, variable
# lengths and alloca across an await, promises of the attributes `const` and `returns_twice`.
REFUSED = re.compile(
    r"-W(async-(argument-count|setjmp|vla-across-await|alloca-across-await|attribute-on-async)|incompatible-(function-)?pointer-types)\]"
)
INCLUDES = (f"-I{HERE}", f"-I{TOP / 'include'}")
WITH_DRIVER = Options(header='#define ASYNCC_NO_KEYWORDS\n#include "pend.h"', suspend="pend()", entry="program")
WITH_RUNTIME = Options()


class Skipped(Exception):
    """The program is none that can be tried."""


class Failed(Exception):
    """What went wrong with one that can."""


def fetch(sources: Path) -> Path | None:
    """The folder of gcc's tests; None where the package cannot be had."""
    place = sources / "testsuite"
    if place.is_dir():
        return place
    sources.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=sources) as name:
        done = subprocess.run(["apt-get", "download", PACKAGE], cwd=name, capture_output=True, timeout=600, check=False)
        packages = list(Path(name).glob("*.deb"))
        if done.returncode != 0 or not packages:
            return None
        subprocess.run(["dpkg-deb", "-x", str(packages[0]), name], check=True)
        [archive] = Path(name).glob("usr/src/gcc-12/gcc-12*.tar.*")
        wanted = [f"*/gcc/testsuite/{folder}" for folder in ("gcc.c-torture", "gcc.dg", "c-c++-common")]
        subprocess.run(["tar", "-xf", str(archive), "-C", name, "--wildcards", *wanted], check=True)
        [unpacked] = Path(name).glob("gcc-12*/gcc/testsuite")
        unpacked.rename(place)
    return place


def programs(place: Path) -> list[Path]:
    """All that are meant to be run and stand in one file."""
    found = []
    for folder in FOLDERS:
        for path in sorted((place / folder).glob("*.c")):
            text = path.read_text(errors="replace")
            if "c-torture" in folder or re.search(r"dg-do\s+run", text):
                if "dg-additional-sources" not in text and not re.search(
                    r"dg-do\s+run[^}]*\{[^}]*target(?! \*-\*-\*| x86| i\?86)", text
                ):
                    found.append(path)
    return found


def whole(path: Path) -> str:
    """The text with the other tests it includes in their places: they are to be converted with it."""

    def included(match: re.Match[str]) -> str:
        inner = path.parent / match[1]
        return whole(inner) if inner.is_file() and inner != path else match[0]

    text = path.read_text(errors="surrogateescape")
    return re.sub(r'^#[ \t]*include[ \t]+"([^"]+\.c)".*$', included, text, flags=re.MULTILINE)


def options_of(text: str) -> list[str]:
    """The flags the test asks for that change its meaning, not what is optimised or warned of."""
    flags = []
    for words in re.findall(r'dg-(?:additional-)?options\s+"([^"]*)"', text):
        for word in words.split():
            if re.match(
                r"-D|-funsigned|-fsigned|-fno-builtin|-fno-strict-aliasing|-fshort-enums|-fno-common|-include|-fcommon|-m(sse|avx)",
                word,
            ):
                flags.append(word)
    return flags


def modern(text: str, place: Path, flags: list[str]) -> str:
    """The text as C11: what K&R left out is written where clang says it is missing."""
    path = place / "old.c"
    for _ in range(4):
        path.write_text(text, errors="surrogateescape")
        done = run(
            [
                "clang",
                "-std=gnu11",
                "-fsyntax-only",
                "-fno-caret-diagnostics",
                "-Wno-everything",
                "-Wimplicit-int",
                "-Wimplicit-function-declaration",
                "-Wreturn-type",
                "-ferror-limit=0",
                *flags,
                str(path),
            ],
            60,
        )
        lines = text.split("\n")
        inserts: dict[tuple[int, int], str] = {}
        declared: dict[str, str] = {}
        for line, column, _, message in re.findall(r"old\.c:(\d+):(\d+): (\w+): (.*)", done.stderr):
            if "defaults to 'int'" in message or "type specifier missing" in message:
                inserts[int(line), int(column)] = "int "
            elif match := re.search(
                r"implicitly declaring library function '(\w+)' with type '(.*?)'( \(aka.*)?", message
            ):
                result, _, parameters = match[2].partition("(")
                declared[match[1]] = f"{result.strip()} {match[1]}({parameters};"
            elif match := re.search(r"implicit declaration of function '(\w+)'", message):
                declared[match[1]] = f"int {match[1]}();"
        if not inserts and not declared:
            return text
        for line, column in sorted(inserts, reverse=True):
            old = lines[line - 1]
            lines[line - 1] = old[: column - 1] + inserts[line, column] + old[column - 1 :]
        text = "\n".join([*declared.values(), *lines])
    return text


def without_our_names(text: str) -> str:
    """The names that the converted program has for itself are the harness's; and a program may say its own `bool`."""
    text = re.sub(r"\b(pend|program)\b", r"\1_", text)
    if not re.search(r"\b(stdbool|asyncc)\.h", text) and re.search(
        r"typedef[^;]*\b(bool|true|false)\b|\b(false|true)\s*\(", text
    ):
        text = re.sub(r"\b(bool|true|false)\b", r"\1_", text)
    return text


class Trial:
    """One program. Those of the folder `compile` have no main: that their async form compiles is all that is asked."""

    def __init__(self, path: Path, number: int, keep: Path) -> None:
        self.is_run = path.parent.name != "compile"
        self.number, self.keep = number, keep
        keep.mkdir(parents=True)
        text = whole(path)
        self.compiler, *level = COMPILERS[number % len(COMPILERS)]
        self.flags = [*level, f"-I{path.parent}", *options_of(text)]
        self.text = without_our_names(modern(text, keep, self.flags))
        self.source, self.program = keep / "program.c", keep / "async"
        self.source.write_text(self.text, errors="surrogateescape")

    def parses_with(self, header: str) -> bool:
        command = ["clang", *WRAPPING, *self.flags, *INCLUDES, "-include", header, "-fsyntax-only", str(self.source)]
        return run(command, 60).returncode == 0

    def plain(self) -> str:
        """What the program prints, whoever compiles it."""
        if ITSELF.search(self.text):
            raise Skipped("asks for its own name or place")
        printed = set()
        for compiler in ("gcc", "clang"):
            for level in ("-O0", "-O2"):
                output = ["-o", str(self.keep / "plain"), "-lm"] if self.is_run else ["-c", "-o", "/dev/null"]
                built = run([compiler, *WRAPPING, *self.flags, level, str(self.source), *output], 60)
                if built.returncode != 0:
                    raise Skipped(f"no C for {compiler}: {first_error(built.stderr)}")
                if self.is_run:
                    done = run([str(self.keep / "plain")], SECONDS)
                    if done.returncode != 0:
                        raise Skipped(f"ends with {done.returncode} with {compiler}")
                    printed.add(done.stdout)
        if len(printed) > 1:
            raise Skipped("prints something else each time")
        if not self.parses_with("pend.h"):
            raise Skipped("declares otherwise what the library's headers declare")
        return "".join(printed)

    def convert(self, options: Options) -> Path:
        try:
            result = convert([self.source], self.keep, ["-std=gnu11", "-w", *self.flags], options)
        except ConversionError as error:
            raise Skipped(f"no C11 for libclang: {error}") from error
        text = result.files.get(str(self.source), "")
        if self.is_run and "main" in result.stays_plain:
            raise Skipped(f"main stays plain: it {result.stays_plain['main']}")
        if self.is_run and not re.search(r"async\s+int\s+(program /\* main \*/|main\b)", text):
            raise Skipped("main stands in another file")
        if not result.is_async:
            raise Skipped("nothing becomes async")
        converted = self.source.with_suffix(".ac")
        converted.write_text(text, errors="surrogateescape")
        return converted

    def build_with_driver(self) -> None:
        output = self.program.with_suffix(".c")
        asyncc = asyncc_command(eager=self.number % 8 >= 4)
        converted = self.convert(WITH_DRIVER)
        done = run([*asyncc, str(converted), "-o", str(output), "-std=gnu11", "-w", *INCLUDES, *self.flags], 120)
        if done.returncode != 0:
            raise refusal(done.stderr, f"asyncc gave {done.returncode}")
        command = [self.compiler, *WRAPPING, *self.flags, *INCLUDES, str(output)]
        command += [str(HERE / "drive.c"), "-o", str(self.program), "-lm"] if self.is_run else ["-c", "-o", "/dev/null"]
        built = run(command, 120)
        if built.returncode != 0:
            raise refusal(built.stderr, f"{self.compiler} refused the output")

    def build_with_runtime(self) -> None:
        asyncc = asyncc_command(eager=self.number % 8 >= 4)
        converted = self.convert(WITH_RUNTIME)
        command = [*asyncc, "build", str(converted), "-o", str(self.program), *WRAPPING, *self.flags, "-lm"]
        done = run(command, 240, {"CC": self.compiler})
        if done.returncode != 0:
            raise refusal(done.stderr, f"asyncc build gave {done.returncode}")


def try_program(path: Path, number: int, keep: Path) -> None:
    """Builds and runs the program plain and async; raises Skipped or Failed."""
    trial = Trial(path, number, keep)
    expected = trial.plain()
    if trial.is_run and number % 4 >= 2 and trial.parses_with("asyncc/asyncc.h"):
        trial.build_with_runtime()
    else:
        trial.build_with_driver()
    if trial.is_run:
        done = run([str(trial.program)], 60, {"DRIVE_FROM_LEAF": "1"} if number % 3 == 1 else {})
        if done.returncode != 0 or done.stdout != expected:
            seen = f"{done.stderr[:200]!r} {done.stdout[:200]!r}"
            raise Failed(f"{trial.compiler} {trial.flags[0]}: ended with {done.returncode} {seen}")


def refusal(errors: str, what: str) -> Skipped | Failed:
    """Some programs call a function that does not exist where the optimiser is to see that the call is never made; over a
    suspension it cannot."""
    if found := REFUSED.search(errors):
        return Skipped(f"refused: {found[1]}")
    if "inline asm constraint 'i'" in errors or "impossible constraint" in errors:
        return Skipped("wants the optimiser to see a constant behind a suspension")
    missing = set(re.findall(r"undefined reference to `(\w+)'", errors))
    if missing and not any(name.startswith(("ac_", "pend", "main")) for name in missing):
        return Skipped(f"wants the optimiser to drop calls of {', '.join(sorted(missing))}")
    return Failed(f"{what}: {first_error(errors)}")


def first_error(text: str) -> str:
    found = re.search(r"(?:error|ld): .*|undefined reference.*", text)
    return found[0] if found else text.strip().split("\n")[-1][:200]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="which programs; none: all")
    parser.add_argument("--sources", type=Path, default=CACHE)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="only every nth program")
    parser.add_argument("--keep", type=Path, default=TOP / "build" / "torture", help="where failing programs go")
    parser.add_argument("--skips", action="store_true", help="say why programs were skipped")
    arguments = parser.parse_args()
    place = fetch(arguments.sources)
    if place is None:
        print(f"torture: the package {PACKAGE} cannot be had here")
        return 2
    tried = [p for p in programs(place) if not arguments.names or p.stem in arguments.names][:: arguments.every]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    started = time.monotonic()

    def one(task: tuple[int, Path]) -> None:
        number, path = task
        keep = (arguments.keep / f"{path.parent.name}-{path.stem}").resolve()
        shutil.rmtree(keep, ignore_errors=True)
        try:
            try_program(path, number, keep)
        except Skipped as skip:
            counts["skipped"] += 1
            shutil.rmtree(keep)
            if arguments.skips:
                print(f"{path.parent.name}/{path.name}: skipped: {skip}", flush=True)
        except Failed as failure:
            counts["failed"] += 1
            print(f"{path.parent.name}/{path.name}: FAILED: {failure}", flush=True)
        else:
            counts["passed"] += 1
            shutil.rmtree(keep)
        if sys.stderr.isatty():
            print(f"\r{counts} ", end="", file=sys.stderr)

    with ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(one, enumerate(tried)))
    print(
        f"torture: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped, {time.monotonic() - started:.0f} s"
    )
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
