"""What the reference enterprise buys is complete, and a broken file of it is refused by line and field."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from karkhana.kernel.refusals import Refused
from karkhana.kernel.tax import gstin
from karkhana.localisation.built.charges import TermBook
from karkhana.localisation.models import PriceTerm
from karkhana.sim.priced import CONSIGNED, DOMESTIC, IMPORT, RESELLER, priced_parts
from karkhana.sim.scenario import DEFAULT, Scenario, install, load_scenario
from karkhana.supply.models import (
    ApprovedSource,
    ExchangeRate,
    LocalContentCertificate,
    Part,
    PartPrice,
    Supplier,
)

TODAY = dt.date(2026, 11, 22)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario()


def test_tax_numbers_of_indian_suppliers_are_valid(scenario: Scenario) -> None:
    indian = [supplier for supplier in scenario.suppliers if supplier.country == "IN"]
    assert len(indian) > 15
    assert [supplier.tax_id for supplier in indian] == [gstin(supplier.tax_id) for supplier in indian]
    assert len({supplier.tax_id for supplier in indian}) == len(indian)


def test_every_bought_part_has_a_price_a_group_and_a_tariff_item(scenario: Scenario) -> None:
    priced = priced_parts(scenario)
    own = set(scenario.products)
    bought = {
        part
        for product in scenario.products.values()
        for line in product.lines
        if line.part not in own
        for part in (line.part, *line.alternates)
    }
    assert set(priced) == bought
    assert all(row.price > 0 and row.group and len(row.hsn) == 8 for row in priced.values())
    assert {row.channel for row in priced.values()} == {IMPORT, DOMESTIC, RESELLER, CONSIGNED}
    assert len({row.currency for row in priced.values()}) >= 7


def test_the_material_of_a_device_stays_below_its_price(scenario: Scenario) -> None:
    priced = priced_parts(scenario)

    def material(code: str) -> Decimal:
        return sum(
            (
                line.quantity * (priced[line.part].inr if line.part in priced else material(line.part))
                for line in scenario.products[code].lines
            ),
            Decimal(0),
        )

    assert scenario.supplies is not None
    prices = {row.product: row.amount for row in scenario.supplies.terms if row.kind == "price"}
    assert set(prices) == set(scenario.products)
    for code, price in prices.items():
        assert price * Decimal("0.4") < material(code) < price * Decimal("0.95"), code


def test_one_brand_hands_in_one_part_with_its_alternate(scenario: Scenario) -> None:
    consigned = {row.part: row for row in priced_parts(scenario).values() if row.channel == CONSIGNED}
    assert set(consigned) == {"Z55H-60", "CP1254-A4"}
    using = {
        product.spec.brand
        for product in scenario.products.values()
        for line in product.lines
        if consigned.keys() & {line.part, *line.alternates}
    }
    assert using == {"SUNADI"}


@pytest.mark.django_db
def test_installing_twice_changes_nothing(scenario: Scenario) -> None:
    tables = (Supplier, Part, ApprovedSource, PartPrice, ExchangeRate, LocalContentCertificate, PriceTerm)

    def all_rows() -> list[list[dict[str, object]]]:
        return [list(table.objects.order_by("pk").values()) for table in tables]

    install(scenario, today=TODAY)
    before = all_rows()
    assert all(before)
    install(scenario, today=TODAY)
    assert all_rows() == before


@pytest.mark.django_db
def test_rates_cover_the_day_and_a_year_back(scenario: Scenario) -> None:
    install(scenario, today=TODAY)
    for days in range(0, 400, 20):
        day = TODAY - dt.timedelta(days=days)
        found = ExchangeRate.objects.filter(currency="USD", valid_from__lte=day, valid_to__gte=day)
        assert {row.kind for row in found} >= {"customs", "reference", "average"}
    assert ExchangeRate.objects.filter(kind="fixed", valid_from=dt.date(2025, 4, 1)).count() >= 8


@pytest.mark.django_db
def test_certificates_are_valid_expiring_and_expired(scenario: Scenario) -> None:
    install(scenario, today=TODAY)
    rows = LocalContentCertificate.objects.all()
    soon = TODAY + dt.timedelta(days=30)
    assert rows.filter(valid_to__gt=soon).count() > 15
    assert rows.filter(valid_to__gte=TODAY, valid_to__lte=soon).count() == 2
    assert rows.filter(valid_to__lt=TODAY).count() == 1
    assert rows.filter(method="LSEM_DVA").count() == 1
    assert rows.filter(file_sha256="").count() == 1


@pytest.mark.django_db
def test_every_product_has_its_price_and_one_royalty_has_no_document(scenario: Scenario) -> None:
    install(scenario, today=TODAY)
    book = TermBook()
    charges = {code: book.charges(code, "", TODAY) for code in scenario.products}
    assert all(any(charge.kind == "price" for charge in found) for found in charges.values())
    assert [code for code, found in charges.items() if any(not one.document for one in found)] == ["TUR-S1"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "noida"))


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "said"),
    [
        ("suppliers.csv", "27ZZZCA4556E1Z4", "27ZZZCA4556E1Z5", "scenario.field", "line 3, field tax_id"),
        ("suppliers.csv", "IN,brand,", "IN,owner,", "scenario.field", "field role"),
        ("suppliers.csv", ",SUNADI\n", ",NOBODY\n", "scenario.reference", "NOBODY"),
        ("part_classes.csv", "85332119,0.028", "853321,0.028", "scenario.field", "field hsn"),
        ("part_classes.csv", "85332119,0.028", "85332119,-1", "scenario.field", "field inr"),
        ("part_classes.csv", "85332119,0.028", "85332119,NaN", "scenario.field", "field inr"),
        ("prices.csv", "MT6833V/ZA", "MT0000", "scenario.reference", "MT0000"),
        ("exchange_rates.csv", "USD,0,", "ABC,0,", "scenario.field", "line 2, field currency"),
        ("exchange_rates.csv", "USD,3,", "USD,2,", "scenario.field", "line 5, field months_ago"),
        ("local_content.csv", "PPP_MII,31.40", "PPP_MII,131.40", "scenario.field", "line 2, field percent"),
        ("local_content.csv", "SUP-AMPHENOL,AMP/LC/26-1", "SUP-X,AMP/LC/26-1", "scenario.reference", "SUP-X"),
        ("price_terms.csv", "OST-P7,price,15200", "OST-P7,cost,15200", "scenario.field", "field kind"),
        ("price_terms.csv", "OST-P7,price,15200", "OST-P8,price,15200", "scenario.reference", "OST-P8"),
        ("purchasing.toml", "invoice_days = [1, 5]", "invoice_days = [5, 1]", "scenario.field", "home"),
        ("purchasing.toml", "_receipt = 5", "_receipt = 'x'", "scenario.field", "purchasing.toml"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_by_name(
    copy: Path, file: str, old: str, new: str, code: str, said: str
) -> None:
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused) as caught:
        load_scenario(copy)
    assert caught.value.refusal.code == code
    assert said in caught.value.refusal.message


def test_a_part_without_a_class_is_refused(copy: Path) -> None:
    path = copy / "part_classes.csv"
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(row for row in rows if not row.startswith("*,,")), encoding="utf-8")
    with pytest.raises(Refused, match=r"part_classes\.csv has no class"):
        priced_parts(load_scenario(copy))


def test_a_scenario_that_buys_nothing_is_complete(copy: Path) -> None:
    (copy / "purchasing.toml").unlink()
    scenario = load_scenario(copy)
    assert scenario.supplies is None
    assert priced_parts(scenario) == {}
