"""Attributes, in either spelling: __attribute__((a, b(c))) and [[a, gnu::b(c)]]. All are noted by name; of a few it matters
what they say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.source import TokenKind
from ...ir.tree import Local, LocalType
from .base import Base
from .keywords import ASM, ATTRIBUTE

# Attributes of a function that are about its code: of an async one they belong on what its body becomes.
_OF_CODE = """
    cold flatten hot minsize no_address_safety_analysis no_icf no_instrument_function no_profile_instrument_function
    no_reorder no_sanitize no_sanitize_address no_sanitize_coverage no_sanitize_memory no_sanitize_thread no_sanitize_undefined
    no_split_stack no_stack_limit no_stack_protector noclone noinline noipa optimize optnone section stack_protect target
"""
OF_CODE = frozenset(_OF_CODE.split())


@dataclass(slots=True, kw_only=True)
class Attributed:
    """What attributes may stand on; by itself, for those that mean nothing to us."""

    attributes: list[str] = field(default_factory=list)
    of_code: list[str] = field(default_factory=list)  # those of OF_CODE, whole
    alignment: int = 0
    cleanup: str = ""


def attributes(p: Base, into: Attributed) -> None:
    """Attributes, asm names and the like after a declarator."""
    while True:
        text = p.text
        if text in ATTRIBUTE:
            attribute(p, into)
        elif text in ASM and p.peek() == "(":
            p.next()
            p.skip_balanced()
        elif not (text == "[" and p.peek() == "[" and attribute_brackets(p, into)):
            return


def attribute(p: Base, into: Attributed) -> None:
    """__attribute__((a, b(c)))."""
    p.next()
    last = p.closing(p.at)
    _attribute_list(p, p.at + 1, last, into)
    p.at = last
    p.next()


def attribute_brackets(p: Base, into: Attributed) -> bool:
    """[[a, gnu::b(c)]]"""
    if p.tokens[p.at].kind is not TokenKind.PUNCT or p.tokens[p.at + 1].text != "[":
        return False
    last = p.closing(p.at)
    _attribute_list(p, p.at + 2, last - 1, into)
    p.at = last
    p.next()
    return True


def _attribute_list(p: Base, first: int, last: int, into: Attributed) -> None:
    at = first
    while at < last:
        token = p.tokens[at]
        if token.kind is TokenKind.NAME:
            name = token.text.strip("_") or token.text
            into.attributes.append(name)
            start = at
            if at + 1 < last and p.tokens[at + 1].text == "(":
                closing = p.closing(at + 1)
                _attribute_arguments(p, name, at + 2, closing, into)
                at = closing
            elif name == "aligned":
                into.alignment = max(into.alignment, 16)
            if name in OF_CODE:
                into.of_code.append("".join(token.text for token in p.tokens[start : at + 1]))
        elif token.text == "(":
            at += 1
            continue
        at += 1


def _attribute_arguments(p: Base, name: str, first: int, last: int, into: Attributed) -> None:
    if name == "cleanup" and first < last:
        into.cleanup = p.tokens[first].text
        p.called.add(into.cleanup)
    elif name == "aligned":
        into.alignment = max(into.alignment, p.oracle.alignment(first - 1, last + 1))
    for index in range(first, last):
        if p.tokens[index].kind is TokenKind.NAME:
            meaning = p.scopes.find(p.tokens[index].text)
            if isinstance(meaning, Local):
                p.names[index] = meaning
            elif isinstance(meaning, LocalType):
                p.type_names[index] = meaning
