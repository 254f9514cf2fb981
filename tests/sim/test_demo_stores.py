"""The morning in the stores that the demo shows: written by the operations of the rooms, once."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from karkhana.design.models import Product
from karkhana.floor.kitting.queries import plan_kit
from karkhana.kernel.refusals import Refused
from karkhana.localisation.choosing.models import LocalCandidate, PlannedUnits
from karkhana.localisation.models import LocalTarget
from karkhana.sim.purchases import book_purchases
from karkhana.sim.runs import simulate_units
from karkhana.sim.scenario import DEFAULT, Scenario, install, load_scenario
from karkhana.sim.stores import BATTERY, CAMERA, DISPLAY, KITTED, SHORT, WAITING, fill_stores
from karkhana.supply.incoming.queries import severity_of
from karkhana.supply.models import Inspection, Receipt, StockMove, StorePlace

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def filled() -> Scenario:
    scenario = load_scenario()
    install(scenario, today=NOW.date())
    simulate_units(scenario, product="TUR-M3", revision="C", units=10, now=NOW)
    assert fill_stores(scenario, now=NOW)
    return scenario


@pytest.mark.django_db
def test_sources_are_inspected_at_three_severities_and_some_lots_wait() -> None:
    filled()
    assert severity_of("SUP-VISIONOX", DISPLAY).state == "reduced"
    assert severity_of("SUP-ATL", BATTERY).state == "tightened"
    assert severity_of("SUP-SUNNYOPTICAL", CAMERA).state == "normal"
    waiting = Inspection.objects.filter(result=None)
    assert sorted(waiting.values_list("part", flat=True)) == sorted(WAITING)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_hold WHERE released_at IS NULL AND hold = ANY(%s)",
            [list(waiting.values_list("hold", flat=True))],
        )
        assert cursor.fetchone() == (len(WAITING),)


@pytest.mark.django_db
def test_one_order_is_kitted_and_another_lacks_parts() -> None:
    filled()
    assert not plan_kit(KITTED[1], now=NOW).short
    assert StockMove.objects.filter(work_order=KITTED[1], kind="issue").count() > 60
    short = plan_kit(SHORT[1], now=NOW).short
    assert len(short) > 10
    assert not StockMove.objects.filter(work_order=SHORT[1]).exists()


@pytest.mark.django_db
def test_every_plant_has_places_and_some_stock_is_put_away() -> None:
    filled()
    for plant in ("N1", "N2", "G1"):
        assert StorePlace.objects.filter(plant=plant, is_default=True).count() == 1
        assert StorePlace.objects.filter(plant=plant).count() >= 7
    assert StockMove.objects.filter(kind="move", target__code__in=("N2-A1", "N2-B1", "N2-C1")).count() > 10


@pytest.mark.django_db
def test_targets_plan_and_candidates_are_there() -> None:
    scenario = filled()
    assert LocalTarget.objects.count() == 4
    assert LocalCandidate.objects.count() > 15
    devices = [code for code, product in scenario.products.items() if product.spec.segment != "subassembly"]
    planned = PlannedUnits.objects.filter(product__in=Product.objects.filter(code__in=devices))
    assert not PlannedUnits.objects.filter(product__segment="subassembly").exists(), (
        "counted in their devices"
    )
    months = planned.values_list("month", flat=True).distinct().count()
    assert months == 24
    assert sum(planned.filter(month=dt.date(2026, 12, 1)).values_list("units", flat=True)) == (
        scenario.devices_per_month
    )


@pytest.mark.django_db
def test_lots_of_the_morning_are_booked_and_it_is_done_once() -> None:
    scenario = filled()
    found = book_purchases(scenario, now=NOW)
    assert found.receipts == Receipt.objects.count() > 90
    moves = StockMove.objects.count()
    assert not fill_stores(scenario, now=NOW)
    assert (StockMove.objects.count(), LocalTarget.objects.count()) == (moves, 4)


@pytest.mark.django_db
def test_pages_show_the_morning(client: Client) -> None:
    """A brand's target and a part with odd letters once broke a page that tests of single rooms did not."""
    scenario = filled()
    book_purchases(scenario, now=NOW)
    client.force_login(get_user_model().objects.create_superuser("all", password="x"))
    for path in (
        "/supply/", "/supply/stock/", "/supply/receiving/", "/supply/inspection/", "/supply/kitting/",
        "/supply/consigned/",
        f"/supply/kitting/{SHORT[1]}/", f"/supply/kitting/{KITTED[1]}/", "/supply/expiry/", "/value/",
        "/value/terms/", "/value/designed/",
    ):  # fmt: skip
        assert client.get(path, follow=True).status_code == 200, path


@pytest.mark.django_db
def test_a_broken_candidate_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEFAULT, tmp_path / "noida"))
    path = folder / "candidates.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace(",2786,2240,", ",two,2240,", 1), encoding="utf-8"
    )
    scenario = load_scenario(folder)
    install(scenario, today=NOW.date())
    with pytest.raises(Refused) as caught:
        fill_stores(scenario, now=NOW, folder=folder)
    assert caught.value.refusal.fields["line"] == 2
    assert not StorePlace.objects.exists(), "all of it or nothing"
