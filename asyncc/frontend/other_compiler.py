"""What the C compiler makes of the text otherwise than clang does.

Clang reads the text, but it may be gcc that compiles the output, and headers ask which of the two it is: `#ifdef __clang__`,
`__GNUC__ >= 5`, `__has_builtin`. A macro use that means nothing to clang may hold code for gcc: `IF_RETURNS(return x;)`.
Printed as the user wrote it, such a use would bring that code into the output, with names in it that asyncc never saw used.
And a function may stand in a branch of `#if` that only clang takes. So these are told from the others; where a text asks no
such question there is nothing to tell, and no cost.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterable

from ..ir.source import TokenKind
from ..paths import include_dir
from . import lexer
from .macros import Macro, MacroTable, parse_definition
from .options import FrontendOptions

_QUESTION = re.compile(rb"__clang|__GNUC|__has_(?:builtin|attribute|feature|extension|c_attribute|include)|__VERSION__")
_IS_QUESTION = re.compile(_QUESTION.pattern.decode()).match
_NAME = re.compile(lexer.NAME)
_DEFINE = b"#define "
_JUMPS = frozenset({"goto", "break", "continue", "return"})
_CHANGES = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "++", "--"})
_SECONDS = 60


def asks(texts: Iterable[bytes]) -> bool:
    """Whether any of the texts may mean different things to different compilers."""
    return any(_QUESTION.search(text) for text in texts)


def command(options: FrontendOptions, path: str) -> list[str]:
    """What prints the macros that the user's C compiler has at the end of a text, which stands in for the file at `path`."""
    folder = os.path.dirname(path) or "."  # noqa: PTH120
    found = [*shlex.split(options.cc), "-xc", f"-std={options.std}", "-D__ASYNCC__=1", "-DAC__OUTPUT=1", "-w"]
    found += [f"-iquote{folder}", *(f"-I{d}" for d in options.include_dirs)]
    found += [*(f"-D{d}" for d in options.defines), *(f"-U{d}" for d in options.undefines), *options.extra]
    return [*found, f"-I{options.include_dir or include_dir()}", "-E", "-dM", "-"]


class OtherCompiler:
    """`command` preprocesses standard input, and prints the macros that are defined at its end. Where it refuses (the flags
    may be clang's alone) nothing is known to differ."""

    def __init__(self, command: list[str], text: bytes, table: MacroTable, names: Iterable[str]) -> None:
        self._table, self._end = table, len(text)
        self._depends: dict[str, bool] = {}
        self._theirs: dict[str, str] = {}
        self.differing: frozenset[str] = frozenset()  # macros with another definition at the end of the text, or none
        try:
            done = subprocess.run(command, input=text, capture_output=True, check=False, timeout=_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            return
        if done.returncode:
            return
        for line in done.stdout.split(b"\n"):
            if line.startswith(_DEFINE):
                definition = line[len(_DEFINE) :].decode("latin-1")
                self._theirs[re.split(r"[ (]", definition, maxsplit=1)[0]] = definition
        self.differing = frozenset(name for name in names if self._is_other(name))

    def _is_other(self, name: str) -> bool:
        ours, theirs = self._table.lookup(name, self._end), self._theirs.get(name)
        return ours is not None and (theirs is None or not _same(ours, parse_definition(theirs)))

    def may_decide(self, condition: str) -> bool:
        """Whether the two may come to different results about an #if."""
        return bool(self._theirs) and any(self._is_dependent(name) for name in _NAME.findall(condition))

    def _is_dependent(self, name: str) -> bool:
        known = self._depends.get(name)
        if known is None:
            self._depends[name] = False  # while it is looked into: a macro may name itself
            ours = self._table.lookup(name, self._end)
            known = bool(_IS_QUESTION(name)) or name in self.differing or (ours is None) != (name not in self._theirs)
            known = known or (ours is not None and any(self._is_dependent(token.text) for token in ours.body))
            self._depends[name] = known
        return known


def _same(one: Macro, other: Macro) -> bool:
    return (
        one.parameters == other.parameters
        and one.variadic == other.variadic
        and [token.text for token in one.body] == [token.text for token in other.body]
    )


def jumps_or_changes(tokens: Iterable[str]) -> bool:
    """Whether an expansion decides where the function goes on, or what a variable holds."""
    return any(text in _JUMPS or text in _CHANGES for text in tokens)


def loses_names(text: str, reached: list[tuple[int, int, tuple[int, ...]]]) -> bool:
    """Whether the arguments of a macro use hold names (or keywords) that do not reach the expansion. `reached`: the parts of
    its text that do."""
    lexed = lexer.lex(lexer.encode(text), directives=False)
    if not text.isascii():
        return any(kind is TokenKind.NAME for kind in lexed.kinds[1:])
    starts = {start for start, _, _ in reached}
    return any(
        kind is TokenKind.NAME and start not in starts
        for kind, start in zip(lexed.kinds[1:], lexed.starts[1:], strict=True)
    )
