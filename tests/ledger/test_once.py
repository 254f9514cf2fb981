"""The same happening is recorded once, one bad event never rejects another, and two batches that want the
same thing at the same moment get one yes and one clear no.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection, transaction

from floor import workshop as ws
from karkhana.floor.operations import Outcome, record_events
from karkhana.floor.rebuild import digest_projections, rebuild


def send(*events: dict[str, Any]) -> list[Outcome]:
    return record_events([json.dumps(event).encode() for event in events], recorded_at=ws.NOW)


def said(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.refusal.code if outcome.refusal else outcome.status for outcome in outcomes]


def kept() -> list[str]:
    """The ids in the record, in order, read as any other reader would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM ledger_event ORDER BY seq")
        return [row[0] for row in cursor.fetchall()]


def tell(story: str) -> None:
    outcomes = record_events([line.raw for line in ws.lines(story)], recorded_at=ws.NOW)
    assert {outcome.status for outcome in outcomes} == {"accepted"}, said(outcomes)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do several things in threads with connections of their own, all let go at one barrier."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            results[index] = work()
        except BaseException as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def receive(lot: str, event_id: str | None = None) -> dict[str, Any]:
    return ws.event("07:00", "DOCK-1", f"receive {lot} CAP 5 SUP", event_id=event_id)


@pytest.mark.usefixtures("rolled_back")
class TestOneSender:
    """What one producer sees that sends again."""

    def test_in_the_same_batch(self) -> None:
        event = receive("L1")
        outcomes = send(event, event, event)
        assert said(outcomes) == ["accepted", "repeated", "repeated"]
        assert kept() == [event["id"]]

    def test_in_the_next_batch(self) -> None:
        event = receive("L1")
        assert said(send(event)) == ["accepted"]
        state = digest_projections()
        assert said(send(event)) == ["repeated"]
        assert (kept(), digest_projections()) == ([event["id"]], state)

    def test_a_refused_event_repeats_its_refusal_even_when_it_would_be_accepted_now(self) -> None:
        load = ws.event("07:30", "SMT-1", "load L1 CAP on F1")
        (first,) = send(load)
        send(receive("L1"))
        (again,) = send(load)
        assert (first.status, again.status) == ("refused", "repeated")
        assert first.refusal == again.refusal
        assert first.refusal is not None
        assert first.refusal.code == "lot.unknown"
        assert said(send({**load, "id": str(uuid.uuid4())})) == ["accepted"]

    def test_a_refused_event_twice_in_one_batch(self) -> None:
        load = ws.event("07:30", "SMT-1", "load L1 CAP on F1")
        first, again = send(load, load)
        assert (first.status, again.status) == ("refused", "repeated")
        assert first.refusal == again.refusal
        assert kept() == [load["id"]]

    @pytest.mark.parametrize("split", [False, True])
    def test_same_id_other_content(self, split: bool) -> None:
        event = receive("L1")
        other = receive("L2", event["id"])
        outcomes = [*send(event), *send(other), *send(event)] if split else send(event, other, event)
        assert said(outcomes) == ["accepted", "event.conflict", "repeated"]
        assert kept() == [event["id"]] * 2, "the contradiction is on record as well"
        with connection.cursor() as cursor:
            cursor.execute("SELECT lot FROM ledger_lot")
            assert cursor.fetchall() == [("L1",)]

    def test_same_content_in_other_words_is_the_same(self) -> None:
        event = {**receive("L1"), "at": "2026-06-15T07:00:00Z", "quantity": "5"}
        same = dict(reversed({**event, "at": "2026-06-15T07:00:00.000+00:00", "actor": "OP-1"}.items()))
        upper = {**event, "id": event["id"].upper()}
        assert said(send(event, same, upper)) == ["accepted", "repeated", "repeated"]

    def test_order_of_outcomes_and_no_infection(self) -> None:
        good = [receive(f"L{number}") for number in range(4)]
        raws = [json.dumps(event).encode() for event in good]
        bad = [b"{", b"null", b'{"type":"Nothing"}', json.dumps({**good[0], "extra": 1}).encode(),
               json.dumps(receive("L0")).encode()]  # fmt: skip
        mixed = [raws[0], bad[0], raws[1], bad[1], bad[2], raws[2], bad[3], bad[4], raws[3]]
        outcomes = record_events(mixed, recorded_at=ws.NOW)
        assert said(outcomes) == [
            "accepted", "event.malformed", "accepted", "event.malformed", "event.malformed",
            "accepted", "event.malformed", "lot.exists", "accepted",
        ]  # fmt: skip
        assert [o.event_id for o in outcomes if o.status == "accepted"] == [event["id"] for event in good]
        assert outcomes[1].event_id is None
        assert outcomes[6].event_id == good[0]["id"]
        assert "Event 6 of the batch" in outcomes[6].refusal.message  # type: ignore[union-attr]

    def test_a_batch_of_nothing(self) -> None:
        assert record_events(b"[]", recorded_at=ws.NOW) == []
        assert kept() == []

    def test_a_batch_of_a_hundred_thousand(self) -> None:
        tell(ws.LOADED)
        one = ws.event("08:00", "SMT-1", "start X order WO-MAIN x4")
        raws = [
            json.dumps({**one, "id": str(uuid.UUID(int=number)), "unit": f"P{number // 2}"}).encode()
            for number in range(1, 100_001)
        ]
        outcomes = record_events(b"[" + b",".join(raws) + b"]", recorded_at=ws.NOW)
        assert Counter(said(outcomes)) == {"accepted": 50_001, "unit.exists": 49_999}
        assert len(kept()) == 100_005
        again = record_events(raws[-10:], recorded_at=ws.NOW)
        assert {outcome.status for outcome in again} == {"repeated"}

    def test_two_batches_inside_one_outer_transaction(self) -> None:
        """So many units are staged in a table: a batch must not find the rows of the one before."""
        tell(ws.LOADED)
        panels = [f"P{number}" for number in range(200)]
        with transaction.atomic():
            for story in ("08:00  SMT-1  start {} order WO-MAIN x4", "08:01  SMT-1  process {}",
                          "08:02  AOI-1  inspect {}"):  # fmt: skip
                tell("\n".join(f"{story.format(panel)}  accepted" for panel in panels))
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT next_step FROM ledger_unit")
            assert cursor.fetchall() == [(3,)]


class TestSeveralSenders:
    """Batches that meet: each runs in a thread with a connection of its own and commits."""

    def test_the_same_batch_from_four(self, fresh_database: str) -> None:
        batch = [line.raw for line in ws.lines(ws.PACKED)]
        results = at_once(*[lambda: record_events(batch, recorded_at=ws.NOW)] * 4)
        answers = sorted({outcome.status for outcome in outcomes}.pop() for outcomes in results)
        assert all(len({outcome.status for outcome in outcomes}) == 1 for outcomes in results)
        assert answers == ["accepted", "repeated", "repeated", "repeated"]
        assert len(kept()) == len(set(kept())) == len(batch)

    def test_overlapping_batches_in_opposite_order(self, fresh_database: str) -> None:
        events = [receive(f"L{number}") for number in range(300)]
        results = at_once(lambda: send(*events[:200]), lambda: send(*reversed(events[100:])))
        assert sorted(kept()) == sorted(event["id"] for event in events)
        assert Counter(said([*results[0], *results[1]])) == {"accepted": 300, "repeated": 100}

    def test_two_events_bear_the_same_serial(self, fresh_database: str) -> None:
        births = [ws.event("08:00", "SMT-1", "start P1 order WO-MAIN x4") for _ in range(3)]
        results = at_once(*[lambda birth=birth: send(birth) for birth in births])
        assert sorted(code for outcomes in results for code in said(outcomes)) == [
            "accepted", "unit.exists", "unit.exists"]  # fmt: skip
        check_rebuild()

    def test_two_units_take_the_same_imei(self, fresh_database: str) -> None:
        tell(ws.ASSEMBLED + """
            08:12  ASM-2  start U2 order WO-PHONE                                      accepted
            08:13  ASM-2  install U2 board=PCBA:B2 battery=BAT:b2 glue=GLUE::GLUE-1    accepted
        """)  # fmt: skip
        takes = [
            ws.event("08:20", "PER-1", f"write U{n} imei={ws.imei(5)} mac=02000000000{n} label=PH{n} fw=1.0")
            for n in (1, 2)
        ]  # fmt: skip
        results = at_once(*[lambda take=take: send(take) for take in takes])
        assert sorted(code for outcomes in results for code in said(outcomes)) == [
            "accepted", "identity.already_used"]  # fmt: skip
        check_rebuild()

    def test_a_unit_born_in_the_batch_takes_a_used_identity_in_another_spelling(
        self, fresh_database: str
    ) -> None:
        tell(ws.PERSONAL)
        taken = "identity.already_used"
        story = f"""
            08:20  ASM-2  start U2 order WO-PHONE  accepted
            08:21  ASM-2  install U2 board=PCBA:B2 battery=BAT:b2 glue=GLUE::GLUE-1  accepted
            08:22  PER-1  write U2 imei={ws.imei(2)} mac=0200-0000-0001 label=PH2 fw=1.0  {taken}
        """
        lines = list(ws.lines(story))
        outcomes = record_events([line.raw for line in lines], recorded_at=ws.NOW)
        assert said(outcomes) == [line.outcome for line in lines]

    def test_two_phones_want_the_same_board_and_battery(self, fresh_database: str) -> None:
        tell(ws.PHONE_BORN + "\n 08:11  ASM-2  start U2 order WO-PHONE  accepted")
        for part in ("board=PCBA:B1", "battery=BAT:b1"):
            wants = [ws.event("08:20", f"ASM-{n}", f"install U{n} {part}") for n in (1, 2)]
            results = at_once(*[lambda want=want: send(want) for want in wants])
            assert sorted(code for outcomes in results for code in said(outcomes)) == [
                "accepted", "keypart.already_used"]  # fmt: skip
        check_rebuild()

    def test_two_results_of_one_unit(self, fresh_database: str) -> None:
        tell(ws.PANEL)
        results = at_once(*[lambda: send(ws.event("08:20", "SMT-1", "process P1"))] * 4)
        assert Counter(code for outcomes in results for code in said(outcomes)) == {
            "accepted": 1, "route.step_repeated": 3}  # fmt: skip
        check_rebuild()

    def test_first_loads_of_a_station_by_two_are_both_known_to_the_next_batch(
        self, fresh_database: str
    ) -> None:
        tell("""
            07:00  DOCK-1  receive CAP-1 CAP 5 SUP           accepted
            07:00  DOCK-1  receive RES-1 RES 5 SUP           accepted
            07:10  SMT-1   start P1 order WO-MAIN x4         accepted
        """)
        loads = [
            ws.event("07:20", "SMT-1", "load CAP-1 CAP on F1"),
            ws.event("07:20", "SMT-1", "load RES-1 RES on F2"),
        ]
        at_once(*[lambda load=load: send(load) for load in loads])
        assert said(send(ws.event("07:30", "SMT-1", "process P1"))) == ["accepted"]
        check_rebuild()

    @pytest.mark.parametrize("scope", ["unit P1", "lot CAP-1", "work_order WO-MAIN"])
    def test_a_hold_bites_on_the_first_event_that_is_decided_after_it(
        self, fresh_database: str, scope: str
    ) -> None:
        tell(ws.PANEL)
        placed, stop = threading.Event(), threading.Event()
        scan = "load CAP-1 CAP on F1" if scope.startswith("lot") else "arrive P1"

        def stream() -> list[tuple[bool, str]]:
            """Send scans without end; note of each whether the hold was answered before it was sent."""
            answers = []
            while not stop.is_set() or len(answers) < 3:
                known = placed.is_set()
                (outcome,) = send(ws.event("08:20", "SMT-1", scan))
                answers.append((known, outcome.refusal.code if outcome.refusal else "accepted"))
                if known:
                    stop.set()
            return answers

        def hold() -> None:
            tell(f"08:21  DOCK-1  hold {scope} as H1  accepted")
            placed.set()

        answers, _ = at_once(stream, hold)
        code = scope.split()[0] + ".held"
        assert {answer for known, answer in answers if known} == {code}
        # In the record's own order as well: nothing of the target is accepted behind the hold.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT refusal FROM ledger_event WHERE station LIKE 'SMT-%%' AND happened_at = %s"
                " AND seq > (SELECT seq FROM ledger_event WHERE type = 'HoldPlaced')",
                [ws.when("08:20")],
            )
            assert {row[0] for row in cursor.fetchall()} == {code}
        check_rebuild()

    def test_a_hold_is_released_once(self, fresh_database: str) -> None:
        tell(ws.PANEL + "\n 08:01  DOCK-1  hold unit P1 as H1  accepted")
        results = at_once(*[lambda: send(ws.event("08:20", "DOCK-1", "release H1"))] * 3)
        assert Counter(code for outcomes in results for code in said(outcomes)) == {
            "accepted": 1, "hold.unknown": 2}  # fmt: skip
        check_rebuild()

    def test_many_at_once_leave_what_a_rebuild_gives(self, fresh_database: str) -> None:
        tell(ws.LOADED)

        def build(name: str) -> None:
            for number in range(8):
                panel = f"{name}{number}"
                send(ws.event("08:00", "SMT-1", f"start {panel} order WO-MAIN x4"))
                send(
                    ws.event("08:01", "SMT-1", f"process {panel}"),
                    ws.event("08:02", "AOI-1", f"inspect {panel}"),
                )
                send(ws.event("08:00", "SMT-1", f"start SHARED{number} order WO-MAIN x4"))
                send(ws.event("08:01", "SMT-1", f"process SHARED{number}"))
                send(ws.event("08:03", "SMT-1", "load CAP-1 CAP on F1"))
                send(ws.event("08:04", "SMT-1", "unload CAP-1 on F1"))
                send(ws.event("08:02", "SMT-1", "load CAP-1 CAP on F1"))

        at_once(*[lambda name=name: build(name) for name in "ABC"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), count(DISTINCT seq), count(DISTINCT id) FROM ledger_event")
            assert cursor.fetchone() == (5 + 3 * 8 * 8,) * 3
        check_rebuild()


def check_rebuild() -> None:
    """The record alone gives the same projections, byte for byte."""
    before = digest_projections()
    rebuild()
    assert digest_projections() == before
