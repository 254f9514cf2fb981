"""Lists: what they show, page by page, and that no page key can break them."""

from __future__ import annotations

import datetime as dt

import pytest

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.floor.queries import lists
from karkhana.floor.queries.lists import UnitFilter

SINCE, UNTIL = ws.DAY, ws.DAY + dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _units(rolled_back: None) -> None:
    """Nine tablets: five tested, one of those failed; the first is tested twice and refused."""
    story = [f"09:0{n}  FIN-1  start T{n} order WO-TABLET  accepted" for n in range(9)]
    story += [f"10:0{n}  FIN-1  test T{n}{' failed' if n == 4 else ''}  accepted" for n in range(5)]
    story += ["10:30  FIN-1  test T0  route.step_repeated", "10:31  FIN-2  test T4  unit.failed"]
    for line in ws.lines("\n".join(story)):
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        assert (outcome.refusal.code if outcome.refusal else "accepted") == line.outcome


class TestUnits:
    def test_pages_follow_one_another_without_gap_or_double(self) -> None:
        seen, after = [], ""
        while True:
            page = lists.unit_page(UnitFilter(product="TABLET"), after, limit=4)
            seen += [row.serial for row in page.rows]
            if page.after is None:
                break
            after = page.after
        assert seen == [f"T{n}" for n in range(9)]

    @pytest.mark.parametrize(
        ("wanted", "serials"),
        [
            (UnitFilter(states=("failed",)), ["T4"]),
            (UnitFilter(step=2), ["T0", "T1", "T2", "T3"]),
            (UnitFilter(stations=("FIN-1",), states=("in_process",), step=1), ["T5", "T6", "T7", "T8"]),
            (UnitFilter(stations=()), []),
            (UnitFilter(waiting_since=ws.when("09:07")), ["T5", "T6"]),
            (UnitFilter(held=True), []),
            (UnitFilter(brand="ACME"), []),
            (UnitFilter(states=("'; DROP TABLE",)), []),
        ],
    )
    def test_can_be_restricted(self, wanted: UnitFilter, serials: list[str]) -> None:
        assert [row.serial for row in lists.unit_page(wanted).rows] == serials

    def test_of_what_is_in_process_use_the_partial_index(self) -> None:
        from django.db import connection

        where, parameters = lists._unit_conditions(
            UnitFilter(states=("in_process", "failed"), product="TABLET")
        )
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN SELECT serial FROM ledger_unit WHERE {' AND '.join(where)}", parameters)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "ledger_unit_wip" in plan


class TestEvents:
    def test_behind_a_number_are_the_results_of_the_station(self) -> None:
        passed = lists.event_page(["FIN-1"], SINCE, UNTIL, "passed")
        assert [row.subject for row in passed.rows] == ["T3", "T2", "T1", "T0"]
        failed = lists.event_page(["FIN-1"], SINCE, UNTIL, "failed")
        assert [(row.subject, row.failed) for row in failed.rows] == [("T4", True)]

    def test_pages_follow_one_another(self) -> None:
        first = lists.event_page(["FIN-1"], SINCE, UNTIL, "passed", limit=3)
        second = lists.event_page(["FIN-1"], SINCE, UNTIL, "passed", first.after or "", limit=3)
        assert [row.subject for row in (*first.rows, *second.rows)] == ["T3", "T2", "T1", "T0"]
        assert second.after is None

    def test_refusals_carry_their_reason(self) -> None:
        rows = lists.refusal_page(None, SINCE, UNTIL).rows
        assert [row.refusal["code"] for row in rows if row.refusal] == ["unit.failed", "route.step_repeated"]
        assert [r.station for r in lists.refusal_page(("FIN-2",), SINCE, UNTIL).rows] == ["FIN-2"]
        assert lists.refusal_page(None, SINCE, UNTIL, "unit.held").rows == ()


class TestKeys:
    @pytest.mark.parametrize("key", ["", "x", "!!!", "W10", "e30", "bnVsbA", "é" * 40])
    def test_that_are_no_keys_begin_at_the_start(self, key: str) -> None:
        assert lists.unit_page(UnitFilter(), key).rows[0].serial == "T0"
        assert lists.event_page(["FIN-1"], SINCE, UNTIL, "passed", key).rows[0].subject == "T3"
        assert len(lists.refusal_page(None, SINCE, UNTIL, "", key).rows) == 2

    def test_with_nul_or_too_large_a_number_are_no_keys(self) -> None:
        assert lists.decode_key(lists.encode_key(["\x00"]), (str,)) is None
        assert lists.decode_key(lists.encode_key([2**70]), (int,)) is None
        assert lists.decode_key(lists.encode_key([True]), (int,)) is None
        assert lists.decode_key(lists.encode_key(["a", 1]), (str, int)) == ["a", 1]


class TestSearch:
    def test_finds_by_the_beginning_of_a_serial_number(self) -> None:
        assert lists.search("T") == ()
        record_events(
            [next(ws.lines("11:00  FIN-1  start TAB-7 order WO-TABLET  accepted")).raw], recorded_at=ws.NOW
        )
        assert [found.text for found in lists.search("TAB")] == ["TAB-7"]
