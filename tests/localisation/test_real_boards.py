"""Real boards priced and valued: every line of three published bills, by methods that end in other classes.

The prices are made up from the class of the part (``scenarios/prices/README.md``); the bills are real.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from design.bom import bom_shared
from karkhana.design.bom import read_bom
from karkhana.design.compiling import part_code
from karkhana.design.models import Product
from karkhana.design.operations import ensure_product, import_bom
from karkhana.design.queries import bill_of
from karkhana.kernel.refusals import Refused
from karkhana.localisation.designed.queries import DesignedResult, value_revision
from karkhana.localisation.models import PriceTerm
from karkhana.localisation.rules.pieces import Line
from localisation.offered import DAY, D, certificate, price_file, rate, term

pytestmark = pytest.mark.django_db

BOARDS = {
    # product: bill, prices, price of one unit in rupees, what makes it up besides parts
    "ZSWATCH": ("zswatch_bom.csv", "zswatch.csv", "6300", {"conversion": "650", "design": "300"}),
    "ODRIVE": ("odrive_v3_4_48v_bom.csv", "odrive_v3_4_48v.csv", "9000", {"conversion": "900"}),
    "LIMESDR": ("limesdr_1v4_bom_r7.xls", "limesdr_1v4_r7.csv", "27500", {"conversion": "2100"}),
}


def board(product: str) -> None:
    """Read a bill in as a draft, hold a price for every line of it, and what the product is sold for."""
    bill, prices, price, terms = BOARDS[product]
    report = read_bom(bom_shared.data(bill), file_name=bill)
    import_bom(report=report, product_code=product, revision_code="A")
    product_row = Product.objects.get(code=product)
    ensure_product(code=product, name=product, brand=product_row.brand.code, segment="iot")
    price_file(prices)
    rate("USD", "88.15")
    certificate("SUP-AMPHENOL", "42", method="PPP_MII")
    certificate("SUP-KAAMDARMAGNE", "61")
    for kind, amount in {"price": price, "ex_factory_price": price, **terms}.items():
        term(product, kind, amount)


def value(product: str, method: str, **chosen: str) -> DesignedResult:
    """Value the board as it was read."""
    return value_revision(product, "A", method=method, chosen=chosen, day=DAY)


@pytest.mark.parametrize("product", BOARDS)
def test_every_line_of_a_real_board_is_priced_and_explained(product: str) -> None:
    """No part is left without a price, and each line says in a sentence why it counts as it does."""
    board(product)
    result = value(product, "PPP_MII")
    assert not result.unpriced
    fitted = [item for item in bill_of((product, "A")) if item.fitted]
    assert {row.demand.name for row in result.rows} == {part_code(item) for item in fitted}
    assert all(line.why for line in result.usual.lines)
    assert all(row.usual is not None for row in result.rows)
    assert result.worst.percent <= result.usual.percent <= result.best.percent
    # Nothing vanishes: what is counted line by line is what the percentage rests on.
    imported = sum((line.value - line.local_value for line in result.usual.lines), D(0))
    assert imported == result.usual.imported


@pytest.mark.parametrize(
    ("product", "other", "percents", "grades"),
    [
        ("ODRIVE", "AUTO_DVA", ("51.1555", "49.0823"), ("Class-I", "")),
        ("ZSWATCH", "DRONE_VA", ("43.5806", "39.7166"), ("Class-II", "")),
        ("LIMESDR", "DRONE_VA", ("33.7201", "32.6022"), ("Class-II", "")),
    ],
)
def test_two_methods_end_in_different_classes(
    product: str, other: str, percents: tuple[str, str], grades: tuple[str, str]
) -> None:
    """One board, two methods: what a supplier certified for one counts for nothing by the other."""
    board(product)
    one, two = value(product, "PPP_MII").usual, value(product, other).usual
    assert (str(one.percent), str(two.percent)) == percents
    assert (one.grade, two.grade) == grades
    between = _explained({line.part: line for line in one.lines}, {line.part: line for line in two.lines})
    assert between
    assert two.imported - one.imported == sum(between.values(), D(0))
    why = {line.part: line.why for line in one.lines}, {line.part: line.why for line in two.lines}
    for part in between:
        assert why[0][part].startswith("certificate C-SUP-")
        assert why[1][part] != why[0][part]


def _explained(one: dict[str, Line], two: dict[str, Line]) -> dict[str, Decimal]:
    """What each line adds to the distance between two methods, those that add nothing left out."""
    found = {}
    for part in one.keys() | two.keys():
        amounts = [
            lines[part].value - lines[part].local_value if part in lines else D(0) for lines in (one, two)
        ]
        if amounts[0] != amounts[1]:
            found[part] = amounts[1] - amounts[0]
    return found


def test_the_watch_line_by_line() -> None:
    """Own imports, and purchases in the country with the certificate that they count by."""
    board("ZSWATCH")
    lines = {line.part: line for line in value("ZSWATCH", "PPP_MII").usual.lines}
    sensor = lines["BMI270"]
    assert (sensor.channel, sensor.origin, sensor.local_value) == ("import", "MY", 0)
    assert sensor.why == "own import"
    certified = [line for line in lines.values() if line.supplier == "SUP-AMPHENOL"]
    assert certified
    assert all("42 % local" in line.why for line in certified)
    assert all(line.local_value == line.value * 42 / 100 for line in certified)


def test_a_board_on_another_day_has_no_price() -> None:
    """Before the price lists begin every part is unpriced, and the result says so part by part."""
    board("ODRIVE")
    day = dt.date(2026, 3, 1)
    with pytest.raises(Refused, match="above 0"):
        value_revision("ODRIVE", "A", method="PPP_MII", day=day)
    PriceTerm.objects.update(valid_from=day)
    result = value_revision("ODRIVE", "A", method="PPP_MII", day=day)
    assert len(result.unpriced) == len(result.rows) == 41
    assert {demand.reason for demand in result.unpriced} == {"no_price"}
    assert {"no_price"} == {item.code for item in result.usual.unproved}
