"""Prints `Code`: the user's tokens with places, results and literals in the holes; and what is said of a call's future."""

from __future__ import annotations

from collections.abc import Callable

from ..ir import low
from ..ir import tree as t
from ..ir.frame import Frame
from ..passes.context import Context
from .c_tokens import Renames, TokenPrinter
from .writer import Writer


class CodePrinter:
    def __init__(self, c: Context, frame: Frame | None, renames: Renames, writer: Writer) -> None:
        self.c, self.frame, self.w = c, frame, writer
        self.tokens = TokenPrinter(c.tokens, renames, writer)
        self.nested: Callable[[low.Low], None] | None = None
        self.line = 0
        self.needs: list[str] = []

    def code(self, code: low.Code) -> None:
        for part in code.parts:
            self.part(part)

    def start(self, code: low.Code) -> None:
        """Code at the start of a statement: what stands before its first token has been printed."""
        self.tokens.suppress = True
        self.code(code)
        self.tokens.suppress = False

    def part(self, part: low.Part) -> None:
        match part:
            case str():
                self.text(part)
            case low.Span():
                self.tokens.span(part.first, part.last)
            case low.Tight():
                self.tokens.suppress = True
            case low.Gap():
                self.tokens.before(self.c.tokens[part.token])
            case low.Place():
                self.text(self.place(part.local))
            case low.Which():
                self.text(self.which(part.local))
            case low.Result():
                self.text(self.result(part.site))
            case low.Dropped():
                self.text(self.drop(part.site))
            case low.Literal():
                self.literal(part)
            case low.Nested():
                assert self.nested is not None
                self.tokens.suppress = False
                self.nested(part.body)

    def text(self, text: str) -> None:
        self.tokens.suppress = False
        self.w.code(text, self.line)

    # --- variables

    def in_frame(self, variable: low.Variable) -> bool:
        return self.frame is not None and self.frame.holds(variable)

    def place(self, local: t.Local) -> str:
        if self.in_frame(local):
            assert self.frame is not None
            return f"{self.c.self_name}->{self.frame.names[local]}"
        return local.name

    def which(self, local: t.Local) -> str:
        assert self.frame is not None
        return f"{self.c.self_name}->ac__which_{self.future_name(local)}"

    def future_name(self, local: t.Local) -> str:
        assert self.frame is not None
        return self.frame.names[local].removeprefix("ac__which_")

    def literal(self, part: low.Literal) -> None:
        local = part.local
        if not self.in_frame(local):
            self.code(part.code)
            return
        place = self.place(local)
        is_array = local.type.kind is t.TypeKind.ARRAY
        if is_array or local.type.has_const_member:
            decays = is_array and not part.takes_address
            address = place if decays else f"&{place}"
            self.text(f"({'' if decays else '*('}__builtin_memcpy({address}, {'' if decays else '&'}")
            self.tokens.suppress = True
            self.code(part.code)
            self.text(f", sizeof {place}), {address}{'' if decays else ')'})")
        else:
            self.text(f"(*({place} = ")
            self.tokens.suppress = True
            self.code(part.code)
            self.text(f", &{place}))")
        self.tokens.suppress = False

    # --- futures of calls

    def storage(self, site: low.Site) -> str:
        if site.future is not None:
            return f"{self.c.self_name}->{self.future_name(site.future)}"
        return f"{self.c.self_name}->{site.field_name}"

    def is_bytes(self, site: low.Site) -> bool:
        """Its storage is an array of bytes, because the callee stands further down."""
        name = site.prefix.removeprefix("ac__")
        return (
            site.kind == "own"
            and name in self.c.calls.own
            and site.prefix.startswith("ac__")
            and not self.c.is_complete(name)
        )

    def address(self, site: low.Site, storage: str | None = None) -> str:
        storage = storage or self.storage(site)
        return storage if self.is_bytes(site) else f"&{storage}"

    def init(self, site: low.Site, storage: str | None = None) -> list[low.Part]:
        """The statements that make the future of a call."""
        storage = storage or self.storage(site)
        cx = self.c.cx_name
        arguments: list[low.Part] = []
        for code in site.arguments:
            arguments += [", ", low.Tight(), *code.parts]
        if site.kind == "own":
            self_ = self.address(site, storage)
            if self.is_bytes(site):
                self_ = f"(struct {site.prefix}_future *){self_}"
            return [f"{site.prefix}_init({self_}", *arguments, ");"]
        if site.kind == "pool":
            return [f"{storage} = ac__frame_new({cx}, &{site.prefix}_descriptor); {site.prefix}_init(ac__frame_future({storage})",
                    *arguments, ");"]  # fmt: skip
        assert site.callee is not None
        return [
            f"ac__slot_await({cx}); (void)",
            *site.callee.parts,
            "(",
            *arguments[1:],
            f"); {storage} = ac__slot_frame();",
        ]

    def poll(self, site: low.Site, storage: str | None = None) -> str:
        """The expression that polls it."""
        cx = self.c.cx_name
        if site.kind == "lazy":
            assert site.future is not None
            text = f"ac__{self.c.function.decl.name}_poll_{self.future_name(site.future)}({self.c.self_name}, {cx})"
        elif site.kind in ("pool", "slot"):
            text = f"ac__frame_poll({storage or self.storage(site)}, {cx})"
        else:
            text = f"{site.prefix}_poll({self.address(site, storage)}, {cx})"
        return text

    def result(self, site: low.Site, storage: str | None = None) -> str:
        if site.kind == "lazy":
            return f"{self.storage(site)}.value"
        storage = storage or self.storage(site)
        if site.kind in ("pool", "slot"):
            return f"*({site.result.declare('*')})ac__frame_result({storage})"
        if site.prefix == "ac_op_join":
            return f"*({site.result.declare('const *')})ac_op_join_value({self.address(site, storage)})"
        if self.is_bytes(site):
            return f"(*{site.prefix}_result({storage}))"
        return f"{storage}.result"

    def drop(self, site: low.Site, storage: str | None = None) -> str:
        if site.kind == "lazy":
            return ""
        storage = storage or self.storage(site)
        if site.kind in ("pool", "slot"):
            return f"ac__frame_drop({storage});"
        return f"{site.prefix}_drop({self.address(site, storage)});"

    def release(self, site: low.Site) -> str:
        if site.kind in ("pool", "slot"):
            return f"ac__frame_free({self.c.cx_name}, {self.storage(site)});"
        return f"{site.prefix}_drop({self.address(site)});"
