"""A real board's bill of material, a thousand watches built from it, one traced, reels recalled.

Everything goes through the command line, as the guide *the first hour* says. The expected answers are worked
out here from the raw events of the record alone.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import psycopg
import pytest

SHARED = Path(os.environ.get("KARKHANA_SHARED") or Path(__file__).resolve().parents[3] / "shared" / "data")
BILL = SHARED / "bom" / "zswatch_bom.csv"
RESULTS = ("UnitsProcessed", "UnitsInspected", "UnitsTested", "MaterialsInstalled", "UnitsPersonalized")
Window = tuple[str, dt.datetime, dt.datetime]


def karkhana(home: Path, *arguments: str) -> Any:
    """Run a command with ``--json`` and return its document."""
    done = subprocess.run(
        [sys.executable, "-m", "karkhana.cli", *arguments, "--json"],
        env={**os.environ, "KARKHANA_HOME": str(home), "KARKHANA_ROLE": "app"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


class Record:
    """What the raw events say, without any projection or rule of karkhana."""

    def __init__(self, home: Path) -> None:
        from karkhana.site import embedded

        info = embedded.ensure_running(home)
        with psycopg.connect(info.conninfo("owner")) as connection:
            rows = connection.execute(
                "SELECT body FROM ledger_event WHERE refusal IS NULL ORDER BY seq"
            ).fetchall()
        self.windows: dict[str, list[Window]] = defaultdict(list)
        self.mounts: dict[str, list[tuple[str, str, dt.datetime, dt.datetime]]] = defaultdict(list)
        self.panel_of: dict[str, str] = {}
        self.built: set[str] = set()
        self._latest: dict[str, dt.datetime] = {}
        self._arrived: dict[str, tuple[str, dt.datetime]] = {}
        for (body,) in rows:
            self._take(json.loads(body))

    def _take(self, event: dict[str, Any]) -> None:
        at, kind, station = dt.datetime.fromisoformat(event["at"]), event["type"], event["station"]
        if kind == "MaterialsLoaded":
            never = dt.datetime.max.replace(tzinfo=dt.UTC)
            self.mounts[event["lot"]].append((station, event["part"], at, never))
        elif kind == "MaterialsUnloaded":
            place, part, since, _ = self.mounts[event["lot"]].pop()
            self.mounts[event["lot"]].append((place, part, since, at))
        elif kind == "TransformationEvent":
            for thing in event["outputs"]:
                self.panel_of[thing["unit"]] = event["inputs"][0]["unit"]
                self._latest[thing["unit"]] = at
        if unit := event.get("unit"):
            self._move(unit, kind, station, at)

    def _move(self, unit: str, kind: str, station: str, at: dt.datetime) -> None:
        self.built.add(unit)
        if kind == "UnitsArrived":
            self._arrived[unit] = (station, at)
        else:
            place, since = self._arrived.pop(unit, (station, self._latest.get(unit, at)))
            if kind in RESULTS:
                assert place == station
                self.windows[unit].append((station, since, at))
        self._latest[unit] = max(at, self._latest.get(unit, at))

    def consumers(self, lot: str) -> set[str]:
        """Units whose panel, or who themselves, stood at a station while the lot was on it."""
        found = set()
        for unit in self.built:
            windows = [*self.windows[unit], *self.windows.get(self.panel_of.get(unit, ""), ())]
            for station, _, since, until in self.mounts[lot]:
                if any(w[0] == station and w[1] <= until and w[2] >= since for w in windows):
                    found.add(unit)
        return found


@pytest.fixture(scope="module")
def watches(module_home: Path) -> Any:
    """Import, release and build; return the home, what the commands said, and the raw record."""
    if not BILL.is_file():
        pytest.skip("the shared data folder with real bills of material is not there")
    home = module_home
    report = karkhana(home, "import", "bom", str(BILL), "--product", "ZSWATCH", "--rev", "A")
    release = karkhana(home, "release", "ZSWATCH", "A", "--family", "wearable")
    run = karkhana(home, "simulate", "ZSWATCH", "A", "--units", "1000")
    return home, report, release, run, Record(home)


def test_the_bill_is_understood(watches: Any) -> None:
    _, report, _, _, _ = watches
    assert (report["lines"], report["placements"], report["quantity_mismatches"]) == (46, 108, [])


def test_a_thousand_are_built_and_nothing_unexpected_is_refused(watches: Any) -> None:
    _, _, _, run, _ = watches
    assert 1000 <= run["units"] < 1000 + 8  # whole panels
    assert run["units"] == run["finished"] + run["scrapped"]
    assert run["unexpected"] == 0


def test_one_unit_is_traced_to_exactly_the_reels_that_fed_it(watches: Any) -> None:
    home, _, release, run, record = watches
    trace = karkhana(home, "trace", run["example_serial"])
    assert len(trace["materials"]) == release["materials"]
    for row in trace["materials"]:
        told = {candidate["lot"] for candidate in row["candidates"]}
        expected = {
            lot
            for lot, mounts in record.mounts.items()
            if any(m[0] == row["station"] and m[1] == row["part"] for m in mounts)
            and run["example_serial"] in record.consumers(lot)
        }
        assert told == expected, row["part"]
        assert row["exact"] == (len(expected) == 1)


def test_every_reel_is_recalled_to_exactly_its_units(watches: Any) -> None:
    home, _, _, run, record = watches
    reels = [lot for lot, mounts in record.mounts.items() if mounts]
    changed = [lot for lot in reels if 0 < len(record.consumers(lot)) < len(record.panel_of)]
    assert changed, "no reel was changed during the run, so this test would prove little"
    for lot in [run["example_lot"], *changed[:3]]:
        found = karkhana(home, "recall", "--lot", lot)
        panels = set(record.panel_of.values())
        assert set(found["serials"]) == record.consumers(lot) - panels, lot
        assert found["units"] == found["shipped"] + found["in_plant"] + found["scrapped"]
        assert found["units"] == sum(found["by_brand"].values()) == len(found["serials"])


def test_around_a_change_of_reels_the_answer_is_a_set_and_says_so(watches: Any) -> None:
    _, _, _, _, record = watches
    shared: dict[str, set[str]] = defaultdict(set)
    for lot, mounts in record.mounts.items():
        for _station, part, _, _ in mounts:
            for unit in record.consumers(lot):
                shared[f"{unit} {part}"].add(lot)
    ambiguous = [key for key, lots in shared.items() if len(lots) > 1]
    assert ambiguous, "no unit met a change of reels"
    unit, part = ambiguous[0].split(" ", 1)
    trace = karkhana(watches[0], "trace", unit)
    row = next(row for row in trace["materials"] if row["part"] == part)
    assert row["exact"] is False
    assert {candidate["lot"] for candidate in row["candidates"]} == shared[ambiguous[0]]
