"""The command: which words it understands, and what each does. One function a subcommand.

Start-up counts (a build runs asyncc once a file), so a subcommand imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from . import __version__, console
from .errors import Failure, Reported, Usage, reason
from .options import Options, parse

HELP = """\
asyncc: async/await for C

usage:
  asyncc file.ac … [-o file.c]               translate to C
  asyncc build file.ac other.c … [-o prog]   compile and link with the runtime ($CC, or cc)
  asyncc run file.ac … [-- arguments]        build into a cache and run
  asyncc inspect file.ac                     show the state machines
  asyncc compile-commands file.ac …          entries for clangd in compile_commands.json
  asyncc --version | --cmakedir | --includedir | --runtimedir

All take the options of a C compiler (-I -D -U -isystem -include -std= -W… -f… -m… -O… -g), so $(CFLAGS) can be
passed as it is.

translating:
  -o FILE                 where the C goes; "-" is standard output. Default: file.c in this folder
  -MD -MF FILE -MT NAME   write a make rule of what was read (also -MMD, -MP)
  --no-line               no #line: the debugger shows the generated C
  -Wno-async-NAME  -Werror=async-NAME  -Werror
                          asyncc's own warnings, off or as errors

building:
  -c                      object files only
  all that follows is given to the C compiler and the linker, in order; CC names the compiler

inspecting:
  --function NAME         only this function (may be given as -f NAME)
  --format FORMAT         text (default), json, dot, svg, html
  -o FILE                 where it goes; default: standard output

everywhere:
  --cc=COMPILER           the C compiler, instead of $CC or cc
  --diagnostics-format=text|json
  -fdiagnostics-color=auto|always|never
  -v, --verbose           print the commands that are run
  -h, --help              this text

Exit status: 0, 1 for errors in the input, 2 for wrong usage; `run` gives the program's.
"""


def guarded(arguments: list[str]) -> int:
    """Runs the command. Every way to fail ends in a message and a status here."""
    try:
        return command(arguments)
    except Reported as reported:
        return reported.status
    except Failure as failure:
        console.error(failure.message, failure.hint)
        return failure.status
    except KeyboardInterrupt:
        return _die_of_interrupt()
    except BrokenPipeError:
        console.silence_streams()
        return 1
    except Exception as error:
        return _internal(error)


def command(arguments: list[str]) -> int:
    """Finds the subcommand."""
    if not arguments:
        raise Usage("no input files", "see asyncc --help")
    subcommands: dict[str, Callable[[Options], int]] = {
        "build": build,
        "run": run,
        "inspect": inspect,
        "compile-commands": compile_commands,
    }
    first = arguments[0]
    if first in ("--version", "--cmakedir", "--includedir", "--runtimedir"):
        return _say(first, arguments[1:])
    if first in subcommands:
        rest = arguments[1:]
        if first == "inspect":
            rest = _short_function(rest)
        options = parse(rest)
        return _help() if options.help else subcommands[first](options)
    options = parse(arguments)
    return _help() if options.help else translate(options)


def _short_function(arguments: list[str]) -> list[str]:
    """`-f NAME`, which is no option of a C compiler, as `--function NAME`."""
    return ["--function" if argument == "-f" else argument for argument in arguments]


def _help() -> int:
    _print(HELP)
    return 0


def _print(text: str) -> None:
    from .output import write_whole

    write_whole("-", text.encode())


def _say(what: str, rest: list[str]) -> int:
    from . import paths

    if rest:
        raise Usage(f"'{what}' stands alone")
    answers: dict[str, Callable[[], object]] = {
        "--version": lambda: f"asyncc {__version__}",
        "--cmakedir": paths.cmake_dir,
        "--includedir": paths.include_dir,
        "--runtimedir": paths.runtime_dir,
    }
    _print(f"{answers[what]()}\n")
    return 0


def translate(options: Options) -> int:
    """asyncc file.ac … : writes the C."""
    from .report import Report
    from .translate import default_output, translate_to

    _only_translating(options)
    if not options.inputs:
        raise Usage("no input files", "see asyncc --help")
    if options.output and len(options.inputs) > 1:
        raise Usage("-o with several input files", "each gets a .c file of its own without it")
    with Report(options) as report:
        for source in options.inputs:
            # As with a C compiler one bad file does not keep the next from being looked at.
            translate_to(source, options.output or default_output(source), options, report)
    return 1 if report.errors else 0


def _only_translating(options: Options) -> None:
    inspecting = "--function" if options.function else "--format" if options.format else ""
    if inspecting:
        raise Usage(f"'{inspecting}' belongs to asyncc inspect")
    if options.arguments:
        raise Usage("arguments for the program belong to asyncc run")
    if options.only_compile:
        raise Usage("'-c' makes an object file", "asyncc build -c does; without it asyncc writes C")


def build(options: Options) -> int:
    """asyncc build: compiles and links."""
    from .build import build as run_build

    return run_build(options)


def run(options: Options) -> int:
    """asyncc run: builds unless it has been built before, and becomes the program."""
    from .run import run as run_program

    return run_program(options)


def inspect(options: Options) -> int:
    """asyncc inspect: what the functions have become."""
    from .inspect import inspect as run_inspect

    return run_inspect(options)


def compile_commands(options: Options) -> int:
    """asyncc compile-commands: what clangd needs to know of .ac files."""
    from .database import update

    return update(options)


def _die_of_interrupt() -> int:
    """Ends by SIGINT itself, so that a shell loop or make around asyncc ends too."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
    return 130


def _internal(error: Exception) -> int:
    """A mistake in asyncc. The user gets the place to name in a report, developers the whole with ASYNCC_TRACEBACK=1."""
    import traceback

    if os.environ.get("ASYNCC_TRACEBACK"):
        traceback.print_exception(error)
        return 1
    if isinstance(error, OSError):
        where = f" '{error.filename}'" if error.filename else ""
        console.error(f"{reason(error)}{where}")
        return 1
    if isinstance(error, MemoryError):
        console.error("out of memory")
        return 1
    if isinstance(error, RecursionError):
        console.error("the program nests too deeply for asyncc", "break the deepest expression or block into parts")
        return 1
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno} ({frames[-1].name})" if frames else "?"  # noqa: PTH119
    what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    console.error(
        f"internal error in asyncc {__version__}, {place}: {what}",
        "This is a mistake in asyncc, not in your program. Please report it with the file and this line:\n"
        f"        asyncc {' '.join(sys.argv[1:])}",
    )
    return 1
