"""Links between the pages, and from pages to files of the project, lead to what is there: file and heading."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True).stdout.split("\0")
PAGES = sorted(
    {ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / name for name in TRACKED if name.endswith(".md"))}
)
FENCES = re.compile(r"^```.*?^```$", re.M | re.S)


def links(page: Path) -> list[str]:
    """Targets inside the project."""
    text = FENCES.sub("", page.read_text())
    found = re.findall(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)", text)
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """What can be linked to: headings as code hosts name them, and anchors written out."""
    text = FENCES.sub("", page.read_text())
    found = set(re.findall(r'<a id="([^"]+)">', text))
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        found.add(re.sub(r"[^\w -]", "", plain.lower()).replace(" ", "-"))
    return found


def broken(page: Path) -> list[str]:
    wrong = []
    for target in links(page):
        name, _, anchor = unquote(target).partition("#")
        file = (page.parent / name) if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            wrong.append(target)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One thing\n[a](#one-thing) [b](#another) [c](none.md) [d](page.md#one-thing) [e](https://example.org)\n"
    )
    assert broken(page) == ["#another", "none.md"]


def test_every_page_of_docs_is_in_the_readme() -> None:
    named = {target.partition("#")[0] for target in links(ROOT / "README.md")}
    assert sorted({f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} - named) == []
