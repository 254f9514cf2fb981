"""``karkhana stock`` and ``karkhana kit`` from the outside: what they print and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from floor import workshop as ws
from floor.store_tables import happen


@pytest.fixture
def run(fresh_database: str, tmp_path: Path) -> object:
    """Return a function that runs the program on a database of its own, with lots in it."""
    from django.db import connection

    happen(ws.LOADED + "    07:44  DOCK-1  receive GLUE-A GLUE 40 ACME-IN  accepted\n")
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


def test_from_the_list_to_a_kit(run) -> None:  # type: ignore[no-untyped-def]
    code, said = run("stock", "list", "GLUE")
    assert (code, "GLUE-A" in said, "of ACME" in said, "CAP-1" in said) == (0, True, True, False)
    lots = json.loads(run("stock", "list", "--owner", "ACME", "--json")[1])["lots"]
    assert [(row["lot"], row["on_hand"]) for row in lots] == [("GLUE-A", "40")]
    assert run("stock", "list", "--state", "mars")[0] == 1
    assert run("stock", "place", "RACK", "--plant", "NOIDA")[0] == 0
    assert run("stock", "place", "RACK", "--plant", "MARS")[0] == 1
    one = ("stock", "move", "move", "GLUE-1", "20", "--from", "STORE-NOIDA", "--to", "RACK")
    same = str(uuid.uuid4())
    assert run(*one, "--id", same)[0] == 0
    assert "written before" in run(*one, "--id", same)[1]
    code, said = run(*one[:4], "31", *one[5:], "--json")
    assert (code, json.loads(said)["refusal"]["code"]) == (1, "stock.short")
    assert run(*one[:4], "many", *one[5:])[0] == 1
    assert run(*one, "--id", "x")[0] == 1
    code, said = run("stock", "count", "GLUE-1", "RACK", "19", "--json")
    assert (code, json.loads(said)["refusal"]["code"]) == (1, "stock.difference")
    assert "1 missing" in run("stock", "count", "GLUE-1", "RACK", "19", "--reason", "attrition")[1]
    kit = json.loads(run("kit", "WO-PHONE", "--json")[1])
    assert (kit["complete"], [line["part"] for line in kit["lines"]]) == (False, ["BAT", "GLUE"])
    code, said = run("kit", "WO-PHONE", "--hand-out")
    assert (code, "SHORT 1000" in said, "Handed out to L-ASM: 3 lots." in said) == (0, True, True)
    assert run("kit", "WO-PHONE", "--hand-out")[0] == 1
    assert run("kit", "MARS")[0] == 1
