"""Pages of a bill of 5,000 lines, through the whole of Django, beside reading its rows and nothing else.

Asked are the first page, searches, filters, a page further down and one line, as a browser asks for them, in
a draft that is compared with the revision before; after every fifth a line is stored, so that nothing is kept
for long. The floor is one SELECT of all lines of the bill.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from _common import Result, fresh_home, percentile

LINES = 5_000
ASKED_MAX = 1_000
BOM = "/design/products/BIG/B/bom/"
ROWS = {"HX-Request": "true", "HX-Target": "bom-rows"}
ASKED = (
    ("first page", BOM, {}),
    ("search", f"{BOM}?q=murata", ROWS),
    ("designator", f"{BOM}?q=R7777", ROWS),
    ("changed", f"{BOM}?changed=1", ROWS),
    ("further down", f"{BOM}?after=4000", ROWS),
    ("one line", f"{BOM}line/2500/", {"HX-Request": "true"}),
)


def run(events: int, progress: Callable[[int, int], None]) -> Result:
    """Measure; ``events`` answers, at most ``ASKED_MAX``."""
    count = min(events, ASKED_MAX)
    with fresh_home():
        from karkhana.cli._run import django_ready

        django_ready("owner")
        client = _prepare()
        spent: dict[str, list[float]] = {name: [] for name, _, _ in ASKED}
        spent["store a line"] = []
        for number in range(count):
            name, address, headers = ASKED[number % len(ASKED)]
            began = time.perf_counter()
            answer = client.get(address, headers=headers)
            spent[name].append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"{address} answered {answer.status_code}")
            if number % 5 == 4:
                spent["store a line"].append(_store(number))
            progress(number, count)
        floor = [_floor() for _ in range(50)]
    return _result(spent, sorted(floor))


def _item(number: int) -> Any:
    from karkhana.design.release import BomItem, Source

    pieces = 1 + number % 9
    return BomItem(
        number,
        f"RC0402FR-07{number}KL",
        manufacturer=("Yageo", "Murata", "KOA", "Samsung")[number % 4],
        description=f"Chip resistor {number} kOhm 1 % 63 mW",
        value=f"{number}k",
        package=("0402", "0603", "QFN-32", "SOT-23")[number % 4],
        quantity=Decimal(pieces),
        references=tuple(f"R{10 * number + place}" for place in range(pieces)),
        alternates=(Source("KOA", f"RK73H1E{number}"),) if number % 3 == 0 else (),
    )


def _prepare() -> Any:
    """Make a product of two revisions, the second with one line in a hundred changed; return an engineer."""
    import msgspec
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    from karkhana.design import operations
    from karkhana.design.operations.bills import replace_items
    from karkhana.design.queries import find_revision
    from karkhana.site.roles import ensure_roles

    settings.ALLOWED_HOSTS = ["testserver"]
    now = dt.datetime.now(dt.UTC)
    operations.create_product(
        code="BIG", name="Big", brand="UNASSIGNED", segment="telecom", revision_code="A", now=now
    )
    items = [_item(number) for number in range(1, LINES + 1)]
    replace_items(revision=find_revision("BIG", "A"), items=items)
    operations.create_revision(product_code="BIG", revision_code="B", now=now, copy_of=("BIG", "A"))
    later = [msgspec.structs.replace(item, part=f"{item.part}-B") if item.number % 100 == 0 else item
             for item in items]  # fmt: skip
    replace_items(revision=find_revision("BIG", "B"), items=later)
    user = get_user_model().objects.create_user("bench")
    user.groups.add(ensure_roles()["engineer"])
    client = Client()
    client.force_login(user)
    return client


def _store(number: int) -> float:
    from karkhana.design import operations

    began = time.perf_counter()
    operations.save_line(product_code="BIG", revision_code="B", item=_item(1 + number % LINES))
    return time.perf_counter() - began


def _floor() -> float:
    from karkhana.design.models import BomLine

    began = time.perf_counter()
    rows = list(BomLine.objects.filter(revision__code="B").order_by("number").values_list())
    spent = time.perf_counter() - began
    if len(rows) != LINES:
        raise RuntimeError(f"{len(rows)} lines")
    return spent


def _result(spent: dict[str, list[float]], floor: list[float]) -> Result:
    detail: dict[str, Any] = {"lines": LINES}
    for name, seconds in spent.items():
        ranked = sorted(seconds)
        middle, late = percentile(ranked, 0.5), percentile(ranked, 0.95)
        detail[name] = f"p50 {middle * 1000:.0f} ms, p95 {late * 1000:.0f} ms"
    detail["floor"] = f"p50 {percentile(floor, 0.5) * 1000:.0f} ms"
    pages = sorted(s for name, times in spent.items() if name != "store a line" for s in times)
    rate, bare = len(pages) / sum(pages), len(floor) / sum(floor)
    unit = "answers/s, one at a time"
    return Result("bill", round(rate, 1), unit, round(bare, 1), round(rate / bare, 2), detail)
