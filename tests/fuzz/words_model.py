"""The interpreter: what a program of words_program.py has to say.

An async call is a Python generator: a suspension is a `yield`, a defer runs in a `finally`, and cancelling is closing the
generator, so that Python's own rules give the order of the defers.
"""

from __future__ import annotations

from collections.abc import Generator

from words_program import Node, Variables, Wanted

Run = Generator[None, None, None]
STEPS = 3000


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Return(Exception):
    def __init__(self, value: int) -> None:
        self.value = value


class Endless(Exception):
    """The program takes more steps than it is worth."""


class Call:
    """An awaited call. One that is dropped before it was polled runs the defers at the head of its body."""

    def __init__(self, model: Model, index: int, argument: int) -> None:
        self.model, self.index, self.argument = model, index, argument
        self.result = 0
        self.generator: Run | None = None

    def poll(self) -> bool:
        if self.generator is None:
            self.generator = self.model.function(self)
        try:
            next(self.generator)
        except StopIteration:
            return True
        return False

    def drop(self) -> None:
        if self.generator is not None:
            self.generator.close()
            return
        head: list[Node] = []
        for node in self.model.functions[self.index]:
            if not node.kind.startswith("defer"):
                break
            head.append(node)
        variables = Variables(None, {"p": self.argument})
        self.model.leave([(node, variables) for node in head])


class Model:
    def __init__(self, functions: list[list[Node]]) -> None:
        self.functions = functions
        self.said: list[int] = []
        self.turn = self.steps = 0

    def function(self, call: Call) -> Run:
        try:
            yield from self.block(self.functions[call.index], Variables(None, {"p": call.argument}))
        except Return as end:
            call.result = end.value

    def step(self) -> None:
        self.steps += 1
        if self.steps > STEPS:
            raise Endless

    def leave(self, defers: list[tuple[Node, Variables]]) -> None:
        for node, variables in reversed(defers):
            if node.kind == "defer":
                self.said.append(node.number)
            elif node.kind == "defer_tell":
                self.said.append(node.result(variables))
            else:
                self.assign(node.name, node.operator, node.result(variables), variables)

    def assign(self, name: str, operator: str, value: int, variables: Variables) -> None:
        old = variables.get(name)
        results = {"=": value, "+=": old + value, "-=": old - value, "*=": old * value, "^=": old ^ value}
        variables.set(name, results[operator])

    def block(self, nodes: list[Node], variables: Variables) -> Run:
        """A declaration begins a scope of its own: what stands before it, a defer too, means the variable around."""
        defers: list[tuple[Node, Variables]] = []
        try:
            for node in nodes:
                if node.kind.startswith("defer"):
                    defers.append((node, variables))
                elif node.kind == "declare":
                    variables = Variables(variables, {node.name: node.result(variables)})
                else:
                    yield from self.statement(node, variables)
        finally:
            self.leave(defers)

    def statement(self, node: Node, variables: Variables) -> Run:
        self.step()
        if node.kind == "say":
            self.said.append(node.number)
        elif node.kind == "tell":
            self.said.append(node.result(variables))
        elif node.kind == "set":
            self.assign(node.name, node.operator, node.result(variables), variables)
        elif node.kind == "wait":
            yield
        elif node.kind == "return":
            raise Return(node.result(variables))
        elif node.kind == "break":
            raise Break
        elif node.kind == "continue":
            raise Continue
        else:
            yield from self.compound(node, variables)

    def compound(self, node: Node, variables: Variables) -> Run:
        if node.kind == "call":
            yield from self.call(node.calls[0], variables)
        elif node.kind == "block":
            yield from self.block(node.parts[0], variables)
        elif node.kind == "if":
            yield from self.block(node.parts[0 if node.result(variables) else 1], variables)
        elif node.kind == "sometimes":
            self.turn += 1
            if self.turn % (node.number + 2) == 0:
                yield from self.block(node.parts[0], variables)
        elif node.kind in ("loop", "for", "while", "do"):
            yield from self.loop(node, variables)
        elif node.kind == "switch":
            try:
                yield from self.block(node.parts[0], variables)
            except Break:
                return
        elif node.kind == "select":
            yield from self.select(node, variables)
        elif node.kind == "gather":
            yield from self.gather(node, variables)
        else:
            yield from self.run_until(node, variables)

    def begin(self, wanted: Wanted, variables: Variables) -> Call:
        return Call(self, wanted.function, wanted.argument.value(variables))

    def call(self, wanted: Wanted, variables: Variables) -> Run:
        call = self.begin(wanted, variables)
        try:
            while not call.poll():
                yield
        except GeneratorExit:
            call.drop()
            raise
        if wanted.target:
            self.assign(wanted.target, wanted.operator, call.result, variables)

    def loop(self, node: Node, variables: Variables) -> Run:
        counted = node.kind in ("loop", "for")
        if node.kind == "loop":
            variables = Variables(variables, {node.name: 0})
        elif counted:
            variables.set(node.name, 0)
        first = node.kind == "do"
        while first or (variables.get(node.name) < node.number if counted else node.result(variables)):
            first = False
            self.step()
            try:
                yield from self.block(node.parts[0], variables)
            except Break:
                return
            except Continue:
                pass
            if counted:
                variables.set(node.name, variables.get(node.name) + 1)

    def select(self, node: Node, variables: Variables) -> Run:
        arms = [self.begin(wanted, variables) for wanted in node.calls]
        won = None
        try:
            while won is None:
                won = next((k for k, arm in enumerate(arms) if arm.poll()), None)
                if won is None:
                    yield
        finally:
            for k in reversed(range(len(arms))):
                if k != won:
                    arms[k].drop()
        wanted, variables = node.calls[won], Variables(variables)
        if wanted.operator:
            self.assign(wanted.target, wanted.operator, arms[won].result, variables)
        elif wanted.target:
            variables.values[wanted.target] = arms[won].result
        try:
            yield from self.block(node.parts[won], variables)
        except Break:
            return

    def gather(self, node: Node, variables: Variables) -> Run:
        """Its second branch only says numbers, in the poll that begins the gather."""
        first = self.block(node.parts[0], variables)
        try:
            waits = next(first, "over") is None
            yield from self.block(node.parts[1], variables)
            while waits:
                yield
                waits = next(first, "over") is None
        except Break:
            return
        finally:
            first.close()

    def run_until(self, node: Node, variables: Variables) -> Run:
        condition, body = self.begin(node.calls[0], variables), self.block(node.parts[0], variables)
        over = False
        try:
            while True:
                if next(body, "over") is not None:
                    return
                if condition.poll():
                    over = True
                    break
                yield
        finally:
            body.close()
            if not over:
                condition.drop()
        yield from self.block(node.parts[1], variables)


def expected(functions: list[list[Node]], polls: int | None) -> tuple[list[int], bool]:
    """What the program says when it is dropped after so many polls (None: never), and whether it ended before."""
    model = Model(functions)
    whole = Call(model, len(functions) - 1, 7)
    count = 0
    while polls is None or count < polls:
        count += 1
        if whole.poll():
            return [*model.said, whole.result], True
    whole.drop()
    return model.said, False
