"""The programs in the documentation compile, run, and print what the pages say: a block marked `c run` and the block
marked `output` behind it; a block marked `c` alone that includes asyncc.h compiles."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```c( run)?\n(.*?)^```\n(?:```output\n(.*?)^```\n)?", re.M | re.S)


def blocks() -> list[ParameterSet]:
    """The programs of all pages, each with the output it promises, or None."""
    found = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for number, match in enumerate(BLOCK.finditer(page.read_text()), 1):
            run, text, output = match.groups()
            if "#include <asyncc/asyncc.h>" in text:
                assert not run or output is not None, f"{page.name}, block {number}: `c run` without output"
                found.append(pytest.param(text, output, id=f"{page.name}-{number}"))
    return found


def test_there_are_blocks() -> None:
    assert len(blocks()) >= 8


@pytest.mark.parametrize(("text", "wanted"), blocks())
def test_block(text: str, wanted: str | None, tmp_path: Path) -> None:
    (tmp_path / "page.ac").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "asyncc", "build", "page.ac", "-Wall", "-Wextra", "-Werror", "-o", "page"]
    built = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    if wanted is not None:
        ran = subprocess.run([str(tmp_path / "page")], capture_output=True, text=True, timeout=20)
        assert (ran.returncode, ran.stdout) == (0, wanted), ran.stderr
