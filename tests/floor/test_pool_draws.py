"""Drawing: nothing is ever drawn twice, a draw can be repeated, and everything fits to what it is for."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from floor import workshop as ws
from karkhana.floor.models import Pool, PoolAllotment, PoolRange
from karkhana.floor.operations import record_events
from karkhana.floor.pools.draws import draw
from karkhana.floor.pools.files import RangeLine
from karkhana.floor.pools.operations import create_pool, import_ranges, set_pool, spoil
from karkhana.kernel.refusals import Refused

RESTRICT_VIOLATION = "23001"


def make(code: str = "P", scheme: str = "imei", brand: str = "ACME", *ranges: str, **more: Any) -> Pool:
    pool = create_pool(code=code, brand=brand, scheme=scheme, now=ws.NOW, **more)
    if ranges:
        lines = [RangeLine(f"line {n}", *one.split("..")) for n, one in enumerate(ranges)]
        import_ranges(lines=lines, pool=code, now=ws.NOW)
    return pool


def take(pool: str = "P", count: int = 1, **more: Any) -> list[str]:
    return draw(pool=pool, count=count, now=more.pop("now", ws.NOW), **more).values()


def said(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Refused) as caught, transaction.atomic():
        call()
    return caught.value.refusal.code, caught.value.refusal.message


@pytest.mark.usefixtures("rolled_back")
class TestDraw:
    def test_goes_on_where_the_last_one_ended_and_over_ranges(self) -> None:
        make("P", "imei", "ACME", "35209900000000..35209900000002", "35209900000010..35209900000012")
        assert [value[8:14] for value in take(count=2) + take(count=3)] == [
            "000000", "000001", "000002", "000010", "000011",
        ]  # fmt: skip

    def test_gives_all_or_nothing(self) -> None:
        make("P", "eui48", "ACME", "70B3D5000000..70B3D5000004")
        take(count=2)
        assert said(lambda: take(count=4)) == (
            "pool.exhausted",
            "Pool P has 3 values left; 4 were asked for.",
        )
        assert take(count=3)[-1] == "70B3D5000004"
        assert said(take)[0] == "pool.exhausted"
        assert said(lambda: make("Q") and take("Q"))[0] == "pool.exhausted"

    def test_a_large_block_is_told_by_its_ends(self) -> None:
        make("P", "imei", "ACME", "35209900")
        drawn = draw(pool="P", count=100_000, now=ws.NOW)
        (block,) = drawn.blocks
        assert (block.count, block.first, block.last) == (100_000, "352099000000006", "352099000999991")
        assert PoolAllotment.objects.count() == 1

    def test_with_a_key_gives_the_same_again(self) -> None:
        make("P", "imei", "ACME", "35209900000000..35209900000002", "35209901")
        first = draw(pool="P", count=5, key="job 1", now=ws.NOW)
        again = draw(pool="P", count=5, key="job 1", now=ws.NOW)
        assert (again.repeated, again.values()) == (True, first.values())
        assert said(lambda: take(count=4, key="job 1"))[0] == "pool.key_used"
        assert not set(take(count=5, key="job 2")) & set(first.values())

    def test_for_a_unit_gives_the_same_until_it_is_spoilt(self) -> None:
        for line in ws.lines(ws.PHONE_BORN):
            record_events([line.raw], recorded_at=ws.NOW)
        make("P", "imei", "ACME", "35209900")
        (first,) = take(unit="U1")
        assert take(unit="U1") == [first]
        spoil(pool="P", value=first, reason="label torn", now=ws.NOW)
        (second,) = take(unit="U1")
        assert second != first
        assert take(unit="U1") == [second]

    def test_from_a_closed_pool_repeats_and_gives_nothing_new(self) -> None:
        make("P", "imei", "ACME", "35209900")
        first = take(key="k")
        set_pool(code="P", is_closed=True)
        assert take(key="k") == first
        assert said(take)[0] == "pool.closed"

    @pytest.mark.parametrize(
        ("pool", "more", "code"),
        [
            ("NONE\0", {}, "pool.unknown"),
            ("P", {"count": 0}, "pool.invalid"),
            ("P", {"count": 10**30}, "pool.invalid"),
            ("P", {"actor": "a\0"}, "pool.invalid"),
            ("P", {"key": "k" * 111}, "pool.invalid"),
            ("P", {"station": "MARS"}, "station.unknown"),
            ("P", {"line": "MARS"}, "line.unknown"),
            ("P", {"work_order": "MARS"}, "work_order.unknown"),
            ("P", {"unit": "MARS"}, "unit.unknown"),
            ("P", {"product": "TABLET"}, "pool.other_brand"),
            ("P", {"product": "MARS"}, "pool.other_brand"),
            ("P", {"work_order": "WO-TABLET"}, "pool.other_brand"),
            ("P", {"work_order": "WO-TOY"}, "pool.other_product"),
            ("F", {"station": "PER-1"}, "pool.other_plant"),
            ("F", {"line": "L-ASM"}, "pool.other_plant"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, pool: str, more: dict[str, Any], code: str) -> None:
        from karkhana.floor.setup import ensure_plant

        ensure_plant(code="FAR", name="Far", time_zone="Asia/Kolkata")
        make("P", "imei", "ACME", "35209900", product="PHONE")
        make("F", "imei", "ACME", "35209901", plant="FAR")
        assert said(lambda: take(pool, **more))[0] == code
        assert take("P", station="PER-1", work_order="WO-PHONE")
        kept = PoolAllotment.objects.get()
        assert (kept.line, kept.station, kept.work_order) == ("L-ASM", "PER-1", "WO-PHONE")


@pytest.mark.usefixtures("rolled_back")
class TestTemplates:
    def test_the_counter_begins_anew_with_the_week_of_the_plant(self) -> None:
        make("S", "serial", template="PH{yy}{ww}{plant}{n:03}{check:luhn36}", plant="NOIDA")
        sunday_night = dt.datetime(2027, 1, 3, 18, 29, tzinfo=dt.UTC)  # 23:59 in Noida, week 53 of 2026
        assert [value[:-1] for value in take("S", 2, now=sunday_night)] == [
            "PH2653NOIDA001",
            "PH2653NOIDA002",
        ]
        after = sunday_night + dt.timedelta(minutes=1)
        assert take("S", now=after)[0][:-1] == "PH2701NOIDA001"
        assert take("S", now=sunday_night)[0][:-1] == "PH2653NOIDA003", "a late draw goes on with its week"

    def test_it_is_exhausted_when_the_counter_is_full(self) -> None:
        make("S", "serial", template="PH{yy}{n:01}")
        assert len(take("S", 9)) == 9
        assert said(lambda: take("S"))[0] == "pool.exhausted"

    def test_it_takes_no_ranges(self) -> None:
        make("S", "serial", template="PH{yy}{n:01}")
        assert said(lambda: import_ranges(lines=[RangeLine("x", "PH1", "PH2")], pool="S", now=ws.NOW))[0] == (
            "pool.composed"
        )

    def test_numbers_that_a_range_has_are_not_composed(self) -> None:
        make("R", "serial", "ACME", "PH261..PH269")
        make("S", "serial", template="PH{yy}{n:01}")
        assert said(lambda: take("S"))[0] == "pool.overlap"


@pytest.mark.usefixtures("rolled_back")
class TestSpoil:
    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"pool": "NONE"}, "pool.unknown"),
            ({"value": "nonsense\0"}, "pool.invalid"),
            ({"reason": ""}, "pool.invalid"),
            ({"value": "490154203237518"}, "pool.value_unknown"),
            ({"value": "352099009999992"}, "pool.value_free"),
        ],
    )
    def test_what_cannot_be_spoilt_is_refused(self, more: dict[str, Any], code: str) -> None:
        make("P", "imei", "ACME", "35209900")
        wanted = {"pool": "P", "value": take()[0], "reason": "torn", "now": ws.NOW, **more}
        assert said(lambda: spoil(**wanted))[0] == code

    def test_a_value_in_a_unit_is_not_spoilt_but_scrapped(self) -> None:
        make("P", "imei", "ACME", f"{ws.imei(1)}..{ws.imei(9)}")
        take(count=3)
        for line in ws.lines(ws.PERSONAL):
            record_events([line.raw], recorded_at=ws.NOW)
        code = said(lambda: spoil(pool="P", value=ws.imei(1), reason="torn", now=ws.NOW))[0]
        assert code == "pool.value_written"
        assert spoil(pool="P", value=ws.imei(2), reason="torn", now=ws.NOW) == ws.imei(2)


@pytest.mark.usefixtures("rolled_back")
class TestTheDatabase:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE floor_poolrange SET next_index = next_index - 1",
            "UPDATE floor_poolrange SET count = count - 1",
            "UPDATE floor_poolrange SET first = last",
            "DELETE FROM floor_poolrange",
            "UPDATE floor_poolallotment SET last_index = first_index",
            "DELETE FROM floor_poolallotment",
            "TRUNCATE floor_poolrange CASCADE",
            "INSERT INTO floor_poolallotment (pool_id, range_id, first_index, last_index, part, line,"
            " station, work_order, unit, actor, at) SELECT pool_id, id, 0, 4, 0, '', '', '', '', '', now()"
            " FROM floor_poolrange",
            "INSERT INTO floor_poolallotment (pool_id, range_id, first_index, last_index, part, line,"
            " station, work_order, unit, actor, at)"
            " SELECT pool_id, id, 3, 1000000, 0, '', '', '', '', '', now()"
            " FROM floor_poolrange",
        ],
    )
    def test_lets_nobody_draw_a_value_again(self, sql: str) -> None:
        make("P", "imei", "ACME", "35209900")
        take(count=3)
        with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        cause = caught.value.__cause__
        assert isinstance(cause, psycopg.Error)
        assert cause.sqlstate in (RESTRICT_VIOLATION, "23514", "55006")

    def test_a_draw_does_not_make_the_gate_read_its_reference_again(self) -> None:
        make("P", "imei", "ACME", "35209900")

        def version() -> int:
            with connection.cursor() as cursor:
                cursor.execute("SELECT version FROM ledger_reference")
                return int(cursor.fetchone()[0])

        before = version()
        take(count=3)
        assert version() == before


def test_two_with_one_key_at_once_get_the_same(fresh_database: str, django_db_blocker: Any) -> None:
    make("P", "imei", "ACME", "35209900")
    answers: list[list[str]] = []
    barrier = threading.Barrier(4)

    def run() -> None:
        with django_db_blocker.unblock():
            try:
                for number in range(25):
                    barrier.wait()
                    answers.append(take(count=3, key=f"key {number}"))
            finally:
                connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 100
    assert len({value for values in answers for value in values}) == 75
    assert PoolRange.objects.get().next_index == 75


WORKER = """
import sys, datetime as dt, django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from karkhana.floor.pools.draws import draw
now = dt.datetime(2026, 6, 15, tzinfo=dt.UTC)
sys.stdin.readline()
for count in map(int, sys.argv[2:]):
    print("\\n".join(draw(pool="P", count=count, now=now).values()))
"""


def test_8_processes_draw_100_000_identities_without_a_double(fresh_database: str) -> None:
    """Each process draws 12,500: two in blocks of 6,000, the rest in blocks of 20 and one by one."""
    make("P", "imei", "ACME", "35209900000000..35209900059999", "35209901000000..35209901039999")
    sizes = [6000, *[20] * 15, *[1] * 100, 6000, 100]
    assert sum(sizes) == 12_500
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, fresh_database, *map(str, sizes)], env=os.environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(8)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    values = [value for worker in workers for value in worker.communicate(timeout=300)[0].split()]
    assert [worker.returncode for worker in workers] == [0] * 8
    assert len(values) == len(set(values)) == 100_000
    assert list(PoolRange.objects.order_by("id").values_list("next_index", flat=True)) == [60_000, 40_000]
    assert said(take)[0] == "pool.exhausted"
