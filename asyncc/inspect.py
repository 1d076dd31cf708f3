"""asyncc inspect: what a file's async functions have become, in one of five forms."""

from __future__ import annotations

import difflib
import importlib

from .emit.describe import Inspected
from .errors import Failure, Usage
from .options import Options
from .output import write_whole
from .report import Report
from .translate import translate_file


def inspect(options: Options) -> int:
    """Writes the view of the one file given."""
    if len(options.inputs) != 1:
        raise Usage("asyncc inspect takes one file")
    source = options.inputs[0]
    with Report(options) as report:
        translated = translate_file(source, options, report)
        if translated is None:
            return 1
    machines = translated.machines
    if options.function:
        machines = [machine for machine in machines if machine.name == options.function]
        if not machines:
            raise Failure(*_no_such(options.function, source, [machine.name for machine in translated.machines]))
    if not machines:
        raise Failure(f"'{source}' holds no async function")
    lines = translated.source.decode("utf-8", "replace").splitlines()
    form = importlib.import_module(f".emit.{options.format or 'text'}", __package__)
    write_whole(options.output or "-", form.render(Inspected(source, lines, machines)).encode())
    return 0


def _no_such(name: str, source: str, known: list[str]) -> tuple[str, str]:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"it holds {', '.join(known)}" if known else ""
    return f"'{source}' holds no async function '{name}'", hint
