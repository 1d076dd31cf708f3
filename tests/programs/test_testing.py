"""ac_test blocks: run by Check, each in a runtime of its own; those with seeds name the one that failed."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from workshop import CONFIGURATIONS, HERE, TOP, Workshop, execute, runtime

SOURCE = HERE / "testing" / "blocks.ac"


@pytest.fixture(scope="session")
def blocks(workshop: Workshop) -> Path:
    one = CONFIGURATIONS[0]
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-g", *one.flags, f"-I{TOP / 'include'}"]
    found = subprocess.run(["pkg-config", "--cflags", "--libs", "check"], capture_output=True, text=True, check=True)
    check = shlex.split(found.stdout)
    program = workshop.folder / "blocks"
    source, library = str(workshop.translate(SOURCE)), str(runtime(one))
    done = execute([one.compiler, *flags, source, library, *check, "-o", str(program)])
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return program


def run(program: Path, case: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return execute([str(program)], 60, CK_RUN_CASE=case, **environment)


PASSING = ["passes", "an_hour", "two_workers", "every_order"]


# One that ends by a signal needs a process of its own.
@pytest.mark.parametrize(("case", "fork"), [("is_stopped", "yes"), *((c, f) for c in PASSING for f in ("yes", "no"))])
def test_passes(blocks: Path, case: str, fork: str) -> None:
    done = run(blocks, case, CK_FORK=fork)
    assert done.returncode == 0
    assert "100%: Checks: 1, Failures: 0, Errors: 0" in done.stdout


@pytest.mark.parametrize(("case", "says"), [("fails", "== 5"), ("fails_in_a_helper", "n == 1"), ("hangs", "timeout")])
def test_fails(blocks: Path, case: str, says: str) -> None:
    done = run(blocks, case)
    assert done.returncode == 1
    assert says in done.stdout
    assert "blocks.ac:" in done.stdout
    assert f":{case}:" in done.stdout


def traces(done: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall("trace (.*)", done.stderr)


def test_a_seed_decides_about_every_step(blocks: Path) -> None:
    """The same seeds give the same steps in the same order; other seeds others; each step happens in each run."""
    first = traces(run(blocks, "every_order"))
    assert len(first) == 40
    assert traces(run(blocks, "every_order")) == first
    assert len(set(first)) > 30
    assert all(sorted(trace) == sorted("aabbccddeeB") for trace in first)
    assert len({trace.index("B") for trace in first}) > 4, "blocking calls are made at different points"


def test_one_seed_can_be_run_alone(blocks: Path) -> None:
    every = traces(run(blocks, "every_order"))
    assert traces(run(blocks, "every_order", ASYNCC_SEED="17")) == [every[16]]


def test_the_seed_that_failed_is_named_and_fails_again(blocks: Path) -> None:
    done = run(blocks, "fails_in_some_order")
    assert done.returncode == 1
    named = re.search(r"blocks\.ac:\d+: fails_in_some_order failed with seed (\d+); again: ASYNCC_SEED=\1", done.stderr)
    assert named is not None
    seed = int(named.group(1))
    assert run(blocks, "fails_in_some_order", ASYNCC_SEED=str(seed)).returncode == 1
    assert all(run(blocks, "fails_in_some_order", ASYNCC_SEED=str(s)).returncode == 0 for s in range(1, min(seed, 4)))
