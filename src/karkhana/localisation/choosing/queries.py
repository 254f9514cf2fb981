"""Reads: the candidates, the plan, and the problem that follows from them for some products and a target."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources
from threading import BoundedSemaphore
from typing import Any

import msgspec

from karkhana.design.models import Product as DesignProduct
from karkhana.design.models import Revision
from karkhana.design.models.product import RELEASED
from karkhana.kernel.refusals import refuse
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.choosing.models import LocalCandidate, PlannedUnits
from karkhana.localisation.designed.queries import value_found
from karkhana.localisation.rules.valuing import Settings
from karkhana.solving.localising import (
    Candidate,
    Effect,
    Problem,
    Product,
    Result,
    Target,
    localise_next_apart,
)
from karkhana.solving.localising.problem import MONTHS_MAX, month_number, month_text

_SIX = Decimal("0.000001")
SUBASSEMBLY = "subassembly"


@dataclass(frozen=True, slots=True)
class Present:
    """What a unit is worth and imports today, and what that rests on.

    ``unpriced`` parts count as nothing, so that the imported value is too low; ``revision`` is empty where a
    person said the figures.
    """

    product: str
    value: Decimal
    imported: Decimal
    revision: str
    unpriced: int


class Benchmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody said of a country's local value; shown, never used in any figure."""

    where: str
    when: str
    percent: str
    of: str
    said_by: str
    status: str
    source: str = ""
    address: str = ""


@cache
def benchmarks() -> tuple[Benchmark, ...]:
    """Return the benchmarks of the data file."""
    text = resources.files(__package__).joinpath("benchmarks.toml").read_text("utf-8")
    return tuple(msgspec.toml.decode(text, type=dict[str, tuple[Benchmark, ...]])["benchmark"])


def candidates(products: Sequence[str] = ()) -> tuple[Candidate, ...]:
    """Return the candidates that are not dropped; with products, what they do to those."""
    rows = LocalCandidate.objects.filter(dropped_at=None).prefetch_related("effects__product")
    return tuple(_candidate(row, frozenset(products)) for row in rows.order_by("code"))


def _candidate(row: LocalCandidate, products: frozenset[str]) -> Candidate:
    effects = tuple(
        Effect(
            product=one.product.code, imported_before=one.imported_before, imported_after=one.imported_after,
            price_change=one.price_change, value_change=one.value_change, quantity=one.quantity,
            local_value=one.local_value,
        )
        for one in sorted(row.effects.all(), key=lambda each: each.product.code)
        if not products or one.product.code in products
    )  # fmt: skip
    return Candidate(
        code=row.code, effects=effects, part=row.part, source=row.source, replaces=tuple(row.replaces),
        one_time=row.one_time, lead_months=row.lead_months, capacity=row.capacity, minimum=row.minimum,
        minimum_per="order" if row.minimum_per == "order" else "month", share_max=row.share_max,
        share_min=row.share_min, only_one_of=row.only_one_of, requires=tuple(row.requires),
    )  # fmt: skip


def planned(products: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return planned units by product and month (``YYYY-MM``)."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = PlannedUnits.objects.filter(product__code__in=products).order_by("product__code", "month")
    for code, month, units in rows.values_list("product__code", "month", "units"):
        found[code][f"{month:%Y-%m}"] = units
    return dict(found)


def products_touched() -> tuple[str, ...]:
    """Return the products that candidates do something to, or that units are planned of."""
    of_candidates = LocalCandidate.objects.filter(dropped_at=None, effects__product__isnull=False)
    found = set(of_candidates.values_list("effects__product__code", flat=True))
    return tuple(sorted(found | set(PlannedUnits.objects.values_list("product__code", flat=True))))


def subassemblies(products: Sequence[str]) -> frozenset[str]:
    """Return those of some products that go into another one: their value is counted inside of that one."""
    rows = DesignProduct.objects.filter(code__in=products, segment=SUBASSEMBLY)
    return frozenset(rows.values_list("code", flat=True))


def present_of(product: str, method: str, day: dt.date) -> Present:
    """Return what a product's current revision is worth and imports as designed.

    Raises:
        Refused: ``product.unknown``, ``method.*``, ``localise_next.not_a_share``, ``localise_next.no_value``.
    """
    found = method_for(method, day)
    if found.denominator.divide_by == "imported":
        raise refuse(
            "localise_next.not_a_share",
            "{method} divides by the imports, so it is no share that adds up.",
            "Choose a method that divides by price or cost.",
            method=found.id,
        )
    known = DesignProduct.objects.filter(code=product).first() if "\x00" not in product else None
    if known is None:
        raise refuse(
            "product.unknown", "There is no product {product}.", "Correct its code.", product=product[:80]
        )
    revisions = list(Revision.objects.filter(product=known).order_by("-pk"))
    revision = next((row for row in revisions if row.state == RELEASED), revisions[0] if revisions else None)
    result = value_found(revision, Settings.of(found, {}, day=day)) if revision else None
    if revision is None or result is None or result.usual.denominator <= 0:
        raise refuse(
            "localise_next.no_value",
            "{product} has no value as designed by {method}.",
            "Give its value and imported value per unit, or store its price.",
            product=product,
            method=found.id,
        )
    value, imported = result.usual.denominator, result.usual.imported
    return Present(
        product,
        value.quantize(_SIX),
        min(imported, value).quantize(_SIX),
        revision.code,
        len(result.unpriced),
    )


def problem_of(
    *, products: Sequence[str], start: str, target: Target, method: str, day: dt.date,
    said: Mapping[str, tuple[Decimal, Decimal]], units: int | None, local_parts: tuple[int, Decimal],
    budget: Decimal | None, budget_on: str, keep: bool = True,
) -> tuple[Problem, tuple[Present, ...]]:  # fmt: skip
    """Return the problem of some products by the tables, and what their figures of today rest on.

    Args:
        said: value and imported value per unit of products where a person says them.
        units: a month, of products of which nothing is planned.
        local_parts: count and value of locally sourced parts per unit today, for targets of growth.

    Raises:
        Refused: ``localise_next.*``, ``product.unknown``, ``method.*``.
    """
    plan = planned(products)
    horizon = _horizon(start, target.by, plan)
    present = tuple(
        Present(code, *said[code], "", 0) if code in said else present_of(code, method, day)
        for code in products
    )
    rows = []
    for one in present:
        own = plan.get(one.product)
        if own is None and units is None:
            raise refuse(
                "localise_next.no_plan",
                "No units of {product} are planned.",
                "Import a plan, or say how many are built a month.",
                product=one.product,
            )
        built = tuple((units or 0) if own is None else own.get(month, 0) for month in horizon)
        rows.append(
            Product(
                code=one.product, units=built, value=one.value, imported=one.imported,
                local_parts=local_parts[0], local_parts_value=local_parts[1],
            )
        )  # fmt: skip
    problem = Problem(
        start=start, products=tuple(rows), candidates=candidates(products), target=target, method=method,
        keep=keep, budget=budget, budget_on="one_time" if budget_on == "one_time" else "total",
    )  # fmt: skip
    return problem, present


def _horizon(start: str, by: str, plan: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the months from the start to the target or to the last planned one."""
    first = month_number(start)
    last = max([month_number(by), *(month_number(month) for own in plan.values() for month in own)])
    return [month_text(number) for number in range(first, min(last, first + MONTHS_MAX - 1) + 1)]


def answer(problem: Problem, *, seconds: float, points: int = 9) -> Result:
    """Solve in a child process; the same problem asked again is answered from memory."""
    return _answer(msgspec.json.encode(problem), seconds, points)


_SOLVING = BoundedSemaphore(2)
"""Each solver takes a core: a third person in the same process waits, and is told when it takes too long."""
WAIT = 10.0


@lru_cache(maxsize=32)
def _answer(problem: bytes, seconds: float, points: int) -> Result:
    if not _SOLVING.acquire(timeout=WAIT):
        raise refuse(
            "localise_next.busy", "Others are being answered at the moment.", "Ask again in half a minute."
        )
    try:
        return localise_next_apart(msgspec.json.decode(problem, type=Problem), seconds=seconds, points=points)
    finally:
        _SOLVING.release()


def as_dict(result: Result) -> dict[str, Any]:
    """Return the JSON form of a result; amounts and percentages as text."""
    plain: dict[str, Any] = msgspec.to_builtins(result)
    return plain
