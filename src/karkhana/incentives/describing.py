"""A scheme in words and JSON, for people and programs: figures, sources, gaps, and what its formula asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from karkhana.incentives.computing import FORMULAS
from karkhana.incentives.inputs import asks_of
from karkhana.incentives.rules.scheme import Scheme, Source
from karkhana.incentives.rules.sheet import plain


def _sources(sources: Iterable[Source]) -> list[dict[str, Any]]:
    return [{"key": one.key, "address": one.address, "official": one.official} for one in sources]


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def asked_fields(scheme: Scheme) -> list[dict[str, Any]]:
    """Return the fields that the scheme's formula asks for; empty when it has none."""
    formula = FORMULAS.get(scheme.formula)
    if formula is None:
        return []
    return [
        {
            "field": name,
            "kind": ask.kind,
            "what": ask.what,
            "unit": ask.unit,
            "options": list(ask.options),
            "least": None if ask.least is None else plain(ask.least),
            "most": None if ask.most is None else plain(ask.most),
            "optional": optional,
        }
        for name, (ask, optional) in asks_of(formula.asks).items()
    ]


def summary(scheme: Scheme) -> dict[str, Any]:
    """Return one line of the list: what it is, whether it can be computed, how well it is known."""
    weak = [one.label for one in scheme.figures if one.status in ("unverified", "disputed")]
    return {
        "id": scheme.id,
        "name": scheme.name,
        "state": scheme.state,
        "computable": bool(scheme.formula),
        "valid_from": _day(scheme.valid_from),
        "valid_to": _day(scheme.valid_to),
        "figures": len(scheme.figures),
        "unverified": len(weak),
        "missing": len(scheme.missing),
        "open_readings": len(scheme.readings),
    }


def scheme_as_dict(scheme: Scheme) -> dict[str, Any]:
    """Return all that is known of a scheme, JSON-ready; numbers are texts, so that they stay exact."""
    return {
        **summary(scheme),
        "authority": scheme.authority,
        "notified": scheme.notified,
        "base_fy": scheme.base_fy,
        "unit": scheme.unit,
        "years": scheme.years,
        "data_sha256": scheme.digest,
        "notes": list(scheme.notes),
        "figures": [
            {
                "name": one.name,
                "year": one.year,
                "value": plain(one.value),
                "unit": one.unit,
                "status": one.status,
                "source": _sources(one.sources),
                "valid_from": _day(one.valid_from),
                "valid_to": _day(one.valid_to),
                "note": one.note,
            }
            for one in scheme.figures
        ],
        "facts": [
            {
                "name": fact.name,
                "text": list(fact.texts),
                "status": fact.status,
                "source": _sources(fact.sources),
                "note": fact.note,
            }
            for fact in scheme.facts
        ],
        "missing": [{"name": gap.name, "years": list(gap.years), "note": gap.note} for gap in scheme.missing],
        "readings": [
            {
                "name": reading.name,
                "options": list(reading.options),
                "default": reading.default,
                "source": _sources(reading.sources),
                "note": reading.note,
            }
            for reading in scheme.readings
        ],
        "asks": asked_fields(scheme),
    }
