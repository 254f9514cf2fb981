"""``karkhana receive`` and ``karkhana inspect`` from the outside: what they print, how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from karkhana.supply.incoming.operations import RuleAsked, set_receiving_rule


@pytest.fixture
def run(fresh_database: str, tmp_path: Path) -> object:
    """Return a function that runs the program on a database of its own."""
    from django.db import connection
    from django.utils import timezone

    set_receiving_rule(part="CAP", asked=RuleAsked(level="II", aql="1.0"), now=timezone.now())
    given = connection.get_connection_params()
    place = f"user={given['user']}&host={given['host']}&port={given.get('port') or 5432}"
    address = f"postgresql:///{fresh_database}?{place}"
    environment = {**os.environ, "KARKHANA_DATABASE_URL": address, "KARKHANA_HOME": str(tmp_path / "home")}
    if given.get("passfile"):
        environment["PGPASSFILE"] = str(given["passfile"])
    if given.get("password"):
        environment["PGPASSWORD"] = str(given["password"])

    def call(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "karkhana.cli", *arguments], env=environment, text=True,
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    return call


def test_from_a_file_to_a_verdict(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "lots.tsv"
    file.write_text("A;CAP;1000;SUP;IN\nB;RES;1,000;SUP;IN\nC;RES;10;SUP;IN\n")
    code, said = run("receive", "--file", str(file), "--station", "DOCK-1")
    assert code == 1
    assert "in quarantine" in said
    assert "line 2" in said
    assert "usable" in said
    code, said = run("receive", "--file", str(file), "--station", "DOCK-1", "--json")
    assert [one["refusal"]["code"] for one in json.loads(said)["lots"]] == [
        "lot.exists", "receipt.quantity", "lot.exists",
    ]  # fmt: skip
    code, said = run("inspect", "--json")
    (waiting,) = json.loads(said)["inspections"]
    assert (code, waiting["lot"], waiting["plan"]["sample"]) == (0, "A", 80)
    number = str(waiting["number"])
    assert "Ac 2 Re 3" in run("inspect")[1]
    code, said = run("inspect", number, "--bad", "3")
    assert (code, "inspection.defects" in said) == (1, True)
    code, said = run("inspect", number, "--bad", "3", "--defect", "BENT=3")
    assert (code, "refused" in said) == (0, True)
    assert run("inspect", number, "--bad", "0")[0] == 1
    assert run("inspect", "999")[0] == 1


def test_wrong_use(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert run("receive", "A", "CAP", "1", "SUP", "IN")[0] == 2
    assert run("receive", "--station", "DOCK-1")[0] == 2
    assert run("inspect", "1", "--bad", "1", "--defect", "BENT")[0] == 2
    (tmp_path / "bad").write_bytes(b"\xff\xfe\x00")
    code, said = run("receive", "--file", str(tmp_path / "bad"), "--station", "DOCK-1")
    assert (code, "receipt.file" in said) == (1, True)
    code, said = run("receive", "A", "CAP", "0", "SUP", "IN", "--station", "DOCK-1", "--json")
    assert (code, json.loads(said)["refusal"]["code"]) == (1, "receipt.quantity")
