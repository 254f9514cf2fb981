"""A file as one side of a comparison: a bill of material in any dialect, or a placement file."""

from __future__ import annotations

from karkhana.design.bom import BomReport, Unparsed, read_bom
from karkhana.design.bom.placement import PLACEMENT_FILE, read_placement
from karkhana.design.bom.reader import shown_name
from karkhana.design.difference.model import (
    PACKAGE,
    PART,
    VALUE,
    Bill,
    bill_from_report,
)
from karkhana.kernel.refusals import Refused, refuse

_FIELDS = {"quantity": "quantity", "designators": "references", "run of": "references"}


def read_bill(data: bytes, *, file_name: str) -> Bill:
    """Read a file for a comparison.

    Raises:
        Refused: ``bom.*`` for what is neither a bill nor a placement file; ``diff.row_unclear`` for a row
            whose quantity or designators cannot be understood: it would look like a removed part.
    """
    file_name = shown_name(file_name)
    try:
        report = read_bom(data, file_name=file_name)
    except Refused as refused:
        if refused.refusal.code != PLACEMENT_FILE:
            raise
        report = read_placement(data, file_name=file_name)
        stated = frozenset(field for field in (VALUE, PACKAGE, PART) if field in _told(report))
        return Bill(
            name=file_name,
            lines=report.lines,
            stated=stated,
            placements_only=True,
            layout=f"placement|{'|'.join(report.columns.values())}",
            warnings=report.warnings,
        )
    for row in report.unparsed:
        _refuse_row(row, file_name)
    return bill_from_report(report, file_name)


def _told(report: BomReport) -> set[str]:
    """What a placement file tells besides where its parts sit."""
    return {"part" if kind == "part_number" else kind for kind in report.columns}


def _refuse_row(row: Unparsed, file_name: str) -> None:
    """Refuse a row that names a bad field; rows that say nothing at all are only notes."""
    field = next((field for words, field in _FIELDS.items() if words in row.reason), "")
    if not field or "nothing that says of what" in row.reason:
        return
    where = f"sheet {row.sheet!r}, line {row.line}" if row.sheet else f"line {row.line}"
    raise refuse(
        "diff.row_unclear",
        "{file}, {where}: the field {field} cannot be understood: {reason}.",
        "Correct the row in the file, then compare again.",
        file=file_name,
        where=where,
        line=row.line,
        field=field,
        reason=row.reason,
    )
