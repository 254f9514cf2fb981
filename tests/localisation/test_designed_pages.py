"""The page and the API of local value as designed: what they show, to whom, and what they refuse."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from design import office
from karkhana.design.operations import create_revision, save_line
from karkhana.design.release import Source
from karkhana.localisation.designed.pages import _REASONS
from karkhana.localisation.designed.queries import REASONS
from karkhana.site.roles import ensure_roles
from localisation.offered import certificate, offer, rate, term

pytestmark = pytest.mark.django_db
PAGE, API = "/value/designed/", "/api/localisation/designed"
ASK = {"product": "BOARD", "revision": "A", "day": "2026-11-23"}
ODD = ("\x00", "NaN", "1e400", "-1", "0", "", "x" * 500, "१२", "Infinity", "2026-13-45", "../../etc/passwd")


def client(role: str) -> Client:
    """A log-in of a role."""
    user, _ = get_user_model().objects.get_or_create(username=f"user-{role}")
    user.groups.set([ensure_roles()[role]])
    found = Client()
    found.force_login(user)
    return found


@pytest.fixture
def buyer() -> Client:
    """A buyer, and a board of which one part has no price."""
    office.product()
    office.draft(
        items=(
            office.item(1, "CAP", "C1", "C2", alternates=(Source("X", "CAP-2"),)),
            office.item(2, "MCU", "U1"),
        )
    )
    term("BOARD", "price", "1000")
    term("BOARD", "royalty_abroad", "25")
    offer("CAP", "1.5", of="SUP-FAR", channel="import", origin="CN", currency="USD", group="Capacitors")
    offer("CAP-2", "160", of="SUP-IN")
    certificate("SUP-IN", "70")
    rate("USD", "88")
    return client("buyer")


def page(found: Any) -> str:
    """The text of a page."""
    return html.unescape(found.content.decode())


def test_the_page_shows_percentage_range_lines_and_what_has_no_price(buyer: Client) -> None:
    text = page(buyer.get(PAGE, ASK))
    for wanted in ("71.1000 %", "87.9000 %", "Class-I", "MCU", "No part of this number is held.",
                   "own import",
                   "CAP-2 · SUP-IN", "royalty paid abroad", "Capacitors", "USD 88", "₹ 264"):  # fmt: skip
        assert wanted in text, wanted
    assert text.index("Without a price") < text.index("Part by part")


def test_without_a_revision_there_is_the_form_alone(buyer: Client) -> None:
    text = page(buyer.get(PAGE))
    assert "Choose a revision" in text
    assert "BOARD A" in text


def test_a_product_alone_means_its_current_revision(buyer: Client) -> None:
    assert "71.1000 %" in page(buyer.get(PAGE, {"product": "BOARD", "day": "2026-11-23"}))


def test_parameters_of_the_address_count_and_those_of_other_methods_are_dropped(buyer: Client) -> None:
    asked = {**ASK, "p.uncertified": "all", "p.nonsense": "x"}
    assert buyer.get(PAGE, asked).status_code == 200
    bad = buyer.get(PAGE, {**ASK, "p.uncertified": "maybe"})
    assert bad.status_code == 422
    assert "has no parameter" in page(bad)


@pytest.mark.parametrize("name", ["what", "product", "revision", "method", "day", "volume", "gst_percent",
                                  "market", "p.profit", "all", "against"])  # fmt: skip
def test_no_input_breaks_page_or_api(buyer: Client, name: str) -> None:
    """A refusal or an answer, never a fault."""
    for value in ODD:
        assert buyer.get(PAGE, {**ASK, name: value}).status_code in (200, 422), value
        assert buyer.get(API, {**ASK, name: value}).status_code in (200, 400, 404, 422), value
        assert buyer.get(API, {**ASK, "set": [f"{name}={value}", value]}).status_code in (400, 422), value


def test_the_api_gives_the_same_json_as_the_command(buyer: Client) -> None:
    found = buyer.get(API, {**ASK, "set": ["uncertified=origin"]})
    assert found.status_code == 200, found.content
    body = found.json()
    assert body["subject"] == {"product": "BOARD", "revision": "A", "market": ""}
    assert (body["percent"], body["percent_min"], body["percent_max"]) == ("71.1000", "71.1000", "87.9000")
    assert (body["class"], body["class_max"], body["parameters"]["uncertified"]) == (
        "",
        "",
        "origin",
    )
    assert [one["part"] for one in body["unpriced"]] == ["MCU"]
    assert {line["part"] for line in body["lines"]} == {"CAP", "MCU", "royalty_abroad"}
    assert body["assumed"]["rates"] == {"USD": {"rate": "88", "kind": "customs"}}


def test_a_method_file_of_this_machine_is_not_read_for_the_api(buyer: Client) -> None:
    body = buyer.get(API, {**ASK, "method": "/etc/hosts.toml"}).json()
    assert body["refusal"]["code"] == "method.unknown"
    assert "hosts?toml" in body["refusal"]["message"]


def test_operators_and_partners_see_no_prices(buyer: Client) -> None:
    for role in ("operator", "partner"):
        assert client(role).get(PAGE, ASK).status_code == 403
        assert client(role).get(API, ASK).status_code in (401, 403)
    for role in ("engineer", "lead", "admin"):
        assert client(role).get(PAGE, ASK).status_code == 200


def test_an_unknown_revision_is_said(buyer: Client) -> None:
    answer = buyer.get(PAGE, {"product": "BOARD", "revision": "Z"})
    assert answer.status_code == 422
    offered = re.search(r'href="(\?what=[^"]+)"', answer.content.decode())
    assert offered, "the revisions that there are stand as links"
    assert buyer.get(PAGE + html.unescape(offered[1])).status_code == 200
    assert buyer.get(API, {"product": "BOARD", "revision": "Z"}).status_code == 404


def test_sentences_for_translators_are_those_of_the_rules() -> None:
    assert _REASONS == REASONS


def test_two_revisions_side_by_side(buyer: Client) -> None:
    """Which parts go and come, and what that moves."""
    create_revision(product_code="BOARD", revision_code="B", now=office.NOW, copy_of=("BOARD", "A"))
    save_line(
        product_code="BOARD",
        revision_code="B",
        item=office.item(1, "CAP-2", "C1", "C2", "C3", description="new"),
    )
    text = page(buyer.get(PAGE, {**ASK, "revision": "B", "against": "A"}))
    # 480 rupees bought here with 70 % local in place of 264 of import.
    for wanted in ("From A to B", "+12.00", "−264.00", "+144.00", "+480.00", "CAP-2", "3 × SUP-IN"):
        assert wanted in text, wanted
    same = page(buyer.get(PAGE, {**ASK, "against": "A"}))
    assert "From A" not in same
    assert "From Z" not in page(buyer.get(PAGE, {**ASK, "against": "Z"}))


def test_the_whole_table_as_a_file(buyer: Client) -> None:
    """Every part with its three sources; nothing that a spreadsheet would run."""
    save_line(product_code="BOARD", revision_code="A", item=office.item(3, "=SUM(A1)", "U9"))
    found = buyer.get(PAGE, {**ASK, "format": "csv"})
    assert found["Content-Type"].startswith("text/csv")
    assert 'filename="designed-BOARD-A.csv"' in found["Content-Disposition"]
    rows = {row["part"]: row for row in csv.DictReader(io.StringIO(found.content.decode()))}
    assert rows.keys() == {"'=SUM(A1)", "MCU", "CAP"}
    cap = rows["CAP"]
    assert (cap["usual imported"], cap["best part"], cap["best imported"]) == ("264", "CAP-2", "96")
    assert rows["MCU"]["why"] == "No part of this number is held."
    assert buyer.get(PAGE, {**ASK, "revision": "Z", "format": "csv"}).status_code == 422
