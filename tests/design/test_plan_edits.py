"""Changes of a route, step by step, and what a draft may hold at all."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karkhana.design.families import FAMILIES, family_plan
from karkhana.design.plan import END, Plan, PlanStep, route_problems, walk
from karkhana.design.plan_edits import drop_step, insert_step, move_step, put_step, renumber, shown_order
from karkhana.design.release import LabelRule, TestLimit
from karkhana.design.storable import check_plan, check_text
from karkhana.kernel.refusals import Refused


def route(*steps: tuple[int, str, int | None, int | None]) -> Plan:
    """Return a plan of steps given as number, name, next, re-entry."""
    return Plan(
        steps=tuple(
            PlanStep(number, name, name.upper(), "UnitsProcessed", next=after, reentry=back)
            for number, name, after, back in steps
        )
    )


def names(plan: Plan) -> list[str]:
    return [step.name for step in walk(plan.steps)[0]]


STRAIGHT = route((10, "print", None, None), (20, "place", None, None), (30, "look", None, 10))


class TestMove:
    def test_numbers_follow_the_order_and_names_of_steps_follow_their_numbers(self) -> None:
        moved = move_step(STRAIGHT, 0, 1)
        assert [(step.number, step.name, step.reentry) for step in moved.steps] == [
            (10, "place", None), (20, "print", None), (30, "look", 20)
        ]  # fmt: skip

    def test_explicit_jumps_become_the_order_that_they_said(self) -> None:
        jumping = route((10, "a", 30, None), (20, "b", END, None), (30, "c", 20, None))
        assert names(jumping) == ["a", "c", "b"]
        assert names(move_step(jumping, 1, 0)) == ["b", "a", "c"]

    @given(
        family=st.sampled_from(FAMILIES),
        moves=st.lists(st.tuples(st.integers(0, 60), st.integers(-3, 60)), max_size=8),
    )
    def test_no_move_loses_a_step_or_makes_the_route_unwalkable(
        self, family: str, moves: list[tuple[int, int]]
    ) -> None:
        plan = family_plan(family=family, product="P")
        before = sorted(step.name for step in plan.steps)
        for place, to in moves:
            plan = move_step(plan, place % len(plan.steps), to)
            assert sorted(names(plan)) == before
            assert [step.number for step in plan.steps] == [10 * n for n in range(1, len(before) + 1)]

    def test_a_step_that_is_not_there_is_refused(self) -> None:
        for act in (lambda: move_step(STRAIGHT, 3, 0), lambda: drop_step(STRAIGHT, -1)):
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.refusal.code == "plan.step_unknown"


class TestInsert:
    def test_a_new_step_gets_the_number_between_its_neighbours(self) -> None:
        plan, place = insert_step(STRAIGHT, 0)
        assert plan.steps[place].number == 15
        assert [step.number for step in walk(plan.steps)[0]] == [10, 15, 20, 30]

    def test_without_room_the_route_is_numbered_anew(self) -> None:
        tight = route((1, "a", None, None), (2, "b", None, 1))
        plan, place = insert_step(tight, 0)
        assert [step.number for step in plan.steps] == [10, 20, 30]
        assert place == 1
        assert plan.steps[1].name == ""
        assert plan.steps[2].reentry == 10, "the step that names another follows its new number"

    def test_first_and_into_an_empty_route(self) -> None:
        plan, place = insert_step(STRAIGHT, None)
        assert walk(plan.steps)[0][0] is plan.steps[place]
        alone, place = insert_step(Plan(), None)
        assert (place, len(alone.steps), alone.steps[0].number) == (0, 1, 10)

    def test_behind_a_step_that_jumps(self) -> None:
        jumping = route((10, "a", 30, None), (20, "b", END, None), (30, "c", 20, None))
        plan, place = insert_step(jumping, 0)
        assert names(plan) == ["a", "", "c", "b"]
        assert plan.steps[place].name == ""

    @given(family=st.sampled_from(FAMILIES), places=st.lists(st.integers(0, 60), min_size=1, max_size=12))
    def test_a_new_step_is_always_reached_right_behind(self, family: str, places: list[int]) -> None:
        plan = family_plan(family=family, product="P")
        for where in places:
            behind = where % len(plan.steps)
            before = plan.steps[behind].name
            count = len(plan.steps)
            plan, place = insert_step(plan, behind)
            walked = walk(plan.steps)[0]
            assert len(walked) == count + 1
            at = walked.index(plan.steps[place])
            assert walked[at - 1].name == before


def test_a_dropped_step_is_named_no_more() -> None:
    plan = route((10, "a", 20, None), (20, "b", 30, None), (30, "c", None, 20))
    left = drop_step(plan, 1)
    assert [(step.number, step.next, step.reentry) for step in left.steps] == [
        (10, 30, None),
        (30, None, None),
    ]
    assert route_problems(left) == ()


def test_a_new_number_is_followed_by_the_steps_that_name_it() -> None:
    changed = put_step(STRAIGHT, 0, msgspec.structs.replace(STRAIGHT.steps[0], number=5))
    assert changed.steps[2].reentry == 5


def test_steps_with_one_number_are_all_shown_and_told_apart() -> None:
    double = route((10, "a", None, None), (10, "b", None, None), (20, "c", None, 10))
    assert shown_order(double) == (0, 1, 2)
    assert [step.number for step in renumber(double).steps] == [10, 20, 30]
    assert renumber(double).steps[2].reentry == 10


class TestWhatCannotBeStored:
    @pytest.mark.parametrize(
        ("plan", "place"),
        [
            (Plan(serial_prefix="A\x00"), "serial_prefix"),
            (Plan(repair_limit=2**40), "repair_limit"),
            (Plan(labels=(LabelRule("x", width_mm=Decimal("NaN")),)), "labels 1 width_mm"),
            (
                msgspec.structs.replace(
                    STRAIGHT,
                    steps=(
                        msgspec.structs.replace(
                            STRAIGHT.steps[0], tests=(TestLimit("u", low=Decimal("1e30")),)
                        ),
                    ),
                ),
                "steps 1 tests 1 low",
            ),
            (Plan(markets=("IN",) * 3000), "markets"),
        ],
    )
    def test_of_a_plan_is_refused_by_its_place(self, plan: Plan, place: str) -> None:
        with pytest.raises(Refused) as refused:
            check_plan(plan)
        assert refused.value.refusal.code == "plan.value"
        assert refused.value.refusal.fields["place"] == place

    @pytest.mark.parametrize("text", ["", "  ", "a\nb", "x" * 11])
    def test_of_a_name_is_refused(self, text: str) -> None:
        with pytest.raises(Refused) as refused:
            check_text("name", text, 10)
        assert refused.value.refusal.code == "text.value"

    @pytest.mark.parametrize("family", FAMILIES)
    def test_every_family_can_be_stored(self, family: str) -> None:
        check_plan(family_plan(family=family, product="P"))
