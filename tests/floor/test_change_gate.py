"""The gate under change orders and deviations: what may be started, what may stand in, and for how long."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from floor import workshop as ws
from floor.change_tables import CHANGED
from floor.test_gate_scenarios import tell
from karkhana.design.changes.asked import ChangeAsked, DeviationAsked
from karkhana.design.changes.deviating import accept_deviation, close_deviation
from karkhana.design.changes.rules import Order
from karkhana.design.models import ChangeOrder, Deviation
from karkhana.floor.changes.operations import (
    accept_change,
    close_change,
    put_due_into_effect,
    put_into_effect,
    request_change,
    request_deviation,
)
from karkhana.floor.operations import record_events
from karkhana.floor.rebuild import digest_projections, rebuild
from karkhana.floor.recall import recall
from karkhana.floor.trace import trace_unit
from karkhana.kernel.refusals import Refused

TODAY = ws.DAY.date()


def change(*, at: dt.datetime = ws.DAY, **asked: Any) -> ChangeOrder:
    """Make a change order from PHONE A to B that binds."""
    order = request_change(
        product="PHONE", from_revision="A", to_revision="B", user=None, now=at,
        asked=ChangeAsked("Next", "why", **asked),
    )  # fmt: skip
    return accept_change(number=order.number, user=None, now=at)


def deviation(product: str = "MAIN", **asked: Any) -> Deviation:
    """Make a deviation from revision A that binds."""
    row = request_deviation(
        product=product, revision="A", user=None, now=ws.DAY,
        asked=DeviationAsked("deviation", "For now", "none is left", **asked),
    )  # fmt: skip
    return accept_deviation(number=row.number, user=None, now=ws.DAY, today=TODAY)


def _closed_change() -> None:
    order = change(effectivity="serial", effective_serial="U0100")
    close_change(number=order.number, user=None, now=ws.DAY)


def _closed_deviation() -> None:
    row = deviation("PHONE", part="BAT", substitute="AKKU", max_units=9)
    close_deviation(number=row.number, user=None, now=ws.DAY)


SET_UPS: dict[str, Callable[[], Any]] = {
    "by date": lambda: change(effectivity="date", effective_on=dt.date(2026, 6, 16)),
    "by work order": lambda: change(effectivity="work_order", orders=[Order("WO-PHONE", "WO-PHONE-B")]),
    "by serial": lambda: change(effectivity="serial", effective_serial="U0100"),
    "closed": _closed_change,
    "a part stands in on a panel": lambda: deviation(part="CAP", substitute="SUB", max_units=8),
    "a held stand-in": lambda: deviation(part="CAP", substitute="SUB", max_units=10),
    "a key part stands in until a day": lambda: deviation(
        "PHONE", part="BAT", substitute="AKKU", role="battery", until=TODAY
    ),
    "only one work order": lambda: deviation(
        "PHONE", part="BAT", substitute="AKKU", until=TODAY, work_orders=["WO-PHONE-2"]
    ),
    "closed deviation": _closed_deviation,
}


@pytest.fixture
def second_order(rolled_back: None) -> None:
    from karkhana.floor.setup import ensure_work_order

    ensure_work_order(code="WO-PHONE-2", product="PHONE", revision="A", quantity=5)


@pytest.mark.parametrize("name", CHANGED)
def test_table(name: str, second_order: None) -> None:
    SET_UPS[name]()
    for line in ws.lines(CHANGED[name]):
        assert tell(line) == line.outcome, line.text
    before = digest_projections()
    rebuild()
    assert digest_projections() == before


def test_next_step_names_the_new_revision_and_its_order(rolled_back: None) -> None:
    change(effectivity="serial", effective_serial="U1")
    (line,) = ws.lines("08:00  ASM-1  start U2 order WO-PHONE  revision.superseded")
    (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
    assert outcome.refusal is not None
    assert outcome.refusal.next_step == "Start it under a work order of B: WO-PHONE-B."
    assert outcome.refusal.message.endswith("brings B from U1 on.")


def test_new_order_is_made_and_old_units_are_held(rolled_back: None) -> None:
    for line in ws.lines(ws.PHONE_BORN):
        assert tell(line) == "accepted"
    order = change(
        at=ws.NOW, effectivity="work_order", orders=[Order("WO-PHONE", "WO-NEW", 7)], in_process="hold"
    )
    assert order.state == "effective"
    from karkhana.floor.models import WorkOrder

    made = WorkOrder.objects.get(code="WO-NEW")
    assert (made.revision.code, made.quantity) == ("B", 7)
    (line,) = ws.lines("20:00  ASM-1  install U1 board=PCBA:B1  work_order.held")
    assert tell(line) == "work_order.held"
    with pytest.raises(Refused) as caught:
        close_change(number=order.number, user=None, now=ws.NOW)
    assert caught.value.refusal.code == "change.still_in_use"
    for line in ws.lines(f"""
        20:00  ASM-1  release {order.number}/WO-PHONE  accepted
        20:00  ASM-1  scrap U1                         accepted
    """):
        assert tell(line) == "accepted"
    closed = close_change(number=order.number, user=None, now=ws.NOW)
    assert closed.state == "closed"
    closed.from_revision.refresh_from_db()
    assert closed.from_revision.state == "superseded"


def test_a_change_of_tomorrow_waits(rolled_back: None) -> None:
    order = change(effectivity="date", effective_on=TODAY + dt.timedelta(days=1))
    assert order.state == "approved"
    with pytest.raises(Refused) as caught:
        put_into_effect(number=order.number, user=None, now=ws.DAY)
    assert caught.value.refusal.code == "change.not_due"
    assert put_due_into_effect(user=None, now=ws.DAY) == []
    assert put_due_into_effect(user=None, now=ws.DAY + dt.timedelta(days=1)) == [order.number]


def test_trace_and_recall_know_the_stand_in(rolled_back: None) -> None:
    row = SET_UPS["a part stands in on a panel"]()
    for line in ws.lines(CHANGED["a part stands in on a panel"]):
        assert tell(line) == line.outcome
    for line in ws.lines("""
        08:20  AOI-1  inspect P1                       accepted
        08:21  DEP-1  split P1 into B1=1 B2=2 B3=3 B4=4  accepted
    """):
        assert tell(line) == "accepted"
    trace = trace_unit("B1")
    assert [(use["deviation"], use["unit"], use["step"]) for use in trace["deviations"]] == [
        (row.number, "P1", 1)
    ]
    cap = next(material for material in trace["materials"] if material["part"] == "CAP")
    assert {found["lot"] for found in cap["candidates"]} == {"SUB-1"}
    found = recall(lot="SUB-1")
    assert set(found["serials"]) == {"B1", "B2", "B3", "B4", "P2"}
    close_deviation(number=row.number, user=None, now=ws.NOW)
    assert recall(lot="SUB-1")["serials"] == found["serials"]
    assert trace_unit("P3")["deviations"] == []
    before = digest_projections()
    rebuild()
    assert digest_projections() == before


def test_a_work_order_keeps_its_revision_for_ever(rolled_back: None) -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError, match="one revision for ever"), transaction.atomic():
        connection.cursor().execute(
            "UPDATE floor_workorder SET revision_id = (SELECT r.id FROM design_revision r"
            " JOIN design_product p ON p.id = r.product_id WHERE p.code = 'PHONE' AND r.code = 'B')"
            " WHERE code = 'WO-PHONE'"
        )


def test_two_lines_race_for_the_last_unit(fresh_database: str) -> None:
    deviation(part="CAP", substitute="SUB", max_units=4)
    for line in ws.lines("""
        07:00  DOCK-1  receive SUB-1 SUB 9 SUP    accepted
        07:00  DOCK-1  receive RES-1 RES 9 SUP    accepted
        07:30  SMT-1   load SUB-1 SUB on F1       accepted
        07:30  SMT-1   load RES-1 RES on F2       accepted
        07:30  SMT-2   load SUB-1 SUB on F1       accepted
        07:30  SMT-2   load RES-1 RES on F2       accepted
    """):
        assert tell(line) == "accepted"
    rounds = 6
    panels = [(station, f"{station}/{n}") for n in range(rounds) for station in ("SMT-1", "SMT-2")]
    for station, panel in panels:
        body = ws.event("08:00", station, f"start {panel} order WO-MAIN x4")
        record_events([json.dumps(body).encode()], recorded_at=ws.NOW)
    barrier, answers = threading.Barrier(len(panels)), []

    def process(station: str, panel: str) -> None:
        body = ws.event("08:01", station, f"process {panel}")
        try:
            barrier.wait(30)
            (outcome,) = record_events([json.dumps(body).encode()], recorded_at=ws.NOW)
            answers.append(outcome.refusal.code if outcome.refusal else outcome.status)
        finally:
            connection.close()

    threads = [threading.Thread(target=process, args=pair) for pair in panels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == ["accepted"] + ["deviation.exhausted"] * (len(panels) - 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(boards) FROM ledger_deviation_use")
        assert cursor.fetchone() == (4,)
    before = digest_projections()
    rebuild()
    assert digest_projections() == before


def test_changes_on_the_command_line(
    rolled_back: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.utils import timezone

    from karkhana.cli import _run
    from karkhana.cli import change as command

    monkeypatch.setattr(_run, "django_ready", lambda: None)
    order = change(effectivity="date", effective_on=TODAY + dt.timedelta(days=1))
    command.list_changes(every=False)
    assert f"{order.number}  approved" in capsys.readouterr().out
    command.show_change(order.number)
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["to_revision"], told["impact"]["money"]) == (
        "approved",
        "B",
        {"known": False},
    )
    monkeypatch.setattr(timezone, "now", lambda: ws.DAY + dt.timedelta(days=1))
    command.effect()
    assert capsys.readouterr().out == f"{order.number}\n"
    with pytest.raises(Refused) as caught:
        command.show_change("CO-X")
    assert caught.value.refusal.code == "change.unknown"
