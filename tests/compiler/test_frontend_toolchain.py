"""Machines without clang's headers, and headers of another clang than libclang's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import Command
from frontend_support import nodes, parse

from asyncc.frontend import toolchain
from asyncc.ir.tree import Await

HEAD = "#include <asyncc/asyncc.h>\n"
GCC = shutil.which("gcc")
STANDARD = [
    "complex",
    "float",
    "inttypes",
    "iso646",
    "limits",
    "math",
    "stdalign",
    "stdarg",
    "stdatomic",
    "stdbool",
    "stddef",
    "stdint",
    "stdio",
    "stdlib",
    "stdnoreturn",
    "string",
    "tgmath",
    "threads",
    "time",
    "unistd",
    "pthread",
]

needs_gcc = pytest.mark.skipif(GCC is None, reason="needs gcc")


@needs_gcc
def test_with_gcc_alone_the_standard_headers_are_read(asyncc: Command, tmp_path: Path) -> None:
    includes = "".join(f"#include <{name}.h>\n" for name in STANDARD)
    (tmp_path / "a.ac").write_text(
        HEAD
        + includes
        + """
static atomic_int count;
static int sum(int n, ...) { va_list a; va_start(a, n); int s = 0; while (n--) s += va_arg(a, int); va_end(a); return s; }
static async double number(double d) { await ac_yield(); return d; }
async int main(void)
{
    alignas(16) double d = sqrt(await number(16));
    atomic_fetch_add(&count, sum(2, 1, (int)await number(2)));
    bool right = atomic_load(&count) == 3 and creal(d + I * d) < DBL_MAX;
    printf("%d %" PRId64 "\\n", right, INT64_C(7));
    return !right;
}
"""
    )
    done = asyncc("a.ac", "--cc=gcc", "-o", "a.c", ASYNCC_CLANG_HEADERS="")
    assert (done.returncode, done.stderr) == (0, "")
    include = str(Path(toolchain.__file__).parents[2] / "include")
    compiled = subprocess.run(
        ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{include}", "-c", "a.c"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert compiled.returncode == 0, compiled.stderr


def has_vectors() -> bool:
    header = subprocess.run(["gcc", "-print-file-name=include/emmintrin.h"], capture_output=True, text=True)
    return Path(header.stdout.strip()).is_file()


VECTORS = """#include <immintrin.h>
static async __m128i twice(__m128i a) { await ac_yield(); return _mm_adds_epi8(a, a); }
async int main(void)
{
    int out[4];
    __m128i v = await twice(_mm_set_epi32(4, 3, 2, 1));
    _mm_storeu_si128((__m128i *)out, %s(v, v));
    return out[3] != 16;
}
"""


@needs_gcc
def test_vector_intrinsics_of_a_gcc_alone_can_be_used(asyncc: Command, tmp_path: Path) -> None:
    """libclang knows few of the builtins in the bodies of that header; what they declare is enough."""
    if not has_vectors():
        pytest.skip("gcc has no such header for this processor")
    (tmp_path / "a.ac").write_text(HEAD + VECTORS % "_mm_add_epi32")
    done = asyncc("build", "a.ac", "--cc=gcc", "-o", "a", ASYNCC_CLANG_HEADERS="")
    assert (done.returncode, done.stderr) == (0, "")
    assert subprocess.run([tmp_path / "a"]).returncode == 0


@needs_gcc
def test_what_is_missing_beside_a_header_for_gcc_alone_is_one_error_with_what_to_install(
    asyncc: Command, tmp_path: Path
) -> None:
    if not has_vectors():
        pytest.skip("gcc has no such header for this processor")
    (tmp_path / "a.ac").write_text(HEAD + VECTORS % "_mm_nowhere")
    done = asyncc("a.ac", "--cc=gcc", "-o", "a.c", ASYNCC_CLANG_HEADERS="")
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if " error: " in line]
    assert "_mm_nowhere" in errors[1], done.stderr
    assert errors[0].startswith("a.ac:2:"), done.stderr
    assert "install the headers of clang" in done.stderr
    assert not (tmp_path / "a.c").exists()


def folders(top: Path, *names: str) -> list[str]:
    """Folders that look like a compiler's own headers."""
    made = []
    for name in names:
        path = top / name
        path.mkdir(parents=True)
        for header in ("stddef.h", "stdarg.h"):
            (path / header).touch()
        made.append(str(path))
    return made


def test_the_headers_of_libclang_s_own_version_are_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, fitting = folders(tmp_path, "clang/19/include", "clang/16.0.6/include")
    (gcc,) = folders(tmp_path, "gcc/12/include")
    monkeypatch.setattr(toolchain, "_resource_dirs", lambda: [new, fitting])
    found = toolchain._chosen([gcc, "/usr/include"], 16)
    assert fitting in found.flags
    assert new not in found.flags
    assert found.flags.index(gcc) > found.flags.index("/usr/include")
    assert found.foreign == [gcc]


def test_headers_of_another_clang_are_used_and_known_to_be_another_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other,) = folders(tmp_path, "clang/14.0.6/include")
    monkeypatch.setattr(toolchain, "_resource_dirs", lambda: [other])
    found = toolchain._chosen(["/usr/include"], 18)
    assert other in found.flags
    assert found.foreign == [other]


def test_a_pointer_to_an_async_function_is_known_on_a_32_bit_target(tmp_path: Path) -> None:
    """i386 has no preserve_most: another calling convention marks the type there."""
    bits = subprocess.run(
        ["cc", "-m32", "-E", "-xc", "-"], input="#include <stdio.h>\n", capture_output=True, text=True
    )
    if bits.returncode:
        pytest.skip("needs the 32-bit C library's headers")
    text = "struct s { async int (*p)(int); };\nasync int f(struct s *s) { return await s->p(1); }\n"
    unit = parse(tmp_path, text, extra=["-m32"])
    assert unit.pointer_size == 4
    assert [f.decl.name for f in unit.functions] == ["f"]


TARGETS = ["x86_64", "i686", "aarch64", "arm", "powerpc64le", "s390x"]


@pytest.mark.parametrize("processor", TARGETS)
def test_pointers_to_async_functions_are_known_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processor: str
) -> None:
    """Without a compiler for it: the headers are this machine's, the types are the target's."""
    find = toolchain.find
    monkeypatch.setattr(toolchain, "find", lambda cc, _flags, version: find(cc, [], version))
    text = "struct s { async int (*p)(int); };\nasync int f(struct s *s) { return await s->p(1); }\n"
    unit = parse(tmp_path, text, extra=[f"--target={processor}-linux-gnu"])
    assert unit.pointer_size == (4 if processor in ("i686", "arm") else 8)
    (function,) = unit.functions
    (awaited,) = nodes(function.body, Await)
    assert isinstance(awaited, Await)
    assert awaited.type.size == 4
