"""The C that is written for small files, as it stands beside them. `pytest --update` writes it anew: read the difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncc.driver import Options, translate
from asyncc.frontend import FrontendOptions, parse_unit

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
