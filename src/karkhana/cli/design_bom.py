"""``karkhana import bom``: read a bill of materials, report what was understood, store it.

A dry run imports neither Django nor a database, so it starts at once and works on any machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from karkhana.cli._run import print_json, show_refusal
from karkhana.kernel.refusals import Refused, refuse

if TYPE_CHECKING:
    from karkhana.design.bom import BomReport

_SHOWN = 12
_COUNTS = (
    ("lines", "lines understood"),
    ("placements", "designators fitted"),
    ("not_fitted", "designators not fitted"),
    ("mechanical_lines", "lines without designators"),
)


def run_import_bom(path: Path, product: str, rev: str, dry_run: bool, as_json: bool) -> int:
    """Import a bill of materials; returns the exit code: 0 done, 1 refused.

    Args:
        path: the file, in any dialect.
        product: the code of the product.
        rev: the code of its revision.
        dry_run: only report what was understood.
        as_json: print JSON on standard output instead of a table.
    """
    try:
        report = _read(path)
        if not dry_run:
            _store(report, product, rev)
    except Refused as refused:
        show_refusal(refused.refusal, as_json=as_json)
        return 1
    answer = report.as_dict(product, rev)
    if as_json:
        print_json(answer)
    else:
        _print_table(answer, report, dry_run)
    return 0


def _read(path: Path) -> BomReport:
    """Read the file, refusing by its size before its content is loaded."""
    from karkhana.design.bom import read_bom
    from karkhana.design.bom.sniff import refuse_by_size, unreadable

    try:
        if not path.is_file():
            raise refuse(
                "bom.no_file",
                "There is no file {file}.",
                "Check the path; give the file itself, not its folder.",
                file=str(path),
            )
        refuse_by_size(path.stat().st_size, path.name)
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path.name, (error.strerror or "the system refused").lower()) from None
    return read_bom(data, file_name=path.name)


def _store(report: BomReport, product: str, rev: str) -> None:
    """Hand the report to the room that keeps bills; only now is Django needed."""
    from karkhana.cli._run import django_ready

    django_ready()
    from karkhana.design.operations import import_bom

    import_bom(report=report, product_code=product, revision_code=rev)


def _print_table(answer: dict[str, Any], report: BomReport, dry_run: bool) -> None:
    """Print what was understood for a person."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    state = "only read, nothing stored" if dry_run else "imported"
    console.print(f"[bold]{escape(answer['product'])} {escape(answer['revision'])}[/]: {state}")
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("dialect", f"{answer['dialect']}, {answer['encoding']}")
    for key, words in _COUNTS:
        table.add_row(words, f"[bold]{answer[key]}[/]")
    if any(report.sheets):
        table.add_row("sheets", escape(", ".join(report.sheets)))
    for meaning, heading in answer["columns"].items():
        table.add_row(meaning.replace("_", " "), escape(repr(heading)))
    console.print(table)
    _print_problems(console, answer)


def _print_problems(console: Any, answer: dict[str, Any]) -> None:
    """Print the first problems of each kind and say how many more there are."""
    from rich.markup import escape

    mismatches = [
        f"row {item['line']}: quantity {item['quantity']} but {item['references']} designators"
        for item in answer["quantity_mismatches"]
    ]
    unparsed = [f"row {item['line']}: {item['reason']}" for item in answer["unparsed"]]
    for title, texts in (
        ("Quantity against designators", mismatches),
        ("Not understood", unparsed),
        ("Please look at", answer["warnings"]),
    ):
        if texts:
            console.print(f"[bold yellow]{title}[/]")
            for text in texts[:_SHOWN]:
                console.print(f"  {escape(text)}")
            if len(texts) > _SHOWN:
                console.print(f"  and {len(texts) - _SHOWN} more; --json prints all")
