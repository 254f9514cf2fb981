"""The duty tables that come with the program: what customs duty a part of a device bears in a year.

Each figure names its source and how sure it is; what the source does not show is empty and unverified. A
table informs and remarks; what a lot bore is what its bill of entry says.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources
from typing import Literal

import msgspec

from karkhana.kernel.fiscal import fiscal_year_days
from karkhana.kernel.refusals import refuse

Status = Literal["sourced", "secondary", "unverified", "derived", "disputed"]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where figures come from."""

    title: str
    address: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rate from a day on. ``percent`` is text, empty when the source does not show it."""

    percent: str
    year: str = ""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    status: Status = "secondary"
    note: str = ""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a device. ``headings`` are the beginnings of its tariff items; empty: any."""

    item: str
    name: str
    rates: tuple[Step, ...]
    headings: tuple[str, ...] = ()
    before: str = ""
    note: str = ""


class TableFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: the programme of one kind of device."""

    device: str
    title: str
    device_headings: tuple[str, ...]
    sources: tuple[Source, ...]
    items: tuple[Item, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class DutyRate:
    """The basic customs duty of a part of a device on a day; ``percent`` is None where it is not known.

    ``year`` is the fiscal year, or the day from which the rate holds.
    """

    device: str
    item: str
    name: str
    headings: tuple[str, ...]
    year: str
    percent: Decimal | None
    status: Status
    note: str
    valid_from: dt.date
    valid_to: dt.date | None


@cache
def tables() -> tuple[TableFile, ...]:
    """Return every table, by device."""
    folder = resources.files(__package__)
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return tuple(msgspec.toml.decode(one.read_text("utf-8"), type=TableFile) for one in files)


@cache
def rates() -> tuple[DutyRate, ...]:
    """Return every rate of every table."""
    return tuple(
        _rate(table, item, step) for table in tables() for item in table.items for step in item.rates
    )


def _rate(table: TableFile, item: Item, step: Step) -> DutyRate:
    if step.year:
        first, last = fiscal_year_days(step.year)
        first, until = step.valid_from or first, step.valid_to or last
    else:
        assert step.valid_from is not None
        first, until = step.valid_from, step.valid_to  # type: ignore[assignment]
    return DutyRate(
        table.device,
        item.item,
        item.name,
        item.headings,
        step.year or first.isoformat(),
        Decimal(step.percent) if step.percent else None,
        step.status,
        step.note or item.note,
        first,
        until,
    )


def duty_rate(device: str, item: str, day: dt.date) -> DutyRate:
    """Return the basic customs duty of a part of a device on a day.

    Args:
        device: ``phone``, ``wearable``, ``hearable`` or ``smart_meter``.
        item: such as ``pcba``.

    Raises:
        Refused: ``duty.unknown_item``; ``duty.not_then`` when no rate of the tables holds on the day.
    """
    known = [rate for rate in rates() if (rate.device, rate.item) == (device, item)]
    if not known:
        raise refuse(
            "duty.unknown_item",
            "No duty table has {item} of {device}.",
            "Choose one of: {known}.",
            device=device[:40],
            item=item[:40],
            known=", ".join(sorted({f"{rate.device} {rate.item}" for rate in rates()})),
        )
    for rate in known:
        if rate.valid_from <= day and (rate.valid_to is None or day <= rate.valid_to):
            return rate
    raise refuse(
        "duty.not_then",
        "The table of {device} has no duty of {item} on {day}.",
        "It begins on {first}; what holds after it is not known here.",
        device=device,
        item=item,
        day=day.isoformat(),
        first=min(rate.valid_from for rate in known).isoformat(),
    )


@lru_cache(maxsize=4096)
def duties_for(hsn: str, day: dt.date) -> tuple[DutyRate, ...]:
    """Return the rates whose headings (not mere chapters) a tariff item begins with, on a day."""
    return tuple(
        rate
        for rate in rates()
        if any(len(heading) >= 4 and hsn.startswith(heading) for heading in rate.headings)
        and rate.valid_from <= day
        and (rate.valid_to is None or day <= rate.valid_to)
    )
