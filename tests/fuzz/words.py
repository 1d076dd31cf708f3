"""Random programs of the words: defer, select, gather, run_until, within loops, switches and jumps of control.

    words.py --count 100 --seed 1

Each program says numbers. What it has to say is computed here, by an interpreter in which an async call is a Python
generator: a suspension is a `yield`, a defer runs in a `finally`, and cancelling is closing the generator, so that Python's
own rules give the order of the defers. Every program is run to its end, and stopped after each of its first polls.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from run import QUIET, TOP, asyncc_command, run  # noqa: E402

Run = Generator[None, None, None]
STOPS = 12
STEPS = 3000


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Return(Exception):
    pass


class Endless(Exception):
    """The program takes more steps than it is worth."""


@dataclass
class Node:
    """A statement. `kind` says which; `number` is what it says, how often it loops, or which function it calls."""

    kind: str
    number: int = 0
    parts: list[list[Node]] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)


class Writer:
    """Makes a random program: functions that call only those before them, so that it ends."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.said = 0
        self.functions = [self.block(3, index, False) for index in range(self.random.randint(2, 5))]

    def say(self) -> int:
        self.said += 1
        return self.said

    def block(self, depth: int, callable_: int, in_loop: bool) -> list[Node]:
        return [self.statement(depth, callable_, in_loop) for _ in range(self.random.randint(1, 5))]

    def statement(self, depth: int, functions: int, in_loop: bool) -> Node:
        chance = self.random
        kinds = ["say", "wait", "wait", "defer", "defer", "leave"]
        if depth:
            kinds += ["block", "loop", "loop", "switch", "sometimes"]
            if functions:
                kinds += ["call", "call", "select", "gather", "run_until"]
        kind = chance.choice(kinds)
        if kind in ("say", "defer"):
            return Node(kind, self.say())
        if kind == "leave":
            leaves = ["return", *(["break", "continue"] if in_loop else [])]
            return Node("sometimes", chance.randint(0, 2), [[Node(chance.choice(leaves))]])
        if kind == "call":
            return Node(kind, chance.randrange(functions))
        if kind in ("block", "sometimes", "loop", "switch"):
            body = self.block(depth - 1, functions, in_loop or kind == "loop")
            return Node(kind, chance.randint(1, 3), [body])
        if kind == "select":
            arms = chance.randint(1, 3)
            calls = [chance.randrange(functions) for _ in range(arms)]
            return Node(kind, 0, [self.block(depth - 1, functions, in_loop) for _ in calls], calls)
        if kind == "run_until":
            return Node(
                kind, 0, [self.block(depth - 1, functions, in_loop) for _ in range(2)], [chance.randrange(functions)]
            )
        if kind == "gather":  # one branch that waits: with more of them the order of what they say is the compiler's
            return Node(kind, 0, [self.block(depth - 1, functions, in_loop), [Node("say", self.say())]])
        return Node("wait")


class Text:
    """The program as a .ac file."""

    def __init__(self, functions: list[list[Node]]) -> None:
        self.loops = 0
        bodies = []
        for index, body in enumerate(functions):
            bodies.append(f"static async int f{index}(void)\n{{\n{self.statements(body, 1)}    return 1;\n}}\n")
        last = len(functions) - 1
        head = (
            '#include "pend.h"\n#include <stdio.h>\n\nstatic int turn;\n'
            'static void say(int n) { printf("%d\\n", n); }\n'
            "static int sometimes(int n) { return ++turn % (n + 2) == 0; }\n\n"
        )
        entry = f"async int program(int argc, char *argv[])\n{{\n    (void)argc, (void)argv;\n    await f{last}();\n    return 0;\n}}\n"
        self.text = head + "\n".join(bodies) + "\n" + entry

    def statements(self, nodes: list[Node], depth: int) -> str:
        return "".join(self.statement(node, "    " * depth, depth) for node in nodes)

    def statement(self, node: Node, indent: str, depth: int) -> str:
        def inner(part: int, more: int = 1) -> str:
            return "{\n" + self.statements(node.parts[part], depth + more) + "    " * (depth + more - 1) + "}"

        if node.kind == "say":
            return f"{indent}say({node.number});\n"
        if node.kind == "wait":
            return f"{indent}await pend();\n"
        if node.kind == "defer":
            return f"{indent}defer say({node.number});\n"
        if node.kind == "return":
            return f"{indent}return 1;\n"
        if node.kind in ("break", "continue"):
            return f"{indent}{node.kind};\n"
        if node.kind == "call":
            return f"{indent}await f{node.number}();\n"
        if node.kind == "block":
            return f"{indent}{inner(0)}\n"
        if node.kind == "sometimes":
            return f"{indent}if (sometimes({node.number})) {inner(0)}\n"
        if node.kind == "loop":
            self.loops += 1
            i = f"i{self.loops}"
            return f"{indent}for (int {i} = 0; {i} < {node.number}; {i}++) {inner(0)}\n"
        if node.kind == "switch":
            return f"{indent}switch ({node.number}) {{\n{indent}case {node.number}: {inner(0)}\n{indent}}}\n"
        if node.kind == "select":
            arms = [f"{indent}    when (await f{call}()) {inner(k, 2)}\n" for k, call in enumerate(node.calls)]
            return f"{indent}select_biased {{\n{''.join(arms)}{indent}}}\n"
        if node.kind == "run_until":
            return f"{indent}run_until (await f{node.calls[0]}()) {inner(0)} else {inner(1)}\n"
        assert node.kind == "gather"
        branches = [f"{indent}    {inner(k, 2)}\n" for k in range(len(node.parts))]
        return f"{indent}gather {{\n{''.join(branches)}{indent}}}\n"


class Call:
    """An awaited call. One that is dropped before it was polled runs the defers at the head of its body."""

    def __init__(self, model: Model, index: int) -> None:
        self.model, self.index = model, index
        self.generator: Run | None = None

    def poll(self) -> bool:
        if self.generator is None:
            self.generator = self.model.function(self.index)
        try:
            next(self.generator)
        except StopIteration:
            return True
        return False

    def drop(self) -> None:
        if self.generator is not None:
            self.generator.close()
            return
        head: list[int] = []
        for node in self.model.functions[self.index]:
            if node.kind != "defer":
                break
            head.append(node.number)
        self.model.said += reversed(head)


class Model:
    """The interpreter."""

    def __init__(self, functions: list[list[Node]]) -> None:
        self.functions = functions
        self.said: list[int] = []
        self.turn = self.steps = 0

    def function(self, index: int) -> Run:
        try:
            yield from self.block(self.functions[index])
        except Return:
            return

    def block(self, nodes: list[Node]) -> Run:
        defers: list[int] = []
        try:
            for node in nodes:
                if node.kind == "defer":
                    defers.append(node.number)
                else:
                    yield from self.statement(node)
        finally:
            self.said += reversed(defers)

    def statement(self, node: Node) -> Run:
        self.steps += 1
        if self.steps > STEPS:
            raise Endless
        if node.kind == "say":
            self.said.append(node.number)
        elif node.kind == "wait":
            yield
        elif node.kind == "return":
            raise Return
        elif node.kind == "break":
            raise Break
        elif node.kind == "continue":
            raise Continue
        elif node.kind == "call":
            yield from self.function(node.number)
        elif node.kind == "block":
            yield from self.block(node.parts[0])
        elif node.kind == "sometimes":
            self.turn += 1
            if self.turn % (node.number + 2) == 0:
                yield from self.block(node.parts[0])
        elif node.kind == "loop":
            yield from self.loop(node)
        elif node.kind == "switch":
            try:
                yield from self.block(node.parts[0])
            except Break:
                return
        elif node.kind == "select":
            yield from self.select(node)
        elif node.kind == "gather":
            yield from self.gather(node)
        else:
            yield from self.run_until(node)

    def loop(self, node: Node) -> Run:
        for _ in range(node.number):
            try:
                yield from self.block(node.parts[0])
            except Break:
                return
            except Continue:
                continue

    def select(self, node: Node) -> Run:
        arms = [Call(self, index) for index in node.calls]
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
        try:
            yield from self.block(node.parts[won])
        except Break:
            return

    def gather(self, node: Node) -> Run:
        """Its second branch only says a number, in the poll that begins the gather."""
        first = self.block(node.parts[0])
        try:
            waits = next(first, "over") is None
            yield from self.block(node.parts[1])
            while waits:
                yield
                waits = next(first, "over") is None
        except Break:
            return
        finally:
            first.close()

    def run_until(self, node: Node) -> Run:
        condition, body = Call(self, node.calls[0]), self.block(node.parts[0])
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
            if not over:
                body.close()
                condition.drop()
            else:
                body.close()
        yield from self.block(node.parts[1])


def expected(functions: list[list[Node]], polls: int | None) -> tuple[list[int], bool]:
    """What the program says when it is dropped after so many polls (None: never), and whether it ended before."""
    model = Model(functions)
    whole = Call(model, len(functions) - 1)
    count = 0
    while polls is None or count < polls:
        count += 1
        if whole.poll():
            return model.said, True
    whole.drop()
    return model.said, False


def try_seed(seed: int, folder: Path) -> str:
    """Empty: as it should be."""
    functions = Writer(seed).functions
    try:
        whole, _ = expected(functions, None)
    except Endless:
        return "skipped"
    source, output, program = folder / "words.ac", folder / "words.c", folder / "words"
    source.write_text(Text(functions).text)
    includes = [f"-I{HERE}", f"-I{TOP / 'include'}"]
    done = run([*asyncc_command(), str(source), "-o", str(output), *includes], 60)
    if done.returncode:
        return f"asyncc gave {done.returncode}: {done.stderr}"
    compiler = ("gcc", "clang")[seed % 2]
    flags = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    done = run([compiler, *QUIET, *flags, *includes, str(output), str(HERE / "drive.c"), "-o", str(program)], 60)
    if done.returncode:
        return f"{compiler}: {done.stderr}"
    for polls in (None, *range(1, STOPS)):
        said, ended = expected(functions, polls)
        stop = {} if polls is None else {"DRIVE_STOP": str(polls)}
        done = run([str(program)], 20, {**stop, **({"DRIVE_FROM_LEAF": "1"} if seed % 3 == 0 else {})})
        if done.returncode or done.stdout.split() != [str(n) for n in said]:
            return f"stopped after {polls}: status {done.returncode}, said {done.stdout.split()}, not {said}\n{done.stderr}"
        if ended and polls is not None:
            break
    return "" if whole else "skipped"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=TOP / "build" / "fuzz")
    arguments = parser.parse_args()
    failed = compared = 0
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        with tempfile.TemporaryDirectory(prefix="asyncc-words-") as name:
            result = try_seed(seed, Path(name))
            compared += result != "skipped"
            if result not in ("", "skipped"):
                failed += 1
                arguments.keep.mkdir(parents=True, exist_ok=True)
                kept = arguments.keep / f"words-{seed}.ac"
                kept.write_text((Path(name) / "words.ac").read_text())
                print(f"words: seed {seed}: {result[:600]}\n       kept as {kept}", flush=True)
    print(f"words: {compared} programs compared, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
