"""What an `#if` of a file that a body includes comes to.

Clang says of a file which parts it left out the first time it was read. A list of X-macros is read several times, each time
under other conditions, and a header that was read before is empty behind its guard; so for such files the conditions are
decided here, with the macros as they are at that place. What the numbers of an `#if` come to then is asked of clang.
"""

from __future__ import annotations

from collections.abc import Callable

from .expansion_token import NO_MACROS, PTok
from .lexer import Lexed, directive_name, lex
from .stretch import BRANCHES, Stretch


class Conditions:
    """Decides for one expander."""

    def __init__(
        self,
        is_defined: Callable[[str], bool],
        expand: Callable[[list[PTok]], list[PTok]],  # and decides `defined`
        ask: Callable[[str, str], bool],
    ) -> None:
        self._is_defined, self._expand = is_defined, expand
        self._ask = ask  # whether the text of a condition without macros holds in a file

    def decide(self, stretch: Stretch, index: int, name: str, rest: str) -> None:
        """A conditional of an included file: leaves out what it leaves out."""
        assert stretch.taken is not None
        if name in ("if", "ifdef", "ifndef"):
            stretch.taken.append(False)
        elif name in BRANCHES:
            pass  # the branch that ends here was taken
        elif name == "endif":
            del stretch.taken[-1:]
            return
        else:
            return
        while stretch.taken and not (not stretch.taken[-1] and self._holds(stretch, index, name, rest)):
            index = stretch.to_branch()
            text = stretch.lexed.texts[index] if index >= 0 else "#endif"
            name = directive_name(text)
            rest = text[text.index(name) + len(name) :]
            if name == "endif":
                del stretch.taken[-1:]
                return
        stretch.taken[-1:] = [True] * bool(stretch.taken)

    def _holds(self, stretch: Stretch, index: int, name: str, rest: str) -> bool:
        lexed = lex(rest, directives=False)
        if name == "else":
            return True
        if name != "if" and name != "elif":
            return bool(len(lexed)) and self._is_defined(lexed.texts[0]) != name.endswith("ndef")
        text = self._expanded_condition(lexed)
        if text.isdigit():
            return int(text) != 0
        return self._ask(text, stretch.position(stretch.lexed.starts[index]).file)

    def _expanded_condition(self, lexed: Lexed) -> str:
        tokens = [
            PTok(lexed.kinds[k], lexed.texts[k], k > 0 and lexed.starts[k] > lexed.ends[k - 1], NO_MACROS, 0, False)
            for k in range(len(lexed))
        ]  # the name of a header has no spaces
        return "".join(" " * token.spaced + token.text for token in self._expand(tokens)).strip()
