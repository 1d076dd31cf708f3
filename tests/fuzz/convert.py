"""Makes an async program of plain C by machine.

Every function that can be is made `async`, every call of one becomes an await, and a suspension stands before every
statement. A compiler of async functions that is right about C leaves such a program computing what it computed before, so
any body of C with a known output is a test of it that nobody had to write.

The program is read with libclang and changed by inserting text; nothing is printed anew, so macros, comments and layout
stay as their authors wrote them. A function is left plain when its type or its body cannot be async by the rules of the
language (variable arguments, variable-length arrays, setjmp), or when a function that stays plain calls it. Pointers to
functions become async by their type: all pointers to one function type of the project do, with the functions they are made
of, or none. The set is what remains after removing what must stay plain until nothing changes.

A call whose name comes out of a macro cannot be edited where it stands. Such a function gets a macro of its own name that
awaits it (`#define f(...) (await f(__VA_ARGS__))`), and its declarations are written `(f)(…)`, which no macro replaces.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from clang.cindex import Cursor, CursorKind, Diagnostic, Index, StorageClass, TranslationUnit, Type, TypeKind

# What may stand before a statement in a block, and so before an inserted one.
BEFORE_STATEMENT = frozenset("{};:")
UNMOVABLE_CALLS = frozenset(
    {"setjmp", "_setjmp", "__sigsetjmp", "sigsetjmp", "longjmp", "alloca", "__builtin_alloca", "vfork"}
)
UNMOVABLE_ATTRIBUTES = re.compile(
    r"\b(noreturn|_Noreturn|__pure__|pure|constructor|destructor|naked|ifunc|alias)\b|attribute__\s*\(\([^;{]*\b(const|__const__)\b"
)
# What an attribute names is called, or stands for another, without a call that could be awaited.
NAMED_BY_ATTRIBUTES = re.compile(rb'(?:cleanup|cleanup__)\s*\(\s*(\w+)\s*\)|(?:ifunc|alias)\s*\(\s*"(\w+)"')
CONTROL_WITH_BODY = {
    CursorKind.IF_STMT,
    CursorKind.WHILE_STMT,
    CursorKind.DO_STMT,
    CursorKind.FOR_STMT,
}
LABELS = {CursorKind.CASE_STMT, CursorKind.DEFAULT_STMT, CursorKind.LABEL_STMT}
POSTFIX_PARENTS = {CursorKind.MEMBER_REF_EXPR, CursorKind.ARRAY_SUBSCRIPT_EXPR, CursorKind.CALL_EXPR}
POINTER_DECLARATIONS = {
    CursorKind.TYPEDEF_DECL,
    CursorKind.FIELD_DECL,
    CursorKind.VAR_DECL,
    CursorKind.PARM_DECL,
}
TRANSPARENT = {CursorKind.UNEXPOSED_EXPR, CursorKind.PAREN_EXPR}


class ConversionError(Exception):
    """The input is not C that clang accepts."""


@dataclass(frozen=True)
class Options:
    """How to convert. The seed decides everything that is left to chance."""

    header: str = "#define ASYNCC_NO_KEYWORDS\n#include <asyncc/asyncc.h>"
    prefix: str = "ac_"  # of the words; empty where the header gives the short ones
    suspend: str = "ac_yield()"
    entry: str = ""  # the new name of main; empty: it stays main
    statements: float = 1.0  # the share of statements that get a suspension before them
    functions: float = 1.0  # the share of functions that may become async
    seed: int = 0
    keep: frozenset[str] = frozenset()  # names of functions that stay plain


@dataclass(order=True)
class Edit:
    """Text to insert at a byte offset. At one offset closers come first, then statements, then prefixes."""

    offset: int
    rank: int
    sequence: int
    text: str = field(compare=False)


@dataclass
class Function:
    """A function of the project, over all files: keyed by USR, which tells equal names of static functions apart. Also a
    type of functions that pointers point to: keyed by its spelling, with the declarations of such pointers."""

    name: str
    declarations: list[tuple[str, int, int]] = field(default_factory=list)  # file, offset of specifiers, of the name
    callers: set[str] = field(default_factory=set)
    calls: list[tuple[str, int, int, bool]] = field(default_factory=list)  # file, start, end, needs parentheses
    tied: set[str] = field(default_factory=set)  # what is async only together with this one
    is_called_from_macro: bool = False
    is_named_by_macro: bool = False  # in a declaration
    is_defined: bool = False
    is_type: bool = False
    stays_plain: str = ""  # the reason


@dataclass
class Result:
    """The converted text of each file that changed, and what became async."""

    files: dict[str, str]
    is_async: list[str]
    stays_plain: dict[str, str]
    suspensions: int


class Source:
    """A file with the places where macros are used in it, and where a token may be looked for."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.bytes = Path(path).read_bytes()
        self.macros: dict[int, int] = {}
        self.starts: list[int] = []  # of the macro uses that lie in no other, sorted
        self.code = blank_comments(self.bytes)

    def add_macro(self, first: int, last: int) -> None:
        self.macros[first] = max(last, self.macros.get(first, 0))

    def sort_macros(self) -> None:
        """Drops macro uses among the arguments of another: inside of that nothing can be told apart anyway."""
        self.starts = []
        end = 0
        for first in sorted(self.macros):
            if first >= end:
                self.starts.append(first)
                end = self.macros[first]

    def in_macro(self, offset: int) -> bool:
        """Whether the offset lies inside the use of a macro, past its first byte."""
        index = bisect_left(self.starts, offset) - 1
        return index >= 0 and offset < self.macros[self.starts[index]]

    def before(self, offset: int) -> str:
        """The last character of code before the offset."""
        while offset > 0:
            offset -= 1
            if not chr(self.code[offset]).isspace():
                return chr(self.code[offset])
        return ""

    def line_is_directive(self, offset: int) -> bool:
        """Whether a preprocessor directive holds the offset, also on a continued line."""
        start = self.bytes.rfind(b"\n", 0, offset) + 1
        while start >= 2 and self.bytes[start - 2 : start - 1] == b"\\":
            start = self.bytes.rfind(b"\n", 0, start - 1) + 1
        return self.code[start:].lstrip(b" \t").startswith(b"#")

    def end_of_statement(self, end: int, is_expression: bool) -> int | None:
        """The offset behind the `;` or `}` that ends a statement whose extent ends at `end`; None: not found. The `}` of a
        compound literal ends no statement."""
        last = self.code[:end].rstrip()[-1:]
        if last == b";" or (last == b"}" and not is_expression):
            return end
        match = re.compile(rb"\s*;").match(self.code, end)
        return match.end() if match else None


def blank_comments(text: bytes) -> bytes:
    """The text with comments and the contents of literals made blank, at the same offsets."""
    pattern = re.compile(rb"//(?:\\\r?\n|[^\n])*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)

    def blank(match: re.Match[bytes]) -> bytes:
        found = match.group(0)
        if found.startswith(b"/"):
            return re.sub(rb"[^\n]", b" ", found)
        return found[:1] + b"_" * (len(found) - 2) + found[-1:]

    return pattern.sub(blank, text)


class Converter:
    """Reads translation units, settles which functions become async, and writes the files anew."""

    def __init__(self, root: Path, options: Options) -> None:
        self.root = root.resolve()
        self.options = options
        self.random = random.Random(options.seed)
        self.functions: dict[str, Function] = {}
        self.sources: dict[str, Source] = {}
        self.statements: dict[str, set[tuple[str, int, int | None]]] = {}  # USR: file, start, end to brace
        self.entry_offsets: dict[str, set[int]] = {}
        self.declared_at: dict[tuple[str, int], set[str]] = {}

    # --- reading ---------------------------------------------------------------------------------------------------

    def read(self, path: Path, arguments: Sequence[str]) -> None:
        """Takes in one translation unit."""
        unit = Index.create().parse(
            str(path.resolve()),
            args=[*builtin_headers(), "-ferror-limit=0", *arguments],
            options=TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD,
        )
        errors = [d for d in unit.diagnostics if d.severity >= 3 and not in_builtin_header(d)]
        if errors:
            raise ConversionError(f"{path}: {errors[0].location.line}: {errors[0].spelling}")
        for cursor in unit.cursor.get_children():
            source = self.source_of(cursor)
            if source is None:
                continue
            if cursor.kind == CursorKind.MACRO_INSTANTIATION:
                source.add_macro(cursor.extent.start.offset, cursor.extent.end.offset)
            elif cursor.kind == CursorKind.FUNCTION_DECL:
                self.read_function(cursor, source)
            else:
                self.read_references(cursor, None, None)

    def source_of(self, cursor: Cursor) -> Source | None:
        """The file of the project that a cursor lies in; None for system headers and the command line."""
        file = cursor.location.file
        if file is None:
            return None
        path = str(Path(file.name).resolve())
        if path not in self.sources:
            if not Path(path).is_relative_to(self.root):
                return None
            self.sources[path] = Source(path)
        return self.sources[path]

    def function_of(self, cursor: Cursor) -> Function:
        usr = cursor.get_usr()
        return self.functions.setdefault(usr, Function(cursor.spelling))

    def type_of(self, spelling: str) -> Function:
        return self.functions.setdefault(f"type {spelling}", Function(spelling, is_defined=True, is_type=True))

    def tie(self, one: str, other: str) -> None:
        self.functions[one].tied.add(other)
        self.functions[other].tied.add(one)

    def read_function(self, cursor: Cursor, source: Source) -> None:
        function = self.function_of(cursor)
        place = (source.path, cursor.extent.start.offset, cursor.location.offset)
        if place not in function.declarations:
            function.declarations.append(place)
        name = cursor.spelling.encode()
        if source.bytes[place[2] : place[2] + len(name)] != name:
            function.is_named_by_macro = True
        end = source.code.find(b"{" if cursor.is_definition() else b";", place[1])  # attributes may stand last
        head = source.code[place[1] : end]
        if UNMOVABLE_ATTRIBUTES.search(head.decode("latin1")) or cursor.type.spelling.endswith(
            "__attribute__((noreturn))"
        ):
            function.stays_plain = "has an attribute that async functions may not have"
        if cursor.type.kind == TypeKind.FUNCTIONPROTO and cursor.type.is_function_variadic():
            function.stays_plain = "takes variable arguments"
        if not cursor.is_definition():
            for child in cursor.get_children():
                self.read_references(child, None, None)
            return
        function.is_defined = True
        if source.macros.get(place[1], 0) >= cursor.extent.end.offset:
            function.stays_plain = "declared inside of a macro"
        if cursor.storage_class != StorageClass.STATIC and "inline" in source.code[place[1] : place[2]].decode(
            "latin1"
        ):
            function.stays_plain = "is an external inline function"
        if cursor.spelling == "main" and not function.is_named_by_macro:
            self.entry_offsets.setdefault(source.path, set()).add(place[2])
        body = None
        for child in cursor.get_children():
            if child.kind == CursorKind.COMPOUND_STMT:
                body = child
            else:
                self.read_references(child, cursor, None)
        if body is not None:
            self.read_references(body, cursor, None)
            self.read_statements(body, source, self.statements.setdefault(cursor.get_usr(), set()))

    def read_references(self, cursor: Cursor, function: Cursor | None, parent: Cursor | None) -> None:
        """Notes every mention of a function below `cursor`, and what keeps the enclosing function plain."""
        if function is not None:
            reason = reason_to_stay_plain(cursor)
            if reason:
                self.function_of(function).stays_plain = reason
        callee = None
        if cursor.kind == CursorKind.CALL_EXPR:
            callee = callee_of(cursor)
            if callee is None:
                self.note_indirect_call(cursor, function, parent)
            else:
                self.note_call(cursor, callee, function, parent)
        elif cursor.kind == CursorKind.DECL_REF_EXPR and is_function(cursor.referenced):
            self.note_address(cursor.referenced)
        elif (
            cursor.kind == CursorKind.MEMBER_REF_EXPR
            and cursor.referenced
            and self.source_of(cursor.referenced) is None
        ):
            spelled, _ = function_type_in(cursor.type)
            if spelled is not None:
                self.type_of(spelled).stays_plain = "is a type of a library"
        elif is_function(cursor):
            self.function_of(cursor).stays_plain = "declared inside of a function"
        elif cursor.kind in POINTER_DECLARATIONS:
            self.note_pointer(cursor)
        elif cursor.kind == CursorKind.CSTYLE_CAST_EXPR or is_conversion(cursor):
            self.note_cast(cursor)
        children = list(cursor.get_children())
        for child in children[1:] if callee is not None else children:
            self.read_references(child, function, parent if cursor.kind == CursorKind.UNEXPOSED_EXPR else cursor)

    def note_address(self, function: Cursor) -> None:
        self.function_of(function)
        spelling = function.type.get_canonical().spelling
        self.type_of(spelling)
        self.tie(function.get_usr(), f"type {spelling}")

    def note_pointer(self, cursor: Cursor) -> None:
        """A declaration that has a function type written in it, of which `async` is to be said there."""
        spelled, through_typedef = function_type_in(cursor.type)
        if cursor.kind == CursorKind.TYPEDEF_DECL:
            spelled, through_typedef = function_type_in(cursor.underlying_typedef_type)
        if spelled is None or through_typedef:
            return
        entry = self.type_of(spelled)
        source = self.source_of(cursor)
        if source is None:
            entry.stays_plain = "is a type of a library"
            return
        start = cursor.extent.start.offset
        if source.macros.get(start, 0) >= cursor.extent.end.offset:
            entry.stays_plain = "declared inside of a macro"
            return
        place = (source.path, start, start)
        if place not in entry.declarations:
            entry.declarations.append(place)

    def note_cast(self, cursor: Cursor) -> None:
        """A cast from or to a pointer to functions: the types on both sides stay what they are."""
        for part in [cursor, *cursor.get_children()]:
            spelled, _ = function_type_in(part.type)
            if spelled is not None:
                self.type_of(spelled).stays_plain = "takes part in a cast"

    def note_indirect_call(self, call: Cursor, function: Cursor | None, parent: Cursor | None) -> None:
        callee = next(iter(call.get_children()), None)
        spelled, _ = function_type_in(callee.type) if callee is not None else (None, False)
        if spelled is None:
            return
        entry = self.type_of(spelled)
        source = self.source_of(call)
        start, end = call.extent.start.offset, call.extent.end.offset
        if function is None or source is None or start in source.macros:
            entry.stays_plain = "called through a macro"
            return
        entry.callers.add(function.get_usr())
        self.add_call(entry, source, start, end, parent)

    def add_call(self, entry: Function, source: Source, start: int, end: int, parent: Cursor | None) -> None:
        postfix = parent is not None and parent.kind in POSTFIX_PARENTS and parent.extent.start.offset == start
        place = (source.path, start, end, postfix)
        if place not in entry.calls:
            entry.calls.append(place)

    def note_library_call(self, callee: Cursor) -> None:
        """A function outside of the project calls what it is given as a plain function."""
        for argument in callee.type.argument_types():
            spelled, _ = function_type_in(argument)
            if spelled is not None:
                self.type_of(spelled).stays_plain = "given to a library"

    def note_call(self, call: Cursor, callee: Cursor, function: Cursor | None, parent: Cursor | None) -> None:
        entry = self.function_of(callee)
        if function is None:
            entry.stays_plain = "called outside of a function"
            return
        if callee.type.kind == TypeKind.FUNCTIONPROTO and self.source_of(callee) is None:
            self.note_library_call(callee)
        entry.callers.add(function.get_usr())
        source = self.source_of(call)
        start, end = call.extent.start.offset, call.extent.end.offset
        name = re.compile(re.escape(callee.spelling.encode()) + rb"\s*\(")
        if source is None:
            entry.stays_plain = "called from a file outside of the project"
        elif start in source.macros and name.match(source.code, start):
            entry.stays_plain = "called by a macro of its own name"
        elif not name.match(source.code, start) or start in source.macros:
            entry.is_called_from_macro = True
        else:
            self.add_call(entry, source, start, end, parent)

    def read_statements(
        self,
        cursor: Cursor,
        source: Source,
        places: set[tuple[str, int, int | None]],
        in_switch: bool = False,
        in_block: bool = False,
    ) -> None:
        """Notes where a suspension may be put: before statements in blocks, also labelled ones, and around those that stand
        without braces. `in_block`: the cursor is a label that stands in a block."""
        children = list(cursor.get_children())
        is_block = cursor.kind == CursorKind.COMPOUND_STMT
        for position, child in enumerate(children):
            is_last = position == len(children) - 1
            if child.kind.is_statement() or child.kind.is_expression():
                if (is_block and not (in_switch and position == 0)) or (
                    cursor.kind in LABELS and in_block and is_last and child.kind not in LABELS
                ):
                    self.note_statement(child, source, places)
                elif cursor.kind in CONTROL_WITH_BODY and is_body(cursor, position, len(children)):
                    self.note_unbraced(child, source, places)
            self.read_statements(
                child,
                source,
                places,
                in_switch=cursor.kind == CursorKind.SWITCH_STMT,
                in_block=is_block or (cursor.kind in LABELS and in_block),
            )

    def note_statement(self, cursor: Cursor, source: Source, places: set[tuple[str, int, int | None]]) -> None:
        if self.source_of(cursor) is not source:
            return  # in a file that the body includes
        start = cursor.extent.start.offset
        if source.code.startswith(b"__label__", start):
            return
        if source.before(start) in BEFORE_STATEMENT:
            places.add((source.path, start, None))

    def note_unbraced(self, cursor: Cursor, source: Source, places: set[tuple[str, int, int | None]]) -> None:
        if self.source_of(cursor) is not source:
            return
        start = cursor.extent.start.offset
        end = source.end_of_statement(cursor.extent.end.offset, cursor.kind.is_expression())
        if cursor.kind == CursorKind.COMPOUND_STMT or end is None:
            return
        before = source.code[:start].rstrip()
        if before.endswith((b")", b"else", b"do")):
            places.add((source.path, start, end))

    # --- deciding ----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Leaves plain what must be, until every function that is to be async is called by async functions alone."""
        for usr, function in self.functions.items():
            for path, start, _ in function.declarations if not function.is_type else ():
                self.declared_at.setdefault((path, start), set()).add(usr)
        matches = (m for source in self.sources.values() for m in NAMED_BY_ATTRIBUTES.finditer(source.bytes))
        named = {(m[1] or m[2]).decode() for m in matches}
        for usr in sorted(self.functions):
            function = self.functions[usr]
            if not function.is_defined:
                function.stays_plain = function.stays_plain or "is not defined here"
            elif function.name in named:
                function.stays_plain = "is named by an attribute"
            elif function.name in self.options.keep or (
                self.random.random() >= self.options.functions and function.name != "main" and not function.is_type
            ):
                function.stays_plain = function.stays_plain or "left plain on request"
            elif function.is_named_by_macro and function.is_called_from_macro:
                function.stays_plain = function.stays_plain or "declared and called by macros"
            elif not self.is_declared_in_code(function):
                function.stays_plain = function.stays_plain or "declared inside of a macro"
        changed = True
        while changed:
            changed = False
            for function in self.functions.values():
                if function.stays_plain:
                    continue
                for other in (*function.callers, *function.tied):
                    if self.functions[other].stays_plain:
                        function.stays_plain = f"bound to {self.functions[other].name}, which is plain"
                        changed = True
                        break

    def is_declared_in_code(self, function: Function) -> bool:
        for path, start, name in function.declarations:
            if not function.is_type and len(self.declared_at[path, start]) > 1:
                return False  # one macro makes several
            source = self.sources[path]
            if source.in_macro(start) or source.in_macro(name) or source.line_is_directive(name):
                return False
        return True

    # --- writing -----------------------------------------------------------------------------------------------------

    def write(self) -> Result:
        """The changed files."""
        for source in self.sources.values():
            source.sort_macros()
        self.settle()
        edits: dict[str, list[Edit]] = {}
        self.sequence = 0
        self.suspensions = 0
        for usr in sorted(self.functions):
            function = self.functions[usr]
            if function.stays_plain:
                continue
            self.write_declarations(function, edits)
            self.write_calls(function, edits)
        self.write_statements(edits)
        if self.options.entry:
            for path, offsets in self.entry_offsets.items():
                for offset in offsets:
                    edits.setdefault(path, []).append(Edit(offset, 3, 0, f"{self.options.entry} /* "))
                    edits[path].append(Edit(offset + len("main"), 0, 0, " */"))
        for path in self.sources:
            if path.endswith(".c"):  # also one that stays plain: a header it includes may say async
                edits.setdefault(path, [])
        files = {path: self.apply(path, changes) for path, changes in edits.items()}
        return Result(
            files,
            sorted(f.name for f in self.functions.values() if not f.stays_plain and f.declarations),
            {f.name: f.stays_plain for f in self.functions.values() if f.stays_plain and f.is_defined},
            self.suspensions,
        )

    def add(self, edits: dict[str, list[Edit]], path: str, offset: int, rank: int, text: str) -> None:
        self.sequence += 1
        edits.setdefault(path, []).append(Edit(offset, rank, self.sequence, text))

    def write_declarations(self, function: Function, edits: dict[str, list[Edit]]) -> None:
        files: set[str] = set()
        for path, start, name in sorted(set(function.declarations)):
            self.add(edits, path, start, 4, f"{self.options.prefix}async " if path.endswith(".c") else "ac_async ")
            if function.is_called_from_macro:
                self.add(edits, path, name, 3, "(")
                self.add(edits, path, name + len(function.name.encode()), 0, ")")
                if path not in files:
                    line = self.sources[path].bytes.rfind(b"\n", 0, start) + 1
                    macro = f"{function.name}(...) (ac_await {function.name}(__VA_ARGS__))"
                    number = self.sources[path].bytes.count(b"\n", 0, line) + 1
                    self.add(edits, path, line, 1, f"#undef {function.name}\n#define {macro}\n#line {number}\n")
                files.add(path)

    def write_calls(self, function: Function, edits: dict[str, list[Edit]]) -> None:
        if function.is_called_from_macro:
            return
        for path, start, end, postfix in function.calls:
            self.add(
                edits, path, start, 4, f"({self.options.prefix}await " if postfix else f"{self.options.prefix}await "
            )
            if postfix:
                self.add(edits, path, end, 0, ")")

    def write_statements(self, edits: dict[str, list[Edit]]) -> None:
        seen: set[tuple[str, int]] = set()
        for usr, places in self.statements.items():
            if self.functions[usr].stays_plain:
                continue
            for path, start, end in sorted(places, key=lambda p: (p[0], p[1], p[2] or 0)):
                source = self.sources[path]
                if (path, start) in seen or self.random.random() >= self.options.statements:
                    continue
                if (
                    source.in_macro(start)
                    or (end is not None and source.in_macro(end))
                    or source.line_is_directive(start)
                ):
                    continue
                seen.add((path, start))
                self.suspensions += 1
                suspend = f"{self.options.prefix}await {self.options.suspend}; "
                self.add(edits, path, start, 3, suspend if end is None else f"{{ {suspend}")
                if end is not None:
                    self.add(edits, path, end, 0, " }")

    def apply(self, path: str, edits: list[Edit]) -> str:
        text = self.sources[path].bytes
        parts: list[bytes] = []
        if path.endswith(".c"):
            parts.append(self.options.header.encode() + b"\n#line 1\n")
        at = 0
        for edit in sorted(edits):
            parts += [text[at : edit.offset], edit.text.encode()]
            at = edit.offset
        parts.append(text[at:])
        return b"".join(parts).decode("utf-8", "surrogateescape")


def in_builtin_header(diagnostic: Diagnostic) -> bool:
    """Intrinsics of another version of clang than libclang's: some use builtins that have changed since."""
    file = diagnostic.location.file
    return file is not None and file.name.startswith(builtin_headers()[1:])


@lru_cache(maxsize=1)
def builtin_headers() -> tuple[str, ...]:
    """Where stddef.h and the like are: libclang's package brings none."""
    for command in (["clang", "-print-file-name=include"], ["cc", "-print-file-name=include"]):
        try:
            found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            continue
        if Path(found, "stddef.h").is_file():
            return ("-isystem", found)
    return ()


def is_function(cursor: Cursor | None) -> bool:
    return cursor is not None and cursor.kind == CursorKind.FUNCTION_DECL


def is_conversion(cursor: Cursor) -> bool:
    """Whether a pointer to functions becomes one to another type of functions here without a cast: `int (*)()` takes all."""
    if cursor.kind != CursorKind.UNEXPOSED_EXPR:
        return False
    spelled = {function_type_in(part.type)[0] for part in [cursor, *cursor.get_children()]}
    return len(spelled - {None}) > 1


def callee_of(call: Cursor) -> Cursor | None:
    """The function that a call names directly; None for a call through a pointer."""
    node = next(iter(call.get_children()), None)
    while node is not None and node.kind in TRANSPARENT:
        node = next(iter(node.get_children()), None)
    if node is not None and node.kind == CursorKind.DECL_REF_EXPR and is_function(node.referenced):
        return node.referenced
    return None


def is_body(parent: Cursor, position: int, count: int) -> bool:
    """Whether the child at `position` is a statement that the parent governs, not its header."""
    if parent.kind == CursorKind.IF_STMT:
        return position >= 1
    if parent.kind == CursorKind.DO_STMT:
        return position == 0
    return position == count - 1


def reason_to_stay_plain(cursor: Cursor) -> str:
    """Why a function that holds this node cannot be async."""
    if cursor.kind == CursorKind.VAR_DECL or cursor.kind == CursorKind.PARM_DECL:
        if "va_list" in cursor.type.spelling:
            return "holds a va_list"
        if has_variable_length(cursor.type.get_canonical()):
            return "holds a variable-length array"
    elif cursor.kind == CursorKind.CALL_EXPR and cursor.spelling in UNMOVABLE_CALLS:
        return f"calls {cursor.spelling}"
    elif cursor.kind == CursorKind.TYPEDEF_DECL and has_variable_length(cursor.type.get_canonical()):
        return "holds a variable-length array"
    return ""


def has_variable_length(declared: Type) -> bool:
    if declared.kind == TypeKind.VARIABLEARRAY:
        return True
    if declared.kind == TypeKind.CONSTANTARRAY:
        return has_variable_length(declared.element_type)
    return declared.kind == TypeKind.POINTER and has_variable_length(declared.get_pointee())


def function_type_in(declared: Type) -> tuple[str | None, bool]:
    """The function type that pointers or arrays of this type lead to, canonically spelled, and whether a typedef hides it.
    (None, False): it leads to none."""
    through_typedef = False
    while True:
        if declared.kind == TypeKind.ELABORATED:
            declared = declared.get_named_type()
        elif declared.kind == TypeKind.TYPEDEF:
            through_typedef = True
            declared = declared.get_declaration().underlying_typedef_type
        elif declared.kind == TypeKind.POINTER:
            declared = declared.get_pointee()
        elif declared.kind in (TypeKind.CONSTANTARRAY, TypeKind.INCOMPLETEARRAY):
            declared = declared.element_type
        elif declared.kind == TypeKind.UNEXPOSED and declared.get_canonical().kind != TypeKind.UNEXPOSED:
            declared = declared.get_canonical()
        else:
            break
    if declared.kind in (TypeKind.FUNCTIONPROTO, TypeKind.FUNCTIONNOPROTO):
        return declared.get_canonical().spelling, through_typedef
    return None, False


def convert(files: Iterable[Path], root: Path, arguments: Sequence[str], options: Options) -> Result:
    """Converts the translation units together; headers below `root` are changed with them."""
    sys.setrecursionlimit(20000)
    converter = Converter(root, options)
    for path in files:
        converter.read(path, arguments)
    return converter.write()
