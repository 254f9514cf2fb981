"""``karkhana pool`` from the outside: what it prints, and with which exit code it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run(fresh_database: str, tmp_path: Path) -> object:
    """Return a function that runs the program on a database of its own."""
    from django.db import connection

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
            [sys.executable, "-m", "karkhana.cli", "pool", *arguments], env=environment, text=True,
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    return call


def test_from_an_empty_pool_to_a_forecast(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert run("add", "P", "--brand", "ACME", "--scheme", "imei")[0] == 0
    file = tmp_path / "tac.csv"
    file.write_text("pool,first,count\nP,35209900000000,1000\nP,3520990,\n")
    code, said = run("import", str(file))
    assert (code, "pool.range" in said, "tac.csv line 3" in said) == (1, True, True)
    file.write_text("pool,first,count\nP,35209900000000,1000\n")
    assert run("import", str(file), "--json")[1].strip().endswith("}")
    code, said = run("draw", "P", "2", "--key", "a")
    assert (code, said.split()) == (0, ["352099000000006", "352099000000014"])
    assert run("draw", "P", "2", "--key", "a")[1] == said
    assert run("draw", "P", "998", "--blocks")[1].split()[2] == "998"
    assert run("spoil", "P", "352099000000006", "--reason", "torn")[0] == 0
    code, said = run("draw", "P", "--json")
    assert (code, json.loads(said)["refusal"]["code"]) == (1, "pool.exhausted")
    (view,) = json.loads(run("list", "--json")[1])
    assert (view["free"], view["allotted"], view["burnt"], view["alarm"]) == (0, 999, 1, True)
    assert run("forecast", "--alarms")[1].startswith("ALARM P: 0 free")
    assert "closed" in run("set", "P", "--close")[1]
