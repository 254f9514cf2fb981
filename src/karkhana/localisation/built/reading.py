"""What a chunk of units consumed, read in sets: key parts, sub-assemblies, panels, windows and mounts.

Every read is one statement for the whole chunk and walks an index from the units' own names, so its cost
grows with the units asked about and not with the record.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import msgspec

from karkhana.design.release import ReleasePackage, Step
from karkhana.floor.rules import Reference
from karkhana.floor.rules.gate import FUTURE_MAX, LATE_MAX
from karkhana.floor.trace import DEPTH_MAX
from karkhana.ledger.store import Cursor, text_array
from karkhana.localisation.built.made_from import Taken as Made
from karkhana.localisation.built.made_from import lots_made_into

FIELD, RECORD = "\x1f", "\x1e"
"""What stands between fields and rows of an aggregate: names of the record hold no control characters."""

_EDGES = """
SELECT k.parts, k.own FROM unnest(%s::text[]) WITH ORDINALITY AS asked (serial, place)
CROSS JOIN LATERAL (
    SELECT string_agg(e.part || chr(31) || coalesce(e.lot, ''), chr(30))
               FILTER (WHERE u.serial IS NULL) AS parts,
           string_agg(concat(u.serial, chr(31), u.product, chr(31), u.revision), chr(30))
               FILTER (WHERE u.serial IS NOT NULL) AS own
    FROM (SELECT part, lot, child, own FROM ledger_edge
          WHERE parent = asked.serial AND removed_at IS NULL ORDER BY role) e
    LEFT JOIN ledger_unit u ON u.serial = CASE WHEN e.own THEN e.child END
) k ORDER BY asked.place
"""
_SOURCES = """
SELECT asked.place, d.input, d.input_kind = 'unit'
FROM unnest(%s::text[]) WITH ORDINALITY AS asked (serial, place)
JOIN ledger_descent d ON d.output = asked.serial AND d.output_kind = 'unit'
"""
# Times as seconds: a double holds microseconds of this age exactly, and is read many times faster.
_WINDOWS = """
SELECT asked.place, e.station, e.step, date_part('epoch', e.began_at), date_part('epoch', e.happened_at),
       e.deviation
FROM unnest(%s::text[]) WITH ORDINALITY AS asked (serial, place)
CROSS JOIN LATERAL (
    SELECT station, step, began_at, happened_at, deviation FROM ledger_event
    WHERE subject = asked.serial AND refusal IS NULL AND step = ANY(%s::smallint[])
    AND recorded_at >= %s::timestamptz
) e
"""
_BORN = """
SELECT min(u.created_at) FROM unnest(%s::text[]) AS asked (serial)
JOIN ledger_unit u ON u.serial = asked.serial
"""
_MONTHS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'ledger_event'::regclass"
MONTHS_FEW = 3
"""Months of the record that are looked through without asking first when the units were born."""
_MOUNTS = """
SELECT m.station, m.lot, m.part, date_part('epoch', m.loaded_at), date_part('epoch', m.unloaded_at)
FROM unnest(%s::text[]) AS asked (station)
JOIN ledger_mount m ON m.station = asked.station AND m.loaded_at <= to_timestamp(%s::float8 + 1)
    AND (m.unloaded_at IS NULL OR m.unloaded_at >= to_timestamp(%s::float8 - 1))
ORDER BY m.station, m.loaded_at, m.loaded_seq
"""
Window = tuple[int, str, int, float, float, str | None]
"""Place of the subject among those asked about (from 1), station, step, from, until, deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A released revision, with what has to be read of its units. There is one object for each."""

    product: str
    revision: str
    release: ReleasePackage | None
    has_keys: bool
    parting: int
    consuming: tuple[int, ...]
    steps: dict[int, Step]

    @classmethod
    def of(cls, product: str, revision: str, release: ReleasePackage | None) -> Kind:
        """Look at a release; ``parting`` is the first step that takes units out of a panel or sheet, or 0."""
        steps = {step.number: step for step in (release.steps if release else ())}
        parting = [n for n, step in steps.items() if step.passed_by == "TransformationEvent"]
        return cls(
            product,
            revision,
            release,
            release is None or any(step.key_parts for step in steps.values()),
            min(parting, default=0),
            tuple(n for n, step in steps.items() if step.materials),
            steps,
        )


class Node(msgspec.Struct, gc=False):
    """A unit, or a sub-assembly in it. ``parts`` are its key parts with their lots, as one text.

    ``above`` are the panels or sheets that it was taken from, nearest first. Nodes form a tree, so the
    collector need not look at them.
    """

    serial: str
    kind: Kind
    parts: str = ""
    own: tuple[Node, ...] = ()
    above: tuple[str, ...] = ()
    made: tuple[Made, ...] = ()
    number: int = 0


class Mount(msgspec.Struct, frozen=True, gc=False):
    """A lot on a station, in seconds since 1970; ``until`` is None while it is."""

    lot: str
    part: str
    since: float
    until: float | None


class Reader:
    """Reads chunks of units by one cursor."""

    def __init__(self, cursor: Cursor, reference: Reference) -> None:
        self.cursor = cursor
        self.reference = reference
        self.kinds: dict[tuple[str, str], Kind] = {}
        self.many_months = self.rows(_MONTHS)[0][0] > MONTHS_FEW

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Run a read and return its rows; numbers travel in binary."""
        self.cursor.execute(sql, values, binary=True)
        return self.cursor.fetchall()

    def node(self, serial: str, product: str, revision: str) -> Node:
        """Return the node of a unit, with what is known of its revision."""
        kind = self.kinds.get((product, revision))
        if kind is None:
            kind = Kind.of(product, revision, self.reference.releases.get((product, revision)))
            self.kinds[product, revision] = kind
        return Node(serial, kind)

    def nodes(self, roots: list[Node]) -> list[list[Node]]:
        """Read what is built into units, level by level, the units themselves first."""
        levels = [roots]
        while levels[-1] and len(levels) <= DEPTH_MAX:
            self._key_parts([node for node in levels[-1] if node.kind.has_keys])
            levels.append([child for node in levels[-1] for child in node.own])
        self._sources(
            [node for level in levels for node in level if node.kind.parting or node.kind.release is None]
        )
        return levels

    def _key_parts(self, nodes: list[Node]) -> None:
        if not nodes:
            return
        found = self.rows(_EDGES, text_array(node.serial for node in nodes))
        for node, (parts, own) in zip(nodes, found, strict=True):
            node.parts = parts or ""
            if own:
                node.own = tuple(self.node(*row.split(FIELD)) for row in own.split(RECORD))

    def _sources(self, nodes: list[Node]) -> None:
        """Read the panels and sheets that units were taken from, and lots that went into them."""
        above: dict[str, str] = {}
        with_lots: set[str] = set()
        fresh = [node.serial for node in nodes]
        for _ in range(DEPTH_MAX):
            if not fresh:
                break
            inputs: dict[str, None] = {}
            for place, source, is_unit in self.rows(_SOURCES, text_array(fresh)):
                if is_unit:
                    above[fresh[place - 1]] = source
                    inputs[source] = None
                else:
                    with_lots.add(fresh[place - 1])
            fresh = [serial for serial in inputs if serial not in above]
        for node in nodes:
            node.above = _chain(node.serial, above)
        if with_lots:
            self._made(nodes, with_lots)

    def _made(self, nodes: list[Node], with_lots: set[str]) -> None:
        lineages = {node.serial: [node.serial, *node.above] for node in nodes}
        touched = {serial: line for serial, line in lineages.items() if not with_lots.isdisjoint(line)}
        made = lots_made_into(self.cursor, touched)
        for node in nodes:
            node.made = tuple(made.get(node.serial, ()))

    def windows(self, nodes: list[Node]) -> list[tuple[Kind, list[str], list[Window]]]:
        """Read the windows in which units and their panels consumed, with the names of the subjects."""
        asked: defaultdict[Kind, dict[str, None]] = defaultdict(dict)
        for node in nodes:
            kind = node.kind
            if not kind.consuming:
                continue
            # What was done before it was parted was done on the panel: a unit that went back to such a step
            # is parted again and ends there.
            if not node.above or kind.consuming[-1] > kind.parting:
                asked[kind][node.serial] = None
            for serial in node.above:
                asked[kind][serial] = None
        return [
            (kind, list(names), self._windows(text_array(names), list(kind.consuming)))
            for kind, names in asked.items()
        ]

    def _windows(self, names: str, steps: list[int]) -> list[Window]:
        since = dt.datetime.min.replace(tzinfo=dt.UTC)
        if self.many_months:
            # No event is recorded long before it happens, nor happens long before its unit is born.
            ((born,),) = self.rows(_BORN, names)
            since = born - FUTURE_MAX - LATE_MAX if born else since
        return self.rows(_WINDOWS, names, steps, since)

    def mounts(self, stations: set[str], since: float, until: float) -> dict[str, list[Mount]]:
        """Read what was on stations within a span, in order of loading."""
        found: defaultdict[str, list[Mount]] = defaultdict(list)
        for station, *mount in self.rows(_MOUNTS, sorted(stations), until, since):
            found[station].append(Mount(*mount))
        return found


def _chain(serial: str, above: dict[str, str]) -> tuple[str, ...]:
    """Return what a unit was taken from, nearest first."""
    first = above.get(serial)
    if first is None:
        return ()
    found = [first]
    while (source := above.get(found[-1])) is not None and len(found) < DEPTH_MAX:
        found.append(source)
    return tuple(found)
