"""Power cuts: a sender killed in the middle of a batch, and the database's main process killed under it.

Afterwards every batch that was acknowledged is in the record, all of it and once; one that was not is there
as a whole or not at all; and the projections are what the record gives.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.floor.rebuild import digest_projections, rebuild
from karkhana.site import embedded

PANELS = 6


def batch_of(life: int, number: int) -> list[dict[str, Any]]:
    """Return batch ``number`` of sender ``life``: panels from birth to boards, some events refused."""
    events = []
    for panel in range(PANELS):
        name = f"P{life}.{number}.{panel}"
        boards = " ".join(f"{name}.{position}={position}" for position in range(1, 5))
        story = f"""
            08:00  SMT-1  start {name} order WO-MAIN x4     accepted
            08:01  AOI-1  inspect {name}                    route.step_skipped
            08:02  SMT-1  process {name}                    accepted
            08:03  AOI-1  inspect {name}                    accepted
            08:04  DEP-1  split {name} into {boards}        accepted
            08:05  ICT-1  test {name}.1 failed              accepted
        """
        for line, row in enumerate(ws.lines(story)):
            identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{life}/{number}/{panel}/{line}")
            events.append({**row.body, "id": str(identity)})
    return events


def send(events: list[dict[str, Any]]) -> list[str]:
    outcomes = record_events([json.dumps(event).encode() for event in events], recorded_at=ws.NOW)
    return [outcome.status for outcome in outcomes]


class Sender:
    """A process that sends batch after batch and writes down each one that was acknowledged."""

    def __init__(self, life: int) -> None:
        connection.close()
        self.life = life
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                number = 0
                while True:
                    send(batch_of(life, number))
                    os.write(writer, b"+")
                    number += 1
            finally:
                # Never back into pytest; a lost database ends the sender here.
                os._exit(1)
        os.close(writer)
        self.reader = reader

    def wait_for_first(self) -> None:
        self.seen = os.read(self.reader, 1)
        assert self.seen == b"+"

    def end(self) -> int:
        """Wait until it is gone; return how many batches were acknowledged."""
        os.waitpid(self.pid, 0)
        acknowledged = len(self.seen)
        while block := os.read(self.reader, 4096):
            acknowledged += len(block)
        os.close(self.reader)
        return acknowledged


def wait_until_alone() -> None:
    """Wait until the server has noticed that the sender is gone."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.01)
    raise AssertionError("the killed sender's session is still open")


def check_whole(life: int, acknowledged: int) -> None:
    """Every acknowledged batch is there once; the next one is whole or absent; nothing else is there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM ledger_event")
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM ledger_receipt")
        assert cursor.fetchone() == (len(found),)
    assert len(found) == len(set(found))
    ids = set(found)
    for number in range(acknowledged):
        assert {event["id"] for event in batch_of(life, number)} <= ids, f"batch {number} is not whole"
    pending = [event["id"] for event in batch_of(life, acknowledged)]
    there = sum(identity in ids for identity in pending)
    assert there in (0, len(pending)), f"half a batch: {there} of {len(pending)}"
    beyond = [event["id"] for event in batch_of(life, acknowledged + 1)]
    assert not ids & set(beyond)
    before = digest_projections()
    assert rebuild() == len(found)
    assert digest_projections() == before
    # A producer that heard nothing sends again, and nothing is recorded twice.
    again = set(send(batch_of(life, acknowledged)))
    assert again == ({"repeated"} if there else {"accepted", "refused"})


def prepare() -> None:
    outcomes = record_events([line.raw for line in ws.lines(ws.LOADED)], recorded_at=ws.NOW)
    assert {outcome.status for outcome in outcomes} == {"accepted"}


def test_a_sender_killed_at_any_moment(fresh_database: str) -> None:
    prepare()
    rng = random.Random(20260615)
    total = 0
    for life in range(10):
        sender = Sender(life)
        sender.wait_for_first()
        time.sleep(rng.uniform(0.0, 0.12))
        os.kill(sender.pid, signal.SIGKILL)
        acknowledged = sender.end()
        wait_until_alone()
        check_whole(life, acknowledged)
        total += acknowledged
    assert total >= 10


@contextmanager
def pointed_at(home: Path) -> Iterator[None]:
    """Point Django at the embedded server of another home."""
    settings = connection.settings_dict
    saved = dict(settings)
    info = embedded.ensure_running(home)
    connection.close()
    settings.update(
        NAME=info.dbname, USER=embedded.ROLE_NAMES["owner"], PASSWORD="", HOST=info.host, PORT=str(info.port),
        OPTIONS={"passfile": str(info.passfile)},
    )  # fmt: skip
    try:
        yield
    finally:
        connection.close()
        settings.update(saved)


@pytest.fixture
def own_server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Path]:
    """A durable embedded server that only this test uses, with the workshop in it."""
    from django.core.management import call_command

    base = "/tmp" if os.access("/tmp", os.W_OK | os.X_OK) else None
    home = Path(tempfile.mkdtemp(prefix="kk-kill-", dir=base))
    try:
        with django_db_blocker.unblock(), pointed_at(home):
            call_command("migrate", verbosity=0)
            ws.set_up_database()
            yield home
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def test_the_database_killed_under_a_sender(own_server: Path) -> None:
    prepare()
    rng = random.Random(20260616)
    for life in range(3):
        sender = Sender(life)
        sender.wait_for_first()
        time.sleep(rng.uniform(0.0, 0.12))
        pid = embedded.status(own_server).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        acknowledged = sender.end()
        connection.close()
        embedded.ensure_running(own_server)
        wait_until_alone()
        check_whole(life, acknowledged)
