"""docs/conformance.md names a test for each behaviour: they exist, and are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\|(?! ---)(.*)\|$", re.M)
NAMED = re.compile(r"`(test_\w+): ([\w, ]+)`")
FILE = re.compile(r"`((?:programs|interleave|docs)/[\w/.]+)`")


def rows() -> list[str]:
    text = (ROOT / "docs/conformance.md").read_text()
    return [row for row in ROW.findall(text) if not row.rstrip().endswith(" test")]


def test_there_are_rows() -> None:
    assert len(rows()) > 90


@pytest.mark.parametrize("row", rows())
def test_every_row_names_tests_that_are_run(row: str) -> None:
    named, files = NAMED.findall(row), FILE.findall(row)
    assert named or files, "no test is named"
    for program, tests in named:
        source = (ROOT / f"tests/runtime/{program}.c").read_text()
        for test in tests.split(", "):
            assert f"START_TEST({test})" in source, f"{program} has no {test}"
            assert len(re.findall(rf"\b{test}\b", source)) > 1, f"{program} does not run {test}"
    for file in files:
        assert (ROOT / "tests" / file).exists(), file
