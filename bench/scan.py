"""Single scans through HTTP, one at a time on one keep-alive connection, beside a bare transaction.

The scans are the scenario's own events in their order, gated and committed one by one by a running server.
The floor is one row inserted and committed into a table with the record's indexes, over the same kind of
socket as the server uses.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from _common import Result, fresh_home, percentile

from ledger import DAY

WARM_UP = 100
SCANS_MAX = 5_000


def run(events: int, progress: Callable[[int, int], None]) -> Result:
    """Measure; ``events`` scans, at most ``SCANS_MAX``."""
    count = min(events, SCANS_MAX)
    with fresh_home():
        from karkhana.cli._run import django_ready

        django_ready("owner")
        token, scans = _prepare(count + WARM_UP)
        with _server() as port:
            scan_s = _scan(port, token, scans, progress)
        bare_s = _bare(count, [row.encode() for row in scans])
    return _result(sorted(scan_s), sorted(bare_s))


def _prepare(count: int) -> tuple[str, list[str]]:
    """Install the scenario, record its first two hours, and return a token and the scans that follow."""
    from django.contrib.auth import get_user_model

    from karkhana.floor.operations import record_events
    from karkhana.people.tokens import issue_token
    from karkhana.sim.factory import Factory
    from karkhana.sim.pools import Draws
    from karkhana.sim.scenario import install, load_scenario
    from karkhana.site.roles import ensure_roles

    scenario = load_scenario()
    install(scenario, today=DAY.date())
    # The server judges by its own clock, so this day must end now.
    start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2, minutes=30)
    factory = Factory.whole(scenario, start=start, wrong_share=0, draws=Draws(start.date()))
    for chunk in factory.run(start + dt.timedelta(hours=2)):
        record_events(chunk.encode(), recorded_at=chunk.ends_at)
    user = get_user_model().objects.create_user("bench")
    user.groups.add(ensure_roles()["operator"])
    scans: list[str] = []
    for chunk in factory.run(start + dt.timedelta(hours=3)):
        scans += chunk.events
        if len(scans) >= count:
            break
    return issue_token(username="bench", name="bench", now=dt.datetime.now(dt.UTC)), scans[:count]


@contextmanager
def _server() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "karkhana.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command,
        env={**os.environ, "KARKHANA_ROLE": "app"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the server did not come up")


def _scan(port: int, token: str, scans: list[str], progress: Callable[[int, int], None]) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    seconds = []
    for number, scan in enumerate(scans):
        began = time.perf_counter()
        connection.request("POST", "/api/events", f"[{scan}]".encode(), headers)
        answer = connection.getresponse()
        body = answer.read()
        if number >= WARM_UP:
            seconds.append(time.perf_counter() - began)
        found = json.loads(body)
        if answer.status != 200 or found["accepted"] != 1:
            raise RuntimeError(f"a scan was not accepted: {body.decode()[:500]}")
        if number % 50 == 0:
            progress(number, len(scans))
    return seconds


def _bare(count: int, bodies: list[bytes]) -> list[float]:
    """Insert and commit one row at a time into a table like the record's."""
    from django.db import connection

    connection.ensure_connection()
    raw = connection.connection
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_floor (LIKE ledger_event INCLUDING DEFAULTS)")
        cursor.execute("ALTER TABLE bench_floor ADD PRIMARY KEY (seq, recorded_at)")
        cursor.execute("CREATE INDEX ON bench_floor (subject)")
        cursor.execute("CREATE INDEX ON bench_floor (station, happened_at)")
        cursor.execute("CREATE INDEX ON bench_floor (id)")
    seconds = []
    now = dt.datetime.now(dt.UTC)
    for number, body in enumerate(bodies[-count:]):
        event: dict[str, Any] = json.loads(body)
        unit, text = event.get("unit"), body.decode()
        row = (number, now, now, event["id"], event["type"], "N1", event["station"], unit, text)
        began = time.perf_counter()
        with raw.transaction():
            raw.execute(
                "INSERT INTO bench_floor"
                " (seq, recorded_at, happened_at, id, type, plant, station, subject, body)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                row,
            )
        seconds.append(time.perf_counter() - began)
    return seconds


def _result(scans: list[float], bare: list[float]) -> Result:
    detail: dict[str, Any] = {"scans": len(scans)}
    for name, share in (("p50", 0.50), ("p95", 0.95), ("p99", 0.99)):
        scan, floor = percentile(scans, share), percentile(bare, share)
        detail[f"{name}_ms"] = round(scan * 1000, 2)
        detail[f"{name}_floor_ms"] = round(floor * 1000, 2)
        detail[f"{name}_times_floor"] = round(scan / floor, 2)
    rate, floor_rate = len(scans) / sum(scans), len(bare) / sum(bare)
    ratio = round(rate / floor_rate, 3)
    return Result("scan", round(rate, 1), "scans/s, one at a time", round(floor_rate, 1), ratio, detail)
