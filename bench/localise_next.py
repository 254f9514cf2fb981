"""What to localise next: 200 candidates, 24 months, 5 products, made up by a fixed seed each time.

Measured is the whole way to a checked least-cost plan for a share of local value, without trade-off and
explanations; the floor is the solver alone on the same programs, units left divisible and nothing checked.
``events`` is how many problems, at most 10. Seconds of the processor stand beside those of the clock, since
a busy machine stretches only the latter. One problem is then asked for everything that a minute gives.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from decimal import Decimal

from _common import Result

from karkhana.solving.localising import Candidate, Effect, Problem, Product, Target, localise_next_apart
from karkhana.solving.localising.answering import Clock, least_cost
from karkhana.solving.localising.measure import level_of
from karkhana.solving.localising.model import build, require
from karkhana.solving.localising.plans import plan_of
from karkhana.solving.milp import solve

CANDIDATES, MONTHS, PRODUCTS, MOST = 200, 24, 5, 10
SECONDS, EVERYTHING = 300.0, 60.0
TARGET = Decimal(45)


def run(events: int, progress: Callable[[int, int], None]) -> Result:
    """Measure; ``events`` problems, at most ``MOST``."""
    count = max(1, min(events, MOST))
    plans: list[float] = []
    cpu: list[float] = []
    bare: list[float] = []
    proved = 0
    for number in range(count):
        progress(number, count + 1)
        problem = made_up(seed=number + 1)
        began, cpu_began = time.perf_counter(), time.process_time()
        model = build(problem)
        found = least_cost(model, level_of(problem, TARGET), Clock(SECONDS))
        if found is None:
            raise RuntimeError("a made-up problem was meant to be solvable")
        plan_of(model, found)
        plans.append(time.perf_counter() - began)
        cpu.append(time.process_time() - cpu_began)
        proved += found.proved
        program = require(model, level_of(problem, TARGET))
        bare.append(solve(program, seconds=SECONDS).seconds)
    progress(count, count + 1)
    whole = localise_next_apart(made_up(seed=1), seconds=EVERYTHING)
    rate, floor = count * 60 / sum(plans), count * 60 / sum(bare)
    return Result(
        name="localise_next", rate=round(rate, 2), unit="plans/minute", floor=round(floor, 2),
        ratio=round(rate / floor, 3),
        detail={
            "problems": count, "candidates": CANDIDATES, "months": MONTHS, "products": PRODUCTS,
            "seconds_slowest": round(max(plans), 2), "seconds_median": round(sorted(plans)[count // 2], 2),
            "cpu_seconds_slowest": round(max(cpu), 2),
            "cpu_seconds_median": round(sorted(cpu)[count // 2], 2), "proved": proved,
            "everything_seconds": whole.seconds, "everything_complete": whole.complete,
            "curve_points": len(whole.curve),
        },
    )  # fmt: skip


def made_up(seed: int) -> Problem:
    """Return a problem that is the same for the same seed."""
    chance = random.Random(seed)
    products = tuple(
        Product(
            code=f"P{number}", value=Decimal(value), imported=Decimal(value * 8) / 10,
            units=tuple(chance.randint(5_000, 120_000) for _ in range(MONTHS)),
        )
        for number in range(PRODUCTS)
        for value in (chance.randint(900, 20_000),)
    )  # fmt: skip
    places = CANDIDATES * 3 // 5
    known: dict[tuple[int, str], Decimal] = {}
    return Problem(
        start="2025-04",
        products=products,
        candidates=tuple(_candidate(chance, number, products, places, known) for number in range(CANDIDATES)),
        target=Target(by="2027-03", amount=TARGET),
    )


def _candidate(
    chance: random.Random, number: int, products: tuple[Product, ...], places: int,
    known: dict[tuple[int, str], Decimal],
) -> Candidate:  # fmt: skip
    place = chance.randrange(places)
    effects = []
    for product in chance.sample(products, chance.randint(1, PRODUCTS)):
        share = product.imported * chance.randint(10, 160) / 100 / places
        before = known.setdefault((place, product.code), share.quantize(Decimal("0.01")))
        effects.append(
            Effect(
                product=product.code, imported_before=before,
                imported_after=(before * chance.randint(0, 60) / 100).quantize(Decimal("0.01")),
                price_change=(before * chance.randint(-5, 25) / 100).quantize(Decimal("0.01")),
            )
        )  # fmt: skip
    return Candidate(
        code=f"C{number}", part=f"part {place}", effects=tuple(effects),
        one_time=Decimal(chance.randint(1, 400) * 100_000), lead_months=chance.randint(0, 20),
        capacity=chance.choice([None, chance.randint(20_000, 300_000)]),
        minimum=chance.choice([0, 0, 0, 5_000, 10_000]),
    )  # fmt: skip
