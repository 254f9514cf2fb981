"""``karkhana import bom``: what it prints, its exit codes, and that a dry run needs no database."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import pytest
from bom_samples import ALTIUM

from karkhana.cli.design_bom import run_import_bom


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    path = tmp_path / "bill.csv"
    path.write_bytes(ALTIUM.data())
    return path


def test_json(bill: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_import_bom(bill, "AMP", "B", True, True) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["product"], answer["revision"], answer["placements"], answer["not_fitted"]) == (
        "AMP",
        "B",
        4,
        2,
    )


def test_table(bill: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_import_bom(bill, "AMP", "B", True, False) == 0
    out = capsys.readouterr().out
    assert all(words in out for words in ("altium", "nothing stored", "'Designator'"))


def test_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pos.csv"
    path.write_text("Ref,Val,Package,PosX,PosY,Rot,Side\nR1,1k,0603,1,2,0,top\n")
    assert run_import_bom(path, "AMP", "B", True, True) == 1
    assert json.loads(capsys.readouterr().out)["refusal"]["code"] == "bom.is_placement"
    assert run_import_bom(path, "AMP", "B", True, False) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert all(words in shown.err for words in ("bom.is_placement", "placement machine"))


def test_a_large_file_is_refused_before_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(5 * 1024**3)  # sparse: takes no room on disk
    assert run_import_bom(path, "AMP", "B", True, True) == 1
    assert json.loads(capsys.readouterr().out)["refusal"]["code"] == "bom.too_large"


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_no_file(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_import_bom(tmp_path / name, "AMP", "B", True, True) == 1
    assert json.loads(capsys.readouterr().out)["refusal"]["code"] == "bom.no_file"


def test_a_real_run_hands_the_report_over(bill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, object]] = []
    room = types.ModuleType("karkhana.design.operations")
    room.import_bom = lambda **given: calls.append(given)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "karkhana.design.operations", room)
    monkeypatch.setattr("karkhana.cli._run.django_ready", lambda: None)
    assert run_import_bom(bill, "AMP", "B", False, True) == 0
    [call] = calls
    assert (call["product_code"], call["revision_code"]) == ("AMP", "B")
    assert call["report"].placements == 4  # type: ignore[attr-defined]


def test_a_dry_run_loads_neither_django_nor_a_database(bill: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from karkhana.cli.design_bom import run_import_bom;"
        f"code = run_import_bom(Path({str(bill)!r}), 'AMP', 'B', True, True);"
        "loaded = {name.split('.')[0] for name in sys.modules};"
        "loaded &= {'django', 'psycopg', 'ninja', 'python_calamine'};"
        "sys.exit(code or bool(loaded))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
