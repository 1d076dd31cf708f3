"""The C that is written for small files, as it stands beside them. `pytest --update` writes it anew: read the difference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asyncc.driver import Options, translate
from asyncc.frontend import FrontendOptions, parse_unit
from asyncc.ir.generated import AROUND

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(GOLDEN.glob("*.ac"))


def written(source: Path, lines: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(source.parent)
    unit, _ = parse_unit(source.name, None, FrontendOptions())
    return translate(unit, Options(line_directives=lines, output=source.with_suffix(".c").name)).text


@pytest.mark.parametrize("source", CASES, ids=lambda p: p.stem)
def test_the_c_is_as_before(source: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    text = written(source, False, monkeypatch)
    expected = source.with_suffix(".c")
    if request.config.getoption("--update"):
        expected.write_text(text)
    assert text == expected.read_text()


@pytest.mark.parametrize("source", CASES, ids=lambda p: p.stem)
def test_the_same_bytes_each_time(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(source, True, monkeypatch) == written(source, True, monkeypatch)


def test_lines_of_the_output_name_those_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line of C that begins with a statement of the user's is counted as the line it has in the .ac file."""
    source = GOLDEN / "defer_in_a_loop.ac"
    theirs = {line.strip(): n for n, line in enumerate(source.read_text().splitlines(), 1) if "_it(i)" in line}
    file, number, seen = "", 0, set()
    for line in written(source, True, monkeypatch).splitlines():
        if line.startswith("#line "):
            words = line.split()
            number, file = int(words[1]), words[2].strip('"') if len(words) > 2 else file
            continue
        for text, n in theirs.items():
            plain = text.removeprefix("defer ").replace("(i)", "(f->i)")
            if file == source.name and plain in line:
                assert number == n, line
                seen.add(text)
        number += 1
    assert len(seen) == 2


# What C and its library define; a program that makes macros of these is no C.
WORDS_OF_C = """
    NULL offsetof bool true false uint8_t uint16_t uint32_t _Static_assert _Alignas _Alignof __builtin_memcpy __builtin_memset
    __attribute__ unused noinline break case char const default double do else extern float for goto if inline int long
    return short signed sizeof static struct switch union unsigned void volatile while
"""


@pytest.mark.parametrize("source", [*CASES, GOLDEN.parent / "constructs.ac"], ids=lambda p: p.stem)
def test_names_that_a_macro_could_replace_are_known(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name in the output is the user's, or begins with ac__, or is set aside where the user has such a macro."""
    text = written(source, False, monkeypatch)
    code = re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|^#.*$', " ", text, flags=re.DOTALL | re.MULTILINE)
    names = set(re.findall(r"\b[A-Za-z_]\w*", code)) - set(re.findall(r"[A-Za-z_]\w*", source.read_text()))
    ours = {name for name in names if not re.match(r"(ac_|AC_)|.*_\d+$", name)}
    assert ours <= AROUND | set(WORDS_OF_C.split())
