"""Identity pools of the reference enterprise (``pools.csv``), and how the factory draws from them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from karkhana.design.release import IdentityRule, ReleasePackage

BLOCK = 200
"""Values that a personalisation station draws at once."""


class PoolRow(msgspec.Struct, frozen=True):
    """A range of a pool; several rows of one pool are several ranges of it."""

    pool: str
    name: str
    brand: str
    scheme: str
    kind: str
    product: str
    first: str
    count: int
    certificate: str
    alarm_days: int


def install_pools(rows: Iterable[PoolRow], *, now: dt.datetime) -> None:
    """Make the pools and import their ranges; a pool that is there already is left as it is."""
    from karkhana.floor.pools.files import RangeLine
    from karkhana.floor.pools.models import Pool
    from karkhana.floor.pools.operations import create_pool, import_ranges

    ranges: defaultdict[str, list[PoolRow]] = defaultdict(list)
    for row in rows:
        ranges[row.pool].append(row)
    known = set(Pool.objects.filter(code__in=ranges).values_list("code", flat=True))
    for code, own in ranges.items():
        if code in known:
            continue
        first = own[0]
        create_pool(
            code=code,
            brand=first.brand,
            scheme=first.scheme,
            now=now,
            name=first.name,
            kind=first.kind,
            product=first.product,
            alarm_days=first.alarm_days,
        )
        lines = [
            RangeLine(f"pools.csv {code}", row.first, count=row.count, certificate=row.certificate)
            for row in own
        ]
        import_ranges(lines=lines, now=now, pool=code)


class Draws:
    """Draws identities for a run, in blocks; the same run draws the same values again.

    Args:
        day: plant-local day whose numbers the run gives.
        run: tells runs apart that give the same numbers of a day.
    """

    def __init__(self, day: dt.date, run: str = "") -> None:
        self.day, self._run = day, run
        self._pools: dict[tuple[str, str], str | None] = {}
        self._blocks: dict[tuple[str, int], list[str]] = {}

    def value(self, package: ReleasePackage, rule: IdentityRule, number: int, at: dt.datetime) -> str | None:
        """Return the value for a unit's number, None where no pool serves this identity."""
        wanted = (package.product, rule.kind)
        if wanted not in self._pools:
            self._pools[wanted] = _pool_for(package, rule)
        pool = self._pools[wanted]
        if pool is None:
            return None
        block = self._blocks.get((pool, number // BLOCK))
        if block is None:
            block = self._blocks[pool, number // BLOCK] = self._draw(pool, number // BLOCK, at)
            self._blocks.pop((pool, number // BLOCK - 3), None)
        return block[number % BLOCK]

    def _draw(self, pool: str, place: int, at: dt.datetime) -> list[str]:
        from karkhana.floor.pools.draws import draw

        key = f"simulated/{self.day.isoformat()}{self._run}/{place}"
        return draw(pool=pool, count=BLOCK, now=at, key=key).values()


def _pool_for(package: ReleasePackage, rule: IdentityRule) -> str | None:
    """Return the pool of an identity: the one for this product and kind before a wider one."""
    from karkhana.floor.pools.models import Pool

    found = Pool.objects.filter(
        brand__code=package.brand,
        scheme=rule.scheme,
        kind__in=("", rule.kind),
        plant=None,
    )
    fitting = [
        (pool.product is None, pool.kind == "", pool.code)
        for pool in found.select_related("product")
        if pool.product is None or pool.product.code == package.product
    ]
    return min(fitting)[2] if fitting else None
