#!/usr/bin/env python3
"""TCP echo and HTTP hello: asyncc's samples beside Tokio and hyper (and nginx for HTTP), side by side in one run.

    python bench/network.py [--rounds 3] [--seconds 3]

Echo: a load generator of this folder (echo_load.c, epoll) keeps one 64-byte message in flight on each of 1, 64 and 1,000 connections
and counts round trips. HTTP: wrk with 2 threads and 64 connections. Printed are operations a second, ratios to the peers with
their spread, and the share of the server's CPU time that was spent in the kernel.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent


@dataclass
class Server:
    name: str
    command: list[str]
    address: str = ""  # where it does not print its own


@contextmanager
def running(server: Server) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Starts a server; gives the address it printed."""
    process = subprocess.Popen(server.command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if server.address:
            time.sleep(0.5)
        yield server.address or process.stdout.readline().removeprefix("listening on ").strip(), process
    finally:
        process.terminate()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu_times(pid: int) -> tuple[int, int]:
    """CPU time of a process and its children, in the user's code and in the kernel."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    below = [cpu_times(int(child)) for child in children]
    return int(fields[11]) + sum(b[0] for b in below), int(fields[12]) + sum(b[1] for b in below)


def build(out: Path) -> tuple[list[Server], list[Server]]:
    out.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    asyncc = [sys.executable, "-m", "asyncc", "build"]
    subprocess.run(
        [*asyncc, str(ROOT / "samples/echo_server/echo_server.ac"), "-O3", "-o", str(out / "echo")],
        check=True,
        env=environment,
    )
    llhttp = Path(os.environ.get("LLHTTP_ROOT", out / "llhttp"))
    subprocess.run([sys.executable, str(ROOT / "scripts/get-llhttp"), str(llhttp)], check=True)
    parser = [str(llhttp / "src" / name) for name in ("api.c", "http.c", "llhttp.c")]
    subprocess.run(
        [*asyncc, str(ROOT / "samples/http_server/http_server.ac"), *parser, f"-I{llhttp}/include", "-O3", "-o", str(out / "http")],
        check=True, env=environment,
    )  # fmt: skip
    subprocess.run(["gcc", "-O2", "-o", str(out / "echo_load"), str(BENCH / "echo_load.c")], check=True)
    echo, http = (
        [Server("asyncc", [str(out / "echo"), "127.0.0.1:0"])],
        [Server("asyncc", [str(out / "http"), "127.0.0.1:0"])],
    )
    if shutil.which("cargo"):
        for name, features in (("tokio", []), ("tokio+mimalloc", ["--features", "mimalloc"])):
            subprocess.run(
                ["cargo", "build", "--release", "--quiet", "--manifest-path", str(BENCH / "tokio/Cargo.toml"),
                 "--target-dir", str(out / name), *features], check=True,
            )  # fmt: skip
            echo.append(Server(name, [str(out / name / "release/tokio-echo"), "127.0.0.1:0"]))
            http.append(Server(f"hyper on {name}", [str(out / name / "release/tokio-http"), "127.0.0.1:0"]))
    return echo, http


NGINX = """daemon off; master_process on; worker_processes 2; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder};
fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
server {{ listen 127.0.0.1:{port}; location / {{ default_type text/plain; return 200 "Hello, World!"; }} }} }}
"""


def rate(kind: str, address: str, connections: int, seconds: int, out: Path) -> float:
    if kind == "echo":
        printed = subprocess.run(
            [str(out / "echo_load"), address, str(connections), str(seconds)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return float(printed)
    printed = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", f"http://{address}/"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"Requests/sec:\s*([\d.]+)", printed)
    assert found and "Non-2xx" not in printed, printed
    return float(found[1])


def compare(kind: str, servers: list[Server], connections: int, rounds: int, seconds: int, out: Path) -> None:
    rates: dict[str, list[float]] = {server.name: [] for server in servers}
    kernel: dict[str, float] = {}
    for turn in range(rounds):
        for server in servers if turn % 2 == 0 else servers[::-1]:
            with running(server) as (address, process):
                rates[server.name].append(rate(kind, address, connections, seconds, out))
                user, system = cpu_times(process.pid)
                kernel[server.name] = system / max(1, user + system)
    print(f"\n{kind}, {connections} connections")
    for name, values in rates.items():
        ratios = [ours / theirs for ours, theirs in zip(rates["asyncc"], values, strict=True)]
        print(
            f"  {name:24} {statistics.median(values):10.0f} a second   asyncc ÷ it "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})   kernel {kernel[name]:.0%}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench")
    options = parser.parse_args()
    echo, http = build(options.out)
    for connections in (1, 64, 1000):
        compare("echo", echo, connections, options.rounds, options.seconds, options.out)
    if not shutil.which("wrk"):
        print("wrk is not installed: no HTTP rows")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        if shutil.which("nginx"):
            port = 18080
            configuration = Path(folder, "nginx.conf")
            configuration.write_text(NGINX.format(folder=folder, port=port))
            command = ["nginx", "-c", str(configuration), "-p", folder]
            http.append(Server("nginx", command, f"127.0.0.1:{port}"))
        compare("http", http, 64, options.rounds, options.seconds, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
