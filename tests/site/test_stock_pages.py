"""Pages and API of the stores and of kitting: who may, what they show, that bad input is answered."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from floor import workshop as ws
from floor.store_tables import count, happen, make_places, move, stock
from karkhana.site.roles import ensure_roles
from karkhana.supply.models import Inspection, Receipt, StockMove, Supplier

pytestmark = pytest.mark.usefixtures("rolled_back")
HOUSE = (
    ws.LOADED
    + """
    07:40  DOCK-1  receive BAT-1 BAT 60 SUP          accepted
    07:43  DOCK-1  receive BAT/Z BAT 500 ZEN-IN      accepted
    07:44  DOCK-1  receive GLUE-A GLUE 40 ACME-IN    accepted
"""
)
PAGES = (
    "/supply/stock/", "/supply/lots/BAT-1/", "/supply/lots/BAT-1/units/", "/supply/kitting/",
    "/supply/kitting/WO-PHONE/", "/supply/consigned/", "/supply/consigned/?brand=ACME&part=GLUE",
)  # fmt: skip


def client_of(role: str) -> Client:
    user = get_user_model().objects.create_user(f"{role}-1", password="x")
    user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def buyer(rolled_back: None) -> Client:
    make_places()
    happen(HOUSE)
    return client_of("buyer")


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:2000]
    return unescape(answer.content.decode())


def form(client: Client, address: str, **said: str) -> str:
    """Send a form as htmx does; return what is shown beside it, or where it leads."""
    answer = client.post(address, {"id": str(uuid.uuid4()), **said}, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.content[:2000]
    return unescape(answer.content.decode()) or answer.headers["HX-Redirect"]


def ask(client: Client, path: str, body: Any = None) -> tuple[int, Any]:
    if body is None:
        answer = client.get(f"/api/supply/{path}")
    else:
        answer = client.post(f"/api/supply/{path}", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


class TestPages:
    @pytest.mark.parametrize(("role", "status"), [("lead", 200), ("admin", 200), ("operator", 403),
                                                  ("engineer", 403), ("partner", 403)])  # fmt: skip
    def test_who_may_open_them(self, buyer: Client, role: str, status: int) -> None:
        client = client_of(role)
        assert [client.get(address).status_code for address in PAGES] == [status] * len(PAGES)

    def test_supply_leads_to_the_stock(self, buyer: Client) -> None:
        assert '<a href="/supply/stock/">' in page(buyer, "/supply/")

    def test_the_list_shows_lots_where_they_stand(self, buyer: Client) -> None:
        move("move", "BAT-1", "20", "STORE-NOIDA", "CAGE")
        text = page(buyer, "/supply/stock/?text=BAT")
        assert "BAT-1" in text
        assert "CAGE" in text
        assert "CAP-1" not in text
        assert "No lot fits." in page(buyer, "/supply/stock/?text=%25")

    @pytest.mark.parametrize("query", ["state=x", "after=zzz", "place=%00", "text=%00%F0", "owner=MARS",
                                       "part=" + "x" * 500, "after=WzFd"])  # fmt: skip
    def test_nonsense_in_the_address(self, buyer: Client, query: str) -> None:
        page(buyer, f"/supply/stock/?{query}")

    def test_a_lot_is_moved_counted_and_split(self, buyer: Client) -> None:
        address = "/supply/lots/BAT-1/act/"
        moved = {"do": "move", "kind": "issue", "source": "STORE-NOIDA", "target": "L-ASM"}
        assert form(buyer, address, quantity="1,000", **moved).count("stock.short") == 1
        assert form(buyer, address, quantity="10,5", **moved).count("stock.quantity") == 1
        same = str(uuid.uuid4())
        for _ in range(2):
            assert form(buyer, address, id=same, quantity="10", **moved) == "/supply/lots/BAT-1/"
        assert stock("BAT-1") == {"STORE-NOIDA": "50", "L-ASM": "10"}
        counted = {"do": "count", "place": "L-ASM", "counted": "9"}
        assert "1 are missing" in form(buyer, address, **counted)
        assert form(buyer, address, reason="attrition", **counted) == "/supply/lots/BAT-1/"
        split = {"do": "split", "place": "STORE-NOIDA"}
        assert "line 2 has 1 words" in form(buyer, address, pieces="BAT-1a 5\nBAT-1b", **split)
        assert form(buyer, address, pieces="BAT-1a 5\n\nBAT-1b\t6", **split) == "/supply/lots/BAT-1/"
        merge = {"do": "merge", "place": "STORE-NOIDA", "quantity": "5", "lot": "BAT-M"}
        assert form(buyer, address, sources="BAT-1a STORE-NOIDA", **merge).count("stock.split") == 1
        assert form(buyer, address, sources="BAT-1a 5 STORE-NOIDA", **merge) == "/supply/lots/BAT-1/"
        text = page(buyer, "/supply/lots/BAT-1/")
        assert "lost by machines" in text
        assert "BAT-1b" in text
        assert page(buyer, "/supply/lots/BAT-M/").count("BAT-1a") >= 1

    def test_without_script_a_form_leads_on_or_says_no(self, buyer: Client) -> None:
        said = {"do": "move", "kind": "move", "source": "STORE-NOIDA", "target": "SHELF", "quantity": "5"}
        assert buyer.post("/supply/lots/BAT-1/act/", said).status_code == 303
        assert buyer.post("/supply/lots/BAT-1/act/", {**said, "quantity": "x"}).status_code == 422
        assert buyer.post("/supply/lots/BAT-1/act/", {"do": "x"}).status_code == 404
        assert buyer.get("/supply/lots/BAT-1/act/").status_code == 405
        assert buyer.post("/supply/lots/MARS/act/", said).status_code == 422

    def test_every_field_with_what_cannot_be_stored(self, buyer: Client) -> None:
        fields = ("kind", "source", "target", "quantity", "reason", "work_order", "place", "counted", "note",
                  "pieces", "sources", "lot", "id")  # fmt: skip
        before = StockMove.objects.count()
        for do in ("move", "count", "split", "merge"):
            for bad in ("\0", "9" * 60, "é" * 300, "1e9", "-1"):
                said = dict.fromkeys(fields, bad) | {"do": do}
                assert buyer.post("/supply/lots/BAT-1/act/", said).status_code == 422
        assert StockMove.objects.exclude(kind="open").count() == before

    def test_a_lot_of_any_name_has_a_page(self, buyer: Client) -> None:
        assert "belongs to ZEN" in page(buyer, "/supply/lots/BAT/Z/")
        page(buyer, "/supply/lots/MARS/", 404)
        page(buyer, "/supply/lots/MA%00RS/", 404)
        page(buyer, "/supply/lots/MA%00RS/units/", 404)

    def test_a_lot_shows_its_cost_and_inspections_and_a_piece_those_of_the_whole(self, buyer: Client) -> None:
        Receipt.objects.create(
            lot="BAT-1", part="BAT", supplier=Supplier.objects.get(code="SUP"), channel="import",
            invoice="INV-7", invoice_date=ws.DAY.date(), quantity=60, currency="USD", value=300, rate=80,
            hsn="85076000", price=0, landed=Decimal("25900"), recorded_at=ws.NOW,
        )  # fmt: skip
        Inspection.objects.create(
            lot="BAT-1", part="BAT", supplier="SUP", lot_size=60, level="II", aql=1, may_reduce=False,
            hold="QA-1", asked_at=ws.NOW,
        )  # fmt: skip
        text = page(buyer, "/supply/lots/BAT-1/")
        for shown in ("₹ 431.666667", "₹ 25,900", "USD 300", "not there yet", "waits for inspection"):
            assert shown in text
        split = {"do": "split", "place": "STORE-NOIDA", "pieces": "BAT-1a 5"}
        assert form(buyer, "/supply/lots/BAT-1/act/", **split) == "/supply/lots/BAT-1/"
        text = page(buyer, "/supply/lots/BAT-1a/")
        assert "as part of BAT-1" in text
        assert "₹ 431.666667" in text

    def test_a_place_is_made(self, buyer: Client) -> None:
        said = {"code": "RACK-7", "plant": "NOIDA", "kind": "store", "name": "Rack 7"}
        assert form(buyer, "/supply/stock/places/", **said) == "/supply/stock/"
        assert "place.taken" in form(buyer, "/supply/stock/places/", **{**said, "kind": "scrap"})
        assert "place.plant" in form(buyer, "/supply/stock/places/", **{**said, "plant": "MA\0RS"})
        assert "place.code" in form(buyer, "/supply/stock/places/", **{**said, "code": "A\0"})
        assert "RACK-7" in page(buyer, "/supply/stock/")

    def test_units_that_took_of_a_lot(self, buyer: Client) -> None:
        happen(ws.ASSEMBLED.removeprefix(ws.LOADED))
        text = page(buyer, "/supply/lots/GLUE-1/units/")
        assert "U1" in text
        assert "bound by a scan" in text
        assert "P1" in page(buyer, "/supply/lots/CAP-1/units/?after=zz")

    def test_a_kit_is_handed_out_once(self, buyer: Client) -> None:
        text = page(buyer, "/supply/kitting/WO-PHONE/")
        assert "another brand's" in text
        assert "Hand 3 lots out to L-ASM" in text
        same = str(uuid.uuid4())
        for _ in range(2):
            said = form(buyer, "/supply/kitting/WO-PHONE/hand-out/", id=same, place="L-ASM")
            assert said == "/supply/kitting/WO-PHONE/"
        assert StockMove.objects.filter(kind="issue").count() == 3
        again = form(buyer, "/supply/kitting/WO-PHONE/hand-out/", place="L-ASM")
        assert "kit.nothing" in again
        assert "kit.line_place" in form(buyer, "/supply/kitting/WO-PHONE/hand-out/", place="S\0")
        page(buyer, "/supply/kitting/MARS/", 404)
        page(buyer, "/supply/kitting/WO-PHONE/?place=MARS&whole=1")
        page(buyer, "/supply/kitting/?product=MARS&after=x")

    def test_consigned_stock_says_what_nobody_explained(self, buyer: Client) -> None:
        move("issue", "GLUE-A", "20", "STORE-NOIDA", "L-ASM")
        count("GLUE-A", "L-ASM", "17", "unexplained")
        assert "nobody has said why: 3" in page(buyer, "/supply/consigned/?brand=ACME")
        assert "GLUE-A" in page(buyer, "/supply/consigned/?brand=ACME&part=GLUE")
        page(buyer, "/supply/consigned/?brand=MARS", 422)


class TestApi:
    def test_from_the_list_to_a_count(self, buyer: Client) -> None:
        status, found = ask(buyer, "stock?part=BAT")
        assert (status, [row["lot"] for row in found["lots"]]) == (200, ["BAT-1", "BAT/Z"])
        one = {"id": str(uuid.uuid4()), "kind": "issue", "lot": "BAT-1", "quantity": "10",
               "source": "STORE-NOIDA", "target": "L-ASM"}  # fmt: skip
        for repeated in (False, True):
            status, done = ask(buyer, "stock/moves", {"moves": [one]})
            assert (status, done["moves"][0]["repeated"]) == (200, repeated)
        assert ask(buyer, "stock/moves", {"moves": [one | {"quantity": "11"}]})[0] == 422
        body = {"id": str(uuid.uuid4()), "lot": "BAT-1", "place": "L-ASM", "counted": 9}
        assert ask(buyer, "stock/counts", body)[1]["refusal"]["code"] == "stock.difference"
        status, said = ask(buyer, "stock/counts", body | {"reason": "attrition"})
        assert (status, said["difference"]) == (200, "-1")
        status, lot = ask(buyer, "lots/BAT-1")
        assert (lot["expected"], lot["standing"][0]["quantity"]) == ({"low": "59", "high": "59"}, "50")
        assert [row["kind"] for row in ask(buyer, "stock/moves?lot=BAT-1")[1]["moves"]] == [
            "adjust", "count", "issue", "open",
        ]  # fmt: skip

    def test_split_merge_kit_and_accounts(self, buyer: Client) -> None:
        split = {"id": str(uuid.uuid4()), "lot": "GLUE-A", "place": "STORE-NOIDA",
                 "pieces": [{"lot": "GLUE-A1", "quantity": "4"}]}  # fmt: skip
        assert ask(buyer, "stock/splits", split)[0] == 200
        merge = {"id": str(uuid.uuid4()), "lot": "GLUE-A2", "place": "SHELF", "sources": [
            {"lot": "GLUE-A", "place": "STORE-NOIDA", "quantity": "1"},
            {"lot": "GLUE-A1", "place": "STORE-NOIDA", "quantity": "1"}]}  # fmt: skip
        assert ask(buyer, "stock/merges", merge)[0] == 200
        status, kit = ask(buyer, "kits/WO-PHONE")
        assert (status, kit["complete"], kit["place"]) == (200, False, "L-ASM")
        kit_id = {"id": str(uuid.uuid4()), "work_order": "WO-PHONE"}
        assert len(ask(buyer, "kits", kit_id)[1]["moves"]) == 5
        assert ask(buyer, "kits", kit_id | {"id": str(uuid.uuid4())})[1]["refusal"]["code"] == "kit.nothing"
        wrong = kit_id | {"id": str(uuid.uuid4()), "taken": [
            {"lot": "BAT/Z", "place": "STORE-NOIDA", "quantity": "1"}]}  # fmt: skip
        assert ask(buyer, "kits", wrong)[1]["refusal"]["code"] == "stock.owner"
        parts = ask(buyer, "consigned?brand=ACME")[1]["parts"]
        assert [(row["part"], row["lots"], row["on_hand"]["low"]) for row in parts] == [("GLUE", 3, "40")]
        lots = ask(buyer, "consigned/lots?brand=ACME&part=GLUE")[1]["lots"]
        assert [(row["lot"], row["taken_over"]) for row in lots] == [
            ("GLUE-A", "-5"), ("GLUE-A1", "3"), ("GLUE-A2", "2"),
        ]  # fmt: skip

    def test_only_supply_may(self, buyer: Client) -> None:
        for role in ("operator", "engineer", "partner"):
            assert ask(client_of(role), "stock")[0] in (401, 403)

    def test_what_is_not_there(self, buyer: Client) -> None:
        assert ask(buyer, "lots/MARS")[0] == 404
        assert ask(buyer, "kits/MARS")[0] == 404
        assert ask(buyer, "stock/units?lot=MARS")[0] == 404
        assert ask(buyer, "consigned?brand=MARS")[0] == 422
        assert ask(buyer, "places")[1]["places"][0]["code"] == "STORE-NOIDA"
