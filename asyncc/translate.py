"""One .ac file to C: the frontend, the compiler's middle and back, and what the user hears of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import compiler, paths
from .deep import deeply
from .errors import Failure, TranslationError, Usage, reason
from .options import Dependencies, Options
from .output import depfile, write_whole
from .report import Report

if TYPE_CHECKING:
    from .frontend.options import FrontendOptions
    from .ir.machine import Machine

MARK = b"asyncc"  # every output names its maker in its first line


@dataclass(slots=True)
class Translated:
    text: bytes
    dependencies: list[str]  # the file itself first
    machines: list[Machine]
    source: bytes


def translate_to(source: str, output: str, options: Options, report: Report) -> None:
    """Translates `source` and writes the C, and the make rule if one is wanted, unless there were errors."""
    try:
        _check_output(source, output, options)
        translated = translate_file(source, options, report, output)
        if translated is not None:
            write_whole(output, translated.text)
            _write_rule(output, translated, options.dependencies)
    except Usage:
        raise
    except Failure as failure:
        report.fail(failure, source)


def translate_file(source: str, options: Options, report: Report, output: str = "") -> Translated | None:
    """The C for a file; None when it has errors, which have been shown."""
    data = _read(source)
    return deeply(lambda: _translated(source, data, options, report, output))


def _translated(source: str, data: bytes, options: Options, report: Report, output: str) -> Translated | None:
    from . import driver
    from .frontend import parse_unit
    from .frontend.diagnostics import Diagnostic, InputErrors
    from .ir.source import Position

    try:
        unit, diagnostics = parse_unit(source, data, frontend_options(options))
        name = "" if output == "-" else os.path.basename(output)  # noqa: PTH119
        result = driver.translate(unit, driver.Options(options.line_directives, name))
    except InputErrors as errors:
        report.show(errors.diagnostics, (source, data))
        return None
    except TranslationError as refused:
        place = Position(refused.file, refused.line, refused.column)
        report.show([*diagnostics, Diagnostic("error", "", place, refused.message)], (source, data))
        return None
    report.show(diagnostics, (source, data))
    dependencies = [source, *(name for name in unit.dependencies if name != source)]
    return Translated(os.fsencode(result.text), dependencies, result.functions, data)


def _read(source: str) -> bytes:
    try:
        with open(source, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError as error:
        raise Failure(f"cannot read '{source}': {reason(error)}") from None


def frontend_options(options: Options) -> FrontendOptions:
    """The parse flags as the frontend has them. Of -D and -U for one name the last counts, as in a C compiler."""
    from .frontend.options import FrontendOptions

    result = FrontendOptions(cc=compiler.chosen(options.cc), include_dir=str(paths.include_dir()))
    for flag in options.parse:
        if flag.startswith("-I"):
            result.include_dirs.append(flag[2:])
        elif flag.startswith("-std="):
            result.std = flag[5:]
        elif flag.startswith(("-D", "-U")):
            _define(result.defines, result.undefines, flag)
        else:
            result.extra.append(flag)
    return result


def _define(defines: list[str], undefines: list[str], flag: str) -> None:
    name = flag[2:].partition("=")[0].partition("(")[0]
    if flag.startswith("-D"):
        undefines[:] = [other for other in undefines if other != name]
        defines.append(flag[2:])
    else:
        defines[:] = [other for other in defines if other.partition("=")[0].partition("(")[0] != name]
        undefines.append(name)


def default_output(source: str) -> str:
    """file.c in the current folder, as `cc -S` puts file.s there."""
    stem, suffix = os.path.splitext(os.path.basename(source))  # noqa: PTH119, PTH122
    if suffix == ".c" or not stem:
        raise Usage(f"name the output for '{source}' with -o")
    return f"{stem}.c"


def _check_output(source: str, output: str, options: Options) -> None:
    if output == "-":
        return
    if os.path.exists(source) and os.path.exists(output) and os.path.samefile(source, output):  # noqa: PTH110, PTH121
        raise Usage(f"the output would replace the input '{source}'")
    if not options.output and os.path.isfile(output) and not _is_ours(output):  # noqa: PTH113
        raise Failure(f"'{output}' exists and was not written by asyncc", "name the output with -o")


def _is_ours(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return MARK in file.read(200)
    except OSError:
        return True  # writing it will fail, and say why


def _write_rule(output: str, translated: Translated, wanted: Dependencies) -> None:
    if not wanted.wanted:
        return
    if output == "-" and not (wanted.file and wanted.targets):
        raise Usage("-MD without a file to write needs -MF and -MT")
    names = prepared_dependencies(translated.dependencies, wanted)
    rule = depfile(wanted.targets or [output], names, wanted.phony)
    write_whole(wanted.file or os.path.splitext(output)[0] + ".d", rule)  # noqa: PTH122


def prepared_dependencies(names: list[str], wanted: Dependencies) -> list[str]:
    """What goes into a make rule: with -MMD no headers of the system, with --depend-on-compiler asyncc's own files."""
    kept = names if wanted.system else [name for name in names if not name.startswith(("/usr/", "/lib/"))]
    if wanted.on_compiler:
        own = sorted(str(path) for path in paths.PACKAGE.rglob("*.py"))
        kept = [*kept, *own]
    # clang calls a header found beside its includer "./a.h"; make and Ninja would take that for another file than "a.h".
    return list(dict.fromkeys(name.removeprefix("./") for name in kept))
