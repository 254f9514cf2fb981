"""Switching between normal, tightened and reduced inspection, as clause 9 of ISO 2859-1:1999 words it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from karkhana.supply.incoming.sampling import rules
from karkhana.supply.incoming.sampling.rules import DISCONTINUED, Inspected, Irregular, Resumed, fold
from karkhana.supply.incoming.sampling.tables import NORMAL, REDUCED, TIGHTENED

GOOD = Inspected(accepted=True, accept=2, tighter=True, may_reduce=True)
JUST = Inspected(accepted=True, accept=2, tighter=False, may_reduce=True)
BAD = Inspected(accepted=False, accept=2, tighter=False, may_reduce=True)
SMALL = Inspected(accepted=True, accept=0, tighter=False, may_reduce=True)


def states(text: str) -> str:
    """Return the state after each lot, one letter each; g good, j just, b bad, s small plan."""
    lots = {"g": GOOD, "j": JUST, "b": BAD, "s": SMALL}
    now, found = rules.START, ""
    for letter in text:
        now = rules.step(now, lots[letter])
        found += now.state[0]
    return found


def test_two_of_five_refused_tighten() -> None:
    assert states("bb") == "nt"
    assert states("bgggb") == "nnnnt"
    assert states("bggggb") == "nnnnnn", "six lots apart are not two of five"
    assert states("gggbggggbg") == "nnnnnnnnnn"
    assert states("gggbgb") == "nnnnnt"


def test_five_accepted_relax() -> None:
    assert states("bb" + "ggggg") == "nt" + "ttttn"
    assert states("bb" + "ggggbggggg") == "nt" + "tttttttttn", "the run begins again with a refused lot"


def test_normal_begins_anew_after_tightened() -> None:
    assert states("bb" + "ggggg" + "b") == "nt" + "ttttn" + "n", "refusals before the switch do not count"


def test_ten_good_lots_reduce() -> None:
    assert states("g" * 10) == "n" * 9 + "r", "3 points each, 30 at the tenth"
    assert states("s" * 15) == "n" * 14 + "r", "2 points each with Ac 0 or 1"
    assert states("ggggj" + "g" * 10) == "n" * 14 + "r", "a lot that only just passes sets the score to zero"


def test_score_is_lost_with_a_refused_lot() -> None:
    assert fold([GOOD] * 9).score == 27
    assert fold([*[GOOD] * 9, BAD]).score == 0
    assert fold([*[GOOD] * 9, BAD, *[GOOD] * 9]).state == NORMAL


def test_reduced_only_where_it_is_wanted() -> None:
    unwanted = Inspected(accepted=True, accept=2, tighter=True)
    assert fold([unwanted] * 40).state == NORMAL
    assert fold([*[unwanted] * 40, GOOD]).state == REDUCED


def test_one_refused_lot_ends_reduced() -> None:
    assert states("g" * 10 + "gjg" + "b") == "n" * 9 + "r" + "rrr" + "n"
    assert fold([*[GOOD] * 10, BAD, GOOD]).recent == (True,), "the lot refused on reduced does not tighten"


def test_irregular_production_ends_reduced() -> None:
    assert fold([*[GOOD] * 10, Irregular()]) == rules.START


def test_five_refused_on_tightened_end_acceptance() -> None:
    assert states("bb" + "bbbbb") == "nt" + "tttt" + "d"
    assert states("bb" + "bgbgbgbgb") == "nt" + "tttttttt" + "d", "cumulative, not consecutive"
    stopped = fold([BAD] * 7)
    assert stopped.severity == TIGHTENED
    assert rules.step(stopped, GOOD).state == DISCONTINUED, "only the supplier's improvement ends it"
    resumed = rules.step(stopped, Resumed())
    assert (resumed.state, resumed.refused, resumed.run) == (TIGHTENED, 0, 0)


def test_refused_lots_on_tightened_do_not_carry_over() -> None:
    now = fold([BAD, BAD, BAD, BAD, BAD, BAD, *[GOOD] * 5, BAD, BAD])
    assert (now.state, now.refused) == (TIGHTENED, 0)


def test_one_step_tighter_is_the_column_before() -> None:
    """Letter J, AQL 1.0: n 80, Ac 2; the column 0.65 takes one."""
    lot = {"lot_size": 1000, "level": "II", "aql": Decimal("1.0")}
    assert rules.accepted_one_step_tighter(**lot, nonconforming=1)
    assert not rules.accepted_one_step_tighter(**lot, nonconforming=2)
    assert not rules.accepted_one_step_tighter(
        lot_size=1000, level="II", aql=Decimal("0.010"), nonconforming=0
    )


happenings = st.lists(
    st.one_of(
        st.builds(Inspected, st.booleans(), st.sampled_from([0, 1, 2, 5]), st.booleans(), st.booleans()),
        st.just(Irregular()),
        st.just(Resumed()),
    ),
    max_size=60,
)


@given(happenings, happenings)
def test_history_can_be_cut_anywhere(first: list, second: list) -> None:
    """Folding the rest from where the first part ended gives what folding all of it gives."""
    now = fold(first)
    for happening in second:
        now = rules.step(now, happening)
    assert now == fold([*first, *second])


@given(happenings)
def test_counters_stay_within_their_clauses(all_of_it: list) -> None:
    now = rules.START
    for happening in all_of_it:
        before, now = now, rules.step(now, happening)
        assert len(now.recent) <= 4
        assert now.recent.count(False) <= 1
        assert now.run < 5
        assert now.refused < 5 or now.state == DISCONTINUED
        assert now.state != REDUCED or before.state in (NORMAL, REDUCED)
        assert not (before.state == DISCONTINUED and now.state == NORMAL)
