"""What a chunk of units consumed, read in sets: key parts, sub-assemblies, panels, windows and mounts.

Every read is one statement for the whole chunk and walks an index from the units' own names, so its cost
grows with the units asked about and not with the record.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from karkhana.design.release import ReleasePackage, Step
from karkhana.floor.rules import Reference
from karkhana.floor.trace import DEPTH_MAX
from karkhana.ledger.store import Cursor
from karkhana.localisation.built.made_from import Taken as Made
from karkhana.localisation.built.made_from import lots_made_into

FIELD, RECORD = "\x1f", "\x1e"
"""What stands between fields and rows of an aggregate: names of the record hold no control characters."""
NO_LOTS: tuple[Made, ...] = ()

_EDGES = """
SELECT k.parts, k.own FROM unnest(%s::text[]) WITH ORDINALITY AS asked (serial, place)
CROSS JOIN LATERAL (
    SELECT string_agg(e.part || chr(31) || coalesce(e.lot, ''), chr(30)) FILTER (WHERE NOT e.inside) AS parts,
           string_agg(e.role || chr(31) || e.child, chr(30)) FILTER (WHERE e.inside) AS own
    FROM (SELECT role, part, lot, child, own AND child IS NOT NULL AS inside FROM ledger_edge
          WHERE parent = asked.serial AND removed_at IS NULL ORDER BY role) e
) k ORDER BY asked.place
"""
_UNITS = """
SELECT u.product, u.revision FROM unnest(%s::text[]) WITH ORDINALITY AS asked (serial, place)
LEFT JOIN LATERAL (SELECT product, revision FROM ledger_unit WHERE serial = asked.serial) u ON true
ORDER BY asked.place
"""
_LINEAGE = """
WITH RECURSIVE up AS (
    SELECT place, serial, 0 AS depth FROM unnest(%s::text[]) WITH ORDINALITY AS asked (serial, place)
    UNION
    SELECT up.place, d.input, up.depth + 1 FROM up JOIN ledger_descent d
    ON d.output = up.serial AND d.output_kind = 'unit' AND d.input_kind = 'unit' WHERE up.depth < 20
) SELECT place, serial FROM up WHERE depth > 0 ORDER BY place, depth
"""
# Times as seconds: a double holds microseconds of this age exactly, and is read many times faster.
_WINDOWS = """
SELECT asked.place, e.station, e.step, date_part('epoch', e.began_at), date_part('epoch', e.happened_at),
       e.deviation
FROM unnest(%s::text[]) WITH ORDINALITY AS asked (serial, place)
CROSS JOIN LATERAL (
    SELECT station, step, began_at, happened_at, deviation FROM ledger_event
    WHERE subject = asked.serial AND refusal IS NULL AND step = ANY(%s::smallint[])
    AND recorded_at >= %s
) e
"""
_MOUNTS = """
SELECT m.station, m.lot, m.part, date_part('epoch', m.loaded_at), date_part('epoch', m.unloaded_at)
FROM unnest(%s::text[], %s::float8[], %s::float8[]) AS asked (station, since, until)
JOIN ledger_mount m ON m.station = asked.station AND m.loaded_at <= to_timestamp(asked.until + 1)
    AND (m.unloaded_at IS NULL OR m.unloaded_at >= to_timestamp(asked.since - 1))
ORDER BY m.station, m.loaded_at, m.loaded_seq
"""


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


@dataclass(slots=True)
class Node:
    """A unit, or a sub-assembly in it. ``parts`` are its key parts with their lots, as one text."""

    serial: str
    kind: Kind
    parts: str = ""
    own: list[Node] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    made: tuple[Made, ...] = NO_LOTS


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which a unit or panel was worked on, in seconds since 1970."""

    station: str
    step: int
    began: float
    ended: float
    deviation: str | None


@dataclass(frozen=True, slots=True)
class Mount:
    """A lot on a station; ``until`` is None while it is."""

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
        self.partitions_since = dt.datetime.min.replace(tzinfo=dt.UTC)

    def kind(self, product: str, revision: str) -> Kind:
        """Return what is known of a revision."""
        key = (product, revision)
        found = self.kinds.get(key)
        if found is None:
            found = self.kinds[key] = Kind.of(*key, self.reference.releases.get(key))
        return found

    def nodes(self, roots: list[Node]) -> list[list[Node]]:
        """Read what is built into units, level by level, the units themselves first."""
        levels = [roots]
        while levels[-1] and len(levels) <= DEPTH_MAX:
            self._key_parts([node for node in levels[-1] if node.kind.has_keys])
            levels.append([child for node in levels[-1] for child in node.own])
        everything = [node for level in levels for node in level]
        self._sources([node for node in everything if node.kind.parting or node.kind.release is None])
        return levels[:-1] if not levels[-1] else levels

    def _key_parts(self, nodes: list[Node]) -> None:
        if not nodes:
            return
        self.cursor.execute(_EDGES, [[node.serial for node in nodes]], binary=True)
        inside: list[tuple[Node, str]] = []
        for node, (parts, own) in zip(nodes, self.cursor.fetchall(), strict=True):
            node.parts = parts or ""
            if own:
                inside += [(node, row.split(FIELD)[1]) for row in own.split(RECORD)]
        if not inside:
            return
        self.cursor.execute(_UNITS, [[child for _, child in inside]], binary=True)
        for (node, child), (product, revision) in zip(inside, self.cursor.fetchall(), strict=True):
            node.own.append(Node(child, self.kind(product or "", revision or "")))

    def _sources(self, nodes: list[Node]) -> None:
        """Read the panels and sheets that units were taken from, and lots that went into them."""
        if not nodes:
            return
        self.cursor.execute(_LINEAGE, [[node.serial for node in nodes]], binary=True)
        for place, serial in self.cursor.fetchall():
            nodes[place - 1].above.append(serial)
        made = lots_made_into(self.cursor, {node.serial: [node.serial, *node.above] for node in nodes})
        for node in nodes if made else ():
            node.made = tuple(made.get(node.serial, ()))

    def windows(self, nodes: list[Node]) -> dict[Kind, dict[str, list[Window]]]:
        """Read the windows in which units and their panels consumed, by release and by name."""
        subjects: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for node in nodes:
            kind = node.kind
            if not kind.consuming:
                continue
            asked = subjects[kind.product, kind.revision]
            # What was done before it was parted was done on the panel: a unit that went back to such a step
            # is parted again and ends there.
            if not node.above or kind.consuming[-1] > kind.parting:
                asked[node.serial] = None
            for serial in node.above:
                asked[serial] = None
        return {
            self.kinds[key]: self._windows(list(asked), self.kinds[key].consuming)
            for key, asked in subjects.items()
        }

    def _windows(self, subjects: list[str], steps: tuple[int, ...]) -> dict[str, list[Window]]:
        self.cursor.execute(_WINDOWS, [subjects, list(steps), self.partitions_since], binary=True)
        found: defaultdict[str, list[Window]] = defaultdict(list)
        for place, *window in self.cursor.fetchall():
            found[subjects[place - 1]].append(Window(*window))
        return found

    def mounts(self, spans: dict[str, tuple[float, float]]) -> dict[str, list[Mount]]:
        """Read what was on stations within some spans, in order of loading."""
        stations = list(spans)
        since, until = [spans[s][0] for s in stations], [spans[s][1] for s in stations]
        self.cursor.execute(_MOUNTS, [stations, since, until], binary=True)
        found: defaultdict[str, list[Mount]] = defaultdict(list)
        for station, *mount in self.cursor.fetchall():
            found[station].append(Mount(*mount))
        return found
