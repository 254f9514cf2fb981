"""ISO 2859-1's tables held by what they must be: published cells, their diagonals, their operating curves."""

from __future__ import annotations

from decimal import Decimal
from math import comb

import pytest

from karkhana.kernel.refusals import Refused
from karkhana.supply.incoming.sampling import rules
from karkhana.supply.incoming.sampling.tables import NORMAL, REDUCED, SEVERITIES, TIGHTENED, tables

LETTERS = "ABCDEFGHJKLMNPQR"
# The preferred numbers R5 that sample sizes and AQLs are made of.
R5 = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150)
DIAGONALS = {
    NORMAL: (0, "^", "v", 1, 2, 3, 5, 7, 10, 14, 21),
    TIGHTENED: (0, "v", "v", 1, 2, 3, 5, 8, 12, 18),
    REDUCED: (0, "^", "v", "v", 1, 2, 3, 5, 6, 8, 10),
}
FIRST = {NORMAL: 14, TIGHTENED: 15, REDUCED: 14}
"""Place of the letter plus place of the AQL on the diagonal of acceptance number 0."""


def accepted(sample: int, accept: int, share: Decimal) -> float:
    """Return the probability that a lot with this share of nonconforming items is accepted (binomial)."""
    p = float(share) / 100
    return sum(comb(sample, k) * p**k * (1 - p) ** (sample - k) for k in range(accept + 1))


def plans(severity: str) -> list[tuple[str, Decimal, int, int]]:
    """Return (letter, AQL, sample, accept) of every cell that is a plan, not an arrow."""
    master = tables().masters[severity]
    return [
        (letter, aql, master.samples[letter], int(cell))
        for (letter, aql), cell in master.cells.items()
        if cell.isdigit()
    ]


@pytest.mark.parametrize(
    ("severity", "letter", "aql", "plan"),
    [
        (NORMAL, "J", "1.0", ("J", 80, 2)),
        (NORMAL, "K", "0.65", ("K", 125, 2)),
        (NORMAL, "L", "1.0", ("L", 200, 5)),
        (NORMAL, "A", "6.5", ("A", 2, 0)),
        (NORMAL, "K", "4.0", ("K", 125, 10)),
        (NORMAL, "L", "10", ("K", 125, 21)),
        (NORMAL, "R", "0.010", ("Q", 1250, 0)),
        (NORMAL, "F", "1.0", ("E", 13, 0)),
        (NORMAL, "A", "10", ("C", 5, 1)),
        (NORMAL, "G", "0.010", ("Q", 1250, 0)),
        (TIGHTENED, "J", "1.0", ("J", 80, 1)),
        (TIGHTENED, "K", "4.0", ("K", 125, 8)),
        (TIGHTENED, "Q", "0.025", ("S", 3150, 1)),
        (TIGHTENED, "R", "0.010", ("R", 2000, 0)),
        (TIGHTENED, "R", "0.015", ("Q", 1250, 0)),
        (TIGHTENED, "G", "1.0", ("J", 80, 1)),
        (REDUCED, "J", "1.0", ("J", 32, 1)),
        (REDUCED, "K", "4.0", ("K", 50, 6)),
        (REDUCED, "K", "6.5", ("K", 50, 8)),
        (REDUCED, "R", "0.025", ("N", 200, 0)),
        (REDUCED, "B", "10", ("D", 3, 1)),
    ],
)
def test_published_cells(severity: str, letter: str, aql: str, plan: tuple[str, int, int]) -> None:
    assert rules.master_plan(letter, Decimal(aql), severity) == plan


@pytest.mark.parametrize("severity", SEVERITIES)
def test_cells_lie_on_diagonals(severity: str) -> None:
    """A step to the next larger sample and one to the next smaller AQL cancel out."""
    master = tables().masters[severity]
    diagonal = DIAGONALS[severity]
    for i, letter in enumerate(LETTERS):
        for j, aql in enumerate(tables().aqls):
            place = i + j - FIRST[severity]
            cell = master.cells[letter, aql]
            if 0 <= place < len(diagonal) and diagonal[place] not in ("^", "v"):
                assert cell == str(diagonal[place]), (letter, aql)
            elif 0 <= place < len(diagonal):
                # At the edge of the table there is nothing to point at, so the arrow turns round.
                assert cell == diagonal[place] or letter in "ABQR", (letter, aql)
            else:
                assert cell == ("v" if place < 0 else "^"), (letter, aql)


def test_samples_are_preferred_numbers() -> None:
    normal, tightened, reduced = (tables().masters[severity].samples for severity in SEVERITIES)
    assert tuple(normal.values()) == R5[:16]
    assert tuple(tightened.values()) == R5
    assert tuple(reduced.values()) == (2, 2, *R5[:14])


@pytest.mark.parametrize(
    ("severity", "low", "high"), [(NORMAL, 0.87, 0.997), (TIGHTENED, 0.77, 0.97), (REDUCED, 0.87, 0.9995)]
)
def test_chance_of_acceptance_at_the_aql(severity: str, low: float, high: float) -> None:
    """A lot just as good as the AQL is mostly accepted, more surely the larger the sample."""
    chances = {(letter, aql): accepted(n, c, aql) for letter, aql, n, c in plans(severity)}
    assert min(chances.values()) > low, min(chances.items(), key=lambda item: item[1])
    assert max(chances.values()) < high, max(chances.items(), key=lambda item: item[1])


@pytest.mark.parametrize("times", [1, 2, 4])
def test_tightened_accepts_less_and_reduced_more(times: int) -> None:
    """Cell by cell: tightened at every quality, reduced where quality is clearly worse than the AQL."""
    chances = {
        severity: {(letter, aql): accepted(n, c, times * aql) for letter, aql, n, c in plans(severity)}
        for severity in SEVERITIES
    }
    shared = chances[NORMAL].keys() & chances[TIGHTENED].keys() & chances[REDUCED].keys()
    assert len(shared) == 70
    for key in shared:
        assert chances[TIGHTENED][key] <= chances[NORMAL][key], key
        assert times == 1 or chances[NORMAL][key] <= chances[REDUCED][key], key


def test_limiting_quality_of_a_well_known_plan() -> None:
    """Table 6 and the curve of letter J: n 80, Ac 2 accepts one lot in ten at 6.52 % nonconforming."""
    assert accepted(80, 2, Decimal("6.52")) == pytest.approx(0.10, abs=0.001)
    assert accepted(80, 2, Decimal("1.03")) == pytest.approx(0.95, abs=0.002)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_every_arrow_leads_to_a_plan(severity: str) -> None:
    for letter in LETTERS:
        for aql in tables().aqls:
            found, sample, accept = rules.master_plan(letter, aql, severity)
            assert sample == tables().masters[severity].samples[found]
            assert accept < sample or (accept, sample) in ((0, 2),)


@pytest.mark.parametrize(
    ("size", "level", "letter"),
    [
        (1, "II", "A"), (2, "II", "A"), (8, "II", "A"), (9, "II", "B"), (500, "II", "H"), (501, "II", "J"),
        (1200, "II", "J"), (1201, "II", "K"), (500_000, "II", "P"), (500_001, "II", "Q"),
        (500_001, "III", "R"), (500_001, "S-1", "D"), (90, "I", "C"), (3200, "S-4", "G"), (3201, "I", "J"),
        (35_001, "S-2", "E"), (10**12, "II", "Q"),
    ],
)  # fmt: skip
def test_code_letters(size: int, level: str, letter: str) -> None:
    assert rules.code_letter(size, level) == letter


def test_code_letters_grow_with_lot_and_level() -> None:
    rows = [row for _, row in tables().lots]
    order = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")
    for row in rows:
        general = [row[level] for level in ("I", "II", "III")]
        special = [row[level] for level in order[:4]]
        assert general == sorted(general)
        assert special == sorted(special)
    for level in order:
        column = [row[level] for row in rows]
        assert column == sorted(column)


def test_a_lot_as_small_as_its_sample_is_inspected_whole() -> None:
    plan = rules.plan_for(lot_size=5, level="II", aql=Decimal("0.65"), severity=NORMAL)
    assert (plan.sample, plan.accept, plan.reject, plan.whole) == (5, 0, 1, True)
    plan = rules.plan_for(lot_size=20, level="II", aql=Decimal("0.65"), severity=NORMAL)
    assert (plan.sample, plan.whole) == (20, True)
    plan = rules.plan_for(lot_size=21, level="II", aql=Decimal("0.65"), severity=NORMAL)
    assert (plan.letter, plan.sample, plan.whole) == ("F", 20, False)


@pytest.mark.parametrize("size", [0, -1, 10**12 + 1])
def test_no_lot_of_that_size(size: int) -> None:
    with pytest.raises(Refused) as raised:
        rules.code_letter(size, "II")
    assert raised.value.refusal.code == "sampling.lot_size"


@pytest.mark.parametrize("value", ["", "0", "15", "nan", "1,0", "0.66", "1e0", "\x00"])
def test_no_such_aql(value: str) -> None:
    with pytest.raises(Refused) as raised:
        rules.read_aql(value)
    assert raised.value.refusal.code == "sampling.aql"


def test_aqls_are_read_as_people_write_them() -> None:
    assert rules.read_aql("1") == rules.read_aql(" 1.0 ") == Decimal("1.0")
    assert rules.read_aql("0.1") == rules.read_aql("0.10") == Decimal("0.10")
    assert rules.read_aql("10") == Decimal(10)


def test_no_such_level() -> None:
    with pytest.raises(Refused) as raised:
        rules.code_letter(100, "IV")
    assert raised.value.refusal.code == "sampling.level"
