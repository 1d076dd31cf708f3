#!/usr/bin/env python3
"""How long asyncc takes, beside the C compiler on what it wrote.

    python bench/compile.py [--lines 2000] [--rounds 5]

Makes a program of so many lines (async functions of loops, switches, calls and awaits), and prints the median and the spread of: asyncc
on it, `gcc -O2 -c` on the output, and asyncc on a hello program.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HEAD = """#include <asyncc/asyncc.h>
#include <stdio.h>
#include <string.h>

struct item { int key; long weight; char name[16]; };
static struct item items[64];

"""

FUNCTION = """async long step_{n}(int from, const char *name)
{{
    long sum = 0;
    struct item local = {{ .key = from, .weight = {n} }};
    snprintf(local.name, sizeof local.name, "%s", name);
    for (int i = from; i < from + 4; i++) {{
        switch (i & 3) {{
        case 0:
            sum += {callee} + i;
            break;
        case 1: {{
            struct item *p = &items[i & 63];
            await ac_yield();
            p->weight += local.weight;
            sum -= p->weight;
            continue;
        }}
        default:
            if (sum > 1000 && strcmp(local.name, "x") != 0) return sum;
            sum ^= i;
        }}
        defer local.key++;
        await ac_yield();
        sum += local.key * 3;
    }}
    within (ac_ms(50)) {{
        await ac_sleep(ac_us(sum & 7));
    }} else {{
        sum = -1;
    }}
    return sum;
}}

"""

HELLO = """#include <asyncc/asyncc.h>
#include <stdio.h>

async int main(void)
{
    await ac_sleep(ac_ms(1));
    printf("hello\\n");
    return 0;
}
"""


def program(lines: int) -> str:
    text = [HEAD]
    count, n = HEAD.count("\n"), 0
    while count < lines:
        callee = f"await step_{n - 1}(i, local.name)" if n % 8 else "items[i & 63].weight"
        text.append(FUNCTION.format(n=n, callee=callee))
        count += FUNCTION.count("\n")
        n += 1
    text.append(f'async int main(void) {{ return (int)(await step_{n - 1}(0, "x") & 1); }}\n')
    return "".join(text)


def timed(command: list[str], rounds: int) -> list[float]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, env=environment)  # warm
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, env=environment)
        times.append(time.perf_counter() - start)
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        big, hello = Path(folder, "big.ac"), Path(folder, "hello.ac")
        big.write_text(program(options.lines))
        hello.write_text(HELLO)
        asyncc = [sys.executable, "-m", "asyncc"]
        include = f"-I{ROOT / 'include'}"
        rows = [
            (f"asyncc, {options.lines} lines", [*asyncc, str(big), "-o", f"{folder}/big.c"]),
            (
                "gcc -O2 -c on the output",
                ["gcc", "-O2", "-std=gnu11", include, "-c", f"{folder}/big.c", "-o", f"{folder}/big.o"],
            ),
            ("asyncc, hello", [*asyncc, str(hello), "-o", f"{folder}/hello.c"]),
        ]
        medians = []
        for name, command in rows:
            times = timed(command, options.rounds)
            medians.append(statistics.median(times))
            print(f"{name:28} {medians[-1]:.3f} s  ({min(times):.3f}–{max(times):.3f})")
        print(f"{'asyncc ÷ gcc':28} {medians[0] / medians[1]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
