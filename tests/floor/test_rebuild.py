"""Long random stories through the real door: how they are cut into batches changes nothing, a rebuild gives
the same bytes, and a recall finds exactly what tracing every single unit finds.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from django.db import connection

from floor import workshop as ws
from floor.chaos import Chaos
from karkhana.floor import rebuild as rebuilding
from karkhana.floor.operations import record_events
from karkhana.floor.rebuild import digest_projections, rebuild
from karkhana.floor.recall import recall
from karkhana.floor.trace import trace_unit
from karkhana.kernel.refusals import Refused
from karkhana.ledger import events as ev

STORIES = (3, 14, 15, 35)
LENGTH = 450


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def send_in_pieces(raws: list[bytes], seed: int) -> list[str]:
    """Send events in batches of random length; return what was answered to each."""
    rng, answers, start = random.Random(seed), [], 0
    while start < len(raws):
        end = start + rng.choice((1, 2, 5, 20, 80))
        for outcome in record_events(raws[start:end], recorded_at=ws.NOW):
            answers.append(outcome.refusal.code if outcome.refusal else outcome.status)
        start = end
    return answers


@pytest.fixture(params=STORIES)
def story(request: pytest.FixtureRequest, fresh_database: str) -> Chaos:
    """A story that was told to the real door, whose answers were those of the world in memory."""
    chaos = Chaos(request.param)
    told = list(chaos.events(LENGTH))
    expected = [refusal.code if refusal else "accepted" for _, _, refusal in told]
    assert send_in_pieces([raw for raw, _, _ in told], request.param) == expected
    return chaos


def test_memory_database_and_rebuild_agree_and_recall_is_exact(
    story: Chaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = {
        row[0]: row[1:] for row in rows("SELECT serial, state, next_step, holds, parent FROM ledger_unit")
    }
    assert stored == {
        unit.serial: (unit.state, unit.next_step, unit.holds, unit.parent)
        for unit in story.world.units.values()
    }
    before = digest_projections()
    for chunk in (7, 20_000):
        monkeypatch.setattr(rebuilding, "CHUNK", chunk)
        assert rebuild() == LENGTH + 12
        assert digest_projections() == before
    check_recall_by_tracing_everything()


def test_stories_hold_enough_of_everything() -> None:
    seen: Counter[str] = Counter()
    for seed in STORIES:
        chaos = Chaos(seed)
        seen.update(type(event).__name__ for _, event, no in chaos.events(LENGTH) if no is None)
        seen["burnt"] += len(chaos.world.changes.burnt)
        kinds = Counter((row[2], row[4]) for row in chaos.world.changes.descents)
        seen["lots from lots"] += kinds["lot", "lot"]
        seen["lots from units"] += kinds["unit", "lot"]
        seen["boards with a lot"] += kinds["lot", "unit"]
        seen["splices"] += sum(len(setup.mounts) > 2 for setup in chaos.world.setups.values())
    wanted = {kind.__name__ for kind in ev.AnyEvent.__args__}  # type: ignore[attr-defined]
    more = {"burnt", "lots from lots", "lots from units", "boards with a lot", "splices"}
    assert all(seen[name] > 2 for name in wanted | more), seen


# The other way to find where a lot is: trace every unit and look.


class Everything:
    """The traces of all units, and which lots are in what."""

    def __init__(self) -> None:
        self.traces = {row[0]: trace_unit(row[0]) for row in rows("SELECT serial FROM ledger_unit")}
        self.made: dict[str, list[tuple[str, str]]] = {}
        for output, source, kind in rows(
            "SELECT output, input, input_kind FROM ledger_descent WHERE output_kind = 'lot'"
        ):
            self.made.setdefault(output, []).append((source, kind))

    def lots_of_unit(self, serial: str) -> set[str]:
        return self.lots_in(self.traces[serial])

    def lots_in(self, part: dict[str, Any]) -> set[str]:
        found = {lot["lot"] for material in part["materials"] for lot in material["candidates"]}
        found |= {row["lot"] for row in part["made_from"]}
        for item in part["installed"]:
            found |= self.lots_of_item(item)
        return found | {older for lot in found for older in self.behind(lot)}

    def lots_of_item(self, item: dict[str, Any]) -> set[str]:
        found = {item["lot"], *self.behind(item["lot"])} if item["lot"] else set()
        return found | (self.lots_in(item["unit"]) if item["unit"] else set())

    def behind(self, lot: str) -> set[str]:
        """Lots that a lot was made from, through units as well."""
        found: set[str] = set()
        for source, kind in self.made.get(lot, ()):
            found |= {source, *self.behind(source)} if kind == "lot" else self.lots_of_unit(source)
        return found

    def outermost(self) -> list[str]:
        return sorted(
            serial
            for serial, trace in self.traces.items()
            if trace["kind"] != "container" and trace["state"] not in ("installed", "consumed")
        )


def check_recall_by_tracing_everything() -> None:
    everything = Everything()
    lots_in = {serial: everything.lots_of_unit(serial) for serial in everything.outermost()}
    hits = 0
    for (lot,) in rows("SELECT lot FROM ledger_lot"):
        answer = recall(lot=lot)
        serials = [serial for serial, lots in lots_in.items() if lot in lots]
        assert answer["serials"] == serials, lot
        taken_out = {
            serial
            for serial, trace in everything.traces.items()
            if any(lot in everything.lots_of_item(item) for item in trace["removed"])
        }
        assert answer["removed"] == sorted(taken_out - set(serials)), lot
        assert answer["units"] == len(serials) == sum(answer["by_state"].values())
        assert answer["units"] == answer["shipped"] + answer["scrapped"] + answer["in_plant"]
        hits += len(serials)
    assert hits > 20


def test_what_was_never_here_is_refused(rolled_back: None) -> None:
    for asked, code in (({"lot": "X"}, "lot.unknown"), ({"serial": "X"}, "unit.unknown"), ({}, "recall.what"),
                        ({"lot": "X", "serial": "X"}, "recall.what")):  # fmt: skip
        with pytest.raises(Refused) as caught:
            recall(**asked)
        assert caught.value.refusal.code == code
    with pytest.raises(Refused) as caught:
        trace_unit("X")
    assert caught.value.refusal.code == "unit.unknown"
