"""Names that the tests of the command share with their fixtures."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[..., subprocess.CompletedProcess[str]]

HELLO = """\
#include <asyncc/asyncc.h>
#include <stdio.h>

async int main(void)
{
    await ac_sleep(ac_ms(1));
    printf("hello\\n");
    return 0;
}
"""
