"""Pages and API of goods in: receipts, inspections, rules of parts, lots whose time runs out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone

from karkhana.floor.receiving.asked import Delivery
from karkhana.floor.receiving.inspection_pages import severity_chart
from karkhana.floor.receiving.operations import receive_lots
from karkhana.floor.receiving.pages import life_panel
from karkhana.site.roles import ensure_roles
from karkhana.supply.incoming.operations import RuleAsked, set_receiving_rule, write_ticks
from karkhana.supply.incoming.queries import Switch
from karkhana.supply.incoming.sampling.rules import START, Severity
from karkhana.supply.models import Disposition, InspectionResult, LotLife, LotTick, ReceivingRule

pytestmark = pytest.mark.usefixtures("rolled_back")
LOT = {"lot": "L", "part": "P", "quantity": "1", "supplier": "SUP"}
ONE = {"lot": "L1", "part": "CAP", "quantity": "1000", "supplier": "SUP", "origin": "in", "station": "DOCK-1"}


def logged_in(role: str) -> Client:
    user, _ = get_user_model().objects.get_or_create(username=f"user-{role}")
    user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    return answer.content.decode()


def plan(part: str = "CAP", **said: Any) -> None:
    set_receiving_rule(
        part=part, asked=RuleAsked(**({"level": "II", "aql": "1.0"} | said)), now=timezone.now()
    )


def received(*lots: str, **said: Any) -> list[int]:
    now = timezone.now()
    fields = {"part": "CAP", "quantity": Decimal(1000), "supplier": "SUP", "origin": "IN"} | said
    answers = receive_lots(lots=[Delivery(lot, **fields) for lot in lots], station="DOCK-1", at=now, now=now)
    assert all(answer.refusal is None for answer in answers), answers
    return [answer.inspection or 0 for answer in answers]


def judged(client: Client, number: int, bad: int = 0, **other: Any) -> Any:
    said = {"nonconforming": bad, **({"code-0": "BENT", "count-0": bad} if bad else {}), **other}
    return client.post(f"/supply/inspection/{number}/judge/", said)


class TestAccess:
    @pytest.mark.parametrize("path", ["receiving/", "receiving/new/", "receiving/rules/", "expiry/"])
    def test_who_buys_and_stores_sees_goods_in(self, path: str) -> None:
        for role in ("buyer", "lead", "admin"):
            assert logged_in(role).get(f"/supply/{path}").status_code == 200, role
        for role in ("operator", "engineer", "partner"):
            assert logged_in(role).get(f"/supply/{path}").status_code == 403, role
        assert Client().get(f"/supply/{path}").status_code == 302

    def test_operators_inspect_and_decide_nothing_else(self) -> None:
        plan()
        (number,) = received("L1")
        operator = logged_in("operator")
        assert operator.get("/supply/inspection/").status_code == 200
        assert judged(operator, number, 9).status_code == 302
        assert InspectionResult.objects.get().inspector == "user-operator"
        said = {"what": "returned"}
        assert operator.post(f"/supply/inspection/{number}/dispose/", said).status_code == 403
        assert operator.post(f"/supply/inspection/{number}/severity/", said).status_code == 403
        assert operator.post("/supply/inspection/again/", {"lot": "L1"}).status_code == 403
        assert operator.post("/supply/expiry/life/", {"lot": "L1"}).status_code == 403
        page = text_of(operator.get(f"/supply/inspection/{number}/"))
        assert "dispose" not in page


class TestReceiving:
    def test_one_lot_by_its_form(self) -> None:
        buyer = logged_in("buyer")
        page = text_of(buyer.post("/supply/receiving/new/", ONE))
        assert "1 lot is in" in page
        shown = text_of(buyer.get("/supply/receiving/"))
        assert "L1" in shown
        assert "not inspected" in shown
        again = buyer.post("/supply/receiving/new/", ONE)
        assert again.status_code == 422
        assert "lot.exists" in text_of(again)

    def test_a_pasted_list_is_answered_row_by_row(self) -> None:
        plan()
        rows = "lot;part;quantity;supplier;origin\nA;CAP;5;SUP;IN\nB;RES;5,5;SUP;IN\n\n"
        rows += "C;RES;7;NOBODY;IN\nD;RES;7;SUP;IN"
        answer = logged_in("buyer").post("/supply/receiving/new/", {"pasted": rows, "station": "DOCK-1"})
        page = text_of(answer)
        assert "2 lots are in" in page
        assert "2 were refused" in page
        assert "B;RES;5,5;SUP;IN\nC;RES;7;NOBODY;IN</textarea>" in page
        assert "in quarantine" in page

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"quantity": "-1"}, "receipt.quantity"),
            ({"quantity": "1,5"}, "receipt.quantity"),
            ({"origin": ""}, "receipt.origin"),
            ({"lot": "\x00"}, "text.value"),
            ({"station": "\x00"}, "station.unknown"),
            ({"station": ""}, "station.unknown"),
            ({"at": "soon"}, "receipt.time"),
            ({"at": "9999-01-01T00:00"}, "receipt.time"),
            ({"at": "2149-01-01T00:00"}, "event.time"),
            ({"expires_on": "1.2.2026"}, "receipt.date"),
            ({"label_hours": "½"}, "lot.label_hours"),
            ({"pasted": "x"}, "receipt.columns"),
            ({"pasted": "x;" * 200_000}, "receipt.pasted"),
        ],
    )
    def test_what_cannot_be_received_is_said(self, wrong: dict[str, str], code: str) -> None:
        answer = logged_in("buyer").post("/supply/receiving/new/", ONE | wrong)
        assert code in text_of(answer) or "must" in text_of(answer) or "columns" in text_of(answer)
        assert answer.status_code in (200, 422)

    def test_receipts_are_paged_and_found(self) -> None:
        for part in ("CAP", "RES"):
            received(*[f"{part}-{n:03d}" for n in range(30)], part=part)
        buyer = logged_in("buyer")
        first = buyer.get("/supply/receiving/")
        after = first.context["page"].after
        second = buyer.get(f"/supply/receiving/?after={after}")
        lots = [row.lot for answer in (first, second) for row in answer.context["page"].rows]
        assert len(lots) == len(set(lots)) == 60
        found = buyer.get("/supply/receiving/?part=RES&lot=RES-007").context["page"].rows
        assert [row.lot for row in found] == ["RES-007"]
        for odd in ("after=x", "after=%00", "part=%00", "after=WyJ4IiwgInkiXQ"):
            assert buyer.get(f"/supply/receiving/?{odd}").status_code == 200


class TestInspecting:
    def test_a_lot_from_quarantine_to_release(self) -> None:
        plan()
        (number,) = received("L1")
        buyer = logged_in("buyer")
        queue = text_of(buyer.get("/supply/inspection/"))
        assert "L1" in queue
        assert "80" in queue
        page = text_of(buyer.get(f"/supply/inspection/{number}/"))
        assert "Draw at random" in page
        report = SimpleUploadedFile("report.pdf", b"seen")
        answer = judged(buyer, number, 2, report=report, severity="normal")
        assert answer.status_code == 302
        shown = text_of(buyer.get(f"/supply/inspection/{number}/"))
        assert "accepted" in shown
        assert "report.pdf" in shown
        result = InspectionResult.objects.get()
        assert result.report_sha256 == hashlib.sha256(b"seen").hexdigest()

    def test_findings_that_cannot_be_keep_what_was_typed(self) -> None:
        plan()
        (number,) = received("L1")
        buyer = logged_in("buyer")
        answer = judged(buyer, number, 2, **{"count-0": "1"})
        assert answer.status_code == 422
        assert "inspection.defects" in text_of(answer)
        assert 'value="BENT"' in text_of(answer)
        for bad in ("", "x", "-1", "9" * 30, "½"):
            assert "inspection.number" in text_of(judged(buyer, number, nonconforming=bad))
        assert judged(buyer, 10**30).status_code == 404
        assert not InspectionResult.objects.exists()

    def test_a_plan_that_changed_meanwhile_is_shown_anew(self) -> None:
        plan()
        numbers = received("L1", "L2", "L3")
        buyer = logged_in("buyer")
        judged(buyer, numbers[0], 3)
        judged(buyer, numbers[1], 3)
        answer = judged(buyer, numbers[2], 0, severity="normal")
        assert "inspection.plan_changed" in text_of(answer)
        assert judged(buyer, numbers[2], 0, severity="tightened").status_code == 302

    def test_refused_lots_are_disposed_of(self) -> None:
        plan()
        first, second, third = received("L1", "L2", "L3")
        buyer = logged_in("buyer")
        for number in (first, second, third):
            judged(buyer, number, 5)
        where = "/supply/inspection/{}/dispose/"
        assert buyer.post(where.format(first), {"what": "returned", "note": "RMA"}).status_code == 302
        wrong = buyer.post(where.format(second), {"what": "sorted", "good": "1", "bad": "2"})
        assert "disposition.counts" in text_of(wrong)
        assert (
            buyer.post(where.format(second), {"what": "sorted", "good": "990", "bad": "10"}).status_code
            == 302
        )
        missing = buyer.post(where.format(third), {"what": "concession", "deviation": "DEV-7"})
        assert "disposition.deviation" in text_of(missing)
        assert Disposition.objects.count() == 2
        again = buyer.post("/supply/inspection/again/", {"lot": "L1"})
        assert again.status_code == 302
        assert "presented again" in text_of(buyer.get(again["Location"]))
        unknown = buyer.post("/supply/inspection/again/", {"lot": "\x00"})
        assert unknown.status_code == 422

    def test_acceptance_that_is_stopped_goes_on_after_a_note(self) -> None:
        plan()
        numbers = received(*[f"L{n}" for n in range(8)])
        buyer = logged_in("buyer")
        for number in numbers[:7]:
            judged(buyer, number, 9)
        last = f"/supply/inspection/{numbers[7]}/"
        assert "is stopped" in text_of(buyer.get(last))
        assert "inspection.stopped" in text_of(judged(buyer, numbers[7], 0))
        note = {"what": "resumed", "reason": "New tool"}
        assert buyer.post(f"{last}severity/", {"what": "resumed"}).status_code == 422
        assert buyer.post(f"{last}severity/", note).status_code == 302
        assert judged(buyer, numbers[7], 0).status_code == 302

    def test_the_drawing_follows_the_history(self) -> None:
        at = timezone.now()
        history = [
            Switch(at, "L1", "refused", START, Severity("normal")),
            Switch(at, "L2", "refused", START, Severity("tightened")),
        ]
        chart = severity_chart(history)
        lanes = dict(chart.lanes)
        assert [dot.y for dot in chart.dots] == [lanes["normal"]] * 2
        assert chart.path.endswith(f" {lanes['tightened']}")
        assert severity_chart([]).dots == ()


class TestRules:
    def test_a_rule_is_kept_and_changed(self) -> None:
        buyer = logged_in("buyer")
        said = {"part": "CAP", "level": "II", "aql": "0.65", "may_reduce": "1", "source_policy": "refuse",
                "shelf_life_days": "365", "msl": "3"}  # fmt: skip
        assert buyer.post("/supply/receiving/rules/", said).status_code == 302
        rule = ReceivingRule.objects.get()
        assert (rule.aql, rule.may_reduce, rule.shelf_life_days) == (Decimal("0.65"), True, 365)
        page = text_of(buyer.get("/supply/receiving/rules/?edit=CAP"))
        assert "<option selected>0.65</option>" in page
        for wrong in ({"level": "V"}, {"aql": ""}, {"shelf_life_days": "x"}, {"part": "\x00"}, {"msl": "9"}):
            assert buyer.post("/supply/receiving/rules/", said | wrong).status_code == 422, wrong
        assert buyer.get("/supply/receiving/rules/?edit=%00&part=%00").status_code == 200


class TestExpiry:
    def test_lots_in_the_order_in_which_they_end(self) -> None:
        today = timezone.now().date()
        received("FRESH", expires_on=today + dt.timedelta(days=200))
        received("SOON", expires_on=today + dt.timedelta(days=5))
        received("OVER", expires_on=today - dt.timedelta(days=5))
        received("BAG", msl="5a")
        received("FREE")
        now = timezone.now()
        write_ticks(lots=["BAG"], what="opened", at=now - dt.timedelta(hours=2), now=now)
        answer = logged_in("buyer").get("/supply/expiry/")
        assert [row.lot for row in answer.context["rows"]] == ["OVER", "BAG", "SOON", "FRESH"]
        assert "running" in text_of(answer)

    def test_bags_are_written_by_scanning(self) -> None:
        received("A", "B", msl="3")
        operator = logged_in("operator")
        said = {"lots": "A\nB, A", "what": "opened"}
        answer = operator.post("/supply/expiry/ticks/", said)
        assert answer.status_code == 302
        assert sorted(LotTick.objects.values_list("lot", flat=True)) == ["A", "B"]
        for wrong in ({"what": "x"}, {"lots": "NONE"}, {"lots": "\x00"}, {"lots": ""}, {"at": "x"}):
            assert operator.post("/supply/expiry/ticks/", said | wrong).status_code == 422, wrong

    @pytest.mark.parametrize("target", ["//evil.example/supply/", "https://evil.example", "/supply//evil"])
    def test_a_form_leads_back_to_supply_only(self, target: str) -> None:
        received("A", msl="3")
        said = {"lots": "A", "what": "opened", "next": target}
        assert logged_in("buyer").post("/supply/expiry/ticks/", said)["Location"] == "/supply/expiry/"

    def test_life_is_said_anew_with_a_reason(self) -> None:
        received("A", expires_on=dt.date(2030, 1, 1))
        buyer = logged_in("buyer")
        said = {"lot": "A", "expires_on": "2031-01-01", "reason": "tested"}
        assert buyer.post("/supply/expiry/life/", said | {"reason": ""}).status_code == 422
        assert buyer.post("/supply/expiry/life/", said).status_code == 302
        assert LotLife.objects.latest("pk").expires_on == dt.date(2031, 1, 1)

    def test_the_panel_of_a_lots_page(self) -> None:
        received("A", msl="3", expires_on=timezone.now().date())
        received("B")
        request = RequestFactory().get("/supply/stock/lots/A/")
        request.user = get_user_model().objects.create(username="x")
        request.user.groups.set([ensure_roles()["buyer"]])

        def shown(lot: str) -> str:
            panel = life_panel(lot, timezone.now())
            return render_to_string("floor/receiving/life_panel.html", {"panel": panel}, request)

        assert "7 d 0 h of 7 d 0 h left" in shown("A")
        assert 'value="/supply/stock/lots/A/"' in shown("A")
        assert "Nothing limits its use" in shown("B")


class TestApi:
    def post(self, client: Client, path: str, body: Any, method: str = "post") -> Any:
        call = getattr(client, method)
        return call(f"/api/supply/{path}", json.dumps(body), content_type="application/json")

    def test_from_receipt_to_release(self) -> None:
        buyer = logged_in("buyer")
        rule = {"level": "II", "aql": "1.0"}
        assert self.post(buyer, "rules/CAP/B", rule, "put").json()["aql"] == "1"
        lots = [ONE | {"part": "CAP/B"}, ONE | {"lot": "L2", "quantity": "NaN"}]
        for lot in lots:
            lot.pop("station", None)
            lot["origin"] = "IN"
        answer = self.post(buyer, "receipts", {"station": "DOCK-1", "lots": lots})
        assert answer.status_code == 200, answer.content
        first, second = answer.json()["lots"]
        assert (first["status"], second["refusal"]["code"]) == ("quarantined", "receipt.quantity")
        number = first["inspection"]
        waiting = buyer.get("/api/supply/inspections").json()["inspections"]
        assert [(one["number"], one["plan"]["sample"]) for one in waiting] == [(number, 80)]
        done = self.post(buyer, f"inspections/{number}/result", {"nonconforming": 0, "severity": "normal"})
        assert (done.json()["state"], done.json()["result"]["accept"]) == ("accepted", 2)
        assert self.post(buyer, f"inspections/{number}/result", {"nonconforming": 0}).status_code == 422
        (row,) = buyer.get("/api/supply/receipts?lot=L1").json()["receipts"]
        assert (row["state"], row["held"]) == ("accepted", False)
        severity = buyer.get("/api/supply/severity?supplier=SUP&part=CAP/B").json()
        assert (severity["state"], severity["score"]) == ("normal", 3)

    def test_refused_and_disposed_of(self) -> None:
        plan()
        (number,) = received("L1")
        buyer = logged_in("buyer")
        found = {"nonconforming": 9, "defects": [{"code": "BENT", "count": 9}]}
        assert self.post(buyer, f"inspections/{number}/result", found).json()["state"] == "refused"
        done = self.post(buyer, f"inspections/{number}/disposition", {"what": "returned"})
        assert done.json()["result"]["disposition"] == "returned"
        assert self.post(buyer, "inspections", {"lot": "L1"}).status_code == 201

    def test_life_and_bags(self) -> None:
        received("L1", msl="5a")
        operator, buyer = logged_in("operator"), logged_in("buyer")
        assert self.post(operator, "ticks", {"lots": ["L1"], "what": "opened"}).json() == {"written": 1}
        life = operator.get("/api/supply/life/L1").json()
        assert (life["msl"], life["limit_seconds"], life["running"]) == ("5a", 86_400, True)
        said = {"expires_on": "2030-01-01", "msl": "5a", "reason": "tested"}
        assert self.post(operator, "life/L1", said, "put").status_code == 403
        assert self.post(buyer, "life/L1", said, "put").json()["expires_on"] == "2030-01-01"
        assert [row["lot"] for row in buyer.get("/api/supply/expiry").json()] == ["L1"]

    def test_who_may_not(self) -> None:
        engineer = logged_in("engineer")
        body = {"station": "DOCK-1", "lots": [{"lot": "L", "part": "P", "quantity": "1", "supplier": "SUP"}]}
        assert self.post(engineer, "receipts", body).status_code == 403
        assert self.post(engineer, "ticks", {"lots": ["L"], "what": "dry"}).status_code == 403
        assert logged_in("partner").get("/api/supply/receipts").status_code == 403

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("receipts", {"station": "DOCK-1", "lots": []}, 422),
            ("receipts", {"station": "\x00", "lots": [LOT]}, 422),
            ("receipts", {"station": "NONE", "lots": [LOT]}, 422),
            ("inspections/999999999999/result", {"nonconforming": 0}, 404),
            ("inspections/99999999999999999999999/result", {"nonconforming": 0}, 422),
            ("inspections", {"lot": "NONE"}, 404),
            ("ticks", {"lots": ["NONE"], "what": "dry"}, 404),
            ("severity?supplier=NONE&part=P", {"what": "irregular", "reason": "x"}, 404),
        ],
    )  # fmt: skip
    def test_bad_input_is_refused(self, path: str, body: Any, status: int) -> None:
        answer = self.post(logged_in("buyer"), path, body)
        assert answer.status_code == status, answer.content
        assert answer.json()["refusal"]["code"]
