"""Withdrawing firmware: every unit with it is held at once, and nobody slips through in the same moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from floor import workshop as ws
from floor.test_firmware_gate import register
from floor.test_gate_scenarios import tell
from karkhana.design.models import FirmwareImage
from karkhana.floor.firmware.operations import withdraw_firmware
from karkhana.floor.firmware.queries import carried, units_with, where_is
from karkhana.floor.operations import record_events
from karkhana.floor.rebuild import digest_projections, rebuild
from karkhana.floor.trace import trace_unit
from karkhana.kernel.refusals import Refused

KEY: dict[str, Any] = {"product": "PHONE", "target": "main", "version": "1.0"}


def story(text: str) -> list[str]:
    return [tell(line) for line in ws.lines(text)]


def withdraw(**more: Any) -> str | None:
    found = withdraw_firmware(**KEY, reason="the radio reboots", user=None, now=ws.NOW, **more)
    return found.hold


def phones(count: int, done: str) -> str:
    """Tell of phones U1 to Un, taken as far as a verb says."""
    rows = [ws.BOARDS]
    rows.append("08:05  ICT-1  test B3  accepted\n08:05  ICT-1  test B4  accepted")
    for n in range(1, count + 1):
        rows.append(f"08:10  ASM-1  start U{n} order WO-PHONE  accepted")
        rows.append(
            f"08:11  ASM-1  install U{n} board=PCBA:B{n} battery=BAT:b{n} glue=GLUE::GLUE-1  accepted"
        )
        if done != "assembled":
            who = f"imei={ws.imei(n)} mac=02:00:00:00:00:0{n} label=PH{n}"
            rows.append(f"08:12  PER-1  write U{n} {who} fw=1.0  accepted")
    return "\n".join(rows)


def test_every_unit_with_it_is_held_from_that_moment_on(rolled_back: None) -> None:
    register("1.0 approved")
    assert set(story(phones(3, "personal"))) == {"accepted"}
    assert set(story("08:13  FIN-1  test U1  accepted\n08:14  OQC-1  depart U1  accepted\n"
                     "08:15  PACK-1  pack U1 into BOX1  accepted")) == {"accepted"}  # fmt: skip
    hold = withdraw()
    assert story("""
        08:20  FIN-1   test U2          firmware.held
        08:20  DOCK-1  ship BOX1 as S1  shipping.held_inside
    """) == ["firmware.held", "shipping.held_inside"]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT scope, target, reason FROM ledger_hold")
        assert cursor.fetchall() == [("firmware", "PHONE main=1.0", "the radio reboots")]
        cursor.execute("SELECT count(*) FROM ledger_hold_member")
        assert cursor.fetchone() == (0,)
    trace = trace_unit("U1")
    assert trace["held"] is True
    assert [(h["hold"], h["scope"]) for h in trace["holds"]] == [(hold, "firmware")]
    before = digest_projections()
    rebuild()
    assert digest_projections() == before
    image = FirmwareImage.objects.get()
    assert (image.state, image.withdrawn_reason, image.withdrawn_at) == (
        "withdrawn", "the radio reboots", ws.NOW,
    )  # fmt: skip


def test_a_unit_is_free_once_the_hold_is_released_but_the_version_is_not(rolled_back: None) -> None:
    register("1.0 approved")
    story(phones(2, "personal"))
    story("08:13  FIN-1  test U2 failed  accepted")
    hold = withdraw()
    assert story(f"08:20  FIN-1  test U1  -\n08:21  DOCK-1  release {hold}  -\n08:22  FIN-1  test U1  -") == [
        "firmware.held", "accepted", "accepted",
    ]  # fmt: skip
    assert trace_unit("U1")["held"] is False
    assert story(
        f"08:30  ASM-1  start U9 order WO-PHONE  -\n"
        f"08:31  ASM-1  install U9 board=PCBA:B3 battery=BAT:b9 glue=GLUE::GLUE-1  -\n"
        f"08:32  PER-1  write U9 imei={ws.imei(9)} mac=02:00:00:00:00:09 label=PH9 fw=1.0  -"
    ) == ["accepted", "accepted", "firmware.withdrawn"]


@pytest.mark.parametrize(
    ("state", "reason", "station", "code"),
    [
        ("draft", "why", None, "firmware.state"),
        ("withdrawn", "why", None, "firmware.state"),
        ("approved", " ", None, "firmware.reason"),
        ("approved", "x" * 501, None, "firmware.reason"),
        ("approved", "a\x00b", None, "firmware.reason"),
        ("approved", "why", "NOWHERE", "station.unknown"),
    ],
)
def test_what_cannot_be_withdrawn_changes_nothing(
    rolled_back: None, state: str, reason: str, station: str | None, code: str
) -> None:
    register(f"1.0 {state}")
    with pytest.raises(Refused) as caught, transaction.atomic():
        withdraw_firmware(**KEY, reason=reason, user=None, now=ws.NOW, station=station)
    assert caught.value.refusal.code == code
    assert FirmwareImage.objects.get().state == state
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_hold")
        assert cursor.fetchone() == (0,)


def test_nobody_withdraws_what_was_never_registered(rolled_back: None) -> None:
    with pytest.raises(Refused) as caught:
        withdraw()
    assert caught.value.refusal.code == "firmware.image_unknown"


def test_where_units_with_a_version_are(rolled_back: None) -> None:
    story(phones(3, "personal"))
    story("08:13  FIN-1  test U1  -\n08:14  OQC-1  depart U1  -\n08:15  PACK-1  pack U1 into BOX1  -\n"
          "08:16  DOCK-1  ship BOX1 as S1  -\n08:17  FIN-1  scrap U3  -")  # fmt: skip
    found = where_is("PHONE", "main", "1.0")
    assert (found.units, found.in_plant, found.shipped) == (3, 1, 1)
    assert {(s.name, s.units) for s in found.by_state} == {("shipped", 1), ("in_process", 1), ("scrapped", 1)}
    assert [(s.name, s.units) for s in found.by_station] == [("PER-1", 1)]
    first = units_with("PHONE", "main", "1.0", limit=2)
    assert [row.serial for row in first.rows] == ["U1", "U2"]
    rest = units_with("PHONE", "main", "1.0", limit=2, after=first.after or "")
    assert ([row.serial for row in rest.rows], rest.after) == (["U3"], None)
    assert [row.serial for row in units_with("PHONE", "main", "1.0", state="shipped").rows] == ["U1"]
    for absent in (("PHONE", "main", "1.1"), ("PHONE", "mai", "n=1.0"), ("MAIN", "main", "1.0")):
        assert where_is(*absent).units == 0
    assert carried(["PHONE"]) == {"PHONE main=1.0": (1, 1)}


def test_a_withdrawal_waits_for_the_batch_that_is_under_way(fresh_database: str) -> None:
    """The unit is written first and not committed yet: the withdrawal waits, and its hold covers the unit."""
    register("1.0 approved")
    assert set(story(phones(1, "assembled"))) == {"accepted"}
    (line,) = ws.lines(
        f"08:12  PER-1  write U1 imei={ws.imei(1)} mac=02:00:00:00:00:01 label=PH1 fw=1.0  accepted"
    )
    done = threading.Event()

    def other() -> None:
        try:
            withdraw()
        finally:
            connection.close()
            done.set()

    withdrawing = threading.Thread(target=other)
    with transaction.atomic():
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        assert outcome.status == "accepted"
        withdrawing.start()
        wait_until_somebody_waits()
        assert not done.is_set()
        assert FirmwareImage.objects.get().state == "approved"
    withdrawing.join(30)
    assert FirmwareImage.objects.get().state == "withdrawn"
    assert story("08:13  FIN-1  test U1  -") == ["firmware.held"]


def test_a_unit_that_comes_after_the_withdrawal_is_refused(fresh_database: str) -> None:
    """The withdrawal is not committed yet: the batch waits, then sees it, whatever it had cached."""
    register("1.0 approved")
    assert set(story(phones(1, "assembled"))) == {"accepted"}
    (line,) = ws.lines(
        f"08:12  PER-1  write U1 imei={ws.imei(1)} mac=02:00:00:00:00:01 label=PH1 fw=1.0  accepted"
    )
    answers: list[str] = []

    def other() -> None:
        try:
            answers.append(tell(line))
        finally:
            connection.close()

    writing = threading.Thread(target=other)
    with transaction.atomic():
        withdraw()
        writing.start()
        wait_until_somebody_waits()
        assert answers == []
    writing.join(30)
    assert answers == ["firmware.withdrawn"]
    assert where_is("PHONE", "main", "1.0").units == 0


def wait_until_somebody_waits() -> None:
    """Wait until another connection waits for the ledger's lock."""
    import time

    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            row = cursor.fetchone()
        if row and row[0]:
            return
        time.sleep(0.05)
    raise AssertionError("nobody waits")
