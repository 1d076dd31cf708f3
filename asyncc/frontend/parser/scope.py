"""What a name means at a place: C's block scopes, for ordinary names and for tags.

File scope is not kept here: a name found in no block is the file's, and of those the parser only has to know the typedefs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.tree import Local, LocalType


@dataclass(frozen=True, slots=True)
class EnumConstant:
    name: str
    enum: LocalType


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """A function declared inside a block."""

    name: str
    token: int


Meaning = Local | LocalType | EnumConstant | LocalFunction


@dataclass(slots=True)
class Scope:
    names: dict[str, Meaning] = field(default_factory=dict)
    tags: dict[str, LocalType] = field(default_factory=dict)
    locals: list[Local] = field(default_factory=list)
    types: list[LocalType] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)  # of __label__, and what they are called in the function


class Scopes:
    def __init__(self, file_typedefs: set[str], file_tags: set[str]) -> None:
        self.file_typedefs, self.file_tags = file_typedefs, file_tags
        self.stack: list[Scope] = []

    def push(self, scope: Scope | None = None) -> Scope:
        self.stack.append(scope or Scope())
        return self.stack[-1]

    def pop(self) -> Scope:
        return self.stack.pop()

    @property
    def top(self) -> Scope:
        return self.stack[-1]

    def declare(self, name: str, meaning: Meaning) -> None:
        hidden = self.find(name)
        if isinstance(hidden, Local) and name not in self.top.names:
            hidden.is_hidden = True
        self.top.names[name] = meaning

    def find(self, name: str) -> Meaning | None:
        for scope in reversed(self.stack):
            if name in scope.names:
                return scope.names[name]
        return None

    def find_tag(self, name: str) -> LocalType | None:
        for scope in reversed(self.stack):
            if name in scope.tags:
                return scope.tags[name]
        return None

    def find_label(self, name: str) -> str | None:
        return next((scope.labels[name] for scope in reversed(self.stack) if name in scope.labels), None)

    def is_typedef(self, name: str) -> bool:
        meaning = self.find(name)
        return isinstance(meaning, LocalType) if meaning is not None else name in self.file_typedefs
