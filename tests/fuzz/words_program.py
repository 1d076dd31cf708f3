"""A random program of the words and of variables: its tree, and the tree as a .ac file."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

WRAP = 1 << 32


@dataclass
class Variables:
    """The variables of a block, within those of the blocks around it."""

    around: Variables | None = None
    values: dict[str, int] = field(default_factory=dict)

    def owner(self, name: str) -> dict[str, int]:
        scope: Variables | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values
            scope = scope.around
        raise KeyError(name)

    def get(self, name: str) -> int:
        return self.owner(name)[name]

    def set(self, name: str, value: int) -> None:
        self.owner(name)[name] = value % WRAP


@dataclass
class Expression:
    """Of `unsigned`: a number, a variable, one that is counted up afterwards (`++`), or two of them with an operator."""

    operator: str
    number: int = 0
    name: str = ""
    sides: list[Expression] = field(default_factory=list)

    def text(self) -> str:
        if self.operator == "number":
            return f"{self.number}u"
        if self.operator in ("name", "++"):
            return self.name + ("++" if self.operator == "++" else "")
        left, right = self.sides
        return f"({left.text()} {self.operator} {right.text()})"

    def names(self) -> set[str]:
        return {self.name, *(name for side in self.sides for name in side.names())}

    def value(self, variables: Variables) -> int:
        if self.operator == "number":
            return self.number
        if self.operator in ("name", "++"):
            value = variables.get(self.name)
            if self.operator == "++":
                variables.set(self.name, value + 1)
            return value
        left, right = (side.value(variables) for side in self.sides)
        results = {
            "+": left + right,
            "-": left - right,
            "*": left * right,
            "^": left ^ right,
            "&": left & right,
            "<": int(left < right),
        }
        return results[self.operator] % WRAP


@dataclass
class Wanted:
    """A call that is awaited, and what becomes of its value: nothing, a new variable, or one that was there."""

    function: int
    argument: Expression
    target: str = ""
    operator: str = ""  # of the assignment; none: `target` is declared here

    def text(self) -> str:
        call = f"await f{self.function}({self.argument.text()})"
        if not self.target:
            return call
        return f"{self.target} {self.operator} {call}" if self.operator else f"unsigned {self.target} = {call}"


@dataclass
class Node:
    """A statement. `number` is what it says, or how often it loops."""

    kind: str
    number: int = 0
    parts: list[list[Node]] = field(default_factory=list)
    calls: list[Wanted] = field(default_factory=list)
    name: str = ""
    operator: str = ""
    value: Expression | None = None

    def result(self, variables: Variables) -> int:
        assert self.value is not None
        return self.value.value(variables)

    def written(self) -> str:
        assert self.value is not None
        return self.value.text()


class Writer:
    """Makes a random program: functions that call only those before them, so that it ends."""

    NAMES = ("a", "b", "c", "d")

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.said = self.loops = self.names = 0
        self.scopes: list[list[str]] = []
        self.functions = [self.function(index) for index in range(self.random.randint(2, 5))]

    def function(self, index: int) -> list[Node]:
        """Each leaves some of the words out, and half hide no variable by another: what a function has decides what its
        variables may be."""
        self.scopes = [["p"], []]
        words = ("defer", "select", "gather", "run_until")
        self.without = tuple(word for word in words if self.random.random() < 0.5)
        self.hides = self.random.random() < 0.5
        head = [self._declare() for _ in range(self.random.randint(0, 3))]
        end = Node("return", value=self.expression())
        return [*head, *self.statements(3, index, False), end]

    def say(self) -> int:
        self.said += 1
        return self.said

    def block(self, depth: int, functions: int, in_loop: bool, also: tuple[str, ...] = ()) -> list[Node]:
        self.scopes += [list(also), []]
        nodes = self.statements(depth, functions, in_loop)
        del self.scopes[-2:]
        return nodes

    def statements(self, depth: int, functions: int, in_loop: bool) -> list[Node]:
        return [self.statement(depth, functions, in_loop) for _ in range(self.random.randint(1, 5))]

    def variable(self) -> str:
        return self.random.choice([name for scope in self.scopes for name in scope])

    def expression(self, depth: int = 2) -> Expression:
        kind = self.random.choice(["number", "name", "name", *(["both"] * 2 if depth else [])])
        if kind == "number":
            return Expression(kind, self.random.randint(0, 5))
        if kind == "name":
            return Expression(kind, name=self.variable())
        operator = self.random.choice("+-*^&<")
        return Expression(operator, sides=[self.expression(depth - 1) for _ in range(2)])

    def wanted(self, functions: int) -> Wanted:
        call = Wanted(self.random.randrange(functions), self.expression())
        if self.random.random() < 0.4:
            call.target, call.operator = self.variable(), self.random.choice(["=", "+=", "^="])
        return call

    def statement(self, depth: int, functions: int, in_loop: bool) -> Node:
        kinds = [
            "say",
            "tell",
            "tell",
            "wait",
            "wait",
            "defer",
            "defer_tell",
            "defer_set",
            "set",
            "set",
            "declare",
            "leave",
        ]
        if depth:
            kinds += ["block", "loop", "while", "for", "switch", "sometimes", "if"]
            if functions:
                kinds += ["call", "call", "select", "gather", "run_until"]
        kind = self.random.choice([kind for kind in kinds if not kind.startswith(self.without)])
        made = getattr(self, f"_{kind}", None)
        if made is not None:
            node: Node = made(depth, functions, in_loop)
            return node
        if kind in ("say", "defer"):
            return Node(kind, self.say())
        if kind == "wait":
            return Node(kind)
        if kind in ("tell", "defer_tell"):
            return Node(kind, value=self.expression())
        return Node(kind, self.random.randint(1, 3), [self.block(depth - 1, functions, in_loop)])

    def _set(self, *_: object) -> Node:
        if self.random.random() < 0.4:
            return Node("tell", value=Expression("++", name=self.variable()))
        operator = self.random.choice(["=", "+=", "-=", "*=", "^="])
        return Node("set", name=self.variable(), operator=operator, value=self.expression())

    def _defer_set(self, *_: object) -> Node:
        return Node("defer_set", name=self.variable(), operator="+=", value=self.expression())

    def _declare(self, *_: object) -> Node:
        taken = self.scopes[-1]
        if not self.hides:
            self.names += 1
            free = [f"v{self.names}"]
        else:
            free = [name for name in self.NAMES if name not in taken]
        if not free:
            return Node("wait")
        name, value = self.random.choice(free), self.expression()
        if name in value.names():  # in its own initialiser it would be the new variable already
            value = Expression("number", self.random.randint(0, 5))
        self.scopes[-1].append(name)
        return Node("declare", name=name, value=value)

    def _leave(self, depth: int, functions: int, in_loop: bool) -> Node:
        del depth, functions
        leaf = Node(
            self.random.choice(["return", *(["break", "continue"] if in_loop else [])]), value=self.expression()
        )
        return Node("sometimes", self.random.randint(0, 2), [[leaf]])

    def _if(self, depth: int, functions: int, in_loop: bool) -> Node:
        value = self.expression()
        return Node("if", 0, [self.block(depth - 1, functions, in_loop) for _ in range(2)], value=value)

    def _loop(self, depth: int, functions: int, in_loop: bool) -> Node:
        del in_loop
        self.loops += 1
        name = f"i{self.loops}"
        return Node("loop", self.random.randint(1, 3), [self.block(depth - 1, functions, True, (name,))], name=name)

    def _for(self, depth: int, functions: int, in_loop: bool) -> Node:
        del in_loop
        name = self.variable()
        return Node("for", self.random.randint(1, 3), [self.block(depth - 1, functions, True)], name=name)

    def _while(self, depth: int, functions: int, in_loop: bool) -> Node:
        del in_loop
        name = self.variable()
        value = Expression("&", sides=[Expression("++", name=name), Expression("number", 3)])
        kind = self.random.choice(["while", "do"])
        return Node(kind, 0, [self.block(depth - 1, functions, True)], value=value)

    def _call(self, depth: int, functions: int, in_loop: bool) -> Node:
        del depth, in_loop
        call = self.wanted(functions)
        if not call.target and self.random.random() < 0.3:
            call.argument = Expression("++", name=self.variable())
        return Node("call", calls=[call])

    def _select(self, depth: int, functions: int, in_loop: bool) -> Node:
        calls = [self.wanted(functions) for _ in range(self.random.randint(1, 3))]
        parts = []
        for call in calls:
            if not call.target and self.random.random() < 0.5:
                call.target = "r"
            # Its argument is that of the function around: the new variable is there in the arm only.
            parts.append(self.block(depth - 1, functions, in_loop, ("r",) if call.target and not call.operator else ()))
        return Node("select", 0, parts, calls)

    def _run_until(self, depth: int, functions: int, in_loop: bool) -> Node:
        call = Wanted(self.random.randrange(functions), self.expression())
        return Node("run_until", 0, [self.block(depth - 1, functions, in_loop) for _ in range(2)], [call])

    def _gather(self, depth: int, functions: int, in_loop: bool) -> Node:
        # One branch that waits: with more of them the order of what they say is the compiler's.
        second = [Node("say", self.say()), Node("tell", value=self.expression())]
        return Node("gather", 0, [self.block(depth - 1, functions, in_loop), second])


HEAD = """#include "pend.h"
#include <stdio.h>

static int turn;
static void say(unsigned n) { printf("%u\\n", n); }
static int sometimes(int n) { return ++turn % (n + 2) == 0; }

"""
ENTRY = """
async int program(int argc, char *argv[])
{{
    (void)argc, (void)argv;
    say(await f{last}(7));
    return 0;
}}
"""


class Text:
    """The program as a .ac file."""

    def __init__(self, functions: list[list[Node]]) -> None:
        bodies = [
            f"static async unsigned f{index}(unsigned p)\n{{\n{self.statements(body, 1)}}}\n"
            for index, body in enumerate(functions)
        ]
        self.text = HEAD + "\n".join(bodies) + ENTRY.format(last=len(functions) - 1)

    def statements(self, nodes: list[Node], depth: int) -> str:
        return "".join("    " * depth + self.statement(node, depth) + "\n" for node in nodes)

    def statement(self, node: Node, depth: int) -> str:
        simple = {
            "say": f"say({node.number});",
            "wait": "await pend();",
            "defer": f"defer say({node.number});",
            "break": "break;",
            "continue": "continue;",
        }
        if node.kind in simple:
            return simple[node.kind]
        with_value = {
            "tell": "say({value});",
            "defer_tell": "defer say({value});",
            "return": "return {value};",
            "set": "{name} {operator} {value};",
            "defer_set": "defer {name} {operator} {value};",
            "declare": "unsigned {name} = {value};",
        }
        if node.kind in with_value:
            return with_value[node.kind].format(name=node.name, operator=node.operator, value=node.written())
        return self.compound(node, depth)

    def compound(self, node: Node, depth: int) -> str:
        indent, i, n = "    " * depth, node.name, node.number

        def inner(part: int, more: int = 1) -> str:
            return "{\n" + self.statements(node.parts[part], depth + more) + "    " * (depth + more - 1) + "}"

        if node.kind == "call":
            return f"{node.calls[0].text()};"
        if node.kind == "block":
            return inner(0)
        if node.kind == "sometimes":
            return f"if (sometimes({n})) {inner(0)}"
        if node.kind == "if":
            return f"if ({node.written()}) {inner(0)} else {inner(1)}"
        if node.kind == "loop":
            return f"for (unsigned {i} = 0; {i} < {n}; {i}++) {inner(0)}"
        if node.kind == "for":
            return f"for ({i} = 0; {i} < {n}; {i}++) {inner(0)}"
        if node.kind == "while":
            return f"while ({node.written()}) {inner(0)}"
        if node.kind == "do":
            return f"do {inner(0)} while ({node.written()});"
        if node.kind == "switch":
            return f"switch ({n}) {{\n{indent}case {n}: {inner(0)}\n{indent}}}"
        if node.kind == "run_until":
            return f"run_until ({node.calls[0].text()}) {inner(0)} else {inner(1)}"
        arms = [f"when ({call.text()}) " for call in node.calls] or [""] * len(node.parts)
        lines = "".join(f"{indent}    {arm}{inner(k, 2)}\n" for k, arm in enumerate(arms))
        return f"{'select_biased' if node.kind == 'select' else 'gather'} {{\n{lines}{indent}}}"
