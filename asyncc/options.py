"""The command line, read as a C compiler reads it.

asyncc stands where `cc` stood, so it is given what `cc` is given: `$(CFLAGS)` with all that is in it. Nothing may be
refused because it means nothing here; it is sorted by who has to see it. *Parse* options change what clang makes of the
text (`-I`, `-D`, `-std=`, `-m32`), *compile* options are all that the C compiler is given, *link* options go to the last step,
in their order, because libraries have one.
"""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import Failure, Usage, reason

# Options whose value may be the next argument, by who has to see them.
PARSE_VALUES = (
    "-I", "-D", "-U", "-isystem", "-iquote", "-idirafter", "-include", "-imacros", "-isysroot", "--sysroot", "-target",
    "-iprefix", "-iwithprefix", "-iwithprefixbefore",
)  # fmt: skip
LINK_VALUES = ("-l", "-L", "-Xlinker", "-T", "-u", "-z", "-B")
SEPARATE = ("-u", "-z", "-T", "-Xlinker", "-Xclang", "-Xpreprocessor", "-Xassembler", "-target", "-arch", "-aux-info")
COMPILE_VALUES = ("-Xclang", "-Xpreprocessor", "-Xassembler", "--param", "-aux-info", "-arch")

# Options that are one argument, by how they begin.
BEFORE_C99 = ("-ansi", *(f"-std={name}" for name in ("c89", "c90", "gnu89", "gnu90", "iso9899:1990", "iso9899:199409")))
PARSE_PREFIXES = (
    "-std=",
    "-ansi",
    "-m",
    "-f",
    "-O",
    "-nostdinc",
    "-undef",
    "--target=",
    "--sysroot=",
    "--gcc-toolchain=",
    "-pthread",
)
LINK_PREFIXES = (
    "-Wl,",
    "-static",
    "-shared",
    "-T",
    "-rdynamic",
    "-no-pie",
    "-pie",
    "-nostdlib",
    "-nostartfiles",
    "-nodefaultlibs",
    "-fuse-ld=",
)
LINK_EXACT = ("-s",)
COMPILE_PREFIXES = ("-W", "-g", "-p", "-w", "-Q", "-ftrapv", "-no-canonical-prefixes", "--coverage", "--param=")

OWN = (
    "--no-line", "--diagnostics-format=", "--options-file=", "--depend-on-compiler", "--help", "--verbose", "--function=",
    "--format=", "--version", "--output=", "--cc=",
)  # fmt: skip

SOURCES = (".c", ".s", ".S", ".i")


@dataclass(slots=True)
class Dependencies:
    """-MD and its relatives: a make rule beside the output."""

    wanted: bool = False
    system: bool = True  # -MMD leaves out the system's headers
    phony: bool = False
    file: str = ""
    targets: list[str] = field(default_factory=list)
    on_compiler: bool = False  # the files of asyncc itself too, so that another asyncc rebuilds


@dataclass(slots=True)
class Options:
    inputs: list[str] = field(default_factory=list)
    output: str = ""
    parse: list[str] = field(default_factory=list)
    compile: list[str] = field(default_factory=list)
    link: list[str] = field(default_factory=list)  # with the inputs among them, in order
    warnings: list[str] = field(default_factory=list)  # every -W, for asyncc's own
    dependencies: Dependencies = field(default_factory=Dependencies)
    line_directives: bool = True
    diagnostics_format: str = "text"
    color: bool | None = None  # None: when standard error is a terminal
    verbose: bool = False
    cc: str = ""  # the C compiler, instead of $CC
    only_compile: bool = False  # -c
    help: bool = False
    function: str = ""  # inspect
    format: str = ""  # inspect
    arguments: list[str] = field(default_factory=list)  # run: what stands after --

    def sources(self) -> list[str]:
        return [name for name in self.inputs if name.endswith(".ac")]


def parse(arguments: list[str]) -> Options:
    """Sorts a command line. What stands after `--` is not looked at."""
    options = Options()
    rest = _Arguments(expand(arguments))
    for argument in rest:
        if argument == "--":
            options.arguments = list(rest)
        elif argument == "-" or not argument.startswith("-"):
            options.inputs.append(argument)
            options.link.append(argument)
        elif not _own(options, argument, rest) and not _dependency(options.dependencies, argument, rest):
            _compiler_option(options, argument, rest)
    return options


class _Arguments:
    """The arguments from left to right, with a way to take the value of an option."""

    def __init__(self, arguments: list[str]) -> None:
        self._rest: Iterator[str] = iter(arguments)

    def __iter__(self) -> Iterator[str]:
        return self._rest

    def value(self, option: str, joined: str = "") -> str:
        """What follows the option's letters in the same argument, or the next argument."""
        if joined:
            return joined
        value = next(self._rest, None)
        if value is None:
            raise Usage(f"'{option}' needs a value")
        return value


def _own(options: Options, argument: str, rest: _Arguments) -> bool:
    name, _, value = argument.partition("=")
    if argument in ("-h", "--help"):
        options.help = True
    elif argument in ("-v", "--verbose"):
        options.verbose = True
    elif argument == "-c":
        options.only_compile = True
    elif argument.startswith("-o") or name == "--output":
        options.output = rest.value("-o", value if name == "--output" else argument[2:])
    elif argument == "--no-line":
        options.line_directives = False
    elif argument == "--depend-on-compiler":
        options.dependencies.on_compiler = True
    elif name == "--diagnostics-format" or name == "-fdiagnostics-format":
        options.diagnostics_format = _one_of(argument, rest.value(name, value), ("text", "json"))
    elif name == "--format":
        options.format = _one_of(argument, rest.value(name, value), ("text", "json", "dot", "svg", "html"))
    elif name == "--cc":
        options.cc = rest.value(name, value)
    elif name == "--function":
        options.function = rest.value(name, value)
    elif name in ("-fdiagnostics-color", "-fcolor-diagnostics", "-fno-diagnostics-color", "-fno-color-diagnostics"):
        options.color = None if value == "auto" else not (name.startswith("-fno-") or value == "never")
        return False  # the C compiler is to hear it as well
    elif argument in ("-E", "-S", "-M", "-MM", "-###"):
        raise Usage(f"'{argument}' is not something asyncc does", "it writes C; give that to the C compiler")
    else:
        return False
    return True


def _one_of(argument: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise Usage(f"'{argument}': choose one of {', '.join(allowed)}")
    return value


def _dependency(dependencies: Dependencies, argument: str, rest: _Arguments) -> bool:
    if argument in ("-MD", "-MMD"):
        dependencies.wanted = True
        dependencies.system = argument == "-MD"
    elif argument == "-MP":
        dependencies.phony = True
    elif argument.startswith("-MF"):
        dependencies.file = rest.value("-MF", argument[3:])
    elif argument.startswith(("-MT", "-MQ")):
        dependencies.targets.append(rest.value(argument[:3], argument[3:]))
    else:
        return False
    return True


def _compiler_option(options: Options, argument: str, rest: _Arguments) -> None:
    known = _known_value_option(argument)
    if known:
        _value_option(
            options, known, rest.value(known, argument[len(known) :].removeprefix("=" if known[1] == "-" else ""))
        )
        return
    if argument.startswith("-W") and not argument.startswith(("-Wl,", "-Wa,", "-Wp,")):
        options.warnings.append(argument)
        # The C compiler has its say on what asyncc wrote; it does not know asyncc's warnings.
        if not argument.removeprefix("-W").removeprefix("no-").removeprefix("error=").startswith("async-"):
            options.compile.append(argument)
        return
    if argument.startswith(LINK_PREFIXES) or argument in LINK_EXACT:
        options.link.append(argument)
        if argument.startswith(("-static", "-pie", "-no-pie", "-shared", "-nostdlib")):
            return
    elif argument.startswith(PARSE_PREFIXES):
        if argument in BEFORE_C99:
            raise Usage(
                f"a .ac file is C11, and cannot be read with '{argument}': take -std=gnu11, or at least -std=c99"
            )
        options.parse.append(argument)
        options.compile.append(argument)
        if not argument.startswith(("-std=", "-nostdinc", "-undef")):
            options.link.append(argument)  # -m32, -flto, -fsanitize=, --sysroot=: the linker's driver needs them too
    elif argument.startswith(COMPILE_PREFIXES):
        options.compile.append(argument)
        if argument.startswith(("-g", "-p", "--coverage")):
            options.link.append(argument)
    else:
        raise _unknown(argument)


def _known_value_option(argument: str) -> str:
    """The option that `argument` is or begins with. Of those that fit, the longest: -isystem, not -i; -include, not -I."""
    fits = [name for name in (*PARSE_VALUES, *LINK_VALUES, *COMPILE_VALUES) if argument.startswith(name)]
    # "--sysroot=x" is one, "--sysrootx" is not; "-u name", but "-undef" is another option.
    fits = [name for name in fits if not name.startswith("--") or argument[len(name) :][:1] in ("", "=")]
    return max((name for name in fits if name not in SEPARATE or name == argument), key=len, default="")


def _value_option(options: Options, name: str, value: str) -> None:
    # Joined where cc takes that, so that one list element is one option for whoever filters the list later.
    if name in PARSE_VALUES:
        pair = (
            [name + value]
            if name in ("-I", "-D", "-U")
            else [f"{name}={value}"]
            if name == "--sysroot"
            else [name, value]
        )
        options.parse += pair
        options.compile += pair
        if name in ("--sysroot", "-target", "-isysroot"):
            options.link += pair
    elif name in LINK_VALUES:
        options.link += [name + value] if name in ("-l", "-L") else [name, value]
    else:
        options.compile += [name, value]


def _unknown(argument: str) -> Usage:
    near = difflib.get_close_matches(argument, OWN, n=1)
    return Usage(
        f"unknown option '{argument}'", f"did you mean '{near[0].rstrip('=')}'?" if near else "see asyncc --help"
    )


def expand(arguments: list[str], depth: int = 0) -> list[str]:
    """Replaces `@file` by the arguments in that file (quoted as for a shell, as cc has it), and `--options-file=file` by
    its lines, one argument each and taken literally, but for CMake's "SHELL:" lines, which hold several."""
    if depth > 16:
        raise Usage("response files include each other")
    expanded: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":
            return expanded + arguments[index:]
        if argument.startswith("@") and os.path.exists(argument[1:]):  # noqa: PTH110
            expanded += expand(_split(_read(argument[1:]), argument), depth + 1)
        elif argument.startswith("--options-file="):
            for line in _read(argument.partition("=")[2]).splitlines():
                if line.startswith("SHELL:"):
                    expanded += _split(line[6:], argument)
                elif line:
                    expanded.append(line)
        else:
            expanded.append(argument)
    return expanded


def _split(text: str, argument: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Usage(f"'{argument}': {error}") from None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
            return file.read()
    except OSError as error:
        raise Failure(f"cannot read '{path}': {reason(error)}") from None
