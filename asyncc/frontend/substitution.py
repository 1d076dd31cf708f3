"""What one use of a macro becomes before it is scanned again: the body with the arguments in it, C11 6.10.3.1 to 6.10.3.3, with
GNU's `, ## __VA_ARGS__` and C23's __VA_OPT__.

A parameter becomes its argument, expanded by itself, but next to # and ## the argument as it stands: such tokens of the text
are *touched*, since they do not reach the expansion as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..ir.source import TokenKind
from .expansion_token import NO_MACROS, PTok
from .lexer import lex
from .macros import Macro, MacroToken


class Substitution:
    def __init__(
        self,
        macro: Macro,
        name: PTok,
        arguments: list[list[PTok]],
        expand: Callable[[Iterable[PTok]], list[PTok]],
        touch: Callable[[Iterable[PTok]], None],
    ) -> None:
        self.macro, self.name, self.arguments = macro, name, arguments
        self._expand, self._touch = expand, touch
        self.expanded: dict[int, list[PTok]] = {}  # arguments, once they have been

    def result(self, hidden: frozenset[str]) -> list[PTok]:
        """The tokens; none of them will be expanded as one of the hidden macros."""
        out: list[PTok] = []
        body, at = self.macro.body, 0
        while at < len(body):
            at = self._one(body, at, out)
        for k, token in enumerate(out):
            out[k] = PTok(token.kind, token.text, token.spaced, token.hidden | hidden, token.source, token.genuine)
        if out:
            out[0].spaced = self.name.spaced
        return [t for t in out if t.kind is not TokenKind.END]

    def _one(self, body: list[MacroToken], at: int, out: list[PTok]) -> int:
        """What the token at `at` of the body adds to `out`; gives the place of the next."""
        token = body[at]
        text = token.text
        which = self.macro.index.get(text) if token.kind is TokenKind.NAME else None
        if text == "#" and self.macro.is_function and at + 1 < len(body):
            k = self.macro.index.get(body[at + 1].text)
            if k is not None:
                out.append(self._stringify(self._argument(k), token.spaced))
                return at + 2
        if text == "##" and out and at + 1 < len(body):
            return self._paste_next(body, at, out)
        if text == "__VA_OPT__" and self.macro.variadic and at + 1 < len(body) and body[at + 1].text == "(":
            return self._va_opt(body, at, out)
        if which is None:
            out.append(PTok(token.kind, text, token.spaced, NO_MACROS, self.name.source, False))
            return at + 1
        pasted = at + 1 < len(body) and body[at + 1].text == "##"
        self._put_argument(which, token.spaced, pasted, out)
        return at + 1

    def _put_argument(self, which: int, spaced: bool, pasted: bool, out: list[PTok]) -> None:
        if pasted:
            argument = self._argument(which)
            self._touch(argument[-1:])
        else:
            if which not in self.expanded:
                self.expanded[which] = self._expand(self._argument(which))
            argument = self.expanded[which]
        if argument:
            first = argument[0]
            out.append(PTok(first.kind, first.text, spaced, first.hidden, first.source, first.genuine))
            out.extend(argument[1:])
        elif pasted:
            out.append(PTok(TokenKind.END, "", spaced, NO_MACROS, self.name.source, False))  # a placemarker

    def _argument(self, which: int) -> list[PTok]:
        return self.arguments[which] if which < len(self.arguments) else []

    def _stringify(self, tokens: list[PTok], spaced: bool) -> PTok:
        self._touch(tokens)
        parts = []
        for k, token in enumerate(tokens):
            text = token.text
            if token.kind in (TokenKind.STRING, TokenKind.CHAR):
                text = text.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(" " + text if token.spaced and k else text)
        return PTok(TokenKind.STRING, '"' + "".join(parts) + '"', spaced, NO_MACROS, self.name.source, False)

    def _paste_next(self, body: list[MacroToken], at: int, out: list[PTok]) -> int:
        """`left ## right`: out ends with the left side."""
        right = body[at + 1]
        which = self.macro.index.get(right.text) if right.kind is TokenKind.NAME else None
        after = at + 2
        if which is None:
            if (
                right.text == "#"
                and self.macro.is_function
                and after < len(body)
                and body[after].text in self.macro.index
            ):
                operand = [self._stringify(self._argument(self.macro.index[body[after].text]), False)]
                after += 1
            else:
                operand = [PTok(right.kind, right.text, False, NO_MACROS, self.name.source, False)]
        else:
            operand = self._argument(which)
            is_rest = self.macro.variadic and which == len(self.macro.parameters or [])
            if is_rest and out[-1].text == ",":  # GNU: `, ## __VA_ARGS__`
                return self._comma_rest(body, which, after, out)
            self._touch(operand[:1])
            if after < len(body) and body[after].text == "##":
                self._touch(operand[-1:])
        if not operand:
            return after
        left = out.pop()
        if left.kind is TokenKind.END:
            first = operand[0]
            out.append(PTok(first.kind, first.text, left.spaced, first.hidden, first.source, False))
        else:
            out.extend(self._paste(left, operand[0]))
        out.extend(operand[1:])
        return after

    def _comma_rest(self, body: list[MacroToken], which: int, after: int, out: list[PTok]) -> int:
        rest = self._argument(which)
        if rest:
            out.extend(rest if after < len(body) and body[after].text == "##" else self._expand(rest))
        elif which == 0 or which >= len(self.arguments):
            out.pop()  # no variable argument: the comma goes. (It stays where there is one and it is empty, `f(1,)`.)
        return after

    def _paste(self, left: PTok, right: PTok) -> list[PTok]:
        text = left.text + right.text
        lexed = lex(text, directives=False)
        if len(lexed) == 1:
            hidden = left.hidden & right.hidden
            return [PTok(lexed.kinds[0], text, left.spaced, hidden, left.source, False)]
        return [left, PTok(right.kind, right.text, False, right.hidden, right.source, right.genuine)]

    def _va_opt(self, body: list[MacroToken], at: int, out: list[PTok]) -> int:
        """__VA_OPT__(content): the content if there are variable arguments that expand to something."""
        depth, end = 1, at + 2
        while end < len(body) and depth:
            depth += {"(": 1, ")": -1}.get(body[end].text, 0)
            end += 1
        which = len(self.macro.parameters or [])
        rest = self._argument(which)
        if rest and self._expand(rest):
            inner: list[PTok] = []
            content, k = body[at + 2 : end - 1], 0
            while k < len(content):
                k = self._one(content, k, inner)
            if inner:
                inner[0].spaced = body[at].spaced
            out.extend(inner)
        elif end < len(body) and body[end].text == "##":
            out.append(PTok(TokenKind.END, "", body[at].spaced, NO_MACROS, self.name.source, False))
        return end
