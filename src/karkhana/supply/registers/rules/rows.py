"""What a row of a register must hold to be booked: checked fields, derived channel, rupees. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import ROUND_CEILING, Decimal
from typing import Any, cast

from karkhana.kernel import tax
from karkhana.kernel.countries import HOME as HOME_COUNTRY
from karkhana.kernel.countries import country
from karkhana.kernel.money import CURRENCIES, EXACT, HOME
from karkhana.kernel.refusals import refuse
from karkhana.supply.registers.rules.survey import Row

IMPORT, DOMESTIC, RESELLER, CONSIGNED = "import", "domestic", "reseller", "consigned"
CHANNELS = {
    "IMPORT": IMPORT, "IMPORTED": IMPORT, "OWN IMPORT": IMPORT, "DOMESTIC": DOMESTIC, "LOCAL": DOMESTIC,
    "INDIGENOUS": DOMESTIC, "RESELLER": RESELLER, "TRADER": RESELLER, "DISTRIBUTOR": RESELLER,
    "CONSIGNED": CONSIGNED, "FREE ISSUE": CONSIGNED, "FOC": CONSIGNED,
}  # fmt: skip
QUANTITY_MAX, AMOUNT_MAX, RATE_MAX = Decimal(10) ** 12, Decimal(10) ** 15, Decimal(10) ** 5
"""What can be booked: pieces, an amount in any currency, rupees for one unit of one. A product of the last
two is exact in the columns of a receipt only below 10 ** 18, so amounts in rupees are checked again."""
RUPEES_MAX = Decimal(10) ** 17
_SIX = Decimal("0.000001")


def six(amount: Decimal) -> Decimal:
    """Round an amount up to the six decimals that are booked: what is not local is never understated."""
    return amount.quantize(_SIX, ROUND_CEILING, EXACT)


def text_of(row: Row, name: str) -> str:
    """Return a text of a row, empty when it says nothing."""
    return cast(str, row.get(name) or "")


def number_of(row: Row, name: str) -> Decimal | None:
    """Return a number of a row, None when it says nothing."""
    return cast("Decimal | None", row.get(name))


def date_of(row: Row, name: str) -> dt.date | None:
    """Return a date of a row, None when it says nothing."""
    return cast("dt.date | None", row.get(name))


def needed(row: Row, name: str) -> Any:
    """Return what a row says of a field that it must fill.

    Raises:
        Refused: ``register.missing``.
    """
    value = row.get(name)
    if value is None or value == "":
        raise refuse(
            "register.missing", "{field} is empty.", "Fill it in and import the row again.", field=name
        )
    return value


def positive(row: Row, name: str, code: str) -> Decimal:
    """Return a number above zero, rounded to nothing finer than six decimals.

    Raises:
        Refused: ``code`` when it is zero or negative, ``number.too_large``.
    """
    number = cast(Decimal, needed(row, name))
    if number <= 0:
        raise refuse(
            code,
            "{field}: {value} is not above zero.",
            "Correct it; returns to the supplier are not receipts.",
            field=name,
            value=str(number),
        )
    return in_bounds(number, name, QUANTITY_MAX)


def in_bounds(number: Decimal, name: str, bound: Decimal) -> Decimal:
    """Return a number that can be booked: below a bound, with at most six decimals.

    Raises:
        Refused: ``number.too_large``, ``number.too_long``.
    """
    if abs(number) >= bound:
        raise refuse(
            "number.too_large",
            "{field}: {value} is more than any register holds.",
            "Correct the number.",
            field=name,
            value=f"{number:.6g}",
        )
    if number != round(number, 6):
        raise refuse(
            "number.too_long",
            "{field}: {value} has more than {places} decimals.",
            "Round it to {places} decimals.",
            field=name,
            value=f"{number:f}"[:40],
            places=6,
        )
    return number


def not_negative(row: Row, name: str) -> Decimal:
    """Return an amount, 0 when the row says nothing.

    Raises:
        Refused: ``amount.negative``.
    """
    number = number_of(row, name)
    if number is not None and number < 0:
        raise refuse(
            "amount.negative",
            "{field}: {value} is below zero.",
            "Correct it; credit notes are not receipts.",
            field=name,
            value=str(number),
        )
    return in_bounds(six(number), name, AMOUNT_MAX) if number is not None else Decimal(0)


def value_of(row: Row, quantity: Decimal, *, free: bool = False) -> Decimal:
    """Return the price of the whole row: as it says, or its unit price times the quantity.

    Args:
        free: free issue may cost nothing.

    Raises:
        Refused: ``price.not_positive``, ``register.missing``.
    """
    if number_of(row, "value") is not None:
        name, value = "value", cast(Decimal, row["value"])
    else:
        name, each = "unit_price", cast(Decimal, needed(row, "unit_price"))
        per = number_of(row, "price_unit")
        if per is not None and per <= 0:
            positive(row, "price_unit", "price.not_positive")
        value = EXACT.divide(each * quantity, per or Decimal(1))
    if value < 0 or (value == 0 and not free):
        raise refuse(
            "price.not_positive",
            "{field}: a price of {value} is not above zero.",
            "Correct it; free issue belongs to a supplier of role brand, or to the channel consigned.",
            field=name,
            value=f"{value:f}",
        )
    return in_bounds(six(value), name, AMOUNT_MAX)


def rate_of(row: Row, currency: str) -> Decimal | None:
    """Return the exchange rate that a row states, None when it states none; 1 for rupees.

    Raises:
        Refused: ``rate.amount``.
    """
    rate = number_of(row, "exchange_rate")
    if currency == HOME and rate in (None, 0, 1):
        return Decimal(1)
    if rate is None:
        return None
    if currency == HOME or not 0 < rate < RATE_MAX:
        raise refuse(
            "rate.amount",
            "exchange_rate: {value} rupees for one {currency} cannot be.",
            "Correct the rate; it is for one unit of the currency.",
            field="exchange_rate",
            value=f"{rate:f}"[:40],
            currency=currency,
        )
    return round(rate, 8)


def currency_of(row: Row, stated: str) -> str:
    """Return the currency of a row's price.

    Args:
        stated: of the whole file, when its rows do not say it.

    Raises:
        Refused: ``currency.missing``, ``currency.unknown``, ``currency.differs``.
    """
    own, beside = text_of(row, "currency"), text_of(row, "currency_beside")
    code = {"RS": HOME, "RS.": HOME, "₹": HOME, "RMB": "CNY"}.get(own, own) or beside or stated
    if not code:
        raise refuse(
            "currency.missing",
            "currency: the row has a price without a currency.",
            "Add a column of currencies, or say the currency of the whole file (--currency INR).",
            field="currency",
        )
    if code not in CURRENCIES:
        raise refuse(
            "currency.unknown",
            "currency: {value} is no currency that parts are bought in.",
            "Write its ISO code, such as USD or INR.",
            field="currency",
            value=repr(code[:10]),
        )
    if beside and beside != code:
        raise refuse(
            "currency.differs",
            "currency: the row says {own}, the price says {beside}.",
            "Correct one of them.",
            field="currency",
            own=code,
            beside=beside,
        )
    return code


def hsn_of(row: Row, *, full: bool = False) -> str:
    """Return the tariff code of a row.

    Args:
        full: a bill of entry names all 8 digits.

    Raises:
        Refused: ``hsn.invalid``.
    """
    text = cast(str, needed(row, "hsn"))
    try:
        return tax.tariff_item(text) if full else tax.hsn(text)
    except ValueError as error:
        raise refuse(
            "hsn.invalid",
            "hsn: {value}: {reason}.",
            "Write the code as the invoice or bill of entry has it.",
            field="hsn",
            value=repr(text[:20]),
            reason=str(error),
        ) from None


def origin_of(row: Row) -> str:
    """Return the origin of a row, empty when it says none.

    Raises:
        Refused: ``country.unknown``.
    """
    text = text_of(row, "origin")
    return country(text, field="origin") if text else ""


def stated_channel(row: Row) -> str:
    """Return the channel that a row states, empty when none.

    Raises:
        Refused: ``channel.unknown``.
    """
    text = text_of(row, "channel").replace("-", " ").replace("_", " ")
    if text and text not in CHANNELS:
        raise refuse(
            "channel.unknown",
            "channel: {value} is no way in which parts come in.",
            "Write import, domestic, reseller or consigned.",
            field="channel",
            value=repr(text[:20]),
        )
    return CHANNELS.get(text, "")


def derived_channel(*, role: str, supplier_country: str, origin: str) -> str:
    """Say how a lot came in by who delivered it and where it was made."""
    if role == "brand":
        return CONSIGNED
    if supplier_country != HOME_COUNTRY:
        return IMPORT
    if role == "distributor" or origin not in ("", HOME_COUNTRY):
        return RESELLER
    return DOMESTIC


def not_future(day: dt.date, today: dt.date, *, field: str) -> dt.date:
    """Return a day that has come.

    Raises:
        Refused: ``date.future``.
    """
    if day > today:
        raise refuse(
            "date.future",
            "{field}: {day} has not come yet.",
            "Correct the date.",
            field=field,
            day=day.isoformat(),
        )
    return day


def span(row: Row, *, open_end: bool = False) -> tuple[dt.date, dt.date | None]:
    """Return from when until when something holds.

    Args:
        open_end: it may hold until further notice.

    Raises:
        Refused: ``validity.reversed``, ``register.missing``.
    """
    first = cast(dt.date, needed(row, "valid_from"))
    last = date_of(row, "valid_to") if open_end else cast(dt.date, needed(row, "valid_to"))
    if last is not None and last < first:
        raise refuse(
            "validity.reversed",
            "valid_to: it ends on {last}, before it begins on {first}.",
            "Correct the dates.",
            field="valid_to",
            first=first.isoformat(),
            last=last.isoformat(),
        )
    return first, last


def whole(row: Row, name: str, default: int, largest: int = 2**31 - 1) -> int:
    """Return a whole number from 1.

    Raises:
        Refused: ``number.not_whole``.
    """
    number = number_of(row, name)
    if number is None:
        return default
    if number != int(number) or not 1 <= number <= largest:
        raise refuse(
            "number.not_whole",
            "{field}: {value} is no whole number from 1.",
            "Correct it.",
            field=name,
            value=str(number),
        )
    return int(number)


def derived_lot(supplier: str, invoice: str, line: int, part: str, *, has_line: bool) -> str:
    """Name the lot of a row of a register that has no lots: by supplier, invoice and line.

    A register without lines names it by the part: an invoice that has a part twice then needs lines.
    """
    name = "/".join((supplier, invoice, str(line) if has_line else part))
    if len(name) <= 80:
        return name
    return name[:63] + "~" + hashlib.sha256(name.encode()).hexdigest()[:16]
