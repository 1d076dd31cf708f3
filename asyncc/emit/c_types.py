"""Types defined inside a function that its frame needs: their definitions move to file scope, under names of their own."""

from __future__ import annotations

from ..ir import tree as t
from ..passes.context import Context, pointer_to
from .c_tokens import Renames, TokenPrinter
from .writer import Writer


def move(c: Context, moved: list[t.LocalType], renames: Renames) -> list[str]:
    """The texts for file scope, inner types first; `renames` learns what stands in their old places."""
    texts: list[str] = []
    for lt in moved:
        if not lt.at_file_scope:
            _rename_constants(c, lt, renames)
        here = Renames()
        here.at = {i: r for i, r in renames.at.items() if lt.first <= i < lt.last}
        texts.append(_text(c, lt, here))
        if lt.kind == "typedef":
            renames.put(lt.first, lt.last, ";")
        elif c.tokens[lt.last].text == ";":  # by itself: `struct s;` would declare another one
            renames.put(lt.first, lt.last, "")
        else:
            renames.put(lt.first, lt.last, f"{lt.kind} {lt.global_name}")
        for i, other in c.function.type_names.items():
            if other is lt and not lt.first <= i < lt.last:
                renames.put(i, i + 1, lt.global_name)
        for first, last in lt.forwards:
            if first != lt.first:
                renames.put(first, last, "")
    return texts


def _rename_constants(c: Context, lt: t.LocalType, renames: Renames) -> None:
    """The constants of an enum that moves, or of one without a name in a struct that does."""
    for i, enum in c.function.constants.items():
        if lt.first <= enum.first and enum.last <= lt.last:
            renames.put(i, i + 1, f"{enum.global_name}_{c.tokens[i].text}")


def _text(c: Context, lt: t.LocalType, renames: Renames) -> str:
    tokens, function = c.tokens, c.function
    known = set(function.locals)  # a name that a prototype in it gives a parameter is none
    for i in range(lt.first, lt.last):
        other, local = function.type_names.get(i), function.names.get(i)
        if other is not None and (other is not lt or lt.kind != "typedef"):
            renames.put(i, i + 1, other.global_name)
        elif local in known:  # only its type is asked for: sizeof, typeof
            pointer = pointer_to(local.type, c.unit.pointer_size).declare("")
            renames.put(i, i + 1, f"(*({pointer})0)")
    if lt.kind == "typedef":
        for i in reversed(range(lt.first, lt.last)):
            if tokens[i].text == lt.name and i not in renames.at:
                renames.put(i, i + 1, lt.global_name)
                break
    elif not lt.name:
        keyword = next(i for i in range(lt.first, lt.last) if tokens[i].text == lt.kind)
        renames.put(keyword, keyword + 1, f"{lt.kind} {lt.global_name}")
    writer = Writer()
    printer = TokenPrinter(tokens, renames, writer)
    printer.suppress = True
    printer.span(lt.first, lt.last)
    text = "\n".join(line.text for line in writer.lines)
    return text if text.rstrip().endswith(";") else text + ";"
