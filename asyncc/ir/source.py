"""Where text comes from: files, positions, tokens and macro uses.

The frontend turns a `.ac` file into one stream of *expanded* tokens: what the C parser sees after preprocessing. The
output, however, should show what the user wrote. So every token remembers the position the user would point at, the
white space and comments before it, and the outermost macro use it came out of. A macro use covers a contiguous run of
expanded tokens and can be printed as written as long as nothing inside that run has to change.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a user's file, 1-based, physical (not changed by `#line`)."""

    file: str
    line: int
    column: int
    offset: int = 0  # byte offset in the file


@dataclass(slots=True)
class LineMap:
    """What the `#line` directives of a file make of its lines: it was written by a parser generator, say, and its user knows
    the lines of the grammar. Compilers, `__LINE__`, debuggers and dumps name those."""

    path: str = ""
    _directives: list[int] = field(default_factory=list)  # the lines they stand on
    _said: list[tuple[str, int]] = field(default_factory=list)  # what each makes of the next line

    def add(self, line: int, next_line: int, file: str) -> None:
        """A directive on a line, below those added before; `file`: "" where it names none."""
        self._said.append((file or (self._said[-1][0] if self._said else self.path), next_line))
        self._directives.append(line)

    def at(self, file: str, line: int) -> tuple[str, int]:
        """File and line as they are to be called."""
        k = bisect_left(self._directives, line) - 1 if file == self.path else -1
        if k < 0:
            return file, line
        called, next_line = self._said[k]
        return called, line - self._directives[k] - 1 + next_line


class TokenKind(Enum):
    NAME = "name"  # identifier or C keyword
    NUMBER = "number"
    STRING = "string"  # with prefix; adjacent literals are not joined
    CHAR = "char"
    PUNCT = "punct"
    WORD = "word"  # a word of the language: async await spawn select when … (see WORDS in frontend)
    DIRECTIVE = "directive"  # `#pragma`, `#define`, `#undef` inside a body, kept whole: a line of its own
    END = "end"


@dataclass(slots=True, eq=False)
class MacroUse:
    """One outermost use of a macro in the user's text; its expansion is tokens[first:last]."""

    name: str
    text: str  # as the user wrote it, from the name to the closing parenthesis, comments and all
    position: Position
    first: int = 0
    last: int = 0
    # True when an argument is stringified or pasted (`#x`, `a##b`) anywhere in the expansion: renaming a local inside an
    # argument would then change what the program does, so the use must be printed expanded if it holds a renamed name.
    stringifies: bool = False
    # True when a macro had a part in it that the C compiler defines otherwise than clang.
    differs: bool = False
    # True when it differs and only clang's meaning will do. Names in the arguments do not reach the expansion that clang makes:
    # what is left of them is for a meaning that asyncc has not read. Or the expansion declares a name, which other text
    # mentions; or it jumps or changes a variable, which decides what is kept in the frame.
    follows_clang: bool = False
    macros: frozenset[str] = frozenset()  # every macro that had a part in it
    # Names of macros that stand in the expansion and are not expanded there (`#define x p->x`). To a C compiler that reads the
    # expansion they would be uses.
    trapped: frozenset[str] = frozenset()
    # The parts of `text` that are argument tokens reaching the expansion unchanged: (start, end, expanded token indexes).
    # A renamed local that stands only in these can be substituted inside `text`.
    arguments: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Token:
    kind: TokenKind
    text: str
    position: Position  # the user's text; for a token out of a macro body: the place of the outermost use
    before: str = ""  # white space, comments, line ends between the previous token of the user's text and this one
    use: MacroUse | None = None
    index: int = 0
