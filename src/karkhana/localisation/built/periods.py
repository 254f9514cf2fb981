"""All units of a period, valued by one method in one run.

Units are streamed in chunks; each chunk is reduced to its distinct sets of lots; each set is valued once.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from functools import cache, partial

import psycopg
from django.db import connection, transaction
from psycopg.rows import tuple_row

from karkhana.floor.reference import reference
from karkhana.floor.trace import stand_ins_of
from karkhana.kernel.money import EXACT
from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.ledger import store
from karkhana.localisation.built import selection as selecting
from karkhana.localisation.built.book import Book, Totals
from karkhana.localisation.built.frames import Frame, Frames
from karkhana.localisation.built.reading import Reader
from karkhana.localisation.built.results import Month, PeriodResult, Spread
from karkhana.localisation.built.selection import Root, Selection
from karkhana.localisation.built.sets import Chunk, Gathered, StandIns, gather, reduced
from karkhana.localisation.rules.valuing import ZERO, Sums, figures_of, grade_of

Progress = Callable[[int, int], None]


def value_selection(
    selection: Selection,
    *,
    method: str,
    chosen: dict[str, str] | None = None,
    by_lot: bool = False,
    units_max: int | None = None,
    progress: Progress | None = None,
) -> PeriodResult:
    """Value the units of a selection. See ``queries.value_period``."""
    selection.check()
    frames = Frames(method, chosen or {})
    last = frames.settings(selection.last)
    frames.settings(selection.first)
    with transaction.atomic():
        cursor = _binary_cursor()
        known = reference(cursor)
        run = _Run(frames, Totals(by_lot=by_lot), known.markets)
        total = selecting.count(cursor, selection) if progress else 0
        with selecting.streamed(cursor, selection) as chunks:
            # The server cannot know how few units a chunk holds against a record of millions.
            cursor.execute(
                "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
                " SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off"
            )
            reader = Reader(cursor, known)
            stand_ins = cache(partial(stand_ins_of, _binary_cursor()))

            def tell() -> None:
                _within(run.units, units_max)
                if progress:
                    progress(run.units, total)

            _value(run, reader, chunks, stand_ins, tell)
    if not run.units:
        raise refuse(
            "localise.no_units",
            "No unit was completed from {first} to {last}{what}.",
            "Check the period, the product, the brand and the plant.",
            first=selection.first.isoformat(),
            last=selection.last.isoformat(),
            what="".join(
                f" of {code}" for code in (selection.product, selection.brand, selection.plant) if code
            ),
        )
    return run.result(selection, dict(last.values))


def _binary_cursor() -> store.Cursor:
    """Return a cursor that sends values apart from the statement, and so can read numbers in binary."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection, row_factory=tuple_row)


def _value(
    run: _Run, reader: Reader, chunks: Iterator[list[Root]], stand_ins: StandIns, tell: Callable[[], None]
) -> None:
    """Value chunk after chunk; while one is valued here, the server already reads the next.

    The reads share the caller's connection and transaction, and only one thread uses it at a time.
    """

    def step() -> Gathered | None:
        roots = next(chunks, None)
        return gather(reader, roots) if roots else None

    with ThreadPoolExecutor(1, "localise-read") as pool:
        found = step()
        ahead = pool.submit(step)
        while found is not None:
            chunk = reduced(found, stand_ins)
            found = ahead.result()
            frames = run.prepare(chunk)
            ahead = pool.submit(step)
            run.add(chunk, frames)
            tell()


def _within(units: int, most: int | None) -> None:
    if most is not None and units > most:
        raise refuse(
            "localise.too_many",
            "There are more than {most} units in this period.",
            "Ask for a shorter period or one product; karkhana localise values any number.",
            most=most,
        )


@dataclass(slots=True)
class _Sum:
    """Units of a month, or all: sums of parts and charges, and of terms by kind."""

    units: int = 0
    parts: Sums = field(default_factory=Sums)
    terms: dict[str, Decimal] = field(default_factory=dict)

    def add(self, frame: Frame, parts: Sums, units: int) -> None:
        self.units += units
        self.parts += (parts + frame.beside).times(units)
        for kind, amount in frame.terms.items():
            self.terms[kind] = self.terms.get(kind, ZERO) + amount * units


ByFrame = Counter[tuple[Frame, int, str, str]]
"""Frame, set, month and product to units."""


class _Run:
    """Adds chunks up."""

    def __init__(self, frames: Frames, totals: Totals, markets: Mapping[str, str]) -> None:
        self.frames = frames
        self.markets = markets
        self.totals = totals
        self.whole = _Sum()
        self.months: dict[str, _Sum] = {}
        self.spread = Spread()
        self.left_out: Counter[tuple[str, str]] = Counter()
        self.refusal: Refusal | None = None
        self.frame_units: Counter[Frame] = Counter()
        self.latest: tuple[dt.date, Frame] | None = None
        self.units = self.sets = 0

    def prepare(self, chunk: Chunk) -> ByFrame:
        """Read what is needed to value a chunk, and tell which units are counted alike."""
        by_frame: ByFrame = Counter()
        for (number, product, order, day), units in chunk.units.items():
            frame = self.frames.of(product, self.markets.get(order, ""), day)
            if self.latest is None or day >= self.latest[0]:
                self.latest = (day, frame)
            by_frame[frame, number, f"{day:%Y-%m}", product] += units
        lots = chunk.lots()
        for book in {frame.book for frame, *_ in by_frame}:
            book.read(lots)
        return by_frame

    def add(self, chunk: Chunk, by_frame: ByFrame) -> None:
        """Value the sets of a chunk and count its units; nothing is read."""
        sums = {book: book.begin(chunk) for book in {frame.book for frame, *_ in by_frame}}
        taken: dict[Book, Counter[int]] = {book: Counter() for book in sums}
        with localcontext(EXACT):
            for (frame, number, month, product), units in by_frame.items():
                if self._add_units(frame, sums[frame.book][number], month, product, units):
                    taken[frame.book][number] += units
        for book, counted in taken.items():
            book.end(chunk, counted, self.totals)
        self.sets += len(by_frame)

    def _add_units(self, frame: Frame, parts: Sums, month: str, product: str, units: int) -> bool:
        self.units += units
        try:
            figures, grade = frame.figures(parts)
        except Refused as refused:
            self.refusal = refused.refusal
            self.left_out[product, refused.refusal.message] += units
            return False
        self.spread.add(figures, grade, units)
        self.frame_units[frame] += units
        self.whole.add(frame, parts, units)
        self.months.setdefault(month, _Sum()).add(frame, parts, units)
        return True

    def result(self, selection: Selection, parameters: dict[str, str]) -> PeriodResult:
        """Return what everything adds up to.

        Raises:
            Refused: ``method.denominator`` when no unit could be computed.
        """
        if self.latest is None or not self.whole.units:
            assert self.refusal is not None
            raise Refused(self.refusal)
        settings = self.latest[1].settings
        for frame, units in self.frame_units.items():
            for line in frame.lines:
                self.totals.add(line, (), units)
            for doubt in frame.unproved:
                self.totals.doubt(doubt, units)
        figures = figures_of(settings, self.whole.parts, self.whole.terms)
        months = []
        for month, found in sorted(self.months.items()):
            of_month = figures_of(settings, found.parts, found.terms)
            months.append(Month(month, found.units, of_month, grade_of(settings, of_month)))
        lines = sorted(
            self.totals.lines.values(),
            key=lambda line: (line.local_value - line.value, line.part, line.supplier, line.origin, line.why),
        )
        return PeriodResult(
            subject=selection.as_dict(),
            method=settings.method.id,
            parameters=parameters,
            units=self.whole.units,
            sets=self.sets,
            figures=figures,
            grade=grade_of(settings, figures),
            spread=self.spread,
            months=tuple(months),
            lines=tuple(lines),
            doubts=self.totals.doubts,
            left_out=dict(self.left_out),
        )
