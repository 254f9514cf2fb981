"""``karkhana scheme``: incentive schemes, their figures, and what they pay. Needs no database."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from karkhana.incentives.rules.sheet import Result

app = typer.Typer(help="Incentive schemes: figures with sources, and what they pay.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
SchemeId = Annotated[str, typer.Argument(metavar="ID", help="Scheme, from: karkhana scheme list.")]
WEAK_STYLE = "bold yellow"
STYLES = dict.fromkeys(("unverified", "disputed", "missing", "default", "not met"), WEAK_STYLE)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the schemes and how well each is known."""
    from karkhana.cli._run import print_json
    from karkhana.incentives.describing import summary
    from karkhana.incentives.loading import load_scheme, scheme_ids

    rows = [summary(load_scheme(scheme)) for scheme in scheme_ids()]
    if as_json:
        print_json(rows)
        return
    table = _table("scheme", "state", "figures", "unverified", "not found", "readings", "computes")
    for row in rows:
        table.add_row(
            _two(row["id"], row["name"]),
            row["state"],
            *(str(row[key]) for key in ("figures", "unverified", "missing", "open_readings")),
            "yes" if row["computable"] else "no",
        )
    _print(table)


@app.command()
def show(scheme: SchemeId, as_json: AsJson = False) -> None:
    """Show every figure of a scheme with its status and source, and what computing asks for."""
    from karkhana.cli._run import print_json
    from karkhana.incentives.describing import scheme_as_dict
    from karkhana.incentives.loading import load_scheme

    found = scheme_as_dict(load_scheme(scheme))
    if as_json:
        print_json(found)
        return
    _print(f"{found['name']}\n{found['authority']}")
    _print(" · ".join(filter(None, (found["notified"], found["state"], f"data {found['data_sha256'][:12]}"))))
    for note in found["notes"]:
        _print(f"  {note}")
    _show_figures(found)
    _show_words(found)
    _show_asks(found)
    _show_sources(found)


def _show_figures(found: dict[str, Any]) -> None:
    table = _table("figure", "value", "status", "source")
    for (name, unit, status, keys, note), rows in itertools.groupby(found["figures"], key=_alike):
        values = list(rows)
        years = [str(one["year"]) for one in values if one["year"]]
        table.add_row(
            _two(f"{name}, {_years(years)}" if years else name, note),
            f"{'  '.join(one['value'] for one in values)} {unit}",
            status,
            keys,
            style=STYLES.get(status, ""),
        )
    for gap in found["missing"]:
        years = list(map(str, gap["years"]))
        name = f"{gap['name']}, {_years(years)}" if years else gap["name"]
        table.add_row(_two(name, gap["note"]), "not found", "missing", "", style=WEAK_STYLE)
    _print(table)


def _alike(figure: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Return what figures of several years have in common when they share a row."""
    return figure["name"], figure["unit"], figure["status"], _keys(figure["source"]), figure["note"]


def _years(years: list[str]) -> str:
    return f"year {years[0]}" if len(years) == 1 else f"years {years[0]} to {years[-1]}"


def _show_words(found: dict[str, Any]) -> None:
    table = _table("says", "text", "status", "source")
    for fact in found["facts"]:
        said = _two("; ".join(fact["text"]), fact["note"])
        table.add_row(fact["name"], said, fact["status"], _keys(fact["source"]))
    for one in found["readings"]:
        said = _two(f"{' or '.join(one['options'])}; {one['default']} unless chosen", one["note"])
        table.add_row(one["name"], said, "open", _keys(one["source"]))
    if table.row_count:
        _print(table)


def _show_asks(found: dict[str, Any]) -> None:
    if not found["asks"]:
        _print("Too little is known to compute with it.")
        return
    table = _table("input field", "unit or options", "kind", "")
    for ask in found["asks"]:
        said = ask["unit"] or ", ".join(ask["options"])
        optional = "optional" if ask["optional"] else ""
        table.add_row(_two(ask["field"], ask["what"]), said, ask["kind"].replace("_", " "), optional)
    _print(table)


def _show_sources(found: dict[str, Any]) -> None:
    rows = [row for kind in ("figures", "facts", "readings") for row in found[kind]]
    used = {one["key"]: one for row in rows for one in row["source"]}
    for key in sorted(used):
        mark = "official" if used[key]["official"] else "reported"
        _print(f"{key} ({mark}): {used[key]['address']}")


@app.command()
def compute(
    scheme: SchemeId,
    file: Annotated[
        Path, typer.Option("--input", metavar="FILE", help="TOML or JSON with the input fields.")
    ],
    as_json: AsJson = False,
) -> None:
    """Compute what a scheme pays for one year, with every line of the way and whether it may be signed."""
    from karkhana.cli._run import print_json
    from karkhana.incentives import computing
    from karkhana.incentives.inputs import read_file
    from karkhana.incentives.loading import load_scheme

    known = load_scheme(scheme)
    values = read_file(_bytes(file, scheme), file.name, scheme)
    result = computing.compute(known, values, place=file.name)
    if as_json:
        print_json(result.as_dict())
    else:
        _show_result(result)


def _bytes(file: Path, scheme: str) -> bytes:
    from karkhana.incentives.inputs import BYTES_MAX
    from karkhana.incentives.refusals import no

    try:
        with file.open("rb") as opened:
            return opened.read(BYTES_MAX + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "the system refused"
        raise no("scheme.file", file=str(file), problem=reason.lower(), scheme=scheme) from None


def _show_result(result: Result) -> None:
    from karkhana.incentives.rules.sheet import plain

    table = _table("what", "value", "status", "source")
    for line in result.lines:
        value = f"{plain(line.value)} {line.unit}".strip()
        keys = "\n".join(one.key for one in line.sources)
        table.add_row(_two(line.what, line.note), value, line.status, keys, style=STYLES.get(line.status, ""))
    _print(table)
    for sentence in result.why_not:
        _print(f"Not met: {sentence}.")
    for name, also in result.also.items():
        _print(f"{name.replace('_', ' ')}: {plain(also)}")
    _print(f"Incentive {result.fy}: {result.shown:f} {result.unit} ({plain(result.amount)} exactly)")
    if result.signable:
        _print("May be signed: nothing unverified, missing or undecided is in it.")
    for words, names in (
        ("it rests on unverified figures", result.unverified),
        ("not known", result.missing),
        ("readings were not chosen", result.undecided),
    ):
        if names:
            _print(f"May not be signed, {words}: {', '.join(names)}")


def _table(*headings: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, heading in enumerate(headings):
        # The first cell has words, which may wrap; what stands beside it is read as one.
        table.add_column(
            heading, overflow="fold", no_wrap=number > 0 and heading not in ("text", "unit or options")
        )
    return table


def _two(first: str, note: str) -> Any:
    """Return a cell of one or two parts: a note, paler, below what it is about."""
    from rich.text import Text

    return Text.assemble(first, "\n" if note else "", (note, "dim"))


def _print(what: Any) -> None:
    from rich.console import Console

    Console(highlight=False, markup=False).print(what, soft_wrap=isinstance(what, str))


def _keys(sources: list[dict[str, Any]]) -> str:
    return "\n".join(one["key"] for one in sources)
