"""Which variables hold a value that is still needed, at every point: what has to be kept in the frame, and what may share.

A variable is *occupied* at a point if it is live there (it may be read before it is overwritten) or if its address may be
known and its scope is not over. Liveness runs backwards over the flow graph, escaped addresses forwards; both are bit sets
iterated until nothing changes. Variables occupied where the function may be suspended go to the frame; all others stay C
locals. Two variables of the frame *interfere* if one is written while the other is occupied: at any point, not only at
suspensions. So do the variables that one expression reads and writes, since C leaves open which comes first. Branches of a
gather run interleaved, so all that one occupies interferes with all that another does.
"""

from __future__ import annotations

from ..ir import low
from ..ir import tree as t
from .flow import Flow


class Liveness:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        count = len(flow.nodes)
        self.live: list[int] = [0] * count  # before a node
        self.live_after: list[int] = [0] * count
        self.escaped: list[int] = [0] * count
        self.escaped_after: list[int] = [0] * count
        self._backwards()
        self._forwards()
        self.kept = self._kept()
        self.conflicts: dict[low.Variable, int] = {}
        self._interference()

    def occupied(self, node: int) -> int:
        return self.live[node] | (self.escaped[node] & (self.flow.nodes[node].scope | self.flow.everywhere))

    def occupied_after(self, node: int) -> int:
        return self.live_after[node] | (self.escaped_after[node] & (self.flow.nodes[node].scope | self.flow.everywhere))

    def variables(self, bits: int) -> list[low.Variable]:
        found = []
        while bits:
            lowest = bits & -bits
            found.append(self.flow.variables[lowest.bit_length() - 1])
            bits ^= lowest
        return found

    def _backwards(self) -> None:
        nodes = self.flow.nodes
        before: list[list[int]] = [[] for _ in nodes]
        for i, node in enumerate(nodes):
            for n in node.next:
                before[n].append(i)
        work = list(range(len(nodes)))
        waiting = [True] * len(nodes)
        while work:
            i = work.pop()
            waiting[i] = False
            node = nodes[i]
            after = 0
            for n in node.next:
                after |= self.live[n]
            self.live_after[i] = after
            now = node.reads | (after & ~node.kills)
            if now != self.live[i]:
                self.live[i] = now
                for b in before[i]:
                    if not waiting[b]:
                        waiting[b] = True
                        work.append(b)

    def _forwards(self) -> None:
        nodes = self.flow.nodes
        work = list(range(len(nodes) - 1, -1, -1))
        waiting = [True] * len(nodes)
        while work:
            i = work.pop()
            waiting[i] = False
            node = nodes[i]
            after = (self.escaped[i] & ~node.births) | node.escapes  # an assignment leaves the address known
            self.escaped_after[i] = after
            for n in node.next:
                if after & ~self.escaped[n]:
                    self.escaped[n] |= after
                    if not waiting[n]:
                        waiting[n] = True
                        work.append(n)

    def _kept(self) -> int:
        bits = self.flow.always
        for i, node in enumerate(self.flow.nodes):
            if node.crosses:
                bits |= self.occupied(i)
        return bits

    def _interference(self) -> None:
        flow, kept = self.flow, self.kept
        conflicts = [0] * len(flow.variables)
        aggregates = 0
        for v in flow.variables:
            if (
                not isinstance(v, low.Site) and v.type.kind in (t.TypeKind.RECORD, t.TypeKind.ARRAY, t.TypeKind.OTHER)
            ) or isinstance(v, low.Site):
                aggregates |= flow.bits[v]

        def clash(one: int, other: int) -> None:
            bits = one
            while bits:
                lowest = bits & -bits
                conflicts[lowest.bit_length() - 1] |= other
                bits ^= lowest

        for i, node in enumerate(flow.nodes):
            written = (node.kills | node.touches | node.escapes) & kept
            if written:
                around = self.occupied_after(i) & kept
                clash(written, around | written)
                mixed = written & aggregates if node.writes_last else written
                clash(mixed, node.reads & kept)
        start = self.occupied(flow.start) & kept
        clash(start, start)
        for ranges, wait in flow.gathers:
            outside = self.occupied(wait) & kept
            belongs = []
            for first, last in ranges:
                bits = 0
                for i in range(first, last):
                    node = flow.nodes[i]
                    bits |= self.occupied(i) | node.kills | node.touches | node.escapes
                belongs.append(bits & kept)
            for k, bits in enumerate(belongs):
                clash(bits, outside)
                for beside in belongs[k + 1 :]:
                    clash(bits, beside)
        for i, v in enumerate(flow.variables):
            if kept >> i & 1:
                self.conflicts[v] = conflicts[i]
        for i in range(len(flow.variables)):  # make it symmetric
            if kept >> i & 1:
                for other in self.variables(conflicts[i] & kept & ~(1 << i)):
                    self.conflicts[other] |= 1 << i
