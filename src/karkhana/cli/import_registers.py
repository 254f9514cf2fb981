"""``karkhana import purchases`` and its sisters: registers and lists, with preview, progress and refusals."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from karkhana.kernel.refusals import refuse

KINDS = {
    "purchases": "Read a purchase register: what each lot cost.",
    "bills-of-entry": "Read a register of bills of entry: what customs asked for.",
    "rates": "Read a table of exchange rates.",
    "certificates": "Read a list of suppliers' local-content certificates.",
    "suppliers": "Read a list of suppliers.",
    "parts": "Read a list of parts.",
    "prices": "Read a list of prices that suppliers ask.",
}
_FILE = Annotated[
    Path,
    typer.Argument(help="CSV in any encoding and delimiter, XLSX, XLS or ODS.", exists=True, dir_okay=False),
]
_MAP = Annotated[
    list[str] | None,
    typer.Option("--map", help='What a column is: "Taxable value=value"; "Remarks=" leaves it out. Kept.'),
]


def add_to(app: typer.Typer) -> None:
    """Add a command for each kind of register."""
    for kind, help_ in KINDS.items():
        app.command(kind, help=help_)(_command(kind))


def _command(kind: str) -> Any:
    def command(
        file: _FILE,
        map_: _MAP = None,
        preview: Annotated[bool, typer.Option("--preview", help="Only show how it would be read.")] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything, then undo it.")] = False,
        decimal: Annotated[str, typer.Option(help="How the file writes decimals: dot or comma.")] = "",
        dates: Annotated[str, typer.Option(help="Whether days or months stand first: dmy or mdy.")] = "",
        currency: Annotated[str, typer.Option(help="Of prices beside which none stands.")] = "",
        rate_kind: Annotated[str, typer.Option(help="Which rates are looked up.")] = "customs",
        create_suppliers: Annotated[
            bool, typer.Option("--create-suppliers", help="Make suppliers known that are not.")
        ] = False,
        sheet: Annotated[str, typer.Option(help="Of a workbook; otherwise its largest.")] = "",
        refused: Annotated[
            Path | None, typer.Option(help="Write the refused rows to this file, to mend and import again.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")] = False,
    ) -> None:
        from karkhana.cli._run import django_ready

        django_ready()
        from karkhana.supply.registers.context import Settings
        from karkhana.supply.registers.rules.columns import read_overrides

        settings = Settings(
            columns=read_overrides(map_ or ()),
            decimal=decimal.lower(),
            dates=dates.lower(),
            currency=currency.upper(),
            rate_kind=rate_kind.lower(),
            create_suppliers=create_suppliers,
            sheet=sheet,
        )
        if preview:
            _preview(kind, file, settings, as_json)
            return
        _import(kind, file, settings, dry_run, refused, as_json)

    return command


def _preview(kind: str, file: Path, settings: Any, as_json: bool) -> None:
    from karkhana.cli._run import print_json
    from karkhana.supply.registers.looking import preview

    shown = preview(kind=kind, path=file, settings=settings)
    if as_json:
        print_json(shown)
        return
    print(
        f"{shown['file']}: {shown['rows']:,} rows below line {shown['header_line']}, {shown['encoding']},"
        f" {shown['delimiter']!r}"
    )
    for name, heading in shown["columns"].items():
        says = shown["conventions"].get(name)
        print(f"  {name:16} {heading}" + (f"  ({says})" if says else ""))
    for title in ("missing", "unused"):
        if shown[title]:
            print(f"  {title}: {', '.join(shown[title])}")
    for row in shown["first_rows"]:
        if "refusal" in row:
            print(f"  line {row['line']}: ✕ {row['refusal']['message']}")
        else:
            said = ", ".join(f"{name} {value}" for name, value in row["row"].items())
            print(f"  line {row['line']}: {said or 'a total, left out'}")


def _import(kind: str, file: Path, settings: Any, dry_run: bool, refused: Path | None, as_json: bool) -> None:
    from django.utils import timezone

    from karkhana.cli._progress import progress_bar
    from karkhana.cli._run import print_json
    from karkhana.supply.registers.operations import import_register

    with progress_bar(f"Reading {file.name}") as progress:
        report = import_register(
            kind=kind, path=file, now=timezone.now(), settings=settings, dry_run=dry_run, progress=progress
        )
    if refused is not None and report.run is not None:
        _write_refused(refused, report.run)
    if as_json:
        print_json(report.as_dict())
    else:
        _show(report)
    if report.refused and not report.made and not report.same:
        raise typer.Exit(1)


def _write_refused(path: Path, run: int) -> None:
    from karkhana.supply.registers.queries import refused_rows

    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(refused_rows(run))
    except OSError as error:
        raise refuse(
            "register.refused_file",
            "{file} cannot be written: {reason}.",
            "Choose another file; the import itself is done.",
            file=str(path),
            reason=error.strerror or str(error),
        ) from None


def _show(report: Any) -> None:
    done = "would be booked" if report.dry_run else "booked"
    print(
        f"{report.file}: {report.lines:,} rows read, {report.made:,} {done}, {report.same:,} booked before,"
        f" {report.refused:,} refused, {report.skipped:,} totals left out."
    )
    for code, count in report.codes.most_common():
        print(f"  {count:>9,}  {code}")
    for one in report.refusals[:20]:
        print(f"  line {one['line']}: {one['message']} {one['next_step']}")
    if report.refused > 20:
        print(f"  ... {report.refused - 20:,} more; --refused FILE writes them all.")
    for remark in report.remarks[:10]:
        print(f"  line {remark['line']}, to look at: {remark['message']}")
    if report.suppliers_created:
        print(f"  suppliers made known: {', '.join(report.suppliers_created[:20])}")
