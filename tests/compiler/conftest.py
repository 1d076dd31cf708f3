"""What the compiler's tests share: the command as a user runs it, with a cache of its own for the session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import HELLO, ROOT, Command


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the golden files anew")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runtime is compiled into it once: a folder for all workers of the session."""
    return tmp_path_factory.getbasetemp().parent / "asyncc-cache"


@pytest.fixture
def environment(cache: Path) -> dict[str, str]:
    cache.mkdir(parents=True, exist_ok=True)
    return {**os.environ, "PYTHONPATH": str(ROOT), "ASYNCC_CACHE_DIR": str(cache), "LC_ALL": "C.UTF-8"}


@pytest.fixture
def asyncc(environment: dict[str, str], tmp_path: Path) -> Command:
    """Runs `asyncc arguments…` in the test's folder."""

    def run(*arguments: str | Path, timeout: float = 120, **extra: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "asyncc", *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={**environment, **extra},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
        )

    return run


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """A small correct program in the test's folder."""
    path = tmp_path / "hello.ac"
    path.write_text(HELLO)
    return path
