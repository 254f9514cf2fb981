"""Yields of a build, counted from its units, against the tallies that the gate kept while it was built."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from karkhana.design.queries import released_package
from karkhana.floor.models import WorkOrder
from karkhana.floor.queries import builds
from karkhana.floor.queries.rows import fetch
from karkhana.sim.runs import simulate_units
from karkhana.sim.scenario import install, load_scenario

NOW = dt.datetime(2026, 6, 15, 12, 0, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_yields_of_an_order_are_what_the_tallies_say() -> None:
    """Boards on panels repaired or scrapped singly, and devices that re-enter, all included."""
    scenario = load_scenario()
    install(scenario, today=NOW.date())
    simulate_units(scenario, product="OST-P7", revision="C", units=400, now=NOW)
    failures = Counter[str]()
    for product in ("OST-P7-MB", "OST-P7"):
        package = released_package(product_code=product, revision_code="C")
        assert package is not None
        orders = list(
            WorkOrder.objects.filter(revision__product__code=product).values_list("code", flat=True)
        )
        by_type: Counter[tuple[str, str]] = Counter()
        for step in builds.first_yields(orders, package):
            kind = package.steps[step.number - 1].station_type
            by_type[kind, "passed"] += step.passed
            by_type[kind, "failed"] += step.judged - step.passed
            failures[product] += step.judged - step.passed
        tallies = builds.production(NOW - dt.timedelta(days=2), product)[product]
        told = Counter(
            {(kind, name): n for kind, two in tallies.by_type.items() for name, n in zip(
                ("passed", "failed"), two, strict=True)}
        )  # fmt: skip
        assert +by_type == +told
        count = builds.total(builds.order_counts(orders).values())
        assert count.built == tallies.completed
        assert sum(count.states.values()) == count.started
        scrapped = fetch("SELECT sum(scrapped) FROM ledger_tally WHERE product = %s", [product])
        assert count.scrapped == scrapped[0][0]
        assert sum(row.judged for row in builds.production_yields(tallies, package)) == sum(told.values())
    assert failures["OST-P7-MB"] > 5
    assert failures["OST-P7"] > 5
