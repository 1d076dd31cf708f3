"""asyncc build: .ac and .c files to a program.

Every .ac file is translated and compiled, every .c file compiled, and the objects take the places of the sources on the
linker's command line, whose order stays the user's. The C that asyncc writes lives only as long as the build; with
`--no-line`, where it is what a debugger shows, it stays beside the output.
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from . import paths, runtime_cache
from .compiler import Compiler, must
from .errors import Failure, Reported, Usage
from .options import Options
from .output import depfile, make_whole, write_whole
from .report import Report
from .translate import Translated, prepared_dependencies, translate_file

COMPILED = (".ac", ".c", ".i", ".s", ".S")


def build(options: Options) -> int:
    """The whole of `asyncc build`."""
    _check(options)
    compiler = Compiler.find(options.cc, options.verbose)
    with Report(options) as report, tempfile.TemporaryDirectory(prefix="asyncc-") as work:
        builder = Builder(options, compiler, report, Path(work))
        if options.only_compile:
            builder.compile_only()
        else:
            builder.program(options.output or "a.out")
    return 1 if report.errors else 0


def _check(options: Options) -> None:
    if not options.inputs:
        raise Usage("no input files", "see asyncc --help")
    if options.only_compile and options.output and len(options.inputs) > 1:
        raise Usage("-o with -c and several input files")
    if options.function or options.format:
        raise Usage("'--function' and '--format' belong to asyncc inspect")
    for name in options.inputs:
        if not os.path.exists(name):  # noqa: PTH110
            raise Failure(f"no such file: '{name}'")


class Builder:
    """One build. `read` collects every file that had a part in it."""

    def __init__(self, options: Options, compiler: Compiler, report: Report, work: Path) -> None:
        self.options, self.compiler, self.report, self.work = options, compiler, report, work
        self.read: set[str] = set()

    def program(self, output: str) -> None:
        """Compiles all inputs and links them with the runtime."""
        compiled = [name for name in self.options.inputs if name.endswith(COMPILED)]
        objects = {name: str(self.work / f"{index}.o") for index, name in enumerate(dict.fromkeys(compiled))}
        self._compile(objects)
        library = runtime_cache.library(self.compiler, self.options.compile + self.options.link)
        arguments = [objects.get(item, item) for item in self.options.link]
        self.read.update(name for name in self.options.inputs if name not in objects)

        def link(target: str) -> None:
            must(self.compiler.run([*arguments, str(library), "-pthread", "-o", target]))

        make_whole(output, link)

    def compile_only(self) -> None:
        """-c: an object beside each input's name, or the one that -o names."""
        objects = {name: self.options.output or Path(name).stem + ".o" for name in self.options.inputs}
        clash = len(set(objects.values())) < len(objects)
        if clash:
            raise Usage("two input files would give the same object file", "compile them one by one, with -o")
        self._compile(objects)

    def _compile(self, objects: dict[str, str]) -> None:
        """Translation is done here, file by file; the C compiler works on the last one meanwhile."""
        jobs: list[Future[None]] = []
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for source, target in objects.items():
                if not source.endswith(".ac"):
                    jobs.append(pool.submit(self._compile_c, source, target, []))
                    continue
                translated = translate_file(source, self.options, self.report)
                if translated:
                    jobs.append(pool.submit(self._compile_translated, source, translated, target))
        for job in jobs:
            job.result()
        if self.report.errors:
            raise Reported(1)

    def _compile_translated(self, source: str, translated: Translated, target: str) -> None:
        c_file = self._c_file(source, target)
        write_whole(str(c_file), translated.text)
        # The output includes the user's headers as the .ac file does: from its own folder first.
        flags = ["-iquote", os.path.dirname(source) or "."]  # noqa: PTH120
        if self.options.line_directives:
            flags.append(f"-ffile-prefix-map={c_file.parent}/=")
        self._compile_c(str(c_file), target, flags)
        self.read.update(translated.dependencies)
        if self.options.dependencies.wanted and self.options.only_compile:
            wanted = self.options.dependencies
            names = prepared_dependencies(translated.dependencies, wanted)
            rule = depfile(wanted.targets or [target], names, wanted.phony)
            write_whole(wanted.file or os.path.splitext(target)[0] + ".d", rule)  # noqa: PTH122

    def _c_file(self, source: str, target: str) -> Path:
        if self.options.line_directives:
            folder = self.work / f"{Path(target).name}.c.d"
        elif self.options.only_compile:
            folder = Path(target).resolve().parent
        else:
            folder = Path(self.options.output or "a.out").resolve().parent
        folder.mkdir(exist_ok=True)
        return folder / f"{Path(source).name}.c"

    def _compile_c(self, source: str, target: str, flags: list[str]) -> None:
        rule = self.work / f"{Path(target).name}.{os.path.basename(source)}.d"  # noqa: PTH119
        include = ["-isystem", str(paths.include_dir()), "-pthread"]
        dependencies = ["-MD", "-MF", str(rule)] if source.endswith((".c", ".S")) else []

        def compile_to(out: str) -> None:
            must(self.compiler.run([*self.options.compile, *flags, *include, *dependencies, "-c", source, "-o", out]))

        make_whole(target, compile_to)
        if rule.exists():
            self.read.update(name for name in parse_depfile(rule.read_text(errors="surrogateescape")) if name != source)
        self.read.add(source)
        if str(self.work) in source:
            self.read.discard(source)


def parse_depfile(text: str) -> list[str]:
    """The prerequisites of the one rule a C compiler writes."""
    _, _, names = text.replace("\\\n", " ").partition(": ")
    marked = names.split("\n", 1)[0].replace("\\ ", "\0").replace("\\#", "#").replace("$$", "$")
    return [name.replace("\0", " ") for name in marked.split()]
