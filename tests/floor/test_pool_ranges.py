"""Importing ranges: what is stored, and that no value is ever in two ranges, whoever is quicker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from floor import workshop as ws
from karkhana.floor.models import Pool, PoolRange
from karkhana.floor.pools.draws import draw
from karkhana.floor.pools.files import RangeLine, read_ranges
from karkhana.floor.pools.operations import (
    COUNTER_MAX,
    create_pool,
    import_ranges,
    remove_range,
    set_pool,
)
from karkhana.floor.pools.refusals import REFUSALS
from karkhana.kernel.refusals import Refused


def make(code: str, scheme: str = "imei", brand: str = "ACME", **more: Any) -> Pool:
    return create_pool(code=code, brand=brand, scheme=scheme, now=ws.NOW, **more)


def give(pool: str, *ranges: tuple[str, ...]) -> None:
    lines = [RangeLine(f"r.csv line {n}", *one) for n, one in enumerate(ranges, start=2)]
    import_ranges(lines=lines, pool=pool, now=ws.NOW)


def said(call: Callable[[], object]) -> tuple[str, str]:
    """Return the code and the sentence of the refusal that a call ends in, in a savepoint of its own."""
    with pytest.raises(Refused) as caught, transaction.atomic():
        call()
    return caught.value.refusal.code, caught.value.refusal.message


@pytest.mark.usefixtures("rolled_back")
class TestImport:
    def test_a_tac_is_a_million_imeis(self) -> None:
        make("P")
        lines = read_ranges(b"\xef\xbb\xbfTAC;certificate\r\n35209900;GSMA-77\r\n", "tac.csv")
        done = import_ranges(lines=lines, pool="P", now=ws.NOW)
        assert (done.ranges, done.values, done.warnings) == (1, 1_000_000, ())
        stored = PoolRange.objects.get()
        assert (stored.first, stored.last, stored.certificate, stored.source) == (
            "352099000000006", "352099009999992", "GSMA-77", "tac.csv line 2",
        )  # fmt: skip

    def test_a_file_may_hold_ranges_of_several_pools(self) -> None:
        make("P")
        make("M", "eui48")
        text = b"pool,first,last,count\nP,35209900,,\nM,70B3D5123,,\nM,70B3D5124000,,16\n"
        assert import_ranges(lines=read_ranges(text, "f.csv"), now=ws.NOW).values == 1_000_000 + 4096 + 16
        assert Pool.objects.get(code="M").ranges.count() == 2

    def test_a_locally_administered_block_is_stored_with_a_warning(self) -> None:
        make("M", "eui48")
        done = import_ranges(lines=[RangeLine("form", "02:00:00")], pool="M", now=ws.NOW)
        assert "locally administered" in done.warnings[0]

    @pytest.mark.parametrize(
        ("scheme", "range_", "problem"),
        [
            ("imei", ("3520990", ""), "a TAC has 8 digits, not 7"),
            ("imei", ("352099001761489", "352099001769997"), "the Luhn check digit should be 1, not 9"),
            ("imei", ("35209900900000", "35209900100000"), "is before the first"),
            ("imei", ("35209900000000", "35209901000000"), "leaves a TAC"),
            ("imei", ("ABCDEFGH", ""), "not made of digits"),
            ("eui48", ("70B3D5123010/28", ""), "is not where a MA-M block begins"),
            ("eui48", ("70B3D512/32", ""), "is no block"),
            ("eui48", ("01005E", ""), "is a group address"),
            ("eui48", ("01005E000000", "01005E0000FF"), "is a group address"),
            ("meid", ("AF0123", ""), "8 digits, not 6"),
            ("serial", ("AB", "AC"), "does not end in the digits of a counter"),
            ("serial", ("AB001", "AC009"), "differ in more than the digits"),
            ("serial", ("ab001", "ab009"), "'a' at place 1 cannot stand"),
            ("serial", ("AB001", ""), "the last value is missing"),
            ("bpan", ("IN123", "IN124"), "has 21 letters and digits"),
        ],
    )
    def test_what_is_no_range_is_refused_with_its_line(
        self, scheme: str, range_: tuple[str, ...], problem: str
    ) -> None:
        make("P", scheme)
        code, message = said(lambda: give("P", range_))
        assert code == "pool.range"
        assert message.startswith("r.csv line 2: ")
        assert problem in message

    @pytest.mark.parametrize(
        ("data", "code", "problem"),
        [
            (b"", "pool.file", "it is empty"),
            (b"first,last\n", "pool.file", "no range below its heading"),
            (b"a,b\n1,2\n", "pool.file", "no column first"),
            (b"first,from\n1,2\n", "pool.file", "the column first stands twice"),
            (b"first\n\xff\xfe\n", "pool.file", "not UTF-8"),
            (b"first\n" + b"1\n" * 10_001, "pool.file", "more than 10000 ranges"),
            (b"x" * (4 * 2**20 + 1), "pool.file", "more than 4 MB"),
            (b"first,last\n35209900,\n35\x00,\n", "pool.range", "r.csv line 3: there is a NUL character"),
            (b"first,count\n35209900000000,1e9\n", "pool.range", "r.csv line 2 field count"),
            (b"first,count\n1,99999999999999999\n", "pool.range", "r.csv line 2 field count"),
            (b"first,last\n,5\n", "pool.range", "r.csv line 2 field first: it is empty"),
            (b"first\n" + b"9" * 121 + b"\n", "pool.range", "longer than 120"),
        ],
    )
    def test_what_is_no_file_is_refused_with_the_place(self, data: bytes, code: str, problem: str) -> None:
        found, message = said(lambda: read_ranges(data, "r.csv"))
        assert (found, problem in message) == (code, True), message

    def test_half_a_file_is_never_stored(self) -> None:
        make("P")
        code, message = said(lambda: give("P", ("35209900",), ("35209901",), ("3520990",)))
        assert (code, "line 4" in message, PoolRange.objects.count()) == ("pool.range", True, 0)

    def test_a_range_nothing_was_drawn_from_can_be_taken_back(self) -> None:
        make("P")
        give("P", ("35209900",))
        remove_range(pool="P", first="352099000000006")
        give("P", ("35209900",))
        assert said(lambda: remove_range(pool="P", first="1\0"))[0] == "pool.value_unknown"
        draw(pool="P", now=ws.NOW)
        assert said(lambda: remove_range(pool="P", first="352099000000006"))[0] == "pool.drawn"


@pytest.mark.usefixtures("rolled_back")
class TestOverlap:
    def test_names_both_ranges_of_one_brand(self) -> None:
        make("P")
        make("Q")
        give("P", ("35209900",))
        code, message = said(lambda: give("Q", ("35209900500000", "35209900500009")))
        assert code == "pool.overlap"
        assert message == (
            "r.csv line 2: 352099005000001 to 352099005000092 overlaps 352099000000006 to 352099009999992"
            " of pool P (r.csv line 2)."
        )

    def test_says_nothing_of_another_brand(self) -> None:
        make("P")
        make("Z", brand="ZEN")
        give("P", ("35209900",))
        code, message = said(lambda: give("Z", ("35209900",)))
        assert (code, "a range that is taken already" in message) == ("pool.overlap", True)
        assert not any(word in message for word in ("ACME", "pool P"))

    def test_inside_one_file_names_both_lines(self) -> None:
        make("P")
        lines = ("35209900",), ("35209901",), ("35209900000007", "35209900000009")
        code, message = said(lambda: give("P", *lines))
        assert code == "pool.overlap"
        assert "r.csv line 4" in message
        assert "r.csv line 2" in message

    def test_a_bluetooth_address_is_an_eui48(self) -> None:
        make("M", "eui48")
        make("B", "bluetooth")
        give("M", ("70B3D5123",))
        assert said(lambda: give("B", ("70B3D5",)))[0] == "pool.overlap"

    def test_serial_numbers_are_each_brands_own(self) -> None:
        make("P", "serial")
        make("Z", "serial", "ZEN")
        give("P", ("AB0001", "AB0999"))
        give("Z", ("AB0001", "AB0999"))
        give("P", ("AB00001", "AB00999"))
        assert said(lambda: give("P", ("AB0999", "AB1100")))[0] == "pool.overlap"

    def test_the_database_holds_it_without_the_program(self) -> None:
        make("P")
        give("P", ("35209900",))
        copy = PoolRange.objects.get()
        copy.pk, copy.low, copy.high = None, copy.high - 1, copy.high
        with pytest.raises(IntegrityError, match="pool_range_apart"), transaction.atomic():
            copy.save()
        copy.low, copy.high = copy.high, copy.high + 1
        copy.save()


def test_of_two_imports_at_once_one_is_refused(fresh_database: str, django_db_blocker: Any) -> None:
    make("P")
    make("Q")
    answers: list[str] = []
    gate = threading.Barrier(2)

    def run(pool: str) -> None:
        with django_db_blocker.unblock():
            try:
                gate.wait()
                give(pool, *[(f"352099{n:02d}",) for n in range(30)])
                answers.append("done")
            except Refused as refused:
                answers.append(refused.refusal.code)
            finally:
                connection.close()

    threads = [threading.Thread(target=run, args=(pool,)) for pool in "PQ"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["done", "pool.overlap"]
    assert PoolRange.objects.count() == 30


@pytest.mark.usefixtures("rolled_back")
class TestPools:
    def test_made_again_it_is_the_same_and_changed_it_is_refused(self) -> None:
        assert make("P", kind="imei1") == make("P", kind="imei1")
        assert said(lambda: make("P", kind="imei2"))[0] == "pool.exists"

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"code": ""}, "pool.invalid"),
            ({"code": "P\0"}, "pool.invalid"),
            ({"code": "P" * 41}, "pool.invalid"),
            ({"code": "P/Q"}, "pool.invalid"),
            ({"scheme": "gtin"}, "pool.invalid"),
            ({"scheme": "nonsense\0"}, "pool.invalid"),
            ({"brand": "NOBODY\0"}, "brand.unknown"),
            ({"plant": "MARS"}, "plant.unknown"),
            ({"product": "TABLET"}, "product.unknown"),
            ({"alarm_days": -1}, "pool.invalid"),
            ({"alarm_count": 10**30}, "pool.invalid"),
            ({"scheme": "serial", "template": "A{n:04}", "counter_last": COUNTER_MAX + 1}, "pool.invalid"),
            ({"scheme": "serial", "template": "A{n:04}", "counter_last": 10_000}, "pool.template"),
            ({"scheme": "serial", "template": "A{yy}"}, "pool.template"),
            ({"scheme": "serial", "template": "A{plant}{n:04}"}, "pool.template"),
            ({"scheme": "imei", "template": "{n:014}"}, "pool.template"),
            ({"scheme": "bpan", "template": "IN{n:05}"}, "pool.template"),
        ],
    )
    def test_what_cannot_be_is_refused(self, more: dict[str, Any], code: str) -> None:
        wanted = {"code": "P", "brand": "ACME", "scheme": "imei", "now": ws.NOW, **more}
        assert said(lambda: create_pool(**wanted))[0] == code

    def test_two_templates_that_could_meet_one_day_are_refused_now(self) -> None:
        make("P", "serial", template="A{yy}{ww}{n:04}")
        clash = said(lambda: make("Q", "serial", template="A2{n:07}"))
        assert clash[0] == "pool.template_clash"
        assert "A{yy}{ww}{n:04} of pool P" in clash[1]
        make("R", "serial", template="B{yy}{ww}{n:04}")
        make("Z", "serial", "ZEN", template="A{yy}{ww}{n:04}")
        make("S", "serial", template="C{n:04}", counter_last=4999)
        make("T", "serial", template="C{n:04}", counter_first=5000)
        assert (
            said(lambda: make("U", "serial", template="C{n:04}", counter_first=9000))[0]
            == "pool.template_clash"
        )

    def test_alarm_and_closing_can_be_changed_and_nothing_else(self) -> None:
        make("P")
        pool = set_pool(code="P", is_closed=True, alarm_days=3)
        assert (pool.is_closed, pool.alarm_days, pool.alarm_count) == (True, 3, 0)
        assert said(lambda: set_pool(code="Q\0"))[0] == "pool.unknown"
        pool.scheme = "meid"
        with pytest.raises(IntegrityError), transaction.atomic():
            pool.save()


def test_every_sentence_of_the_catalogue_is_whole() -> None:
    assert all(message.endswith(".") and step.endswith(".") for message, step in REFUSALS.values())
