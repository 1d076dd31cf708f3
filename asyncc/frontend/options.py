"""What the frontend has to know beside the file: the flags of a C compiler that change what the text means."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class FrontendOptions:
    include_dirs: list[str] = field(default_factory=list)  # -I
    defines: list[str] = field(default_factory=list)  # -D, without the letter: "NAME", "NAME=value", "f(x)=x"
    undefines: list[str] = field(default_factory=list)  # -U
    std: str = "gnu11"
    extra: list[str] = field(default_factory=list)  # -isystem, -include, -m32, -target … as clang takes them
    cc: str = "cc"  # the C compiler the output is for: asked for its include directories
    include_dir: str = ""  # where <asyncc/asyncc.h> is; "": asyncc's own

    def keywords(self) -> bool:
        """Whether `async` and the like are words, or only `ac_async`. A `#define ASYNCC_NO_KEYWORDS` in the file counts
        too; that the frontend sees for itself."""
        return not any(d.split("=", 1)[0] == "ASYNCC_NO_KEYWORDS" for d in self.defines)
