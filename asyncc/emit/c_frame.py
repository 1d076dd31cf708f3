"""Prints the frame struct: fields in the order of their offsets, with the reason each is kept.

Fields that share bytes stand in an anonymous union, each row of it a run of fields that follow one another. Where a row
has to skip bytes it says so with a padding array. Assertions pin every offset: the tables rely on them.
"""

from __future__ import annotations

from ..ir.frame import Field, Frame

_WIDE = 16  # more than any scalar wants


def struct_text(tag: str, frame: Frame) -> list[str]:
    lines = [f"struct {tag} {{"]
    if not frame.fields:
        lines.append("    char ac__empty;")
    at = 0
    pads = [0]
    for group in _groups(frame.fields):
        start = min(f.offset for f in group)
        align = max(f.align for f in group)
        if len(group) == 1:
            at = _row(lines, group, at, "    ", pads)
        else:
            natural = (at + align - 1) // align * align
            if start > natural:
                _pad(lines, start - at, "    ", pads)
            lines.append("    union {")
            rows = _rows(group)
            for row in rows:
                if len(row) == 1 and row[0].offset == start:
                    _row(lines, row, start, "        ", pads)
                else:
                    lines.append("        struct {")
                    _row(lines, row, start, "            ", pads)
                    lines.append("        };")
            lines.append("    };")
            end = max(f.offset + f.size for f in group)
            at = start + (end - start + align - 1) // align * align
    lines.append("};")
    lines.append(
        f'_Static_assert(sizeof(struct {tag}) == {frame.size}, "the frame of {tag} is laid out for another target");'
    )
    return lines


def _row(lines: list[str], row: list[Field], at: int, indent: str, pads: list[int]) -> int:
    for f in row:
        natural = (at + f.align - 1) // f.align * f.align
        if f.offset > natural:
            _pad(lines, f.offset - at, indent, pads)
        # Of wide vectors gcc thinks so only where the target has them, which may be in the function alone.
        aligned = f"_Alignas({f.align}) " if f.align > _WIDE and not f.declaration.startswith("_Alignas") else ""
        lines.append(f"{indent}{aligned}{f.declaration};  /* line {f.line}: {f.why} */")
        at = f.offset + f.size
    return at


def _pad(lines: list[str], size: int, indent: str, pads: list[int]) -> None:
    pads[0] += 1
    lines.append(f"{indent}unsigned char ac__pad_{pads[0]}[{size}];")


def _groups(fields: list[Field]) -> list[list[Field]]:
    """Runs of fields whose bytes overlap; a union's alignment and rounded size may force more into it."""
    groups: list[list[Field]] = []
    for f in fields:
        if f.size == 0:
            groups.append([f])
            continue
        group = [f]
        while groups and _touches(groups[-1], group):
            group = groups.pop() + group
        groups.append(group)
    merged = True
    while merged:  # a union begins at a multiple of its alignment and ends at one
        merged = False
        for i, group in enumerate(groups):
            if len(group) == 1:
                continue
            start, align = min(f.offset for f in group), max(f.align for f in group)
            if start % align and i > 0:
                groups[i - 1 : i + 1] = [groups[i - 1] + group]
                merged = True
                break
            end = start + (_end(group) - start + align - 1) // align * align
            if i + 1 < len(groups) and min(f.offset for f in groups[i + 1]) < end:
                groups[i : i + 2] = [group + groups[i + 1]]
                merged = True
                break
    return groups


def _end(group: list[Field]) -> int:
    return max(f.offset + f.size for f in group)


def _touches(before: list[Field], group: list[Field]) -> bool:
    return _end(before) > min(f.offset for f in group)


def _rows(group: list[Field]) -> list[list[Field]]:
    """Fields of a union in as few rows as follow one another without overlap."""
    rows: list[list[Field]] = []
    for f in sorted(group, key=lambda x: (x.offset, x.index)):
        for row in rows:
            if row[-1].offset + row[-1].size <= f.offset:
                row.append(f)
                break
        else:
            rows.append([f])
    return rows


def offset_asserts(tag: str, frame: Frame) -> list[str]:
    found = []
    for f in frame.fields:
        if f.offset:
            found.append(f'_Static_assert(offsetof(struct {tag}, {f.name}) == {f.offset}, "");')
    return found
