"""Drawing values from a pool: on the line one by one, for a machine or a simulation by the hundred thousand.

What was drawn is never drawn again, whatever happens afterwards. Who draws with a key and is not sure of
the answer draws again with the same key and gets the same values.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import psycopg
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from karkhana.floor.models import Plant, Pool, PoolRange
from karkhana.floor.pools.operations import add_range
from karkhana.floor.pools.refusals import no
from karkhana.floor.pools.rules import DRAW_MAX
from karkhana.floor.reference import reference
from karkhana.floor.rules import Reference
from karkhana.kernel.ranges import Range, run_of, stored
from karkhana.kernel.refusals import refuse
from karkhana.kernel.templates import compile_template
from karkhana.ledger import store

_TRIES = 100
"""Times to look again when others emptied the range that was waited for."""

_TAKE = """
    INSERT INTO floor_poolallotment (pool_id, range_id, first_index, last_index, key, part, line, station,
                                     work_order, unit, actor, at)
    SELECT r.pool_id, r.id, r.next_index, least(r.count, r.next_index + %(count)s) - 1, %(key)s, %(part)s,
           %(line)s, %(station)s, %(work_order)s, %(unit)s, %(actor)s, %(at)s
    FROM (SELECT id, pool_id, next_index, count FROM floor_poolrange
          WHERE pool_id = %(pool)s AND period = %(period)s AND next_index < count
          ORDER BY id LIMIT 1 FOR NO KEY UPDATE) r
    RETURNING range_id, first_index, last_index
"""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive values that were drawn: the places ``first_index`` to ``last_index`` of a range."""

    range_id: int
    values: Range
    first_index: int
    last_index: int

    @property
    def first(self) -> str:
        """The first value."""
        return self.values.value(self.first_index)

    @property
    def last(self) -> str:
        """The last value."""
        return self.values.value(self.last_index)

    @property
    def count(self) -> int:
        """How many values."""
        return self.last_index - self.first_index + 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a draw gave; ``repeated`` when it was drawn before with the same key."""

    pool: str
    scheme: str
    blocks: tuple[Block, ...]
    repeated: bool = False

    @property
    def count(self) -> int:
        """How many values in all."""
        return sum(block.count for block in self.blocks)

    def values(self) -> list[str]:
        """Write out all values, in the order in which they were drawn."""
        return [v for block in self.blocks for v in block.values.values(block.first_index, block.last_index)]


@dataclass(frozen=True, slots=True)
class _Known:
    """A pool as a draw needs it; fixed but for ``is_closed``."""

    id: int
    code: str
    brand: str
    plant: str
    product: str
    scheme: str
    template: str
    counter_first: int
    counter_last: int | None
    is_closed: bool


_POOLS: dict[str, tuple[Reference, dict[str, _Known]]] = {}


def draw(
    *, pool: str, now: dt.datetime, count: int = 1, key: str | None = None, line: str = "", station: str = "",
    work_order: str = "", unit: str = "", product: str = "", actor: str = "",
) -> Drawn:  # fmt: skip
    """Draw the next values of a pool: all that were asked for, or none.

    Args:
        count: 1 to ``DRAW_MAX``. Large draws cost no more than small ones.
        key: makes the draw repeatable. Without one, a draw for a unit has the unit's: the unit gets the same
            values again until one of them was taken out of use.
        line, station, work_order, unit, product: what it is for; whatever is named must fit to the pool.
        actor: who draws.

    Raises:
        Refused: ``pool.*``, ``line.unknown``, ``station.unknown``, ``work_order.unknown``, ``unit.unknown``.
    """
    texts = {"line": line, "station": station, "work_order": work_order, "unit": unit, "product": product,
             "actor": actor, "key": key or ""}  # fmt: skip
    _check_texts(texts)
    if not 1 <= count <= DRAW_MAX:
        raise no("pool.invalid", field="count", problem=f"{count} is not 1 to {DRAW_MAX}")
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                return _draw(pool, count, now, key, texts)
        except psycopg.errors.UniqueViolation as problem:
            # Somebody was quicker with the same key: what he drew is what this one gets.
            if attempt == _TRIES - 1 or problem.diag.constraint_name != "pool_allotment_key_once":
                raise
        except psycopg.errors.DeadlockDetected:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("the last try raises or returns")


def _check_texts(texts: dict[str, str]) -> None:
    for field, text in texts.items():
        limit = 110 if field == "key" else 80
        if text and (len(text) > limit or not text.isprintable()):
            raise no("pool.invalid", field=field, problem=f"it is longer than {limit} printable signs")


def _draw(code: str, count: int, now: dt.datetime, key: str | None, texts: dict[str, str]) -> Drawn:
    cursor = store.raw_cursor(connection)
    known = reference(cursor)
    found = _pools(cursor, known).get(code)
    if found is None:
        raise no("pool.unknown", pool=code[:40])
    plant, zone = _check_purpose(cursor, known, found, texts)
    if key is None and texts["unit"]:
        key = f"unit/{texts['unit']}"
    if key is not None:
        key, before = _drawn_before(cursor, found, key, by_unit=not texts["key"])
        if before:
            return _repeat(cursor, found, before, key, count)
    if found.is_closed:
        raise no("pool.closed", pool=code)
    period = _open_period(found, now, plant, zone) if found.template else ""
    texts = {**texts, "line": texts["line"] or _line_of(known, texts["station"])}
    return Drawn(code, found.scheme, _take(cursor, found, period, count, key, now, texts))


def _pools(cursor: store.Cursor, known: Reference) -> dict[str, _Known]:
    """Return the pools by code, read again when anything that the gate caches has changed."""
    name = cursor.connection.info.dbname
    held = _POOLS.get(name)
    if held is None or held[0] is not known:
        pools = {
            pool.code: _Known(
                id=pool.pk,
                code=pool.code,
                brand=pool.brand.code,
                plant=pool.plant.code if pool.plant else "",
                product=pool.product.code if pool.product else "",
                scheme=pool.scheme,
                template=pool.template,
                counter_first=pool.counter_first,
                counter_last=pool.counter_last,
                is_closed=pool.is_closed,
            )
            for pool in Pool.objects.select_related("brand", "plant", "product")
        }
        held = _POOLS[name] = (known, pools)
        for key in [key for key in _RANGES if key[0] == name]:
            del _RANGES[key]
    return held[1]


def _line_of(known: Reference, station: str) -> str:
    return known.stations[station].line if station else ""


def _check_purpose(
    cursor: store.Cursor, known: Reference, pool: _Known, texts: dict[str, str]
) -> tuple[str, ZoneInfo]:
    """Refuse a draw for another plant, product or brand; return the plant and its zone."""
    plant, zone = _plant_of(known, pool, texts)
    if pool.plant and plant and plant != pool.plant:
        raise no("pool.other_plant", pool=pool.code, expected=pool.plant, plant=plant)
    for product, brand, what in _goods_of(cursor, known, texts):
        if brand != pool.brand:
            raise no("pool.other_brand", pool=pool.code, what=what)
        if pool.product and product != pool.product:
            raise no("pool.other_product", pool=pool.code, expected=pool.product, product=product)
    return pool.plant or plant, zone


def _plant_of(known: Reference, pool: _Known, texts: dict[str, str]) -> tuple[str, ZoneInfo]:
    if texts["station"]:
        station = known.stations.get(texts["station"])
        if station is None:
            raise refuse(
                "station.unknown",
                "There is no station {station}.",
                "Check the code.",
                station=texts["station"],
            )
        return station.plant, station.time_zone
    if texts["line"] or (pool.plant and pool.template):
        wanted = {"lines__code": texts["line"]} if texts["line"] else {"code": pool.plant}
        row = Plant.objects.filter(**wanted).values_list("code", "time_zone").first()
        if row is None:
            raise refuse("line.unknown", "There is no line {line}.", "Check the code.", line=texts["line"])
        return row[0], ZoneInfo(row[1])
    return "", ZoneInfo(settings.PLANT_TIME_ZONE)


def _goods_of(cursor: store.Cursor, known: Reference, texts: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return (product, brand, how to say it) of everything that the draw is said to be for."""
    found: list[tuple[str, str, str]] = []
    brands = {product: release.brand for (product, _), release in known.releases.items()}
    if texts["work_order"]:
        pair = known.work_orders.get(texts["work_order"])
        if pair is None:
            raise refuse(
                "work_order.unknown",
                "There is no work order {work_order}.",
                "Check the work order on the job card.",
                work_order=texts["work_order"],
            )
        found.append((pair[0], brands[pair[0]], f"work order {texts['work_order']}"))
    if texts["product"]:
        found.append((texts["product"], brands.get(texts["product"], ""), f"product {texts['product']}"))
    if texts["unit"]:
        cursor.execute("SELECT product, brand FROM ledger_unit WHERE serial = %s", [texts["unit"]])
        row = cursor.fetchone()
        if row is None:
            raise refuse(
                "unit.unknown", "No unit {unit} was ever started here.", "Read the label again.",
                unit=texts["unit"],
            )  # fmt: skip
        found.append((row[0] or "", row[1] or "", f"unit {texts['unit']}"))
    return found


_Rows = list[tuple[int, int, int]]


def _drawn_before(cursor: store.Cursor, pool: _Known, key: str, *, by_unit: bool) -> tuple[str, _Rows]:
    """Return what a key drew; for a unit, the key of its next draw once one of its values is spoilt."""
    tried, generation = key, 1
    while True:
        cursor.execute(
            "SELECT a.range_id, a.first_index, a.last_index, EXISTS (SELECT FROM floor_poolspoilt s"
            "  WHERE s.range_id = a.range_id AND s.index BETWEEN a.first_index AND a.last_index)"
            " FROM floor_poolallotment a WHERE a.pool_id = %s AND a.key = %s ORDER BY a.part",
            [pool.id, tried],
        )
        rows = cursor.fetchall()
        if not (by_unit and any(row[3] for row in rows)):
            return tried, [(row[0], row[1], row[2]) for row in rows]
        generation += 1
        tried = f"{key}#{generation}"


def _repeat(cursor: store.Cursor, pool: _Known, rows: _Rows, key: str, count: int) -> Drawn:
    before = Drawn(pool.code, pool.scheme, _blocks(pool, rows), repeated=True)
    if before.count != count:
        raise no("pool.key_used", key=key, drawn=before.count, count=count)
    return before


def _open_period(pool: _Known, now: dt.datetime, plant: str, zone: ZoneInfo) -> str:
    """Make sure that a pool with a template has the range of today; return what that range is found by."""
    stem = compile_template(pool.template).stem(now.astimezone(zone).date(), plant)
    if not PoolRange.objects.filter(pool_id=pool.id, period=stem).exists():
        values = run_of(stem, pool.counter_first, pool.counter_last, pool.scheme)
        row = Pool.objects.select_related("brand").get(pk=pool.id)
        try:
            with transaction.atomic():
                add_range(row, values, source="template", now=now, period=stem)
        except IntegrityError as problem:
            if "pool_range_period_once" in str(problem):
                return stem  # another draw was quicker to open it
            if PoolRange.objects.filter(pool_id=pool.id, period=stem).exists():
                return stem
            if "pool_range_apart" not in str(problem):
                raise
            raise no(
                "pool.overlap", place=f"Pool {pool.code}", first=values.first, last=values.last,
                other="a range that is taken already",
            ) from None  # fmt: skip
    return stem


def _take(
    cursor: store.Cursor, pool: _Known, period: str, count: int, key: str | None, now: dt.datetime,
    texts: dict[str, str],
) -> tuple[Block, ...]:  # fmt: skip
    rows: _Rows = []
    left, empty = count, 0
    columns = {name: texts[name] for name in ("line", "station", "work_order", "unit", "actor")}
    while left:
        wanted = {**columns, "count": left, "key": key, "part": len(rows), "at": now, "pool": pool.id}
        cursor.execute(_TAKE, {**wanted, "period": period})
        row = cursor.fetchone()
        if row is not None:
            rows.append((row[0], row[1], row[2]))
            left -= row[2] - row[1] + 1
            continue
        # Nothing there, or the range that was waited for is empty now and another one has values.
        cursor.execute(
            "SELECT coalesce(sum(count - next_index), 0) FROM floor_poolrange"
            " WHERE pool_id = %s AND period = %s",
            [pool.id, period],
        )
        there = cursor.fetchone()
        free = int(there[0]) if there else 0
        empty += 1
        if free < left or empty > _TRIES:
            raise no("pool.exhausted", pool=pool.code, left=free + count - left, count=count)
    return _blocks(pool, rows)


_RANGES: dict[tuple[str, int], Range] = {}


def _blocks(pool: _Known, rows: _Rows) -> tuple[Block, ...]:
    """Turn what the database gave into blocks; a range never changes, so it is read once per process."""
    name = str(connection.settings_dict["NAME"])
    unread = [range_id for range_id, _, _ in rows if (name, range_id) not in _RANGES]
    if unread:
        for row in PoolRange.objects.filter(pk__in=unread).values_list("id", "first", "count", "stem"):
            _RANGES[name, row[0]] = stored(pool.scheme, row[1], row[2], row[3])
    return tuple(Block(range_id, _RANGES[name, range_id], *places) for range_id, *places in rows)
