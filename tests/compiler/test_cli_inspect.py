"""The inspector's five outputs: complete, well-formed, the same each time, and true to the frame."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from command_line import Command

from asyncc.emit.describe import Inspected, saved, sharing
from asyncc.emit.svg import Columns, Drawing
from asyncc.ir.machine import END, Awaited, Edge, FieldKind, FrameField, Machine, Padding, State, StateKind, Strand

SOURCE = """\
#include <asyncc/asyncc.h>
#include <unistd.h>

async int twice(int fd)
{
    char first[100];
    ssize_t n = await ac_read(fd, first, sizeof first);
    if (n <= 0) return -1;
    struct { long a, b; } second = { n, n };
    await ac_write(fd, &second, sizeof second);
    return (int)n;
}

static async void waits(int ms)
{
    defer close(1);
    for (;;) select {
        when (await ac_sleep(ac_ms(ms))) break;
        when (int n = await twice(0)) ms += n;
    }
}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "inspected.ac"
    path.write_text(SOURCE)
    return path


def test_text_names_states_fields_and_reasons(asyncc: Command, source: Path) -> None:
    done = asyncc("inspect", "inspected.ac")
    assert (done.returncode, done.stderr) == (0, "")
    assert "async int twice(int fd)\n    inspected.ac:4 · frame " in done.stdout
    assert "static async void waits(int ms)" in done.stdout
    assert re.search(r"1 +7 +await ac_read +2, end ", done.stdout)
    assert re.search(r"\d+ +100 +first +char \[100\]", done.stdout)
    assert re.search(r"select", done.stdout)


def test_one_function(asyncc: Command, source: Path) -> None:
    assert "waits(int ms)" not in asyncc("inspect", "-f", "twice", "inspected.ac").stdout
    wrong = asyncc("inspect", "inspected.ac", "--function", "twic")
    assert wrong.returncode == 1
    assert "did you mean 'twice'?" in wrong.stderr


def test_json_covers_every_byte_of_every_frame(asyncc: Command, source: Path) -> None:
    document = json.loads(asyncc("inspect", "inspected.ac", "--format=json").stdout)
    assert document["version"] == 1
    assert [function["name"] for function in document["functions"]] == ["twice", "waits"]
    for function in document["functions"]:
        covered = set()
        for each in function["fields"] + function["padding"]:
            covered |= set(range(each["offset"], each["offset"] + each["size"]))
        assert covered == set(range(function["size"]))
        for one in function["fields"]:
            assert one["offset"] % one["align"] == 0
            assert one["why"]
            for name in one["shares_bytes_with"]:
                (other,) = [field for field in function["fields"] if field["name"] == name]
                assert not set(one["states"]) & set(other["states"]), (one["name"], name)


def test_svg_is_well_formed_and_says_what_the_text_says(asyncc: Command, source: Path) -> None:
    done = asyncc("inspect", "inspected.ac", "--format=svg", "-o", "picture.svg")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    picture = ET.parse(source.parent / "picture.svg")
    words = " ".join(element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text"))
    for word in ("async int twice(int fd)", "await ac_read", "select", "end", "first", "second", "shares bytes with"):
        assert word in words
    for attribute in ("width", "height"):
        assert float(picture.getroot().attrib[attribute]) > 100


@pytest.mark.skipif(not shutil.which("rsvg-convert"), reason="no rsvg-convert")
def test_svg_can_be_drawn(asyncc: Command, source: Path, tmp_path: Path) -> None:
    asyncc("inspect", "inspected.ac", "--format=svg", "-o", "picture.svg")
    subprocess.run(["rsvg-convert", "picture.svg", "-o", "picture.png"], cwd=tmp_path, check=True)
    assert (tmp_path / "picture.png").stat().st_size > 5000


def test_html_is_one_file_with_the_source_in_it(asyncc: Command, source: Path) -> None:
    text = asyncc("inspect", "inspected.ac", "--format=html").stdout
    HTMLParser().feed(text)
    assert "ssize_t n = await ac_read(fd, first, sizeof first);" in text
    assert not re.search(r'(src|href)="(?!#)', text)
    assert text.count("<svg") == 2


@pytest.mark.skipif(not shutil.which("dot"), reason="no graphviz")
def test_dot_is_accepted_by_graphviz(asyncc: Command, source: Path) -> None:
    text = asyncc("inspect", "inspected.ac", "--format=dot").stdout
    drawn = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True)
    assert drawn.returncode == 0, drawn.stderr
    assert "await ac_read" in drawn.stdout


@pytest.mark.parametrize("form", ["text", "json", "dot", "svg", "html"])
def test_the_same_each_time(asyncc: Command, source: Path, form: str) -> None:
    outputs = {
        asyncc("inspect", "inspected.ac", f"--format={form}", PYTHONHASHSEED=seed).stdout for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("form", ["text", "json", "dot", "svg", "html"])
def test_names_are_escaped(asyncc: Command, tmp_path: Path, form: str) -> None:
    (tmp_path / "a&b.ac").write_text(
        '#include <asyncc/asyncc.h>\nasync int f(void) { await ac_yield(); return "<&>"[0] > 1 && 1; }\n'
    )
    done = asyncc("inspect", "a&b.ac", f"--format={form}")
    assert done.returncode == 0, done.stderr
    if form == "svg":
        ET.fromstring(done.stdout)


# --- the layout by itself -------------------------------------------------------------------------------------------


def a_field(name: str, offset: int, size: int, states: list[int]) -> FrameField:
    return FrameField(name, "int", offset, size, 1, FieldKind.LOCAL, 1, "because", name, states)


def machine(n_states: int, edges: list[Edge], fields: list[FrameField], size: int) -> Machine:
    states = [State(0, StateKind.START, 1)]
    states += [
        State(number, StateKind.AWAIT, number, awaits=[Awaited("ac_sleep", number, "embedded")])
        for number in range(1, n_states)
    ]
    return Machine("f", "f.ac", 1, "void", [], size, 8, states, fields, [Padding(1, 3)], edges, [Strand(0, 1, 0, 1)])


def drawn(one: Machine) -> Drawing:
    return Drawing(Inspected("f.ac", ["line"] * 100, [one]), one)


def test_edges_to_one_state_share_a_line() -> None:
    """Twenty states that may all return: one bus to the end, not twenty."""
    picture = drawn(machine(21, [Edge(number, END) for number in range(20)], [], 8))
    assert len(picture.buses) == 1
    assert len(picture.buses[0].sources) == 20


def test_lanes_are_shared_by_buses_that_do_not_meet_and_only_by_them() -> None:
    edges = [Edge(0, 3), Edge(4, 7), Edge(1, 6), Edge(6, 2), Edge(5, 5), Edge(7, END)]
    picture = drawn(machine(8, edges, [], 8))
    for one in picture.buses:
        for other in picture.buses:
            if one is not other and one.upward == other.upward and one.lane == other.lane:
                assert one.span[1] < other.span[0] or other.span[1] < one.span[0]
    assert max(bus.lane for bus in picture.buses) <= 2


def test_a_small_field_beside_a_huge_one_can_still_be_seen() -> None:
    columns = Columns(machine(2, [], [a_field("buffer", 8, 1_000_000, [1]), a_field("flag", 0, 1, [1])], 1_000_008))
    assert columns.place(0, 1)[1] >= 10
    assert columns.width < 1500


def test_a_field_that_holds_values_twice_has_two_bars() -> None:
    one = a_field("x", 0, 4, [1, 2, 4])
    assert drawn(machine(5, [], [one], 8))._runs(one) == [(1, 2), (4, 4)]


def test_what_shares_bytes_is_said_and_counted() -> None:
    one, other, apart = a_field("a", 0, 8, [1]), a_field("b", 4, 8, [2]), a_field("c", 12, 4, [1, 2])
    example = machine(3, [], [one, other, apart], 16)
    assert sharing(example, one) == "because; shares bytes with b"
    assert sharing(example, apart) == "because"
    assert saved(example) == 4
