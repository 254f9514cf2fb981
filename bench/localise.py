"""Local value of built units per second, by one method in one run, beside one bare SQL aggregate.

Units are written straight into the record's tables of a throw-away database: panels of four boards over two
lines with 58 reels each, changed every few thousand boards, a board in every device, seven key parts by lots
of 500 to 3,000, receipts, bills of entry and certificates for every lot. Each figure is taken in a process of
its own, with the processor time that it and the server's process took: on a machine that does other things
too, that is what can be compared. The floor joins the same key parts' edges with a value per lot and adds:
what any answer must at least read. ``events`` is how many units.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from _common import Result, fresh_home

DEFAULT = 200_000
START = dt.datetime(2026, 10, 31, 18, 30, tzinfo=dt.UTC)
"""Midnight of 1 November on the plant's calendar."""
DAYS = 4
"""Over which the units are spread, evenly: one, two and four days are valued."""
FEEDERS = {"PRINT": 1, "PLACE-1": 26, "PLACE-2": 21, "PLACE-3": 10}
SCREWS = 4
KEYS = {"display": 900, "battery": 500, "camera": 1500, "speaker": 2500, "cover": 700, "frame": 1100,
        "box": 3000}  # fmt: skip
LOT_ONLY = ("frame", "box")
WORKER = """
import json, resource, sys, time, datetime as dt, django
django.setup()
from django.db import connection
from karkhana.localisation.built.queries import value_period
def server_cpu():
    "Seconds that the server's process for this connection has worked; None where the system does not tell."
    try:
        with open(f"/proc/{connection.connection.info.backend_pid}/stat") as file:
            return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13])) / 100
    except OSError:
        return None
connection.ensure_connection()
first, last = (dt.date.fromisoformat(text) for text in sys.argv[1:3])
own, server, began = time.process_time(), server_cpu(), time.perf_counter()
found = value_period(method="PPP_MII", first=first, last=last)
seconds = time.perf_counter() - began
own = time.process_time() - own
server = None if server is None else server_cpu() - server
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"units": found.units, "seconds": seconds, "peak_mib": round(peak / 1024, 1),
                  "sets": found.sets, "percent": str(found.figures.percent_min),
                  "percent_max": str(found.figures.percent_max), "class": found.grade,
                  "unproved": len(found.doubts), "lines": len(found.lines), "cpu_s": round(own, 2),
                  "server_cpu_s": server and round(server, 2)}))
"""


def run(events: int, progress: Callable[[int, int], None]) -> Result:
    """Measure; ``events`` is how many units, at least 40.

    Raises:
        Refused: when the embedded database cannot start.
    """
    units = max(40, events // 4 * 4)
    with fresh_home():
        from karkhana.cli._run import django_ready

        django_ready("owner")
        _Factory(units).build(progress)
        floor = _floor(units)
        found = [_valued(days) for days in (1, 2, DAYS)]
    whole = found[-1]
    rate = round(whole["units"] / whole["seconds"])
    detail: dict[str, Any] = {
        "units": whole["units"],
        "sets": whole["sets"],
        "percent": whole["percent"],
        "percent_max": whole["percent_max"],
        "unproved": whole["unproved"],
        "lines": whole["lines"],
        "runs": [
            {"units": row["units"], "units_per_s": round(row["units"] / row["seconds"]),
             "peak_mib": row["peak_mib"], "sets": row["sets"], "cpu_s": row["cpu_s"],
             "server_cpu_s": row["server_cpu_s"]}
            for row in found
        ],
    }  # fmt: skip
    return Result("localise", rate, "units/s", floor, round(rate / floor, 3), detail)


def _valued(days: int) -> dict[str, Any]:
    """Value the units of the first days in a process of its own."""
    first = dt.date(2026, 11, 1)
    last = first + dt.timedelta(days=days - 1)
    done = subprocess.run(
        [sys.executable, "-c", WORKER, first.isoformat(), last.isoformat()],
        check=True, capture_output=True, text=True, env=os.environ,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _floor(units: int) -> float:
    """Add the value of the lots of all key parts' edges in one statement; return units per second."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_value AS SELECT lot, landed / quantity AS value FROM supply_receipt"
        )
        cursor.execute("ALTER TABLE bench_value ADD PRIMARY KEY (lot)")
        cursor.execute("ANALYZE bench_value")
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            cursor.execute(
                "SELECT sum(v.value) FROM ledger_edge e JOIN bench_value v ON v.lot = e.lot"
                " WHERE e.removed_at IS NULL"
            )
            cursor.fetchone()
            seconds.append(time.perf_counter() - began)
    return round(units / min(seconds))


class _Factory:
    """Writes what a factory would have left behind."""

    def __init__(self, units: int) -> None:
        self.units = units
        self.gap_us = DAYS * 86_400_000_000 // units

    def build(self, progress: Callable[[int, int], None]) -> None:
        from django.db import connection

        self._masters()
        with connection.cursor() as cursor:
            self.cursor = cursor
            cursor.execute("SELECT ledger_make_partition('2026-10-01'), ledger_make_partition('2026-11-01')")
            acts = [
                self._reels,
                self._key_lots,
                self._books,
                self._units,
                self._edges,
                self._events,
                self._tidy,
            ]
            for number, act in enumerate(acts, 1):
                act()
                progress(number, len(acts))

    def _masters(self) -> None:
        from karkhana.design.models import Product
        from karkhana.design.operations import ensure_product, release_revision
        from karkhana.floor.setup import ensure_line, ensure_plant, ensure_station
        from karkhana.localisation.models import PriceTerm
        from karkhana.partners.operations import ensure_brand

        ensure_brand(code="BENCH", name="Bench")
        for package in (_board(), _device()):
            ensure_product(code=package.product, name=package.product, brand="BENCH", segment=package.segment)
            release_revision(
                product_code=package.product, revision_code="A", package=package, released_at=START
            )
        ensure_plant(code="B1", name="Bench", time_zone="Asia/Kolkata")
        for line in (0, 1):
            ensure_line(code=f"L{line}", plant="B1", kind="smt", name=f"Line {line}")
            types = (
                "MARK",
                *FEEDERS,
                "SPI",
                "REFLOW",
                "AOI",
                "DEPANEL",
                "ICT",
                "ASM",
                "SCREW",
                "FINAL",
                "PACK",
            )
            for number, kind in enumerate(types):
                ensure_station(
                    code=f"{kind}-{line}", line=f"L{line}", station_type=kind, name=kind, sequence=number
                )
        device = Product.objects.get(code="DEVICE")
        for kind, amount in (("price", "12000"), ("royalty_abroad", "150")):
            PriceTerm.objects.create(
                product=device,
                kind=kind,
                amount=Decimal(amount),
                valid_from=dt.date(2026, 4, 1),
                document="D",
            )

    def _reels(self) -> None:
        """Put reels on feeders, one after the other; each second one is spliced: both may be on a board."""
        self.cursor.execute("CREATE TABLE bench_lot (lot text, part text, kind int, received timestamptz)")
        feeders = [
            (f"{kind}-{{line}}", f"{kind}-{n}", kind) for kind, count in FEEDERS.items() for n in range(count)
        ]
        feeders += [("SCREW-{line}", f"SCREW-{n}", "SCREW") for n in range(SCREWS)]
        seq = 0
        for number, (station, part, kind) in enumerate(feeders):
            life = 2_000 + 211 * number % 5_000
            lead = 0 if kind == "SCREW" else 7_200
            for line in (0, 1):
                for reel in range(-1, self.units // 2 // life + 2):
                    begin = (
                        START - dt.timedelta(seconds=lead) + self._gap(2 * (reel * life + 97 * number % life))
                    )
                    end = begin + self._gap(2 * life) + dt.timedelta(seconds=40 * (reel % 2))
                    lot = f"{part}-L{line}-{reel + 1}"
                    seq += 1
                    self.cursor.execute(
                        "INSERT INTO ledger_mount VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                        [seq, station.format(line=line), part, lot, part, begin, end, seq],
                    )
                    self.cursor.execute(
                        "INSERT INTO bench_lot VALUES (%s, %s, %s, %s)",
                        [lot, part, number % 5, begin - dt.timedelta(days=9)],
                    )

    def _gap(self, units: int) -> dt.timedelta:
        return dt.timedelta(microseconds=units * self.gap_us)

    def _key_lots(self) -> None:
        for number, (role, size) in enumerate(KEYS.items()):
            self.cursor.execute(
                "INSERT INTO bench_lot SELECT %s || '-' || n, %s, %s, %s FROM generate_series(0, %s) n",
                [role, role, number % 4, START - dt.timedelta(days=9), (self.units + 300) // size + 1],
            )
        self.cursor.execute(
            "INSERT INTO ledger_lot SELECT lot, part, 5000, 'S' || kind, CASE kind"
            " WHEN 1 THEN 'IN' ELSE 'CN' END,"
            " '', received, 'MARK-0' FROM bench_lot"
        )

    def _books(self) -> None:
        """Book every lot: imports with bills of entry, purchases here with certificates, one reseller."""
        self.cursor.execute(
            "INSERT INTO supply_supplier (code, name, country, role, tax_id)"
            " SELECT 'S' || n, 'S' || n, CASE n WHEN 1 THEN 'IN' ELSE 'CN' END,"
            " 'maker', '' FROM generate_series(0, 4) n"
        )
        self.cursor.execute(
            'INSERT INTO supply_part (number, manufacturer, description, "group", hsn, unit)'
            " SELECT DISTINCT part, '', '', split_part(part, '-', 1), '', 'pcs' FROM bench_lot"
        )
        self.cursor.execute(
            "INSERT INTO supply_localcontentcertificate (supplier_id, number,"
            " part, method, percent, valid_from,"
            " valid_to, auditor, membership, file_name, file_sha256, recorded_at)"
            " SELECT s.id, 'C' || p.id, p.number, '', 20 + p.id %% 70,"
            " '2026-04-01', '2027-03-31', '', '', '',"
            " repeat('ab', 32), %s FROM supply_part p, supply_supplier s WHERE s.code = 'S1'",
            [START],
        )
        self.cursor.execute(
            "INSERT INTO supply_billofentry (number, date, port, supplier_id, currency, rate, file_sha256)"
            " SELECT 'BE' || id, '2026-10-20', 'INDEL4', id, 'USD', 85,"
            " repeat('ab', 32) FROM supply_supplier"
        )
        # Key parts cost a thousand times what a chip does.
        self.cursor.execute(
            "CREATE TABLE bench_priced AS SELECT row_number() OVER (ORDER BY lot)"
            " AS n, l.*, s.id AS supplier,"
            " (1 + hashtext(lot) & 1023) * CASE WHEN part LIKE '%%-%%' THEN 1 ELSE 1000 END / 10 AS price"
            " FROM bench_lot l JOIN supply_supplier s ON s.code = 'S' || l.kind"
        )
        self.cursor.execute(
            "INSERT INTO supply_billofentryitem (bill_id, number, invoice, part,"
            " hsn, origin, quantity, value,"
            " assessable, duty_percent, duty, surcharge, other, igst)"
            " SELECT b.id, n, 'I' || n, part, '85177990', 'CN', 5000, price, price * 85, 10, price * 8.5,"
            " price * 0.85, 0, 0 FROM bench_priced p JOIN supply_billofentry b ON"
            " b.supplier_id = p.supplier"
            " WHERE kind NOT IN (1, 2)"
        )
        self.cursor.execute(
            "INSERT INTO supply_receipt (lot, part, supplier_id, channel, invoice,"
            " invoice_line, invoice_date,"
            " quantity, currency, value, freight, insurance, incoterm, rate, hsn,"
            " origin, cif, price, duty, igst,"
            " igst_creditable, tax, tax_creditable, landed, repackaged,"
            " bill_item_id, file_sha256, recorded_at)"
            " SELECT lot, p.part, supplier, CASE kind WHEN 1 THEN 'domestic' WHEN 2 THEN 'reseller'"
            " ELSE 'import' END, 'I' || n, 1, '2026-10-15', 5000, 'USD', p.price, 0, 0, '', 85, '85177990',"
            " CASE kind WHEN 1 THEN 'IN' ELSE 'CN' END, p.price * 85, p.price *"
            " 85, p.price * 9.35, 0, true,"
            " p.price * 15.3, true, p.price * 95, false, i.id, '', %s"
            " FROM bench_priced p LEFT JOIN supply_billofentryitem i ON i.number = p.n",
            [START],
        )

    def _units(self) -> None:
        """Panels alternate over two lines; boards come out of trays that mix fifty panels."""
        columns = (
            "serial, kind, product, revision, brand, state, next_step, moved_at,"
            " holds, repairs, failed_steps,"
            " bound, firmware, positions, failed_mask, scrapped_mask, created_at, completed_at"
        )
        rest = "0, 0, '{}', '{}', '{}', %s, 0, 0"
        panels = self.units // 4
        made = "%s + n::bigint * %s * interval '1 microsecond'"
        early = START - dt.timedelta(hours=2)
        self.cursor.execute(
            f"INSERT INTO ledger_unit ({columns}) SELECT 'P' || n, 'panel',"
            f" 'BOARD', 'A', 'BENCH', 'consumed', 11,"
            f" {made}, {rest % 4}, {made}, NULL FROM generate_series(0, %s) n",
            [early, self.gap_us * 4, early, self.gap_us * 4, panels - 1],
        )
        self.cursor.execute(
            f"INSERT INTO ledger_unit ({columns}) SELECT 'B' || n, 'unit', 'BOARD',"
            f" 'A', 'BENCH', 'installed', 12,"
            f" {made}, {rest % 1}, {made}, {made} FROM generate_series(0, %s) n",
            [early, self.gap_us, early, self.gap_us, early, self.gap_us, self.units - 1],
        )
        self.cursor.execute(
            "INSERT INTO ledger_descent SELECT 1, 'P' || n / 4, 'unit', 'B' || n, 'unit', n %% 4 + 1, %s"
            " FROM generate_series(0, %s) n",
            [early, self.units - 1],
        )
        self.cursor.execute(
            f"INSERT INTO ledger_unit ({columns}) SELECT 'D' || n, 'unit',"
            f" 'DEVICE', 'A', 'BENCH', 'packed', 6,"
            f" {made}, {rest % 1}, {made}, {made} FROM generate_series(0, %s) n",
            [START, self.gap_us, START, self.gap_us, START, self.gap_us, self.units - 1],
        )

    def _edges(self) -> None:
        # 7919 is prime to 200: every board of two hundred goes into one device of the same two hundred.
        last = self.units - 1
        self.cursor.execute(
            "INSERT INTO ledger_edge SELECT 'D' || n, 'board', 'PCBA',"
            " 'B' || CASE WHEN n / 200 = %s / 200 THEN n ELSE n / 200 * 200 + n *"
            " 7919 %% 200 END, NULL, true,"
            " %s, n FROM generate_series(0, %s) n",
            [last, START, last],
        )
        for role, size in KEYS.items():
            self.cursor.execute(
                "INSERT INTO ledger_edge SELECT 'D' || n, %s, %s, CASE WHEN %s THEN"
                " NULL ELSE %s || '-' || n END,"
                " %s || '-' || (n + (hashtext(%s || n) & 127)) / %s, false, %s, n FROM"
                " generate_series(0, %s) n",
                [role, role, role in LOT_ONLY, role, role, role, size, START, last],
            )

    def _events(self) -> None:
        """Write the results of every step in the order of time, with bodies as long as real ones."""
        board = [(step.number, step.station_type, step.passed_by) for step in _board().steps]
        device = [(step.number, step.station_type, step.passed_by) for step in _device().steps]
        parts = [
            self._stream("P", 4, row, START - dt.timedelta(hours=2), 30) for row in board if row[1] != "ICT"
        ]
        parts += [
            self._stream("B", 1, row, START - dt.timedelta(hours=1), 30) for row in board if row[1] == "ICT"
        ]
        # The last step is passed by a box: its event speaks of the box.
        parts += [
            self._stream("D", 1, row, START - dt.timedelta(minutes=10), 60)
            for row in [(None, "ASM", "UnitsInitialized"), *device] if row[1] != "PACK"
        ]  # fmt: skip
        self.cursor.execute(
            "INSERT INTO ledger_event (seq, recorded_at, happened_at, began_at,"
            " id, type, plant, station, actor,"
            " subject, step, body) SELECT row_number() OVER (ORDER BY"
            " happened_at), happened_at, happened_at,"
            " happened_at - interval '25 seconds', gen_random_uuid(), type, 'B1',"
            " station, 'OP-1', subject, step,"
            " '{\"type\":\"' || type || '\",\"unit\":\"' || subject || repeat('x', 240) || '\"}' FROM ("
            + " UNION ALL ".join(parts)
            + ") found ORDER BY happened_at"
        )

    def _stream(
        self, prefix: str, boards: int, row: tuple[int | None, str, str], since: dt.datetime, seconds: int
    ) -> str:
        """Return a query for one step of all units of a kind; they take turns on two lines."""
        step, kind, passed_by = row
        begin = since + dt.timedelta(seconds=seconds * (step or 0))
        count = self.units // boards
        # A panel and its boards keep to one line; devices alternate.
        line = "n %% 2" if prefix != "B" else "n / 4 %% 2"
        return (
            f"SELECT '{begin.isoformat()}'::timestamptz"
            f" + n::bigint * {self.gap_us * boards} * interval '1 microsecond' AS happened_at,"
            f" '{passed_by}' AS type, '{kind}-' || {line.replace('%%', '%')} AS station,"
            f" '{prefix}' || n AS subject, {step if step else 'NULL'}::smallint AS step"
            f" FROM generate_series(0, {count - 1}) n"
        )

    def _tidy(self) -> None:
        self.cursor.execute("ANALYZE")


def _board() -> Any:
    from karkhana.design.release import ReleasePackage, Step, StepMaterial

    def placed(kind: str) -> tuple[StepMaterial, ...]:
        return tuple(StepMaterial(f"{kind}-{n}", quantity=Decimal(1 + n % 7)) for n in range(FEEDERS[kind]))

    names = ("MARK", "PRINT", "SPI", "PLACE-1", "PLACE-2", "PLACE-3", "REFLOW", "AOI")
    passed = {"SPI": "UnitsInspected", "AOI": "UnitsInspected"}
    steps = [
        Step(number, kind, kind, passed.get(kind, "UnitsProcessed"),  # type: ignore[arg-type]
             materials=placed(kind) if kind in FEEDERS else ())
        for number, kind in enumerate(names, 1)
    ]  # fmt: skip
    steps += [Step(9, "Depanel", "DEPANEL", "TransformationEvent"), Step(10, "ICT", "ICT", "UnitsTested")]
    return ReleasePackage("BOARD", "A", "BENCH", "subassembly", tuple(steps), panel_positions=4)


def _device() -> Any:
    from karkhana.design.release import KeyPart, ReleasePackage, Step, StepMaterial

    keys = (KeyPart("PCBA", role="board", product="BOARD"),
            *(KeyPart(role, role=role, serialised=role not in LOT_ONLY) for role in KEYS))  # fmt: skip
    screws = tuple(StepMaterial(f"SCREW-{n}", quantity=Decimal(2 + n)) for n in range(SCREWS))
    return ReleasePackage(
        "DEVICE", "A", "BENCH", "phone",
        (
            Step(1, "Assembly", "ASM", "MaterialsInstalled", key_parts=keys[:4]),
            Step(2, "Cover", "ASM", "MaterialsInstalled", key_parts=keys[4:]),
            Step(3, "Screws", "SCREW", "UnitsProcessed", materials=screws),
            Step(4, "Final test", "FINAL", "UnitsTested"),
            Step(5, "Pack", "PACK", "AggregationEvent"),
        ),
    )  # fmt: skip
