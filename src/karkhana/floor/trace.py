"""Everything about one unit, read from the record: its way, what is in it, what it consumed."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from karkhana.design.release import ReleasePackage, Step, StepMaterial
from karkhana.floor.reference import reference
from karkhana.kernel import identities
from karkhana.kernel.refusals import refuse
from karkhana.ledger import store

_EVENT_COLUMNS = (
    "seq, id::text, type, happened_at, recorded_at, plant, station, actor, subject, step, refusal,"
    " detail, body"
)
DEPTH_MAX = 20
"""Sub-assemblies within sub-assemblies are followed this deep; real products nest four or five."""


def trace_unit(identifier: str) -> dict[str, Any]:
    """Tell everything about a unit, panel or container.

    Args:
        identifier: its process serial, or any identity that it carries or carried.

    Returns:
        A dictionary: serial, product, revision, brand, state, identities, events, installed (recursive),
        materials with their candidate lots, made_from (lots that a transformation turned into it),
        measurements, holds, container, shipment. Times are aware
        datetimes and amounts Decimals; ``json_default`` serialises them.

    Raises:
        Refused: ``unit.unknown``.
    """
    with transaction.atomic():
        cursor = store.raw_cursor(connection)
        serial = find_serial(cursor, identifier)
        return _Tracer(cursor).whole(serial)


def unit_contents(identifier: str) -> dict[str, Any]:
    """Tell what is in a unit, without its way: the part of a trace that its value rests on.

    Args:
        identifier: as of ``trace_unit``.

    Returns:
        serial, product, revision, brand, kind, state, work_order, created_at, completed_at, moved_at,
        station, lineage, installed (recursive), materials with their candidate lots, made_from.

    Raises:
        Refused: ``unit.unknown``.
    """
    with transaction.atomic():
        cursor = store.raw_cursor(connection)
        return _Tracer(cursor).part(find_serial(cursor, identifier), 0)


def stand_ins_of(cursor: store.Cursor, numbers: str | None) -> dict[str, set[str]]:
    """Return, of the deviations that an event was accepted by, part to the parts that stood in for it."""
    found: dict[str, set[str]] = {}
    if numbers:
        cursor.execute(
            "SELECT part, substitute FROM design_deviation WHERE number = ANY(%s)", [numbers.split()]
        )
        for part, substitute in cursor.fetchall():
            found.setdefault(part, set()).add(substitute)
    return found


def find_serial(cursor: store.Cursor, identifier: str) -> str:
    """Return the process serial of a unit given that or any of its identities.

    Raises:
        Refused: ``unit.unknown``.
    """
    cursor.execute(
        "SELECT serial FROM (SELECT serial, 0 AS place, NULL::timestamptz AS assigned_at FROM ledger_unit"
        " WHERE serial = %(id)s UNION ALL SELECT unit, 1 + (burnt_at IS NOT NULL)::int, assigned_at"
        " FROM ledger_identity WHERE value = ANY(%(spellings)s)) found"
        " ORDER BY place, assigned_at DESC, serial LIMIT 1",
        {"id": identifier, "spellings": sorted(_spellings(identifier))},
    )
    row = cursor.fetchone()
    if row is None:
        raise refuse(
            "unit.unknown",
            "No unit {unit} was ever started here, and no unit carries this identity.",
            "Check the label, or search for part of it.",
            unit=identifier,
        )
    return str(row[0])


def _spellings(identifier: str) -> set[str]:
    """List an identity as written and in every normal form that it may be stored in."""
    found = {identifier}
    for scheme in identities.SCHEMES:
        with suppress(ValueError):
            found.add(identities.normalise(scheme, identifier)[1])
    return found


class _Tracer:
    def __init__(self, cursor: store.Cursor) -> None:
        self.cursor = cursor
        self.reference = reference(cursor)

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        self.cursor.execute(sql, values)
        names = [column.name for column in self.cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]

    def whole(self, serial: str) -> dict[str, Any]:
        found = self.part(serial, 0)
        goods = self.goods(serial)
        events = self.events(found["lineage"], goods)
        holds = self.holds(found)
        return {
            **found,
            "events": [_shown(event) for event in events],
            "measurements": [m for event in events for m in self.measurements(event, found)],
            "identities_burnt": self.identities(serial, burnt=True),
            "held": found["held"] or any(h["scope"] == "firmware" and not h["released_at"] for h in holds),
            "holds": holds,
            "removed": [self.child(edge, 1) for edge in self.edges(serial, removed=True)],
            "installed_in": self.installed_in(serial),
            "deviations": self.deviations(found["lineage"]),
            "waivers": self.waivers(serial),
            **goods,
        }

    def holds(self, unit: dict[str, Any]) -> list[dict[str, Any]]:
        """List the holds of a unit, of its work order, and of the firmware in it and in what is built in."""
        return self.rows(
            "SELECT h.hold, h.scope, h.target, h.reason, h.placed_at, h.released_at, h.release_reason"
            " FROM ledger_hold h LEFT JOIN ledger_hold_member m ON m.hold = h.hold"
            " WHERE m.serial = %s OR (h.scope = 'work_order' AND h.target = %s)"
            " OR (h.scope = 'firmware' AND h.target = ANY(%s)) GROUP BY h.hold ORDER BY h.placed_at",
            unit["serial"],
            unit["work_order"],
            sorted(_carried(unit)),
        )

    def part(self, serial: str, depth: int) -> dict[str, Any]:
        """Tell what a unit is and what is in it, for itself or inside another."""
        unit = self.rows("SELECT * FROM ledger_unit WHERE serial = %s", serial)[0]
        lineage = self.lineage(serial)
        deeper = depth < DEPTH_MAX
        return {
            "serial": serial,
            "product": unit["product"],
            "revision": unit["revision"],
            "brand": unit["brand"],
            "kind": unit["kind"],
            "state": unit["state"],
            "held": unit["holds"] > 0,
            "work_order": unit["work_order"],
            "next_step": self.next_step(unit),
            "station": unit["station"],
            "created_at": unit["created_at"],
            "moved_at": unit["moved_at"],
            "completed_at": unit["completed_at"],
            "repairs": unit["repairs"],
            "firmware": dict(text.split("=", 1) for text in unit["firmware"]),
            "identities": {row["kind"]: row["value"] for row in self.identities(serial, burnt=False)},
            "lineage": lineage,
            "panel": lineage[-1] if len(lineage) > 1 else None,
            "installed": [self.child(edge, depth + 1) for edge in self.edges(serial)] if deeper else [],
            "materials": self.materials(unit, lineage),
            "made_from": self.made_from(lineage),
        }

    def next_step(self, unit: dict[str, Any]) -> dict[str, Any] | None:
        release = self.release_of(unit)
        step = release.step(unit["next_step"]) if release and unit["kind"] != "container" else None
        if step is None:
            return None
        return {
            "number": step.number,
            "name": step.name,
            "station_type": step.station_type,
        }

    def release_of(self, unit: dict[str, Any]) -> ReleasePackage | None:
        return self.reference.releases.get((unit["product"] or "", unit["revision"] or ""))

    def lineage(self, serial: str) -> list[dict[str, Any]]:
        """List a unit and the panels or sheets that it was taken from, itself first."""
        self.cursor.execute(
            "WITH RECURSIVE up AS (SELECT %s::text AS serial, NULL::smallint AS position, 0 AS depth"
            " UNION SELECT d.input, d.position, up.depth + 1 FROM ledger_descent d"
            " JOIN up ON d.output = up.serial AND d.output_kind = 'unit'"
            " WHERE d.input_kind = 'unit' AND up.depth < 20)"
            " SELECT serial, position FROM up ORDER BY depth",
            [serial],
        )
        return [{"serial": row[0], "position": row[1]} for row in self.cursor.fetchall()]

    def identities(self, serial: str, *, burnt: bool) -> list[dict[str, Any]]:
        state = "NOT NULL" if burnt else "NULL"
        return self.rows(
            "SELECT kind, value, assigned_at, burnt_at FROM ledger_identity"
            f" WHERE unit = %s AND burnt_at IS {state} ORDER BY kind",
            serial,
        )

    def edges(self, serial: str, *, removed: bool = False) -> list[dict[str, Any]]:
        state = "NOT NULL" if removed else "NULL"
        return self.rows(
            "SELECT role, part, child, lot, own, installed_at, removed_at FROM ledger_edge"
            f" WHERE parent = %s AND removed_at IS {state} ORDER BY installed_seq, role",
            serial,
        )

    def child(self, edge: dict[str, Any], depth: int) -> dict[str, Any]:
        unit = self.part(edge["child"], depth) if edge["own"] and edge["child"] else None
        lot = self.lot(edge["lot"]) if edge["lot"] else None
        return {
            "role": edge["role"],
            "part": edge["part"],
            "serial": edge["child"],
            "lot": edge["lot"],
            "supplier": lot["supplier"] if lot else None,
            "origin": lot["origin"] if lot else None,
            "installed_at": edge["installed_at"],
            "removed_at": edge["removed_at"],
            "unit": unit,
        }

    def lot(self, code: str) -> dict[str, Any] | None:
        rows = self.rows("SELECT supplier, origin FROM ledger_lot WHERE lot = %s", code)
        return rows[0] if rows else None

    def events(self, lineage: list[dict[str, Any]], goods: dict[str, Any]) -> list[dict[str, Any]]:
        """Read the record about a unit: its own events, its panel's, its boxes' and its shipment's."""
        serials = [row["serial"] for row in lineage]
        shipment = goods["shipment"]["shipment"] if goods["shipment"] else None
        return self.rows(
            f"SELECT {_EVENT_COLUMNS} FROM ledger_event WHERE subject = ANY(%s)"
            f" UNION SELECT {_EVENT_COLUMNS} FROM ledger_event WHERE seq IN"
            " (SELECT unnest(ARRAY[added_seq, removed_seq]) FROM ledger_containment WHERE child = %s)"
            f" UNION SELECT {_EVENT_COLUMNS} FROM ledger_event WHERE type = 'ShippingEvent'"
            " AND refusal IS NULL AND subject = %s ORDER BY seq",
            serials,
            serials[0],
            shipment,
        )

    def installed_in(self, serial: str) -> list[dict[str, Any]]:
        """Tell which units it is or was a part of, latest first."""
        return self.rows(
            "SELECT parent, role, installed_at, removed_at FROM ledger_edge"
            " WHERE own AND child = %s AND removed_at IS NULL"
            " UNION SELECT parent, role, installed_at, removed_at FROM ledger_edge"
            " WHERE own AND child = %s AND removed_at IS NOT NULL ORDER BY installed_at DESC",
            serial,
            serial,
        )

    def measurements(self, event: dict[str, Any], unit: dict[str, Any]) -> list[dict[str, Any]]:
        if event["refusal"] or event["type"] not in ("UnitsTested", "UnitsInspected"):
            return []
        body = json.loads(event["body"])
        return [
            {
                "step": event["step"],
                "station": event["station"],
                "at": event["happened_at"],
                "name": row["name"],
                "value": row["value"],
                "unit_of_measure": row.get("unit_of_measure", ""),
                "low": row.get("low"),
                "high": row.get("high"),
                "verdict": _verdict(row),
            }
            for row in body.get("measurements", ())
        ]

    def deviations(self, lineage: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Tell under which deviations a unit, or the panel that it was taken from, was built."""
        return self.rows(
            "SELECT u.deviation, u.unit, u.step, u.station, u.at, d.title, d.part, d.substitute"
            " FROM ledger_deviation_use u LEFT JOIN design_deviation d ON d.number = u.deviation"
            " WHERE u.unit = ANY(%s) ORDER BY u.seq, u.deviation",
            [row["serial"] for row in lineage],
        )

    def waivers(self, serial: str) -> list[dict[str, Any]]:
        """Tell which departures were accepted for this one unit."""
        return self.rows(
            "SELECT number, title, requirement, approved_at FROM design_deviation"
            " WHERE kind = 'waiver' AND approved_at IS NOT NULL AND %s = ANY(serials) ORDER BY number",
            serial,
        )

    def goods(self, serial: str) -> dict[str, Any]:
        """Tell which containers a unit is in, inner first, and the shipment that it left with."""
        self.cursor.execute(
            "WITH RECURSIVE up AS (SELECT parent, 0 AS depth FROM ledger_unit WHERE serial = %s"
            " UNION SELECT u.parent, up.depth + 1 FROM ledger_unit u JOIN up ON u.serial = up.parent"
            " WHERE up.depth < 20) SELECT parent FROM up WHERE parent IS NOT NULL ORDER BY depth",
            [serial],
        )
        outer = [row[0] for row in self.cursor.fetchall()]
        shipments = self.rows(
            "SELECT s.shipment, s.consignee, s.reference, s.shipped_at FROM ledger_shipment s"
            " JOIN ledger_shipment_item i ON i.shipment = s.shipment WHERE i.item = ANY(%s)",
            [serial, *outer],
        )
        return {"containers": outer, "container": outer[0] if outer else None,
                "shipment": shipments[0] if shipments else None}  # fmt: skip

    def materials(self, unit: dict[str, Any], lineage: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Join the windows of a unit and its panels with what was on the stations then."""
        release = self.release_of(unit)
        if release is None:
            return []
        windows = self.rows(
            "SELECT subject, station, step, began_at, happened_at, deviation FROM ledger_event"
            " WHERE subject = ANY(%s) AND step IS NOT NULL AND refusal IS NULL ORDER BY seq",
            [row["serial"] for row in lineage],
        )
        found = []
        for window in windows:
            step = release.step(window["step"])
            if step and step.materials:
                window["stand_ins"] = stand_ins_of(self.cursor, window["deviation"])
                found += self.consumed(step, window)
        return found

    def made_from(self, lineage: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """List the lots that went into a unit or its panels by a transformation."""
        return self.rows(
            "SELECT DISTINCT d.input AS lot, l.part, l.supplier, l.origin, d.at FROM ledger_descent d"
            " JOIN ledger_lot l ON l.lot = d.input"
            " WHERE d.output = ANY(%s) AND d.output_kind = 'unit' AND d.input_kind = 'lot' ORDER BY d.input",
            [row["serial"] for row in lineage],
        )

    def consumed(self, step: Step, window: dict[str, Any]) -> list[dict[str, Any]]:
        mounts = self.rows(
            "SELECT m.lot, m.part, m.location, m.loaded_at, m.unloaded_at, l.supplier, l.origin"
            " FROM ledger_mount m LEFT JOIN ledger_lot l ON l.lot = m.lot"
            " WHERE m.station = %s AND m.loaded_at <= %s"
            " AND (m.unloaded_at IS NULL OR m.unloaded_at >= %s) ORDER BY m.loaded_at, m.lot",
            window["station"],
            window["happened_at"],
            window["began_at"],
        )
        return [
            {**self.material(material, step, window, mounts), "item": number}
            for number, material in enumerate(step.materials)
        ]

    def material(
        self,
        material: StepMaterial,
        step: Step,
        window: dict[str, Any],
        mounts: list[dict[str, Any]],
    ) -> dict[str, Any]:
        released = (material.part, *material.alternates)
        stand_ins = {part for of in released for part in window["stand_ins"].get(of, ())}
        candidates = [
            mount for mount in mounts if material.allows(mount["part"]) or mount["part"] in stand_ins
        ]
        lots = {mount["lot"] for mount in candidates}
        return {
            "station": window["station"],
            "location": candidates[0]["location"] if len(lots) == 1 else material.location,
            "part": material.part,
            "step": step.number,
            "station_type": step.station_type,
            "quantity": material.quantity,
            "references": list(material.references),
            "from": window["began_at"],
            "until": window["happened_at"],
            "candidates": candidates,
            "exact": len(lots) == 1,
        }


def _carried(unit: dict[str, Any]) -> set[str]:
    """Return the names of the firmware that a unit carries, in itself and in what is built into it."""
    found = {f"{unit['product']} {target}={version}" for target, version in unit["firmware"].items()}
    return found.union(*(_carried(item["unit"]) for item in unit["installed"] if item["unit"]))


def _verdict(row: dict[str, Any]) -> str | None:
    """Judge a measurement by its limits; None when it has none."""
    low, high = row.get("low"), row.get("high")
    if low is None and high is None:
        return None
    value = Decimal(row["value"])
    inside = (low is None or value >= Decimal(low)) and (high is None or value <= Decimal(high))
    return "Passed" if inside else "Failed"


def _shown(event: dict[str, Any]) -> dict[str, Any]:
    body = json.loads(event["body"])
    detail = json.loads(event["detail"]) if event["detail"] else None
    return {
        **body,
        "at": event["happened_at"],
        "recorded_at": event["recorded_at"],
        "plant": event["plant"],
        "subject": event["subject"],
        "step": event["step"],
        "outcome": "refused" if detail else "accepted",
        "refusal": detail,
    }


def json_default(value: Any) -> Any:
    """Serialise what a trace or recall holds: times as ISO 8601, amounts as text."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value)} has no JSON form")
