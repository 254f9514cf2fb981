"""Which units a period is about: built in it, of a product, brand or plant; streamed, never listed whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from karkhana.design.models import Product
from karkhana.floor.models import Plant
from karkhana.kernel.refusals import refuse
from karkhana.ledger.store import Cursor
from karkhana.localisation.built import calendar
from karkhana.partners.models import Brand

CHUNK = 20_000
"""Units of one round: what lies in memory at a time."""
Root = tuple[str, str, str, str, dt.date]
"""Serial, product, revision, work order, and the day on which it counts."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Units completed from ``first`` to ``last`` (days of their plant, both included).

    Scrapped units, and those that were turned into something else, are not built units. Without a product,
    sub-assemblies count only inside of what they went into.
    """

    first: dt.date
    last: dt.date
    product: str | None = None
    brand: str | None = None
    plant: str | None = None

    def check(self) -> None:
        """Refuse what there is not.

        Raises:
            Refused: ``period.order``, ``product.unknown``, ``brand.unknown``, ``plant.unknown``.
        """
        if self.first > self.last or self.last.year > 9990 or self.first.year < 2:
            raise refuse(
                "period.order",
                "The period from {first} to {last} has no day.",
                "Name a first day that is not after the last one.",
                first=self.first.isoformat(),
                last=self.last.isoformat(),
            )
        _must_exist("product", self.product, Product.objects)
        _must_exist("brand", self.brand, Brand.objects)
        _must_exist("plant", self.plant, Plant.objects)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "kind": "period",
            "product": self.product,
            "brand": self.brand,
            "plant": self.plant,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
        }

    def sql(self, cursor: Cursor) -> tuple[str, list[Any]]:
        """Return the query for the units, as ``Root`` rows, and its parameters."""
        known = calendar.zones(cursor)
        where = [
            "u.kind = 'unit'",
            "u.completed_at >= %s AND u.completed_at < %s",
            "u.state <> ALL(%s)",
        ]
        one_day = dt.timedelta(days=1)
        values: list[Any] = [
            dt.datetime.combine(self.first - one_day, dt.time(), dt.UTC),
            dt.datetime.combine(self.last + 2 * one_day, dt.time(), dt.UTC),
            ["scrapped", "consumed"] if self.product else ["scrapped", "consumed", "installed"],
        ]
        if self.product:
            where.append("u.product = %s")
            values.append(self.product)
        else:
            where.append("u.product <> ALL(%s)")
            values.append(list(Product.objects.filter(segment="subassembly").values_list("code", flat=True)))
        if self.brand:
            where.append("u.brand = %s")
            values.append(self.brand)
        source, zone, before = "ledger_unit u", "%s::text", [known[""]]
        if self.plant is not None or len(set(known.values())) > 1:
            source += f" CROSS JOIN LATERAL (SELECT {calendar.PLANT} AS plant OFFSET 0) place"
            zone = "coalesce((SELECT time_zone FROM floor_plant WHERE code = place.plant), %s)"
        if self.plant is not None:
            where.append("place.plant = %s")
            values.append(self.plant)
        inner = (
            f"SELECT u.serial, u.product, u.revision, coalesce(u.work_order, '') AS work_order,"
            f" (u.completed_at AT TIME ZONE {zone})::date AS day FROM {source} WHERE {' AND '.join(where)}"
        )
        return (
            f"SELECT * FROM ({inner}) units WHERE day BETWEEN %s AND %s",
            [*before, *values, self.first, self.last],
        )


def _must_exist(kind: str, code: str | None, rows: Any) -> None:
    if code is not None and ("\x00" in code or not rows.filter(code=code).exists()):
        raise refuse(
            f"{kind}.unknown",
            "There is no " + kind + " {" + kind + "}.",
            "Check the code.",
            **{kind: code.replace("\x00", "")[:80]},
        )


def count(cursor: Cursor, selection: Selection) -> int:
    """Count the units of a selection."""
    sql, values = selection.sql(cursor)
    cursor.execute(f"SELECT count(*) FROM ({sql}) found", values)
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def streamed(cursor: Cursor, selection: Selection) -> Iterator[Iterator[list[Root]]]:
    """Open a stream of chunks of units: the server keeps the place, so memory does not grow with units."""
    sql, values = selection.sql(cursor)
    connection: psycopg.Connection[Any] = cursor.connection
    with connection.cursor(name="localisation_units", row_factory=psycopg.rows.tuple_row) as stream:
        stream.execute(sql, values, binary=True)
        yield _chunks(stream)


def _chunks(stream: psycopg.ServerCursor[Any]) -> Iterator[list[Root]]:
    while rows := stream.fetchmany(CHUNK):
        yield rows
