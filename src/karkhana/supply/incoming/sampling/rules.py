"""Which sample is drawn from a lot, and how severe inspection is next. Pure.

ISO 2859-1:1999: code letters (10.1), single sampling plans (10.3), normal, tightened and reduced inspection
with the switching rules (9.3) and discontinuation (9.4). Double and multiple plans and those with
fractional acceptance numbers (clause 13) are not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from karkhana.kernel.refusals import refuse
from karkhana.supply.incoming.sampling.tables import NORMAL, REDUCED, SEVERITIES, TIGHTENED, tables

LEVEL_DEFAULT = "II"
"""Used unless another is agreed (10.1)."""
DISCONTINUED = "discontinued"
LOT_MAX = 10**12


@dataclass(frozen=True, slots=True)
class Plan:
    """A single sampling plan for one lot.

    Args:
        letter: code letter of the plan that is used, behind the arrows.
        sample: items to draw, at most the lot.
        accept: the largest number of nonconforming items in the sample with which the lot is accepted.
        reject: the smallest with which it is not.
        whole: the sample would be as large as the lot or larger: every item is inspected (10.3).
    """

    severity: str
    letter: str
    sample: int
    accept: int
    reject: int
    whole: bool


def read_aql(value: str) -> Decimal:
    """Read an AQL in per cent nonconforming.

    Raises:
        Refused: ``sampling.aql`` when the standard has no such column.
    """
    found = next((aql for aql in tables().aqls if value.strip() in {str(aql), f"{aql.normalize():f}"}), None)
    if found is None:
        raise refuse(
            "sampling.aql",
            "{value} is no AQL of ISO 2859-1.",
            "Choose one of {allowed}.",
            value=value[:20],
            allowed=", ".join(str(aql) for aql in tables().aqls),
        )
    return found


def check_level(level: str) -> str:
    """Return an inspection level that the standard has.

    Raises:
        Refused: ``sampling.level``.
    """
    if level not in tables().levels:
        raise refuse(
            "sampling.level",
            "{value} is no inspection level.",
            "Choose one of {allowed}; II unless something else is agreed.",
            value=level[:20],
            allowed=", ".join(tables().levels),
        )
    return level


def code_letter(lot_size: int, level: str) -> str:
    """Return the sample size code letter of table 1; a lot of one item stands with those of two to eight.

    Raises:
        Refused: ``sampling.lot_size``, ``sampling.level``.
    """
    check_level(level)
    if not 0 < lot_size <= LOT_MAX:
        raise refuse(
            "sampling.lot_size",
            "A lot of {value} items cannot be sampled.",
            "Say how many items the lot has, from 1 up.",
            value=str(lot_size)[:20],
        )
    row = next(row for up_to, row in tables().lots if up_to is None or lot_size <= up_to)
    return row[level]


def master_plan(letter: str, aql: Decimal, severity: str) -> tuple[str, int, int]:
    """Return (letter, sample size, acceptance number) of a master table, behind the arrows.

    Raises:
        KeyError: no such letter or AQL.
    """
    master = tables().masters[severity]
    place = master.letters.index(letter)
    while (cell := master.cells[master.letters[place], aql]) in ("^", "v"):
        place += 1 if cell == "v" else -1
    found = master.letters[place]
    return found, master.samples[found], int(cell)


def plan_for(*, lot_size: int, level: str, aql: Decimal, severity: str) -> Plan:
    """Return the single sampling plan for a lot.

    Args:
        lot_size: items in the lot, from 1 up.
        aql: in per cent nonconforming, one of the standard's.
        severity: normal, tightened or reduced.

    Raises:
        Refused: ``sampling.lot_size``, ``sampling.level``, ``sampling.aql``.
        ValueError: no such severity.
    """
    if severity not in SEVERITIES:
        raise ValueError(severity)
    if aql not in tables().aqls:
        read_aql(str(aql))
    letter, sample, accept = master_plan(code_letter(lot_size, level), aql, severity)
    whole = sample >= lot_size
    return Plan(severity, letter, min(sample, lot_size), accept, accept + 1, whole)


def accepted_one_step_tighter(*, lot_size: int, level: str, aql: Decimal, nonconforming: int) -> bool:
    """Say whether normal inspection would accept the lot had the AQL been one step tighter (9.3.3.2)."""
    place = tables().aqls.index(aql)
    if place == 0:
        return False
    tighter = tables().aqls[place - 1]
    return nonconforming <= plan_for(lot_size=lot_size, level=level, aql=tighter, severity=NORMAL).accept


@dataclass(frozen=True, slots=True)
class Inspected:
    """One lot that was judged on original inspection.

    Args:
        accept: the plan's acceptance number.
        tighter: it would have been accepted one AQL step tighter.
        may_reduce: production is steady and reduced inspection is wanted (9.3.3 b and c).
    """

    accepted: bool
    accept: int
    tighter: bool
    may_reduce: bool = False


@dataclass(frozen=True, slots=True)
class Irregular:
    """Production became irregular or was delayed, or something else calls for normal inspection (9.3.4)."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The supplier has put things right: inspection goes on, tightened (9.4)."""


Happening = Inspected | Irregular | Resumed


@dataclass(frozen=True, slots=True)
class Severity:
    """How severe inspection of a supplier's part is now, and what leads to the next switch.

    Args:
        state: normal, tightened, reduced or discontinued.
        score: the switching score; only on normal inspection.
        recent: whether the latest lots on normal inspection were accepted, at most four, oldest first.
        run: consecutive lots accepted on tightened inspection.
        refused: lots not accepted in this run of tightened inspection.
    """

    state: str = NORMAL
    score: int = 0
    recent: tuple[bool, ...] = field(default=())
    run: int = 0
    refused: int = 0

    @property
    def severity(self) -> str:
        """Return the master table to use: a discontinued supplier's lots are judged by the tightened one."""
        return TIGHTENED if self.state == DISCONTINUED else self.state


START = Severity()


def step(now: Severity, happening: Happening) -> Severity:
    """Return the severity after a happening (9.3, 9.4)."""
    if isinstance(happening, Irregular):
        return START if now.state == REDUCED else replace(now, score=0)
    if isinstance(happening, Resumed):
        return Severity(TIGHTENED) if now.state == DISCONTINUED else now
    if now.state == NORMAL:
        return _from_normal(now, happening)
    if now.state == TIGHTENED:
        return _from_tightened(now, happening)
    if now.state == REDUCED:
        return now if happening.accepted else START
    return now


def fold(happenings: Iterable[Happening]) -> Severity:
    """Return the severity after everything that happened, from the beginning (9.2: it starts normal)."""
    now = START
    for happening in happenings:
        now = step(now, happening)
    return now


def _from_normal(now: Severity, lot: Inspected) -> Severity:
    numbers = tables().switching
    recent = (*now.recent, lot.accepted)[-numbers.tighten_among :]
    if recent.count(False) >= numbers.tighten_refused:
        return Severity(TIGHTENED)
    score = _score(now.score, lot)
    if score >= numbers.reduce_score and lot.may_reduce:
        return Severity(REDUCED)
    return Severity(NORMAL, score, recent[-(numbers.tighten_among - 1) :])


def _score(score: int, lot: Inspected) -> int:
    numbers = tables().switching
    if lot.accept >= 2:
        return score + numbers.score_large if lot.accepted and lot.tighter else 0
    return score + numbers.score_small if lot.accepted else 0


def _from_tightened(now: Severity, lot: Inspected) -> Severity:
    numbers = tables().switching
    if lot.accepted:
        run = now.run + 1
        return START if run >= numbers.relax_accepted else replace(now, run=run)
    refused = now.refused + 1
    if refused >= numbers.discontinue_refused:
        return Severity(DISCONTINUED, refused=refused)
    return replace(now, run=0, refused=refused)
