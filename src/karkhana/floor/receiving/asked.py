"""What is said of a lot that comes in, read from forms and pasted lists, and checked by itself. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from karkhana.design.storable import check_text
from karkhana.kernel.countries import COUNTRIES
from karkhana.kernel.refusals import Refusal, Refused, refuse

QUANTITY_MAX = 10**12
DECIMALS_MAX = 6
LOTS_MAX = 500
PASTE_MAX = 200_000
COLUMNS = (
    "lot", "part", "quantity", "supplier", "origin", "supplier_lot", "manufactured_on", "expires_on", "msl",
    "label_hours",
)  # fmt: skip
"""Of a pasted list, in this order; only the first five are needed."""
NEEDED = 5
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One lot that comes in.

    Args:
        quantity: in the part's unit, more than zero.
        origin: ISO 3166-1 alpha-2 code of the country where it was made.
        label_hours: floor life that the bag's label gives in place of the standard's.
    """

    lot: str
    part: str
    quantity: Decimal
    supplier: str
    origin: str
    supplier_lot: str = ""
    manufactured_on: dt.date | None = None
    expires_on: dt.date | None = None
    msl: str = ""
    label_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A lot of which something cannot be read."""

    lot: str
    refusal: Refusal


def read_quantity(text: str) -> Decimal:
    """Read a quantity; a comma is refused, because it means a thousand to some and a point to others.

    Raises:
        Refused: ``receipt.quantity``.
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise _no_quantity(text)
    return Decimal(text)


def _no_quantity(value: object) -> Refused:
    return refuse(
        "receipt.quantity",
        "{value} is no quantity that can be received.",
        "Write a number above zero, a point before the decimals, at most {decimals} of them, no comma.",
        value=str(value)[:40],
        decimals=DECIMALS_MAX,
    )


def read_day(text: str) -> dt.date | None:
    """Read a date as year-month-day; nothing is no date.

    Raises:
        Refused: ``receipt.date``.
    """
    text = text.strip()
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 1990 <= day.year <= 2150:
        raise refuse(
            "receipt.date",
            "{value} is no date of a label.",
            "Write it as year-month-day, such as 2026-11-23.",
            value=text[:40],
        )
    return day


def read_hours(text: str) -> int | None:
    """Read hours of floor life as the label gives them; nothing is none.

    Raises:
        Refused: ``lot.label_hours``.
    """
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise refuse(
            "lot.label_hours",
            "{hours} hours are no floor life.",
            "Say whole hours as on the label, or leave it empty.",
            hours=text[:20],
        )
    return int(text)


def check_delivery(delivery: Delivery) -> None:
    """Refuse a lot that cannot be received as it was said, whatever else is in the house.

    Raises:
        Refused: ``text.value``, ``receipt.quantity``, ``receipt.origin``.
    """
    for what, text, limit in (
        ("lot number", delivery.lot, 80),
        ("part number", delivery.part, 80),
        ("supplier", delivery.supplier, 40),
    ):
        check_text(what, text, limit)
        if text != text.strip():
            check_text(f"{what} (it has a blank at its end)", "", limit)
    check_text("supplier's lot number", delivery.supplier_lot, 200, blank=True)
    if not _is_quantity(delivery.quantity):
        raise _no_quantity(delivery.quantity)
    if delivery.origin not in COUNTRIES:
        raise refuse(
            "receipt.origin",
            "Lot {lot}: {value} is no country of origin."
            if delivery.origin
            else "Lot {lot} has no country of origin.",
            "Give the two capital letters of the country where it was made, as on the label or invoice.",
            lot=delivery.lot,
            value=repr(delivery.origin[:20]),
        )


def _is_quantity(value: Decimal) -> bool:
    try:
        return value.is_finite() and 0 < value <= QUANTITY_MAX and value == round(value, DECIMALS_MAX)
    except InvalidOperation:
        return False


@dataclass(frozen=True, slots=True)
class PastedLine:
    """A line of a pasted list: what it says, or why it cannot be read."""

    number: int
    delivery: Delivery | None
    refused: Refused | None


def read_pasted(text: str) -> tuple[PastedLine, ...]:
    """Read lots from a list: one per line, tabs or semicolons between ``COLUMNS``; a heading is skipped.

    Raises:
        Refused: ``receipt.pasted`` when there is nothing, or too much.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if lines and _is_heading(_cells(lines[0][1])):
        lines = lines[1:]
    if not lines or len(lines) > LOTS_MAX or len(text) > PASTE_MAX:
        raise refuse(
            "receipt.pasted",
            "The list has {count} lots.",
            "Paste 1 to {limit} lots, one per line.",
            count=len(lines),
            limit=LOTS_MAX,
        )
    return tuple(_read_line(number, line) for number, line in lines)


def _cells(line: str) -> list[str]:
    separator = "\t" if "\t" in line else ";"
    return [cell.strip() for cell in line.split(separator)]


def _is_heading(cells: Sequence[str]) -> bool:
    return cells[0].lower().replace(" ", "_") in ("lot", "lot_number", "lot_no", "lot_no.")


def _read_line(number: int, line: str) -> PastedLine:
    cells = _cells(line)
    try:
        if not NEEDED <= len(cells) <= len(COLUMNS):
            raise refuse(
                "receipt.columns",
                "Line {line} has {count} columns.",
                "Give {needed} to {limit}: {columns}; separate them by tabs or semicolons.",
                line=number,
                count=len(cells),
                needed=NEEDED,
                limit=len(COLUMNS),
                columns=", ".join(COLUMNS),
            )
        said = dict(zip(COLUMNS, [*cells, *[""] * (len(COLUMNS) - len(cells))], strict=True))
        return PastedLine(number, read_delivery(said), None)
    except Refused as refused:
        return PastedLine(number, None, refused)


def read_delivery(said: dict[str, str]) -> Delivery:
    """Read a lot from texts by the names of ``COLUMNS``.

    Raises:
        Refused: as the single readers, and ``check_delivery``.
    """
    delivery = Delivery(
        lot=said.get("lot", "").strip(),
        part=said.get("part", "").strip(),
        quantity=read_quantity(said.get("quantity", "")),
        supplier=said.get("supplier", "").strip(),
        origin=said.get("origin", "").strip().upper(),
        supplier_lot=said.get("supplier_lot", "").strip(),
        manufactured_on=read_day(said.get("manufactured_on", "")),
        expires_on=read_day(said.get("expires_on", "")),
        msl=said.get("msl", "").strip(),
        label_hours=read_hours(said.get("label_hours", "")),
    )
    check_delivery(delivery)
    return delivery
