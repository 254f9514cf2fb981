"""The page that sets every method of counting local value beside the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from karkhana.localisation.catalogue import Source, methods, sources
from karkhana.localisation.pages.clock import today
from karkhana.localisation.pages.words import said
from karkhana.localisation.rules.methods import ChannelRule, Cited, Method
from karkhana.localisation.rules.pieces import plain


@dataclass(frozen=True, slots=True)
class Said:
    """One statement of a cell with its status and source."""

    text: str
    cited: Cited | None = None

    @property
    def source(self) -> Source | None:
        """Where the statement is written, None where it is in no list of sources."""
        return sources().get(self.cited.source) if self.cited else None


@dataclass(frozen=True, slots=True)
class Row:
    """One aspect, a cell for each method."""

    title: str
    cells: tuple[tuple[Said, ...], ...]


@never_cache
@require_safe
def methods_page(request: HttpRequest) -> HttpResponse:
    """Show the methods side by side; those of today, or all with ``?all=1``."""
    now = today()
    everything = request.GET.get("all") == "1"
    shown = tuple(method for method in in_order() if everything or in_force(method, now))
    context = {
        "methods": shown,
        "rows": tuple(Row(title, tuple(tell(method) for method in shown)) for title, tell in aspects()),
        "everything": everything,
        "hidden": len(methods()) - len(shown),
    }
    return render(request, "localisation/methods.html", context)


FIRST = ("PPP_MII", "PMA_BOM", "LSEM_DVA", "AUTO_DVA")


def in_order() -> list[Method]:
    """Return every method: those that are asked for most, then the others by name."""
    return sorted(methods(), key=lambda m: FIRST.index(m.id) if m.id in FIRST else len(FIRST))


def in_force(method: Method, day: dt.date) -> bool:
    """Say whether a method holds on a day."""
    return method.valid_from <= day and (method.valid_to is None or day <= method.valid_to)


def aspects() -> list[tuple[str, Callable[[Method], tuple[Said, ...]]]]:
    """Return the rows of the page: what each is called, and how it is told of a method."""
    return [
        (gettext("Per cent of"), _denominator),
        (gettext("Own imports"), lambda method: _channel(method, "import")),
        (gettext("Customs duty"), _duty),
        (gettext("Imported, bought of resellers here"), lambda method: _channel(method, "reseller")),
        (gettext("Bought of makers in the country"), lambda method: _channel(method, "domestic")),
        (gettext("Handed in by the brand"), lambda method: _channel(method, "consigned")),
        (gettext("Without any receipt"), lambda method: _channel(method, "unknown")),
        (gettext("Royalty, licences and services abroad"), lambda method: _charges(method, abroad=True)),
        (gettext("Other terms"), lambda method: _charges(method, abroad=False)),
        (gettext("Counted as local because of what is done here"), _deeming),
        (gettext("Classes"), _grades),
        (gettext("Proof"), _proofs),
        (gettext("Left open, to be chosen"), _parameters),
    ]


def _denominator(method: Method) -> tuple[Said, ...]:
    rule = method.denominator
    if rule.of == "bill":
        text = gettext("cost of all parts and terms that count")
    else:
        text = " + ".join(said(word) for word in rule.add)
    text += "".join(f" − {said(word)}" for word in rule.less)
    if rule.divide_by == "imported":
        text = gettext("imports: (%(of)s − imports) divided by the imports") % {"of": text}
    return (Said(text, rule),)


def _value(rule: ChannelRule) -> str:
    text = " + ".join(said(word) for word in rule.value)
    return text + "".join(
        f" (+ {said(row.amount)}: {said(row.parameter)} = {said(row.is_)})" for row in rule.when
    )


def _channel(method: Method, name: str) -> tuple[Said, ...]:
    rule = method.channels[name]
    return (Said(f"{_value(rule)}: {_word(rule.local)}", rule),)


def _word(word: str) -> str:
    if word.startswith("$"):
        return gettext("as chosen (%(parameter)s)") % {"parameter": said(word[1:])}
    return said(word)


def _duty(method: Method) -> tuple[Said, ...]:
    rule = method.channels["import"]
    if "duty" in rule.value:
        return (Said(gettext("adds to what is imported"), rule),)
    if any(row.amount == "duty" for row in rule.when):
        return (Said(gettext("as chosen (%(parameter)s)") % {"parameter": said("duty_on_import")}, rule),)
    return (Said(gettext("not counted"), rule),)


def _charges(method: Method, *, abroad: bool) -> tuple[Said, ...]:
    return tuple(
        Said(f"{said(rule.kind)}: {_word(rule.counts)}", rule)
        for rule in method.charges
        if rule.kind.endswith("_abroad") is abroad
    )


def _deeming(method: Method) -> tuple[Said, ...]:
    return tuple(
        Said(f"{rule.process.upper()}, {rule.valid_from:%d.%m.%Y} – {_day(rule.valid_to)}", rule)
        for rule in method.deeming
    )


def _day(day: dt.date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else gettext("open")


def _grades(method: Method) -> tuple[Said, ...]:
    return tuple(
        Said(gettext("%(grade)s: %(percent)s %% and above") %
             {"grade": grade.name, "percent": plain(grade.at_least)}, grade)
        for grade in sorted(method.grades, key=lambda grade: -grade.at_least)
    )  # fmt: skip


def _proofs(method: Method) -> tuple[Said, ...]:
    found: list[Said] = []
    for proof in method.proofs:
        text = proof.by
        if proof.up_to is not None:
            text += " " + gettext("up to ₹ %(crore)s crore") % {"crore": plain(proof.up_to / 10_000_000)}
        found.append(Said(text, proof))
    return tuple(found)


def _parameters(method: Method) -> tuple[Said, ...]:
    return tuple(
        Said(f"{said(name)}: {' / '.join(said(choice) for choice in row.choices)}", row)
        for name, row in method.parameters.items()
    )


def choices_of(method: Method, chosen: dict[str, str]) -> list[dict[str, Any]]:
    """Return what a form shows of a method's parameters."""
    return [
        {
            "name": name,
            "said": said(name),
            "meaning": row.meaning,
            "status": row.status,
            "chosen": chosen.get(name, row.default),
            "choices": [(choice, said(choice)) for choice in row.choices],
        }
        for name, row in method.parameters.items()
    ]
