"""asyncc in CMake projects: found in three ways that feel the same, rebuilt when and only when it must be."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = Path(__file__).parent / "project"
GENERATORS = ["Ninja", "Unix Makefiles"]
OUTPUT = "hello there 3 10 42\n"


def must(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def inside(tree: Path, name: str) -> Path:
    """A file of an installed tree, whose library folder may be called lib, lib64 or lib/x86_64-linux-gnu."""
    return next(tree.rglob(name))


def touch(path: Path, build: Path) -> None:
    """Newer than anything made so far, and older than anything made from now on."""
    newest = max(made.stat().st_mtime for made in build.rglob("*") if made.is_file())
    stamp = max(newest + 0.05, time.time())
    while time.time() < stamp + 0.05:
        time.sleep(0.01)
    os.utime(path, (stamp, stamp))


@dataclass
class Project:
    """A copy of the sample project with a build tree, both with a space in their paths."""

    source: Path
    build: Path
    generator: str
    flags: list[str] = field(default_factory=list)

    def configure(self, *flags: str) -> str:
        return must("cmake", "-S", self.source, "-B", self.build, "-G", self.generator, *self.flags, *flags)

    def make(self, *arguments: str) -> str:
        return must("cmake", "--build", self.build, "-j", "2", *arguments)

    def translated(self) -> list[str]:
        """Builds; gives the .ac files that were translated on the way."""
        lines = [line for line in self.make().splitlines() if "Translating" in line]
        return sorted(line.rpartition("asyncc/")[2].removesuffix(".ac.c") for line in lines)

    def output(self, program: str = "program") -> str:
        return must(self.build / program)

    def touch(self, name: str) -> None:
        touch(self.source / name, self.build)


@pytest.fixture
def project_with(new_project: Callable[..., Project], installed_tree: Path) -> Callable[..., Project]:
    """With the installed asyncc, whose runtime need not be compiled again for each test."""
    return lambda generator="Ninja", *flags: new_project(generator, f"-DCMAKE_PREFIX_PATH={installed_tree}", *flags)


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[..., Project]:
    def make(generator: str = "Ninja", *flags: str) -> Project:
        source = tmp_path / "my project"
        shutil.copytree(PROJECT, source)
        return Project(source, tmp_path / "build tree", generator, list(flags))

    return make


def checkout() -> str:
    return f"-Dasyncc_DIR={ROOT / 'cmake'}"


@pytest.fixture(scope="session")
def wheel_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment into which the package was installed from a wheel."""
    folder = tmp_path_factory.mktemp("pip") / "env"
    must(sys.executable, "-m", "venv", folder)
    must(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ROOT)
    return folder


@pytest.fixture(scope="session")
def installed_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `cmake --install` makes, moved elsewhere afterwards: it must not remember where it was made."""
    folder = tmp_path_factory.mktemp("installed")
    must(
        "cmake", "-S", ROOT, "-B", folder / "build", "-G", "Ninja", "-DASYNCC_TESTS=OFF", "-DCMAKE_INSTALL_PREFIX=/usr"
    )
    must("cmake", "--build", folder / "build", "-j", "2")
    must("cmake", "--install", folder / "build", "--prefix", folder / "first place")
    shutil.rmtree(folder / "build")
    (folder / "first place").rename(folder / "second place")
    return folder / "second place"


@pytest.mark.parametrize("generator", GENERATORS)
def test_after_pip_install(new_project: Callable[..., Project], wheel_environment: Path, generator: str) -> None:
    cmakedir = must(wheel_environment / "bin" / "asyncc", "--cmakedir").strip()
    assert str(wheel_environment) in cmakedir
    project = new_project(generator, f"-Dasyncc_DIR={cmakedir}")
    project.configure()
    project.make()
    assert project.output() == OUTPUT
    assert project.output("with_shared_runtime") == OUTPUT


def test_after_cmake_install(new_project: Callable[..., Project], installed_tree: Path) -> None:
    project = new_project("Ninja", f"-DCMAKE_PREFIX_PATH={installed_tree}")
    project.configure()
    said = project.make()
    assert "libasyncc" not in said  # it came compiled
    assert project.output() == OUTPUT
    assert project.output("with_shared_runtime") == OUTPUT
    assert must(installed_tree / "bin" / "asyncc", "--cmakedir").strip().startswith(str(installed_tree))


def test_by_fetch_content(new_project: Callable[..., Project]) -> None:
    project = new_project("Ninja", f"-DASYNCC_SOURCE={ROOT}")
    project.configure()
    project.make()
    assert project.output() == OUTPUT
    assert project.output("with_shared_runtime") == OUTPUT


def test_a_python_without_libclang_gets_one_in_the_build_tree(
    new_project: Callable[..., Project], tmp_path: Path
) -> None:
    """No system library can be seen, none is in the environment: it comes from PyPI, and not into the environment."""
    if list(Path("/usr/lib").glob("llvm-*/lib/libclang*.so*")) or list(Path("/usr/lib").glob("*/libclang*.so*")):
        pytest.skip("this machine has a libclang of its own, which is found first")
    must(sys.executable, "-m", "venv", tmp_path / "bare")
    project = new_project("Ninja", f"-DASYNCC_SOURCE={ROOT}", f"-DASYNCC_PYTHON={tmp_path / 'bare' / 'bin' / 'python'}")
    project.configure()
    project.make()
    assert project.output() == OUTPUT


@pytest.mark.parametrize("generator", GENERATORS)
def test_only_what_has_changed_is_translated_again(project_with: Callable[..., Project], generator: str) -> None:
    project = project_with(generator)
    project.configure()
    everything = [
        "counting/sub dir/counting",
        "program/main",
        "with_shared_runtime/main",
        "with_shared_runtime/sub dir/counting",
    ]
    assert project.translated() == everything
    assert project.translated() == []

    project.touch("sub dir/step.h")  # included by one file
    assert project.translated() == ["counting/sub dir/counting", "with_shared_runtime/sub dir/counting"]
    assert project.translated() == []

    project.touch("shared headers/counting.h")  # by all
    assert project.translated() == everything

    project.touch("main.ac")
    assert project.translated() == ["program/main", "with_shared_runtime/main"]
    assert project.translated() == []

    (project.source / "sub dir" / "step.h").write_text("#define STEP 7\n")
    project.touch("sub dir/step.h")
    project.make()
    assert project.output() == OUTPUT.replace("10", "14")


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_header_that_is_gone_is_no_error(project_with: Callable[..., Project], generator: str) -> None:
    project = project_with(generator)
    project.configure()
    project.make()
    (project.source / "sub dir" / "step.h").unlink()
    text = (project.source / "sub dir" / "counting.ac").read_text().replace('#include "step.h"', "#define STEP 6")
    (project.source / "sub dir" / "counting.ac").write_text(text)
    project.make()
    assert project.output() == OUTPUT.replace("10", "12")


@pytest.mark.parametrize("generator", GENERATORS)
def test_other_definitions_translate_again(project_with: Callable[..., Project], generator: str) -> None:
    project = project_with(generator)
    project.configure()
    project.make()
    lists = project.source / "CMakeLists.txt"
    lists.write_text(lists.read_text().replace('"LEVEL=$<IF:1,3,4>"', "LEVEL=8"))
    assert project.translated() == ["program/main"]
    assert project.output() == OUTPUT.replace("3", "8")


@pytest.mark.parametrize("generator", GENERATORS)
def test_another_asyncc_translates_again(
    new_project: Callable[..., Project], installed_tree: Path, tmp_path: Path, generator: str
) -> None:
    copy = tmp_path / "asyncc copy"
    shutil.copytree(installed_tree, copy, symlinks=True)
    project = new_project(generator, f"-DCMAKE_PREFIX_PATH={copy}")
    project.configure()
    project.make()
    assert project.translated() == []
    touch(inside(copy, "driver.py"), project.build)
    assert len(project.translated()) == 4


@pytest.mark.parametrize("generator", GENERATORS)
def test_an_error_stops_the_build_and_leaves_the_old_output(
    project_with: Callable[..., Project], generator: str
) -> None:
    project = project_with(generator)
    project.configure()
    project.make()
    (output,) = (project.build / "asyncc" / "program").glob("main.ac.c")
    old = output.read_bytes()
    text = (project.source / "main.ac").read_text()
    (project.source / "main.ac").write_text(text.replace("return 0;", "return nowhere;"))
    done = subprocess.run(["cmake", "--build", str(project.build)], capture_output=True, text=True)
    assert done.returncode != 0
    assert "main.ac:12:12: error:" in done.stdout + done.stderr
    assert output.read_bytes() == old


def test_several_configurations_in_one_tree(project_with: Callable[..., Project]) -> None:
    project = project_with("Ninja Multi-Config")
    project.configure()
    for config in ("Debug", "Release"):
        project.make("--config", config)
        assert project.output(f"{config}/program") == OUTPUT


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_link_time_optimisation(new_project: Callable[..., Project], compiler: str) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    project = new_project("Ninja", checkout(), f"-DCMAKE_C_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=Release")
    project.configure("-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON")
    project.make()
    assert project.output() == OUTPUT


def test_compile_commands_have_the_ac_files(project_with: Callable[..., Project]) -> None:
    project = project_with()
    project.configure("-DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
    project.make()
    database = project.build / "compile_commands.json"

    def entries() -> dict[str, dict[str, object]]:
        return {Path(str(entry["file"])).name: entry for entry in json.loads(database.read_text())}

    assert {"main.ac", "counting.ac", "plain.c"} <= set(entries())
    project.configure()  # CMake writes the file anew
    project.make()
    assert {"main.ac", "counting.ac", "plain.c"} <= set(entries())
    if shutil.which("clang"):
        entry = entries()["main.ac"]
        arguments = ["clang", *list(entry["arguments"])[1:], "-fsyntax-only", "-Werror"]  # type: ignore[call-overload]
        must(*arguments, cwd=Path(str(entry["directory"])))


@pytest.mark.skipif(not shutil.which("clangd"), reason="no clangd")
def test_clangd_accepts_the_ac_files(project_with: Callable[..., Project]) -> None:
    project = project_with()
    project.configure("-DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
    project.make()
    done = subprocess.run(
        ["clangd", f"--compile-commands-dir={project.build}", f"--check={project.source / 'main.ac'}"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert "Failed to" not in done.stderr, done.stderr
    assert "E[" not in done.stderr, done.stderr


def test_pkg_config(installed_tree: Path, tmp_path: Path) -> None:
    """The way without CMake: translate, compile with what pkg-config says, link."""
    env = {**os.environ, "PKG_CONFIG_PATH": str(inside(installed_tree, "asyncc.pc").parent)}
    (asyncc,) = shlex.split(must("pkg-config", "--variable=asyncc", "asyncc", env=env))
    (tmp_path / "a.ac").write_text("#include <asyncc/asyncc.h>\nasync int main(void) { await ac_yield(); return 0; }\n")
    must(asyncc, "a.ac", "-o", "a.c", cwd=tmp_path)
    (folder,) = shlex.split(must("pkg-config", "--variable=libdir", "asyncc", env=env))
    flags = shlex.split(must("pkg-config", "--cflags", "--libs", "asyncc", env=env))
    must("cc", "a.c", *flags, f"-Wl,-rpath,{folder}", "-o", "a", cwd=tmp_path)
    must(tmp_path / "a")


def test_the_shared_library_exports_what_the_headers_declare(installed_tree: Path) -> None:
    library = inside(installed_tree, "libasyncc.so")
    listed = must("nm", "-D", "--defined-only", "--with-symbol-versions", library).split("\n")
    exported = {line.split()[-1] for line in listed if line and " A " not in line}
    assert exported
    assert all(name.startswith("ac_") and "@@ASYNCC_1" in name for name in exported), exported
    wanted = (ROOT / "runtime" / "asyncc.map").read_text()
    names = {word.rstrip(";") for word in wanted.split() if word.startswith("ac_")}
    assert {name.partition("@")[0] for name in exported} == names


def test_the_symbols_are_up_to_date() -> None:
    must(ROOT / "scripts" / "symbols", "--check")


def test_a_program_does_not_export_the_static_runtime(project_with: Callable[..., Project]) -> None:
    project = project_with()
    project.configure("-DCMAKE_EXE_LINKER_FLAGS=-rdynamic")
    project.make()
    exported = must("nm", "-D", "--defined-only", project.build / "program")
    assert " ac_" not in exported


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("asyncc_target_sources(nowhere PRIVATE main.ac)", "no target 'nowhere'"),
        ("asyncc_target_sources(program PUBLIC main.ac)", "PRIVATE"),
        ("find_package(asyncc 99 CONFIG REQUIRED)", "99"),
    ],
)
def test_mistakes_are_explained(project_with: Callable[..., Project], lines: str, message: str) -> None:
    project = project_with()
    lists = project.source / "CMakeLists.txt"
    lists.write_text(lists.read_text() + lines + "\n")
    done = subprocess.run(
        ["cmake", "-S", str(project.source), "-B", str(project.build), "-G", "Ninja", *project.flags],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert message in done.stderr
