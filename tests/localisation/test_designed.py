"""A revision valued before anything is bought: what is found in the tables, and what is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from design import office
from karkhana.design.operations import create_revision, save_line, save_plan
from karkhana.design.queries import find_revision, stored_plan
from karkhana.design.release import BomItem, Source
from karkhana.design.release.parts import KeyPart
from karkhana.localisation.designed.queries import DesignedResult, value_revision
from karkhana.supply.models import ApprovedSource, PartPrice
from localisation.offered import DAY, D, certificate, offer, rate, supplier, term

pytestmark = pytest.mark.django_db
item = office.item


def board(*items: BomItem, code: str = "BOARD", price: str = "1000") -> None:
    """A draft with some lines, sold at a price."""
    office.product(code)
    office.draft(code, "A", items=items)
    term(code, "price", price)


def value(code: str = "BOARD", method: str = "PPP_MII", **more: Any) -> DesignedResult:
    """Value its revision A."""
    return value_revision(code, "A", **{"method": method, "day": DAY, **more})


def test_usual_best_and_worst_over_sources_and_alternates() -> None:
    """The released part from its cheapest source; best from the certified maker, worst the dear import."""
    board(item(1, "CAP", "C1", "C2", alternates=(Source("X", "CAP-2"),)))
    offer("CAP", "100", of="SUP-FAR", channel="import", origin="CN", duty="10")
    offer("CAP", "130", of="SUP-IN")
    offer("CAP-2", "160", of="SUP-FAR", channel="import", origin="CN", duty="10")
    certificate("SUP-IN", "50")
    result = value()
    assert (result.usual.imported, result.best.imported, result.worst.imported) == (
        D(222),
        D(130),
        D("355.2"),
    )
    found = result.as_dict({"product": "BOARD"})
    assert (found["percent"], found["percent_min"], found["percent_max"]) == ("77.8000", "64.4800", "87.0000")
    assert (result.cost, result.cost_least, result.cost_most) == (D(222), D(222), D("355.2"))
    (choice,) = found["choices"]
    assert (choice["usual"]["supplier"], choice["best"]["supplier"]) == ("SUP-FAR", "SUP-IN")
    assert choice["worst"]["part"] == "CAP-2"
    keys = ("subject", "method", "denominator", "imported", "local", "percent", "percent_min", "percent_max",
            "class", "lines", "unproved")  # fmt: skip
    assert all(key in found for key in keys)


def test_an_unpriced_part_is_listed_and_unproved() -> None:
    """Without any price a part counts as nothing, and nobody is left in doubt about that."""
    board(item(1, "CAP", "C1"), item(2, "MCU", "U1"))
    offer("CAP", "10")
    offer("MCU", "10", approved=False)
    result = value()
    assert [(one.name, one.reason) for one in result.unpriced] == [("MCU", "not_approved")]
    assert [(one.code, one.part) for one in result.usual.unproved if one.code == "no_price"] == [
        ("no_price", "MCU")
    ]
    assert result.rows[0].demand.name == "MCU"
    assert result.as_dict({})["unpriced"][0]["why"].startswith("A price is held, but no source")


def test_ended_sources_and_prices_of_other_days_do_not_count() -> None:
    """The day before the end a source counts, on the day itself it has ended; a price to its last day."""
    board(item(1, "CAP", "C1"))
    offer("CAP", "10", valid_to=DAY)
    source = ApprovedSource.objects.get()
    source.ended_on = DAY + dt.timedelta(days=1)
    source.save()
    assert not value().unpriced
    assert [one.reason for one in value(day=DAY + dt.timedelta(days=1)).unpriced] == ["no_price"]
    PartPrice.objects.update(valid_to=None)
    assert [one.reason for one in value(day=DAY + dt.timedelta(days=1)).unpriced] == ["not_approved"]


def test_volume_chooses_the_quantity_break() -> None:
    """Two pieces a unit: 500 units are 1000 pieces."""
    board(item(1, "CAP", "C1", "C2"))
    offer("CAP", "10")
    offer("CAP", "7", minimum="1000")
    assert value(volume=499).cost == 20
    assert value(volume=500).cost == 14
    assert value(volume=500).as_dict({})["assumed"]["volume"] == "500"


def test_a_part_is_found_by_its_maker_and_number() -> None:
    """The bill says what the maker prints; the store has a number of its own. Another maker's is not it."""
    board(item(1, "GRM155", "C1", manufacturer="Murata"), item(2, "GRM188", "C2", manufacturer="Other"))
    offer("10-00155", "3", manufacturer="MURATA", maker_part="GRM155")
    offer("10-00188", "4", manufacturer="Murata", maker_part="GRM188")
    result = value()
    assert [(one.name, one.reason) for one in result.unpriced] == [("GRM188", "unknown_part")]
    assert result.rows[1].usual is not None
    assert result.rows[1].usual.option.offer.part == "10-00155"


def test_a_long_part_number_and_a_line_without_one() -> None:
    """A bill's part numbers may be longer than any number that is held."""
    board(item(1, "P" * 200, "C1"), item(2, "", "R1", value="10k", package="0402"))
    offer("10k 0402", "0.5")
    assert [one.name for one in value().unpriced] == ["P" * 200]


def test_assemblies_are_looked_through_with_their_quantities() -> None:
    """Two boards with three capacitors each; the route's own board counts by its bill too, not as a part."""
    office.product("INNER")
    office.released("INNER", "A", items=(item(1, "CAP", "C1", "C2", "C3"),))
    board(item(1, "CASE", assembly=("INNER", "A"), quantity=Decimal(2)), item(2, "INNER"), item(3, "LID"))
    offer("CAP", "10")
    offer("LID", "1")
    offer("INNER", "999")
    result = value()
    assert {row.demand.name: row.demand.quantity for row in result.rows} == {"CAP": 9, "LID": 1}
    assert result.cost == 91


def test_a_variant_is_valued_by_its_whole_bill() -> None:
    """The lines of its base stay where it has none of its own."""
    board(item(1, "CAP", "C1"), item(2, "MCU", "U1"))
    create_revision(product_code="BOARD", revision_code="B", now=office.NOW, base=("BOARD", "A"))
    save_line(product_code="BOARD", revision_code="B", item=item(2, "MCU-X", "U1"))
    for part, price in (("CAP", "1"), ("MCU", "50"), ("MCU-X", "80")):
        offer(part, price)
    assert value().cost == 51
    assert value_revision("BOARD", "B", method="PPP_MII", day=DAY).cost == 81


def test_exchange_rates_by_policy() -> None:
    """The wanted kind where it is held; another kind's with a doubt; without any, no price."""
    board(item(1, "CAP", "C1"))
    offer("CAP", "1", currency="USD", channel="import", origin="CN")
    assert [one.reason for one in value().unpriced] == ["no_rate"]
    rate("USD", "80")
    rate("USD", "90", "reference")
    assert value().cost == 80
    assert value(chosen={"exchange_rate": "invoice_date_reference_rate"}).cost == 90
    average = value(chosen={"exchange_rate": "period_average"})
    assert average.cost == 80
    assert [one.code for one in average.usual.unproved] == ["no_rate"]
    assert average.assumed["rates"] == {"USD": {"rate": "80", "kind": "customs"}}


def test_certificates_on_the_day() -> None:
    """One by the method before one by another; one that ran out counts for nothing and is named."""
    board(item(1, "CAP", "C1"))
    offer("CAP", "100")
    certificate("SUP-IN", "90", method="AUTO_DVA")
    certificate("SUP-IN", "40", method="PPP_MII", part="CAP", until="2026-11-22")
    early = value(day=dt.date(2026, 11, 22))
    assert early.usual.imported == 60
    late = value()
    assert late.usual.imported == 100
    assert [one.code for one in late.usual.unproved] == ["certificate_other_method"]
    term("BOARD", "ex_factory_price", "1000")
    assert value(method="AUTO_DVA").usual.imported == 10


def test_free_issue_counts_at_its_worth_but_costs_nothing() -> None:
    """A brand's own part of foreign make is imported value of the device, and no cost of the maker."""
    board(item(1, "SOC", "U1"))
    offer("SOC", "200", of="SUP-BRAND", channel="consigned", origin="TW")
    result = value()
    assert (result.usual.imported, result.cost) == (200, 0)


def test_a_market_has_its_own_price() -> None:
    """What is sold abroad at another price has another percentage."""
    board(item(1, "CAP", "C1"))
    offer("CAP", "100", channel="import", origin="CN")
    term("BOARD", "price", "500", market="DE")
    assert value().usual.denominator == 1000
    assert value(market="DE").usual.denominator == 500
    assert value(market="FR").usual.denominator == 1000


def test_a_supplier_that_is_not_approved_stands_beside_one_that_is() -> None:
    """Only approved sources are chosen from."""
    board(item(1, "CAP", "C1"))
    offer("CAP", "5", of="SUP-CHEAP", approved=False)
    offer("CAP", "9", of="SUP-IN")
    supplier("SUP-OTHER")
    assert value().cost == 9


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"volume": 0}, "designed.volume"),
        ({"volume": Decimal("NaN")}, "designed.volume"),
        ({"volume": Decimal("1E30")}, "designed.volume"),
        ({"gst_percent": Decimal("-1")}, "designed.gst"),
        ({"gst_percent": Decimal("Infinity")}, "designed.gst"),
        ({"method": "NOPE"}, "method.unknown"),
        ({"chosen": {"profit": "maybe"}}, "method.parameter"),
        ({"day": dt.date(1990, 1, 1)}, "method.not_then"),
        ({"method": "AUTO_DVA"}, "method.denominator"),
    ],
)
def test_what_cannot_be_valued_is_refused(more: dict[str, Any], code: str) -> None:
    """Each with its own code."""
    board(item(1, "CAP", "C1"))
    with office.refused(code):
        value(**more)


def test_an_unknown_revision_is_refused() -> None:
    """Also one whose name no database can hold."""
    with office.refused("revision.unknown"):
        value_revision("NO\x00PE", "A", method="PPP_MII", day=DAY)


def test_a_key_part_that_the_bill_does_not_name_counts() -> None:
    """The route binds it, so every unit has one."""
    board(item(1, "CAP", "C1"), item(2, "MOTOR"))
    plan = stored_plan(find_revision("BOARD", "A"))
    binding = msgspec.structs.replace(
        plan.steps[-1], passed_by="MaterialsInstalled", materials=(),
        key_parts=(KeyPart("MOTOR", (), "motor", False), KeyPart("FAN", ("FAN-2",), "fan", False)),
    )  # fmt: skip
    steps = (*plan.steps[:-1], binding)
    save_plan(product_code="BOARD", revision_code="A", plan=msgspec.structs.replace(plan, steps=steps))
    for part, price in (("CAP", "1"), ("MOTOR", "20"), ("FAN-2", "7")):
        offer(part, price)
    result = value()
    assert {row.demand.name for row in result.rows} == {"CAP", "MOTOR", "FAN"}
    assert result.cost == 28


def test_what_is_placed_here_is_deemed_local_while_a_rule_says_so() -> None:
    """Parts of a placing step counted as local for telecom products until the order that followed."""
    board(item(1, "CAP", "C1"), item(2, "LID"))
    day = dt.date(2024, 6, 1)
    for part in ("CAP", "LID"):
        offer(part, "10", channel="import", origin="CN", valid_from=day)
    ApprovedSource.objects.update(approved_on=day)
    deemed = {row.demand.name: row.imported for row in value(method="PMA_BOM", day=day).rows}
    assert deemed == {"CAP": 0, "LID": 10}
    today = {row.demand.name: row.imported for row in value(method="PMA_BOM").rows}
    assert today == {"CAP": 10, "LID": 10}
