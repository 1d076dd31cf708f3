"""From a file to its typed tree, in the order in which it happens:

1. clang parses the user's own text. Its errors are the user's; it records the macros.
2. The functions that use the language are found (regions.py) and their bodies expanded (expander.py).
3. clang parses the text once more, with those bodies expanded and the words as plain C (plain_text.py): every node now
   has an exact extent.
4. The parser makes the tree of each, asking the second parse for types (oracle.py).
5. The checks refuse what C accepts and the language does not (asyncc/checks).
"""

from __future__ import annotations

import os
import re
import shlex
from bisect import bisect_right
from functools import cached_property

from ..ir.source import Position, TokenKind
from ..ir.tree import Edit, Function, FunctionDecl, Segment, Unit
from ..paths import include_dir
from . import addresses, c_errors, declared, lexer, libclang, other_compiler, toolchain, word_names, words
from .conditionals import decided, unbalanced
from .declared import Declarations, Describer, FunctionTable
from .diagnostics import Diagnostic, InputErrors, error
from .expander import Expander
from .headers import splice
from .lexer import Lexed, decode, directive_name
from .libclang import Libclang
from .macros import MacroTable
from .options import FrontendOptions
from .oracle import FunctionOracle
from .other_compiler import OtherCompiler
from .parser import Parser, Syntax
from .parser.scope import Scopes
from .plain_text import Writer
from .regions import Chooser, Region
from .text import SourceText, lies_in
from .toolchain import Toolchain
from .unit_parse import ParsedUnit

# In a .ac file these are errors: mixing up handle types or async and plain pointers would compile to nonsense.
_STRICT = [
    "-Wno-everything",  # not -w, which would silence the next ones too
    "-Werror=implicit-function-declaration",
    "-Werror=implicit-int",
    "-Werror=incompatible-pointer-types",
    "-Werror=pointer-type-mismatch",  # the arms of a conditional: how the typed macros of <asyncc/…> compare
    "-Wno-incompatible-pointer-types-discards-qualifiers",
    "-Werror=incompatible-function-pointer-types",
    "-Werror=int-conversion",
    "-Wignored-attributes",  # a warning: c_errors.py makes errors of those that are about the word
    "-fbracket-depth=1200",  # gcc has no limit; clang's own of 256 is for its stack, which takes this many everywhere
]
_LINE = re.compile(r'#\s*(?:line\s+)?(\d+)(?:\s+"((?:[^"\\]|\\.)*)")?')
_TARGET_FLAGS = (
    "-m32",
    "-m64",
    "-mx32",
    "--target=",
    "--sysroot=",
    "-isysroot",
    "-target",
    "-nostdinc",
    "-nostdlibinc",
)
_TAKE_VALUE = (
    "-isystem",
    "-include",
    "-imacros",
    "-iquote",
    "-idirafter",
    "-isysroot",
    "-target",
    "--sysroot",
    "-I",
    "-D",
)


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
            raise InputErrors(in_order(self._worth_saying(found)))

    @staticmethod
    def _worth_saying(found: list[Diagnostic]) -> list[Diagnostic]:
        """What follows from a missing header, or from nesting too deep to be read, is left out: none of it is the user's
        mistake."""
        for cause in (c_errors.MISSING, c_errors.TOO_DEEP):
            causes = [d for d in found if cause in d.message]
            if causes:
                return causes if cause is c_errors.MISSING else causes[:1]
        return found

    @cached_property
    def _toolchain(self) -> Toolchain:
        return toolchain.find(self.options.cc, _target_flags(self.options.extra), self.lib.version)

    @cached_property
    def _flags(self) -> list[str]:
        options = self.options
        own = options.include_dir or str(include_dir())
        return [
            "-xc",
            f"-std={options.std}",
            "-D__ASYNCC__",
            *(f"-I{d}" for d in options.include_dirs),
            *(f"-D{d}" for d in options.defines),
            *(f"-U{d}" for d in options.undefines),
            *options.extra,
            f"-I{own}",
            *self._toolchain.flags,
            *_STRICT,
            f"-ferror-limit={0 if self._toolchain.foreign else 50}",  # headers for another compiler may give hundreds
            # gcc takes [[…]] in every standard; clang since 17, which then forgot the flag.
            *(["-fdouble-square-bracket-attributes"] if self.lib.version < 17 else []),
        ]

    # --- 2: regions and their expansion ----------------------------------------------------------------------------------

    def expand(self) -> None:
        self.lexed = lexer.lex(self.text)
        self.skipped = self.first.skipped(self.first.main_file)
        self._read_directives()
        self.spellings = words.spellings(True)
        chooser = Chooser(self.lexed, self.declarations, self.macros, self._typed_async())
        self.regions = chooser.regions(self.skipped)
        self.expander = Expander(
            self.source, self.text, self.macros, self.spellings, self._presumed, self._read_include
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
        options = self.options
        command = [*shlex.split(options.cc), "-xc", f"-std={options.std}", "-D__ASYNCC__=1", "-DAC__OUTPUT=1", "-w"]
        command += [f"-iquote{os.path.dirname(self.source.path) or '.'}"]  # noqa: PTH120
        command += [f"-I{d}" for d in options.include_dirs]
        command += [*(f"-D{d}" for d in options.defines), *(f"-U{d}" for d in options.undefines), *options.extra]
        command += [f"-I{options.include_dir or include_dir()}", "-E", "-dM", "-"]
        names = self.macros.from_files(lambda name: name == self.source.path or name in users)
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

    def _is_skipped(self, offset: int) -> bool:
        return lies_in(self.skipped, offset)

    def _read_directives(self) -> None:
        """#undef and #line of the text."""
        self._line_marks: list[tuple[int, int, str]] = []  # offset, line of the next line, file
        undefs: list[tuple[int, str]] = []
        for k, kind in enumerate(self.lexed.kinds):
            if kind is not TokenKind.DIRECTIVE or self._is_skipped(self.lexed.starts[k]):
                continue
            text = self.lexed.texts[k]
            name = directive_name(text)
            if name == "undef":
                inner = lexer.lex(text, directives=False)
                if len(inner) > 2:
                    undefs.append((self.lexed.starts[k], inner.texts[2]))
            elif name in ("line", ""):
                mark = _LINE.match(text)
                if mark:
                    file = lexer.decode(mark.group(2)) if mark.group(2) else ""
                    self._line_marks.append((self.lexed.starts[k], int(mark.group(1)), file))
        self.macros.add_undefs(undefs)

    def _presumed(self, position: Position) -> tuple[str, int]:
        """File and line as #line has them: what __FILE__ and __LINE__ give."""
        file, line = position.file, position.line
        if self._line_marks and file == self.source.path:
            for offset, marked, name in self._line_marks:
                if offset > position.offset:
                    break
                line = position.line - self.source.position(offset).line - 1 + marked
                file = name or file
        return file, line

    def _typed_async(self) -> set[str]:
        """Names that may be pointers to async functions: those declared after the word, outside of bodies. A function that
        says one of them is read, in case it calls through it."""
        if "async" not in self.text:
            return set()
        return {
            match.group(1)
            for match in re.finditer(r"\b(?:ac_)?async\b[^;{}()]*\(\s*\*+\s*(?:const\s+)?(\w+)", self.text)
        }

    # --- #include inside a body ------------------------------------------------------------------------------------------

    @cached_property
    def _inclusions(self) -> dict[tuple[str, int], int]:
        """The file that each #include names, by the file and line where it stands."""
        found: dict[tuple[str, int], int] = {}
        for cursor in self.first.children(self.first.cursor):
            if cursor.kind == libclang.INCLUSION_DIRECTIVE:
                line, _, _, file = self.first.physical(self.lib.getCursorLocation(cursor))
                found[(file, line)] = self.lib.getIncludedFile(cursor)
        return found

    def _read_include(self, _operand: str, position: Position) -> tuple[str, str, list[tuple[int, int]]] | None:
        file = self._inclusions.get((position.file, position.line))
        if not file:
            return None
        name = self.lib.file_name(file)
        try:
            with open(name, "rb") as stream:  # noqa: PTH123
                return name, stream.read().decode("latin-1"), self.first.skipped(file)
        except OSError:
            return None

    # --- 3: the text as plain C --------------------------------------------------------------------------------------------

    def parse_plain(self) -> None:
        writer = Writer(self.tokens, self.spellings, self._async_attribute())
        parts: list[str] = []
        offset = end = 0
        self._moves: list[tuple[int, int, Region]] = []  # where each region went: start, end
        for region in self.regions:
            before, after = self._shield(region)
            piece = self.text[end : region.start] + before
            parts.append(piece)
            offset += len(piece)
            text = writer.write(*region.expanded, offset)
            parts += [text, after]
            self._moves.append((offset, offset + len(text), region))
            offset += len(text) + len(after)
            end = region.end
        parts.append(self.text[end:])
        self.plain = writer.result
        alignments = self._ask_alignments(parts, offset + len(self.text) - end)
        data = "".join(parts).encode("latin-1")
        self.second = ParsedUnit(self.lib, self.source.path, data, self._flags, record=False)
        self._check_second(len(data) if not alignments else min(o for o, _ in alignments))
        self.oracle = FunctionOracle(self.second, self.plain, self.tokens)
        self._read_alignments(alignments)

    def _async_attribute(self) -> str:
        macro = self.macros.lookup("ac_async", len(self.text))
        return " ".join(token.text for token in macro.body) if macro else ""

    def _shield(self, region: Region) -> tuple[str, str]:
        """Names that are macros and yet stand in the expansion (`stdin`, a macro that names itself) must not be expanded
        again by clang."""
        names = sorted(
            {
                token.text
                for token in self.tokens[region.expanded[0] : region.expanded[1]]
                if token.kind is TokenKind.NAME and token.text in self.macros
            }
        )
        before = "".join(f'\n#pragma push_macro("{n}")\n#undef {n}' for n in names)
        after = "".join(f'\n#pragma pop_macro("{n}")' for n in names)
        opened, closed = ("".join(f"\n{text}" for text in texts) for texts in (region.opened, region.closed))
        return f"{opened}{before}\n", f"{after}{closed}\n"

    def _ask_alignments(self, parts: list[str], offset: int) -> list[tuple[int, int]]:
        """_Alignas(…) that is no plain number is put to clang as the alignment of a struct behind the text."""
        asked: list[tuple[int, int]] = []
        for opening, contents in self.plain.alignments.items():
            text = f"\nstruct ac__aligned_{opening} {{ _Alignas({contents}) char c; }};"
            asked.append((offset, opening))
            parts.append(text)
            offset += len(text)
        return asked

    def _read_alignments(self, asked: list[tuple[int, int]]) -> None:
        if not asked:
            return
        wanted = {f"ac__aligned_{opening}": opening for _, opening in asked}
        for cursor in self.second.children(self.second.cursor):
            if cursor.kind == libclang.STRUCT_DECL:
                opening = wanted.get(self.lib.spelling(cursor))
                if opening is not None:
                    value = self.lib.Type_getAlignOf(self.lib.getCursorType(cursor))
                    self.oracle.alignments[opening] = max(value, 0)

    def _check_second(self, size: int) -> None:
        """What was right in the user's text must be right in ours. If not, it is our mistake, and said to be."""
        for found in self.second.diagnostics(libclang.ERROR):
            if found.in_main and found.offset < size:
                position = self._user_position(found.offset)
                message = f"asyncc could not read this after expanding its macros: {found.message}"
                raise InputErrors([error("internal", position, message, "please report this, with the file")])

    def _user_position(self, offset: int) -> Position:
        """Where a byte of the plain text stands in the user's."""
        k = bisect_right(self._moves, offset, key=lambda move: move[0]) - 1
        if k < 0:
            return self.source.position(min(offset, len(self.text)))
        _, end, region = self._moves[k]
        if offset >= end:
            return self.source.position(max(0, min(offset + region.end - end, len(self.text))))
        first, last = region.expanded
        at = first
        for index in range(first, last):
            if 0 <= self.plain.starts[index] <= offset:
                at = index
        return self.tokens[at].position

    # --- 4: the tree -------------------------------------------------------------------------------------------------------

    def parse_bodies(self) -> None:
        second = declared.read(self.second, None)
        self.declarations = second
        self._connect(second)
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
            _place([f for f in found if self._is_translated(f)], region)
            self.all_functions += found

    def _connect(self, second: Declarations) -> None:
        """Gives the oracle the functions that stand in regions."""
        starts = [start for start, _, _ in self._moves]
        for definition in sorted(second.definitions, key=lambda d: d.start):
            k = bisect_right(starts, definition.start) - 1
            if k >= 0 and definition.start < self._moves[k][1]:
                self.oracle.add_function(definition.start, max(definition.end, definition.start + 1), definition.cursor)

    def check_prototypes(self) -> None:
        """Async functions that are only declared here cannot be what asyncc/checks/signature.py refuses of bodies either."""
        from ..checks import signature

        for cursor in self.declarations.prototypes:
            name, position = self.lib.spelling(cursor), self._decl_position(cursor)
            if self.lib.isFunctionTypeVariadic(self.lib.getCursorType(cursor)):
                self.diagnostics.append(signature.variadic(name, position))
            said = declared.attributes_of(self.second, cursor) & signature.PROMISES.keys()
            self.diagnostics += [signature.promise(name, attribute, position) for attribute in sorted(said)]

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
            return self._user_position(offset)
        line, column, at, file = self.second.physical(location)
        return Position(file, line, column, at)

    # --- the result ----------------------------------------------------------------------------------------------------------

    def unit(self) -> Unit:
        translated = [f for f in self.all_functions if self._is_translated(f)]
        names = set(self.declarations.async_names)
        for function in translated:
            names |= function.called
        known = {name: decl for name in sorted(names) if (decl := self.functions.get(name)) is not None}
        declared_functions: dict[str, FunctionDecl] = dict(known)
        files = self.first.files()
        files[1:1] = [name for name in self.source.spliced if name not in files]
        return Unit(
            path=self.source.path,
            source=self.source.data,
            tokens=self.tokens,
            functions=translated,
            declared=declared_functions,
            edits=self._edits(translated),
            dependencies=files,
            uses_words_in_headers=self._words_elsewhere(files),
            pointer_size=self.pointer_size,
            futures=self.describer.futures(),
            segments=[
                Segment(s.start, s.file, s.offset, self.source.position(s.start).line) for s in self.source.segments
            ],
        )

    def _is_translated(self, function: Function) -> bool:
        """A plain function that was read but uses nothing of the language stays the user's text."""
        if function.decl.is_async:
            return True
        tokens = self.tokens[function.first : function.last]
        if any(t.kind is TokenKind.WORD and self.spellings[t.text] != "async" for t in tokens):
            return True
        return not function.called.isdisjoint(self.declarations.consumers)

    def _edits(self, translated: list[Function]) -> list[Edit]:
        """`async` outside of translated functions goes, with the white space after it. (`ac_async` is nothing to a C
        compiler, and stays.)"""
        taken = sorted((f.start, f.end) for f in translated)
        found: list[Edit] = []
        if self.other is not None:
            found = decided(self.lexed, [start for start, _ in taken], self.other.may_decide)
        if "async" not in self.text:
            return found
        for k in sorted(self.async_tokens):
            start, end = self.lexed.starts[k], self.lexed.ends[k]
            inside = bisect_right(taken, (start, len(self.text) + 1)) - 1
            if inside >= 0 and start < taken[inside][1]:
                continue
            while end < len(self.text) and self.text[end] in " \t":
                end += 1
            found.append(Edit(start, end, ""))
        return found

    @cached_property
    def async_tokens(self) -> frozenset[int]:
        """The tokens of the text spelled `async` that are the word where they stand."""
        lexed: Lexed = self.lexed
        return frozenset(
            k
            for k, text in enumerate(lexed.texts)
            if text == "async"
            and lexed.kinds[k] is TokenKind.NAME
            and not self._is_skipped(lexed.starts[k])
            and self.macros.lookup("async", lexed.starts[k]) is not None
        )

    def _words_elsewhere(self, files: list[str]) -> bool:
        """Whether `async` stands where no edit can remove it: in a header of the user's, or in a macro of the text."""
        lexed = self.lexed
        for k, kind in enumerate(lexed.kinds):
            if kind is TokenKind.DIRECTIVE and "async" in lexed.texts[k] and re.search(r"\basync\b", lexed.texts[k]):
                return True
        return any(re.search(rb"\basync\b", text) for text in self._users_files(files).values())


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


def _target_flags(extra: list[str]) -> list[str]:
    """Those of the user's flags that change where headers are."""
    found: list[str] = []
    k = 0
    while k < len(extra):
        flag = extra[k]
        takes = flag in _TAKE_VALUE
        if flag.startswith(_TARGET_FLAGS):
            found += extra[k : k + 2] if takes else [flag]
        k += 2 if takes else 1
    return found


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
    frontend.diagnostics += run_checks(frontend.all_functions, frontend.tokens)
    errors = [d for d in frontend.diagnostics if d.severity == "error"]
    if errors:
        raise InputErrors(in_order(frontend.diagnostics))
    return frontend.unit(), in_order(frontend.diagnostics)


def in_order(found: list[Diagnostic]) -> list[Diagnostic]:
    """In the order of the text, each once."""
    seen: set[tuple[object, str, str]] = set()
    kept = []
    for d in sorted(found, key=lambda d: d.position.offset if d.position else -1):
        key = (d.position, d.name, d.message)
        if key not in seen:
            seen.add(key)
            kept.append(d)
    return kept
