"""Mixed-integer linear programs: columns and rows are named here, and only here, on their way to HiGHS and
back.

Numbers are exact (``int`` or ``Fraction``) on the way in and floating point inside the solver. Whoever needs
exactness rounds the answer and checks it against the exact rows: :meth:`Program.broken` does the latter.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Literal

import highspy
import numpy as np

Number = int | Fraction
Status = Literal["optimal", "feasible", "infeasible", "no_answer"]
SEED = 20_260_401
OBJECTIVE_TOP = 10_000.0
"""Costs are scaled so that the largest possible cost of one column is this: a range HiGHS likes."""

WRONG_PRESOLVE = frozenset({"1.14.0"})
"""Versions whose presolve takes a worse answer for the best one (ERGO-Code/HiGHS#2957, mended in 1.15.0)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A decision: its bounds, its cost each, and whether it must be whole."""

    lower: Number
    upper: Number
    cost: Number = 0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """``lower <= sum(coefficient * column) <= upper``; None is no bound."""

    terms: tuple[tuple[Hashable, Number], ...]
    lower: Number | None = None
    upper: Number | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the solver said.

    Args:
        status: ``optimal`` (proved), ``feasible`` (stopped by the time limit with something in hand),
            ``infeasible`` (proved that there is none) or ``no_answer`` (stopped with nothing).
        values: of every column by name; empty unless optimal or feasible.
        bound: no answer has a smaller cost than this, up to the solver's tolerance.
    """

    status: Status
    values: Mapping[Hashable, float]
    bound: float
    seconds: float

    @property
    def found(self) -> bool:
        """Whether there is an answer to use."""
        return self.status in ("optimal", "feasible")


@dataclass(slots=True)
class Program:
    """A linear program with names: ``minimise sum(cost * column)`` within the rows."""

    columns: dict[Hashable, Column] = field(default_factory=dict)
    rows: dict[Hashable, Row] = field(default_factory=dict)

    def column(self, name: Hashable, column: Column) -> None:
        """Add a column; a name stands for one column only."""
        if name in self.columns:
            raise ValueError(f"column {name!r} stands already")
        self.columns[name] = column

    def row(
        self,
        name: Hashable,
        terms: Iterable[tuple[Hashable, Number]],
        lower: Number | None = None,
        upper: Number | None = None,
    ) -> None:
        """Add a row, or put another in its place."""
        self.rows[name] = Row(tuple(terms), lower, upper)

    def cost(self, values: Mapping[Hashable, int]) -> Fraction:
        """Return the exact cost of whole values."""
        return sum(
            (Fraction(column.cost) * values[name] for name, column in self.columns.items()), Fraction(0)
        )

    def broken(self, values: Mapping[Hashable, int]) -> dict[Hashable, Fraction]:
        """Return the rows that whole values break, and by how much, exactly."""
        found: dict[Hashable, Fraction] = {}
        for name, row in self.rows.items():
            total = sum((Fraction(each) * values[column] for column, each in row.terms), Fraction(0))
            if row.lower is not None and total < row.lower:
                found[name] = Fraction(row.lower) - total
            if row.upper is not None and total > row.upper:
                found[name] = total - Fraction(row.upper)
        return found


def solve(
    program: Program,
    *,
    seconds: float,
    start: Mapping[Hashable, float] | None = None,
    relative_gap: float = 0.0,
) -> Answer:
    """Solve a program on one thread with a fixed seed, so that the same program gives the same answer.

    Args:
        seconds: the time after which the best answer so far is taken.
        start: values to begin from, of some or all columns.
        relative_gap: how far from the best possible an answer may be to count as optimal.
    """
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", SEED)
    highs.setOptionValue("time_limit", max(seconds, 0.01))
    highs.setOptionValue("mip_rel_gap", relative_gap)
    if highs.version() in WRONG_PRESOLVE:
        highs.setOptionValue("presolve", "off")
    scale = _objective_scale(program)
    highs.passModel(_as_arrays(program, scale))
    if start:
        highs.setSolution(_as_solution(program, start))
    highs.run()
    return _answer(highs, program, scale)


def _objective_scale(program: Program) -> float:
    shares = (
        abs(Fraction(column.cost)) * max(abs(Fraction(column.lower)), abs(Fraction(column.upper)))
        for column in program.columns.values()
    )
    top = max(shares, default=Fraction(0))
    return float(OBJECTIVE_TOP / top) if top else 1.0


def _as_arrays(program: Program, scale: float) -> highspy.HighsLp:
    """Turn names into places; every row is divided by its largest coefficient."""
    place = {name: number for number, name in enumerate(program.columns)}
    columns, rows = list(program.columns.values()), list(program.rows.values())
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(columns), len(rows)
    lp.col_cost_ = np.array([float(column.cost) * scale for column in columns], dtype=np.double)
    lp.col_lower_ = np.array([float(column.lower) for column in columns], dtype=np.double)
    lp.col_upper_ = np.array([float(column.upper) for column in columns], dtype=np.double)
    whole, divisible = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    lp.integrality_ = [whole if column.whole else divisible for column in columns]
    starts, indices = [0], list[int]()
    values, lower, upper = list[float](), list[float](), list[float]()
    for row in rows:
        top = max((abs(Fraction(each)) for _, each in row.terms), default=Fraction(1)) or Fraction(1)
        indices.extend(place[name] for name, _ in row.terms)
        values.extend(float(each / top) for _, each in row.terms)
        starts.append(len(indices))
        lower.append(-inf if row.lower is None else float(row.lower / top))
        upper.append(inf if row.upper is None else float(row.upper / top))
    lp.row_lower_, lp.row_upper_ = np.array(lower, dtype=np.double), np.array(upper, dtype=np.double)
    matrix = lp.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.start_ = np.array(starts, dtype=np.int32)
    matrix.index_ = np.array(indices, dtype=np.int32)
    matrix.value_ = np.array(values, dtype=np.double)
    return lp


def _as_solution(program: Program, start: Mapping[Hashable, float]) -> highspy.HighsSolution:
    solution = highspy.HighsSolution()
    solution.col_value = [float(start.get(name, 0)) for name in program.columns]
    return solution


def _answer(highs: highspy.Highs, program: Program, scale: float) -> Answer:
    status = highs.getModelStatus()
    info = highs.getInfo()
    seconds = float(highs.getRunTime())
    kinds = highspy.HighsModelStatus
    if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        return Answer("infeasible", {}, inf, seconds)
    if status == kinds.kModelEmpty:
        return Answer("optimal", {}, 0.0, seconds)
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if not feasible:
        if status == kinds.kOptimal:
            raise RuntimeError("the solver calls an answer optimal that is not feasible")
        return Answer("no_answer", {}, -inf, seconds)
    values = dict(zip(program.columns, highs.getSolution().col_value, strict=True))
    whole = any(column.whole for column in program.columns.values())
    bound = info.mip_dual_bound if whole else info.objective_function_value
    return Answer("optimal" if status == kinds.kOptimal else "feasible", values, bound / scale, seconds)
