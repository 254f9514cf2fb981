"""Plans in whole units from the program: the least cost for a level, and the highest level for a budget.

The solver may divide units, which is fast and gives a bound that no plan beats. A plan is then made whole:
what
came out whole stays, the rest is decided by a small program. Every plan is tested against the exact rows
before it
is believed, so an answer never rests on floating point; what does is only the proof that nothing is cheaper.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from karkhana.solving.localising.measure import Quotient
from karkhana.solving.localising.model import Model, limit, maximise, require
from karkhana.solving.milp import Answer, Column, Program, Row, solve

WHOLE = 1e-6
CLOSE = Fraction(1, 1_000_000)
SMALL = 400
"""Up to so many columns the whole program is proved in whole units too."""
ROUNDS = 12


class OutOfTime(Exception):
    """The time was over before there was any answer."""


class Clock:
    """How much of the time for solving is left."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds, 0 when it is over."""
        return max(self._ends - time.monotonic(), 0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """A plan in whole units: ``values`` of all columns, its exact cost, and what no plan can cost less than.

    ``bound`` is None where the solver was stopped before it had one; ``turnover`` is what all costs and
    savings come to without their signs.
    """

    values: Mapping[Hashable, int]
    cost: Fraction
    bound: Fraction | None
    turnover: Fraction

    @property
    def gap(self) -> Fraction | None:
        """How much cheaper a plan could still be."""
        return None if self.bound is None else max(self.cost - self.bound, Fraction(0))

    @property
    def proved(self) -> bool:
        """Whether nothing is cheaper, to a millionth of the money that moves (or a tenth of a paisa)."""
        gap = self.gap
        return gap is not None and gap <= max(self.turnover * CLOSE, Fraction(1, 1_000))


def least_cost(
    model: Model, level: Fraction, clock: Clock, *, start: Found | None = None,
    forced: Mapping[Hashable, int] | None = None, budget: Fraction | None = None,
    periods_held: int | None = None,
) -> Found | None:  # fmt: skip
    """Return the cheapest plan that reaches a level, None when there is none.

    Args:
        forced: columns that have to have these values.
        periods_held: how many of the periods must hold the level, None is all.

    Raises:
        OutOfTime: there is no answer yet.
    """
    program = require(model, level, periods_held=periods_held)
    limit(program, model, budget)
    for name, value in (forced or {}).items():
        program.columns[name] = Column(value, value, program.columns[name].cost, program.columns[name].whole)
    return whole_answer(program, clock, start.values if start else None)


def highest(model: Model, asked: Quotient, clock: Clock, budget: Fraction | None) -> Found | None:
    """Return a plan with the highest level within a budget, by Dinkelbach's method.

    Each round asks for the plan that lies furthest above the level of the one before; when none lies above,
    that
    one is the highest. None when not even doing nothing is within the budget.
    """
    best: Found | None = None
    level: Fraction | None = None
    for _ in range(ROUNDS):
        form = asked.above(level if level is not None else Fraction(0))
        program = maximise(model, form, budget)
        found = whole_answer(program, clock, best.values if best else None)
        if found is None:
            return best
        reached = asked.at(_units(model, found))
        if level is not None and best is not None and reached <= level:
            # That nothing lies above was only found out if this search came to its end.
            return best if found.proved else replace(best, bound=None)
        best, level = found, reached
        if not asked.bottom.terms:
            return best
    return None if best is None else replace(best, bound=None)


def _units(model: Model, found: Found) -> dict[tuple[str, str, str, int], int]:
    return {name: found.values[name] for name in model.units if found.values[name]}


def whole_answer(program: Program, clock: Clock, start: Mapping[Hashable, int] | None = None) -> Found | None:
    """Solve a program with divisible units, make the answer whole, and test it exactly.

    Raises:
        OutOfTime: the solver was stopped before it had anything.
    """
    relaxed = solve(program, seconds=clock.left, start=start)
    if relaxed.status == "infeasible":
        return None
    if relaxed.status == "no_answer":
        raise OutOfTime
    bound = Fraction(relaxed.bound) if math.isfinite(relaxed.bound) else None
    values = _made_whole(program, relaxed, clock)
    if values is None:
        return None
    found = _found(program, values, bound)
    if found.proved or len(program.columns) > SMALL:
        return found
    exact = solve(_all_whole(program), seconds=clock.left, start=values)
    if exact.found and math.isfinite(exact.bound):
        better = _rounded(program, exact)
        if not program.broken(better) and program.cost(better) <= found.cost:
            found = _found(program, better, bound)
        found = replace(found, bound=max(Fraction(exact.bound), bound or Fraction(exact.bound)))
    return found


def _found(program: Program, values: dict[Hashable, int], bound: Fraction | None) -> Found:
    each = [Fraction(column.cost) * values[name] for name, column in program.columns.items()]
    return Found(values, sum(each, Fraction(0)), bound, sum(map(abs, each), Fraction(0)))


def _made_whole(program: Program, relaxed: Answer, clock: Clock) -> dict[Hashable, int] | None:
    """Return whole values that break no row: first near the answer, at last anywhere."""
    for attempt in (_near, _switches_kept, _all_whole_after):
        tightened = attempt(program, relaxed)
        for _ in range(4):
            answer = solve(tightened, seconds=max(clock.left, 1.0), relative_gap=1e-7)
            if not answer.found:
                break
            values = _rounded(program, answer)
            broken = program.broken(values)
            if not broken:
                return values
            tightened = _tighter(tightened, broken)
    return None


def _near(program: Program, relaxed: Answer) -> Program:
    """Leave only what is not whole to be decided, between the whole numbers around it."""
    columns: dict[Hashable, Column] = {}
    for name, column in program.columns.items():
        value = relaxed.values[name]
        near = round(value)
        if column.whole or abs(value - near) <= WHOLE:
            columns[name] = Column(near, near, column.cost)
        else:
            columns[name] = Column(math.floor(value), math.ceil(value), column.cost, whole=True)
    return Program(columns, dict(program.rows))


def _switches_kept(program: Program, relaxed: Answer) -> Program:
    """Leave all units to be decided a little around the answer; who is chosen stays."""
    columns: dict[Hashable, Column] = {}
    for name, column in program.columns.items():
        near = round(relaxed.values[name])
        if column.whole:
            columns[name] = Column(near, near, column.cost)
        else:
            low, high = max(int(column.lower), near - 3), min(int(column.upper), near + 3)
            columns[name] = Column(low, high, column.cost, whole=True)
    return Program(columns, dict(program.rows))


def _all_whole_after(program: Program, _: Answer) -> Program:
    return _all_whole(program)


def _all_whole(program: Program) -> Program:
    columns = {name: replace(column, whole=True) for name, column in program.columns.items()}
    return Program(columns, dict(program.rows))


def _rounded(program: Program, answer: Answer) -> dict[Hashable, int]:
    return {name: round(answer.values[name]) for name in program.columns}


def _tighter(program: Program, broken: Mapping[Hashable, Fraction]) -> Program:
    """Draw in the rows that an answer broke by the solver's tolerance, by a little more than that."""
    rows = dict(program.rows)
    for name, amount in broken.items():
        row = rows[name]
        rows[name] = Row(
            row.terms,
            None if row.lower is None else row.lower + 2 * amount,
            None if row.upper is None else row.upper - 2 * amount,
        )
    return Program(program.columns, rows)
