"""The inspector's data for other programs. Names and meanings are those of ir/machine.py; `version` changes when they do."""

from __future__ import annotations

import dataclasses
import json
from enum import Enum
from typing import Any

from .describe import Inspected, shares_with

VERSION = 1


def render(inspected: Inspected) -> str:
    functions = []
    for machine in inspected.machines:
        entry = dataclasses.asdict(machine)
        for described, one in zip(entry["fields"], machine.fields, strict=True):
            described["shares_bytes_with"] = [other.name for other in shares_with(machine, one)]
        functions.append(entry)
    document = {"version": VERSION, "file": inspected.file, "functions": functions}
    return json.dumps(document, indent=2, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)
