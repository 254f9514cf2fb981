"""From an imported bill of material to simulated units in the record."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from karkhana.design.bom import BomReport, read_bom
from karkhana.design.compiling import part_lines
from karkhana.design.models import Product, Revision
from karkhana.design.operations import import_bom, release_revision
from karkhana.design.queries import released_package, revision_items
from karkhana.kernel.refusals import Refused
from karkhana.sim.enterprise import choose_lines, release_product
from karkhana.sim.runs import simulate_units
from karkhana.sim.scenario import install, load_scenario

NOW = dt.datetime(2026, 6, 15, 12, 0, tzinfo=dt.UTC)
BILL = b"""References,Quantity,Value,Description,Manufacturer,MPN,Package,DNP
U1,1,MCU,Microcontroller,ST,STM32L053,UFQFPN-32,
C1 C2 C3,3,100n,Capacitor,Murata,GRM155R71C104KA88D,C0402,
R1 R2,2,10k,Resistor,Yageo,RC0402FR-0710KL,R0402,
R9,1,0R,Jumper,Yageo,RC0402JR-070RL,R0402,DNP
"""


def _report() -> BomReport:
    return read_bom(BILL, file_name="bom.csv")


@pytest.mark.django_db
def test_a_draft_is_replaced_and_a_release_never_changes() -> None:
    import_bom(report=_report(), product_code="AIR-1", revision_code="A")
    revision = import_bom(report=_report(), product_code="AIR-1", revision_code="A")
    assert revision.lines.count() == 4
    assert Product.objects.get(code="AIR-1").brand.code == "UNASSIGNED"
    lines = part_lines(revision_items(product_code="AIR-1", revision_code="A"))
    assert [(line.part, line.quantity) for line in lines][1] == ("GRM155R71C104KA88D", 3)
    assert all(line.part != "RC0402JR-070RL" for line in lines)

    scenario = load_scenario()
    install(scenario, today=NOW.date())
    package, chosen = release_product(
        scenario, product="AIR-1", revision="A", family="iot", lines=[], brand="TURVANTA", now=NOW
    )
    assert chosen == choose_lines(scenario, package, [])
    stored = Revision.objects.get(product__code="AIR-1", code="A")
    again = release_revision(product_code="AIR-1", revision_code="A", package=package, released_at=NOW)
    assert again.released_at == stored.released_at
    assert released_package(product_code="AIR-1", revision_code="A") == package
    other = msgspec.structs.replace(package, repair_limit=9)
    for attempt in (
        lambda: release_revision(product_code="AIR-1", revision_code="A", package=other, released_at=NOW),
        lambda: import_bom(report=_report(), product_code="AIR-1", revision_code="A"),
    ):
        with pytest.raises(Refused) as caught:
            attempt()
        assert caught.value.refusal.code == "release.immutable"


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", " A", "A" * 41, "A\x00B"])
def test_codes_that_no_label_can_carry_are_refused(code: str) -> None:
    with pytest.raises(Refused) as caught:
        import_bom(report=_report(), product_code=code, revision_code="A")
    assert caught.value.refusal.code == "product.code"


@pytest.mark.django_db(transaction=True)
def test_units_of_an_imported_product_are_built_twice_without_a_refusal() -> None:
    scenario = load_scenario()
    install(scenario, today=NOW.date())
    import_bom(report=_report(), product_code="AIR-2", revision_code="A")
    release_product(
        scenario, product="AIR-2", revision="A", family="iot", lines=["N2-SMT3"], brand="TURVANTA", now=NOW
    )
    for minute in (0, 1):
        found = simulate_units(
            scenario, product="AIR-2", revision="A", units=60, now=NOW + dt.timedelta(minutes=minute)
        )
        assert found["units"] >= 60
        assert found["refused"] == 0
        assert found["accepted"] == found["events"]


@pytest.mark.django_db(transaction=True)
def test_a_device_is_simulated_with_its_own_boards() -> None:
    scenario = load_scenario()
    install(scenario, today=NOW.date())
    found = simulate_units(
        scenario, product="OST-P7", revision="C", units=40, now=NOW + dt.timedelta(hours=1)
    )
    assert found["units"] == 40
    assert found["refusals"] == {}
