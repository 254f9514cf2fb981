"""The stores: movements written once, nothing below zero, counts and splits that agree with the record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from floor import workshop as ws
from floor.store_tables import count, happen, make_places, move, said, stock
from karkhana.floor.operations import record_events
from karkhana.floor.rebuild import digest_projections, rebuild
from karkhana.floor.recall import recall
from karkhana.floor.stores.operations import move_stock
from karkhana.floor.stores.transforming import Piece, merge_lots, split_lot
from karkhana.floor.stores.used import units_of, used_of
from karkhana.supply.models import StockBalance, StockMove
from karkhana.supply.stock.operations import Wanted, ensure_place

HOUSE = (
    ws.LOADED
    + """
    07:40  DOCK-1  receive CAP-2 CAP 100 SUP         accepted
    07:40  DOCK-1  receive BAT-1 BAT 60 SUP          accepted
    07:40  DOCK-1  receive GLUE-A GLUE 40 ACME-IN    accepted
    07:40  DOCK-1  receive GLUE-Z GLUE 40 ZEN-IN     accepted
"""
)


@pytest.fixture
def house(rolled_back: None) -> None:
    make_places()
    happen(HOUSE)


@pytest.mark.usefixtures("house")
class TestMoves:
    def test_a_lot_that_nobody_moved_opens_at_the_default_store(self) -> None:
        move("move", "BAT-1", "10", "STORE-NOIDA", "SHELF")
        assert stock("BAT-1") == {"STORE-NOIDA": "50", "SHELF": "10"}
        kinds = list(StockMove.objects.filter(lot="BAT-1").values_list("kind", flat=True))
        assert kinds == ["open", "move"]

    def test_a_named_default_store_is_used(self) -> None:
        ensure_place(code="MAIN", plant="NOIDA", kind="store", is_default=True)
        move("issue", "BAT-1", "10", "MAIN", "ASM", work_order="WO-PHONE")
        assert stock("BAT-1") == {"MAIN": "50", "ASM": "10"}

    def test_the_same_movement_sent_twice_is_written_once(self) -> None:
        uid = uuid.uuid4()
        first = move("issue", "BAT-1", "10", "STORE-NOIDA", "ASM", uid=uid)
        again = move("issue", "BAT-1", "10", "STORE-NOIDA", "ASM", uid=uid)
        assert (first.repeated, again.repeated, first.number) == (False, True, again.number)
        assert stock("BAT-1")["ASM"] == "10"
        assert said(lambda: move("issue", "BAT-1", "11", "STORE-NOIDA", "ASM", uid=uid)) == "stock.conflict"
        assert said(lambda: move("issue", "CAP-2", "10", "STORE-NOIDA", "ASM", uid=uid)) == "stock.conflict"

    def test_more_than_there_is_is_refused(self) -> None:
        assert said(lambda: move("move", "BAT-1", "61", "STORE-NOIDA", "SHELF")) == "stock.short"
        assert said(lambda: move("move", "BAT-1", "1", "SHELF", "CAGE")) == "stock.short"

    def test_all_or_nothing(self) -> None:
        two = [
            Wanted(uuid.uuid4(), "move", "BAT-1", Decimal(60), "STORE-NOIDA", "SHELF"),
            Wanted(uuid.uuid4(), "move", "BAT-1", Decimal(1), "STORE-NOIDA", "SHELF"),
        ]
        assert said(lambda: move_stock(two, now=ws.NOW)) == "stock.short"
        assert stock("BAT-1") == {}

    @pytest.mark.parametrize(
        ("lot", "amount", "source", "target", "more", "code"),
        [
            ("NONE", "1", "STORE-NOIDA", "SHELF", {}, "stock.lot_unknown"),
            ("NO\0NE", "1", "STORE-NOIDA", "SHELF", {}, "stock.text"),
            ("BAT-1", "1", "NOWHERE", "SHELF", {}, "place.unknown"),
            ("BAT-1", "1", "STORE-NOIDA", "SH\0", {}, "place.unknown"),
            ("BAT-1", "NaN", "STORE-NOIDA", "SHELF", {}, "stock.quantity"),
            ("BAT-1", "1e30", "STORE-NOIDA", "SHELF", {}, "stock.quantity"),
            ("BAT-1", "-1", "STORE-NOIDA", "SHELF", {}, "stock.quantity"),
            ("BAT-1", "1", "STORE-NOIDA", "SHELF", {"note": "a\0"}, "stock.text"),
            ("BAT-1", "1", "STORE-NOIDA", "SHELF", {"reason": "a" * 201}, "stock.text"),
            ("BAT-1", "1", "STORE-NOIDA", "SHELF", {"work_order": "MARS"}, "order.unknown"),
            ("BAT-1", "1", "STORE-NOIDA", "SHELF", {"work_order": "MA\0RS"}, "order.unknown"),
        ],
    )
    def test_nonsense_is_refused(
        self, lot: str, amount: str, source: str, target: str, more: dict[str, str], code: str
    ) -> None:
        assert said(lambda: move("move", lot, amount, source, target, **more)) == code

    def test_only_what_people_do_is_asked_for(self) -> None:
        assert said(lambda: move("adjust", "BAT-1", "1", "", "SHELF", reason="x")) == "stock.places"

    def test_a_lot_on_hold_may_only_go_to_quarantine(self) -> None:
        happen("08:00  DOCK-1  hold lot BAT-1 as H1  accepted")
        assert said(lambda: move("issue", "BAT-1", "1", "STORE-NOIDA", "ASM")) == "stock.held"
        move("move", "BAT-1", "60", "STORE-NOIDA", "CAGE")
        assert said(lambda: move("move", "BAT-1", "1", "CAGE", "SHELF")) == "stock.held"

    def test_anothers_consigned_lot_is_not_issued_to_an_order(self) -> None:
        for lot, order in (("GLUE-Z", "WO-PHONE"), ("GLUE-A", "WO-TABLET")):
            code = said(lambda: move("issue", lot, "1", "STORE-NOIDA", "ASM", work_order=order))  # noqa: B023
            assert code == "stock.owner"
        move("issue", "GLUE-A", "1", "STORE-NOIDA", "ASM", work_order="WO-PHONE")
        move("issue", "BAT-1", "1", "STORE-NOIDA", "ASM", work_order="WO-TABLET")

    def test_scrap_and_return_to_the_supplier_leave_the_house(self) -> None:
        move("scrap", "BAT-1", "5", "STORE-NOIDA", "BIN", reason="leaking")
        move("scrap", "BAT-1", "5", "STORE-NOIDA", reason="leaking")
        move("send_back", "BAT-1", "5", "STORE-NOIDA", reason="wrong type")
        move("send_back", "BAT-1", "2", "BIN", reason="for analysis")
        assert stock("BAT-1") == {"STORE-NOIDA": "45", "BIN": "3"}


@pytest.mark.usefixtures("house")
class TestTheDatabase:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE supply_stockmove SET quantity = 1",
            "DELETE FROM supply_stockmove",
            "TRUNCATE supply_stockmove",
            "UPDATE supply_stockbalance SET quantity = quantity + 1",
            "INSERT INTO supply_stockbalance (lot, place_id, quantity)"
            " SELECT 'X', id, 1 FROM supply_storeplace",
            "DELETE FROM supply_stockbalance",
            "UPDATE supply_storeplace SET kind = 'scrap'",
            "INSERT INTO supply_stockmove (uid, kind, lot, part, source_id, quantity, reason, work_order,"
            " note, at, by) SELECT gen_random_uuid(), 'use', 'BAT-1', 'BAT', id, 61, '', '', '', now(), ''"
            " FROM supply_storeplace WHERE code = 'STORE-NOIDA'",
        ],
    )
    def test_refuses_what_goes_around_the_journal(self, sql: str) -> None:
        move("move", "BAT-1", "1", "STORE-NOIDA", "SHELF")
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


CONSUMED = """
    08:00  SMT-1   start P1 order WO-MAIN x4         accepted
    08:01  SMT-1   process P1                        accepted
    08:02  SMT-1   load CAP-2 CAP on F1              accepted
    08:03  SMT-1   start P2 order WO-MAIN x4         accepted
    08:04  SMT-1   process P2                        accepted
    08:05  SMT-1   unload CAP-1 on F1                accepted
    08:06  SMT-1   start P3 order WO-MAIN x4         accepted
    08:07  SMT-1   process P3                        accepted
"""
"""P1 took of CAP-1, P3 of CAP-2, P2 of one of the two."""


@pytest.mark.usefixtures("house")
class TestUse:
    def test_a_change_over_makes_a_range(self) -> None:
        happen(CONSUMED)
        found = used_of(["CAP-1", "CAP-2", "RES-1", "BAT-1"])
        assert {lot: (int(use.bulk.low), int(use.bulk.high), use.units) for lot, use in found.items()} == {
            "CAP-1": (4, 8, 2),
            "CAP-2": (4, 8, 2),
            "RES-1": (12, 12, 3),
        }
        rows = units_of("CAP-1", "CAP").rows
        assert [(row.unit, int(row.quantity), row.sure) for row in rows] == [
            ("P1", 4, True),
            ("P2", 4, False),
        ]
        first = units_of("CAP-1", "CAP", limit=1)
        assert first.after
        assert [row.unit for row in units_of("CAP-1", "CAP", after=first.after).rows] == ["P2"]

    def test_key_parts_count_while_they_are_inside(self) -> None:
        happen(ws.ASSEMBLED.removeprefix(ws.LOADED))
        assert used_of(["GLUE-1"])["GLUE-1"].total.low == 1
        happen("08:20  ASM-1  remove U1 glue  accepted")
        assert used_of(["GLUE-1"]) == {}

    def test_what_a_machine_transformed_counts_and_a_split_of_the_store_does_not(self) -> None:
        happen("08:00  DOCK-1  split lot:CAP-2:30 into lot:MIX:CAP:30  accepted")
        pieces = [Piece("CAP-2a", Decimal(10))]
        split_lot(uid=uuid.uuid4(), lot="CAP-2", place="STORE-NOIDA", pieces=pieces, now=ws.NOW)
        assert used_of(["CAP-2"])["CAP-2"].made == 30

    def test_a_count_books_what_was_used_and_asks_why_it_differs(self) -> None:
        happen(CONSUMED)
        move("issue", "CAP-2", "100", "STORE-NOIDA", "SMT")
        assert said(lambda: count("CAP-2", "SMT", "90")) == "stock.difference"
        uid = uuid.uuid4()
        view = count("CAP-2", "SMT", "90", "attrition", uid)
        assert (int(view.used), int(view.difference)) == (8, -2)
        assert (int(view.expected.low), int(view.expected.high)) == (92, 96)
        assert count("CAP-2", "SMT", "90", "attrition", uid).repeated
        assert said(lambda: count("CAP-2", "SMT", "91", "attrition", uid)) == "stock.conflict"
        assert stock("CAP-2") == {"SMT": "90"}
        assert count("CAP-2", "SMT", "90").difference == 0

    def test_a_count_in_the_store_knows_what_lines_took_without_an_issue(self) -> None:
        happen(CONSUMED)
        assert count("RES-1", "STORE-NOIDA", "4988").used == 12
        assert count("CAP-1", "STORE-NOIDA", "4994").used == 6


@pytest.mark.usefixtures("house")
class TestSplitAndMerge:
    def test_a_split_keeps_supplier_origin_and_the_rest(self) -> None:
        pieces = [Piece("BAT-1a", Decimal(20)), Piece("BAT-1b", Decimal(5))]
        uid = uuid.uuid4()
        for _ in range(2):
            split_lot(uid=uid, lot="BAT-1", place="STORE-NOIDA", pieces=pieces, now=ws.NOW, by="ravi")
        assert [stock(lot) for lot in ("BAT-1", "BAT-1a", "BAT-1b")] == [
            {"STORE-NOIDA": "35"}, {"STORE-NOIDA": "20"}, {"STORE-NOIDA": "5"},
        ]  # fmt: skip
        sources = recall(lot="BAT-1b")["sources"]
        assert [(row["lot"], row["supplier"], row["origin"]) for row in sources] == [
            ("BAT-1", "SUP", "IN"), ("BAT-1b", "SUP", "IN"),
        ]  # fmt: skip
        before = digest_projections()
        rebuild()
        assert digest_projections() == before

    def test_a_unit_built_of_a_piece_is_found_by_its_lot(self) -> None:
        pieces = [Piece("GLUE-A1", Decimal(5))]
        split_lot(uid=uuid.uuid4(), lot="GLUE-A", place="STORE-NOIDA", pieces=pieces, now=ws.NOW)
        happen("08:10  ASM-1  start U1 order WO-PHONE  accepted")
        happen("08:11  ASM-1  install U1 glue=GLUE::GLUE-A1  accepted")
        assert recall(lot="GLUE-A")["serials"] == ["U1"]

    @pytest.mark.parametrize(
        ("pieces", "code"),
        [
            ([("CAP-2", "10")], "lot.exists"),
            ([("N", "61")], "stock.short"),
            ([("N", "30"), ("M", "31")], "stock.short"),
            ([("N", "0")], "stock.quantity"),
            ([("N", "1"), ("N", "1")], "stock.split"),
            ([("BAT-1", "1")], "stock.split"),
            ([], "stock.split"),
            ([("N\0", "1")], "stock.split"),
            ([(" N", "1")], "stock.split"),
        ],
    )
    def test_a_split_that_does_not_add_up_is_refused(self, pieces: list[tuple[str, str]], code: str) -> None:
        wanted = [Piece(lot, Decimal(amount)) for lot, amount in pieces]

        def attempt() -> None:
            split_lot(uid=uuid.uuid4(), lot="BAT-1", place="STORE-NOIDA", pieces=wanted, now=ws.NOW)

        assert said(attempt) == code
        assert stock("BAT-1") == {}

    def test_alike_lots_are_merged(self) -> None:
        sources = [Piece("CAP-1", Decimal(40), "STORE-NOIDA"), Piece("CAP-2", Decimal(60), "STORE-NOIDA")]
        merge_lots(uid=uuid.uuid4(), sources=sources, lot="CAP-M", place="SHELF", now=ws.NOW)
        assert [stock(lot) for lot in ("CAP-1", "CAP-2", "CAP-M")] == [
            {"STORE-NOIDA": "4960"}, {"STORE-NOIDA": "40"}, {"SHELF": "100"},
        ]  # fmt: skip
        assert {row["lot"] for row in recall(lot="CAP-M")["sources"]} == {"CAP-1", "CAP-2", "CAP-M"}

    @pytest.mark.parametrize("other", ["GLUE-A", "BAT-1", "GLUE-X"])
    def test_what_is_not_alike_is_not_merged(self, other: str) -> None:
        body = ws.event("07:50", "DOCK-1", "receive GLUE-X GLUE 5 SUP") | {"origin": "CN"}
        record_events([ws.json.dumps(body).encode()], recorded_at=ws.NOW)
        sources = [Piece("GLUE-1", Decimal(1), "STORE-NOIDA"), Piece(other, Decimal(1), "STORE-NOIDA")]

        def attempt() -> None:
            merge_lots(uid=uuid.uuid4(), sources=sources, lot="M", place="SHELF", now=ws.NOW)

        assert said(attempt) == "stock.unlike"

    def test_a_lot_on_hold_is_not_split(self) -> None:
        happen("08:00  DOCK-1  hold lot BAT-1 as H1  accepted")

        def attempt() -> None:
            pieces = [Piece("N", Decimal(1))]
            split_lot(uid=uuid.uuid4(), lot="BAT-1", place="STORE-NOIDA", pieces=pieces, now=ws.NOW)

        assert said(attempt) == "lot.held"


def transform(inputs: list[dict[str, str]], outputs: list[dict[str, str]]) -> str:
    """Report a transformation as a machine does; return what the gate says."""
    body = {
        "type": "TransformationEvent", "id": str(uuid.uuid4()), "at": ws.NOW.isoformat(),
        "station": "DOCK-1", "inputs": inputs, "outputs": outputs,
    }  # fmt: skip
    (outcome,) = record_events([json.dumps(body).encode()], recorded_at=ws.NOW)
    return outcome.refusal.code if outcome.refusal else outcome.status


@pytest.mark.usefixtures("house")
class TestStatedOrigin:
    """What a new lot says of its supplier and origin must be true of all that it was taken from."""

    kept = {"lot": "N", "part": "CAP", "supplier": "SUP", "origin": "IN"}

    def test_what_is_true_is_kept(self) -> None:
        taken = [{"lot": "CAP-1", "quantity": "10"}, {"lot": "CAP-2", "quantity": "5"}]
        assert transform(taken, [{**self.kept, "quantity": "15"}]) == "accepted"

    @pytest.mark.parametrize(
        "said",
        [
            {"supplier": "ACME-IN"},
            {"origin": "CN"},
            {"part": "RES"},
            {"quantity": "11"},
            {"quantity": "9"},
            {"supplier": "MARS"},
        ],
    )
    def test_what_is_not_is_refused(self, said: dict[str, str]) -> None:
        made = {**self.kept, "quantity": "10", **said}
        assert transform([{"lot": "CAP-1", "quantity": "10"}], [made]) == "transformation.shape"

    def test_an_amount_must_be_said(self) -> None:
        made = [{**self.kept, "quantity": "10"}]
        assert transform([{"lot": "CAP-1"}], made) == "transformation.shape"

    def test_a_brands_lot_does_not_pass_for_the_makers(self) -> None:
        taken = [{"lot": "GLUE-Z", "quantity": "5"}]
        made = {"lot": "N", "part": "GLUE", "quantity": "5"}
        assert transform(taken, [{**made, "supplier": "SUP", "origin": "IN"}]) == "transformation.shape"
        assert transform(taken, [made]) == "accepted"
        happen(ws.PHONE_BORN.removeprefix(ws.LOADED))
        happen("08:11  ASM-1  install U1 glue=GLUE::N  lot.other_owner")


WORKER = """
import datetime as dt, random, sys, uuid
from decimal import Decimal
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from karkhana.floor.stores.operations import move_stock
from karkhana.kernel.refusals import Refused
from karkhana.supply.stock.operations import Wanted
now = dt.datetime(2026, 6, 15, 20, tzinfo=dt.UTC)
chance = random.Random(int(sys.argv[2]))
sys.stdin.readline()
for turn in range(60):
    lots = chance.sample(["CAP-1", "CAP-2", "BAT-1", "GLUE-1"], 2)
    if turn % 3:
        ways = [("issue", lot, "STORE-NOIDA", "ASM") for lot in lots]
    else:
        ways = [("return", lot, "ASM", "STORE-NOIDA") for lot in lots]
    uid = uuid.uuid5(uuid.UUID(int=turn), sys.argv[2] if turn % 2 else "shared")
    amount = Decimal(turn + 1 if turn % 2 == 0 else chance.randint(1, 40))
    if turn % 2 == 0:
        ways = [ways[0][:1] + ("BAT-1",) + ways[0][2:]]
    wanted = [Wanted(uuid.uuid5(uid, way[1]), way[0], way[1], amount, way[2], way[3]) for way in ways]
    try:
        done = move_stock(wanted, now=now)
        print("done", *[row.number for row in done if not row.repeated])
    except Refused as refused:
        print(refused.refusal.code)
"""


def test_8_processes_never_bring_a_balance_below_zero(fresh_database: str) -> None:
    """Each moves two lots at a time 60 times, every second one of them a movement that all eight send."""
    make_places()
    happen(HOUSE)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, fresh_database, str(number)], env=os.environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for number in range(8)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    lines = [line for worker in workers for line in worker.communicate(timeout=300)[0].splitlines()]
    assert [worker.returncode for worker in workers] == [0] * 8
    assert len(lines) == 480
    assert {line.split()[0] for line in lines} == {"done", "stock.short"}
    numbers = [number for line in lines for number in line.split()[1:]]
    assert len(numbers) == len(set(numbers)), "a movement was written twice"
    assert len(numbers) == StockMove.objects.exclude(kind="open").count()
    assert StockMove.objects.filter(kind="open").count() == 4
    for lot, whole in (("CAP-1", 5000), ("CAP-2", 100), ("BAT-1", 60), ("GLUE-1", 50)):
        left = StockBalance.objects.filter(lot=lot).values_list("quantity", flat=True)
        assert sum(left) == whole
        assert all(quantity >= 0 for quantity in left)


SPLITTER = """
import datetime as dt, sys, uuid
from decimal import Decimal
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from karkhana.floor.stores.transforming import Piece, split_lot
from karkhana.kernel.refusals import Refused
now = dt.datetime(2026, 6, 15, 20, tzinfo=dt.UTC)
sys.stdin.readline()
for turn in range(6):
    same = turn % 2 == 0
    uid = uuid.uuid5(uuid.UUID(int=turn), "shared" if same else sys.argv[2])
    piece = Piece(f"P-{turn}" if same else f"P-{turn}-{sys.argv[2]}", Decimal(4))
    try:
        done = split_lot(uid=uid, lot="BAT-1", place="STORE-NOIDA", pieces=[piece], now=now)
        print("repeated" if done[0].repeated else "done")
    except Refused as refused:
        print(refused.refusal.code)
"""


def test_8_processes_split_no_more_off_a_lot_than_there_is(fresh_database: str) -> None:
    """Of 60 pieces, 27 splits of 4 are asked for: 3 that all eight send, 24 of one process each."""
    happen(HOUSE)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", SPLITTER, fresh_database, str(number)], env=os.environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for number in range(8)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    lines = [line for worker in workers for line in worker.communicate(timeout=300)[0].split()]
    assert [worker.returncode for worker in workers] == [0] * 8
    assert set(lines) <= {"done", "repeated", "stock.short"}
    assert lines.count("done") == 15
    assert stock("BAT-1") == {}
    made = StockBalance.objects.filter(lot__startswith="P-").values_list("quantity", flat=True)
    assert (len(made), sum(made)) == (15, 60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), sum(quantity) FROM ledger_lot WHERE lot LIKE 'P-%'")
        assert cursor.fetchone() == (15, 60)
