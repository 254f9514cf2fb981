"""Landed cost: what customs add to the value of goods. Pure and exact.

Source: the order of calculation of basic customs duty, social welfare surcharge and IGST as `schemes.md`
6.4 and the worked example W22 give it. Rates are those of the bill of entry; nothing here knows a tariff.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from karkhana.kernel.money import EXACT

SURCHARGE_PERCENT = Decimal(10)
"""Social welfare surcharge, in per cent of the basic customs duty (Finance Act 2018, section 110)."""
HUNDRED = Decimal(100)
_SIX = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Duties:
    """What customs ask for on an assessable value, in rupees.

    Args:
        basic, surcharge, other: cost, as they cannot be credited.
        igst: integrated tax on value and duties; creditable as a rule.
    """

    basic: Decimal
    surcharge: Decimal
    other: Decimal
    igst: Decimal

    @property
    def cost(self) -> Decimal:
        """Duties that cannot be credited."""
        return self.basic + self.surcharge + self.other

    @property
    def total(self) -> Decimal:
        """Everything that is paid at the border."""
        return self.cost + self.igst


def duties_on(
    assessable: Decimal,
    *,
    duty_percent: Decimal,
    igst_percent: Decimal = Decimal(0),
    other: Decimal = Decimal(0),
    surcharge_percent: Decimal = SURCHARGE_PERCENT,
) -> Duties:
    """Compute the duties on an assessable value.

    Args:
        assessable: CIF value in rupees at the customs rate.
        duty_percent: basic customs duty.
        igst_percent: integrated tax, on value, basic duty, surcharge and other duties.
        other: further duties in rupees (anti-dumping, AIDC).
        surcharge_percent: of the basic customs duty.
    """
    basic = assessable * duty_percent / HUNDRED
    surcharge = basic * surcharge_percent / HUNDRED
    igst = (assessable + basic + surcharge + other) * igst_percent / HUNDRED
    return Duties(basic, surcharge, other, igst)


def assessable_value(value: Decimal, freight: Decimal, insurance: Decimal, rate: Decimal) -> Decimal:
    """Return the CIF value in rupees of goods priced in another currency.

    Args:
        value, freight, insurance: in the foreign currency.
        rate: rupees for one unit of it.
    """
    return (value + freight + insurance) * rate


@dataclass(frozen=True, slots=True)
class Share:
    """What falls on a part of an item of a bill of entry, in rupees with six decimals, rounded up."""

    cif: Decimal
    duty: Decimal
    igst: Decimal

    def landed(self, *, igst_creditable: bool) -> Decimal:
        """Return the landed cost: value and duties, and the integrated tax where it cannot be credited."""
        return self.cif + self.duty + (Decimal(0) if igst_creditable else self.igst)


def share_by_quantity(
    *, assessable: Decimal, duty: Decimal, igst: Decimal, whole: Decimal, quantity: Decimal
) -> Share:
    """Return what falls on ``quantity`` of an item that has ``whole`` pieces.

    Rounded up at the sixth decimal, so that what is not local is never understated; the shares of all lots of
    an item may exceed it by a millionth of a rupee each.

    Args:
        assessable, duty, igst: of the whole item; ``duty`` is everything that cannot be credited.
    """
    amounts = (
        EXACT.divide(EXACT.multiply(amount, quantity), whole).quantize(_SIX, ROUND_CEILING, EXACT)
        for amount in (assessable, duty, igst)
    )
    return Share(*amounts)
