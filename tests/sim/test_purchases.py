"""Every lot that a simulated build received is in the books, or is counted as one that is not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from karkhana.localisation.built.queries import value_unit
from karkhana.sim.priced import priced_parts
from karkhana.sim.purchases import EVERY, SOON, book_purchases, invoice_number, posting
from karkhana.sim.runs import simulate_units
from karkhana.sim.scenario import Scenario, install, load_scenario
from karkhana.supply.models import BillOfEntry, BillOfEntryItem, Receipt

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def build(scenario: Scenario, product: str = "OST-P7", revision: str = "C", units: int = 12) -> str:
    """Build some units; return a finished one."""
    install(scenario, today=NOW.date())
    found = simulate_units(scenario, product=product, revision=revision, units=units, now=NOW)
    return str(found["example_serial"])


def lots() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_lot")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_every_lot_has_its_receipt_or_is_counted_as_without() -> None:
    scenario = load_scenario()
    build(scenario)
    known = Receipt.objects.count()
    found = book_purchases(scenario, now=NOW)
    assert found.receipts > 300
    assert Receipt.objects.count() == known + found.receipts
    assert found.without_receipt + Receipt.objects.count() >= lots()
    assert 0 < found.without_receipt + found.without_bill < found.receipts / 20
    imports = Receipt.objects.filter(channel="import")
    assert imports.filter(bill_item=None).count() == found.without_bill
    assert not Receipt.objects.exclude(channel="import").filter(bill_item__isnull=False).exists()


@pytest.mark.django_db
def test_booking_again_writes_nothing_and_tells_the_same_lots() -> None:
    scenario = load_scenario()
    build(scenario)
    first = book_purchases(scenario, now=NOW)
    again = book_purchases(scenario, now=NOW + dt.timedelta(hours=1))
    assert (again.receipts, again.bills) == (0, 0)
    assert again.without_receipt == first.without_receipt


@pytest.mark.django_db
def test_a_bill_of_entry_adds_up_to_its_receipts() -> None:
    scenario = load_scenario()
    build(scenario)
    book_purchases(scenario, now=NOW)
    assert BillOfEntry.objects.count() > 10
    for item in BillOfEntryItem.objects.annotate(
        lots_quantity=Sum("receipts__quantity"),
        lots_cif=Sum("receipts__cif"),
        lots_duty=Sum("receipts__duty"),
        lots_igst=Sum("receipts__igst"),
        lots_value=Sum("receipts__value"),
    ):
        assert item.quantity == item.lots_quantity
        assert (item.value, item.assessable) == (item.lots_value, item.lots_cif)
        assert (item.duty + item.surcharge, item.igst) == (item.lots_duty, item.lots_igst)


@pytest.mark.django_db
def test_a_receipt_follows_from_the_files() -> None:
    """The amounts of one import, worked out by hand from its price, rate and duty."""
    scenario = load_scenario()
    build(scenario)
    book_purchases(scenario, now=NOW)
    display = Receipt.objects.filter(part="G1628FH106GF-001").first()
    assert display is not None
    price = priced_parts(scenario)["G1628FH106GF-001"].price
    assert (display.currency, display.origin, display.hsn) == ("CNY", "CN", "85249200")
    assert display.value == round(price * display.quantity, 2)
    freight = round(display.value * Decimal("0.016"), 2)
    assert display.freight == freight
    cif = (display.value + freight + display.insurance) * display.rate
    assert abs(display.cif - cif) < Decimal("0.01")
    assert abs(display.duty - cif * Decimal("0.15") * Decimal("1.1")) < Decimal("0.02")
    assert display.landed == display.cif + display.duty
    assert display.invoice_date < NOW.date()


@pytest.mark.django_db
def test_consigned_lots_are_booked_at_their_declared_value_without_tax() -> None:
    scenario = load_scenario()
    build(scenario, "SUN-E5", "B", 6)
    book_purchases(scenario, now=NOW)
    cells = Receipt.objects.filter(supplier__role="brand")
    assert cells
    for cell in cells:
        assert (cell.channel, cell.currency, cell.tax, cell.duty) == ("consigned", "INR", 0, 0)
        assert cell.landed == cell.price == cell.value


@pytest.mark.django_db
def test_later_lots_come_with_an_invoice_and_a_bill_of_their_own() -> None:
    scenario = load_scenario()
    build(scenario)
    book_purchases(scenario, now=NOW)
    receipt = Receipt.objects.filter(bill_item__isnull=False).select_related("supplier").first()
    assert receipt is not None
    before = set(Receipt.objects.values_list("lot", "invoice"))
    Receipt.objects.filter(lot=receipt.lot).delete()
    assert book_purchases(scenario, now=NOW).receipts == 1
    late = Receipt.objects.select_related("bill_item__bill").get(lot=receipt.lot)
    assert late.invoice == receipt.invoice.removesuffix("/1") + "/2"
    assert late.bill_item is None or late.bill_item.bill.pk != receipt.bill_item.bill.pk
    assert set(Receipt.objects.exclude(lot=receipt.lot).values_list("lot", "invoice")) < before


@pytest.mark.django_db
def test_a_live_factory_books_what_came_in_now_and_then() -> None:
    scenario = load_scenario()
    build(scenario)
    post = posting(scenario, began=NOW)
    post(b"[]", NOW + SOON / 2)
    assert not Receipt.objects.exists()
    post(b"[]", NOW + SOON)
    count = Receipt.objects.count()
    assert count > 300, "lots of an earlier run are booked too"
    late = Receipt.objects.filter(lot__startswith="N1").first()
    assert late is not None
    late.delete()
    post(b"[]", NOW + SOON + EVERY)
    assert Receipt.objects.count() == count - 1, "later on only lots of the last minutes are looked at"


@pytest.mark.django_db
def test_a_built_phone_has_a_plausible_local_share() -> None:
    scenario = load_scenario()
    serial = build(scenario)
    book_purchases(scenario, now=NOW)
    _, result = value_unit(serial, method="PPP_MII")
    assert 5 < result.percent_min <= result.percent_max < 60
    assert result.denominator == Decimal(15200)
    assert len(result.lines) > 150


def test_invoices_of_a_supplier_and_day_are_told_apart() -> None:
    day = dt.date(2026, 11, 22)
    found = {
        invoice_number(code, day, n) for code in ("SUP-KAAMDARMETAL", "SUP-KAAMDARMAGNE") for n in (1, 2)
    }
    assert len(found) == 4


@pytest.mark.django_db
def test_a_product_with_complete_books_has_nothing_unproved() -> None:
    scenario = load_scenario()
    serial = build(scenario, "TUR-B48", "B", 6)
    book_purchases(scenario, now=NOW)
    _, result = value_unit(serial, method="PPP_MII")
    assert result.unproved == ()
    assert result.grade == "Class-II"
