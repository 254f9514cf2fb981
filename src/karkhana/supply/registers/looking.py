"""Looking at a register before it is booked: its columns, how it writes numbers and dates, its first rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karkhana.kernel.money import CURRENCIES
from karkhana.kernel.refusals import Refused, refuse
from karkhana.supply.models.money import RATE_KINDS
from karkhana.supply.models.registers import RegisterLayout
from karkhana.supply.registers.context import Settings
from karkhana.supply.registers.kinds import Kind, kind_named
from karkhana.supply.registers.reading import Table, open_register
from karkhana.supply.registers.rules.columns import Layout, fingerprint, propose
from karkhana.supply.registers.rules.survey import Reader, Survey, survey, with_place

PREVIEW_ROWS = 20


@dataclass(frozen=True, slots=True)
class Opened:
    table: Table
    layout: Layout
    survey: Survey
    reader: Reader
    settings: Settings
    saved: RegisterLayout | None


@contextmanager
def opened_as(kind: Kind, path: Path, name: str, settings: Settings) -> Iterator[Opened]:
    """Open a register, map its columns and look at every cell of its numbers and dates."""
    _check(settings)
    with open_register(path, kind.fields, name=name, sheet=settings.sheet) as table:
        saved = RegisterLayout.objects.filter(fingerprint=fingerprint(kind.name, table.headings)).first()
        settings = _with_saved(settings, saved)
        layout = propose(table.headings, kind.fields, settings.columns)
        if not settings.currency:
            settings = _replace(settings, currency=layout.currency)
        found = survey(table.rows(), layout, kind.fields, decimal=settings.decimal, order=settings.dates)
        reader = Reader(kind.fields, dict(layout.columns), found.conventions, kind.needed)
        yield Opened(table, layout, found, reader, settings, saved)


def _replace(settings: Settings, **said: Any) -> Settings:
    return Settings(**{name: getattr(settings, name) for name in Settings.__slots__} | said)


def _with_saved(settings: Settings, saved: RegisterLayout | None) -> Settings:
    """Add what was said of an earlier file of the same layout; what is said now counts more."""
    if saved is None:
        return settings
    return _replace(
        settings,
        columns={**saved.columns, **settings.columns},
        decimal=settings.decimal or saved.decimal,
        dates=settings.dates or saved.dates,
        currency=settings.currency or saved.currency,
    )


def _check(settings: Settings) -> None:
    choices = (
        ("decimal", settings.decimal, ("", "dot", "comma")),
        ("dates", settings.dates, ("", "dmy", "mdy")),
        ("rate_kind", settings.rate_kind, RATE_KINDS),
        ("currency", settings.currency, ("", *sorted(CURRENCIES))),
    )
    for name, value, allowed in choices:
        if value not in allowed:
            raise refuse(
                "register.setting",
                "{name}: {value} cannot be said of a register.",
                "Choose one of: {known}.",
                name=name,
                value=repr(value[:20]),
                known=", ".join(one for one in allowed if one),
            )


def preview(*, kind: str, path: Path, name: str = "", settings: Settings | None = None) -> dict[str, Any]:
    """Show how a register would be read: columns, conventions, the first rows, what is missing. Writes
    nothing.

    Raises:
        Refused: ``register.*``: the file cannot be read at all.
    """
    chosen = kind_named(kind)
    with opened_as(chosen, path, name, settings or Settings()) as opened:
        table, layout = opened.table, opened.layout
        rows = [
            _previewed(opened, line, cells) for line, cells in itertools.islice(table.rows(), PREVIEW_ROWS)
        ]
        return {
            "kind": kind,
            "file": table.name,
            "sha256": table.sha256,
            "encoding": table.encoding,
            "delimiter": "workbook" if table.is_workbook else table.delimiter,
            "header_line": table.header_line,
            "rows": opened.survey.rows,
            "columns": {
                one.name: table.headings[layout.columns[one.name]]
                for one in chosen.fields
                if one.name in layout.columns
            },
            "conventions": {name: said for name, said in opened.survey.conventions.items() if said},
            "missing": list(layout.missing),
            "unused": list(layout.unused),
            "currency": opened.settings.currency,
            "saved_at": opened.saved.saved_at if opened.saved else None,
            "headings": [text for text in table.headings if text],
            "fields": [one.name for one in chosen.fields],
            "first_rows": rows,
        }


def _previewed(opened: Opened, line: int, cells: Sequence[str]) -> dict[str, Any]:
    if opened.reader.is_total(cells):
        return {"line": line, "total": True, "row": {}}
    try:
        row = opened.reader.read(cells)
    except Refused as refused:
        said = with_place(refused, file=opened.table.name, line=line).refusal
        return {"line": line, "row": {}, "refusal": said.as_dict(), "cells": list(cells[:40])}
    return {"line": line, "row": {name: value for name, value in row.items() if value is not None}}
