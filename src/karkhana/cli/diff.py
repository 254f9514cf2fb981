"""``karkhana diff A B``: what two revisions or files differ in.

Two files need neither Django nor a database, so they are compared at once on any machine.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from karkhana.kernel.refusals import Refused, refuse

if TYPE_CHECKING:
    from karkhana.design.difference import Bill

app = typer.Typer()
REFERENCES_SHOWN = 12
SIGNS = {"changed": "~", "added": "+", "removed": "-", "information": "i"}


@app.command()
def diff(
    a: Annotated[str, typer.Argument(help="A file, or PRODUCT:REV.")],
    b: Annotated[str, typer.Argument(help="A file, or PRODUCT:REV, that A is compared with.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    xlsx: Annotated[Path | None, typer.Option(help="Also write the difference to this XLSX file.")] = None,
) -> None:
    """Tell what becomes of A on the way to B: added, removed and changed, by reference designator."""
    from karkhana.cli._run import print_json
    from karkhana.design.difference import compare

    answer = compare(_bill(a, "A"), _bill(b, "B")).as_dict()
    if xlsx is not None:
        _write(xlsx, answer)
    if as_json:
        print_json(answer)
    else:
        _show(answer)


def _bill(text: str, side: str) -> Bill:
    """Read one side: a file when there is one of this name, else a stored revision."""
    path = Path(text)
    try:
        there, is_file = path.exists(), path.is_file()
    except (OSError, ValueError):
        there = is_file = False
    if there and not is_file:
        raise refuse(
            "diff.no_file",
            "{side} is {name}, which is no file.",
            "Give the file itself, not its folder.",
            side=side,
            name=text,
        )
    if is_file:
        return _file(path, side)
    if ":" not in text or "/" in text.rsplit(":", 1)[1]:
        raise refuse(
            "diff.no_file",
            "{side} is {name}: there is no such file, and it names no revision.",
            "Check the path, or give PRODUCT:REV.",
            side=side,
            name=text,
        )
    from karkhana.cli._run import django_ready

    django_ready()
    from karkhana.design.comparing import bill_named

    return bill_named(text, side=side)


def _file(path: Path, side: str) -> Bill:
    from karkhana.design.bom.sniff import refuse_by_size, unreadable
    from karkhana.design.difference import read_bill

    try:
        refuse_by_size(path.stat().st_size, path.name)
        bill = read_bill(path.read_bytes(), file_name=path.name)
        # As it was typed: two revisions often have one file name in two folders.
        return msgspec.structs.replace(bill, name=str(path))
    except OSError as error:
        raise unreadable(path.name, (error.strerror or "the system refused").lower()) from None
    except Refused as refused:
        said = refused.refusal
        raise Refused(dataclasses.replace(said, fields={**said.fields, "side": side})) from None


def _write(path: Path, answer: dict[str, Any]) -> None:
    from karkhana.design.difference.workbook import difference_workbook

    try:
        path.write_bytes(difference_workbook(answer))
    except OSError as error:
        raise refuse(
            "diff.not_written",
            "{file} cannot be written: {reason}.",
            "Give a file in a folder that exists and may be written.",
            file=str(path),
            reason=(error.strerror or "the system refused").lower(),
        ) from None


def _show(answer: dict[str, Any]) -> None:
    """Print the difference for a person."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    summary = answer["summary"]
    console.print(f"[bold]{escape(answer['a'])}[/] → [bold]{escape(answer['b'])}[/]")
    console.print(
        f"{answer['references']['a']} and {answer['references']['b']} designators:"
        f" {summary['changed']} changed, {summary['added']} added, {summary['removed']} removed,"
        f" {summary['information']} in information only,"
        f" {summary['unchanged']} unchanged"
    )
    if answer["not_compared"]:
        console.print(f"[dim]not compared: {', '.join(answer['not_compared'])}[/]")
    if not summary["differs"]:
        console.print("[bold]no difference[/]")
    else:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading in ("", "designators", "field", "from", "to"):
            table.add_column(heading, overflow="fold")
        for kind in SIGNS:
            for item in answer[kind]:
                style = "" if item["matters"] else "dim"
                table.add_row(*map(escape, _row(kind, item)), style=style)
        console.print(table)
    for text in answer["warnings"]:
        console.print(f"[yellow]![/] {escape(text)}")


def _row(kind: str, item: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """One line of the table: sign, designators, field, from, to."""
    refs = item["refs"]
    names = " ".join(refs[:REFERENCES_SHOWN]) or item["part"] or "–"
    if len(refs) > REFERENCES_SHOWN:
        names += f" and {len(refs) - REFERENCES_SHOWN} more"
    if kind in ("added", "removed"):
        told = " ".join(filter(None, (item["part"], item["value"], item["package"]))) or "–"
        if not refs:
            names, told = told, f"quantity {item['quantity']}"
        what = "place" if refs else "line"
        return SIGNS[kind], names, what, told if kind == "removed" else "", told if kind == "added" else ""
    return SIGNS[kind], names, item["field"], _said(item["from"]), _said(item["to"])


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "fitted" if value else "not fitted"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value is None else str(value)
