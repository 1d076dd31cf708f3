"""Every sample does what it says, driven by a real client: curl, or a socket."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Server


def connect(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=10)


def read_until(s: socket.socket, wanted: bytes) -> bytes:
    got = b""
    while wanted not in got:
        more = s.recv(4096)
        assert more, (wanted, got)
        got += more
    return got


def output(program: Path, *arguments: str) -> str:
    return subprocess.run([str(program), *arguments], capture_output=True, text=True, timeout=30, check=True).stdout


# --- hello -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_hello(by_command: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, flavor: str) -> None:
    monkeypatch.setenv("ASYNCC_FLAVOR", flavor)
    assert output(by_command("hello/hello.ac")) == "25\n"


def test_hello_by_cmake(by_cmake: Callable[[str, str], Path]) -> None:
    assert output(by_cmake("hello", "hello")) == "25\n"


# --- echo server -----------------------------------------------------------------------------------------------------


def test_echo(by_command: Callable[..., Path], start: Callable[..., Server]) -> None:
    server = start(by_command("echo_server/echo_server.ac"))
    clients = [connect(server.address) for _ in range(20)]
    for number, client in enumerate(clients):
        client.sendall(b"%d: hello\n" % number)
    for number, client in enumerate(clients):
        assert read_until(client, b"\n") == b"%d: hello\n" % number
    big = bytes(range(256)) * 4000
    threading.Thread(target=clients[0].sendall, args=(big,), daemon=True).start()
    got = b""
    while len(got) < len(big):
        got += clients[0].recv(65536)
    assert got == big
    for client in clients[5:]:
        client.close()
    out = server.stop()
    assert out.startswith("20 connections, ")


def test_echo_half_close(by_cmake: Callable[[str, str], Path], start: Callable[..., Server]) -> None:
    server = start(by_cmake("echo_server", "echo_server"))
    with connect(server.address) as client:
        client.sendall(b"last words")
        client.shutdown(socket.SHUT_WR)
        assert read_until(client, b"last words") == b"last words"
        assert client.recv(1) == b""
    server.stop()


@pytest.mark.skipif(not shutil.which("nc"), reason="nc is not installed")
def test_echo_with_nc(by_command: Callable[..., Path], start: Callable[..., Server]) -> None:
    server = start(by_command("echo_server/echo_server.ac"))
    said = subprocess.run(
        ["nc", "-N", server.host, str(server.port)], input="by netcat\n", capture_output=True, text=True, timeout=10
    )
    assert said.stdout == "by netcat\n"
    server.stop()


# --- chat server -----------------------------------------------------------------------------------------------------


def test_chat(by_command: Callable[..., Path], start: Callable[..., Server]) -> None:
    server = start(by_command("chat_server/chat_server.ac"))
    ann, bob, eve = connect(server.address), connect(server.address), connect(server.address)
    for client, name in ((ann, b"ann"), (bob, b"bob"), (eve, b"eve")):
        read_until(client, b"welcome")
        client.sendall(b"/nick " + name + b"\n/who\n")
        read_until(client, b"you are " + name)
    eve.sendall(b"/join attic\n/who\n")
    read_until(eve, b"you are eve in attic")
    ann.sendall(b"hello bob\n")
    heard = read_until(bob, b"ann: hello bob\n")
    assert b"eve left" in heard
    eve.sendall(b"anybody?\n/rooms\n")
    rooms = read_until(eve, b"attic: 1")
    assert b"lobby: 2" in rooms and b"hello bob" not in rooms and b"anybody" not in rooms
    bob.sendall(b"/quit\n")
    read_until(ann, b"bob left")
    assert "bye" in server.stop()


def test_a_slow_reader_misses_lines_and_holds_nobody_up(
    by_cmake: Callable[[str, str], Path], start: Callable[..., Server]
) -> None:
    server = start(by_cmake("chat_server", "chat_server"))
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(server.address)
    talker, listener = connect(server.address), connect(server.address)
    for client in (slow, talker, listener):
        read_until(client, b"welcome")
    lines = 30_000
    heard = bytearray()

    def listen() -> None:
        while b"\n" not in heard or b"the end" not in heard[-2000:]:
            heard.extend(listener.recv(65536))

    ear = threading.Thread(target=listen)
    ear.start()
    for number in range(lines):
        talker.sendall(b"%06d %s\n" % (number, b"x" * 300))
        if number % 50 == 0:
            time.sleep(0.002)  # so that the quick listener keeps up
    talker.sendall(b"the end\n")
    ear.join(timeout=30)
    assert not ear.is_alive(), "the slow reader held up the other"
    slow.settimeout(10)
    seen = b""
    while b"you missed" not in seen:
        seen = seen[-100:] + slow.recv(65536)
    server.stop()


# --- port scanner ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
@pytest.mark.parametrize("at_once", ["1", "50"])
def test_port_scanner(
    by_command: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, flavor: str, at_once: str
) -> None:
    monkeypatch.setenv("ASYNCC_FLAVOR", flavor)
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = sorted(listener.getsockname()[1] for listener in listeners)
    first, last = max(1, ports[0] - 100), min(65535, ports[-1] + 100)
    if last - first > 5000:  # the kernel gave ports far apart: look at one of them
        first, last, ports = ports[0], ports[0], ports[:1]
    found = output(by_command("port_scanner/port_scanner.ac"), "127.0.0.1", str(first), str(last), at_once, "2000")
    open_ports = {int(m) for m in re.findall(r"^(\d+) open$", found, re.M)}
    assert set(ports) <= open_ports
    assert f"{len(open_ports)} of {last - first + 1} ports open" in found


def test_port_scanner_refuses_nonsense(by_cmake: Callable[[str, str], Path]) -> None:
    done = subprocess.run(
        [str(by_cmake("port_scanner", "port_scanner")), "127.0.0.1", "80", "seven"], capture_output=True, text=True
    )
    assert done.returncode == 2 and "last must be a number" in done.stderr


# --- HTTP server -----------------------------------------------------------------------------------------------------


@pytest.fixture
def http(by_cmake: Callable[[str, str], Path], start: Callable[..., Server]) -> Server:
    return start(by_cmake("http_server", "http_server"))


def curl(server: Server, path: str, *flags: str) -> str:
    command = [
        "curl",
        "--silent",
        "--show-error",
        "--max-time",
        "10",
        *flags,
        f"http://{server.host}:{server.port}{path}",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_http_routes(http: Server) -> None:
    assert curl(http, "/") == "Hello, World!"
    assert curl(http, "/echo", "--data-binary", "some words") == "some words"
    assert curl(http, "/echo", "-H", "Transfer-Encoding: chunked", "--data-binary", "in chunks") == "in chunks"
    code = ("-o", "/dev/null", "-w", "%{http_code}")
    assert curl(http, "/nowhere", *code) == "404"
    assert curl(http, "/", "-X", "DELETE", *code) == "405"
    assert curl(http, "/echo", "-H", "Expect:", "--data-binary", "x" * 70_000, *code) == "413"
    assert curl(http, "/" + "y" * 3000, *code) == "414"
    assert curl(http, "/slow/50") == "at last\n"
    assert re.match(r"\d+ requests, \d+ connections", curl(http, "/stats"))


def test_http_keep_alive(http: Server) -> None:
    """curl asks for two pages on one connection."""
    url = f"http://{http.host}:{http.port}/"
    done = subprocess.run(["curl", "-sv", "--max-time", "10", url, url], capture_output=True, text=True, check=True)
    assert done.stdout == "Hello, World!" * 2
    assert "Re-using existing connection" in done.stderr


def test_http_pipeline_and_split_requests(http: Server) -> None:
    with connect(http.address) as client:
        request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        client.sendall(request * 3 + request[:10])
        got = b""
        while got.count(b"Hello, World!") < 3:
            got += client.recv(4096)
        client.sendall(request[10:])
        read_until(client, b"Hello, World!")
        client.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        last = b""
        while more := client.recv(4096):
            last += more
        assert b"Connection: close" in last and last.endswith(b"Hello, World!")


def test_http_bad_request(http: Server) -> None:
    with connect(http.address) as client:
        client.sendall(b"this is not HTTP\r\n\r\n")
        assert b"400 Bad Request" in read_until(client, b"\r\n\r\n")


def test_http_stop_lets_a_request_finish(http: Server) -> None:
    with connect(http.address) as busy, connect(http.address) as idle:
        busy.sendall(b"GET /slow/600 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        stopped: list[str] = []
        stopper = threading.Thread(target=lambda: stopped.append(http.stop(signal.SIGTERM)))
        stopper.start()
        assert idle.recv(1) == b""
        assert b"at last" in read_until(busy, b"at last")
        stopper.join()
        assert "served 1 requests" in stopped[0]


# --- inside libuv's loop -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    subprocess.run(["pkg-config", "--exists", "libuv"]).returncode != 0, reason="libuv is not installed"
)
def test_embedding(by_cmake: Callable[[str, str], Path]) -> None:
    assert output(by_cmake("embedding", "embedding")) == "10 ticks of libuv, 10 bytes read by a task\n"


# --- ways to end programs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        ("workers", "4 workers did jobs, 4 reloads heard, all stopped\n"),
        ("token_tree", "6 requests\n3 requests\n0 requests\n"),
        ("pipeline", "drained, nothing lost\n"),
    ],
)
def test_endings(
    by_cmake: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, flavor: str, program: str, wanted: str
) -> None:
    monkeypatch.setenv("ASYNCC_FLAVOR", flavor)
    assert output(by_cmake("shutdown", program)) == wanted


def test_grace_waits_for_those_in_progress(by_cmake: Callable[[str, str], Path], start: Callable[..., Server]) -> None:
    server = start(by_cmake("shutdown", "grace"), "8000")
    with connect(server.address) as busy, connect(server.address) as idle:
        busy.sendall(b"work\n")
        time.sleep(0.3)
        out: list[str] = []
        stopper = threading.Thread(target=lambda: out.append(server.stop(signal.SIGTERM)))
        stopper.start()
        assert read_until(idle, b"bye\n") == b"bye\n"
        assert read_until(busy, b"bye\n") == b"done\nbye\n"
        stopper.join()
    assert out == ["all connections ended\n"]


def test_grace_gives_up(by_cmake: Callable[[str, str], Path], start: Callable[..., Server]) -> None:
    server = start(by_cmake("shutdown", "grace"), "100")
    with connect(server.address) as busy:
        busy.sendall(b"work\n")
        time.sleep(0.3)
        assert server.stop(signal.SIGTERM) == "gave up on 1 connections\n"
