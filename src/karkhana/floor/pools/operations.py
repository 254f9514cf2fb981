"""Writes of the pools that an engineer makes: pools, ranges, what is taken out of use."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from karkhana.design.models import Product
from karkhana.floor.models import Plant, Pool, PoolRange, PoolSpace, PoolSpoilt
from karkhana.floor.pools.files import RangeLine
from karkhana.floor.pools.refusals import no
from karkhana.floor.pools.rules import Placed, clash, find_overlap, say_other
from karkhana.kernel import identities
from karkhana.kernel.ranges import RANGED, Range, parse_range, run_of, stored
from karkhana.kernel.refusals import refuse
from karkhana.kernel.templates import Template, compile_template
from karkhana.partners.models import Brand

COUNTER_MAX = 10**15


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import stored: ranges, values in them, and what is allowed but seldom meant."""

    ranges: int
    values: int
    warnings: tuple[str, ...]


@transaction.atomic
def create_pool(
    *, code: str, brand: str, scheme: str, now: dt.datetime, name: str = "", kind: str = "", plant: str = "",
    product: str = "", template: str = "", counter_first: int = 1, counter_last: int | None = None,
    alarm_days: int = 14, alarm_count: int = 0,
) -> Pool:  # fmt: skip
    """Make a pool; made again with the same content, it is returned as it is.

    Args:
        kind: the identity's name in the release; empty for every identity of the scheme.
        plant, product: codes; empty for all of the brand.
        template: composes serial numbers when they are drawn (``kernel.templates``).

    Raises:
        Refused: ``pool.*``, ``brand.unknown``, ``plant.unknown``, ``product.unknown``.
    """
    _check_texts(code=(code, 40, True), name=(name, 120, False), kind=(kind, 40, False))
    if not re.fullmatch(r"[A-Za-z0-9._-]+", code):
        raise no(
            "pool.invalid", field="code", problem=f"{code!r} has other signs than letters, digits, . _ -"
        )
    if scheme not in RANGED:
        raise no(
            "pool.invalid", field="scheme", problem=f"{scheme[:40]!r} has no pools; {', '.join(RANGED)} do"
        )
    _check_numbers(counter_first, counter_last, alarm_days, alarm_count)
    owner, site, goods = _brand(brand), _plant(plant), _product(product, brand)
    if template:
        _check_template(template, scheme, plant, counter_first, counter_last)
    wanted = {
        "name": name, "brand": owner, "plant": site, "product": goods, "scheme": scheme, "kind": kind,
        "template": template, "counter_first": counter_first, "counter_last": counter_last,
    }  # fmt: skip
    alarm = {"alarm_days": alarm_days, "alarm_count": alarm_count, "created_at": now}
    pool, made = Pool.objects.get_or_create(code=code, defaults={**wanted, **alarm})
    if not made and any(getattr(pool, field) != value for field, value in wanted.items() if field != "name"):
        raise no("pool.exists", pool=code)
    if made and template:
        _check_clash(pool)
    return pool


def _check_texts(**fields: tuple[str, int, bool]) -> None:
    for field, (text, limit, needed) in fields.items():
        if (needed and not text) or len(text) > limit or text != text.strip() or not text.isprintable():
            least = 1 if needed else 0
            problem = f"{text[:40]!r} is not {least} to {limit} printable signs without blanks around"
            raise no("pool.invalid", field=field, problem=problem)


def _check_numbers(first: int, last: int | None, alarm_days: int, alarm_count: int) -> None:
    limits = {
        "counter_first": (first, 0, COUNTER_MAX),
        "counter_last": (first if last is None else last, first, COUNTER_MAX),
        "alarm_days": (alarm_days, 0, 3650),
        "alarm_count": (alarm_count, 0, COUNTER_MAX),
    }
    for field, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise no("pool.invalid", field=field, problem=f"{value} is not {low} to {high}")


def _brand(code: str) -> Brand:
    found = Brand.objects.filter(code=_clean(code)).first()
    if found is None:
        raise refuse(
            "brand.unknown", "There is no brand {brand}.", "Use the code of a known brand.", brand=code[:40]
        )
    return found


def _plant(code: str) -> Plant | None:
    found = Plant.objects.filter(code=_clean(code)).first() if code else None
    if code and found is None:
        raise refuse("plant.unknown", "There is no plant {plant}.", "Check the code.", plant=code[:40])
    return found


def _product(code: str, brand: str) -> Product | None:
    """Return a brand's product; another brand's is unknown, as far as this one may know."""
    found = Product.objects.filter(code=_clean(code), brand__code=_clean(brand)).first() if code else None
    if code and found is None:
        raise refuse(
            "product.unknown",
            "There is no product {product} of brand {brand}.",
            "Check the code.",
            product=code[:40],
            brand=brand[:40],
        )
    return found


def _clean(code: str) -> str:
    """Return a code that the database can be asked for: a NUL character is in none."""
    return code.replace("\0", "\ufffd")


def _check_template(template: str, scheme: str, plant: str, first: int, last: int | None) -> Template:
    try:
        compiled = compile_template(template)
        if scheme not in ("serial", "meter", "bpan", "vin"):
            raise ValueError(f"numbers of the scheme {scheme} are not composed by their maker")
        if compiled.names_plant and not plant:
            raise ValueError("it has {plant}, so the pool must be of one plant")
        sample = compiled.stem(dt.date(2026, 1, 1), plant)
        run = run_of(sample, first, last, scheme)
        identities.normalise(scheme, run.first)
    except ValueError as problem:
        raise no("pool.template", template=template[:80], problem=str(problem)) from None
    return compiled


def _check_clash(pool: Pool) -> None:
    """Refuse a template that could compose another pool's numbers, in this year or a later one."""
    others = Pool.objects.filter(scheme=pool.scheme).exclude(template="").exclude(pk=pool.pk)
    if pool.scheme == "serial":
        others = others.filter(brand=pool.brand)
    mine = compile_template(pool.template)
    for other in others.select_related("plant", "brand"):
        if clash(
            mine, _code(pool.plant), (pool.counter_first, pool.counter_last),
            compile_template(other.template), _code(other.plant), (other.counter_first, other.counter_last),
        ):  # fmt: skip
            own = other.brand_id == pool.brand_id
            raise no(
                "pool.template_clash",
                template=pool.template,
                other=other.template if own else "the template",
                pool=other.code if own else "another brand",
            )


def _code(plant: Plant | None) -> str:
    return plant.code if plant else ""


@transaction.atomic
def set_pool(
    *, code: str, is_closed: bool | None = None, alarm_days: int | None = None, alarm_count: int | None = None
) -> Pool:
    """Close or open a pool, or change when it gives alarm; None leaves a value as it is.

    Raises:
        Refused: ``pool.unknown``, ``pool.invalid``.
    """
    pool = Pool.objects.select_for_update().filter(code=_clean(code)).first()
    if pool is None:
        raise no("pool.unknown", pool=code[:40])
    pool.alarm_days = pool.alarm_days if alarm_days is None else alarm_days
    pool.alarm_count = pool.alarm_count if alarm_count is None else alarm_count
    pool.is_closed = pool.is_closed if is_closed is None else is_closed
    _check_numbers(0, None, pool.alarm_days, pool.alarm_count)
    pool.save(update_fields=["alarm_days", "alarm_count", "is_closed"])
    return pool


def import_ranges(*, lines: Sequence[RangeLine], now: dt.datetime, pool: str = "") -> Imported:
    """Give pools the ranges that a registry assigned: all lines, or none and a refusal with the place.

    Args:
        lines: at least one; each may name its pool, else it is for ``pool``.

    Raises:
        Refused: ``pool.unknown``, ``pool.composed``, ``pool.range``, ``pool.overlap``.
    """
    if not lines:
        raise no("pool.range", place="The file", problem="there is no range in it")
    pools = {
        found.code: found
        for found in Pool.objects.select_related("brand").filter(
            code__in={_clean(line.pool or pool) for line in lines}
        )
    }
    placed = [_place(line, pools.get(line.pool or pool), line.pool or pool) for line in lines]
    try:
        with transaction.atomic():
            return _store(placed, now)
    except IntegrityError as problem:
        if "pool_range_apart" not in str(problem):
            raise
    # Another import was quicker with the same numbers: this time it is seen.
    with transaction.atomic():
        return _store(placed, now)


@dataclass(frozen=True, slots=True)
class _Incoming:
    line: RangeLine
    pool: Pool
    placed: Placed


def _place(line: RangeLine, pool: Pool | None, code: str) -> _Incoming:
    if pool is None:
        raise no("pool.unknown", pool=code[:40], place=line.place)
    if pool.template:
        raise no("pool.composed", pool=pool.code, place=line.place)
    try:
        values = parse_range(pool.scheme, line.first, line.last, line.count)
        for text in (values.first, values.last):
            if identities.normalise(pool.scheme, text)[1] != text:
                raise ValueError(f"{text} is not how numbers of the scheme {pool.scheme} are written")
    except ValueError as problem:
        raise no("pool.range", place=line.place, problem=str(problem)) from None
    return _Incoming(line, pool, Placed(line.place, values, pool.brand.code, ""))


def _store(incoming: list[_Incoming], now: dt.datetime) -> Imported:
    placed = [one.placed for one in incoming]
    overlap = find_overlap(placed, _known(placed))
    if overlap:
        mine, other = overlap
        first, last = mine.values.first, mine.values.last
        raise no("pool.overlap", place=mine.place, first=first, last=last, other=say_other(mine, other))
    # One order for all, so that two imports never wait for each other in a ring.
    for one in sorted(incoming, key=lambda one: one.placed.values.span(one.placed.brand)):
        line, values = one.line, one.placed.values
        add_range(one.pool, values, source=line.place, certificate=line.certificate, now=now)
    warnings = tuple(f"{found.place}: {text}" for found in placed for text in found.values.warnings)
    return Imported(len(placed), sum(found.values.count for found in placed), warnings)


def _known(placed: Sequence[Placed]) -> list[Placed]:
    """Read the ranges that lie in the same spaces as these."""
    spaces = {found.values.span(found.brand)[0] for found in placed}
    rows = PoolRange.objects.filter(space__name__in=spaces).values_list(
        "source", "pool__scheme", "first", "count", "stem", "pool__brand__code", "pool__code"
    )
    return [
        Placed(source, stored(scheme, first, count, stem), brand, pool)
        for source, scheme, first, count, stem, brand, pool in rows
    ]


def add_range(
    pool: Pool, values: Range, *, source: str, now: dt.datetime, certificate: str = "", period: str = ""
) -> PoolRange:
    """Write a range of a pool, inside the caller's transaction.

    Raises:
        IntegrityError: on ``pool_range_apart``, when it shares a value with another range.
    """
    space, low, high = values.span(pool.brand.code)
    return PoolRange.objects.create(
        pool=pool,
        space=PoolSpace.objects.get_or_create(name=space)[0],
        low=Decimal(low),
        high=Decimal(high),
        first=values.first,
        last=values.last,
        stem=values.stem,
        period=period,
        count=values.count,
        source=source[:200],
        certificate=certificate,
        created_at=now,
    )


@transaction.atomic
def remove_range(*, pool: str, first: str) -> None:
    """Take a range back that nothing was drawn from, such as one imported by mistake.

    Args:
        first: its first value, as the pool shows it.

    Raises:
        Refused: ``pool.value_unknown``, ``pool.drawn``.
    """
    found = (
        PoolRange.objects.select_for_update()
        .filter(pool__code=_clean(pool), first=_clean(first), pool__template="")
        .first()
    )
    if found is None:
        raise no("pool.value_unknown", value=first[:60], pool=pool[:40])
    if found.next_index:
        raise no("pool.drawn", first=found.first, last=found.last)
    found.delete()


@transaction.atomic
def spoil(*, pool: str, value: str, reason: str, now: dt.datetime, actor: str = "") -> str:
    """Take a drawn value out of use for ever, such as one on a torn label; again, it stays so.

    Returns:
        The value in its normal form.

    Raises:
        Refused: ``pool.unknown``, ``pool.invalid``, ``pool.value_unknown``, ``pool.value_free``,
            ``pool.value_written``.
    """
    found = Pool.objects.select_related("brand").filter(code=_clean(pool)).first()
    if found is None:
        raise no("pool.unknown", pool=pool[:40])
    _check_texts(reason=(reason, 120, True))
    try:
        space, text = identities.normalise(found.scheme, value)
    except ValueError as problem:
        raise no("pool.invalid", field="value", problem=f"{value[:60]!r}: {problem}") from None
    for held in PoolRange.objects.filter(pool=found):
        index = stored(found.scheme, held.first, held.count, held.stem).index(text)
        if index is None:
            continue
        if index >= held.next_index:
            raise no("pool.value_free", value=text, pool=found.code)
        _refuse_written(f"serial/{found.brand.code}" if space == "serial" else space, text)
        PoolSpoilt.objects.get_or_create(
            range=held, index=index, defaults={"reason": reason, "actor": actor[:150], "at": now}
        )
        return text
    raise no("pool.value_unknown", value=text[:60], pool=found.code)


def _refuse_written(space: str, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unit FROM ledger_identity WHERE space = %s AND value = %s AND burnt_at IS NULL",
            [space, text],
        )
        row = cursor.fetchone()
    if row:
        raise no("pool.value_written", value=text, unit=row[0])
