"""Two processes feed one file of events through the gate at the same time: each event is recorded once."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import psycopg
import pytest

HOUR = dt.timedelta(hours=1)


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command whose answer is one JSON document."""
    return subprocess.Popen(
        [sys.executable, "-m", "karkhana.cli", *arguments, "--json"],
        env={**os.environ, "KARKHANA_HOME": str(home), "KARKHANA_ROLE": "app"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def events(fresh_home: Path) -> tuple[Path, int, int]:
    """Install the scenario; return a file of events with a broken line, their count, and that line."""
    from karkhana.sim.factory import Factory
    from karkhana.sim.scenario import load_scenario

    first = start(fresh_home, "simulate", "SUN-E5", "B", "--units", "1")
    assert first.wait(120) == 0, first.communicate()
    begins = dt.datetime.now(dt.UTC) - 3 * HOUR
    scenario = load_scenario()
    # Boards alone: devices carry identities that must be drawn from pools, and this process has no database.
    boards = tuple(row for row in scenario.streams if row.product.endswith("-MB"))
    scenario = msgspec.structs.replace(scenario, streams=boards)
    factory = Factory.whole(scenario, start=begins, scale=0.05, base=500_000, run="Z", wrong_share=0)
    lines = [event for chunk in factory.run(begins + HOUR) for event in chunk.events]
    assert len(lines) > 1000
    path = fresh_home / "events.jsonl"
    path.write_text("\n".join([*lines[:500], '{"type": "UnitsArrived"', *lines[500:]]) + "\n")
    return path, len(lines), 501


def test_each_event_is_recorded_once(fresh_home: Path, events: tuple[Path, int, int]) -> None:
    path, count, broken = events
    both = [start(fresh_home, "replay", str(path)) for _ in range(2)]
    answers = []
    for process in both:
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, err
        answers.append(json.loads(out))
    total = Counter({key: sum(a[key] for a in answers) for key in ("accepted", "repeated", "refused")})
    assert total == {"accepted": count, "repeated": count, "refused": 2}
    for answer in answers:
        assert answer["refusals"] == {"event.malformed": 1}
        assert (answer["examples"][0]["file"], answer["examples"][0]["line"]) == (str(path), broken)
    from karkhana.site import embedded

    with psycopg.connect(embedded.ensure_running(fresh_home).conninfo("owner")) as connection:
        ids = connection.execute(
            "SELECT count(*), count(DISTINCT id) FROM ledger_event WHERE id = ANY(%s)",
            [[json.loads(line)["id"] for line in path.read_text().splitlines() if line.endswith("}")]],
        ).fetchone()
    assert ids == (count, count)
