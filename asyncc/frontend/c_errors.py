"""clang's errors as the user's: at their place in the user's file, in words that fit the language.

Some of clang's messages speak of what a word's macro turned into. Where an error stands on a line that holds a word, or
names the phantom type of a handle, the message is put right or a note explains.
"""

from __future__ import annotations

import re
from functools import cache

from ..ir.source import Position
from . import words
from .diagnostics import Diagnostic, Note
from .libclang import ERROR, WARNING
from .text import FileLines, SourceText
from .unit_parse import ClangDiagnostic, ParsedUnit

_HANDLES = {
    1: "ac_task", 2: "ac_future", 3: "ac_mpsc_tx", 4: "ac_mpsc_rx", 5: "ac_mpsc_weak", 6: "ac_mpsc_permit",
    7: "ac_oneshot_tx", 8: "ac_oneshot_rx", 9: "ac_broadcast_tx", 10: "ac_broadcast_rx", 11: "ac_watch_tx",
    12: "ac_watch_rx", 13: "ac_task_set", 14: "ac_task_local", 15: "ac_delay_queue",
}  # fmt: skip
_HANDLE = re.compile(r"(\w[\w ]*?(?: ?\*)*?) ?\*\(\*(\**)\)\[(\d+)\]")
_SUGAR = re.compile(r"'typeof ?\([^']*\)' \(aka '([^']*)'\)")
_ASYNC_TYPE = re.compile(r" ?__attribute__\(\((?:preserve_most|pascal|swiftcall)\)\)")
_NO_FUNCTION = re.compile(
    r"(?:attribute )?'(?:preserve_most|pascal|swiftcall)' (?:only applies to function types; type here is (.*)|is ignored)"
)
_WORDS_IN_LINE = re.compile(r"\b(" + "|".join(sorted(words.PLAIN + words.CALLED, key=len, reverse=True)) + r")\b")
_COMMENTS = re.compile(r'/\*.*?\*/|//.*|"(?:[^"\\]|\\.)*"')
_INTERNAL = ("ac__select", "ac__when", "ac__gather", "ac__defer", "ac__otherwise", "ac__until", "ac__within")

MISSING = "file not found"
TOO_DEEP = "nesting level exceeded"
# Up to 14, clang says "implicit declaration of function" where it later says "undeclared".
_WANTING = re.compile(r"undeclared|implicit declaration|unknown type name|undefined builtin|needs target feature")
_MOST = 50  # errors that are said
_TOO_MANY = "too many errors emitted"  # there are fifty others then, each with its place


def errors(unit: ParsedUnit, source: SourceText) -> list[Diagnostic]:
    found = []
    for diagnostic in unit.diagnostics(WARNING):
        no_function = _NO_FUNCTION.match(diagnostic.message)
        if no_function:
            found.append(_misplaced(diagnostic, no_function, source))
        elif diagnostic.severity >= ERROR and _TOO_MANY not in diagnostic.message:
            found.append(_convert(diagnostic, source))
    return found


def worth_saying(found: list[Diagnostic]) -> list[Diagnostic]:
    """What follows from a missing header, or from nesting too deep to be read, is left out: none of it is the user's
    mistake."""
    for cause in (MISSING, TOO_DEEP):
        causes = [d for d in found if cause in d.message]
        if causes:
            return causes if cause is MISSING else causes[:1]
    return found


def _misplaced(found: ClangDiagnostic, what: re.Match[str], source: SourceText) -> Diagnostic:
    """`async` on what is no function."""
    position = _position(found.file, found.offset, found.in_main, source)
    of = f"; this is of type {what.group(1)}" if what.group(1) else ""
    message = f"'async' marks a function, or a pointer to one{of}"
    return Diagnostic("error", "word-place", position, message, length=found.length, fix="leave it out")


def without_foreign_headers(
    found: list[Diagnostic], source: SourceText, folders: list[str], version: int
) -> list[Diagnostic]:
    """The errors less those in headers which another compiler brings for itself alone (vector intrinsics, above all).

    What clang's parser has against them is in the bodies of functions, for want of some builtin, and the C compiler will read
    them for itself. What they declare is known all the same. Only where the user's text wants something that could not be
    read, one error says which header that may be about and what to do."""
    foreign = [d for d in found if _is_in(d, folders) and MISSING not in d.message]
    left = [d for d in found if d not in foreign]
    if foreign and any(_WANTING.search(d.message) for d in left):
        return [*_foreign_header(foreign, source, version), *left][: _MOST + 1]
    return left[:_MOST]


def _is_in(d: Diagnostic, folders: list[str]) -> bool:
    return d.position is not None and d.position.file.startswith(tuple(f"{folder}/" for folder in folders))


def _foreign_header(foreign: list[Diagnostic], source: SourceText, version: int) -> list[Diagnostic]:
    """One error for all that clang's parser has against such headers."""
    for d in foreign:
        assert d.position is not None
        own = (n.position for n in d.notes if n.position is not None and n.position.file == source.path)
        name = d.position.file.rsplit("/", 1)[-1]
        error = Diagnostic(
            "error",
            "c",
            next(own, d.position),
            f"not all of <{name}> could be read: it is written for its own compiler alone, and asyncc reads C with "
            f"libclang {version}",
            [Note(d.message, d.position)],
            fix=f"install the headers of clang {version} (Debian: apt install libclang-common-{version}-dev), or name their "
            "folder in ASYNCC_CLANG_HEADERS; or install the libclang that fits the clang you have (pip install 'libclang==14.*')",
        )
        return [error]
    return []


def _convert(found: ClangDiagnostic, source: SourceText) -> Diagnostic:
    position = _position(found.file, found.offset, found.in_main, source)
    name = found.option.removeprefix("-W").removeprefix("error=") or "c"
    message = _in_our_words(found.message)
    made = Diagnostic("error", "c" if name == "c" else f"-W{name}", position, message, length=found.length)
    for note in found.notes:
        where = _position(note.file, note.offset, note.file == source.path, source)
        if not note.message.startswith(("expanded from macro", "in file included")) or not _is_ours(note.file):
            made.notes.append(Note(_in_our_words(note.message), where))
    _explain(made, found)
    return made


def _is_ours(file: str) -> bool:
    return "/asyncc/" in file


def _position(file: str, offset: int, in_main: bool, source: SourceText) -> Position | None:
    if in_main:
        return source.position(offset)
    if not file:
        return None
    line, column = _lines(file).place(offset)
    return Position(file, line, column, offset)


@cache
def _contents(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:  # noqa: PTH123
            return stream.read()
    except OSError:
        return b""


@cache
def _lines(file: str) -> FileLines:
    return FileLines(_contents(file))


def _in_our_words(message: str) -> str:
    """Handles by their names, and async functions without clang's calling convention."""
    message = _SUGAR.sub(r"'\1'", message)
    message = _HANDLE.sub(_handle_name, message)
    # Where clang names the word's macro, it says `async` itself.
    return _ASYNC_TYPE.sub("" if "'async " in message else " [async]", message).replace("((*))", "(*)")


def _handle_name(match: re.Match[str]) -> str:
    of, pointers, kind = match.group(1), match.group(2), int(match.group(3))
    name = _HANDLES.get(kind)
    return match.group() if name is None else f"{name}({of.strip()}){' ' + pointers if pointers else ''}"


def _mixes_async_and_plain(message: str) -> bool:
    """Whether some type that the message quotes is async and another is not; two async ones differ in something else."""
    quoted = [bool(_ASYNC_TYPE.search(text)) for text in re.findall(r"'([^']*\([^']*)'", message)]
    return any(quoted) and not (len(quoted) > 1 and all(quoted))


def _explain(made: Diagnostic, found: ClangDiagnostic) -> None:
    if _mixes_async_and_plain(found.message):
        made.notes.append(
            Note(
                "an async function and a plain one are called in different ways: a pointer to one cannot hold the other"
            )
        )
        made.fix = "declare the pointer as 'async T (*p)(…)', or leave 'async' out on both sides"
        return
    if any(name in made.message for name in _INTERNAL):
        made.notes.append(Note("a word of the language stands where it cannot"))
    if TOO_DEEP in found.message:
        made.notes.clear()  # clang's names an option of its own, which asyncc has set as high as is safe
        made.fix = "break the deepest expression or block into parts"
        return
    if MISSING in found.message:
        made.fix = "give the folder with -I, or install the package the header belongs to"
        return
    if made.position is None:
        return
    if "indirection requires pointer operand" in made.message:
        text = _line(made.position)
        for word, what in (("ac_join", "the handle of a task: ac_task(T)"), ("ac_resume", "an ac_future(T)")):
            if word in text:
                made.notes.append(Note(f"{word} takes {what}"))
    held = _words_on_line(made.position)
    if held:
        listed = ", ".join(f"'{w}'" for w in held)
        what = "is a word" if len(held) == 1 else "are words"
        made.notes.append(
            Note(
                f"{listed} on this line {what} of the language: used as a name (a field, a variable, a function) it turns into "
                "something else; include headers that use it before <asyncc/asyncc.h>, or define ASYNCC_NO_KEYWORDS"
            )
        )


def _line(position: Position) -> str:
    lines = _contents(position.file).split(b"\n")
    return lines[position.line - 1].decode("utf-8", "replace") if position.line <= len(lines) else ""


def _words_on_line(position: Position) -> list[str]:
    """Words on a line that look like names: the message is worth a hint there."""
    text = _COMMENTS.sub(" ", _line(position))
    found = []
    for match in _WORDS_IN_LINE.finditer(text):
        before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
        word = match.group(1)
        called = word in words.CALLED
        as_name = before.endswith((".", "->", "struct", "union", "enum", "goto")) or (
            after[:1] in (";", ",", ")", "=", "[", ":", ".") or after.startswith("->")
        )
        if not as_name and word not in ("async", "await"):
            declared = re.search(r"[\w*]\s*$", before) and not re.search(
                r"\b(else|do|return|while|await)\s*$|\)$", before
            )
            as_name = bool(declared) and (after[:1] == "(" if called else True)
        if as_name:
            found.append(word)
    return list(dict.fromkeys(found))
