"""``karkhana diff``: what it prints, its exit codes, and that two files need no database."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

OLD = 'Designator,Qty,Comment,MPN\n"R1, R2",2,10k,RC10K\nC1,1,100n,CL10\n'
NEW = 'Designator,Qty,Comment,MPN\n"R1, R2",2,12k,RC12K\nC1,1,100n,CL10\n'


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "karkhana.cli", "diff", *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.csv").write_text(OLD)
    (tmp_path / "new.csv").write_text(NEW)
    return tmp_path


def test_json(folder: Path) -> None:
    done = run("old.csv", "new.csv", "--json", folder=folder)
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (answer["a"], answer["b"]) == ("old.csv", "new.csv")
    assert answer["references"] == {"a": 3, "b": 3}
    assert [(c["refs"], c["field"], c["from"], c["to"]) for c in answer["changed"]] == [
        (["R1", "R2"], "part", "RC10K", "RC12K")
    ]
    assert (answer["added"], answer["removed"]) == ([], [])


def test_table_and_workbook(folder: Path) -> None:
    done = run("old.csv", "new.csv", "--xlsx", "out.xlsx", folder=folder)
    assert done.returncode == 0
    assert all(text in done.stdout for text in ("2 changed", "R1 R2", "RC10K", "RC12K"))
    assert load_workbook(folder / "out.xlsx").sheetnames == ["Summary", "Differences"]
    assert "no difference" in run("old.csv", "old.csv", folder=folder).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("old.csv", "gone.csv"), "diff.no_file", "B is gone.csv"),
        ((".", "new.csv"), "diff.no_file", "A is ."),
        (("a/b:c/d", "new.csv"), "diff.no_file", "A is a/b:c/d"),
        (("old.csv", "new.csv", "--xlsx", "no/such/folder.xlsx"), "diff.not_written", "folder.xlsx"),
        (("bad.csv", "new.csv"), "diff.row_unclear", "line 4"),
        (("old.csv", "picture.csv"), "bom.unreadable", "picture.csv"),
    ],
)
def test_refusals_end_with_one(folder: Path, arguments: tuple[str, ...], code: str, words: str) -> None:
    (folder / "bad.csv").write_text(OLD + ",some,Screw,\n")
    (folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    done = run(*arguments, "--json", folder=folder)
    refusal = json.loads(done.stdout)["refusal"]
    assert (done.returncode, refusal["code"]) == (1, code)
    assert words in refusal["message"]
    said = run(*arguments, folder=folder)
    assert (said.returncode, said.stdout) == (1, "")
    assert code in said.stderr


def test_two_files_need_neither_django_nor_a_database(folder: Path) -> None:
    program = (
        "import sys\nsys.modules['django'] = None\nsys.modules['psycopg'] = None\n"
        "sys.argv = ['karkhana', 'diff', 'old.csv', 'new.csv', '--json']\n"
        "from karkhana.cli import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["changed"] == 2
