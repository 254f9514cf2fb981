"""The events of the record: what may be said about the floor, typed.

Owns the wire shape of every event. Floor events carry their IPC-CFX names (IPC-2591); events of
goods that move carry GS1 EPCIS 2.0 names. One event speaks of one identifier: a machine that
reports several at once is split by its gateway. A panel of n boards is one identifier with n
positions. ``ShippingEvent`` and ``ReceivingEvent`` are EPCIS ObjectEvents with the business step
(CBV 2.0) shipping and receiving.

It does not own what is allowed: that is ``floor.rules``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

# No control characters anywhere: PostgreSQL cannot store NUL, and a scanner's stray tab is a typing error.
_PRINTED = r"^[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$(?!\n)"
Code = Annotated[str, Meta(min_length=1, max_length=80, pattern=_PRINTED)]
"""An identifier as printed or scanned: 1 to 80 characters, no control characters, no outer blanks."""
Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=_PRINTED)]
"""A name put together from codes, such as a firmware's; as ``Code``, up to 120 characters."""
Text = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$")]
"""Free text: at most 2,000 characters, no NUL."""
Position = Annotated[int, Meta(ge=1, le=60)]
Instant = Annotated[dt.datetime, Meta(tz=True)]
Amount = Annotated[Decimal, Meta()]


class Event(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    kw_only=True,
    gc=False,  # no cycles can arise, and a batch holds tens of thousands of them
):
    """What every event says.

    Args:
        id: made by the producer, once per happening; a resend carries the same id.
        at: when it happened (not when it was sent), with time zone.
        station: station code; it implies line and plant.
        actor: operator code or CFX handle of the machine.
    """

    id: uuid.UUID
    at: Instant
    station: Code
    actor: Code | None = None


class UnitEvent(Event, frozen=True, kw_only=True, gc=False):
    """An event about one unit, panel or container, by its process serial."""

    unit: Code


class Measurement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One measured value with its limits, numbers as printed by the tester; either limit may be open."""

    name: Code
    value: Amount
    unit_of_measure: Text = ""
    low: Amount | None = None
    high: Amount | None = None


class Defect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One defect found: code, reference designator and board position where known."""

    code: Code
    reference: Text = ""
    position: Position | None = None


class UnitsInitialized(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """A unit or panel begins its life under a work order."""

    work_order: Code
    positions: Position = 1


class UnitsArrived(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """A unit stands at a station, about to be worked on. Optional: a result implies the arrival."""


class UnitsDeparted(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """A unit left a station."""


class UnitsProcessed(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """A station did its work on a unit: printing, placement, reflow, curing, assembly."""

    result: Literal["Completed", "Failed"] = "Completed"
    recipe: Text = ""
    defects: tuple[Defect, ...] = ()


class UnitsTested(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """A tester judged a unit. Error and Aborted say nothing about the unit and pass nothing."""

    result: Literal["Passed", "Failed", "Error", "Aborted"]
    program: Text = ""
    measurements: tuple[Measurement, ...] = ()
    defects: tuple[Defect, ...] = ()


class UnitsInspected(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """An inspector or inspection machine judged a unit."""

    result: Literal["Passed", "Failed"]
    measurements: tuple[Measurement, ...] = ()
    defects: tuple[Defect, ...] = ()


class MaterialsLoaded(Event, frozen=True, tag=True, kw_only=True, gc=False):
    """A lot (reel, tray, bottle) was put on a station at a location. It feeds units from this moment."""

    location: Code
    lot: Code
    part: Code
    quantity: Amount | None = None


class MaterialsUnloaded(Event, frozen=True, tag=True, kw_only=True, gc=False):
    """A lot was taken off a location. ``quantity`` is what is left on it, where known."""

    location: Code
    lot: Code
    quantity: Amount | None = None


class Installation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One key part going into a unit: by serial, by lot, or both."""

    role: Code
    part: Code
    serial: Code | None = None
    lot: Code | None = None


class MaterialsInstalled(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """Key parts were built into a unit."""

    installed: Annotated[tuple[Installation, ...], Meta(min_length=1, max_length=200)]


class MaterialsUninstalled(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """Key parts were taken out of a unit, by role. What had been inside stays in the record."""

    roles: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=200)]
    reason: Text = ""


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An identity given to a unit: kind as the release names it, value as written."""

    kind: Code
    value: Code


class Firmware(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The firmware that a unit reports for a target, with the SHA-256 of the image."""

    target: Code
    version: Code
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class UnitsPersonalized(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """Identities and firmware were written into a unit."""

    identities: Annotated[tuple[Identity, ...], Meta(max_length=50)] = ()
    firmware: Annotated[tuple[Firmware, ...], Meta(max_length=20)] = ()


class UnitsDisqualified(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """A unit, or boards of a panel, are scrapped. ``positions`` empty means the whole unit or panel."""

    reason: Text
    positions: tuple[Position, ...] = ()


class Repair(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One thing done to repair: where, what was wrong, what was done."""

    action: Code
    cause: Text = ""
    reference: Text = ""


class UnitsRepaired(UnitEvent, frozen=True, tag=True, kw_only=True, gc=False):
    """A failed unit was repaired, or found to have no fault, and goes back to its re-entry step."""

    result: Literal["Repaired", "NoFaultFound"] = "Repaired"
    repairs: tuple[Repair, ...] = ()


class AggregationEvent(Event, frozen=True, tag=True, kw_only=True, gc=False):
    """Units or containers were put into a container (ADD) or taken out (DELETE). EPCIS 2.0, 7.4.3."""

    action: Literal["ADD", "DELETE"]
    parent: Code
    level: Literal["box", "carton", "pallet"] = "box"
    children: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=2000)]


class Thing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """An input or output of a transformation: a unit (with its board position) or an amount of a lot.

    A new lot that is of one supplier and origin with what it was taken from (a split, a merge) says both;
    of one that was made here of several things neither is said. ``origin`` is ISO 3166-1 alpha-2.
    """

    unit: Code | None = None
    position: Position | None = None
    lot: Code | None = None
    part: Code | None = None
    quantity: Amount | None = None
    supplier: Code | None = None
    origin: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")] | None = None
    supplier_lot: Text = ""


class TransformationEvent(Event, frozen=True, tag=True, kw_only=True, gc=False):
    """Inputs ceased and outputs came to be: a panel into boards, a sheet into pieces, lots into one.

    EPCIS 2.0, 7.4.6.
    """

    inputs: Annotated[tuple[Thing, ...], Meta(min_length=1, max_length=2000)]
    outputs: Annotated[tuple[Thing, ...], Meta(min_length=1, max_length=2000)]


class ReceivingEvent(Event, frozen=True, tag=True, kw_only=True, gc=False):
    """A lot came in from a supplier. ``origin`` is an ISO 3166-1 alpha-2 country code."""

    lot: Code
    part: Code
    quantity: Amount
    supplier: Code
    origin: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    supplier_lot: Text = ""


class ShippingEvent(Event, frozen=True, tag=True, kw_only=True, gc=False):
    """Containers or loose finished units left the plant to a consignee."""

    shipment: Code
    items: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=2000)]
    consignee: Code
    reference: Text = ""


class HoldPlaced(Event, frozen=True, tag=True, kw_only=True, gc=False):
    """Nothing may be done with the target until the hold is released.

    A hold on firmware holds every unit that carries it, now or later; its target is written
    ``PRODUCT TARGET=VERSION``.
    """

    hold: Code
    scope: Literal["unit", "lot", "work_order", "firmware"]
    target: Name
    reason: Text


class HoldReleased(Event, frozen=True, tag=True, kw_only=True, gc=False):
    """A hold is over."""

    hold: Code
    reason: Text


AnyEvent = (
    UnitsInitialized
    | UnitsArrived
    | UnitsDeparted
    | UnitsProcessed
    | UnitsTested
    | UnitsInspected
    | MaterialsLoaded
    | MaterialsUnloaded
    | MaterialsInstalled
    | MaterialsUninstalled
    | UnitsPersonalized
    | UnitsDisqualified
    | UnitsRepaired
    | AggregationEvent
    | TransformationEvent
    | ReceivingEvent
    | ShippingEvent
    | HoldPlaced
    | HoldReleased
)
