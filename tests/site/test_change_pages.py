"""Change orders and deviations as pages and API: who sees them, what they refuse, what comes of a form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from floor import workshop as ws
from floor.hub import PASSPHRASE, draft, set_up_hub, user
from karkhana.design.models import ChangeOrder, Deviation
from karkhana.floor.operations import record_events
from karkhana.partners.operations import add_member
from karkhana.site.roles import ensure_roles

pytestmark = pytest.mark.usefixtures("rolled_back")
FORM = {
    "product": "PHONE", "from_revision": "A", "to_revision": "C", "title": "Next", "reason": "why",
    "change_class": "I", "effectivity": "date", "effective_on": "2030-01-01", "in_process": "finish",
    "stock": "use_up",
}  # fmt: skip
STAND_IN = {
    "product": "PHONE", "revision": "A", "kind": "deviation", "title": "For now", "reason": "none left",
    "part": "BAT", "substitute": "AKKU", "max_units": "5",
}  # fmt: skip


def client(name: str, role: str, party: str | None = None) -> Client:
    person = user(name)
    person.groups.set([ensure_roles()[role]])
    if party:
        add_member(party=party, user=person)
    found = Client()
    found.force_login(person)
    return found


@pytest.fixture
def eve() -> Client:
    set_up_hub()
    draft()
    return client("eve", "engineer")


def asked(eve: Client, **more: Any) -> str:
    answer = eve.post("/design/changes/new/", {**FORM, **more})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer["Location"])


def said(answer: Any) -> str:
    assert answer.status_code == 422
    return str(answer.content.decode())


def test_only_those_whose_agreement_covers_it_see_a_change(eve: Client) -> None:
    story = asked(eve)
    number = ChangeOrder.objects.get().number
    partner, outsider = client("bela", "partner", "BINARY"), client("oskar", "partner")
    assert number in partner.get("/design/changes/").content.decode()
    assert partner.get(story).status_code == 200
    assert number not in outsider.get("/design/changes/").content.decode()
    assert outsider.get(story).status_code == 404
    assert outsider.get(f"/api/design/changes/{number}").status_code == 422
    assert outsider.get("/api/design/changes").json() == []
    assert outsider.get("/design/changes/new/?product=PHONE").status_code == 404
    assert said(outsider.post(f"/api/design/changes/{number}/impact"))
    assert outsider.post(f"{story}approve/", {"decision": "approved"}).status_code == 404
    # Reading is not deciding: a partner cannot edit another's request, nor put it into effect.
    for what in ("edit", "withdraw", "impact", "effect", "close", "accept"):
        assert partner.post(f"{story}{what}/", FORM).status_code == 403, what
    assert ChangeOrder.objects.get().state == "requested"
    assert client("otto", "operator").get(story).status_code == 403


def test_a_form_that_makes_no_sense_comes_back_with_what_was_typed(eve: Client) -> None:
    for field, value, code in (
        ("effective_on", "tomorrow", "change.effectivity"),
        ("title", "\x00", "change.title"),
        ("to_revision", "\x00", "revision.unknown"),
        ("from_revision", "C", "change.revisions"),
        ("effectivity", "work_order", "change.effectivity"),
        ("stock", "eat", "change.disposition"),
    ):
        text = said(eve.post("/design/changes/new/", {**FORM, field: value}))
        assert code in text, field
        assert "why</textarea>" in text
    wide = {**FORM, "effectivity": "work_order", "replace": "WO-PHONE", "instead-WO-PHONE": "N",
            "quantity-WO-PHONE": "9" * 40}  # fmt: skip
    assert "change.effectivity" in said(eve.post("/design/changes/new/", wide))
    for address in ("/design/changes/?state=moon", "/design/changes/CO-9/", "/design/deviations/X/"):
        assert eve.get(address).status_code == 404
    assert eve.get("/design/changes/?product=%00").status_code == 200
    assert not ChangeOrder.objects.exists()


def test_story_of_a_change_by_work_order(eve: Client) -> None:
    story = asked(eve, effectivity="work_order", replace="WO-PHONE",
                  **{"instead-WO-PHONE": "WO-N", "quantity-WO-PHONE": "7"})  # fmt: skip
    page = eve.get(story).content.decode()
    assert "WO-PHONE → WO-N" in page
    assert 'value="WO-PHONE" checked' in page
    assert eve.post(f"{story}impact/").status_code == 302
    assert eve.post(f"{story}edit/", {**FORM, "title": "Another"}).status_code == 302
    assert "Another" in eve.get("/design/changes/?state=all&product=PHONE").content.decode()
    assert "approval.missing" in said(eve.post(f"{story}accept/"))
    assert "change.state" in said(eve.post(f"{story}effect/"))
    assert "change.state" in said(eve.post(f"{story}close/"))
    assert eve.post(f"{story}withdraw/").status_code == 302
    assert "change.settled" in said(eve.post(f"{story}impact/"))
    assert eve.get(story).status_code == 200


def test_a_change_that_nobody_signs_is_accepted_and_closed() -> None:
    eve = client("eve", "engineer")
    story = asked(eve, to_revision="B", effective_on="2026-01-01")
    for what in ("accept", "close"):
        assert eve.post(f"{story}{what}/").status_code == 302, what
    order = ChangeOrder.objects.get()
    assert (order.state, order.from_revision.state) == ("closed", "superseded")
    assert "closed" in eve.get(story).content.decode()


def test_grown_impact_is_said_on_the_page(eve: Client) -> None:
    from karkhana.floor.setup import ensure_work_order

    story = asked(eve)
    assert "has grown" not in eve.get(story).content.decode()
    ensure_work_order(code="WO-PHONE-9", product="PHONE", revision="A", quantity=9)
    assert "has grown" in eve.get(story).content.decode()


def api(caller: Client, method: str, address: str, body: Any = None) -> Any:
    answer = getattr(caller, method)(
        f"/api/design{address}", json.dumps(body or {}), content_type="application/json"
    )
    return answer.status_code, answer.json()


def test_a_change_by_the_api(eve: Client) -> None:
    status, order = api(eve, "post", "/changes", FORM)
    assert status == 201
    assert order["missing"] == order["required"] == ["ANANT", "BINARY"]
    assert order["impact"]["money"] == {"known": False}
    number = order["number"]
    status, edited = api(eve, "put", f"/changes/{number}", {**FORM, "title": "Other"})
    assert (status, edited["title"]) == (200, "Other")
    assert edited["content_hash"] != order["content_hash"]
    status, problem = api(eve, "post", f"/changes/{number}/approvals", {"stated_hash": "x"})
    assert (status, problem["refusal"]["code"]) == (422, "approval.no_signatory")
    seal = {"stated_hash": edited["content_hash"], "passphrase": PASSPHRASE}
    for name, party in (("alice", "ANANT"), ("bela", "BINARY")):
        status, standing = api(client(name, "partner", party), "post", f"/changes/{number}/approvals", seal)
        assert status == 200, standing
    assert standing == {"approved": ["ANANT", "BINARY"], "rejected": [], "missing": []}
    status, problem = api(eve, "post", f"/changes/{number}/effect")
    assert (status, problem["refusal"]["code"]) == (422, "change.not_due")
    found = eve.get(f"/api/design/changes/{number}").json()
    assert (found["state"], [one["valid"] for one in found["approvals"]]) == ("approved", [True, True])
    outside = {"stated_hash": "x", "public_key": "ab", "signature": "cd"}
    status, problem = api(eve, "post", f"/changes/{number}/approvals", outside)
    assert (status, problem["refusal"]["code"]) == (422, "approval.time")


def test_a_deviation_from_the_form_to_the_unit(eve: Client) -> None:
    for field, value, code in (
        ("max_units", "many", "deviation.limit"),
        ("until", "x", "deviation.limit"),
        ("step", "-1", "deviation.what"),
        ("revision", "Z", "revision.unknown"),
        ("part", "", "deviation.what"),
    ):
        answer = eve.post("/design/deviations/new/", {**STAND_IN, field: value})
        assert code in said(answer), field
    answer = eve.post("/design/deviations/new/", STAND_IN)
    page = str(answer["Location"])
    row = Deviation.objects.get()
    assert row.number in eve.get("/design/deviations/").content.decode()
    assert "approval.missing" in said(eve.post(f"{page}accept/"))
    shown = eve.get(f"/api/design/deviations/{row.number}").json()
    seal = {"stated_hash": shown["content_hash"], "passphrase": PASSPHRASE, "decision": "approved"}
    for name, party in (("alice", "ANANT"), ("bela", "BINARY")):
        assert client(name, "partner", party).post(f"{page}approve/", seal).status_code == 302
    told = (
        ws.BOARDS
        + """
        08:30  ASM-1   start U1 order WO-PHONE                                      accepted
        08:31  ASM-1   install U1 board=PCBA:B1 battery=AKKU:b1 glue=GLUE::GLUE-1   accepted
    """
    )
    outcomes = record_events([line.raw for line in ws.lines(told)], recorded_at=ws.NOW)
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    assert "U1" in eve.get(page).content.decode()
    assert row.number in eve.get("/units/U1/").content.decode()
    assert eve.get("/api/units/U1").json()["deviations"][0]["deviation"] == row.number
    assert eve.get(f"/api/design/deviations/{row.number}").json()["used"] == 1
    assert client("bela", "partner", "BINARY").post(f"{page}close/").status_code == 403
    assert eve.post(f"{page}close/").status_code == 302
    assert "deviation.state" in said(eve.post(f"{page}withdraw/"))
    row.refresh_from_db()
    assert row.state == "closed"


def test_a_waiver_by_the_api(eve: Client) -> None:
    for line in ws.lines("08:00  ASM-1  start U1 order WO-PHONE  accepted"):
        record_events([line.raw], recorded_at=ws.NOW)
    waiver = {"kind": "waiver", "product": "PHONE", "revision": "A", "title": "Scratch", "reason": "agreed",
              "requirement": "no scratch", "serials": ["U1"]}  # fmt: skip
    status, problem = api(eve, "post", "/deviations", {**waiver, "serials": ["U9"]})
    assert (status, problem["refusal"]["code"]) == (422, "deviation.serials")
    status, made = api(eve, "post", "/deviations", waiver)
    assert (status, made["units"]) == (201, 1)
    assert eve.get("/api/design/deviations?product=PHONE").json()[0]["number"] == made["number"]
    status, standing = api(
        client("bela", "partner", "BINARY"), "post", f"/deviations/{made['number']}/approvals",
        {"stated_hash": made["content_hash"], "passphrase": PASSPHRASE, "decision": "rejected"},
    )  # fmt: skip
    assert (status, standing["rejected"]) == (200, ["BINARY"])
    status, problem = api(eve, "post", f"/deviations/{made['number']}/withdraw")
    assert (status, problem["refusal"]["code"]) == (422, "deviation.state")
