"""What the gate may look at while it decides: everything that a batch touches, loaded beforehand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from karkhana.design.changes.rules import Departure, Effectivity
from karkhana.design.firmware.rules import Registered
from karkhana.design.release import ReleasePackage, Step
from karkhana.floor.rules.pooled import NO_POOLS, Place, PoolIndex
from karkhana.ledger.state import (
    TALLY_METRICS,
    Changes,
    Claim,
    Edge,
    Hold,
    Lot,
    Setup,
    Unit,
)
from karkhana.supply.incoming.life.rules import Life

METRIC = {name: index for index, name in enumerate(TALLY_METRICS)}


def hour_of(at: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Return the start, in UTC, of the hour that a clock in the zone shows at a time."""
    return at.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class Station:
    """A station with what it implies."""

    code: str
    plant: str
    line: str
    station_type: str
    time_zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Reference:
    """What changes rarely: plants, releases, people. The same object serves many batches.

    Args:
        setups: line code to the (product, revision) pairs that it is set up to build.
        work_orders: code to (product, revision).
        closed_orders: code of an order whose product is not through the gates before the order's stage, to
            the stage and the first gate that is missing.
        certificates: operator code to skill to periods, half-open, plant-local days.
        feeder_parts: (line, station type) to location (None: any) to the parts it may hold.
        effectivities: (product, revision) to the change orders that say from when on it is built, or not.
        departures: part number to the approved deviations by which it stands in for another.
        pools: which identities are drawn from pools, and the ranges of those.
        markets: work order to the country that its units go to.
        images: (product, target, version) to the firmware image that is registered.
        firmware_names: every ``PRODUCT TARGET=VERSION`` that is released or registered.
        consigners: supplier to the brand whose material it hands in (consigned, free issue).
    """

    stations: Mapping[str, Station]
    setups: Mapping[str, frozenset[tuple[str, str]]]
    releases: Mapping[tuple[str, str], ReleasePackage]
    work_orders: Mapping[str, tuple[str, str]]
    certificates: Mapping[str, Mapping[str, tuple[tuple[dt.date, dt.date], ...]]]
    suppliers: frozenset[str]
    feeder_parts: Mapping[tuple[str, str], Mapping[str | None, frozenset[str]]]
    pools: PoolIndex = NO_POOLS
    closed_orders: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    effectivities: Mapping[tuple[str, str], tuple[Effectivity, ...]] = field(default_factory=dict)
    departures: Mapping[str, tuple[Departure, ...]] = field(default_factory=dict)
    markets: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[tuple[str, str, str], Registered] = field(default_factory=dict)
    firmware_names: frozenset[str] = frozenset()
    consigners: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """The state that a batch of events is decided on, and the changes that it makes.

    Only what the batch names is loaded: a serial that is not in ``units`` does not exist.
    ``inside`` maps a container or unit to the serials directly in it; it is complete only below what
    the batch ships, and below units while firmware is on hold. ``lives`` limits the use of the lots that
    the batch loads or builds in. ``pooled`` says where in a pool's range a
    value stands, ``drawn`` how many values were drawn from a range, ``spoilt`` why the value at a place of a
    range is not used. ``deviation_uses`` counts the units that were built under a deviation, ``deviated``
    holds those of this batch with its number, ``grants`` the deviations that the event at hand needs.
    ``lot_sources`` are the suppliers behind lots that were made here of others, while anybody consigns.
    """

    reference: Reference
    units: dict[str, Unit] = field(default_factory=dict)
    lots: dict[str, Lot] = field(default_factory=dict)
    lot_sources: dict[str, frozenset[str]] = field(default_factory=dict)
    setups: dict[str, Setup] = field(default_factory=dict)
    held_lots: set[str] = field(default_factory=set)
    held_work_orders: set[str] = field(default_factory=set)
    held_firmware: set[str] = field(default_factory=set)
    lives: dict[str, tuple[Life, ...]] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    edges: dict[str, dict[str, Edge]] = field(default_factory=dict)
    used_children: dict[tuple[str, str], str] = field(default_factory=dict)
    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    unit_claims: dict[str, dict[str, Claim]] = field(default_factory=dict)
    inside: dict[str, set[str]] = field(default_factory=dict)
    pooled: dict[tuple[str, str], Place] = field(default_factory=dict)
    drawn: dict[int, int] = field(default_factory=dict)
    spoilt: dict[tuple[int, int], str] = field(default_factory=dict)
    deviation_uses: dict[str, int] = field(default_factory=dict)
    deviated: set[tuple[str, str]] = field(default_factory=set)
    grants: list[str] = field(default_factory=list)
    shipments: set[str] = field(default_factory=set)
    changes: Changes = field(default_factory=Changes)
    hours: dict[tuple[dt.datetime, dt.tzinfo], dt.datetime] = field(default_factory=dict)

    def release_of(self, unit: Unit) -> ReleasePackage:
        """Return the release that a unit is built to; every unit that is not a container has one."""
        return self.reference.releases[(unit.product or "", unit.revision or "")]

    def touch(self, unit: Unit) -> Unit:
        """Mark a unit as changed, so that the store writes it."""
        self.changes.units[unit.serial] = unit
        return unit

    def add(self, unit: Unit) -> Unit:
        """Take in a unit that was born in this batch."""
        self.units[unit.serial] = unit
        return self.touch(unit)

    def everything_inside(self, serial: str) -> list[str]:
        """List what is in a container or unit, at any depth, outer before inner."""
        found: list[str] = []
        waiting = sorted(self.inside.get(serial, ()))
        while waiting:
            found += waiting
            waiting = [inner for name in waiting for inner in sorted(self.inside.get(name, ()))]
        return found

    def count(self, station: str, at: dt.datetime, unit: Unit, metric: str, boards: int) -> None:
        """Add to the tally of a station and hour of its plant's clock."""
        key = at, self.reference.stations[station].time_zone
        hour = self.hours.get(key)
        if hour is None:
            hour = self.hours[key] = hour_of(*key)
        self.changes.tallies[(station, hour, unit.product or "")][METRIC[metric]] += boards


@dataclass(frozen=True, slots=True)
class Trail:
    """What the record keeps beside an accepted event: what it is about, and which window and step."""

    subject: str | None
    step: int | None = None
    began_at: dt.datetime | None = None


@dataclass(slots=True)
class Scan:
    """An event about a unit at a station, looked up; ``step`` is the unit's next, None behind the last."""

    unit: Unit
    station: Station
    release: ReleasePackage
    step: Step | None
