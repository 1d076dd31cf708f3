"""Collects output lines and the line of the user's file that each comes from; `#line` directives are put in at the end.

A line that continues a comment, a string or a macro use is *glued*: no directive may stand before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.source import LineMap

GLUE = {
    "++", "--", "&&", "||", "<<", ">>", "==", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<=", ">=", "!=",
    "->", "/*", "//", "##", "..", "<:", "<%", "%:",
}  # fmt: skip

WIDTH = 120
OWN = -1  # Line.source: generated text that belongs to no line of the user's


@dataclass(slots=True)
class Line:
    text: str = ""
    source: int | None = None  # None: whatever comes
    glued: bool = False
    file: str = ""  # of `source`; "": the unit's own
    generated: bool = False  # begun by generated code: may follow on the line before


class Writer:
    def __init__(self) -> None:
        self.lines = [Line()]
        self.indent = ""
        self.file = ""  # where the text that is printed now comes from

    def raw(self, text: str, source: int | None, glued: bool = False) -> None:
        """Text as it is; `source` is the line of its first character (its further lines follow on)."""
        pieces = text.split("\n")
        for i, piece in enumerate(pieces):
            if i:
                self.lines.append(Line(glued=glued))
                if source is not None and source != OWN:
                    source += 1
            last = self.lines[-1]
            if piece.strip() and last.source is None and not last.glued:
                last.source, last.file = source, self.file
            last.text += piece

    def code(self, text: str, source: int | None) -> None:
        """Text that must not run together with what stands before it."""
        before = self.lines[-1].text
        if before and text:
            a, b = before[-1], text[0]
            if (_is_word(a) and _is_word(b)) or a + b in GLUE:
                self.raw(" ", source)
        self.raw(text, source)

    def newline(self, indent: str | None = None) -> None:
        """A fresh line, unless this one holds nothing but white space."""
        last = self.lines[-1]
        if last.text.strip():
            self.lines.append(Line(generated=True))
            last = self.lines[-1]
        last.text = self.indent if indent is None else indent

    def line(self, text: str, source: int | None = OWN) -> None:
        """A whole line of generated text at the current indent."""
        self.newline()
        self.raw(text, source)


def _is_word(c: str) -> bool:
    return c.isalnum() or c == "_" or c > "\x7f"


def finish(lines: list[Line], known_as: LineMap, path: str, output: str, directives: bool) -> str:
    """The text, with a `#line` wherever the next line would not be counted right. The user's own `#line` count."""
    if not directives:
        return (
            "".join(line.text.rstrip(" ") + "\n" if not line.glued else line.text + "\n" for line in lines[:-1])
            + lines[-1].text
        )
    out: list[str] = []
    expected: int | None = (
        0  # the user's line that the compiler takes the next line for; None: it is in the output itself
    )
    file = ""  # the file it takes it to be in
    own = _quoted(output) if output else ""
    for line in _joined(lines):
        if not line.glued and line.source is not None:
            if line.source == OWN:
                if output and expected is not None:
                    out.append(f"#line {len(out) + 2} {own}")
                    expected, file = None, ""
            else:
                name, number = known_as.at(line.file or path, line.source)
                if number != expected or name != file:
                    out.append(f"#line {number}" + ("" if name == file else f" {_quoted(name)}"))
                    expected, file = number, name
        out.append(line.text if line.glued else line.text.rstrip(" "))
        if expected is not None:
            expected += 1
    text = "\n".join(out)
    return text if text.endswith("\n") else text + "\n"


def _joined(lines: list[Line]) -> list[Line]:
    """Generated lines that belong to one line of the user's stand on one line, as far as they fit: fewer directives."""
    out: list[Line] = []
    for i, line in enumerate(lines):
        before = out[-1] if out else None
        glues = i + 1 < len(lines) and lines[i + 1].glued
        if (
            before is not None
            and line.generated
            and not glues
            and line.source not in (None, OWN)
            and line.source == before.source
            and line.file == before.file
            and not before.glued
            and "//" not in before.text
            and len(before.text.rstrip()) + 1 + len(line.text.strip()) <= WIDTH
        ):
            out[-1] = Line(
                before.text.rstrip() + " " + line.text.strip(), before.source, False, before.file, before.generated
            )
        else:
            out.append(line)
    return out


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
