"""``karkhana receive`` and ``karkhana inspect``: goods in at the command line."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from karkhana.cli._run import django_ready, print_json

receive_app = typer.Typer()
inspect_app = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@receive_app.command()
def receive(
    lot: Annotated[str, typer.Argument(help="Number of the lot.")] = "",
    part: Annotated[str, typer.Argument(help="Part number.")] = "",
    quantity: Annotated[str, typer.Argument(help="How many, with a decimal point.")] = "",
    supplier: Annotated[str, typer.Argument(help="Code of the supplier.")] = "",
    origin: Annotated[str, typer.Argument(help="Country where it was made, such as JP.")] = "",
    station: Annotated[str, typer.Option(help="Where it comes in.")] = "",
    file: Annotated[Path | None, typer.Option(help="Rows of lots; - reads standard input.")] = None,
    supplier_lot: Annotated[str, typer.Option(help="The supplier's own lot number.")] = "",
    made: Annotated[str, typer.Option(help="Day of manufacture, year-month-day.")] = "",
    expires: Annotated[str, typer.Option(help="Last day of use, year-month-day.")] = "",
    msl: Annotated[str, typer.Option(help="Moisture sensitivity level, such as 3.")] = "",
    label_hours: Annotated[str, typer.Option(help="Floor life on the bag's label, hours.")] = "",
    as_json: AsJson = False,
) -> None:
    """Receive one lot, or the lots of a file; ends with 1 when one was refused."""
    if not station or bool(file) == bool(lot):
        raise typer.BadParameter("Name --station, and either a lot or --file.")
    rows = _rows(file) if file else None
    django_ready()
    from karkhana.floor.receiving.asked import Delivery, Unread, read_delivery, read_pasted
    from karkhana.floor.receiving.http import received_dict
    from karkhana.floor.receiving.operations import receive_lots

    lots: list[Delivery | Unread] = []
    if rows is None:
        said = {
            "lot": lot, "part": part, "quantity": quantity, "supplier": supplier, "origin": origin,
            "supplier_lot": supplier_lot, "manufactured_on": made, "expires_on": expires, "msl": msl,
            "label_hours": label_hours,
        }  # fmt: skip
        lots.append(read_delivery(said))
    else:
        for line in read_pasted(rows):
            if line.delivery is not None:
                lots.append(line.delivery)
            elif line.refused is not None:
                lots.append(Unread(f"line {line.number}", line.refused.refusal))
    now = _now()
    answers = receive_lots(lots=lots, station=station, at=now, now=now)
    if as_json:
        print_json({"lots": [received_dict(answer) for answer in answers]})
    else:
        for answer in answers:
            _say(answer)
    if any(answer.refusal for answer in answers):
        raise typer.Exit(1)


def _rows(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    from karkhana.kernel.refusals import refuse

    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise refuse(
            "receipt.file",
            "{file} cannot be read as text: {problem}.",
            "Name a text file in UTF-8 with one lot per line.",
            file=str(file),
            problem=str(problem)[:200],
        ) from problem


def _say(answer: Any) -> None:
    if answer.refusal:
        print(f"{answer.lot or '?':<20} refused  {answer.refusal.message} {answer.refusal.next_step}")
        return
    where = f"in quarantine, inspection {answer.inspection}" if answer.inspection else "usable"
    print(f"{answer.lot:<20} {where}")
    for warning in answer.warnings:
        print(f"{'':<20} ! {warning.message}")


@inspect_app.command()
def inspect(
    number: Annotated[int | None, typer.Argument(help="Number of an inspection; none lists all.")] = None,
    bad: Annotated[int | None, typer.Option(help="Bad items in the sample: judges the lot.")] = None,
    defect: Annotated[list[str] | None, typer.Option(help="CODE=COUNT, as often as needed.")] = None,
    inspector: Annotated[str, typer.Option(help="Who inspected.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the lots that wait for inspection, show one, or judge it."""
    if number is None and (bad is not None or defect):
        raise typer.BadParameter("Name the inspection to judge.")
    found = _defects(defect or [])
    django_ready()
    from karkhana.floor.receiving import judging, queries
    from karkhana.floor.receiving.http import inspection_dict

    if number is None:
        shown = [inspection_dict(row.inspection) for row in queries.waiting_rows()]
    else:
        if bad is not None:
            findings = judging.Findings(bad, found, inspector)
            judging.judge(number=number, findings=findings, now=_now())
        shown = [inspection_dict(judging.find_inspection(number))]
    if as_json:
        print_json(shown[0] if number is not None else {"inspections": shown})
        return
    for one in shown:
        plan = one["plan"] or one["result"]
        if plan is None:
            print(f"{one['number']:>6}  {one['lot']:<20} {one['part']:<20} {one['supplier']:<12} stopped")
            continue
        sample = f"all {plan['sample']}" if plan["whole"] else plan["sample"]
        print(
            f"{one['number']:>6}  {one['lot']:<20} {one['part']:<20} {one['supplier']:<12}"
            f" {one['state']}: {sample} of {one['lot_size']}, Ac {plan['accept']} Re {plan['reject']},"
            f" {plan['severity']}"
        )


def _defects(words: list[str]) -> tuple[tuple[str, int], ...]:
    found = []
    for word in words:
        code, _, count = word.rpartition("=")
        if not code or not (count.isascii() and count.isdigit()):
            raise typer.BadParameter(f"{word!r} is not CODE=COUNT.")
        found.append((code, int(count)))
    return tuple(found)
