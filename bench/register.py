"""Rows per second of a purchase register read into the books, beside a bare COPY of the same rows.

The register is a CSV file of half imports, half purchases in the country, in a common layout; one row in a
thousand is wrong. The floor streams the same rows, as they were booked, into a bare table of the same columns
with the same key. ``events`` (``--rows``) is how many rows.
"""

from __future__ import annotations

import datetime as dt
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _common import Result, fresh_home

HEAD = (
    "Batch;Vendor;Material;Reference;Line;Invoice date;Qty;Taxable value;Currency;Exchange rate;HSN code"
    ";COO;IGST\n"
)
COLUMNS = (
    "lot, part, supplier_id, channel, invoice, invoice_line, invoice_date, quantity, currency, value,"
    " freight, insurance, incoterm, rate, hsn, origin, cif, price, duty, igst, igst_creditable, tax,"
    " tax_creditable, landed, repackaged, file_sha256, file_line, recorded_at"
)


def run(events: int, progress: Callable[[int, int], None]) -> Result:
    """Measure; ``events`` is how many rows.

    Raises:
        Refused: when the embedded database cannot start.
    """
    with fresh_home() as home:
        from karkhana.cli._run import django_ready

        django_ready("app")
        return _measure(events, home, progress)


def _write(path: Path, rows: int) -> None:
    chance = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for number in range(rows):
            abroad = number % 2
            day = dt.date(2026, 4, 1) + dt.timedelta(days=number % 180)
            value = f"{chance.uniform(10, 900_000):,.2f}"
            quantity = "0" if number % 1000 == 999 else f"{chance.randint(1, 40_000):,}"
            money = f"USD;{84 + number % 7 / 10:.2f}" if abroad else "INR;"
            file.write(
                f"LOT-{number:07};V-{number % 20:02}{'F' if abroad else 'H'};P-{number % 900:04};"
                f"INV/{number // 8:06};{number % 8 + 1};{day:%d-%b-%Y};{quantity};{value};{money};8518 90 00;"
                f"{'CN' if abroad else 'IN'};{'' if abroad else '18.00'}\n"
            )


def _measure(rows: int, home: Path, progress: Callable[[int, int], None]) -> Result:
    from karkhana.supply.registers.operations import import_register
    from karkhana.supply.sources.operations import set_supplier

    for number in range(20):
        for letter, country in (("F", "CN"), ("H", "IN")):
            code = f"V-{number:02}{letter}"
            set_supplier(code=code, name=code, country_code=country)
    path = home / "register.csv"
    _write(path, rows)
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    peaks: list[int] = []

    def tell(done: int, total: int) -> None:
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        progress(done, total)

    began = time.perf_counter()
    report = import_register(kind="purchases", path=path, now=now, progress=tell)
    took = time.perf_counter() - began
    began = time.perf_counter()
    again = import_register(kind="purchases", path=path, now=now, progress=progress)
    took_again = time.perf_counter() - began
    floor = _floor()
    detail: dict[str, Any] = {
        "rows": rows,
        "booked": report.made,
        "refused": report.refused,
        "seconds": round(took, 1),
        "second_import_rows_per_s": round(rows / took_again),
        "second_import_changed": again.made,
        "megabytes_at_first_chunk": round(peaks[0] / 1024),
        "megabytes_at_last_chunk": round(peaks[-1] / 1024),
        "file_megabytes": round(path.stat().st_size / 2**20, 1),
    }
    return Result(
        "register", round(rows / took), "rows/s", round(floor), round(rows / took / floor, 4), detail
    )


def _floor() -> float:
    """Copy what was booked into a bare table with the same key; return rows per second."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE bare AS SELECT {COLUMNS} FROM supply_receipt WITH NO DATA;"
            " ALTER TABLE bare ADD PRIMARY KEY (lot)"
        )
        blocks: list[bytes] = []
        with cursor.copy(f"COPY (SELECT {COLUMNS} FROM supply_receipt) TO STDOUT") as out:
            blocks.extend(bytes(block) for block in out)
        began = time.perf_counter()
        with cursor.copy(f"COPY bare ({COLUMNS}) FROM STDIN") as copy:
            for block in blocks:
                copy.write(block)
        took = time.perf_counter() - began
        cursor.execute("SELECT count(*) FROM bare")
        return float(cursor.fetchone()[0] / took)
