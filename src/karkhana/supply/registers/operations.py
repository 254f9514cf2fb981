"""Importing registers, chunk by chunk: good rows are booked, refused ones are listed.

Every row is booked once however often its file, or another with the same row, is read. All imports take one
lock for each chunk, so that two at once neither wait for each other for ever nor miss each other's rows.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings as site
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.supply.models.registers import DONE, FAILED, RegisterLayout, RegisterRefusal, RegisterRun
from karkhana.supply.registers.context import Context, Entry, Outcome, Settings
from karkhana.supply.registers.kinds import Kind, kind_named
from karkhana.supply.registers.looking import Opened, opened_as
from karkhana.supply.registers.rules.columns import fingerprint
from karkhana.supply.registers.rules.survey import with_place

CHUNK = 2_000
REFUSALS_KEPT = 50_000
"""Of one import; all are counted. Whoever has more refused rows has a wrong mapping, not wrong rows."""
REFUSALS_TOLD = 100
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Report:
    """What an import did. ``refusals`` holds the first ones; ``refused`` counts all."""

    kind: str
    file: str
    sha256: str
    dry_run: bool
    rows: int = 0
    lines: int = 0
    made: int = 0
    same: int = 0
    refused: int = 0
    skipped: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[dict[str, Any]] = field(default_factory=list)
    remarks_total: int = 0
    suppliers_created: list[str] = field(default_factory=list)
    run: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return plain | {"codes": dict(self.codes.most_common())}


def begin_run(*, kind: str, name: str, user: str, now: dt.datetime) -> RegisterRun:
    """Begin the account of an import, before its file is looked at."""
    return RegisterRun.objects.create(
        kind=kind_named(kind).name, file_name=name[:200], file_sha256="", user=user[:150], started_at=now
    )


def import_register(
    *,
    kind: str,
    path: Path,
    now: dt.datetime,
    name: str = "",
    settings: Settings | None = None,
    user: str = "",
    dry_run: bool = False,
    run: RegisterRun | None = None,
    progress: Progress | None = None,
) -> Report:
    """Read a register and book what is good in it.

    Args:
        path: of the file; it is read twice.
        name: of the file as a person knows it.
        dry_run: do everything, and undo it at the end.
        run: the account that was begun for it.
        progress: told rows read and rows there are, after every chunk.

    Raises:
        Refused: ``register.*``: the file cannot be read, or lacks a column; what was booked until then stays.
    """
    chosen = kind_named(kind)
    if dry_run:
        with transaction.atomic():
            report = _import(chosen, path, name or path.name, settings, user, now, run, progress, True)
            transaction.set_rollback(True)
        return report
    return _import(chosen, path, name or path.name, settings, user, now, run, progress, False)


def _import(
    kind: Kind,
    path: Path,
    name: str,
    settings: Settings | None,
    user: str,
    now: dt.datetime,
    run: RegisterRun | None,
    progress: Progress | None,
    dry_run: bool,
) -> Report:
    if run is None:
        run = begin_run(kind=kind.name, name=name, user=user, now=now)
    try:
        with opened_as(kind, path, name, settings or Settings()) as opened:
            if opened.layout.missing:
                raise _columns_missing(kind, opened)
            report = _book_all(kind, opened, run, now, progress, dry_run)
            if settings and (settings.columns or settings.decimal or settings.dates or settings.currency):
                _save_layout(kind, opened, settings, user, now)
    except Refused as refused:
        _ended(run, FAILED, f"{refused.refusal.message} {refused.refusal.next_step}")
        raise
    except BaseException as fault:
        _ended(run, FAILED, f"{type(fault).__name__}: it was broken off; import the same file again")
        raise
    _ended(run, DONE, "")
    return report


def _ended(run: RegisterRun, state: str, problem: str) -> None:
    if connection.needs_rollback:  # a dry run that failed is undone with its account
        return
    run.state, run.problem, run.ended_at = state, problem[:400], timezone.now()
    run.save(update_fields=["state", "problem", "ended_at"])


def _columns_missing(kind: Kind, opened: Opened) -> Refused:
    one = next(field for field in kind.fields if field.name == opened.layout.missing[0])
    return refuse(
        "register.columns_missing",
        "{file} has no column for: {missing}.",
        'Say which column it is, such as --map "{heading}={field}"; its columns are: {known}.',
        file=opened.table.name[:120],
        missing=", ".join(opened.layout.missing),
        heading=(opened.layout.unused or ("Heading",))[0][:40],
        field=one.name,
        known=", ".join(text for text in opened.table.headings if text)[:600],
    )


def _book_all(
    kind: Kind, opened: Opened, run: RegisterRun, now: dt.datetime, progress: Progress | None, dry_run: bool
) -> Report:
    table = opened.table
    report = Report(kind.name, table.name, table.sha256, dry_run, rows=opened.survey.rows)
    report.run = None if dry_run else run.pk
    context = Context(
        settings=opened.settings,
        columns=frozenset(opened.layout.columns),
        file_name=table.name,
        file_sha256=table.sha256,
        now=now,
        today=timezone.localdate(now, _zone()),
    )
    run.file_sha256, run.rows = table.sha256, opened.survey.rows
    run.settings = {
        "columns": {name: table.headings[place] for name, place in opened.layout.columns.items()},
        "conventions": opened.survey.conventions,
        "currency": opened.settings.currency,
        "headings": list(table.headings),
    }
    run.save(update_fields=["file_sha256", "rows", "settings"])
    rows = table.rows()
    while chunk := list(itertools.islice(rows, CHUNK)):
        _book_chunk(kind, opened, context, chunk, report, run)
        if progress:
            progress(report.lines, report.rows)
    report.remarks, report.remarks_total = context.remarks, context.remarks_total
    report.suppliers_created = context.created
    return report


def _zone() -> dt.tzinfo:
    import zoneinfo

    return zoneinfo.ZoneInfo(site.PLANT_TIME_ZONE)


def _book_chunk(
    kind: Kind,
    opened: Opened,
    context: Context,
    chunk: Sequence[tuple[int, list[str]]],
    report: Report,
    run: RegisterRun,
) -> None:
    """Book some rows in one transaction, and account for them in the same one."""
    entries, outcomes = _read(opened, chunk)
    remarks, total, created = len(context.remarks), context.remarks_total, len(context.created)
    for attempt in range(3):
        context.begin_chunk()
        del context.remarks[remarks:], context.created[created:]
        context.remarks_total = total
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('supply_registers'))")
                done = [*outcomes, *kind.book(entries, context)]
                after = _account(opened, context, run, report, done, len(chunk))
            break
        except IntegrityError:
            # Somebody booked one of the lots by another way in between: it is seen the second time.
            if attempt == 2:
                raise
    _tell(report, after, done, opened, len(chunk))


def _read(opened: Opened, chunk: Sequence[tuple[int, list[str]]]) -> tuple[list[Entry], list[Outcome]]:
    entries, refused_ones = [], []
    for line, cells in chunk:
        if opened.reader.is_total(cells):
            continue
        try:
            entries.append(Entry(line, cells, opened.reader.read(cells)))
        except Refused as refused:
            refused_ones.append(Outcome(Entry(line, cells, {}), refusal=refused.refusal))
    return entries, refused_ones


@dataclass(frozen=True, slots=True)
class _Counts:
    lines: int
    made: int
    same: int
    refused: int
    skipped: int
    codes: dict[str, int]


def _account(
    opened: Opened, context: Context, run: RegisterRun, report: Report, done: Sequence[Outcome], read: int
) -> _Counts:
    """Write the account of a chunk; return the counts so far. The report follows once it is committed."""
    refused_ones = [outcome for outcome in done if outcome.refusal is not None]
    codes = report.codes + Counter(outcome.refusal.code for outcome in refused_ones if outcome.refusal)
    made = sum(outcome.made for outcome in done)
    after = _Counts(
        report.lines + read,
        report.made + made,
        report.same + len(done) - made - len(refused_ones),
        report.refused + len(refused_ones),
        report.skipped + read - len(done),
        dict(codes),
    )
    for name in ("lines", "made", "same", "refused", "skipped", "codes"):
        setattr(run, name, getattr(after, name))
    run.remarks = context.remarks
    run.save(update_fields=["lines", "made", "same", "refused", "skipped", "codes", "remarks"])
    room = max(0, REFUSALS_KEPT - report.refused)
    RegisterRefusal.objects.bulk_create(
        RegisterRefusal(
            run=run,
            line=outcome.entry.line,
            field=str(outcome.refusal.fields.get("field", ""))[:40],
            code=outcome.refusal.code,
            message=outcome.refusal.message,
            next_step=outcome.refusal.next_step,
            cells=[_storable(cell) for cell in outcome.entry.cells],
        )
        for outcome in refused_ones[:room]
        if outcome.refusal is not None
    )
    return after


def _storable(cell: str) -> str:
    """Return a cell as the database can keep it: without the mark of a typed cell and without NUL."""
    return "".join(sign for sign in cell if sign >= " ")[:500]


def _tell(report: Report, after: _Counts, done: Sequence[Outcome], opened: Opened, read: int) -> None:
    for name in ("lines", "made", "same", "refused", "skipped"):
        setattr(report, name, getattr(after, name))
    report.codes = Counter(after.codes)
    for outcome in sorted(done, key=lambda one: one.entry.line):
        if outcome.refusal is not None and len(report.refusals) < REFUSALS_TOLD:
            said = with_place(Refused(outcome.refusal), file=opened.table.name, line=outcome.entry.line)
            report.refusals.append({"line": outcome.entry.line, **_plain(said.refusal)})


def _plain(refusal: Refusal) -> dict[str, Any]:
    return {"field": refusal.fields.get("field", ""), **refusal.as_dict()}


def _save_layout(kind: Kind, opened: Opened, said: Settings, user: str, now: dt.datetime) -> None:
    """Keep what a person said of a layout, for the next file of it."""
    headings = list(opened.table.headings)
    RegisterLayout.objects.update_or_create(
        fingerprint=fingerprint(kind.name, headings),
        defaults={
            "kind": kind.name,
            "headings": headings,
            "columns": opened.settings.columns,
            "decimal": opened.settings.decimal,
            "dates": opened.settings.dates,
            "currency": said.currency or (opened.saved.currency if opened.saved else ""),
            "saved_at": now,
            "saved_by": user[:150],
        },
    )
