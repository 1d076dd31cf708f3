"""What the frontend's tests share: parse a text, walk a tree, print tokens."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncc.frontend import Diagnostic, FrontendOptions, InputErrors, parse_unit
from asyncc.ir import tree as t

HEADER = "#include <asyncc/asyncc.h>\n"


def parse(tmp_path: Path, text: str, **options: object) -> t.Unit:
    """A unit of `text`, which follows the include of asyncc.h on line 1."""
    unit, _ = parse_unit(str(tmp_path / "test.ac"), (HEADER + text).encode(), FrontendOptions(**options))  # type: ignore[arg-type]
    return unit


def refuse(tmp_path: Path, text: str) -> list[Diagnostic]:
    """The errors of `text`."""
    with pytest.raises(InputErrors) as caught:
        parse(tmp_path, text)
    return [d for d in caught.value.diagnostics if d.severity == "error"]


def nodes(root: object, kind: type | None = None) -> Iterator[object]:
    """Every node of a tree."""
    if isinstance(root, list | tuple):
        for item in root:
            yield from nodes(item, kind)
    elif isinstance(root, t.Expr | t.Stmt | t.Arm | t.InitItem | t.Designator | t.Declarator):
        if kind is None or isinstance(root, kind):
            yield root
        for part in dataclasses.fields(root):
            if part.name not in ("type_of", "local", "scope", "types", "mentions"):
                yield from nodes(getattr(root, part.name), kind)


def as_written(unit: t.Unit, first: int, last: int) -> str:
    """Tokens printed as the user wrote them: whole macro uses as uses."""
    out, index = [], first
    while index < last:
        token = unit.tokens[index]
        if token.use is not None and token.use.first == index and token.use.last <= last:
            out.append(token.before + token.use.text)
            index = token.use.last
        else:
            out.append(token.before + token.text)
            index += 1
    return "".join(out)


def expanded(unit: t.Unit, first: int, last: int) -> str:
    return " ".join(token.text for token in unit.tokens[first:last])


def function(unit: t.Unit, name: str) -> t.Function:
    return next(f for f in unit.functions if f.decl.name == name)
