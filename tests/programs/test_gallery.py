"""The gallery: the programs of the design, compiled unchanged, give the output written beside them.

It lies outside of the repository; ASYNCC_GALLERY names it, or it is found beside the checkout. Without it these are skipped.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from workshop import CONFIGURATIONS, TOP, Configuration, Workshop, asyncc_command, environment, execute, run

GALLERY = Path(os.environ.get("ASYNCC_GALLERY", TOP.parent / "shared" / "gallery"))
pytestmark = pytest.mark.skipif(not GALLERY.is_dir(), reason=f"no gallery in {GALLERY}")

SINGLE = sorted(p.stem for p in GALLERY.glob("*.ac") if p.with_suffix(".out").is_file())
# Starts sleeps of 2 and of 1 ms, in this order, and expects the second to end first: if the CPU is taken away for longer than
# that between the two starts it does not, and that is right.
MAY_BE_HELD_UP = {"cancel": 5}
BOTH_FLAVORS = [CONFIGURATIONS[1], CONFIGURATIONS[2], CONFIGURATIONS[4], CONFIGURATIONS[5]]


def by_name(configuration: Configuration) -> str:
    return str(configuration)


@pytest.mark.parametrize("configuration", BOTH_FLAVORS, ids=by_name)
@pytest.mark.parametrize("name", SINGLE)
def test_program_gives_its_output(name: str, configuration: Configuration, workshop: Workshop) -> None:
    gives_its_output(name, configuration, workshop)


@pytest.mark.parametrize("workers", [1, 3, 8, 64])
@pytest.mark.parametrize("name", SINGLE)
def test_program_gives_its_output_with_any_number_of_workers(name: str, workers: int, workshop: Workshop) -> None:
    gives_its_output(name, next(c for c in BOTH_FLAVORS if c.flavor == "multi_thread"), workshop, workers)


def gives_its_output(name: str, configuration: Configuration, workshop: Workshop, workers: int = 2) -> None:
    program = workshop.build([GALLERY / f"{name}.ac"], configuration)
    for _ in range(MAY_BE_HELD_UP.get(name, 1)):
        done = run(program, configuration, workers=workers)
        if done.stdout == (GALLERY / f"{name}.out").read_text():
            break
    assert (done.stdout, done.stderr, done.returncode) == ((GALLERY / f"{name}.out").read_text(), "", 0)


@pytest.mark.parametrize("configuration", BOTH_FLAVORS, ids=by_name)
def test_program_of_several_files(configuration: Configuration, workshop: Workshop) -> None:
    folder = GALLERY / "two_files"
    sources = [folder / "main.ac", folder / "bank.ac", folder / "total.c"]
    done = run(workshop.build(sources, configuration), configuration)
    assert (done.stdout, done.stderr, done.returncode) == ((folder / "two_files.out").read_text(), "", 0)


@pytest.mark.parametrize("configuration", BOTH_FLAVORS, ids=by_name)
def test_echo_server_serves_and_stops_cleanly(configuration: Configuration, workshop: Workshop) -> None:
    program = workshop.build([GALLERY / "echo_server.ac"], configuration)
    port = free_port()
    server = subprocess.Popen(
        [str(program), f"127.0.0.1:{port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(ASYNCC_FLAVOR=configuration.flavor),
    )
    try:
        clients = [connect(port) for _ in range(10)]
        for index, client in enumerate(clients):
            for size in (1, 100, 60000):
                message = bytes([65 + index]) * size
                client.sendall(message)
                assert receive(client, size) == message
        for client in clients[:5]:
            client.close()
        wait_until_gone = clients[5]
        wait_until_gone.shutdown(socket.SHUT_WR)
        assert wait_until_gone.recv(1) == b""
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=10)
        assert (out, err, server.returncode) == ("served 10\n", "", 0)
        for client in clients[6:]:
            assert client.recv(1) == b""
    finally:
        server.kill()
        server.wait()


def test_pitfalls_gives_an_error_at_every_marked_line(tmp_path: Path) -> None:
    source = GALLERY / "pitfalls.ac"
    done = execute([*asyncc_command(), str(source), "-o", str(tmp_path / "out.c"), "-fdiagnostics-color=never"])
    assert done.returncode == 1
    assert not (tmp_path / "out.c").exists()
    reported = {int(line) for line in re.findall(r"pitfalls\.ac:(\d+):\d+: error:", done.stderr)}
    marked = {n for n, text in enumerate(source.read_text().splitlines(), 1) if "ERROR" in text and n > 1}
    assert reported == marked


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def connect(port: int) -> socket.socket:
    end = time.monotonic() + 5
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def receive(client: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        part = client.recv(size - len(got))
        assert part, "the server closed the connection"
        got += part
    return got
