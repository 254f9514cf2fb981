"""Small problems for the tests, and the answer by trying everything."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from karkhana.solving.localising import Candidate, Effect, Problem, Product, Target
from karkhana.solving.localising.checking import Checked, check_plan

START = "2026-04"


def money(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda paise: Decimal(paise) / 100)


def candidate(code: str, **said: Any) -> Candidate:
    """A candidate that turns 20 of imported value of product P into 5, dearer by 2, unless said otherwise."""
    effect = {"product": "P", "imported_before": Decimal(20), "imported_after": Decimal(5),
              "price_change": Decimal(2)}  # fmt: skip
    effect |= {name: said.pop(name) for name in tuple(said) if name in Effect.__struct_fields__}
    return Candidate(code=code, effects=said.pop("effects", (Effect(**effect),)), **said)


def problem(*candidates: Candidate, months: int = 3, units: int = 100, **said: Any) -> Problem:
    """A product P of value 100, 80 of it imported, with so many units a month."""
    product = Product(
        code="P", units=(units,) * months, value=Decimal(100), imported=Decimal(80), local_parts=4,
        local_parts_value=Decimal(20),
    )  # fmt: skip
    products = said.pop("products", (product,))
    target = {"by": "2026-06", "amount": Decimal(30)}
    target |= {name: said.pop(name) for name in tuple(said) if name in Target.__struct_fields__}
    return Problem(
        start=START, products=products, candidates=candidates,
        target=Target(**target), **said,
    )  # fmt: skip


@st.composite
def small_problems(draw: st.DrawFn, *, budget: bool = False) -> Problem:
    """Problems with few enough plans to try them all, and every kind of condition now and then."""
    wide = draw(st.booleans())
    codes, months, most = (("P", "Q"), 1, 2) if wide else (("P",), 2, 3)
    products = tuple(
        Product(
            code=code, units=tuple(draw(st.integers(0 if n else 1, most)) for n in range(months)),
            value=Decimal(100), imported=draw(money(6_000, 9_000)), local_parts=draw(st.integers(1, 4)),
            local_parts_value=draw(money(500, 2_000)),
        )
        for code in codes
    )  # fmt: skip
    if not any(product.units[months - 1] for product in products):
        products = (Product(code="P", units=(1,) * months, value=Decimal(100), imported=Decimal(80),
                            local_parts=1, local_parts_value=Decimal(1)), *products[1:])  # fmt: skip
    names = ("A", "B", "C") if wide else ("A", "B")
    candidates = tuple(_drawn(draw, name, names, codes, months) for name in names)
    measure = draw(st.sampled_from(["percentage", "percentage", "count", "value"]))
    target = Target(
        by="2026-04" if months == 1 else "2026-05",
        amount=None if budget else draw(money(1_500, 6_000) if measure == "percentage" else money(0, 20_000)),
        measure=measure,
        months=draw(st.integers(1, months)),
    )
    return Problem(
        start=START, products=products, candidates=candidates, target=target,
        budget=draw(money(0, 30_000)) if budget else None,
        budget_on=draw(st.sampled_from(["total", "one_time"])),
    )  # fmt: skip


def _drawn(
    draw: st.DrawFn, name: str, names: tuple[str, ...], codes: tuple[str, ...], months: int
) -> Candidate:
    some = draw(st.lists(st.sampled_from(codes), min_size=1, unique=True))
    effects = tuple(
        Effect(
            product=code, imported_before=draw(money(500, 2_000)), imported_after=draw(money(0, 600)),
            price_change=draw(money(-300, 3_000)), value_change=draw(money(-300, 300)),
            quantity=draw(st.integers(1, 2)),
        )
        for code in some
    )  # fmt: skip
    return Candidate(
        code=name, effects=effects, one_time=draw(money(0, 10_000)), lead_months=draw(st.integers(0, months)),
        capacity=draw(st.none() | st.integers(0, 5)), minimum=draw(st.integers(0, 3)),
        minimum_per=draw(st.sampled_from(["month", "order"])),
        replaces=tuple(draw(st.lists(st.sampled_from(["x", "y"]), min_size=1, unique=True))),
        share_max=draw(st.sampled_from([Decimal(1), Decimal(1), Decimal("0.5")])),
        share_min=draw(st.sampled_from([Decimal(0), Decimal(0), Decimal("0.5")])),
        only_one_of=draw(st.sampled_from(["", "", "g"])),
        requires=tuple(other for other in names if other < name and draw(st.integers(0, 4)) == 0),
    )  # fmt: skip


def plans(of: Problem) -> list[Checked]:
    """Try every choice with every number of units; return those without a complaint."""
    slots = [
        ((each.code, effect.product, month), product.units[month])
        for each in of.candidates
        for effect in each.effects
        for product in of.products
        if product.code == effect.product
        for month in range(of.months)
    ]
    codes = [each.code for each in of.candidates]
    found = []
    for size in range(len(codes) + 1):
        for chosen in map(frozenset, itertools.combinations(codes, size)):
            ranges = [range(units + 1) if name[0] in chosen else range(1) for name, units in slots]
            for counts in itertools.product(*ranges):
                units = {name: n for (name, _), n in zip(slots, counts, strict=True) if n}
                checked = check_plan(of, chosen, units)
                if not checked.complaints:
                    found.append(checked)
    return found
