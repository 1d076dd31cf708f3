#!/usr/bin/env python3
"""TCP echo and HTTP hello: asyncc's samples beside Tokio and hyper (and nginx for HTTP), side by side in one run.

    python bench/network.py [--rounds 3] [--seconds 3] [--only echo|http] [--connections 1,64,1000] [--out DIR]

Echo: a load generator of this folder (echo_load.c, epoll) keeps one 64-byte message in flight on each connection and counts round
trips. HTTP: wrk with 2 threads and 64 connections. All servers take their turn in each round, in alternating order; a
ratio is asyncc's rate over the peer's *in the same round*: above 1, asyncc is faster.

Beside the rate stands the server's own CPU time for an operation, in the user's code and in the kernel: what the load generator
or the rest of the machine does falls into the rate, but hardly into that.

Writes network.md and network.json to the output directory (build/bench). A peer that is not installed or does not run is
left out, and said to be.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
TICK = 1 / os.sysconf("SC_CLK_TCK")
TO_START, TO_BUILD = 10, 1200  # seconds


class TroubleError(Exception):
    """Says what went wrong, for people."""


@dataclass
class Server:
    name: str
    command: list[str]
    address: str = ""  # where it does not print its own


@dataclass
class Turn:
    rate: float  # operations a second
    user: float  # the server's CPU time, microseconds an operation
    system: float


@dataclass
class Row:
    name: str
    turns: dict[str, list[Turn]] = field(default_factory=dict)  # server → one a round

    def ratios(self, peer: str) -> list[float]:
        pairs = zip(self.turns["asyncc"], self.turns[peer], strict=True)
        return [ours.rate / theirs.rate for ours, theirs in pairs]


# --- Building ---------------------------------------------------------------------------------------------------------


def make(what: str, command: Sequence[str | Path]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TO_BUILD)
    except subprocess.TimeoutExpired:
        raise TroubleError(f"{what} was not built after {TO_BUILD} s") from None
    if done.returncode:
        raise TroubleError(f"{what} cannot be built:\n{(done.stderr or done.stdout)[-2000:]}")


def sample(name: str, out: Path, *more: str) -> Server:
    asyncc = [sys.executable, "-m", "asyncc", "build"]
    make(name, [*asyncc, f"{ROOT}/samples/{name}/{name}.ac", *more, "-O3", "-o", out / name])
    return Server("asyncc", [str(out / name), "127.0.0.1:0"])


def rust(out: Path) -> Iterator[tuple[str, Path]]:
    """The folders of Tokio's programs, as it comes and with mimalloc."""
    if not shutil.which("cargo"):
        say("cargo is not installed: without Tokio and hyper")
        return
    for name, features in (("tokio", []), ("tokio+mimalloc", ["--features", "mimalloc"])):
        cargo = ["cargo", "build", "--release", "--quiet", "--manifest-path", f"{BENCH}/tokio/Cargo.toml"]
        try:
            make(name, [*cargo, "--target-dir", str(out / name), *features])
        except TroubleError as trouble:
            say(f"left out: {trouble}")
            continue
        yield name, out / name / "release"


NGINX = """daemon off; master_process on; worker_processes 2; pid {folder}/pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder};
fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
server {{ listen 127.0.0.1:{port}; location / {{ default_type text/plain; return 200 "Hello, World!"; }} }} }}
"""


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
    return port


def nginx(folder: str) -> Server | None:
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not program:
        say("nginx is not installed (scripts/setup bench installs it): HTTP without it")
        return None
    port = free_port()
    configuration = Path(folder, "nginx.conf")
    configuration.write_text(NGINX.format(folder=folder, port=port))
    return Server("nginx", [program, "-e", "stderr", "-c", str(configuration), "-p", folder], f"127.0.0.1:{port}")


# --- A server that runs -----------------------------------------------------------------------------------------------


def wait_until_it_accepts(address: str) -> None:
    host, _, port = address.rpartition(":")
    end = time.monotonic() + TO_START
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError as error:
            if time.monotonic() > end:
                raise TroubleError(f"nothing accepts connections at {address}: {error}") from None
            time.sleep(0.02)
        else:
            return


def address_it_prints(process: subprocess.Popen[str]) -> str:
    """The first line says where it listens."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        line = process.stdout.readline() if selector.select(TO_START) else ""
    if not line.startswith("listening on "):
        raise TroubleError(f"it does not say where it listens, but: {line!r}")
    return line.removeprefix("listening on ").strip()


@contextmanager
def running(server: Server) -> Iterator[tuple[str, int]]:
    """Starts a server; gives its address and process. However this ends, the server does, and its workers do."""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            server.command, stdout=subprocess.PIPE, stderr=complaints, text=True, start_new_session=True
        )
        try:
            address = server.address or address_it_prints(process)
            wait_until_it_accepts(address)
            yield address, process.pid
            if process.poll() is not None:
                raise TroubleError(f"it ended under load with status {process.returncode}")
        except TroubleError as trouble:
            complaints.seek(0)
            raise TroubleError(f"{server.name}: {trouble}\n{complaints.read()[-500:]}".strip()) from None
        finally:
            process.terminate()
            try:
                process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def cpu_times(pid: int) -> tuple[float, float]:
    """CPU seconds of a process and its children, in the user's code and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]) * TICK, int(fields[12]) * TICK
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        below = cpu_times(int(child))
        user, system = user + below[0], system + below[1]
    return user, system


# --- Measuring --------------------------------------------------------------------------------------------------------


def load(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 20)
    except subprocess.TimeoutExpired:
        raise TroubleError(f"{Path(command[0]).name} did not come to an end") from None
    if done.returncode:
        raise TroubleError(f"{Path(command[0]).name}: {done.stderr or done.stdout}")
    return done.stdout


def operations(kind: str, address: str, connections: int, seconds: float, out: Path) -> tuple[int, float]:
    """How many, and how many a second."""
    if kind == "echo":
        total, a_second = load([str(out / "echo_load"), address, str(connections), str(seconds)], seconds).split()
        return int(total), float(a_second)
    printed = load(["wrk", "-t2", f"-c{connections}", f"-d{seconds:.0f}s", f"http://{address}/"], seconds)
    count, found = re.search(r"(\d+) requests in", printed), re.search(r"Requests/sec:\s*([\d.]+)", printed)
    if not count or not found or "Non-2xx" in printed:
        raise TroubleError(f"wrk did not get its answers:\n{printed}")
    return int(count[1]), float(found[1])


def measure(kind: str, server: Server, connections: int, seconds: float, out: Path) -> Turn:
    with running(server) as (address, pid):
        before = cpu_times(pid)
        total, a_second = operations(kind, address, connections, seconds, out)
        after = cpu_times(pid)
    each = 1e6 / max(1, total)
    return Turn(a_second, (after[0] - before[0]) * each, (after[1] - before[1]) * each)


def compare(kind: str, servers: list[Server], connections: int, rounds: int, seconds: float, out: Path) -> Row:
    row = Row(f"{kind}, {connections} connection{'s' if connections > 1 else ''}")
    for turn in range(rounds):
        for server in list(servers if turn % 2 == 0 else servers[::-1]):
            try:
                row.turns.setdefault(server.name, []).append(measure(kind, server, connections, seconds, out))
            except TroubleError as trouble:
                if server.name == "asyncc":
                    raise
                say(f"left out: {trouble}")
                servers.remove(server)
                row.turns.pop(server.name, None)
    return row


# --- Telling ----------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


HEAD = ["", "a second", "asyncc ÷ it", "user, µs", "kernel, µs", "in the kernel"]


def lines(row: Row) -> list[list[str]]:
    told = []
    for name, turns in row.turns.items():
        ratios = row.ratios(name)
        user, system = statistics.median(t.user for t in turns), statistics.median(t.system for t in turns)
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})" if name != "asyncc" else ""
        share = f"{system / (user + system):.0%}" if user + system else "?"
        told.append(
            [name, f"{statistics.median(t.rate for t in turns):,.0f}", ratio, f"{user:.1f}", f"{system:.1f}", share]
        )
    return told


def in_columns(row: Row) -> str:
    cells = [[row.name, *HEAD[1:]], *lines(row)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEAD))]
    return "\n".join(
        line[0].ljust(widths[0])
        + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in cells
    )


def markdown(rows: list[Row]) -> str:
    def of(cells: list[str]) -> str:
        return f"| {' | '.join(cells)} |"

    head = ["row", "server", *HEAD[1:]]
    body = [[row.name, *line] for row in rows for line in lines(row)]
    return "\n".join(of(line) for line in [head, ["---"] * len(head), *body]) + "\n"


# --- The run ----------------------------------------------------------------------------------------------------------


def echo_rows(options: argparse.Namespace) -> Iterator[Row]:
    out: Path = options.out
    make("echo_load", ["cc", "-O2", "-o", out / "echo_load", BENCH / "echo_load.c"])
    servers = [sample("echo_server", out)]
    servers += [Server(name, [str(folder / "tokio-echo"), "127.0.0.1:0"]) for name, folder in rust(out)]
    for connections in options.connections:
        yield compare("echo", servers, connections, options.rounds, options.seconds, out)


def http_rows(options: argparse.Namespace) -> Iterator[Row]:
    out: Path = options.out
    if not shutil.which("wrk"):
        say("wrk is not installed (scripts/setup bench installs it): no HTTP rows")
        return
    llhttp = Path(os.environ.get("LLHTTP_ROOT", out / "llhttp"))
    make("llhttp", [sys.executable, ROOT / "scripts/get-llhttp", llhttp])
    parser = [f"{llhttp}/src/{name}" for name in ("api.c", "http.c", "llhttp.c")]
    servers = [sample("http_server", out, *parser, f"-I{llhttp}/include")]
    servers += [Server(f"hyper on {name}", [str(folder / "tokio-http"), "127.0.0.1:0"]) for name, folder in rust(out)]
    with tempfile.TemporaryDirectory() as folder:
        other = nginx(folder)
        yield compare("http", servers + ([other] if other else []), 64, options.rounds, options.seconds, out)


def measured(options: argparse.Namespace) -> Iterator[Row]:
    if options.only != "http":
        yield from echo_rows(options)
    if options.only != "echo":
        yield from http_rows(options)


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="for each measurement; wrk takes whole ones")
    parser.add_argument("--only", choices=("echo", "http"))
    parser.add_argument("--connections", type=numbers, default=[1, 64, 1000], help="of the echo rows")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench")
    options = parser.parse_args()
    options.seconds = max(1.0, options.seconds)
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    try:
        for row in measured(options):
            say(in_columns(row) + "\n")
            rows.append(row)
    except TroubleError as trouble:
        print(f"network.py: {trouble}", file=sys.stderr)
        return 1
    (options.out / "network.md").write_text(markdown(rows))
    (options.out / "network.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    say(f"wrote {options.out}/network.md, network.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
