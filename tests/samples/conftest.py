"""Builds the samples once a run, by the command and by CMake, and starts them for the tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="session")
def llhttp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """llhttp's sources: where LLHTTP_ROOT says, or fetched."""
    if given := os.environ.get("LLHTTP_ROOT"):
        return Path(given)
    target = tmp_path_factory.mktemp("llhttp")
    subprocess.run([sys.executable, str(ROOT / "scripts" / "get-llhttp"), str(target)], check=True)
    return target


@pytest.fixture(scope="session")
def by_command(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds a sample with `asyncc build`; gives the program."""
    folder = tmp_path_factory.mktemp("samples")

    def build(name: str, *flags: str) -> Path:
        program = folder / Path(name).stem
        if not program.exists():
            command = [sys.executable, "-m", "asyncc", "build", str(SAMPLES / name), *flags, "-o", str(program)]
            done = subprocess.run(
                [*command, "-Wall", "-Wextra", "-Werror"], env=ENVIRONMENT, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
        return program

    return build


@pytest.fixture(scope="session")
def by_cmake(tmp_path_factory: pytest.TempPathFactory, llhttp: Path) -> Callable[[str, str], Path]:
    """Builds a sample with its CMakeLists.txt, as a user of the checkout would; gives the program."""
    folder = tmp_path_factory.mktemp("samples-cmake")

    def build(name: str, target: str) -> Path:
        tree = folder / name
        if not tree.exists():
            generator = ["-G", "Ninja"] if shutil.which("ninja") else []
            cmakedir = subprocess.run(
                [sys.executable, "-m", "asyncc", "--cmakedir"],
                env=ENVIRONMENT,
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            configure = ["cmake", "-S", str(SAMPLES / name), "-B", str(tree), *generator, f"-Dasyncc_DIR={cmakedir}"]
            for command in ([*configure, f"-DLLHTTP_ROOT={llhttp}"], ["cmake", "--build", str(tree)]):
                done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
                assert done.returncode == 0, done.stdout + done.stderr
        return tree / target

    return build


class Server:
    """A sample that listens: started on a port the kernel chose, and stopped by a signal."""

    def __init__(self, program: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [str(program), "127.0.0.1:0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), line + str(self.process.poll())
        self.host, _, port = line.removeprefix("listening on ").strip().rpartition(":")
        self.port = int(port)

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    def stop(self, signo: int = signal.SIGINT) -> str:
        """Sends the signal, waits for the end, checks the exit status; gives what it printed."""
        self.process.send_signal(signo)
        out, err = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, (self.process.returncode, out, err)
        return out + err


@pytest.fixture(params=["current_thread", "multi_thread"])
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    monkeypatch.setenv("ASYNCC_FLAVOR", request.param)
    started: list[Server] = []

    def run(program: Path, *arguments: str) -> Server:
        started.append(Server(program, *arguments))
        return started[-1]

    yield run
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
