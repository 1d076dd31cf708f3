"""Random C of as much of its grammar as one program can hold, with awaits wherever the language lets them stand.

What C leaves open is left alone: of operands that C orders in no way at most one does what another could notice. So the program
is the same with `async` and `await` taken out, whatever the order. Who may read and write what is followed as names: those of
variables, `out` for what is printed, and for a pointer the one thing that it ever points into.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ban:
    """What an expression may not read, and what it may not write, because of others beside it."""

    reads: frozenset[str] = NOTHING
    writes: frozenset[str] = NOTHING

    def beside(self, *others: Text) -> Ban:
        read = frozenset().union(*(o.reads for o in others))
        written = frozenset().union(*(o.writes for o in others))
        return Ban(self.reads | written, self.writes | read | written)

    def allows(self, reads: frozenset[str], writes: frozenset[str]) -> bool:
        return not (reads & self.reads or writes & self.writes)


@dataclass(frozen=True)
class Text:
    """Some C, and what it reads and writes."""

    text: str
    reads: frozenset[str] = NOTHING
    writes: frozenset[str] = NOTHING

    def __str__(self) -> str:
        return self.text


def made(text: str, *parts: Text, reads: str = "", writes: str = "") -> Text:
    return Text(
        text,
        frozenset(reads.split()).union(*(p.reads for p in parts)),
        frozenset(writes.split()).union(*(p.writes for p in parts)),
    )


@dataclass
class Function:
    name: str
    is_async: bool
    kind: str  # "int" or "struct": what it returns
    parameters: list[str]  # "int", "struct", "pointer"
    reads: frozenset[str] = NOTHING  # of globals, and `out`
    writes: frozenset[str] = NOTHING
    through: bool = False  # it writes through its pointers

    @property
    def signature(self) -> str:
        types = {"int": "int p{}", "struct": "struct s p{}", "pointer": "int *p{}"}
        listed = ", ".join(types[kind].format(i) for i, kind in enumerate(self.parameters)) or "void"
        result = {"int": "int", "struct": "struct s"}[self.kind]
        return f"static {'async ' if self.is_async else ''}{result} {self.name}({listed})"


@dataclass
class Scope:
    """What is in scope, by kind: how it is written, and the name by which it is read and written. Integers, such as are only
    read, arrays of 4 int, structs, and pointers with the array into which they point."""

    integers: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, str] = field(default_factory=dict)
    structs: dict[str, str] = field(default_factory=dict)
    pointers: dict[str, str] = field(default_factory=dict)

    def inner(self) -> Scope:
        return Scope(
            dict(self.integers), dict(self.constants), dict(self.arrays), dict(self.structs), dict(self.pointers)
        )


GLOBALS = Scope({"g0": "g0", "g1": "g1", "g2": "g2"}, {}, {"ga": "ga"}, {"gs": "gs"}, {})
MEMBERS = ("a", "b", "in.x", "in.y", "f", "arr[1]", "arr[(%s) & 1]", "u.low")

HEAD = """#ifdef PLAIN
#define async
#define await
static void pend(void) {}
#else
#include "pend.h"
#endif
#include <stdio.h>
#include <stdlib.h>

struct s { int a; unsigned char b; struct { short x, y; } in; unsigned f : 5; int arr[2]; union { unsigned char low; int all; } u; };
enum number { ZERO, ONE, TWO, MANY = 9 };
static int g0 = 3, ga[4] = { 1, 2, 3, 4 };
static unsigned char g1 = 250;
static long g2 = -7;
static struct s gs = { .a = 5, .in.y = 6, .f = 30, .arr = { [1] = 8 } };
static long lines;

static int trace(int n)
{
    printf("%d\\n", n);
    if (++lines > 3000) exit(0);
    return n & 3;
}
static async int id(int n) { await pend(); return n; }
static async int now(int n) { return n; }
static async int at_times(int n) { if (n & 1) await pend(); return n + 1; }
static async struct s make(int a, int b) { await pend(); return (struct s){ .a = a, .in = { b, a }, .f = b & 31, .arr = { b } }; }
static inline int plain(int n) { return n * 3; }
static async int (*const pointer)(int) = id;
struct table { async int (*call)(int); int n; };
static const struct table table[2] = { { id, 1 }, { .n = 2, .call = at_times } };
#define SAME(x) (x)
#define LATER(x) await id(x)
#define SUM(x, y) ((x) + (y))
#define BIGGER(x, y) ({ __typeof__(+(x)) x_ = (x); __typeof__(+(y)) y_ = (y); x_ > y_ ? x_ : y_; })
#define DOUBLED(x) do { trace((x) * 2); await pend(); } while (0)
#define SWAP(x, y) y, x

"""


class Expressions:
    """Random expressions. Each takes a ban, and keeps to it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.functions: list[Function] = []
        self.scope = GLOBALS.inner()
        self.is_async = True
        self.names = 0

    def fresh(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def pick(self, names: dict[str, str], ban: frozenset[str]) -> tuple[str, str] | None:
        """How it is written, and its name."""
        free = [(text, name) for text, name in names.items() if name not in ban]
        return self.random.choice(free) if free else None

    # --- values of integer type -------------------------------------------------------------------------------------

    def integer(self, depth: int, ban: Ban) -> Text:
        leaves = ["literal", "variable", "variable", "element", "member", "pointed"]
        inner = ["binary", "binary", "compare", "shift", "unary", "logical", "conditional", "elvis", "comma", "assign", "assign",
                 "step", "step", "cast", "call", "call", "wait", "wait", "by_pointer", "literal_struct", "literal_array",
                 "statement", "sizeof", "generic", "macro", "returned", "indexed", "trace", "string"]  # fmt: skip
        for _ in range(8):
            kind = self.random.choice(leaves if depth <= 0 else inner)
            found: Text | None = getattr(self, f"_{kind}")(depth - 1, ban)
            if found is not None:
                return found
        return Text(str(self.random.randint(0, 9)))

    def _literal(self, *_: object) -> Text:
        return Text(self.random.choice(["0", "1", "2u", "'a'", "-3", "MANY", "7L", "0x1f", "(TWO)"]))

    def _variable(self, depth: int, ban: Ban) -> Text | None:
        del depth
        found = self.pick({**self.scope.integers, **self.scope.constants}, ban.reads)
        return made(found[0], reads=found[1]) if found else None

    def _element(self, depth: int, ban: Ban) -> Text | None:
        found = self.pick(self.scope.arrays, ban.reads)
        if not found:
            return None
        array, name = found
        at = self.integer(depth, ban)
        return made(f"{array}[({at}) & 3]", at, reads=name) if name not in at.writes else None

    def _pointed(self, depth: int, ban: Ban) -> Text | None:
        place = self.pointed(depth, ban, ban.reads)
        return place and made(f"{place[0]}", place[0], reads=place[1])

    def _member(self, depth: int, ban: Ban) -> Text | None:
        found = self.pick(self.scope.structs, ban.reads)
        if not found:
            return None
        (record, name), member = found, self.random.choice(MEMBERS)
        if "%s" not in member:
            return made(self.random.choice([f"{record}.{member}", f"(&{record})->{member}"]), reads=name)
        at = self.integer(depth, ban)
        return made(f"{record}.{member % at}", at, reads=name) if name not in at.writes else None

    def pointed(self, depth: int, ban: Ban, banned: frozenset[str]) -> tuple[Text, str] | None:
        """A place in an array by a pointer, and the array's name."""
        found = self.pick(self.scope.pointers, banned)
        if not found or found[0] in ban.reads:
            return None
        pointer, array = found
        at = self.integer(depth, ban)
        if {array, pointer} & at.writes:
            return None
        forms = [f"{pointer}[({at}) & 1]", f"(*({pointer} + (({at}) & 1)))", f"(({at}) & 1)[{pointer}]"]
        return made(self.random.choice(forms), at, reads=pointer), array

    def pair(self, depth: int, ban: Ban) -> tuple[Text, Text]:
        """Two operands in no order."""
        if self.random.random() < 0.5:
            left = self.integer(depth, ban)
            return left, self.integer(depth, ban.beside(left))
        right = self.integer(depth, ban)
        return self.integer(depth, ban.beside(right)), right

    def _binary(self, depth: int, ban: Ban) -> Text:
        left, right = self.pair(depth, ban)
        return made(f"({left} {self.random.choice('+-*&|^')} {right})", left, right)

    def _compare(self, depth: int, ban: Ban) -> Text:
        left, right = self.pair(depth, ban)
        return made(f"({left} {self.random.choice(['<', '>', '<=', '==', '!='])} {right})", left, right)

    def _shift(self, depth: int, ban: Ban) -> Text:
        left, right = self.pair(depth, ban)
        return made(f"((unsigned)({left}) {self.random.choice(['<<', '>>'])} (({right}) & 7))", left, right)

    def _unary(self, depth: int, ban: Ban) -> Text:
        operand = self.integer(depth, ban)
        return made(f"{self.random.choice(['-', '~', '!', '+', '!!'])}({operand})", operand)

    def _logical(self, depth: int, ban: Ban) -> Text:
        left, right = self.integer(depth, ban), self.integer(depth, ban)
        return made(f"({left} {self.random.choice(['&&', '||'])} {right})", left, right)

    def _conditional(self, depth: int, ban: Ban) -> Text:
        test, then, otherwise = (self.integer(depth, ban) for _ in range(3))
        if self.random.random() < 0.3:  # a comma may stand there as it is
            more = self.integer(depth, ban)
            then = made(f"{more}, {then}", more, then)
        return made(f"({test} ? {then} : {otherwise})", test, then, otherwise)

    def _elvis(self, depth: int, ban: Ban) -> Text:
        left, right = self.integer(depth, ban), self.integer(depth, ban)
        return made(f"({left} ?: {right})", left, right)

    def _comma(self, depth: int, ban: Ban) -> Text:
        left, right = self.integer(depth, ban), self.integer(depth, ban)
        return made(f"({left}, {right})", left, right)

    def place(self, depth: int, ban: Ban) -> tuple[Text, str] | None:
        """Something of integer type that can be written, and the name that is written by it."""
        kind = self.random.choice(["variable", "variable", "element", "member", "pointed"])
        if kind == "variable":
            found = self.pick(self.scope.integers, ban.writes | ban.reads)
            return (Text(found[0]), found[1]) if found else None
        if kind == "pointed":
            return self.pointed(depth, ban, ban.writes | ban.reads)
        found = self.pick(self.scope.arrays if kind == "element" else self.scope.structs, ban.writes | ban.reads)
        if not found:
            return None
        text, name = found
        form = f"{text}[(%s) & 3]" if kind == "element" else f"{text}.{self.random.choice(MEMBERS)}"
        if "%s" not in form:
            return Text(form), name
        at = self.integer(depth, Ban(ban.reads | {name}, ban.writes | {name}))
        return made(form % at, at), name

    def _assign(self, depth: int, ban: Ban) -> Text | None:
        target = self.place(depth, ban)
        if not target:
            return None
        place, name = target
        both = ban.beside(place)
        value = self.integer(depth, Ban(both.reads, both.writes | {name}))
        operator = self.random.choice(["=", "=", "+=", "-=", "*=", "^=", "|="])
        return made(f"({place} {operator} {value})", place, value, reads=name, writes=name)

    def _step(self, depth: int, ban: Ban) -> Text | None:
        target = self.place(depth, ban)
        if not target:
            return None
        place, name = target
        form = self.random.choice(["({}++)", "({}--)", "(++{})", "(--{})"])
        return made(form.format(place), place, reads=name, writes=name)

    def _cast(self, depth: int, ban: Ban) -> Text:
        operand = self.integer(depth, ban)
        kind = self.random.choice(["unsigned char", "short", "int", "unsigned", "long", "_Bool", "enum number"])
        return made(f"(({kind})({operand}))", operand)

    def _wait(self, depth: int, ban: Ban) -> Text | None:
        if not self.is_async:
            return None
        operand = self.integer(depth, ban)
        name = self.random.choice(["id", "now", "at_times", "pointer", "(*pointer)", "table[1].call", "table->call"])
        return made(f"(await {name}({operand}))", operand)

    def _trace(self, depth: int, ban: Ban) -> Text | None:
        if "out" in ban.writes:
            return None
        operand = self.integer(depth, ban)
        return made(f"trace({operand})", operand, reads="out", writes="out") if "out" not in operand.writes else None

    def _by_pointer(self, depth: int, ban: Ban) -> Text | None:
        operand = self.integer(depth, ban)
        at = self.integer(0, ban.beside(operand))
        if not self.is_async:
            return None
        return made(f"(await table[({at}) & 1].call({operand}))", at, operand)

    def arguments(self, function: Function, depth: int, ban: Ban) -> list[Text] | None:
        found: list[Text] = []
        for kind in function.parameters:
            beside = ban.beside(*found)
            if kind == "int":
                found.append(self.integer(depth, beside))
            elif kind == "struct":
                found.append(self.struct(depth, beside))
            else:
                banned = beside.writes | beside.reads if function.through else beside.reads
                array = self.pick(self.scope.arrays, banned | function.reads | function.writes)
                if not array:
                    return None
                text = self.random.choice(["{}", "&{}[1]", "{} + 1"]).format(array[0])
                found.append(made(text, reads=array[1], writes=array[1] if function.through else ""))
        return found

    def call(self, kind: str, depth: int, ban: Ban) -> Text | None:
        fitting = [
            f for f in self.functions
            if f.kind == kind and ban.allows(f.reads, f.writes) and (self.is_async or not f.is_async)
        ]  # fmt: skip
        if not fitting:
            return None
        function = self.random.choice(fitting)
        # Other arguments are evaluated before the call, so what it does needs to fit only with them being evaluated.
        arguments = self.arguments(function, depth, ban)
        if arguments is None:
            return None
        inner = made("", *arguments)
        text = f"{function.name}({', '.join(map(str, arguments))})"
        reads, writes = inner.reads | function.reads, inner.writes | function.writes
        return Text(f"(await {text})" if function.is_async else text, reads, writes)

    def _call(self, depth: int, ban: Ban) -> Text | None:
        return self.call("int", depth, ban)

    def _returned(self, depth: int, ban: Ban) -> Text | None:
        value = self.struct(depth, ban)
        member = self.random.choice([m for m in MEMBERS if "%" not in m])
        return made(f"({value}).{member}", value)

    def _indexed(self, depth: int, ban: Ban) -> Text | None:
        found = self.pick(self.scope.arrays, ban.reads)
        if not found:
            return None
        array, name = found
        comma = self._comma(depth, ban)
        return made(f"{array}[{comma.text[1:-1]} & 3]", comma, reads=name) if name not in comma.writes else None

    def _string(self, depth: int, ban: Ban) -> Text:
        at = self.integer(depth, ban)
        return made(f'"a\\"b" "\\\\d"[({at}) & 3]', at)

    def _literal_struct(self, depth: int, ban: Ban) -> Text:
        left, right = self.pair(depth, ban)
        members = self.random.choice(
            [".a = {}, .in = {{ .y = {} }}", "{}, .f = ({}) & 31", ".arr = {{ [1] = {} }}, .b = {}"]
        )
        return made(
            f"((struct s){{ {members.format(left, right)} }}).{self.random.choice(['a', 'in.y', 'f', 'arr[1]', 'b'])}",
            left,
            right,
        )

    def _literal_array(self, depth: int, ban: Ban) -> Text:
        left, right = self.pair(depth, ban)
        at = self.integer(0, ban.beside(left, right))
        return made(f"((int[2]){{ {left}, {right} }})[({at}) & 1]", left, right, at)

    def _statement(self, depth: int, ban: Ban) -> Text:
        name = self.fresh("e")
        first = self.integer(depth, ban)
        around = self.scope
        self.scope = around.inner()
        self.scope.integers[name] = name
        middle, last = self.integer(depth, ban), self.integer(depth, ban)
        self.scope = around
        body = made(f"({{ int {name} = {first}; {middle}; {last}; }})", first, middle, last)
        return Text(body.text, body.reads - {name}, body.writes - {name})

    def _sizeof(self, depth: int, ban: Ban) -> Text:
        del ban
        return Text(f"(int)sizeof(+{self.integer(depth, Ban())})")

    def _generic(self, depth: int, ban: Ban) -> Text:
        chosen = self.integer(depth, ban)
        other = self.integer(depth, Ban())
        return made(f"_Generic((char)0, char: {chosen}, default: {other})", chosen)

    def _macro(self, depth: int, ban: Ban) -> Text:
        left, right = self.pair(depth, ban)
        if self.is_async and self.random.random() < 0.3:
            return made(f"(LATER(({left})))", left)
        kind = self.random.choice(
            ["SAME(SUM({}, {}))", "BIGGER({}, {})", "(SAME({}), SUM(1, {}))", "SUM({}, SAME({}))"]
        )
        if kind.startswith("BIGGER"):
            left, right = self.integer(depth, ban), self.integer(depth, ban)
        # A comma that no parentheses hold would part a macro's arguments.
        return made(kind.format(*(f"({x})" if "," in x.text else x for x in (left, right))), left, right)

    # --- values of struct type -----------------------------------------------------------------------------------------

    def struct(self, depth: int, ban: Ban) -> Text:
        kind = self.random.choice(
            ["variable", "call", "make", "literal", "conditional", "comma", "assign"] if depth > 0 else ["variable"]
        )
        found = self._struct(kind, depth - 1, ban)
        return found or Text("((struct s){ 4, 5 })")

    def _struct(self, kind: str, depth: int, ban: Ban) -> Text | None:
        if kind == "call":
            return self.call("struct", depth, ban)
        if kind == "make":
            left, right = self.pair(depth, ban)
            return made(f"(await make({left}, {right}))", left, right) if self.is_async else None
        if kind == "literal":
            left, right = self.pair(depth, ban)
            return made(f"((struct s){{ {left}, .in.x = {right} }})", left, right)
        if kind == "conditional":
            test, then, otherwise = self.integer(depth, ban), self.struct(depth, ban), self.struct(depth, ban)
            return made(f"({test} ? {then} : {otherwise})", test, then, otherwise)
        if kind == "comma":
            left, value = self.integer(depth, ban), self.struct(depth, ban)
            return made(f"({left}, {value})", left, value)
        found = self.pick(self.scope.structs, ban.reads | (ban.writes if kind == "assign" else NOTHING))
        if not found:
            return None
        record, name = found
        if kind == "variable":
            return made(record, reads=name)
        value = self.struct(depth, Ban(ban.reads, ban.writes | {name}))
        return made(f"({record} = {value})", value, reads=name, writes=name)
