"""What to localise next: the page, its imports and the API."""

from __future__ import annotations

import datetime as dt
import html
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from design import office
from karkhana.localisation.choosing import queries
from karkhana.localisation.models import LocalCandidate
from karkhana.site.roles import ensure_roles
from localisation.offered import offer, rate, term

pytestmark = pytest.mark.django_db
PAGE, API = "/value/next/", "/api/localisation/next"
SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "localise-next-candidates.csv"
OWN = {"v.NECKBAND": "640", "i.NECKBAND": "410", "v.EARBUDS": "1190", "i.EARBUDS": "742", "start": "2026-04"}
ODD = (
    "\x00",
    "NaN",
    "1e400",
    "-1",
    "0",
    "",
    "x" * 500,
    "१२",
    "Infinity",
    "2026-13",
    "9999-12",
    "../../etc/passwd",
)


def client(role: str) -> Client:
    user, _ = get_user_model().objects.get_or_create(username=f"user-{role}")
    user.groups.set([ensure_roles()[role]])
    found = Client()
    found.force_login(user)
    return found


@pytest.fixture
def buyer() -> Client:
    office.product("NECKBAND")
    office.product("EARBUDS")
    return client("buyer")


def upload(by: Client, data: bytes, what: str = "candidates", name: str = "c.csv") -> Any:
    return by.post(f"{PAGE}import/", {"what": what, "file": SimpleUploadedFile(name, data)})


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def stocked(buyer: Client) -> Client:
    assert upload(buyer, SAMPLE.read_bytes()).status_code == 200
    plan = "product,month,units\n" + "".join(
        f"{code},{year}-{month:02d},{units}\n"
        for code, units in (("NECKBAND", 120_000), ("EARBUDS", 80_000))
        for year, months in ((2026, range(4, 13)), (2027, range(1, 4)))
        for month in months
    )
    assert upload(buyer, plan.encode(), "plan").status_code == 200
    return buyer


def test_an_empty_page_says_how_to_begin(buyer: Client) -> None:
    shown = text(buyer.get(PAGE))
    assert "There are none yet" in shown
    assert "imported_before" in shown
    assert "denominators differ" in shown


def test_candidates_are_imported_chosen_and_explained(stocked: Client) -> None:
    assert LocalCandidate.objects.count() == 8
    answer = stocked.get(PAGE, {**OWN, "by": "2027-03", "target": "50"})
    assert answer.status_code == 200
    shown = text(answer)
    for wanted in (
        "The target is reached.",
        "50.0000 %",
        "36.8837 %",
        "BATT-2",
        "Proved",
        "Its place is taken by PCB-1",
        "Too late: the first can be built in from 2027-07",
        "the target is out of reach",
    ):
        assert wanted in shown, wanted
    assert 'id="next-curve"' in shown


def test_rows_that_cannot_be_meant_are_listed_and_the_others_kept(buyer: Client) -> None:
    rows = (
        b"candidate,product,imported_before,imported_after,capacity\n"
        b"A,NECKBAND,20,5,\nB,NOBODY,20,5,\nC,EARBUDS,x,5,\n"
    )
    shown = text(upload(buyer, rows))
    assert "1 stored, 2 rows refused" in shown
    assert "There is no product NOBODY" in shown
    assert [candidate.code for candidate in queries.candidates()] == ["A"]


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"%PDF-1.4", b"a,b\n1,2\n", b"PK\x03\x04broken"])
def test_a_file_that_is_no_table_is_refused(buyer: Client, data: bytes) -> None:
    assert upload(buyer, data).status_code == 422


def test_a_candidate_that_is_dropped_comes_back_with_its_import(stocked: Client) -> None:
    assert stocked.post(f"{PAGE}drop/", {"candidate": "CASE-1"}).status_code == 302
    assert "CASE-1" not in {candidate.code for candidate in queries.candidates()}
    assert stocked.post(f"{PAGE}drop/", {"candidate": "CASE-1"}).status_code == 422
    upload(stocked, SAMPLE.read_bytes())
    assert "CASE-1" in {candidate.code for candidate in queries.candidates()}


def test_a_subassembly_is_left_out_and_refused_beside_its_device(stocked: Client) -> None:
    office.product("BOARD-MB", segment="subassembly")
    upload(stocked, b"product,month,units\nBOARD-MB,2026-04,5\n", "plan")
    shown = text(stocked.get(PAGE))
    assert 'name="product" value="NECKBAND" checked' in shown
    assert 'name="product" value="BOARD-MB"' not in shown
    asked = {**OWN, "by": "2026-04", "target": "40", "v.BOARD-MB": "100", "i.BOARD-MB": "60"}
    beside = stocked.get(PAGE, asked | {"product": ["BOARD-MB", "NECKBAND"]})
    assert beside.status_code == 422
    assert "BOARD-MB is a sub-assembly" in text(beside)
    alone = text(stocked.get(PAGE, {"product": "BOARD-MB"}))
    assert 'name="product" value="BOARD-MB" checked' in alone
    assert 'name="product" value="NECKBAND" checked' not in alone


def test_a_subassembly_alone_is_answered(stocked: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("karkhana.localisation.choosing.queries.localise_next_apart", here)
    office.product("BOARD-MB", segment="subassembly")
    upload(stocked, b"candidate,product,imported_before,imported_after\nPCB-MB,BOARD-MB,30,5\n")
    upload(stocked, b"product,month,units\nBOARD-MB,2026-04,5\n", "plan")
    asked = {"by": "2026-04", "start": "2026-04", "target": "40", "v.BOARD-MB": "100", "i.BOARD-MB": "80"}
    answer = stocked.get(PAGE, asked | {"product": "BOARD-MB"})
    assert answer.status_code == 200
    assert "The target is reached." in text(answer)


TYPED = ("target", "by", "start", "measure", "months", "budget", "budget_on", "method", "units", "v.NECKBAND",
         "product")  # fmt: skip


def test_nothing_that_is_typed_breaks_the_page(stocked: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("karkhana.localisation.choosing.queries.localise_next_apart", here)
    for name in TYPED:
        for value in ODD:
            asked = {**OWN, "by": "2026-04", "target": "40", "budget": "1000", name: value}
            assert stocked.get(PAGE, asked).status_code in (200, 422), (name, value)


def here(problem: Any, *, seconds: float, points: int) -> Any:
    """Solve in this process: starting one for every odd word would take minutes."""
    from karkhana.solving.localising import localise_next

    return localise_next(problem, seconds=seconds, points=0)


def test_who_may_not_see_what_things_cost_is_kept_out(buyer: Client) -> None:
    assert client("operator").get(PAGE).status_code == 403
    assert client("operator").get(f"{API}/candidates").status_code in (401, 403)


def test_a_problem_is_solved_by_api_without_storing_anything(buyer: Client) -> None:
    effect = {"product": "X", "imported_before": "20", "imported_after": "5", "price_change": "2"}
    problem = {
        "start": "2026-04",
        "products": [{"code": "X", "units": [100, 100], "value": "100", "imported": "80"}],
        "candidates": [{"code": "A", "effects": [effect]}],
        "target": {"by": "2026-05", "amount": "30"},
    }
    answer = buyer.post(API, problem, content_type="application/json")
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert (said["status"], said["cost"], said["level"]) == ("reached", "134", "30.0500")
    assert not LocalCandidate.objects.exists()
    broken = problem | {"target": {"by": "2030-01", "amount": "30"}}
    refused = buyer.post(API, broken, content_type="application/json")
    assert refused.status_code == 422
    assert refused.json()["refusal"]["code"] == "localise_next.outside"


def test_candidates_and_plan_by_api(buyer: Client) -> None:
    effect = {"product": "NECKBAND", "imported_before": "20.5", "imported_after": "5"}
    made = buyer.post(
        f"{API}/candidates", {"code": "A/1", "effects": [effect]}, content_type="application/json"
    )
    assert made.status_code == 201, made.content
    (stored,) = buyer.get(f"{API}/candidates").json()["candidates"]
    assert (stored["code"], Decimal(stored["effects"][0]["imported_before"])) == ("A/1", Decimal("20.5"))
    nobody = {"code": "B", "effects": [effect | {"product": "NOBODY"}]}
    assert buyer.post(f"{API}/candidates", nobody, content_type="application/json").status_code == 404
    rows = {"rows": [{"product": "NECKBAND", "month": "2026-04", "units": 5}]}
    assert buyer.post(f"{API}/plan", rows, content_type="application/json").json() == {"stored": 1}
    assert queries.planned(["NECKBAND"]) == {"NECKBAND": {"2026-04": 5}}
    assert buyer.delete(f"{API}/candidates/A/1").status_code == 204
    assert buyer.delete(f"{API}/candidates/A/1").status_code == 404


def test_what_a_unit_is_worth_comes_from_its_design(buyer: Client) -> None:
    office.product()
    office.draft(items=(office.item(1, "CAP", "C1", "C2"), office.item(2, "MCU", "U1")))
    term("BOARD", "price", "1000")
    offer("CAP", "150", of="SUP-FAR", channel="import", origin="CN", currency="USD", group="Capacitors")
    rate("USD", "2")
    rows = b"candidate,product,imported_before,imported_after\nCAP-IN,BOARD,300,100\n"
    assert "1 stored" in text(upload(buyer, rows))
    asked = {"by": "2027-03", "start": "2026-11", "target": "60", "units": "1000"}
    found = queries.present_of("BOARD", "PPP_MII", dt.date(2026, 11, 23))
    assert found.value == 1000
    assert 600 <= found.imported < 1000
    assert found.unpriced == 1
    shown = text(buyer.get(PAGE, asked))
    assert "The target is reached." in shown
    assert "revision A as designed" in shown
    assert "without 1 part that has no price" in shown
    for wrong, code in (
        ({"units": ""}, "localise_next.no_plan"),
        ({"method": "ADV_AUTH_VA"}, "localise_next.not_a_share"),
        ({"target": "", "budget": ""}, "localise_next.asked"),
    ):
        answer = buyer.get(PAGE, asked | wrong)
        assert answer.status_code == 422
        assert code in text(answer)


def test_a_product_without_any_design_is_refused(buyer: Client) -> None:
    upload(buyer, b"candidate,product,imported_before,imported_after\nA,NECKBAND,30,10\n")
    answer = buyer.get(PAGE, {"by": "2027-03", "start": "2026-11", "target": "60", "units": "1000"})
    assert answer.status_code == 422
    assert "localise_next.no_value" in text(answer)
