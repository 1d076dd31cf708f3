"""What docs/language.md says stops a program does, with a message that names the task and the line; and what it promises of
odd corners holds. One program, which is told which part to run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """\
#include <asyncc/asyncc.h>
#include <stdio.h>
#include <string.h>

static async int one(int n) { await ac_yield(); return n; }
static async void forever(void) { await ac_sleep(AC_NEVER); }

/* --- what stops the program --- */

static async void all_disabled(void) { select { if (0) when (await one(1)) {} } }  // HERE all_disabled
static async void resumed(void)
{
    ac_future(int) x = ac_lazy(one(1));
    await ac_resume(x);
    await ac_resume(x);  // HERE resumed
}
static async void joined_aborted(void)
{
    ac_task(void) t = spawn(forever());
    ac_abort(t);
    await ac_join(t);
}
static async void joined_nothing(void)
{
    ac_task(void) t = NULL;
    await ac_join(t);
}
static async void local(void) { ac_detach(spawn_local(forever())); }
static async void local_elsewhere(void) { await ac_join(spawn(local())); }
static async void block_in_task(void) { ac_block_on(ac_runtime_current(), one(1)); }
static async void unlocked(void)
{
    ac_mutex lock = AC_MUTEX_INIT;
    ac_mutex_unlock(&lock);
}

/* --- what holds --- */

static async void if_all_are_disabled_otherwise_goes_before_default(void)
{
    select { if (0) when (await one(1)) puts("arm"); otherwise puts("otherwise"); default: puts("default"); }
}
static async void a_statement_that_finishes_at_once_beats_the_clock(void)
{
    within (0) { await ac_sleep(0); puts("done"); } else puts("late");
}
static async void the_right_side_of_an_assignment_comes_first(void)
{
    int total = 0;
    gather { total += await one(1); total += await one(2); total += await one(4); }
    printf("%d\\n", total);
}
static async int duff(int count)
{
    int n = 0, rounds = (count + 3) / 4;
    switch (count % 4) {
    case 0: do { n += await one(1);
    case 3: n += await one(1);
    case 2: n += await one(1);
    case 1: n += await one(1);
            } while (--rounds > 0);
    }
    return n;
}
static async void duffs_device_works(void)
{
    for (int i = 1; i < 9; i++) printf("%d ", await duff(i));
    puts("");
}
static int plain(int n)
{
    defer puts("left");
    return n > 0 ? n : -n;
}
static async void defer_works_in_plain_functions(void) { printf("%d\\n", plain(-3)); }
static async void goto_goes_into_a_nested_block(void)
{
    int n = await one(1);
    if (n) goto inside;
    for (;;) {
        puts("second turn");
    inside:
        n += await one(1);
        if (n > 2) break;
    }
    printf("%d\\n", n);
}

AC_MAIN_OPTIONS(.worker_threads = 2);
async int main(int argc, char **argv)
{
    static const struct { const char *name; async void (*run)(void); } parts[] = {
#define PART(NAME) { #NAME, NAME },
        PARTS
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc > 1 && i < sizeof parts / sizeof *parts; i++)
        if (!strcmp(parts[i].name, argv[1])) await parts[i].run();
    return 0;
}
"""

STOPS = {
    "all_disabled": r"program\.ac:LINE: every arm of the select is disabled",
    "resumed": r"program\.ac:LINE: ac_resume of a future that has finished",
    "joined_aborted": r"ac_join.*aborted",
    "joined_nothing": r"ac_join.*NULL",
    "local_elsewhere": r"spawn_local",
    "block_in_task": r"ac_block_on.*(inside|in) a task",
    "unlocked": r"ac_mutex_unlock.*not locked",
}
HOLDS = {
    "if_all_are_disabled_otherwise_goes_before_default": "otherwise\n",
    "a_statement_that_finishes_at_once_beats_the_clock": "done\n",
    "the_right_side_of_an_assignment_comes_first": "7\n",
    "duffs_device_works": "1 2 3 4 5 6 7 8 \n",
    "defer_works_in_plain_functions": "left\n3\n",
    "goto_goes_into_a_nested_block": "second turn\n3\n",
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("language")
    (folder / "program.ac").write_text(PROGRAM)
    parts = " ".join(f"PART({name})" for name in [*STOPS, *HOLDS])
    command = [sys.executable, "-m", "asyncc", "build", "program.ac", f"-DPARTS={parts}", "-o", "program"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    built = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder / "program"


@pytest.mark.parametrize("name", STOPS)
def test_stops_the_program(program: Path, name: str) -> None:
    lines = PROGRAM.split("\n")
    here = next((number for number, line in enumerate(lines, 1) if line.endswith(f"// HERE {name}")), 0)
    ran = subprocess.run([program, name], capture_output=True, text=True, timeout=20)
    assert ran.returncode == -signal.SIGABRT
    assert re.search(STOPS[name].replace("LINE", str(here)), ran.stderr), ran.stderr
    assert "in task " in ran.stderr, ran.stderr


@pytest.mark.parametrize("name", HOLDS)
def test_holds(program: Path, name: str) -> None:
    ran = subprocess.run([program, name], capture_output=True, text=True, timeout=20)
    assert (ran.returncode, ran.stdout) == (0, HOLDS[name]), ran.stderr


def test_a_direct_call_from_plain_c_stops_the_program(tmp_path: Path) -> None:
    (tmp_path / "shared.h").write_text("#include <asyncc/asyncc.h>\nac_async int answer(int n);\nint call_it(void);\n")
    (tmp_path / "plain.c").write_text('#include "shared.h"\nint call_it(void) { return answer(1); }\n')
    (tmp_path / "program.ac").write_text(
        '#include "shared.h"\nasync int answer(int n) { await ac_yield(); return n; }\n'
        "async int main(void) { await ac_yield(); return call_it(); }\n"
    )
    command = [sys.executable, "-m", "asyncc", "build", "program.ac", "plain.c", "-o", "program"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    built = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([tmp_path / "program"], capture_output=True, text=True, timeout=20)
    assert ran.returncode == -signal.SIGABRT and "answer" in ran.stderr
