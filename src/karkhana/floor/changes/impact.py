"""What a change order hits: lines of the bill, tests, stock, orders, units in process, lines, skills.

Cost and local value are told once prices and origins are held (``floor.changes.money``); until then the
answer says that they are not known.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from django.db import connection

from karkhana.design.changes.release_impact import release_impact
from karkhana.design.comparing import comparable
from karkhana.design.difference import compare
from karkhana.design.models import ChangeOrder, Revision
from karkhana.design.queries import content_of, package_of
from karkhana.design.release import ReleasePackage
from karkhana.floor.changes.money import money_of
from karkhana.floor.models import LineSetup, WorkOrder
from karkhana.people.models import Certificate

LOTS_SHOWN = 200
BOARDS = (
    "CASE WHEN kind = 'panel'"
    " THEN positions - length(replace(scrapped_mask::bit(64)::text, '0', '')) ELSE 1 END"
)


def impact_of(order: ChangeOrder, *, now: dt.datetime, today: dt.date) -> dict[str, Any]:
    """Compute the impact of a change order as it would be now.

    Args:
        today: on the plant's calendar.

    Returns:
        ``at``, ``from_hash``, ``to_hash``; ``difference`` of the bills (as ``karkhana diff --json``);
        ``release`` (``design.changes.release_impact``); ``floor`` (``floor_impact``); ``money``.
    """
    old, new = order.from_revision, order.to_revision
    packages = package_of(old), package_of(new)
    release = release_impact(*packages)
    return {
        "at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "from_hash": content_of(old)[1],
        "to_hash": content_of(new)[1],
        "difference": compare(comparable(old), comparable(new)).as_dict(),
        "release": release,
        "floor": floor_impact(old, new, packages[0], release, today),
        "money": money_of(old, new, today),
    }


def floor_impact(
    old: Revision, new: Revision, package: ReleasePackage, release: dict[str, Any], today: dt.date
) -> dict[str, Any]:
    """Tell what of the floor a change from one revision to another touches; boards of panels counted singly.

    Returns:
        ``stock`` by part, ``lots``, ``work_orders`` that are not complete, ``steps`` and
        ``stations`` of units in process, ``finished`` ones by state, ``lines``, ``skills``.
    """
    counts = _counts(old)
    steps: defaultdict[int, dict[str, int]] = defaultdict(lambda: {"in_process": 0, "failed": 0})
    stations: defaultdict[str, int] = defaultdict(int)
    finished = dict.fromkeys(("complete", "packed", "shipped", "installed", "scrapped"), 0)
    for _, state, step, station, boards in counts:
        if state in ("in_process", "failed"):
            steps[step][state] += boards
            stations[station or ""] += boards
        elif state in finished:
            finished[state] += boards
    return {
        **_stock(release["parts"]),
        "work_orders": _work_orders(old, counts),
        "steps": [
            {"step": step.number, "name": step.name, "station_type": step.station_type, **steps[step.number]}
            for step in package.steps
            if step.number in steps
        ],
        "stations": [{"station": name, "units": count} for name, count in sorted(stations.items())],
        "in_process": sum(sum(states.values()) for states in steps.values()),
        "finished": finished,
        "lines": _lines(old, new),
        "skills": [{"skill": skill, "people": _certified(skill, today)} for skill in release["skills"]],
    }


def in_process(revision: Revision) -> int:
    """Return how many units of a revision are in process or failed, boards of panels counted singly."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(sum({BOARDS}), 0) FROM ledger_unit WHERE product = %s AND revision = %s"
            " AND state IN ('in_process', 'failed') AND kind <> 'container'",
            [revision.product.code, revision.code],
        )
        return int(cursor.fetchone()[0])


def _counts(revision: Revision) -> list[tuple[str, str, int, str | None, int]]:
    """Count units by work order, state, next step and station."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT work_order, state, next_step, station, sum({BOARDS})::bigint FROM ledger_unit"
            " WHERE product = %s AND revision = %s AND kind <> 'container' AND state <> 'consumed'"
            " GROUP BY work_order, state, next_step, station",
            [revision.product.code, revision.code],
        )
        return cursor.fetchall()


def _work_orders(
    revision: Revision, counts: list[tuple[str, str, int, str | None, int]]
) -> list[dict[str, Any]]:
    started: defaultdict[str, int] = defaultdict(int)
    complete: defaultdict[str, int] = defaultdict(int)
    for code, state, _, _, boards in counts:
        started[code] += boards
        if state not in ("in_process", "failed", "scrapped"):
            complete[code] += boards
    orders = WorkOrder.objects.filter(revision=revision).order_by("code")
    return [
        {
            "work_order": order.code, "quantity": order.quantity, "stage": order.stage,
            "started": started[order.code], "complete": complete[order.code],
        }
        for order in orders
        if complete[order.code] < order.quantity
    ]  # fmt: skip


def _stock(parts: dict[str, list[str]]) -> dict[str, Any]:
    """Tell which lots of parts that go or come are in the house; quantities are those received."""
    wanted = [*parts["out"], *parts["in"]]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.part, l.lot, l.quantity, l.supplier, array_remove(array_agg(DISTINCT m.station), NULL)"
            " FROM ledger_lot l LEFT JOIN ledger_mount m ON m.lot = l.lot AND m.unloaded_at IS NULL"
            " WHERE l.part = ANY(%s) GROUP BY l.part, l.lot, l.quantity, l.supplier, l.received_at"
            " ORDER BY l.received_at DESC, l.lot",
            [wanted],
        )
        rows = cursor.fetchall()
    stock: dict[str, dict[str, Any]] = {
        part: {"part": part, "goes": part in parts["out"], "lots": 0, "received": 0, "mounted": []}
        for part in wanted
    }
    for part, _, quantity, _, stations in rows:
        found = stock[part]
        found["lots"] += 1
        found["received"] += quantity or 0
        found["mounted"] = sorted({*found["mounted"], *stations})
    for found in stock.values():
        found["received"] = str(found["received"])
    return {
        "stock": list(stock.values()),
        "lots": [
            {"lot": lot, "part": part, "received": None if quantity is None else str(quantity),
             "supplier": supplier, "mounted": list(stations)}
            for part, lot, quantity, supplier, stations in rows[:LOTS_SHOWN]
        ],
    }  # fmt: skip


def _lines(old: Revision, new: Revision) -> list[dict[str, Any]]:
    setups: defaultdict[str, set[int]] = defaultdict(set)
    rows = LineSetup.objects.filter(revision__in=[old, new]).values_list("line__code", "revision")
    for line, revision in rows:
        setups[line].add(revision)
    return [
        {"line": line, "old": old.pk in pairs, "new": new.pk in pairs}
        for line, pairs in sorted(setups.items())
        if old.pk in pairs
    ]


def _certified(skill: str, today: dt.date) -> int:
    valid = Certificate.objects.filter(skill=skill, valid_from__lte=today, valid_to__gt=today)
    return valid.values("operator").distinct().count()
