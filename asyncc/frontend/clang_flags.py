"""The flags with which clang reads a .ac file: the user's own, where the headers are, and what is an error here."""

from __future__ import annotations

from ..paths import include_dir
from .options import FrontendOptions
from .toolchain import Toolchain

# In a .ac file these are errors: mixing up handle types or async and plain pointers would compile to nonsense.
_STRICT = [
    "-Wno-everything",  # not -w, which would silence the next ones too
    "-Werror=implicit-function-declaration",
    "-Werror=implicit-int",
    "-Werror=incompatible-pointer-types",
    "-Werror=pointer-type-mismatch",  # the arms of a conditional: how the typed macros of <asyncc/…> compare
    "-Wno-incompatible-pointer-types-discards-qualifiers",
    "-Werror=incompatible-function-pointer-types",
    "-Werror=int-conversion",
    "-Wignored-attributes",  # a warning: c_errors.py makes errors of those that are about the word
    "-fbracket-depth=1200",  # gcc has no limit; clang's own of 256 is for its stack, which takes this many everywhere
]
_TARGET_FLAGS = (
    "-m32",
    "-m64",
    "-mx32",
    "--target=",
    "--sysroot=",
    "-isysroot",
    "-target",
    "-nostdinc",
    "-nostdlibinc",
)
_TAKE_VALUE = (
    "-isystem",
    "-include",
    "-imacros",
    "-iquote",
    "-idirafter",
    "-isysroot",
    "-target",
    "--sysroot",
    "-I",
    "-D",
)


def clang_flags(options: FrontendOptions, toolchain: Toolchain, version: int) -> list[str]:
    """`version` is libclang's."""
    own = options.include_dir or str(include_dir())
    return [
        "-xc",
        f"-std={options.std}",
        "-D__ASYNCC__",
        *(f"-I{d}" for d in options.include_dirs),
        *(f"-D{d}" for d in options.defines),
        *(f"-U{d}" for d in options.undefines),
        *options.extra,
        f"-I{own}",
        *toolchain.flags,
        *_STRICT,
        f"-ferror-limit={0 if toolchain.foreign else 50}",  # headers for another compiler may give hundreds
        # gcc takes [[…]] in every standard; clang since 17, which then forgot the flag.
        *(["-fdouble-square-bracket-attributes"] if version < 17 else []),
    ]


def target_flags(extra: list[str]) -> list[str]:
    """Those of the user's flags that change where headers are."""
    found: list[str] = []
    k = 0
    while k < len(extra):
        flag = extra[k]
        takes = flag in _TAKE_VALUE
        if flag.startswith(_TARGET_FLAGS):
            found += extra[k : k + 2] if takes else [flag]
        k += 2 if takes else 1
    return found
