"""What to localise next, as a problem: products built month by month, candidates, what is to be reached.

Shapes only; :mod:`.checking_input` says what is wrong with one. Money is ``Decimal`` in one currency, months
are
``YYYY-MM``, quantities are whole numbers.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

Measure = Literal["percentage", "count", "value"]
MONTHS_MAX, PRODUCTS_MAX, CANDIDATES_MAX, EFFECTS_MAX = 120, 200, 2_000, 20_000


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A product over the horizon.

    Args:
        units: built per month, one number for each month of the horizon.
        value: the denominator per unit, as the method has it (price, bill of material ...).
        imported: imported value per unit at present, as the method has it.
        local_parts: how many parts per unit are locally sourced now (for targets of count).
        local_parts_value: what those cost per unit (for targets of value).
    """

    code: str
    units: tuple[int, ...]
    value: Decimal
    imported: Decimal
    local_parts: int = 0
    local_parts_value: Decimal = Decimal(0)


class Effect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a candidate does to one unit of one product.

    Args:
        imported_before, imported_after: imported value of what is replaced, and of the candidate.
        price_change: what a unit costs more (or less, negative) with the candidate.
        value_change: how the denominator of a unit changes; 0 where it is the selling price.
        quantity: parts per unit; capacity, minimum and the count of parts are in parts.
        local_value: what locally sourced parts are worth more per unit; by default the new price without its
            imported part: ``imported_before + price_change - imported_after``.
    """

    product: str
    imported_before: Decimal
    imported_after: Decimal
    price_change: Decimal = Decimal(0)
    value_change: Decimal = Decimal(0)
    quantity: int = 1
    local_value: Decimal | None = None

    @property
    def local_gain(self) -> Decimal:
        """What locally sourced parts of a unit are worth more."""
        if self.local_value is not None:
            return self.local_value
        return self.imported_before + self.price_change - self.imported_after


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part or sub-assembly that could come from a local source.

    Args:
        replaces: places in the bill that it takes; candidates that share a place share its units. A
            sub-assembly names every part in it. By default ``(part,)``, or ``(code,)`` without a part.
        one_time: tooling, qualification: paid once when chosen.
        lead_months: months from the start of the horizon until the first can be built in.
        capacity: parts a month at most; None is unlimited.
        minimum: parts at least, ``minimum_per`` month in which any are taken, or over the whole horizon
        (order).
        share_max: of a product's units in a month, at most this share (0 to 1).
        share_min: when chosen, at least this share of every product in every month from when it is available.
        only_one_of: of all candidates with this name at most one is chosen.
        requires: candidates that must be chosen and available too.
    """

    code: str
    effects: tuple[Effect, ...] = ()
    part: str = ""
    source: str = ""
    replaces: tuple[str, ...] = ()
    one_time: Decimal = Decimal(0)
    lead_months: int = 0
    capacity: int | None = None
    minimum: int = 0
    minimum_per: Literal["month", "order"] = "month"
    share_max: Decimal = Decimal(1)
    share_min: Decimal = Decimal(0)
    only_one_of: str = ""
    requires: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """The places in the bill that it takes."""
        return self.replaces or ((self.part,) if self.part else (self.code,))


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be reached by a month.

    Args:
        measure: ``percentage`` of value that is local; or relative growth, in per cent, of the ``count`` of
            locally sourced parts per unit or of their ``value`` per unit.
        amount: per cent; None asks for as much as the budget gives.
        by: the month that ends the period which is measured.
        months: length of the period.
        products: those measured together; empty is all.
        base: for growth, count or value per unit to grow from; by default today's, at the period's own mix.
    """

    by: str
    amount: Decimal | None = None
    measure: Measure = "percentage"
    months: int = 1
    products: tuple[str, ...] = ()
    base: Decimal | None = None


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it.

    Args:
        start: first month of the horizon; decisions are taken at its beginning.
        target: what is reached, or raised as far as a budget goes.
        keep: whether later periods of the same length must hold the target too.
        budget: what may be spent, None when nothing limits it.
        budget_on: ``total`` (one-time cost and price changes over the horizon) or ``one_time`` only.
    """

    start: str
    products: tuple[Product, ...]
    candidates: tuple[Candidate, ...]
    target: Target
    currency: str = "INR"
    method: str = ""
    keep: bool = True
    budget: Decimal | None = None
    budget_on: Literal["total", "one_time"] = "total"

    @property
    def months(self) -> int:
        """The length of the horizon."""
        return len(self.products[0].units)


def month_number(text: str) -> int:
    """Return a month as a running number: year * 12 + month - 1."""
    return int(text[:4]) * 12 + int(text[5:7]) - 1


def month_text(number: int) -> str:
    """Return the month of a running number as ``YYYY-MM``."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def availability(problem: Problem) -> dict[str, int]:
    """Return from which month of the horizon each candidate can be built in, its prerequisites included."""
    known = {candidate.code: candidate for candidate in problem.candidates}
    found: dict[str, int] = {}

    def of(code: str) -> int:
        if code not in found:
            candidate = known[code]
            found[code] = max([candidate.lead_months, *(of(other) for other in candidate.requires)])
        return found[code]

    for code in known:
        of(code)
    return found


def periods(problem: Problem) -> tuple[range, ...]:
    """Return the periods that must hold the target, as places of months, its own period first."""
    last = month_number(problem.target.by) - month_number(problem.start)
    ends = range(last, problem.months if problem.keep else last + 1)
    length = problem.target.months
    return tuple(range(end - length + 1, end + 1) for end in ends)


def measured(problem: Problem) -> tuple[Product, ...]:
    """Return the products that the target measures."""
    wanted = problem.target.products
    return tuple(product for product in problem.products if not wanted or product.code in wanted)
