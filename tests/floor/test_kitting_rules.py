"""Kitting's rules: needs of an order, the order of picking, shortages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import msgspec

from floor import workshop as ws
from karkhana.floor.kitting.rules import Candidate, Need, needs_of, problem_of, propose

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def lot(name: str, part: str, free: int, day: int = 0, **more: Any) -> Candidate:
    return Candidate(name, part, more.pop("place", "S"), D(free), DAY + dt.timedelta(days=day), **more)


def picked(need: Need, *candidates: Candidate, whole: bool = False) -> tuple[list[tuple[str, int]], int]:
    (line,) = propose([need], candidates, whole=whole)
    return [(pick.lot, int(pick.quantity)) for pick in line.picks], int(line.short)


def test_an_order_needs_each_part_once_however_many_steps_take_it() -> None:
    first, *rest = ws.MAIN.steps
    twice = msgspec.structs.replace(
        ws.MAIN, steps=(first, msgspec.structs.replace(first, number=2), *rest[1:])
    )
    needs = needs_of(twice, 10, {})
    assert [(need.part, int(need.quantity)) for need in needs] == [("CAP", 20), ("RES", 20)]


def test_key_parts_are_needed_too_and_own_boards_come_from_a_line() -> None:
    needs = needs_of(ws.PHONE, 10, {"BAT": D(4), "BAT-B": D(1)})
    assert [(need.part, need.product, int(need.open)) for need in needs] == [
        ("PCBA", "MAIN", 10), ("BAT", None, 5), ("GLUE", None, 10),
    ]  # fmt: skip


def test_what_was_issued_covers_its_own_part_before_it_covers_as_an_alternate() -> None:
    step = ws.MAIN.steps[0]
    material = step.materials[0]
    own = msgspec.structs.replace(material, part="CAP-B", alternates=())
    both = msgspec.structs.replace(step, materials=(material, own))
    needs = needs_of(msgspec.structs.replace(ws.MAIN, steps=(both,)), 10, {"CAP-B": D(12)})
    assert [(need.part, int(need.open)) for need in needs] == [("CAP", 8), ("CAP-B", 0)]
    over = needs_of(msgspec.structs.replace(ws.MAIN, steps=(both,)), 10, {"CAP": D(15)})
    assert [(need.part, int(need.issued), int(need.open)) for need in over] == [
        ("CAP", 15, 0), ("CAP-B", 0, 10),
    ]  # fmt: skip


def test_first_expired_first_out_then_oldest_and_alternates_last() -> None:
    need = Need(("CAP", "CAP-B"), D(1), D(100))
    said = picked(
        need,
        lot("alternate", "CAP-B", 1000, 0),
        lot("young", "CAP", 30, 5),
        lot("old", "CAP", 30, 1),
        lot("late", "CAP", 20, 0, expires_on=dt.date(2026, 9, 1)),
        lot("soon", "CAP", 10, 9, expires_on=dt.date(2026, 8, 1)),
    )
    assert said == ([("soon", 10), ("late", 20), ("old", 30), ("young", 30), ("alternate", 10)], 0)


def test_the_brands_own_material_goes_first() -> None:
    need = Need(("CAP",), D(1), D(10))
    assert picked(need, lot("bought", "CAP", 50, 0), lot("theirs", "CAP", 4, 9, owner="ACME")) == (
        [("theirs", 4), ("bought", 6)],
        0,
    )


def test_what_may_not_be_taken_is_left_out_with_the_reason_and_short_says_so() -> None:
    need = Need(("CAP",), D(2), D(100), issued=D(10))
    (line,) = propose([need], [lot("held", "CAP", 500, problem="held"), lot("good", "CAP", 30)])
    assert [(c.lot, c.problem) for c in line.left_out] == [("held", "held")]
    assert (int(line.free), int(line.short)) == (30, 60)


def test_one_lot_serves_two_needs_until_it_is_used_up() -> None:
    needs = [Need(("CAP",), D(1), D(60)), Need(("RES", "CAP"), D(1), D(60))]
    lines = propose(needs, [lot("one", "CAP", 100)])
    assert [[int(pick.quantity) for pick in line.picks] for line in lines] == [[60], [40]]
    assert [int(line.short) for line in lines] == [0, 20]


def test_whole_lots() -> None:
    need = Need(("CAP",), D(1), D(60))
    assert picked(need, lot("a", "CAP", 50), lot("b", "CAP", 50, 1), whole=True) == (
        [("a", 50), ("b", 50)],
        0,
    )


def test_why_a_lot_is_left() -> None:
    def why(**more: Any) -> str:
        return problem_of(
            **{"held": False, "owners": (), "brand": "ACME", "ended": "", "on_line": False, **more}
        )

    assert why() == why(owners=("ACME",)) == ""
    assert why(held=True, owners=("ZEN",)) == "held"
    assert why(owners=("ACME", "ZEN"), ended="expired") == "other_owner"
    assert (why(ended="floor_life"), why(on_line=True)) == ("floor_life", "on_line")
