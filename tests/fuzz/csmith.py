"""Random programs of csmith, and the async programs made of them.

Csmith's programs have one meaning by construction: no undefined behaviour, no dependence on what C leaves open. Each prints
a checksum of all its globals. Its arithmetic goes through small functions (`safe_add_func_int32_t_s_s`), which stand deep
inside expressions; a share of them is made async too, so that awaits stand in arguments, conditions, subscripts, on either
side of && and in compound assignments.
"""

from __future__ import annotations

import random
import re
import subprocess
from functools import lru_cache
from pathlib import Path

from convert import Options, convert

INCLUDE_CANDIDATES = (Path("/usr/include/csmith"), Path("/usr/local/include/csmith"))
# With floats csmith mixes pointer types up now and then; a .ac file may not.
STRICT = (
    "-Wno-everything",
    "-Werror=incompatible-pointer-types",
    "-Wno-error=incompatible-pointer-types-discards-qualifiers",
)
HERE = Path(__file__).resolve().parent

# Each is left out with a chance of one in five.
FEATURES = (
    "arrays", "bitfields", "comma-operators", "compound-assignment", "consts", "divs", "embedded-assigns",
    "pre-incr-operator", "post-decr-operator", "jumps", "longlong", "packed-struct", "pointers", "structs", "unions",
    "volatiles", "volatile-pointers", "const-pointers", "global-variables", "inline-function",
)  # fmt: skip


def include_directory() -> Path:
    """Where csmith's headers are; FileNotFoundError when they are not installed."""
    for candidate in INCLUDE_CANDIDATES:
        if (candidate / "csmith.h").is_file():
            return candidate
    raise FileNotFoundError("csmith's headers are not installed (libcsmith-dev)")


def generate(seed: int) -> str:
    """The random program of a seed. The seed also chooses csmith's options."""
    chance = random.Random(seed)
    options = [
        "--seed",
        str(seed),
        "--max-funcs",
        str(chance.randint(3, 8)),
        "--max-block-depth",
        str(chance.randint(2, 5)),
    ]
    options += ["--max-expr-complexity", str(chance.randint(3, 10)), "--max-block-size", str(chance.randint(3, 5))]
    options += [f"--no-{name}" for name in FEATURES if chance.random() < 0.2]
    if chance.random() < 0.3:
        options.append("--float")
    if chance.random() < 0.3:
        options.append("--builtins")
    if chance.random() < 0.5:
        options.append("--concise")
    done = subprocess.run(["csmith", *options], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def trace(parameters: str) -> str:
    """A statement that adds the operands to a sum, whatever the order of the calls: all of them must be made, and once."""
    names = [p.split()[-1] for p in parameters.split(",") if not p.split()[0].startswith(("float", "double"))]
    terms = [f"{31 + 6 * i}u * (uint32_t){name}" for i, name in enumerate(names)]
    return f"trace_sum += {' + '.join([*terms, '1u'])};"


@lru_cache(maxsize=1)
def safe_functions() -> dict[str, str]:
    """The text of csmith's arithmetic helpers, by name, with its own macros resolved."""
    header = include_directory()
    text = f'#include <float.h>\n#include <math.h>\n#include "{header}/random_inc.h"\n'
    done = subprocess.run(
        ["cc", "-E", "-P", f"-I{header}", "-xc", "-"], input=text, capture_output=True, text=True, check=True
    )
    functions = {}
    for match in re.finditer(r"static\s+(\w+)\s+\(safe_(\w+)\)\s*\(([^)]*)\)\s*\{([^}]*)\}", done.stdout):
        result, name, parameters, body = match.groups()
        functions[name] = f"static {result} waiting_{name}({parameters})\n{{\n    {trace(parameters)}{body}}}\n"
    if not functions:
        raise RuntimeError("csmith's safe_math.h has an unexpected form")
    return functions


def with_waiting_arithmetic(program: str, seed: int) -> str:
    """The program with a share of its arithmetic helpers written out under names of their own, to be made async, and with
    their operands in its checksum. It is still plain C and gives the checksum that the async program must give."""
    chance = random.Random(seed ^ 0x5EED)
    share = chance.choice((0.1, 0.4, 1.0))
    definitions = ["static uint32_t trace_sum;\n"]
    for name in sorted(set(re.findall(r"\bsafe_(\w+)\s*\(", program)) & safe_functions().keys()):
        if chance.random() < share:
            program = re.sub(rf"\bsafe_{name}\b", f"waiting_{name}", program)
            definitions.append(safe_functions()[name])
    include = '#include "csmith.h"\n'
    program = re.sub(r"transparent_crc_bytes\s*\(&", "transparent_crc_bytes((char *)&", program)
    program = program.replace("platform_main_end(", "platform_main_end(trace_sum ^ ", 1)
    return program.replace(include, include + "".join(definitions), 1)


def make_async(plain: Path, seed: int) -> str:
    """The async program of a plain one."""
    chance = random.Random(seed ^ 0xA5)
    words = chance.random() < 0.5
    options = Options(
        header=("" if words else "#define ASYNCC_NO_KEYWORDS\n") + '#include "pend.h"',
        prefix="" if words else "ac_",
        suspend="pend()",
        entry="program",
        statements=chance.choice((0.2, 1.0, 1.0)),
        functions=chance.choice((0.9, 1.0, 1.0)),
        seed=seed,
    )
    result = convert([plain], plain.parent, [f"-I{include_directory()}", "-std=gnu11", *STRICT], options)
    [converted] = result.files.values()
    return converted
