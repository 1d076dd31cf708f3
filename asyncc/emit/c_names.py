"""What the tokens of a function's text become: locals that moved to the frame, types that moved to file scope."""

from __future__ import annotations

from ..ir import tree as t
from ..ir.frame import Frame
from ..passes.context import Context
from .c_tokens import Renames


def rename_locals(c: Context, frame: Frame | None, renames: Renames) -> None:
    """Every token that names a local of the frame, wherever it stands, or a label of a block's own."""
    for first, (last, text) in c.function.local_labels.items():
        renames.put(first, last, text)
    if frame is None:
        return
    for index, local in c.function.names.items():
        if frame.holds(local) and not local.is_future:
            renames.put(index, index + 1, f"{c.self_name}->{frame.names[local]}")


def _needed(function: t.Function, lt: t.LocalType) -> list[t.LocalType]:
    """The types of locals that a definition names (in sizeof, typeof), and of the constants in it."""
    found: list[t.LocalType] = []
    for i in range(lt.first, lt.last):
        local, enum = function.names.get(i), function.constants.get(i)
        if local in function.locals:
            found += local.type.local_types
        if enum is not None and not lt.first <= enum.first < lt.last:
            found += [x for x in function.types if x.first <= enum.first and enum.last <= x.last]
    return found


def moved_types(c: Context, wanted: list[t.LocalType]) -> list[t.LocalType]:
    """The local types that must stand at file scope: those wanted and all that their definitions mention."""
    function = c.function
    found: dict[int, t.LocalType] = {}
    work = list(wanted)
    while work:
        lt = work.pop()
        if id(lt) in found or (lt.at_file_scope and lt not in function.types):
            continue
        found[id(lt)] = lt
        work += [function.type_names[i] for i in range(lt.first, lt.last) if i in function.type_names]
        work += _needed(function, lt)
        work += [x for x in function.types if x is not lt and lt.first <= x.first and x.last <= lt.last]
    return sorted(found.values(), key=lambda x: (x.last, -x.first))
