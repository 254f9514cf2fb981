"""The store's rules: what may be moved where, what a count explains, what a reconciliation adds up to."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karkhana.supply.stock import rules
from karkhana.supply.stock.refusals import REFUSALS
from karkhana.supply.stock.rules import Account, Movement, Place, Range

S1, S2, Q = Place("S1", "N", "store"), Place("S2", "N", "store"), Place("Q", "N", "quarantine")
L1, X, FAR = Place("L1", "N", "line"), Place("X", "N", "scrap"), Place("FAR", "M", "store")


def code(kind: str, source: Place | None, target: Place | None, amount: str = "1", **more: str | bool) -> str:
    reason = str(more.get("reason", "because"))
    found = rules.check_movement(
        Movement(kind, "LOT", D(amount), source, target, reason), held=bool(more.get("held"))
    )
    return found.code if found else ""


@pytest.mark.parametrize(
    ("kind", "source", "target", "answer"),
    [
        ("move", S1, S2, ""),
        ("move", S1, Q, ""),
        ("move", Q, S1, ""),
        ("move", S1, FAR, ""),
        ("move", S1, S1, "stock.places"),
        ("move", S1, None, "stock.places"),
        ("move", None, S1, "stock.places"),
        ("move", S1, X, "stock.places"),
        ("move", X, S1, "stock.places"),
        ("issue", S1, L1, ""),
        ("issue", Q, L1, "stock.places"),
        ("issue", S1, S2, "stock.places"),
        ("issue", FAR, L1, "stock.places"),
        ("return", L1, S1, ""),
        ("return", L1, Q, ""),
        ("return", S1, Q, "stock.places"),
        ("scrap", S1, None, ""),
        ("scrap", L1, X, ""),
        ("scrap", X, None, "stock.places"),
        ("scrap", S1, S2, "stock.places"),
        ("send_back", S1, None, ""),
        ("send_back", X, None, ""),
        ("send_back", L1, None, "stock.places"),
        ("send_back", S1, S2, "stock.places"),
        ("adjust", S1, None, ""),
        ("adjust", None, S1, ""),
        ("adjust", S1, S2, "stock.places"),
        ("use", L1, None, ""),
        ("use", X, None, "stock.places"),
    ],
)
def test_where_material_may_go(kind: str, source: Place | None, target: Place | None, answer: str) -> None:
    assert code(kind, source, target) == answer


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1e12", "0.0000001", "1e40"])
def test_what_is_no_quantity(amount: str) -> None:
    assert code("move", S1, S2, amount) == "stock.quantity"


def test_a_count_of_nothing_is_a_count() -> None:
    assert code("count", None, S1, "0") == ""


@pytest.mark.parametrize("kind", ["scrap", "send_back"])
def test_what_leaves_the_house_needs_a_reason(kind: str) -> None:
    assert code(kind, S1, None, reason="") == "stock.reason"


def test_a_lot_on_hold_goes_to_quarantine_and_nowhere_else() -> None:
    ways = (("move", S2), ("issue", L1), ("move", Q))
    answers = [code(kind, S1, target, held=True) for kind, target in ways]
    assert answers == ["stock.held", "stock.held", ""]
    assert code("scrap", S1, None, held=True) == ""


def counted(balance: int, found: int, low: int, high: int) -> tuple[int, int]:
    said = rules.settle_count(D(balance), D(found), Range(D(low), D(high)))
    return int(said.used), int(said.difference)


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ((1000, 410, 590, 590), (590, 0)),
        ((1000, 400, 590, 590), (590, -10)),
        ((1000, 420, 590, 590), (590, 10)),
        ((1000, 400, 580, 620), (600, 0)),
        ((1000, 370, 580, 620), (620, -10)),
        ((1000, 430, 580, 620), (580, 10)),
        ((1000, 1000, 0, 0), (0, 0)),
        ((100, 0, 590, 590), (100, 0)),
        ((100, 5, 590, 590), (100, 5)),
        ((1000, 900, -50, -50), (0, -100)),
    ],
)
def test_a_count_is_explained_by_the_record_as_far_as_it_goes(
    given: tuple[int, int, int, int], answer: tuple[int, int]
) -> None:
    assert counted(*given) == answer


@given(*[st.integers(0, 2000)] * 4)
def test_what_a_count_books_leaves_what_was_counted(balance: int, found: int, one: int, two: int) -> None:
    used, difference = counted(balance, found, min(one, two), max(one, two))
    assert balance - used + difference == found
    assert 0 <= used <= balance


@pytest.mark.parametrize(
    ("kind", "use", "before", "beside", "answer"),
    [
        ("line", (50, 50), 0, 0, (50, 50)),
        ("line", (50, 60), 0, 30, (20, 60)),
        ("store", (50, 60), 100, 0, (0, 0)),
        ("store", (50, 60), 20, 0, (30, 40)),
        ("store", (50, 60), 20, 40, (0, 40)),
        ("store", (-5, -5), 0, 0, (0, 0)),
    ],
)
def test_lines_are_used_up_before_the_store(
    kind: str, use: tuple[int, int], before: int, beside: int, answer: tuple[int, int]
) -> None:
    said = rules.use_at(kind, Range(D(use[0]), D(use[1])), before=D(before), beside=D(beside))
    assert (int(said.low), int(said.high)) == answer


def test_an_account_says_what_must_be_on_hand() -> None:
    one = Account(D(1000), D(-200), Range(D(300), D(320)), D(5), D(10), D(-2), D(-3))
    assert one.on_hand == Range(D(460), D(480))
    other = Account(D(0), D(200), Range(D(0), D(0)), D(0), D(0), D(0), D(0))
    both = rules.total([one, other])
    assert (both.received, both.taken_over, both.on_hand) == (D(1000), D(0), Range(D(660), D(680)))
    assert rules.total([]).on_hand.exact


def test_every_refusal_is_a_sentence_with_a_next_step() -> None:
    assert all(message.endswith(".") and step.endswith(".") for message, step in REFUSALS.values())
