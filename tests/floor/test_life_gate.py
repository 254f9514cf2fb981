"""The gate and the life of lots: what is expired or was open too long is not used."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from floor import workshop as ws
from floor.life_tables import LIVED
from floor.test_gate_scenarios import tell
from karkhana.floor import loading
from karkhana.floor.operations import record_events
from karkhana.floor.rebuild import digest_projections, rebuild
from karkhana.supply.incoming.life.reading import lives_of
from karkhana.supply.models import LotLife, LotTick


def life(lot: str, **said: Any) -> None:
    LotLife.objects.create(lot=lot, at=ws.DAY, **said)


def tick(lot: str, what: str, at: str) -> None:
    LotTick.objects.create(lot=lot, what=what, at=ws.when(at), recorded_at=ws.DAY)


SET_UPS: dict[str, Callable[[], None]] = {
    "shelf life": lambda: life("CAP-1", expires_on=dt.date(2026, 6, 15)),
    "shelf life of a key part": lambda: life("GLUE-1", expires_on=dt.date(2026, 6, 14)),
    "floor life from the first load": lambda: life("CAP-1", msl="5a"),
    "floor life inherited": lambda: life("CAP-1", msl="5a"),
    "bake first": lambda: life("CAP-1", msl="6", label_hours=6),
    "baked": lambda: (life("CAP-1", msl="6", label_hours=6), tick("CAP-1", "baked", "08:00"))[0],
}


@pytest.mark.parametrize("name", LIVED)
def test_table(name: str, rolled_back: None) -> None:
    SET_UPS[name]()
    for line in ws.lines(LIVED[name]):
        state = digest_projections()
        assert tell(line) == line.outcome, line.text
        if line.outcome != "accepted":
            now = digest_projections()
            state.pop("ledger_refusal_tally")
            now.pop("ledger_refusal_tally")
            assert now == state, f"{line.text}: a refusal changed something"


def test_the_clock_runs_within_one_batch(rolled_back: None) -> None:
    """A file replayed at once is judged as if it had come event by event."""
    life("CAP-1", msl="5a")
    batch = [line.raw for line in ws.lines(LIVED["floor life from the first load"])]
    outcomes = record_events(batch, recorded_at=ws.NOW)
    assert [one.refusal.code if one.refusal else one.status for one in outcomes] == [
        line.outcome for line in ws.lines(LIVED["floor life from the first load"])
    ]


def test_rebuild_does_not_ask_again(fresh_database: str) -> None:
    """A lot whose life ended since stays loaded where the record says that it was."""
    for line in ws.lines(LIVED["shelf life"].replace("lot.expired", "accepted")):
        assert tell(line) == "accepted"
    life("CAP-1", expires_on=dt.date(2020, 1, 1))
    state = digest_projections()
    rebuild()
    assert digest_projections() == state


def test_nothing_is_read_where_no_lot_is_used(rolled_back: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in ws.lines(ws.LOADED):
        tell(line)
    read: list[set[str]] = []
    monkeypatch.setattr(loading, "lives_of", lambda cursor, lots: read.append(set(lots)) or {})

    def happen(at: str, what: str) -> None:
        (outcome,) = record_events([json.dumps(ws.event(at, "SMT-1", what)).encode()], recorded_at=ws.NOW)
        assert outcome.status == "accepted", outcome

    happen("08:00", "start P1 order WO-MAIN x4")
    happen("08:01", "process P1")
    happen("08:02", "unload CAP-1 from F1")
    assert read == []
    happen("08:03", "load CAP-1 CAP on F1")
    assert read == [{"CAP-1"}]


def test_lives_are_read_by_one_query_and_clocks_by_a_second(rolled_back: None) -> None:
    for line in ws.lines(ws.LOADED):
        tell(line)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured, connection.cursor() as cursor:
            lives_of(cursor, ["CAP-1", "RES-1", "GLUE-1"])
        return len(captured)

    assert queries() == 1
    life("RES-1", expires_on=dt.date(2026, 7, 1))
    assert queries() == 1
    life("CAP-1", msl="3")
    assert queries() == 2
