"""``karkhana localise``: how much of a unit, or of everything built in a time, is local."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from karkhana.kernel.fiscal import fiscal_year_days, month_days
from karkhana.kernel.refusals import refuse

if TYPE_CHECKING:
    from karkhana.localisation.built.results import PeriodResult
    from karkhana.localisation.designed.queries import DesignedResult
    from karkhana.localisation.rules.pieces import Result

app = typer.Typer()
Option = typer.Option


@app.command()
def localise(
    what: Annotated[
        str | None, typer.Argument(help="A product's code, or a unit's serial or any identity of it.")
    ] = None,
    month: Annotated[str | None, Option(help="Units of a month, such as 2026-11.")] = None,
    fiscal_year: Annotated[str | None, Option(help="Units of a fiscal year, 2026-27 or FY27.")] = None,
    since: Annotated[str | None, Option("--from", help="Units from a day, such as 2026-11-01.")] = None,
    until: Annotated[str | None, Option("--to", help="Units until a day, included.")] = None,
    brand: Annotated[str | None, Option(help="Units of one brand.")] = None,
    plant: Annotated[str | None, Option(help="Units of one plant.")] = None,
    rev: Annotated[
        str | None, Option(help="The revision of a product as designed, not what was built.")
    ] = None,
    volume: Annotated[
        int | None, Option(help="With --rev: units that parts are bought for; picks quantity breaks.")
    ] = None,
    method: Annotated[str, Option(help="Id of a method, or a method file of your own (.toml).")] = "PPP_MII",
    choices: Annotated[
        list[str] | None, Option("--set", help="A parameter of the method: name=value.")
    ] = None,
    all_lines: Annotated[bool, Option(help="Every line of a period, lot by lot.")] = False,
    as_json: Annotated[bool, Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say how much of a unit, of what was built, or of a design is local, line by line."""
    from karkhana.cli._run import django_ready, print_json

    chosen = _chosen(choices or [])
    period = _period(month, fiscal_year, since, until)
    _check_asked(what, period, rev, brand or plant)
    if volume is not None and rev is None:
        raise refuse("localise.volume", "A volume picks prices of a design.", "Give it with --rev.")
    method = str(Path(method).expanduser()) if method.endswith(".toml") else method
    django_ready()
    if rev is not None and what is not None:
        found, human = _designed(what, rev, method, chosen, volume)
    elif period is None and what is not None and not _is_product(what):
        found, human = _unit(what, method, chosen)
    else:
        found, human = _built(what, period, brand, plant, method, chosen, all_lines=all_lines)
    if as_json:
        print_json(found)
    else:
        human()


def _chosen(choices: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in choices]
    wrong = next((name + sign + value for name, sign, value in pairs if not (name and sign and value)), None)
    if wrong is not None:
        raise refuse(
            "method.parameter_form",
            "{text} is no parameter.",
            "Write --set name=value, such as --set uncertified=origin.",
            text=wrong[:80],
        )
    return {name.strip(): value.strip() for name, _, value in pairs}


def _period(
    month: str | None, fiscal_year: str | None, since: str | None, until: str | None
) -> tuple[dt.date, dt.date] | None:
    if sum(text is not None for text in (month, fiscal_year, since or until)) > 1:
        raise refuse("period.twice", "More than one period is named.", "Name a month, a year or two days.")
    if month is not None:
        return month_days(month)
    if fiscal_year is not None:
        return fiscal_year_days(fiscal_year)
    if since is None and until is None:
        return None
    if since is None or until is None:
        raise refuse("period.half", "A period has a first and a last day.", "Give both --from and --to.")
    return _day(since), _day(until)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise refuse(
            "period.day", "{text} is not a day.", "Write it as 2026-11-23.", text=text[:40]
        ) from None


def _check_asked(
    what: str | None, period: tuple[dt.date, dt.date] | None, rev: str | None, where: str | None
) -> None:
    if what is None and period is None:
        raise refuse(
            "localise.what",
            "Nothing says what is to be valued.",
            "Name a unit, or a product, or a period by --month, --fiscal-year or --from and --to.",
        )
    if rev is not None and (what is None or period is not None or where):
        raise refuse(
            "localise.designed",
            "A revision as designed has no period, brand or plant.",
            "Name the product and --rev alone.",
        )


def _is_product(code: str) -> bool:
    from karkhana.design.models import Product

    return "\x00" not in code and Product.objects.filter(code=code).exists()


def _unit(serial: str, method: str, chosen: dict[str, str]) -> tuple[dict[str, Any], Any]:
    from karkhana.localisation.built.queries import value_unit

    subject, result = value_unit(serial.replace("\x00", ""), method=method, chosen=chosen)
    return result.as_dict(subject), lambda: _show_unit(subject, result)


def _designed(
    product: str, rev: str, method: str, chosen: dict[str, str], volume: int | None
) -> tuple[dict[str, Any], Any]:
    from django.utils import timezone

    from karkhana.localisation.designed.queries import VOLUME, value_revision

    day = timezone.localdate()
    result = value_revision(
        product, rev, method=method, chosen=chosen, day=day, volume=VOLUME if volume is None else volume
    )
    subject: dict[str, Any] = {
        "kind": "designed", "product": product, "revision": rev, "day": day.isoformat(),
    }  # fmt: skip
    return result.as_dict(subject), lambda: _show_designed(subject, result)


def _built(
    product: str | None,
    period: tuple[dt.date, dt.date] | None,
    brand: str | None,
    plant: str | None,
    method: str,
    chosen: dict[str, str],
    *,
    all_lines: bool,
) -> tuple[dict[str, Any], Any]:
    from karkhana.cli._progress import progress_bar
    from karkhana.localisation.built.queries import value_period

    first, last = period or _whole_year()
    with progress_bar("Valuing units") as progress:
        result = value_period(
            method=method,
            chosen=chosen,
            product=product,
            brand=brand,
            plant=plant,
            first=first,
            last=last,
            by_lot=all_lines,
            progress=progress,
        )
    return result.as_dict(all_lines=all_lines), lambda: _show_period(result, all_lines=all_lines)


def _whole_year() -> tuple[dt.date, dt.date]:
    """Return the running fiscal year: what a product without a period is asked about."""
    from django.utils import timezone

    from karkhana.kernel.fiscal import fiscal_year

    return fiscal_year_days(fiscal_year(timezone.localdate()))


def _show_unit(subject: dict[str, Any], result: Result) -> None:
    from karkhana.cli import _localise_text as text

    title = f"{subject['serial']}: {subject['product']} {subject['revision']} of {subject['brand']}"
    text.head(title, f"by {result.method} on {subject['day']}", result.parameters)
    text.percent(str(result.percent_min), str(result.percent_max), str(result.certified), result.grade)
    text.sums(result.denominator, result.imported)
    text.unit_lines(result.lines)
    text.unproved([(item.code, item.part, item.lot or item.detail, 1) for item in result.unproved])


def _show_designed(subject: dict[str, Any], result: DesignedResult) -> None:
    from karkhana.cli import _localise_text as text

    usual = result.usual
    text.head(
        f"{subject['product']} {subject['revision']} as designed",
        f"by {usual.method} at the prices of {subject['day']}",
        usual.parameters,
    )
    text.designed(
        str(usual.percent),
        str(result.worst.percent_min),
        str(result.best.percent_max),
        result.grade_of(usual),
        [one.name for one in result.unpriced],
    )
    text.sums(usual.denominator, usual.imported)
    print(f"  the parts of one unit cost INR {text.rupees(result.cost)},"
          f" from {text.rupees(result.cost_least)} to {text.rupees(result.cost_most)}")  # fmt: skip
    text.unit_lines(usual.lines)
    text.unproved([(item.code, item.part, item.lot or item.detail, 1) for item in usual.unproved])


def _show_period(result: PeriodResult, *, all_lines: bool) -> None:
    from karkhana.cli import _localise_text as text

    asked = result.subject
    names = [str(asked[key]) for key in ("product", "brand", "plant") if asked[key]] or ["everything built"]
    title = f"{', '.join(names)}, {asked['first']} to {asked['last']}: {result.units:,} units"
    text.head(title, f"by {result.method}", result.parameters)
    figures = result.figures
    text.percent(str(figures.percent_min), str(figures.percent_max), str(figures.certified), result.grade)
    text.sums(figures.denominator, figures.imported)
    text.spread(result.spread)
    if len(result.months) > 1:
        text.months(result.months)
    text.period_lines(result.lines, all_lines=all_lines)
    text.unproved([(code, part, detail, row.uses) for (code, part, detail), row in result.doubts.items()])
    for (product, why), units in result.left_out.items():
        text.left_out(product, why, units)
