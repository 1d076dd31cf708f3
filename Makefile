# The only commands a newcomer has to know. Each does the set-up it needs first: scripts/setup makes a virtual
# environment in .venv and, where it may, installs the Debian packages that are missing; when all is there it takes no time.
#
#   make demo     builds the HTTP sample, asks it a few things, draws one of its state machines
#   make test     every test: compiler, runtime, programs, CMake, fuzz (bounded), lint
#   make bench    the same work here and in Tokio, Go, C++; prints ratios
#   make fuzz     random C turned async, outputs compared; N=… programs of each of three kinds
#   make real     real C turned async: programs of Debian, gcc's own tests (an hour and a half)
#   make soak     all of the library at once; MINUTES=… long, memory has to stay where it was
#   make sanitize the runtime's tests under ASan and TSan with 1, 2 and 8 workers; REPEAT=… times
#   make valgrind the runtime's tests under valgrind
#   make lint     ruff, mypy, clang-format, clang-tidy
#   make format   lays out all sources
#   make docs     checks and builds the documentation

N ?= 100
MINUTES ?= 60
REPEAT ?= 1

.PHONY: all demo test bench fuzz real soak sanitize valgrind lint format docs setup clean help
all: help

help:
	@sed -n 's/^#   make /  make /p' Makefile

setup:
	@scripts/setup core

demo:
	@scripts/setup demo
	@scripts/demo

test:
	@scripts/setup test
	@scripts/test

bench:
	@scripts/setup bench
	@scripts/bench

fuzz:
	@scripts/setup fuzz
	@scripts/fuzz $(N)

real:
	@scripts/setup fuzz
	@.venv/bin/python tests/fuzz/bodies.py
	@.venv/bin/python tests/fuzz/torture.py

soak:
	@scripts/setup core
	@.venv/bin/python scripts/soak $$(( $(MINUTES) * 60 ))

sanitize:
	@scripts/setup test
	@.venv/bin/python scripts/sanitize $(REPEAT)

valgrind:
	@scripts/setup test
	@.venv/bin/python scripts/valgrind

lint:
	@scripts/setup lint
	@scripts/lint

format:
	@scripts/setup lint
	@scripts/format

docs:
	@scripts/setup core
	@scripts/docs

clean:
	rm -rf build
