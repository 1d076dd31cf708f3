"""Every program below this folder prints what the comment at its end says: with gcc and clang, without and with
optimisation, under AddressSanitizer and UndefinedBehaviorSanitizer, on both flavors of the runtime.

Each runs in two of the configurations, one of them sanitized, which take turns from program to program; in all of them with
ASYNCC_TEST_FULL set. A program without concurrency is also compiled as plain C with the words taken out, and prints the
same there. Those of `cached` and `cancel` are also translated with all variables in C locals that may be kept in them.
"""

from __future__ import annotations

import os

import pytest
from workshop import CONFIGURATIONS, Configuration, Program, Workshop, execute, programs, run

ALL = programs()
HALF = len(CONFIGURATIONS) // 2


def configurations_of(index: int) -> list[Configuration]:
    if os.environ.get("ASYNCC_TEST_FULL"):
        return list(CONFIGURATIONS)
    return [CONFIGURATIONS[index % HALF], CONFIGURATIONS[HALF + index % HALF]]


CASES = [(program, c) for index, program in enumerate(ALL) for c in configurations_of(index)]


@pytest.mark.parametrize(("program", "configuration"), CASES, ids=[f"{p.name}-{c}" for p, c in CASES])
def test_prints(program: Program, configuration: Configuration, workshop: Workshop) -> None:
    done = run(workshop.build(program.sources, configuration), configuration)
    assert done.stderr == ""
    assert done.stdout == program.expected
    assert done.returncode == 0


CACHED = [program for program in ALL if program.name.startswith(("cached/", "cancel/"))]


@pytest.mark.parametrize("program", CACHED, ids=[p.name for p in CACHED])
def test_prints_the_same_with_all_in_c_locals_that_may_be(program: Program, workshop: Workshop) -> None:
    for configuration in CONFIGURATIONS[1], CONFIGURATIONS[2], CONFIGURATIONS[4]:
        c_file = workshop.translate_eagerly(program.main)
        others = [source for source in program.sources if source != program.main]
        done = run(workshop.build([c_file, *others], configuration, f"-iquote{program.main.parent}"), configuration)
        assert (done.stderr, done.stdout, done.returncode) == ("", program.expected, 0)


SEQUENTIAL = [program for program in ALL if program.is_sequential]


@pytest.mark.parametrize("program", SEQUENTIAL, ids=[p.name for p in SEQUENTIAL])
def test_prints_the_same_with_the_words_taken_out(program: Program, workshop: Workshop) -> None:
    done = execute([str(workshop.build_plain(program))])
    assert done.stdout == program.expected
    assert done.returncode == 0


def test_most_programs_are_compared_with_plain_c() -> None:
    """Guards the comparison above: a mistake in telling which programs it applies to would make it empty."""
    assert len(SEQUENTIAL) >= 30
