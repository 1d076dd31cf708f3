"""docs/api.md says what the headers say, and leaves no public name out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADERS = sorted((ROOT / "include" / "asyncc").glob("*.h"))
PAGE = (ROOT / "docs" / "api.md").read_text()

# What generated code and futures written by hand use of an awaitable NAME; docs/future-abi.md tells of them.
PARTS = ("future", "init", "poll", "drop", "poll_slow", "drop_slow", "descriptor")


def test_the_page_is_up_to_date() -> None:
    checked = subprocess.run([sys.executable, ROOT / "scripts" / "api", "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def declared() -> set[str]:
    """Every public name that the compiler sees: functions, types and constants in the preprocessed headers, and macros."""
    include = ["gcc", "-std=gnu11", f"-I{ROOT / 'include'}", "-DAC__TESTING_WITHOUT_CHECK", "-E", "-P"]
    source = "#include <asyncc/asyncc.h>\n#include <asyncc/testing.h>\n"
    text = subprocess.run([*include, "-xc", "-"], input=source, capture_output=True, text=True, check=True).stdout
    macros = subprocess.run(
        [*include, "-dM", "-D__ASYNCC__", "-xc", "-"], input=source, capture_output=True, text=True, check=True
    )
    names = set(re.findall(r"\b(?:ac|AC)_[a-zA-Z]\w*", text))
    names |= set(re.findall(r"^#define ((?:ac|AC)_[a-zA-Z]\w*)", macros.stdout, re.M))
    awaitables = {name.removesuffix("_future") for name in names if name.endswith("_future")}
    parts = {f"{awaitable}_{part}" for awaitable in awaitables for part in PARTS}
    return {name for name in names - parts if not name.startswith("ac_op_")}


def test_every_public_name_is_in_it() -> None:
    names = declared()
    assert {
        "ac_read",
        "ac_mpsc_send",
        "AC_MUTEX_INIT",
        "ac_runtime_options",
        "AC_STDIO_NULL",
        "ac_process_drop",
        "ac_within",
    } <= names
    anchors = set(re.findall(r'<a id="(\w+)">', PAGE))
    assert sorted(names - anchors) == []


def test_the_index_leads_to_what_there_is() -> None:
    anchors = set(re.findall(r'<a id="(\w+)">', PAGE))
    assert set(re.findall(r"\[\w+\]\(#((?:ac|AC)_\w+)\)", PAGE)) == anchors


def test_what_is_private_is_not_in_its_declarations() -> None:
    functions = "\n".join(
        block for block in re.findall(r"^```c\n(.*?)^```", PAGE, re.M | re.S) if "struct" not in block
    )
    assert re.findall(r"\b(?:ac|AC)__\w+", functions) == []
