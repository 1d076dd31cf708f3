"""Random statements around the expressions of grammar_program.py, and whole programs of them."""

from __future__ import annotations

from collections.abc import Callable

from grammar_program import GLOBALS, HEAD, Ban, Expressions, Function, Text

FREE = Ban()
RARER = ("of literal", "array literal", "to struct", "to integer", "rows", "structs", "double", "static")


class Program(Expressions):
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self.loops = 0
        self.loop_depth = 0
        self.statics: set[str] = set()
        bodies = [self.function(i) for i in range(self.random.randint(2, 6))]
        last = next(f for f in reversed(self.functions) if f.is_async)
        self.text = HEAD + "\n".join(bodies) + self.entry(last)

    def entry(self, last: Function) -> str:
        values = {"int": "argc + {}", "struct": "gs", "pointer": "own"}
        arguments = ", ".join(values[kind].format(i) for i, kind in enumerate(last.parameters))
        call = f"await {last.name}({arguments})"
        call = f"({call}).a" if last.kind == "struct" else call
        return f"""
async int program(int argc, char *argv[])
{{
    int own[4] = {{ 4, 3, 2, 1 }};
    (void)argv, (void)own;
    trace({call});
    trace(g0), trace(g1), trace((int)g2), trace(ga[0] + ga[1] * 3 + ga[2] * 5 + ga[3] * 7);
    trace(gs.a + gs.b + gs.in.x + gs.in.y * 3 + (int)gs.f + gs.arr[0] + gs.arr[1] * 5 + gs.u.low);
    return 0;
}}
#ifdef PLAIN
int main(int argc, char *argv[]) {{ return program(argc, argv); }}
#endif
"""

    def full(self, depth: int = 3) -> Text:
        """A whole expression; its outermost comma needs no parentheses."""
        found = self.integer(depth, FREE)
        if self.random.random() < 0.15:
            other = self.integer(depth - 1, FREE)
            found = Text(f"{other}, {found}", found.reads | other.reads, found.writes | other.writes)
        self.reads |= found.reads
        self.writes |= found.writes
        return found

    def value(self, depth: int = 3) -> Text:
        """Without an outermost comma."""
        found = self.integer(depth, FREE)
        self.reads |= found.reads
        self.writes |= found.writes
        return found

    def function(self, index: int) -> str:
        chance = self.random
        parameters = [chance.choice(["int", "int", "struct", "pointer"]) for _ in range(chance.randint(0, 3))]
        function = Function(
            f"f{index}", chance.random() < 0.85 or index < 2, chance.choice(["int", "int", "struct"]), parameters
        )
        self.is_async = function.is_async
        self.reads, self.writes = set(), set()
        self.scope = GLOBALS.inner()
        for i, kind in enumerate(parameters):
            if kind == "int":
                self.scope.integers[f"p{i}"] = f"p{i}"
            elif kind == "struct":
                self.scope.structs[f"p{i}"] = f"p{i}"
            else:
                self.scope.pointers[f"p{i}"] = f"*p{i}"
        pointees = {f"*p{i}" for i, kind in enumerate(parameters) if kind == "pointer"}
        if len(pointees) > 1:  # they may be the same array: all are one
            for p in self.scope.pointers:
                self.scope.pointers[p] = "*p"
            pointees = {"*p"}
        self.labels: list[str] = []
        self.kind = function.kind
        body = self.declarations(1) + self.statements(1, 3) + f"    {self.return_()}\n"
        labels = "".join(f"    int tries_{label} = 0;\n" for label in self.labels)
        outside = {*GLOBALS.integers, *GLOBALS.arrays, *GLOBALS.structs, *self.statics, "out"}
        function.reads, function.writes = frozenset(self.reads & outside), frozenset(self.writes & outside)
        function.through = bool(self.writes & pointees)
        self.functions.append(function)
        return f"{function.signature}\n{{\n{labels}{body}}}\n"

    def return_(self) -> str:
        if self.kind == "int":
            return f"return {self.full()};"
        value = self.struct(3, FREE)
        self.reads |= value.reads
        self.writes |= value.writes
        return f"return {value};"

    def declarations(self, depth: int) -> str:
        return "".join("    " * depth + self.declaration() + "\n" for _ in range(self.random.randint(1, 4)))

    def declaration(self) -> str:
        kind = self.random.choice(
            ["int", "int", "two", "array", "struct", "const", "pointer", "narrow", "local", "typed", *RARER]
        )
        scope, name = self.scope, self.fresh("v")
        if kind == "int":
            text = f"int {name} = {self.value()};"
            scope.integers[name] = name
        elif kind == "two":
            other = self.fresh("v")
            text = f"int {name} = {self.value()}, {other} = {name} + 1, *q{name} = &{name};\n    (void)q{name};"
            scope.integers |= {name: name, other: other}
        elif kind == "array":
            forms = ["{{ {}, {} }}", "{{ [2] = {}, {} }}", "{{ [1] = {}, [0] = {} }}"]
            left, right = self.value(2), Text(str(self.random.randint(0, 9)))
            text = f"int {name}[4] = {self.random.choice(forms).format(left, right)};"
            scope.arrays[name] = name
        elif kind == "struct":
            value = self.struct(2, FREE)
            self.reads |= value.reads
            self.writes |= value.writes
            forms = [
                str(value),
                f"{{ .in = {{ 1, {self.value(2)} }}, .b = 3 }}",
                f"{{ {self.value(2)}, 2, .arr[1] = 7 }}",
            ]
            text = f"struct s {name} = {self.random.choice(forms)};"
            scope.structs[name] = name
        elif kind == "const":
            text = f"const int {name} = {self.value()};"
            scope.constants[name] = name
        elif kind == "pointer" and scope.arrays:
            array, key = self.random.choice(list(scope.arrays.items()))
            text = f"int *{name} = {array} + ({self.value(2)} & 1);"
            scope.pointers[name] = key
        elif kind == "narrow":
            text = f"{self.random.choice(['unsigned char', 'short', 'long', '_Alignas(16) int', 'volatile int'])} {name} = {self.value()};"
            scope.integers[name] = name
        elif kind == "local":
            text = f"struct l{name} {{ char c; int n; }} w{name} = {{ 1, {self.value(2)} }}; int {name} = w{name}.n + w{name}.c;"
            scope.integers[name] = name
        elif kind in RARER:
            text = self.rarer(kind, name)
        else:
            text = f"typedef int t{name}; enum {{ k{name} = 3 }}; t{name} {name} = {self.value()} + k{name};"
            scope.integers[name] = name
        return text

    def rarer(self, kind: str, name: str) -> str:
        scope, value, other = self.scope, self.value(2), self.value(1)
        if kind == "of literal":
            scope.structs[f"(*{name})"] = scope.structs[f"{name}[0]"] = name
            return f"struct s *{name} = &(struct s){{ {value}, .in.y = {other} }};"
        if kind == "array literal":
            scope.arrays[name] = name
            return f"int *{name} = (int[4]){{ {value}, [3] = {other} }};"
        if kind == "to struct":
            record, key = self.random.choice(list(scope.structs.items()))
            scope.structs[f"(*{name})"] = key
            return f"struct s *{name} = &{record};"
        if kind == "to integer":
            scope.integers[f"(*{name})"] = f"o{name}"
            return f"int o{name} = {value}, *{name} = &o{name};"
        if kind == "rows":
            scope.arrays |= {f"{name}[0]": name, f"(*({name} + 1))": name}
            return f"int {name}[2][4] = {{ {{ 1, {value} }}, [1][2] = {other} }};"
        if kind == "structs":
            scope.structs |= {f"{name}[0]": name, f"{name}[1]": name}
            return f"struct s {name}[2] = {{ {{ .b = {value} }}, [1] = {{ 4, .in = {{ .x = {other} }} }} }};"
        if kind == "double":
            scope.constants[f"(int){name}"] = name
            return f"double {name} = (({value}) & 255) / 4.0;"
        self.statics.add(name)
        scope.integers[name] = name
        return f"static int {name} = {self.random.randint(0, 9)};"

    def block(self, depth: int, budget: int) -> str:
        around = self.scope
        self.scope = around.inner()
        text = self.declarations(depth + 1) if self.random.random() < 0.4 else ""
        text += self.statements(depth + 1, budget)
        self.scope = around
        return "{\n" + text + "    " * depth + "}"

    def statements(self, depth: int, budget: int) -> str:
        return "".join(
            "    " * depth + self.statement(depth, budget - 1) + "\n" for _ in range(self.random.randint(1, 4))
        )

    def statement(self, depth: int, budget: int) -> str:
        kinds = ["expression", "expression", "trace", "trace", "wait", "copy", "return", "leave"]
        if budget > 0:
            kinds += [
                "if",
                "if_else",
                "for",
                "while",
                "do",
                "switch",
                "forward",
                "backward",
                "block",
                "macro",
                "unbraced",
                "duff",
                "into",
                "jumping",
                "jumping",
            ]
        found: str = getattr(self, f"_{self.random.choice(kinds)}_")(depth, budget)
        return found

    def _expression_(self, *_: int) -> str:
        return f"{self.full()};"

    def _trace_(self, *_: int) -> str:
        value = self.integer(3, Ban(frozenset(["out"]), frozenset(["out"])))
        self.reads |= value.reads | {"out"}
        self.writes |= value.writes | {"out"}
        return f"trace({value});"

    def _wait_(self, *_: int) -> str:
        return "await pend();" if self.is_async else ";"

    def _copy_(self, *_: int) -> str:
        record, name = self.random.choice(list(self.scope.structs.items()))
        value = self.struct(2, Ban(frozenset(), frozenset([name])))
        self.reads |= value.reads
        self.writes |= value.writes | {name}
        return f"{record} = {value};"

    def _return_(self, *_: int) -> str:
        return f"if ({self.full(2)}, {self.value(1)} == 3) {self.return_()}"

    def _leave_(self, *_: int) -> str:
        if not self.loop_depth:
            return ";"
        return f"if ({self.full(2)}) {self.random.choice(['break', 'continue'])};"

    def _macro_(self, *_: int) -> str:
        if not self.is_async:
            return "trace(3);"
        value = self.integer(2, Ban(frozenset(["out"]), frozenset(["out"])))
        self.reads |= value.reads | {"out"}
        self.writes |= value.writes | {"out"}
        return f"DOUBLED(({value}));"

    def _block_(self, depth: int, budget: int) -> str:
        return self.block(depth, budget)

    def _if_(self, depth: int, budget: int) -> str:
        return f"if ({self.full()}) {self.block(depth, budget)}"

    def _if_else_(self, depth: int, budget: int) -> str:
        test = self.full()
        return f"if ({test}) {self.block(depth, budget)} else {self.block(depth, budget)}"

    def _unbraced_(self, depth: int, budget: int) -> str:
        return self.unbraced(3, depth, budget)

    def unbraced(self, deep: int, depth: int, budget: int) -> str:
        """Statements below one another without braces: an `else` belongs to the nearest `if`."""
        kind = self.random.choice(["if", "else", "for", "do", "switch", "label", "leaf"] if deep > 0 else ["leaf"])
        if kind == "leaf":
            leaves: list[Callable[[int, int], str]] = [
                self._macro_, self._trace_, self._expression_, self._wait_, self._leave_, self._block_,
            ]  # fmt: skip
            return self.random.choice(leaves)(depth, min(budget, 1) - 1)
        test, i = self.full(2), self.fresh("i")
        if kind == "for":
            self.loop_depth += 1
        inner = self.unbraced(deep - 1, depth, budget)
        if kind == "for":
            self.loop_depth -= 1
            return f"for (int {i} = 0; {i} < 2; {i}++, {test}) {inner}"
        forms = {
            "if": f"if ({test}) {inner}",
            "do": f"do {inner} while (0 & ({test}));",
            "switch": f"switch (({test}) & 1) case 1: {inner}",
            "label": f"{i}: if ({test}) {inner}",
        }
        if kind == "else":
            return f"if ({test}) {inner} else {self.unbraced(deep - 1, depth, budget)}"
        return forms[kind]

    def looped(self, depth: int, budget: int) -> str:
        self.loop_depth += 1
        text = self.block(depth, budget)
        self.loop_depth -= 1
        return text

    def _for_(self, depth: int, budget: int) -> str:
        i = self.fresh("i")
        around = self.scope
        self.scope = around.inner()
        self.scope.constants[i] = i
        test, step = self.value(1), self.full(2)
        first = f", j{i} = {self.value(1)}" if self.random.random() < 0.4 else ""
        if first:
            self.scope.integers[f"j{i}"] = f"j{i}"
        text = f"for (int {i} = 0{first}; {i} < {self.random.randint(1, 4)} && ({test} | 1); {i}++, {step}) {self.looped(depth, budget)}"
        self.scope = around
        return text

    def _while_(self, depth: int, budget: int) -> str:
        i = self.fresh("w")
        return f"{{ int {i} = {self.random.randint(1, 4)}; while ({self.full(2)}, {i}-- > 0) {self.looped(depth, budget)} }}"

    def _do_(self, depth: int, budget: int) -> str:
        i = self.fresh("d")
        test = self.full(2)
        return f"{{ int {i} = 0; do {self.looped(depth, budget)} while ({test}, ++{i} < 3); }}"

    def _switch_(self, depth: int, budget: int) -> str:
        indent = "    " * depth
        cases = self.random.sample(
            ["case 0:", "case 1:", "case 2:", "case 3 ... 5:", "default:", "case MANY: case 7:"], 4
        )
        parts = []
        for case in cases:
            inside = self.block(depth + 1, budget - 1)
            end = self.random.choice(["break;", "", f"if ({self.value(1)}) break;"])
            parts.append(f"{indent}{case} {inside} {end}\n")
        return f"switch ({self.full()}) {{\n{''.join(parts)}{indent}}}"

    def _forward_(self, depth: int, budget: int) -> str:
        label = self.fresh("after")
        test = self.full(2)
        return f"if ({test}) goto {label};\n{'    ' * depth}{self.block(depth, budget)}\n{label}: ;"

    def _backward_(self, depth: int, budget: int) -> str:
        label = self.fresh("again")
        self.labels.append(label)
        body = self.block(depth, budget)
        return f"{label}: {body}\n{'    ' * depth}if ({self.full(2)}, tries_{label}++ < 2) goto {label};"

    def _duff_(self, depth: int, budget: int) -> str:
        n, indent = self.fresh("n"), "    " * depth
        parts = [self.statements(depth + 1, budget - 1) for _ in range(3)]
        body = f"{indent}do {{\n{parts[0]}{indent}case 1:;\n{parts[1]}{indent}case 2:;\n{parts[2]}{indent}default:;\n"
        head = f"{{ int {n} = 3; switch (({self.full(2)}) & 3) {{\n{indent}case 0:;\n"
        return f"{head}{body}{indent}}} while (--{n} > 0); }} }}"

    def _into_(self, depth: int, budget: int) -> str:
        """A jump into a loop."""
        n, label, indent = self.fresh("n"), self.fresh("into"), "    " * depth
        test = self.full(2)
        first, second = self.statements(depth + 1, budget - 1), self.statements(depth + 1, budget - 1)
        loop = f"while ({n}-- > 0) {{\n{first}{indent}{label}:;\n{second}{indent}}}"
        return f"{{ int {n} = 3; if ({test}) goto {label};\n{indent}{loop} }}"

    def _jumping_(self, depth: int, budget: int) -> str:
        """A statement expression of statements, which may leave: as a whole expression, where nothing is beside it."""
        name = self.fresh("x")
        around = self.scope
        self.scope = around.inner()
        inside = self.declarations(depth + 1) + self.statements(depth + 1, budget - 1)
        value = self.full(2)
        self.scope = around
        forms = ["int {n} = {e};", "{v} = {e};", "trace({e});", "(void)({t} && {e});", "if ({e}) {b}", "{e};"]
        form = self.random.choice(forms)
        variable, key = self.random.choice(list(self.scope.integers.items()))
        self.writes |= {key, "out"}
        self.reads |= {key, "out"}
        expression = f"({{\n{inside}{'    ' * (depth + 1)}{value};\n{'    ' * depth}}})"
        block = self.block(depth, budget - 1) if "{b}" in form else ""
        return f"{{ {form.format(n=name, v=variable, e=expression, t=self.value(1), b=block)} }}"


def program(seed: int) -> str:
    return Program(seed).text
