"""The demo's client: a few requests on one kept-alive connection, and what came back."""

from __future__ import annotations

import http.client
import sys


def show(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> bool:
    print(f"> {method} {path}" + (f"   {body}" if body else ""))
    connection.request(method, path, body=body)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    print(f"< {answer.status} {answer.reason}, {answer.getheader('Content-Type', 'no type')}")
    for line in text.splitlines()[:8]:
        print(f"< {line}")
    return answer.status < 500


def main() -> int:
    host, _, port = sys.argv[1].rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    worked = [
        show(connection, "GET", "/"),
        show(connection, "GET", "/slow/20"),
        show(connection, "GET", "/nowhere"),
        show(connection, "POST", "/echo", "hello there"),
    ]
    connection.close()
    return 0 if all(worked) else 1


if __name__ == "__main__":
    sys.exit(main())
