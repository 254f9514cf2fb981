"""A real board from its published bill to a built unit: what was designed is what was built, by any method.

The bill of the 48 V motor controller is read, priced (prices made up by class of part), released and built
through the gate. Every lot that came in is bought from the usual source; then one unit is valued by what it
consumed, by two methods that end in different classes, and each line that lies between them is explained.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from karkhana.design.queries import find_revision
from karkhana.localisation.built.queries import value_unit
from karkhana.localisation.designed.queries import DesignedResult, value_revision
from karkhana.localisation.designed.rules import Option
from karkhana.localisation.rules.pieces import Line, Result
from karkhana.sim.enterprise import release_product
from karkhana.sim.runs import simulate_units
from karkhana.sim.scenario import install, load_scenario
from karkhana.supply.models import (
    ApprovedSource,
    BillOfEntry,
    BillOfEntryItem,
    ExchangeRate,
    LocalContentCertificate,
    PartPrice,
    Receipt,
    Supplier,
)
from localisation.offered import offer
from localisation.test_real_boards import board

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
RATE = Decimal("88.15")


@pytest.fixture
def built(db: None) -> tuple[DesignedResult, str]:
    """The board as designed, and the serial of a unit that was built of lots from its usual sources."""
    scenario = load_scenario()
    install(scenario, today=NOW.date())
    # What the reference factory buys for its own products has no say in this board.
    for table in (PartPrice, ApprovedSource, ExchangeRate, LocalContentCertificate):
        table.objects.all().delete()
    board("ODRIVE")
    # The route of its family binds a harness that the published bill does not have.
    offer("ODRIVE-HARNESS", "45")
    release_product(
        scenario, product="ODRIVE", revision="A", family="automotive", lines=["N2-SMT4"], brand="TURVANTA",
        now=NOW,
    )  # fmt: skip
    assert find_revision("ODRIVE", "A").state == "released"
    found = simulate_units(scenario, product="ODRIVE", revision="A", units=12, now=NOW)
    assert (found["refused"], found["units"] >= 12) == (0, True)
    designed = value_revision("ODRIVE", "A", method="PPP_MII", day=NOW.date())
    usual = {row.demand.name: row.usual.option for row in designed.rows if row.usual}
    with connection.cursor() as cursor:
        cursor.execute("SELECT lot, part, quantity FROM ledger_lot ORDER BY lot")
        for number, (lot, part, quantity) in enumerate(cursor.fetchall()):
            if part in usual:
                buy(number, lot, part, quantity, usual[part])
    return designed, found["example_serial"]


def buy(number: int, lot: str, part: str, quantity: Decimal, option: Option) -> None:
    """Book a lot at the price of an offer; an import with its bill of entry."""
    offer, piece = option.offer, option.piece
    seller = Supplier.objects.get(code=offer.supplier)
    amounts: dict[str, Any] = {
        name: (getattr(piece, name) * quantity).quantize(Decimal("0.000001"))
        for name in ("cif", "price", "duty", "igst", "tax")
    }
    value = offer.price * quantity
    item = None
    if offer.channel == "import":
        bill = BillOfEntry.objects.create(number=f"{number:07d}", date=NOW.date(), port="INDEL4", rate=RATE,
                                          supplier=seller, currency=offer.currency)  # fmt: skip
        item = BillOfEntryItem.objects.create(
            bill=bill, number=1, invoice=f"I{number}", part=part, hsn="85423900", origin=offer.origin,
            quantity=quantity, value=value, assessable=amounts["cif"], duty_percent=offer.duty_percent,
            duty=amounts["duty"], surcharge=0, igst=amounts["igst"],
        )  # fmt: skip
    Receipt.objects.create(
        lot=lot, part=part, supplier=seller, channel=offer.channel, invoice=f"I{number}",
        invoice_date=NOW.date(), quantity=quantity, currency=offer.currency, value=value, hsn="85423900",
        rate=RATE if offer.currency == "USD" else 1, origin=offer.origin, bill_item=item, recorded_at=NOW,
        landed=amounts["cif"] + amounts["price"] + amounts["duty"], **amounts,
    )  # fmt: skip


def by_part(result: Result) -> dict[str, Line]:
    """Lines of a result by part; a board has each part at one place."""
    return {line.part: line for line in result.lines}


def test_what_was_designed_is_what_was_built(built: tuple[DesignedResult, str]) -> None:
    """Part by part and in all, to the paisa: released parts from usual sources."""
    designed, serial = built
    subject, result = value_unit(serial, method="PPP_MII", day=NOW.date())
    assert (subject["product"], subject["revision"]) == ("ODRIVE", "A")
    one, two = by_part(designed.usual), by_part(result)
    assert two.keys() == one.keys()
    paisa = Decimal("0.01")
    for part, line in two.items():
        assert line.quantity == one[part].quantity, part
        assert abs(line.value - one[part].value) < paisa, part
        assert abs(line.local_value - one[part].local_value) < paisa, part
        assert line.lot.startswith("N2L")
    assert abs(result.percent - designed.usual.percent) < paisa
    assert result.grade == designed.usual.grade == "Class-I"


def test_one_unit_by_two_methods_that_give_different_classes(built: tuple[DesignedResult, str]) -> None:
    """Both divide by a price of 9,000 and ask for 50 %; a certificate by one is none by the other."""
    _, serial = built
    procurement = value_unit(serial, method="PPP_MII", day=NOW.date())[1]
    automotive = value_unit(serial, method="AUTO_DVA", day=NOW.date())[1]
    assert procurement.denominator == automotive.denominator == 9000
    assert (procurement.grade, automotive.grade) == ("Class-I", "")
    assert procurement.percent > 50 > automotive.percent
    one, two = by_part(procurement), by_part(automotive)
    between = {part: one[part].local_value - two[part].local_value for part in one}
    explained = {part: amount for part, amount in between.items() if amount}
    assert sum(explained.values()) == automotive.imported - procurement.imported
    assert explained
    for part in explained:
        assert one[part].why == "certificate C-SUP-AMPHENOL--PPP_MII: 42 % local"
        assert two[part].why == "certificate is by PPP_MII: counted as not local"
    said = {item.part for item in automotive.unproved if item.code == "certificate_other_method"}
    assert said == explained.keys()
