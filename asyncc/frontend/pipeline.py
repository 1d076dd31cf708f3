"""From a file to its typed tree, in the order in which it happens:

1. clang parses the user's own text. Its errors are the user's; it records the macros.
2. The functions that use the language are found (regions.py) and their bodies expanded (expander.py).
3. clang parses the text once more, with those bodies expanded and the words as plain C (plain_source.py): every node now
   has an exact extent.
4. The parser makes the tree of each, asking the second parse for types (oracle.py).
5. The checks refuse what C accepts and the language does not (asyncc/checks).
"""

from __future__ import annotations

import os
import re
from functools import cached_property

from ..ir.generated import AROUND
from ..ir.source import Position, TokenKind
from ..ir.tree import Function, Segment, Unit
from ..paths import include_dir
from . import addresses, c_errors, declared, edits, lexer, libclang, other_compiler, toolchain, word_names, words
from .clang_flags import clang_flags, target_flags
from .conditionals import unbalanced
from .declared import Describer, FunctionTable
from .diagnostics import Diagnostic, InputErrors, error, in_order
from .directives import Directives
from .expander import Expander
from .headers import splice
from .inclusions import Inclusions
from .lexer import decode
from .libclang import Libclang
from .macros import MacroTable
from .options import FrontendOptions
from .oracle import FunctionOracle
from .other_compiler import OtherCompiler
from .parser import Parser, Syntax
from .parser.attributes import OF_CODE
from .parser.scope import Scopes
from .plain_source import PlainSource
from .regions import Chooser, Region, typed_async
from .text import SourceText
from .toolchain import Toolchain
from .unit_parse import ParsedUnit

_PRAGMA_WEAK = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+weak[ \t]+(\w+)", re.MULTILINE)


class Frontend:
    def __init__(self, source: SourceText, options: FrontendOptions, lib: Libclang) -> None:
        self.source, self.options, self.lib = source, options, lib
        self.text = source.data.decode("latin-1")
        self.diagnostics: list[Diagnostic] = []

    # --- 1: the user's own text ----------------------------------------------------------------------------------------

    def parse_text(self) -> None:
        self.first = ParsedUnit(self.lib, self.source.path, self.source.data, self._flags, record=True)
        self.macros = MacroTable(self.first, self.text)
        self.declarations = declared.read(self.first, self.macros)
        self.macros.set_command_line(self.options.defines)
        found = c_errors.errors(self.first, self.source)
        if self._toolchain.foreign:
            found = c_errors.without_foreign_headers(found, self.source, self._toolchain.foreign, self.lib.version)
        if found:
            raise InputErrors(in_order(c_errors.worth_saying(found)))

    @cached_property
    def _toolchain(self) -> Toolchain:
        return toolchain.find(self.options.cc, target_flags(self.options.extra), self.lib.version)

    @cached_property
    def _flags(self) -> list[str]:
        return clang_flags(self.options, self._toolchain, self.lib.version)

    # --- 2: regions and their expansion ----------------------------------------------------------------------------------

    def expand(self) -> None:
        self.lexed = lexer.lex(self.text)
        self.skipped = self.first.skipped(self.first.main_file)
        directives = self.directives = Directives(self.source, self.lexed, self.skipped)
        self.macros.add_undefs(directives.undefs)
        self.spellings = words.spellings(True)
        chooser = Chooser(self.lexed, self.declarations, self.macros, typed_async(self.text))
        self.regions = chooser.regions(self.skipped)
        self.expander = Expander(
            self.source,
            self.text,
            self.macros,
            self.spellings,
            directives.presumed,
            Inclusions(self.first, self._flags),
        )
        self.expander.skipped = self.skipped
        self.other = self._other_compiler() if self.regions else None
        self.expander.differing = self.other.differing if self.other is not None else frozenset()
        for region in self.regions:
            region.opened, region.closed = unbalanced(self.lexed, region.first, region.last)
            region.expanded = self.expander.expand(self.lexed, region.first, region.last)
        self.tokens = self.expander.tokens

    def _other_compiler(self) -> OtherCompiler | None:
        """The C compiler, where it is not clang and the user's files may mean something else to it."""
        if self._toolchain.is_clang:
            return None
        users = self._users_files(self.first.files())
        if not other_compiler.asks([self.source.data, *users.values()]):
            return None
        names = self.macros.from_files(lambda name: name == self.source.path or name in users)
        command = other_compiler.command(self.options, self.source.path)
        return OtherCompiler(command, self.source.data, self.macros, names)

    def _users_files(self, files: list[str]) -> dict[str, bytes]:
        """Those of the files that are no headers of the system or the library, beside the text, with their contents."""
        system = [f for f in self._flags if f.startswith("/")]
        found: dict[str, bytes] = {}
        for name in files:
            if name == self.source.path or name.startswith((self.library, *system)):
                continue
            try:
                with open(name, "rb") as stream:  # noqa: PTH123
                    found[name] = stream.read()
            except OSError:
                continue
        return found

    # --- 3: the text as plain C --------------------------------------------------------------------------------------------

    def parse_plain(self) -> None:
        self.plain = PlainSource(self.source, self.tokens, self.spellings, self.macros)
        data = self.plain.write(self.regions)
        self.second = ParsedUnit(self.lib, self.source.path, data, self._flags, record=False)
        self.plain.check(self.second)
        self.oracle = FunctionOracle(self.second, self.plain.result, self.tokens)
        self.plain.read_alignments(self.second, self.oracle)

    # --- 4: the tree -------------------------------------------------------------------------------------------------------

    def parse_bodies(self) -> None:
        second = declared.read(self.second, None)
        self.declarations = second
        self.plain.connect(self.oracle, second.definitions)
        self.describer = Describer(self.second, second, self.oracle.types, self._decl_position, self.library)
        self.oracle.describe_function = self.describer
        self.oracle.typedefs = second.typedefs
        self.oracle.types.pointer_size = self.pointer_size
        self.functions = FunctionTable(self.describer)
        parser = Parser(
            self.tokens,
            self.spellings,
            Scopes(set(second.typedefs), second.tags),
            self.oracle,
            self.functions,
            second.consumers,
            self.diagnostics,
        )
        self.all_functions: list[Function] = []
        for region in self.regions:
            try:
                found = parser.functions_in(*region.expanded)
            except Syntax as problem:
                message = f"asyncc cannot parse this: {problem.message}"
                raise InputErrors([*self.diagnostics, error("syntax", problem.position, message)]) from None
            for function in found:
                addresses.mark(function, self.tokens)
                function.file = self.source.path
                function.macros = frozenset(name for name in AROUND if self.macros.lookup(name, region.start))
            _place([f for f in found if self._is_translated(f)], region)
            self.all_functions += found

    def check_prototypes(self) -> None:
        """Async functions that are only declared here cannot be what asyncc/checks/signature.py refuses of bodies either. What
        else a prototype says of a function with a body, that it is weak or how its code is made, is noted there."""
        from ..checks import signature

        of_code: dict[str, list[str]] = {}
        weak = set(_PRAGMA_WEAK.findall(self.text))
        for cursor in self.declarations.prototypes:
            name, position = self.lib.spelling(cursor), self._decl_position(cursor)
            declared_type = self.lib.getCursorType(cursor)
            has_prototype = self.lib.getCanonicalType(declared_type).kind == libclang.T_FUNCTION
            if has_prototype and self.lib.isFunctionTypeVariadic(declared_type):  # `f()` counts as variadic there
                self.diagnostics.append(signature.variadic(name, position))
            said = declared.attributes_of(self.second, cursor)
            promises = sorted(said.keys() & signature.PROMISES.keys())
            self.diagnostics += [signature.promise(name, attribute, position) for attribute in promises]
            if "weak" in said:
                weak.add(name)
            of_code.setdefault(name, []).extend(text for attribute, text in said.items() if attribute in OF_CODE)
        for function in self.all_functions:
            function.of_code += of_code.get(function.decl.name, [])
            function.is_weak = function.decl.name in weak or "weak" in function.attributes

    def is_async(self, name: str) -> bool:
        declared = self.functions.get(name)
        return declared is not None and declared.is_async

    @cached_property
    def library(self) -> str:
        return os.path.join(self.options.include_dir or str(include_dir()), "asyncc", "")  # noqa: PTH118

    @cached_property
    def pointer_size(self) -> int:
        macro = self.macros.lookup("__SIZEOF_POINTER__", 0)
        return int(macro.body[0].text) if macro and macro.body else 8

    def _decl_position(self, cursor: libclang.Cursor) -> Position:
        location = self.lib.getCursorLocation(cursor)
        offset = self.second.main_offset(location)
        if offset >= 0:
            return self.plain.user_position(offset)
        line, column, at, file = self.second.physical(location)
        return Position(file, line, column, at)

    # --- the result ----------------------------------------------------------------------------------------------------------

    def unit(self) -> Unit:
        translated = [f for f in self.all_functions if self._is_translated(f)]
        names = set(self.declarations.async_names)
        for function in translated:
            names |= function.called
        known = {name: decl for name in sorted(names) if (decl := self.functions.get(name)) is not None}
        files = self.first.files()
        files[1:1] = [name for name in self.source.spliced if name not in files]
        return Unit(
            path=self.source.path,
            source=self.source.data,
            tokens=self.tokens,
            functions=translated,
            declared=known,
            edits=edits.edits(self.text, self.lexed, self.async_tokens, translated, self.other),
            dependencies=files,
            uses_words_in_headers=edits.words_elsewhere(self.lexed, self._users_files(files).values()),
            pointer_size=self.pointer_size,
            lines=self.directives.lines,
            futures=self.describer.futures(),
            segments=[
                Segment(s.start, s.file, s.offset, self.source.position(s.start).line) for s in self.source.segments
            ],
        )

    @cached_property
    def async_tokens(self) -> frozenset[int]:
        return edits.async_tokens(self.lexed, self.skipped, self.macros)

    def _is_translated(self, function: Function) -> bool:
        """A plain function that was read but uses nothing of the language stays the user's text."""
        if function.decl.is_async:
            return True
        tokens = self.tokens[function.first : function.last]
        if any(t.kind is TokenKind.WORD and self.spellings[t.text] != "async" for t in tokens):
            return True
        return not function.called.isdisjoint(self.declarations.consumers)


def _place(translated: list[Function], region: Region) -> None:
    """Where in the text a region's functions stand: a macro may make several, and other declarations around them."""
    for k, function in enumerate(translated):
        function.start = region.start if k == 0 else region.end
        function.end = region.end
        leading = region.expanded[0] if k == 0 else translated[k - 1].last
        trailing = region.expanded[1] if k == len(translated) - 1 else function.last
        function.around = (leading, trailing)
    if translated:
        translated[0].directives_before = [decode(text) for text in region.opened]
        translated[-1].directives_after = [decode(text) for text in region.closed]


def run(path: str, data: bytes, options: FrontendOptions) -> tuple[Unit, list[Diagnostic]]:
    lib = libclang.load()
    frontend = Frontend(SourceText(path, data), options, lib)
    frontend.parse_text()
    spliced = splice(frontend.source, frontend.first, frontend.declarations, frontend.library)
    if spliced is not None:
        frontend = Frontend(spliced, options, lib)
        frontend.parse_text()
    first_declarations = frontend.declarations
    frontend.expand()
    frontend.parse_plain()
    frontend.parse_bodies()
    frontend.check_prototypes()
    from ..checks import run_checks

    frontend.diagnostics += word_names.in_headers(frontend.first, first_declarations, frontend.library)
    frontend.diagnostics += word_names.in_text(frontend.lexed, frontend.source, frontend.async_tokens)
    frontend.diagnostics += run_checks(frontend.all_functions, frontend.tokens, frontend.is_async)
    errors = [d for d in frontend.diagnostics if d.severity == "error"]
    if errors:
        raise InputErrors(in_order(frontend.diagnostics))
    return frontend.unit(), in_order(frontend.diagnostics)
