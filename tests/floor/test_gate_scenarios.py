"""The gate, told as tables: what happens on the floor, line by line, and what is answered.

Each table goes through the real door, with the database. Of every refusal it is checked that no projection
changed but the count of refusals, and that the record has exactly one line more, which says the code.
"""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from django.db import connection

from floor import workshop as ws
from floor.change_tables import CHANGED
from floor.firmware_tables import IMAGED
from floor.gate_tables import TABLES
from floor.life_tables import LIVED
from floor.pool_tables import POOLED
from karkhana.floor.operations import record_events
from karkhana.floor.rebuild import digest_projections
from karkhana.floor.rules import REFUSALS
from karkhana.kernel.refusals import Refused

GATE = Path(__file__).parents[2] / "docs" / "gate.md"
NOT_KEPT = {"event.malformed"}
"""What cannot be read is answered, but there is nothing to keep in the record."""


def record() -> list[tuple[str, str | None]]:
    """The record's lines: (event id, code of refusal)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text, refusal FROM ledger_event ORDER BY seq")
        return cursor.fetchall()


def tell(line: ws.Line) -> str:
    """Send one event through the door and return what was answered."""
    (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
    if outcome.status == "refused":
        assert outcome.refusal is not None
        return outcome.refusal.code
    return outcome.status


@pytest.mark.parametrize("name", TABLES)
def test_table(name: str, rolled_back: None) -> None:
    for line in ws.lines(TABLES[name]):
        if line.outcome == "accepted":
            assert tell(line) == "accepted", line.text
            continue
        state, kept = digest_projections(), record()
        answer = tell(line)
        assert answer == line.outcome, line.text
        now = digest_projections()
        if line.outcome == "repeated":
            assert (now, record()) == (state, kept), line.text
            continue
        state.pop("ledger_refusal_tally")
        now.pop("ledger_refusal_tally")
        assert now == state, f"{line.text}: a refusal changed something"
        assert record() == [*kept, (line.body["id"], line.outcome)], line.text


def exercised() -> set[str]:
    """Every code that a table expects."""
    return {
        outcome
        for table in (
            *TABLES.values(),
            *POOLED.values(),
            *CHANGED.values(),
            *LIVED.values(),
            *(table for _, table in IMAGED.values()),
        )
        for outcome in re.findall(r"\s{2,}([a-z_]+\.[a-z_]+)$", table, re.MULTILINE)
    }


def documented() -> set[str]:
    """Every code in the table of refusals of docs/gate.md."""
    section = GATE.read_text().split("## What is refused")[1].split("\n## ")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`([a-z_]+\.[a-z_]+)`", row)}


def test_every_code_is_exercised_by_a_table() -> None:
    assert exercised() | NOT_KEPT == set(REFUSALS)


def test_every_code_is_documented_and_no_other() -> None:
    assert documented() - {"batch.malformed", "batch.too_large"} == set(REFUSALS)


@pytest.mark.parametrize("code", REFUSALS)
def test_texts_of_a_code_can_be_filled_in(code: str) -> None:
    message, next_step = REFUSALS[code]
    for text in (message, next_step):
        names = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
        assert all(name.isidentifier() for name in names), text
        assert text.format(**dict.fromkeys(names, "x")).endswith((".", "?"))


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "batch.malformed"),
        (b"{}", "batch.malformed"),
        (b"[1, 2", "batch.malformed"),
        (b'"text"', "batch.malformed"),
        (b"[" * 200_000, "batch.malformed"),
        (b"[" + b",".join([b"1"] * 100_001) + b"]", "batch.too_large"),
    ],
)
def test_batch_as_a_whole_is_refused(rolled_back: None, sent: bytes, code: str) -> None:
    state = digest_projections()
    with pytest.raises(Refused) as caught:
        record_events(sent, recorded_at=ws.NOW)
    assert caught.value.refusal.code == code
    assert (digest_projections(), record()) == (state, [])
