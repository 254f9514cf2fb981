"""Pages of local value: a question is computed once and kept; every figure leads down to its units."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.utils import timezone

from karkhana.kernel.refusals import Refused
from karkhana.localisation.models import LocalTarget, LocalValueRun, PriceTerm
from karkhana.localisation.runs import engine, operations
from karkhana.localisation.runs.models import BROKEN, DONE, REFUSED, RUNNING
from karkhana.localisation.runs.rules import days_of
from karkhana.localisation.runs.units import units_of_run
from karkhana.site.roles import ensure_roles
from localisation.phones import ASKED, IMPORTED_WITHOUT, book, build

pytestmark = pytest.mark.usefixtures("rolled_back")
D = Decimal
PAGE = "/value/?product=PHONE&month=2026-06&method=PPP_MII"


@pytest.fixture(autouse=True)
def at_once(rolled_back: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are computed at once, in the test's own transaction."""
    monkeypatch.setattr(operations, "begin", operations.compute)
    monkeypatch.setattr(transaction, "on_commit", lambda act: act())


@pytest.fixture
def phones(at_once: None) -> None:
    build()
    book()


def logged_in(role: str) -> Client:
    user, _ = get_user_model().objects.get_or_create(username=f"user-{role}")
    user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def part_of(page: str, name: str) -> Any:
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found, name
    return json.loads(found[1])


def asked(client: Client, **other: str) -> Any:
    return client.post("/value/compute/", ASKED | other)


@pytest.mark.usefixtures("phones")
class TestAnswer:
    def test_a_question_is_computed_once_and_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        buyer = logged_in("buyer")
        assert "Not computed yet" in text_of(buyer.get(PAGE))
        assert LocalValueRun.objects.count() == 0, "looking computes nothing"
        answer = asked(buyer)
        assert answer.status_code == 303
        run = LocalValueRun.objects.get()
        assert (run.state, run.result["imported"], run.result["class"]) == (
            DONE,
            IMPORTED_WITHOUT,
            "Class-II",
        )
        page = text_of(buyer.get(answer["Location"]))
        assert "40.3700<small> %" in page
        assert "3 Class-II · 1 Class-I" in page or "1 Class-I · 3 Class-II" in page
        monkeypatch.setattr(engine, "value_period", lambda **asked: pytest.fail("computed again"))
        asked(buyer)
        assert text_of(buyer.get(PAGE)).count("40.3700") >= 1

    def test_the_flows_add_up_to_the_price(self) -> None:
        buyer = logged_in("buyer")
        asked(buyer)
        data = part_of(buyer.get(PAGE).content.decode(), "sankey-data")
        names = [node["name"] for node in data["nodes"]]
        price = names.index("Price of the unit")
        into = [link for link in data["links"] if link["target"] == price]
        assert sum(link["value"] for link in into) == pytest.approx(400)
        assert sum(link["value"] for link in into if not link["local"]) == pytest.approx(238.52)
        assert "Own value added" in names
        assert "India" in names
        assert "IN" not in names
        assert "Shenzhen Cells" in names
        for node, stage in ((n, n["stage"]) for n in data["nodes"] if 0 < n["stage"] < 3):
            here = names.index(node["name"])
            came = sum(link["value"] for link in data["links"] if link["target"] == here)
            went = sum(link["value"] for link in data["links"] if link["source"] == here)
            assert came == pytest.approx(went) or node["name"] == "Own value added", (node, stage)
        boxes = part_of(buyer.get(PAGE).content.decode(), "treemap-data")
        tops = [box["value"] for box in boxes["boxes"] if not box["parent"]]
        assert sum(tops) == pytest.approx(238.52) == pytest.approx(boxes["total"])

    def test_countries_are_called_by_name_in_the_language_of_the_page(self) -> None:
        buyer = logged_in("buyer")
        asked(buyer)
        buyer.cookies["django_language"] = "hi"
        data = part_of(buyer.get(PAGE).content.decode(), "sankey-data")
        assert "भारत" in {node["name"] for node in data["nodes"]}

    def test_without_a_question_the_newest_answer_is_shown_and_the_list_below(self) -> None:
        buyer = logged_in("buyer")
        assert "Nothing yet" in text_of(buyer.get("/value/"))
        asked(buyer)
        run = LocalValueRun.objects.get()
        page = buyer.get("/value/").content.decode()
        assert part_of(page, "sankey-data")["links"]
        assert page.index("sankey-data") < page.index("Computed last")
        assert f'<option value="{run.product}" selected>' in page

    def test_every_figure_leads_down_to_units(self) -> None:
        buyer = logged_in("buyer")
        asked(buyer)
        run = LocalValueRun.objects.get()
        lines = text_of(buyer.get(f"/value/lines/?run={run.pk}"))
        assert "CAP" in lines
        assert "GLUE" in lines
        lots = text_of(buyer.get(f"/value/lines/?run={run.pk}&by=lot&part=BAT"))
        assert f"/value/units/?run={run.pk}&lot=BAT-2" in lots
        assert "GLUE-1" not in lots
        units = text_of(buyer.get(f"/value/units/?run={run.pk}&lot=BAT-2"))
        assert re.findall(r'href="/units/(\w+)/', units) == ["U4"]
        every = text_of(buyer.get(f"/value/units/?run={run.pk}"))
        assert re.findall(r'href="/units/(\w+)/', every) == ["U1", "U2", "U3", "U4"]

    def test_units_come_in_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked(logged_in("buyer"))
        monkeypatch.setattr("karkhana.localisation.runs.units.PAGE", 3)
        run = LocalValueRun.objects.get()
        first, more = units_of_run(run)
        rest, last = units_of_run(run, after=first[-1].serial)
        assert [unit.serial for unit in (*first, *rest)] == ["U1", "U2", "U3", "U4"]
        assert (more, last) == (True, False)

    def test_another_choice_is_another_question(self) -> None:
        buyer = logged_in("buyer")
        asked(buyer)
        asked(buyer, **{"p.uncertified": "all"})
        assert [run.result["imported"] for run in LocalValueRun.objects.order_by("pk")] == [
            "238.52",
            "222.52",
        ]

    def test_what_is_unproved_leads_to_where_it_is_put_right(self) -> None:
        buyer = logged_in("buyer")
        asked(buyer)
        page = text_of(buyer.get(PAGE))
        assert "The supplier's certificate of local content is missing." in page
        assert 'href="/supply/suppliers/GLUES/"' in page

    def test_targets_stand_in_the_trend(self) -> None:
        buyer = logged_in("buyer")
        asked(buyer)
        said = {"what": "target", "product": "", "brand": "ACME", "method": "PPP_MII", "percent": "50",
                "by_date": "2027-03-31", "said_by": "contract"}  # fmt: skip
        assert buyer.post("/value/terms/", said).status_code == 303
        trend = part_of(buyer.get(PAGE).content.decode(), "trend-data")
        assert trend["months"] == ["2026-06"]
        assert trend["least"] == [40.37]
        assert [(t["percent"], t["by"], t["name"]) for t in trend["targets"]] == [
            (50.0, "2027-03-31", "ACME")
        ]
        assert buyer.post("/value/terms/", said).status_code == 422
        own = said | {"product": "PHONE", "brand": "", "percent": "45.5"}
        assert buyer.post("/value/terms/", own).status_code == 303
        trend = part_of(buyer.get(PAGE).content.decode(), "trend-data")
        assert [t["percent"] for t in trend["targets"]] == [45.5], (
            "the product's own stands before its brand's"
        )
        buyer.post(f"/value/targets/{LocalTarget.objects.get(product__code='PHONE').pk}/drop/")
        assert LocalTarget.objects.count() == 1

    def test_the_unit_page_shows_its_rupees_by_two_methods(self) -> None:
        buyer = logged_in("buyer")
        assert 'hx-get="/value/units/U4/"' in text_of(buyer.get("/units/U4/"))
        assert "/value/units/" not in text_of(logged_in("operator").get("/units/U4/"))
        part = text_of(buyer.get("/value/units/U4/"))
        assert "63.6200 %" in part
        assert "Class-I" in part
        assert "PMA_BOM" in part
        assert "certificate H1: 60 % local" in part
        bars = part_of(part, "unit-rupees")
        assert sum(bar["local"] + bar["imported"] for bar in bars["bars"]) == pytest.approx(100)
        assert "LSEM_DVA</span>" in text_of(buyer.get("/value/units/U4/?method=LSEM_DVA"))
        assert buyer.get("/value/units/NONE/").status_code == 404
        assert buyer.get("/value/units/P1/").status_code == 404
        assert logged_in("operator").get("/value/units/U4/").status_code == 403


class TestRuns:
    def test_a_refusal_is_kept_and_asked_again(self) -> None:
        lead = logged_in("lead")
        answer = asked(lead)
        assert LocalValueRun.objects.get().state == REFUSED
        page = text_of(lead.get(answer["Location"]))
        assert "localise.no_units" in page
        build()
        book()
        asked(lead, anew="1")
        assert LocalValueRun.objects.get().state == DONE

    def test_a_fault_says_so_and_may_be_begun_again(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(**asked: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(engine, "value_period", broken)
        lead = logged_in("lead")
        asked(lead)
        assert LocalValueRun.objects.get().state == BROKEN
        assert "broke" in caplog.text
        assert "interrupted" in text_of(lead.get(PAGE))
        monkeypatch.undo()

    def test_a_run_whose_process_is_gone_is_begun_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        build()
        book()
        lead = logged_in("lead")
        monkeypatch.setattr(operations, "begin", lambda pk: None)
        asked(lead)
        run = LocalValueRun.objects.get()
        assert "Computing" in text_of(lead.get(PAGE))
        poll = lead.get(f"/value/runs/{run.pk}/")
        assert (poll.status_code, "HX-Refresh" in poll) == (200, False)
        LocalValueRun.objects.update(state=RUNNING, told_at=timezone.now() - dt.timedelta(minutes=5))
        assert lead.get(f"/value/runs/{run.pk}/")["HX-Refresh"] == "true"
        assert "interrupted" in text_of(lead.get(PAGE))
        monkeypatch.setattr(operations, "begin", operations.compute)
        asked(lead)
        assert LocalValueRun.objects.get().state == DONE
        assert lead.get(f"/value/runs/{run.pk}/")["HX-Refresh"] == "true"

    def test_one_that_is_under_way_is_not_begun_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        begun: list[int] = []
        monkeypatch.setattr(operations, "begin", begun.append)
        asked(logged_in("lead"))
        asked(logged_in("buyer"))
        assert len(begun) == 1
        operations.compute(begun[0])
        state = LocalValueRun.objects.get().state
        monkeypatch.setattr(engine, "value_period", lambda **asked: pytest.fail("computed twice"))
        operations.compute(begun[0])
        assert LocalValueRun.objects.get().state == state

    @pytest.mark.usefixtures("phones")
    def test_answers_of_long_ago_are_dropped(self) -> None:
        lead = logged_in("lead")
        asked(lead)
        old = LocalValueRun.objects.get().pk
        LocalValueRun.objects.update(computed_at=timezone.now() - operations.KEPT - dt.timedelta(days=1))
        asked(lead)
        assert LocalValueRun.objects.filter(pk=old).exists(), "nothing was begun"
        asked(lead, **{"p.uncertified": "all"})
        assert [run.parameters["uncertified"] for run in LocalValueRun.objects.all()] == ["all"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("other", "code"),
        [
            ({"product": "NONE"}, "product.unknown"), ({"brand": "NONE"}, "brand.unknown"),
            ({"plant": "NONE"}, "plant.unknown"), ({"month": "2026-13"}, "period.month"),
            ({"month": "", "fiscal_year": "2026-29"}, "period.fiscal_year"),
            ({"method": "NONE"}, "method.unknown"),
            ({"method": "/etc/passwd.toml"}, "method.unknown"),
            ({"p.uncertified": "perhaps"}, "method.parameter"),
            ({"month": "", "first": "2026-06-30", "last": "2026-06-01"}, "period.order"),
            ({"month": "", "first": "x", "last": "y"}, "period.day"), ({"month": ""}, "period.missing"),
            ({"month": "", "first": "1950-01-01", "last": "2150-01-01"}, "period.long"),
            ({"month": "1990-01"}, "method.not_then"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_asked_is_said(self, other: dict[str, str], code: str) -> None:
        answer = asked(logged_in("buyer"), **other)
        assert (answer.status_code, code in text_of(answer)) == (422, True)
        assert LocalValueRun.objects.count() == 0

    @pytest.mark.parametrize("query", ["product=%00&month=2026-06", "month=%00", "month=2026-06&p.x=1",
                                       "first=2026-06-01&last=9999-12-31",
                                       "month=2026-06&method=%F0%9F%92%A5",
                                       "fiscal_year=FY99999999999999999999"])  # fmt: skip
    def test_no_address_is_a_fault(self, query: str) -> None:
        assert logged_in("buyer").get(f"/value/?{query}").status_code in (200, 422)

    def test_what_is_not_kept_is_not_found(self) -> None:
        buyer = logged_in("buyer")
        for path in ("/value/lines/?run=1", "/value/lines/?run=x", "/value/units/?run=99999999999999999999",
                     "/value/runs/123/", "/value/runs/99999999999999999999/", "/value/units/%00/",
                     "/value/lines/"):  # fmt: skip
            assert buyer.get(path).status_code == 404, path

    @pytest.mark.parametrize(
        ("other", "field"),
        [
            ({"kind": "gift"}, "kind"), ({"amount": "NaN"}, "amount"), ({"amount": "-1"}, "amount"),
            ({"amount": "1e30"}, "amount"), ({"amount": "0.0000001"}, "amount"),
            ({"market": "XYZ"}, "market"),
            ({"valid_from": "soon"}, "valid_from"), ({"valid_to": "2025-01-01"}, "valid_to"),
            ({"document": "a\x00b"}, "document"), ({"party": "x" * 121}, "party"), ({"product": "NO"}, ""),
            ({"product": "\x00"}, ""), ({"valid_from": "0001-01-01"}, "valid_from"),
        ],
    )  # fmt: skip
    def test_a_term_that_cannot_be_is_refused(self, other: dict[str, str], field: str) -> None:
        said = {"what": "term", "product": "PHONE", "kind": "price", "amount": "1,450.50",
                "valid_from": "2026-04-01", "document": "PL"}  # fmt: skip
        buyer = logged_in("buyer")
        answer = buyer.post("/value/terms/", said | other)
        assert answer.status_code == 422
        assert field in text_of(answer)
        assert PriceTerm.objects.count() == 0
        assert buyer.post("/value/terms/", said).status_code == 303
        assert PriceTerm.objects.get().amount == D("1450.5")
        assert buyer.post("/value/terms/", said).status_code == 422

    @pytest.mark.parametrize(
        "other",
        [{"percent": "0"}, {"percent": "100.1"}, {"percent": "nan"}, {"percent": "5.12345"},
         {"product": "PHONE"},
         {"brand": ""}, {"brand": "NO"}, {"brand": "\x00"}, {"by_date": ""}, {"method": "NONE"},
         {"method": "x.toml"}, {"said_by": "\x00"}],
    )  # fmt: skip
    def test_a_target_that_cannot_be_is_refused(self, other: dict[str, str]) -> None:
        said = {"what": "target", "product": "", "brand": "ACME", "method": "PPP_MII", "percent": "50",
                "by_date": "2027-03-31", "said_by": ""}  # fmt: skip
        assert logged_in("buyer").post("/value/terms/", said | other).status_code == 422
        assert LocalTarget.objects.count() == 0


def test_periods_in_words() -> None:
    assert days_of(month="2026-02") == (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
    assert days_of(fiscal_year="FY27") == (dt.date(2026, 4, 1), dt.date(2027, 3, 31))
    with pytest.raises(Refused) as no:
        days_of(month="2026-02", first="2026-02-01")
    assert no.value.refusal.code == "period.several"
