"""A draft's route: walked in its own order, and every way in which it can be wrong is named by its step."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karkhana.design.plan import END, STEP_MAX, Plan, PlanStep, decode_plan, encode_plan, route_problems, walk


def step(number: int, next_step: int | None = None, reentry: int | None = None) -> PlanStep:
    return PlanStep(number, f"S{number}", "SMT", "UnitsProcessed", next=next_step, reentry=reentry)


def problems(*steps: PlanStep) -> list[str]:
    return [f"{problem.place}: {problem.text}" for problem in route_problems(Plan(steps=steps))]


def test_steps_are_walked_by_number_and_by_what_they_name_next() -> None:
    order, wrong = walk([step(30, END), step(10), step(25, 30), step(20, 25)])
    assert ([s.number for s in order], wrong) == ([10, 20, 25, 30], ())
    order, wrong = walk([step(10, 30), step(20, END), step(30, 20)])
    assert ([s.number for s in order], wrong) == ([10, 30, 20], ())


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "route: The route has no steps."),
        ([step(10), step(10)], "route.step 10: 2 steps have the number 10."),
        ([step(0)], "route.step 0: A step's number is 1 to 1000000, not 0."),
        ([step(10), step(-5)], "route.step -5: A step's number is 1 to 1000000, not -5."),
        ([step(10, 99)], "route.step 10: Step 10 (S10) goes on to step 99, which is not there."),
        ([step(10), step(20, 10)],
         "route.step 20: The route never ends: step 20 (S20) goes back to step 10."),
        ([step(10, 10)], "route.step 10: The route never ends: step 10 (S10) goes back to step 10."),
        ([step(10, 30), step(20), step(30)], "route.step 20: Step 20 (S20) is never reached."),
        ([step(10), step(20, reentry=30), step(30)],
         "route.step 20: Step 20 (S20) re-enters at 30, which is not before it."),
        ([step(10, reentry=11)], "route.step 10: Step 10 (S10) re-enters at 11, which is not before it."),
        ([step(n) for n in range(1, STEP_MAX + 2)], "route: The route has 201 steps; 200 are allowed."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_route_is_named_by_its_step(steps: list[PlanStep], said: str) -> None:
    assert problems(*steps)[0] == said


def test_a_step_may_re_enter_at_itself_and_at_any_before_it_on_the_way() -> None:
    assert problems(step(10), step(20, reentry=20), step(30, reentry=10)) == []
    # 20 comes after 30 on this way, whatever its number says.
    assert problems(step(10, 30), step(20, END, reentry=30), step(30, 20)) == []
    assert problems(step(10, 30), step(20, END), step(30, 20, reentry=20))[0].startswith("route.step 30")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "Step 10 has no name."),
        ({"station_type": ""}, "Step 10 (S10) has no station type."),
        ({"cycle_time_ms": -1}, "Step 10 (S10) has a cycle time below 0 or above 31 days."),
    ],
)
def test_a_step_that_says_too_little_is_named(changes: dict[str, object], said: str) -> None:
    assert problems(msgspec.structs.replace(step(10), **changes)) == [f"route.step 10: {said}"]


NUMBERS = st.integers(-2, 12)
STEPS = st.lists(
    st.builds(step, NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS), min_size=1, max_size=9
)  # fmt: skip


@given(STEPS)
def test_a_walk_ends_and_either_passes_every_step_once_or_says_what_is_wrong(steps: list[PlanStep]) -> None:
    order, wrong = walk(steps)
    assert len(order) <= len(steps)
    assert len({s.number for s in order}) == len(order)
    if not wrong:
        assert sorted(s.number for s in order) == sorted(s.number for s in steps)
        assert order[0].number == min(s.number for s in steps)
        for here, after in pairwise(order):
            higher = [s.number for s in steps if s.number > here.number]
            assert after.number == (here.next if here.next is not None else min(higher))
    for problem in wrong:
        assert any(str(s.number) in problem.place for s in steps)


@given(STEPS)
def test_a_route_without_problems_re_enters_on_its_own_way_only(steps: list[PlanStep]) -> None:
    plan = Plan(steps=tuple(steps))
    order, _ = walk(steps)
    places = {s.number: place for place, s in enumerate(order)}
    fine = not route_problems(plan)
    right = bool(order) and len(order) == len(steps) and all(
        s.reentry is None or places.get(s.reentry, 99) <= places[s.number] for s in order
    )  # fmt: skip
    assert not fine or right
    assert decode_plan(encode_plan(plan)) == plan
