"""Pages and API of work orders and stage gates, with units that were really recorded."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from floor import stage_builds as sb
from karkhana.design.models import FirstArticle, StageCriteria, StageGate, StageIssue
from karkhana.floor.models import WorkOrder
from karkhana.partners.operations import add_member, ensure_agreement, ensure_party
from karkhana.site.roles import ensure_roles

pytestmark = pytest.mark.usefixtures("rolled_back")
STAGE = "/design/stages/NOVA/"


def logged_in(role: str, name: str = "") -> Client:
    user, _ = get_user_model().objects.get_or_create(username=name or f"user-{role}")
    user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def nova(rolled_back: None) -> None:
    sb.set_up_nova()


def built(order: str = "E1", stage: str = "EVT", units: int = 20) -> None:
    sb.order(order, stage)
    assert sb.build(order, units) == []


def text_of(answer: Any) -> str:
    return answer.content.decode()


class TestOrders:
    def test_an_order_is_made_by_its_form_and_shown(self) -> None:
        lead = logged_in("lead")
        from karkhana.design.models import Revision

        what = Revision.objects.get(product__code="NOVA", code="A").pk
        said = {"code": "WO-1", "what": what, "stage": "EVT", "quantity": "30", "market": "AE",
                "due_on": "2026-12-01"}  # fmt: skip
        answer = lead.post("/orders/new/", said)
        assert (answer.status_code, answer["Location"]) == (302, "/orders/WO-1/")
        order = WorkOrder.objects.get(code="WO-1")
        assert (order.quantity, order.market, order.created_by.username) == (30, "AE", "user-lead")
        sb.build("WO-1", 3, failing=1)
        page = text_of(lead.get("/orders/WO-1/"))
        assert "75.00 %" in page
        assert "?work_order=WO-1&amp;failed_step=2" in page
        units = text_of(lead.get("/units/?work_order=WO-1&failed_step=2"))
        assert "WO-1-0004" in units
        assert "WO-1-0001" not in units
        assert "WO-1-0001" in text_of(lead.get("/units/?work_order=WO-1&finished=1"))
        assert "WO-1" in text_of(lead.get("/orders/?stage=EVT&product=NOVA"))
        assert "WO-1" not in text_of(lead.get("/orders/?stage=MP"))

    @pytest.mark.parametrize(
        ("other", "code"),
        [
            ({"stage": "MP"}, "order.stage_not_reached"),
            ({"quantity": "many"}, "stage.number"),
            ({"quantity": "--5"}, "stage.number"),
            ({"what": "0"}, "product.unknown"),
            ({"what": ""}, "stage.number"),
            ({"due_on": "soon"}, "stage.date"),
            ({"code": "W\x00"}, "order.code"),
            ({"market": "XX"}, "order.market"),
        ],
    )
    def test_what_cannot_be_ordered_is_said_on_the_form(self, other: dict[str, str], code: str) -> None:
        from karkhana.design.models import Revision

        what = Revision.objects.get(product__code="NOVA", code="A").pk
        said = {"code": "WO-1", "what": str(what), "stage": "EVT", "quantity": "3", "market": "IN"} | other
        answer = logged_in("engineer").post("/orders/new/", said)
        assert (answer.status_code, code in text_of(answer)) == (422, True)
        assert not WorkOrder.objects.filter(revision__product__code="NOVA").exists()

    def test_orders_over_the_api(self) -> None:
        body = {"code": "WO-1", "product": "NOVA", "revision": "A", "quantity": 5, "stage": "EVT"}

        def post(client: Client, **other: Any) -> Any:
            return client.post("/api/orders", json.dumps(body | other), content_type="application/json")

        assert post(logged_in("operator")).status_code == 403
        lead = logged_in("lead")
        refused = post(lead, stage="MP")
        assert refused.status_code == 422
        assert refused.json()["refusal"]["fields"]["criteria"] == ["units", "first_pass"]
        made = post(lead)
        assert (made.status_code, made.json()["built"], made.json()["missing"]) == (201, 0, None)
        assert post(lead).json()["refusal"]["code"] == "order.code_taken"
        sb.build("WO-1", 2)
        one = lead.get("/api/orders/WO-1").json()
        assert (one["built"], one["states"], one["rolled"]) == (2, {"complete": 2}, "100.00")
        assert [order["code"] for order in lead.get("/api/orders?product=NOVA").json()["orders"]] == ["WO-1"]
        assert lead.get("/api/orders/NONE").status_code == 404
        assert lead.get("/orders/NONE/").status_code == 404
        assert lead.get("/api/orders?after=-1").status_code == 422

    def test_a_shut_gate_is_shown_at_its_orders(self) -> None:
        page = logged_in("engineer").get("/orders/WO-KITE/")
        assert "KITE is not through PVT" in text_of(page)
        assert "shut: PVT" in text_of(logged_in("lead").get("/orders/"))

    def test_lists_are_paged(self) -> None:
        from karkhana.floor.orders.queries import order_page

        first = order_page(limit=3)
        second = order_page(after=int(first.after or 0), limit=3)
        assert len({row.code for row in (*first.rows, *second.rows)}) == 6


class TestGates:
    def test_the_board_says_where_each_product_stands(self) -> None:
        built(units=15)
        page = text_of(logged_in("engineer").get("/design/stages/"))
        assert "15/20" in page
        assert "Batteries" not in page
        rows = {row["product"]: row for row in logged_in("engineer").get("/api/design/stages").json()}
        assert [cell["state"] for cell in rows["NOVA"]["cells"]] == ["here", "later", "later", "later"]
        assert rows["NOVA"]["cells"][0]["unmet"][0]["key"] == "units"
        assert [cell["state"] for cell in rows["KITE"]["cells"]] == ["adopted", "adopted", "revoked", "later"]
        assert rows["TOY"]["stage"] == "MP"

    def test_a_gate_is_asked_for_passed_and_revoked_on_its_page(self) -> None:
        built()
        engineer = logged_in("engineer")
        asked = engineer.post(f"{STAGE}request/", {"stage": "EVT", "revision": "A"})
        assert asked["Location"] == f"{STAGE}?stage=EVT"
        assert "Pass EVT" in text_of(engineer.get(f"{STAGE}?stage=EVT"))
        engineer.post(f"{STAGE}withdraw/", {"stage": "EVT", "reason": "Wait"})
        engineer.post(f"{STAGE}request/", {"stage": "EVT", "revision": "A"})
        assert engineer.post(f"{STAGE}pass/", {"stage": "EVT"}).status_code == 302
        assert "✓ EVT" in text_of(engineer.get(STAGE))
        assert engineer.post(f"{STAGE}revoke/", {"stage": "EVT", "reason": ""}).status_code == 422
        engineer.post(f"{STAGE}revoke/", {"stage": "EVT", "reason": "Hinge"})
        assert [gate.action for gate in StageGate.objects.filter(product__code="NOVA").order_by("pk")] == [
            "requested", "withdrawn", "requested", "passed", "revoked"]  # fmt: skip
        assert "Hinge" in text_of(engineer.get("/design/stages/"))

    def test_refusals_are_said_in_place(self) -> None:
        engineer = logged_in("engineer")
        for address, said, code in (
            ("request/", {"stage": "EVT", "revision": "A"}, "stage.criteria_unmet"),
            ("request/", {"stage": "EVT\x00", "revision": "A"}, "stage.unknown"),
            ("request/", {"stage": "EVT", "revision": "\x00"}, "revision.unknown"),
            ("pass/", {"stage": "EVT"}, "stage.not_requested"),
            ("withdraw/", {"stage": "EVT"}, "stage.not_requested"),
            ("approve/?stage=EVT", {"stated_hash": "x"}, "stage.not_requested"),
            ("revoke/", {"stage": "EVT", "reason": "x"}, "stage.not_passed"),
            ("issues/", {"stage": "EVT", "revision": "A", "severity": "A", "title": ""}, "stage.text"),
            ("issues/", {"stage": "EVT", "revision": "A", "due_on": "x"}, "stage.date"),
            ("issues/close/", {"number": "x"}, "stage.number"),
            ("issues/close/", {"number": "7", "resolution": "x"}, "stage.issue_unknown"),
            ("criteria/", {"stage": "EVT", "units": "1"}, "stage.criteria_looser"),
            ("criteria/", {"stage": "EVT", "units": "x"}, "stage.number"),
            ("criteria/", {"stage": "nowhere"}, "stage.unknown"),
            ("runs/", {"stage": "EVT", "revision": "A", "units": "x"}, "stage.number"),
            ("runs/", {"stage": "EVT", "revision": "A", "units": "5", "unit_hours": "NaN", "failures": "0"},
             "stage.run"),
        ):  # fmt: skip
            answer = engineer.post(STAGE + address, said)
            assert (answer.status_code, code in text_of(answer)) == (422, True), (address, said)
        assert engineer.post("/design/stages/NOBODY/pass/", {"stage": "EVT"}).status_code == 404

    def test_issues_criteria_and_runs_are_written_on_the_page(self) -> None:
        engineer = logged_in("engineer")
        said = {"stage": "EVT", "revision": "A", "severity": "B", "title": "Rattles", "owner": "Ravi",
                "due_on": "2026-12-24"}  # fmt: skip
        engineer.post(f"{STAGE}issues/", said)
        engineer.post(f"{STAGE}issues/close/", {"stage": "EVT", "number": "1", "resolution": "Foam"})
        engineer.post(f"{STAGE}criteria/", {"stage": "EVT", "units": "25", "issues_C": "2",
                                            "documents": "plan", "firmware": "1",
                                            "first_pass": "800"})  # fmt: skip
        engineer.post(f"{STAGE}runs/", {"stage": "EVT", "revision": "A", "name": "Drop", "units": "5",
                                        "unit_hours": "12.5", "failures": "0", "report": "R-9"})  # fmt: skip
        issue = StageIssue.objects.get(product__code="NOVA")
        assert (issue.resolution, issue.closed_by.username) == ("Foam", "user-engineer")
        assert StageCriteria.objects.get(product__code="NOVA").own["documents"] == ["plan"]
        page = text_of(engineer.get(STAGE))
        for words in ("Rattles", "Foam", "R-9", "Firmware not approved", "Documents missing", "80.00 %"):
            assert words in page

    def test_only_an_admin_adopts(self) -> None:
        said = {"stage": "DVT", "reason": "Built at the old plant"}
        assert logged_in("engineer").post(f"{STAGE}adopt/", said).status_code == 403
        assert logged_in("admin").post(f"{STAGE}adopt/", said).status_code == 302
        assert list(StageGate.objects.filter(product__code="NOVA").order_by("pk").values_list("stage")) == [
            ("EVT",), ("DVT",)]  # fmt: skip

    def test_a_first_article_begins_with_what_testers_measured(self) -> None:
        built(units=1)
        engineer = logged_in("engineer")
        form = text_of(engineer.get(f"{STAGE}first-article/?revision=A&serial=E1-0001"))
        assert 'value="power"' in form
        assert 'value="12.5"' in form
        said = {"serial": "E1-0001", "reason": "New part", "inspector": "Q-1", "name": ["power", "gap"],
                "unit_of_measure": ["dBm", "mm"], "nominal": ["", "0.10"], "low": ["10", "0.05"],
                "high": ["20.5", "0.15"], "measured": ["12.5", "0.16"]}  # fmt: skip
        answer = engineer.post(f"{STAGE}first-article/?revision=A", said)
        article = FirstArticle.objects.get()
        assert answer["Location"] == f"{STAGE}first-article/{article.pk}/"
        page = text_of(engineer.get(answer["Location"]))
        assert "✕ not accepted" in page
        assert "0.16 mm" in page
        bad = engineer.post(f"{STAGE}first-article/?revision=A", said | {"measured": ["12.5", "wide"]})
        assert (bad.status_code, "first_article.number" in text_of(bad)) == (422, True)
        assert "wide" in text_of(bad), "what was typed stays on the form"
        assert engineer.get(f"{STAGE}first-article/999999/").status_code == 404
        assert engineer.get(f"{STAGE}first-article/?revision=Q").status_code == 404

    def test_the_gates_over_the_api(self) -> None:
        built()
        engineer = logged_in("engineer")

        def post(address: str, body: Any = None, client: Client = engineer) -> Any:
            return client.post(f"/api/design/stages/NOVA/{address}", json.dumps(body or {}),
                               content_type="application/json")  # fmt: skip

        issue = post("issues", {"revision": "A", "stage": "EVT", "severity": "A", "title": "Smoke"})
        assert (issue.status_code, issue.json()["number"]) == (201, 1)
        assert post("EVT/request", {"revision": "A"}).json()["refusal"]["fields"]["criteria"] == ["issues_a"]
        assert post("issues/1/close", {"resolution": "Fuse"}).json()["resolution"] == "Fuse"
        article = post("first-articles", {
            "revision": "A", "serial": "E1-0001", "reason": "New", "inspector": "Q-1", "characteristics": [
                {"name": "power", "measured": "12.5", "low": "10", "high": "20.5"}]})  # fmt: skip
        assert article.json()["accepted"] is True
        asked = post("EVT/request", {"revision": "A"})
        shown = engineer.get("/api/design/stages/NOVA").json()
        assert shown["evidence_hash"] == asked.json()["evidence_hash"]
        assert (shown["state"], shown["stale"], shown["evidence"]["built"]) == ("requested", False, 20)
        assert post("EVT/approve", {"stated_hash": "x", "passphrase": "y"}).json()["refusal"]["code"] == (
            "approval.no_signatory"
        )
        signed = {
            "public_key": "0",
            "stated_hash": "x",
            "signature": "0",
            "signed_at": "2026-01-01T00:00:00Z",
        }
        assert post("EVT/approve-signed", signed).json()["refusal"]["code"] == "approval.no_signatory"
        assert post("EVT/pass").json()["action"] == "passed"
        assert post("EVT/revoke", {"reason": "Hinge"}).json()["action"] == "revoked"
        assert post("EVT/adopt", {"reason": "x"}).status_code == 403
        assert len(post("DVT/adopt", {"reason": "x"}, logged_in("admin")).json()) == 2
        assert post("DVT/withdraw", {"reason": ""}).json()["refusal"]["code"] == "stage.not_requested"
        criteria = "/api/design/stages/NOVA/PVT/criteria"
        assert (
            engineer.put(criteria, '{"units": 300}', content_type="application/json").json()["units"] == 300
        )
        for body, code in (('{"units": "x"}', "stage.criteria"), ('{"what": 1}', "stage.criteria"),
                           ('{"units": 3}', "stage.criteria_looser")):  # fmt: skip
            answer = engineer.put(criteria, body, content_type="application/json")
            assert (answer.status_code, answer.json()["refusal"]["code"]) == (422, code)
        assert engineer.get("/api/design/stages/NOVA?stage=Q").json()["refusal"]["code"] == "stage.unknown"
        assert engineer.get("/api/design/stages/NOBODY").status_code == 404
        assert logged_in("operator").get("/api/design/stages").status_code == 403


class TestPartners:
    def test_people_of_a_partner_see_their_products_and_do_nothing_to_them(self) -> None:
        for code, kind in (("MAKER", "maker"), ("HUB-P", "partner")):
            ensure_party(code=code, name=code, kind=kind)
        ensure_agreement(code="JV", title="Joint", kind="alliance", starts_on=dt.date(2025, 1, 1),
                         ends_on=None,
                         parties={"MAKER": ["stage_gate"], "HUB-P": ["stage_gate"]})  # fmt: skip
        sb.set_up_nova(agreement="JV")
        built(units=2)
        partner = logged_in("partner", "kenji")
        add_member(party="HUB-P", user=get_user_model().objects.get(username="kenji"))
        page = text_of(partner.get("/design/stages/"))
        assert "NOVA" in page
        assert "KITE" not in page
        detail = text_of(partner.get(STAGE))
        assert "E1" in detail
        assert "/orders/" not in detail
        assert "/units/" not in detail
        assert partner.get("/design/stages/KITE/").status_code == 404
        for address in ("request", "pass", "withdraw", "revoke", "adopt", "issues/close", "criteria", "runs"):
            assert partner.post(f"{STAGE}{address}/", {"stage": "EVT"}).status_code == 403, address
        api = "/api/design/stages/NOVA/EVT/"
        for address in ("request", "pass", "withdraw", "revoke", "adopt"):
            body = json.dumps({"revision": "A", "reason": "x"})
            assert partner.post(api + address, body, content_type="application/json").status_code == 403
        issue = {"stage": "EVT", "revision": "A", "severity": "C", "title": "A scratch"}
        assert partner.post(f"{STAGE}issues/", issue).status_code == 302
        assert partner.get("/api/design/stages/KITE").status_code == 404
