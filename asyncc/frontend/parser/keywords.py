"""Which words of C and its compilers stand in declarations. (The words of the language are in ../words.py.)"""

from __future__ import annotations

STORAGE = frozenset(
    {"static", "extern", "register", "auto", "typedef", "_Thread_local", "__thread", "thread_local", "constexpr"}
)
QUALIFIERS = frozenset({
    "const", "volatile", "restrict", "__const", "__const__", "__volatile", "__volatile__", "__restrict",
    "__restrict__", "inline", "__inline", "__inline__", "_Noreturn", "noreturn", "__extension__", "_Nonnull",
    "_Nullable", "_Null_unspecified", "__unaligned",
})  # fmt: skip
TYPE_WORDS = frozenset({
    "void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "_Bool", "_Complex",
    "_Imaginary", "__complex__", "__complex", "__signed__", "__signed", "__unsigned", "__int128", "_Float16",
    "_Float32", "_Float64", "_Float128", "_Float32x", "_Float64x", "_Float128x", "__float128", "__ibm128", "__bf16",
    "__fp16", "__auto_type", "__builtin_va_list", "_Decimal32", "_Decimal64", "_Decimal128", "__float80", "_Accum",
    "_Fract", "_Sat",
})  # fmt: skip
TYPEOF = frozenset({"typeof", "__typeof__", "__typeof", "typeof_unqual", "__typeof_unqual__"})
TAGS = frozenset({"struct", "union", "enum"})
ATTRIBUTE = frozenset({"__attribute__", "__attribute", "__declspec"})
ALIGNAS = frozenset({"_Alignas", "alignas"})
BIT_INT = frozenset({"_BitInt", "_ExtInt"})
STARTS = (
    STORAGE - {"noreturn"}
    | QUALIFIERS
    | TYPE_WORDS
    | TYPEOF
    | TAGS
    | ATTRIBUTE
    | ALIGNAS
    | BIT_INT
    | {"_Atomic", "_Static_assert"}
)
# Names in other standards or of libraries: they start a type only where they are not declared as something else.
SOFT = frozenset({"auto", "noreturn", "thread_local", "constexpr", "alignas", "typeof", "typeof_unqual"})
ASM = frozenset({"asm", "__asm__", "__asm"})
