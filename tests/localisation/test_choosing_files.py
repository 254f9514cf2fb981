"""Problems and candidates from files: what is understood, and what is refused with line and field."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from karkhana.kernel.refusals import Refused
from karkhana.localisation.choosing.problem_file import read_problem
from karkhana.localisation.choosing.queries import benchmarks
from karkhana.localisation.choosing.reading import read_candidates, read_plan

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "localise-next.toml"
HEAD = (
    "candidate,product,imported_before,imported_after,price_change,one_time,capacity,requires,minimum_per,"
    "quantity\n"
)


def table(folder: Path, text: str) -> Path:
    path = folder / "candidates.csv"
    path.write_text(HEAD + text)
    return path


def test_a_candidate_is_one_or_more_rows(tmp_path: Path) -> None:
    found = read_candidates(
        table(tmp_path, 'A,P,"1,20,000.50",5,2,100,,B; C,,\nA,Q,30,6,,,,,,2\nB,,,,,7,,,,\n')
    )
    assert not found.refusals
    first, second = found.candidates
    assert [effect.product for effect in first.effects] == ["P", "Q"]
    assert first.effects[0].imported_before == Decimal("120000.50")
    assert first.effects[1].quantity == 2
    assert (first.one_time, first.requires, second.one_time) == (100, ("B", "C"), 7)


def test_a_workbook_is_read_as_well(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["Candidate", "Product", "Imported before", "Imported after", "Tooling", "MOQ"])
    sheet.append(["A", "P", 20.5, 5, 1000000, 500])
    book.save(tmp_path / "c.xlsx")
    (candidate,) = read_candidates(tmp_path / "c.xlsx").candidates
    assert (candidate.one_time, candidate.minimum) == (1_000_000, 500)
    assert candidate.effects[0].imported_before == Decimal("20.5")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("A,P,,5,,,,,,", "imported_before"),
        ("A,P,twenty,5,,,,,,", "imported_before"),
        ("A,P,20,5,,,1.5,,,", "capacity"),
        ("A,P,20,5,,,,,week,", "minimum_per"),
        (",P,20,5,,,,,,", "candidate"),
        ("A,P,20,5,NaN,,,,,", "price_change"),
        ("A,P,1e400,5,,,,,,", "imported_before"),
        ("G,P,20,5,,,,,,", "product"),
        ("G,Q,20,5,,9,,,,", "one_time"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused_with_line_and_field(
    tmp_path: Path, row: str, field: str
) -> None:
    found = read_candidates(table(tmp_path, f"G,P,20,5,2,1,,,,\nH,P,20,5,2,1,,,,\n{row}\n"))
    (refusal,) = found.refusals
    assert (refusal.fields["line"], refusal.fields["field"]) == (4, field)
    assert refusal.fields["file"] == "candidates.csv"
    assert "H" in {candidate.code for candidate in found.candidates}


def test_half_a_candidate_is_left_out_whole(tmp_path: Path) -> None:
    found = read_candidates(table(tmp_path, "A,P,20,5,2,1,,,,\nA,Q,x,5,2,,,,,\nB,P,20,5,2,1,,,,\n"))
    assert [candidate.code for candidate in found.candidates] == ["B"]
    assert len(found.refusals) == 1


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("product,month,colour\nP,2026-04,red\n")
    with pytest.raises(Refused) as refused:
        read_plan(path)
    assert refused.value.refusal.code == "register.columns_missing"
    assert "units" in refused.value.refusal.message


def test_a_plan_is_read_by_product_and_month(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text('product,month,units\nP,2026-04,"1,00,000"\nP,2026-13,5\nP,2026-04,7\nP,2026-05,\n')
    found = read_plan(path)
    assert found.planned == {("P", "2026-04"): 100_000}
    assert [(one.fields["line"], one.fields["field"]) for one in found.refusals] == [
        (3, "month"),
        (4, "month"),
        (5, "units"),
    ]


def test_the_sample_is_solved_from_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "karkhana.cli", "localise-next", str(SAMPLE), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["status"], said["wanted"], said["proved"]) == ("reached", "50", True)
    assert {each["candidate"] for each in said["chosen"]} == {"BATT-2", "CASE-1", "PCB-1", "CABLE-1"}
    assert Decimal(said["one_time"]) == 116_500_000
    late = next(each for each in said["not_chosen"] if each["candidate"] == "SPK-1")
    assert (late["reason"], late["available"]) == ("too_late", "2027-07")


def test_a_budget_is_said_on_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "karkhana.cli", "localise-next", str(SAMPLE), "--budget", "50000000",
         "--points", "0"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "not within the budget" in done.stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("start = ", "is no TOML"),
        ('start = "2026-04"\n', "by when"),
        ('start = "2026-04"\nproducts = 5\n[target]\nby = "2026-05"', "products"),
        ('start = "2026-04"\n[target]\nby = "2026-05"\n[[products]]\ncode = "P"\nunits = 5', "months"),
        ('start = "2026-04"\nmonths = 2\ncandidates_file = "/nowhere"\n[target]\nby = "2026-05"', "no file"),
        (
            'start = "2026-04"\nmonths = 2\n[target]\nby = "2026-05"\n[[products]]\ncode = "P"\nunits = 5\n'
            'value = "x"\nimported = 1',
            "value",
        ),
        ("target = 5", "target is no table"),
        ("a = \x00", "is no TOML"),
    ],
)
def test_a_file_that_is_no_problem_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(Refused) as refused:
        read_problem(path)
    assert refused.value.refusal.code.startswith("localise_next.")
    assert says in refused.value.refusal.message


def test_benchmarks_say_of_what_and_who_said_so() -> None:
    for one in benchmarks():
        assert one.of
        assert one.status in ("sourced", "secondary", "unverified")
        assert one.address.startswith("https://") or one.status == "unverified"
