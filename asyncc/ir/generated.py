"""Names in the output that a macro of the user's could replace."""

from __future__ import annotations

# Names that the C around the user's text uses, beside those that begin with ac__ or AC_ and the user's own.
AROUND = frozenset(
    {
        "align", "children", "cx", "drop", "f", "file", "flags", "indirect", "line", "live", "locals", "n_locals", "n_states",
        "n_strands", "name", "poll", "result", "result_offset", "result_size", "rt", "size", "states", "strands", "value",
    }
)  # fmt: skip
# Those that it uses among the user's text. (The parameters `f` and `cx` have other names where these are macros.)
AMONG = frozenset({"result", "value"})
