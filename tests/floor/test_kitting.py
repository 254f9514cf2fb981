"""Kitting and consigned stock on a database: proposals, handing out, shortages, reconciliation."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import uuid
from decimal import Decimal

import msgspec
import pytest

from floor import workshop as ws
from floor.store_tables import count, happen, make_places, move, said, stock
from karkhana.design.operations import ensure_product, release_revision
from karkhana.floor.kitting.operations import Taken, hand_out_kit
from karkhana.floor.kitting.queries import Kit, plan_kit
from karkhana.floor.setup import ensure_setup, ensure_work_order
from karkhana.floor.stores.consigned import lot_accounts, part_accounts
from karkhana.floor.stores.queries import STATES, StockFilter, lot_view, stock_page
from karkhana.floor.stores.transforming import Piece, split_lot
from karkhana.supply.models import LotLife, StockMove

HOUSE = (
    ws.LOADED
    + """
    07:40  DOCK-1  receive BAT-1 BAT 60 SUP          accepted
    07:41  DOCK-1  receive BAT-2 BAT-B 500 SUP       accepted
    07:42  DOCK-1  receive BAT-3 BAT 60 SUP          accepted
    07:43  DOCK-1  receive BAT-Z BAT 500 ZEN-IN      accepted
    07:44  DOCK-1  receive BAT-A BAT 25 ACME-IN      accepted
    07:45  DOCK-1  hold lot BAT-3 as H1              accepted
"""
)


@pytest.fixture
def house(rolled_back: None) -> None:
    make_places()
    happen(HOUSE)
    ensure_work_order(code="WO-SMALL", product="PHONE", revision="A", quantity=100)


def plan(order: str = "WO-SMALL") -> Kit:
    return plan_kit(order, now=ws.NOW)


def picks(kit: Kit) -> list[tuple[str, int]]:
    return [(pick.lot, int(pick.quantity)) for line in kit.lines for pick in line.picks]


@pytest.mark.usefixtures("house")
class TestPlan:
    def test_names_lots_and_why_others_are_left(self) -> None:
        kit = plan()
        assert picks(kit) == [("BAT-A", 25), ("BAT-1", 60), ("BAT-2", 15), ("GLUE-1", 50)]
        assert {c.lot: c.problem for c in kit.lines[0].left_out} == {"BAT-3": "held", "BAT-Z": "other_owner"}
        assert [(line.need.part, int(line.short)) for line in kit.short] == [("GLUE", 50)]
        assert [(need.product, int(need.open)) for need in kit.built_here] == [("MAIN", 100)]
        assert (kit.place, kit.plant) == ("L-ASM", "NOIDA")

    def test_what_stands_in_quarantine_is_left(self) -> None:
        move("move", "BAT-1", "20", "STORE-NOIDA", "CAGE")
        kit = plan()
        assert ("BAT-1", 40) in picks(kit)
        left = {(c.lot, c.place): c.problem for c in kit.lines[0].left_out}
        assert left["BAT-1", "CAGE"] == "quarantine"

    def test_a_lot_past_its_last_day_is_left(self) -> None:
        LotLife.objects.create(lot="BAT-1", expires_on=dt.date(2026, 6, 15), at=ws.NOW)
        LotLife.objects.create(lot="BAT-2", expires_on=dt.date(2026, 6, 16), at=ws.NOW)
        # 20:00 UTC is the next day in Noida.
        assert {c.lot: c.problem for c in plan().lines[0].left_out}["BAT-1"] == "expired"
        assert ("BAT-2", 75) in picks(plan())

    def test_what_lines_took_without_an_issue_is_not_promised_again(self) -> None:
        happen(ws.ASSEMBLED.removeprefix(ws.LOADED))
        assert ("GLUE-1", 49) in picks(plan())

    def test_a_reel_on_a_feeder_is_not_in_the_store(self) -> None:
        kit = plan("WO-MAIN")
        assert {c.lot: c.problem for line in kit.lines for c in line.left_out} == {
            "CAP-1": "on_line", "RES-1": "on_line",
        }  # fmt: skip

    def test_other_orders_are_named_for_what_is_short(self) -> None:
        move("issue", "GLUE-1", "30", "STORE-NOIDA", "ASM", work_order="WO-PHONE")
        move("return", "GLUE-1", "5", "ASM", "STORE-NOIDA", work_order="WO-PHONE")
        (line,) = plan().short
        assert (int(line.free), int(line.short)) == (25, 75)
        assert [(e.work_order, int(e.quantity)) for e in plan().elsewhere["GLUE"]] == [("WO-PHONE", 25)]

    @pytest.mark.parametrize("order", ["MARS", "MA\0RS", ""])
    def test_an_order_that_is_not_there(self, order: str) -> None:
        assert said(lambda: plan(order)) == "order.unknown"


@pytest.mark.usefixtures("house")
class TestHandOut:
    def test_hands_the_proposal_out_once(self) -> None:
        uid = uuid.uuid4()
        first = hand_out_kit(uid=uid, work_order="WO-SMALL", now=ws.NOW, by="ravi")
        again = hand_out_kit(uid=uid, work_order="WO-SMALL", now=ws.NOW, by="ravi")
        assert [row.number for row in first] == [row.number for row in again]
        assert all(row.repeated for row in again)
        assert stock("BAT-1") == {"L-ASM": "60"}
        assert said(lambda: hand_out_kit(uid=uid, work_order="WO-PHONE", now=ws.NOW)) == "stock.conflict"
        # The need is covered but for what is short.
        assert picks(plan()) == []
        assert (
            said(lambda: hand_out_kit(uid=uuid.uuid4(), work_order="WO-SMALL", now=ws.NOW)) == "kit.nothing"
        )

    def test_what_comes_back_is_needed_again(self) -> None:
        hand_out_kit(uid=uuid.uuid4(), work_order="WO-SMALL", now=ws.NOW)
        move("return", "BAT-1", "10", "L-ASM", "STORE-NOIDA", work_order="WO-SMALL")
        assert picks(plan()) == [("BAT-1", 10)]

    @pytest.mark.parametrize(
        ("lot", "place", "amount", "code"),
        [
            ("BAT-Z", "STORE-NOIDA", "1", "stock.owner"),
            ("BAT-3", "STORE-NOIDA", "1", "stock.held"),
            ("BAT-1", "STORE-NOIDA", "61", "stock.short"),
            ("BAT-1", "SHELF", "1", "stock.short"),
            ("BAT-1", "CAGE", "1", "stock.places"),
            ("BAT-1", "NOWHERE", "1", "place.unknown"),
            ("CAP-1", "STORE-NOIDA", "1", "kit.not_needed"),
            ("NO\0NE", "STORE-NOIDA", "1", "stock.lot_unknown"),
            ("BAT-1", "STORE-NOIDA", "-1", "stock.quantity"),
        ],
    )
    def test_a_choice_that_is_not_right_hands_nothing_out(
        self, lot: str, place: str, amount: str, code: str
    ) -> None:
        taken = [Taken("GLUE-1", "STORE-NOIDA", Decimal(1)), Taken(lot, place, Decimal(amount))]

        def attempt() -> None:
            hand_out_kit(uid=uuid.uuid4(), work_order="WO-SMALL", now=ws.NOW, taken=taken)

        assert said(attempt) == code
        assert StockMove.objects.filter(work_order="WO-SMALL").count() == 0

    def test_only_a_place_at_a_line_will_do(self) -> None:
        for place in ("SHELF", "NOWHERE", "N\0"):

            def attempt(place: str = place) -> None:
                hand_out_kit(uid=uuid.uuid4(), work_order="WO-SMALL", now=ws.NOW, place=place)

            assert said(attempt) == "kit.line_place"


WORKER = """
import datetime as dt, sys, uuid
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from karkhana.floor.kitting.operations import hand_out_kit
from karkhana.kernel.refusals import Refused
sys.stdin.readline()
for order in ("WO-SMALL", "WO-PHONE"):
    try:
        hand_out_kit(uid=uuid.uuid4(), work_order=order, now=dt.datetime(2026, 6, 15, 20, tzinfo=dt.UTC))
        print(order)
    except Refused as refused:
        print(refused.refusal.code)
"""


def test_8_processes_hand_a_kit_out_once(fresh_database: str) -> None:
    make_places()
    happen(HOUSE)
    ensure_work_order(code="WO-SMALL", product="PHONE", revision="A", quantity=20)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, fresh_database], env=os.environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(8)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    lines = [line for worker in workers for line in worker.communicate(timeout=300)[0].split()]
    assert [worker.returncode for worker in workers] == [0] * 8
    assert lines.count("WO-SMALL") == 1
    assert set(lines) <= {"WO-SMALL", "WO-PHONE", "kit.nothing", "stock.short"}
    rows = StockMove.objects.filter(work_order="WO-SMALL", kind="issue").values_list("part", "quantity")
    assert {part: int(quantity) for part, quantity in rows} == {"BAT": 20, "GLUE": 20}


@pytest.mark.usefixtures("house")
class TestLists:
    def lots(self, **wanted: str) -> list[str]:
        return [row.fact.lot for row in stock_page(StockFilter(**wanted)).rows]

    def test_filters(self) -> None:
        move("move", "BAT-1", "60", "STORE-NOIDA", "SHELF")
        move("issue", "BAT-2", "10", "STORE-NOIDA", "ASM")
        move("move", "BAT-Z", "10", "STORE-NOIDA", "CAGE")
        move("scrap", "BAT-A", "25", "STORE-NOIDA", "BIN", reason="wet")
        batteries = ["BAT-1", "BAT-2", "BAT-3", "BAT-Z"]
        assert self.lots(text="BAT") == batteries
        assert self.lots(text="BAT", state="all") == ["BAT-1", "BAT-2", "BAT-3", "BAT-A", "BAT-Z"]
        assert self.lots(part="BAT-B") == ["BAT-2"]
        assert self.lots(place="SHELF") == ["BAT-1"]
        assert self.lots(place="STORE-NOIDA", text="BAT") == ["BAT-2", "BAT-3", "BAT-Z"]
        assert self.lots(place="NOWHERE") == []
        assert self.lots(owner="ZEN") == ["BAT-Z"]
        assert self.lots(owner="maker", text="BAT") == ["BAT-1", "BAT-2", "BAT-3"]
        assert [self.lots(state=state) for state in ("line", "quarantine", "scrap", "held")] == [
            ["BAT-2"], ["BAT-Z"], ["BAT-A"], ["BAT-3"],
        ]  # fmt: skip
        assert self.lots(text="%") == self.lots(text="\\") == []
        assert self.lots(state="empty") == []

    def test_pages_by_key(self) -> None:
        seen: list[str] = []
        after = ""
        while True:
            page = stock_page(StockFilter(state="all"), after, limit=3)
            seen += [row.fact.lot for row in page.rows]
            if page.after is None:
                break
            after = page.after
        assert seen == self.lots(state="all")
        assert len(seen) == 8

    @pytest.mark.parametrize("state", STATES)
    def test_every_state_is_a_list(self, state: str) -> None:
        assert isinstance(self.lots(state=state), list)

    def test_a_lot_shows_what_must_be_there(self) -> None:
        happen(ws.ASSEMBLED.removeprefix(ws.LOADED))
        move("issue", "GLUE-1", "10", "STORE-NOIDA", "ASM")
        view = lot_view("GLUE-1")
        assert (view.in_house, view.expected.low, view.expected.high) == (50, 49, 49)
        count("GLUE-1", "ASM", "9")
        assert lot_view("GLUE-1").expected.low == 49
        assert [row.kind for row in lot_view("GLUE-1").moves.rows] == ["use", "count", "issue", "open"]


@pytest.mark.usefixtures("house")
class TestConsigned:
    def test_a_lot_is_accounted_for(self) -> None:
        happen("07:50  DOCK-1  receive GLUE-A GLUE 40 ACME-IN  accepted")
        happen(ws.PHONE_BORN.removeprefix(ws.LOADED))
        happen("08:12  ASM-1  install U1 glue=GLUE::GLUE-A  accepted")
        move("issue", "GLUE-A", "20", "STORE-NOIDA", "ASM")
        move("scrap", "GLUE-A", "2", "ASM", "BIN", reason="dried")
        move("send_back", "GLUE-A", "1", "BIN", reason="for analysis")
        move("send_back", "GLUE-A", "3", "STORE-NOIDA", reason="surplus")
        count("GLUE-A", "ASM", "16", "unexplained")
        count("GLUE-A", "STORE-NOIDA", "18", "found")
        pieces = [Piece("GLUE-A1", Decimal(5))]
        split_lot(uid=uuid.uuid4(), lot="GLUE-A", place="STORE-NOIDA", pieces=pieces, now=ws.NOW)
        one, piece = lot_accounts("ACME", "GLUE").rows
        account = one.account
        assert [int(x) for x in (account.received, account.used.low, account.scrapped, account.returned)] == [
            40, 1, 2, 3,
        ]  # fmt: skip
        assert (int(account.unexplained), int(account.explained), int(account.taken_over)) == (-1, 1, -5)
        assert account.on_hand.exact
        assert int(account.on_hand.low) == 29 == sum(int(v) for k, v in stock("GLUE-A").items() if k != "BIN")
        assert one.counted
        assert (one.counted.place, int(one.counted.quantity)) == ("STORE-NOIDA", 18)
        assert (int(piece.account.received), int(piece.account.on_hand.low)) == (0, 5)
        parts = part_accounts("ACME").rows
        assert [(row.part, row.lots, int(row.account.on_hand.low), row.units) for row in parts] == [
            ("BAT", 1, 25, 0), ("GLUE", 2, 34, 1),
        ]  # fmt: skip

    def test_a_piece_that_a_machine_split_off_counts_once(self) -> None:
        happen("08:00  DOCK-1  split lot:BAT-A:5 into lot:BAT-A1:BAT:5  accepted")
        one = lot_accounts("ACME", "BAT").rows[0]
        assert int(one.account.on_hand.low) == 20

    def test_brands_are_kept_apart(self) -> None:
        assert [row.part for row in part_accounts("ZEN").rows] == ["BAT"]
        for brand in ("MARS", "", "A\0"):
            assert said(lambda brand=brand: part_accounts(brand)) == "consigned.brand"


@pytest.mark.usefixtures("house")
def test_a_line_is_not_set_up_for_another_brand_while_consigned_material_is_on_it() -> None:
    happen("08:00  DOCK-1  receive CAP-A CAP 500 ACME-IN  accepted")
    happen("08:01  SMT-2  load CAP-A CAP on F1  accepted")
    package = msgspec.structs.replace(ws.MAIN, product="TAB-MAIN", brand="ZEN")
    ensure_product(code="TAB-MAIN", name="Tab", brand="ZEN", segment="subassembly")
    release_revision(product_code="TAB-MAIN", revision_code="A", package=package, released_at=ws.DAY)
    assert said(lambda: ensure_setup(line="L-SMT", product="TAB-MAIN", revision="A")) == "setup.consigned"
    happen("08:02  SMT-2  unload CAP-A on F1  accepted")
    ensure_setup(line="L-SMT", product="TAB-MAIN", revision="A")
    happen("08:03  SMT-2  load CAP-A CAP on F1  lot.other_owner")
