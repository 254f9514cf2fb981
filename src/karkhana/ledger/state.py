"""What is known now about units, lots, stations and holds, as folded from the record.

Owns the shapes that a rule reads and changes, and the list of changes that the store then writes.
Pure: no clock, database or network. It does not own what is allowed (``floor.rules``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

UNIT_COLUMNS = (
    "serial",
    "kind",
    "product",
    "revision",
    "brand",
    "work_order",
    "state",
    "next_step",
    "station",
    "arrived_at",
    "moved_at",
    "holds",
    "repairs",
    "failed_steps",
    "bound",
    "firmware",
    "positions",
    "failed_mask",
    "scrapped_mask",
    "parent",
    "level",
    "created_at",
    "completed_at",
)

ENDED = frozenset({"shipped", "installed", "consumed"})
"""States in which a unit has no life of its own on the floor any more."""


@dataclass(slots=True)
class Unit:
    """A unit, panel or container; the fields are the columns of ``ledger_unit``.

    ``positions`` counts boards of a panel (1 for a unit) and, of a container, what is directly inside.
    ``failed_mask`` and ``scrapped_mask`` have bit k-1 set for board position k.
    ``arrived_at`` is null once the step at ``station`` is passed: the unit waits to leave.
    """

    serial: str
    kind: str
    product: str | None
    revision: str | None
    brand: str | None
    work_order: str | None
    state: str
    next_step: int
    station: str | None
    arrived_at: dt.datetime | None
    moved_at: dt.datetime
    holds: int
    repairs: int
    failed_steps: list[int]
    bound: list[str]
    firmware: list[str]
    positions: int
    failed_mask: int
    scrapped_mask: int
    parent: str | None
    level: str | None
    created_at: dt.datetime
    completed_at: dt.datetime | None
    is_new: bool = False

    @property
    def good_boards(self) -> int:
        """Boards of a panel that are not scrapped; 1 for a unit."""
        return self.positions - self.scrapped_mask.bit_count() if self.kind == "panel" else 1


@dataclass(slots=True)
class Lot:
    """A lot of material: reel, tray, bottle, batch of a supplier."""

    lot: str
    part: str
    quantity: Decimal | None
    supplier: str | None
    origin: str | None
    supplier_lot: str
    received_at: dt.datetime
    station: str
    is_new: bool = False


@dataclass(slots=True)
class Mount:
    """A lot on a station's location, from ``loaded_at`` until ``unloaded_at`` (null: still there)."""

    loaded_seq: int
    station: str
    location: str
    lot: str
    part: str
    loaded_at: dt.datetime
    unloaded_at: dt.datetime | None = None
    unloaded_seq: int | None = None


@dataclass(slots=True)
class Setup:
    """What a station can consume from now. Copied before it is changed, so that a cache stays true."""

    station: str
    version: int
    window_us: int
    mounts: list[Mount]
    parts: frozenset[str] = frozenset()
    missing: dict[tuple[str | None, str | None, int], tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = frozenset(mount.part for mount in self.mounts)

    def changed(self, version: int, mounts: list[Mount]) -> Setup:
        """Return the set-up after a change of its mounts."""
        return Setup(self.station, version, self.window_us, mounts)


@dataclass(slots=True)
class Edge:
    """A key part inside a unit. ``own`` is True when the child is a unit built here."""

    parent: str
    role: str
    part: str
    child: str | None
    lot: str | None
    own: bool
    installed_at: dt.datetime
    installed_seq: int
    removed_at: dt.datetime | None = None
    removed_seq: int | None = None


@dataclass(slots=True)
class Claim:
    """An identity value that was given to a unit. Burnt ones are never given again."""

    space: str
    value: str
    kind: str
    unit: str
    assigned_at: dt.datetime
    burnt_at: dt.datetime | None = None


@dataclass(slots=True)
class Hold:
    """A hold; ``members`` are the units whose count of holds it raised, none for one on firmware."""

    hold: str
    scope: str
    target: str
    reason: str
    placed_at: dt.datetime
    members: tuple[str, ...] = ()
    released_at: dt.datetime | None = None
    release_reason: str | None = None


@dataclass(slots=True)
class Shipment:
    """Goods that left for a consignee."""

    shipment: str
    consignee: str
    reference: str
    shipped_at: dt.datetime
    station: str
    items: tuple[str, ...]


@dataclass(slots=True)
class DeviationUse:
    """A unit that was built under a deviation; ``boards`` is what it counts for."""

    deviation: str
    unit: str
    boards: int
    step: int
    station: str
    at: dt.datetime
    seq: int


TALLY_METRICS = (
    "passed",
    "failed",
    "first_passed",
    "first_failed",
    "scrapped",
    "completed",
    "shipped",
)


@dataclass(slots=True)
class Changes:
    """Everything that a batch changed, for the store to write; in order of happening where order matters.

    ``packed`` holds (child, parent, at, seq), ``unpacked`` (child, at, seq), ``descents`` the columns of
    ``ledger_descent``, ``windows`` the longest window in microseconds by station.
    """

    units: dict[str, Unit] = field(default_factory=dict)
    lots: list[Lot] = field(default_factory=list)
    mounts: list[Mount] = field(default_factory=list)
    unmounts: list[Mount] = field(default_factory=list)
    setups: dict[str, Setup] = field(default_factory=dict)
    windows: dict[str, int] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    removed: list[Edge] = field(default_factory=list)
    packed: list[tuple[str, str, dt.datetime, int]] = field(default_factory=list)
    unpacked: list[tuple[str, dt.datetime, int]] = field(default_factory=list)
    descents: list[tuple[int, str, str, str, str, int | None, dt.datetime]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    burnt: list[Claim] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    releases: list[Hold] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    deviation_uses: list[DeviationUse] = field(default_factory=list)
    tallies: defaultdict[tuple[str, dt.datetime, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0] * len(TALLY_METRICS))
    )
    refusals: defaultdict[tuple[str, dt.datetime, str], int] = field(default_factory=lambda: defaultdict(int))
