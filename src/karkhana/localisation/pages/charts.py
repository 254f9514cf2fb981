"""Puts flows, boxes and months into the words, links and numbers that the drawing script takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import get_language, gettext

from karkhana.kernel.countries import name_of
from karkhana.localisation.pages.pictures import BESIDE, OTHER, OWN, PRICE, Box, Flow, amount
from karkhana.localisation.pages.words import said
from karkhana.localisation.rules.pieces import TERMS

FIELD_OF_STAGE = {0: "origin", 1: "supplier", 2: "group"}


def sankey(flows: Sequence[Flow], names: dict[str, str], lines_url: str) -> dict[str, Any]:
    """Return the nodes and links of the picture.

    Args:
        names: of suppliers, by code.
        lines_url: address of the table of lines, for the links; empty: nodes lead nowhere.
    """
    nodes = sorted({flow.source for flow in flows} | {flow.target for flow in flows})
    place = {node: index for index, node in enumerate(nodes)}
    return {
        "nodes": [
            {"name": _node(node, names), "stage": node[0], "href": _href(node, lines_url)} for node in nodes
        ],
        "links": [
            {
                "source": place[flow.source],
                "target": place[flow.target],
                "value": float(flow.amount),
                "local": flow.local,
            }
            for flow in flows
        ],
        "local": gettext("counted as local"),
        "imported": gettext("counted as imported"),
    }


def _node(node: tuple[int, str], names: dict[str, str]) -> str:
    stage, name = node
    special = {
        PRICE: gettext("Price of the unit"),
        OWN: gettext("Own value added"),
        BESIDE: gettext("paid abroad"),
        OTHER: gettext("others"),
    }
    if name in special:
        return special[name]
    if not name:
        return {0: gettext("origin not known"), 1: gettext("no supplier"), 2: gettext("no group")}[stage]
    if stage == 0:
        return name_of(name, (get_language() or "en")[:2])
    if stage == 1:
        return names.get(name, name)
    return said(name) if stage == 2 and name in TERMS else name


def _href(node: tuple[int, str], lines_url: str) -> str:
    stage, name = node
    if not lines_url or stage not in FIELD_OF_STAGE or name in (OTHER, OWN, BESIDE) or not name:
        return ""
    return f"{lines_url}&{urlencode({FIELD_OF_STAGE[stage]: name})}"


def treemap(boxes: Sequence[Box], names: dict[str, str], lines_url: str) -> dict[str, Any]:
    """Return the boxes of the picture, group over part over supplier; plotly adds nothing up by itself."""
    sums: dict[tuple[str, ...], Decimal] = {}
    leaves = set()
    for box in boxes:
        keys = [(box.group,), (box.group, box.part)]
        if box.part != OTHER:
            keys.append((box.group, box.part, box.supplier))
        leaves.add(keys[-1])
        for key in keys:
            sums[key] = sums.get(key, Decimal(0)) + box.amount
    ids = {key: f"b{place}" for place, key in enumerate(sums)}
    return {
        "total": float(sum((box.amount for box in boxes), Decimal(0))),
        "root": gettext("Imported"),
        "boxes": [
            {
                "id": ids[key],
                "parent": ids.get(key[:-1], ""),
                "name": _box(key, names),
                "value": float(total),
                "href": _box_href(key, lines_url) if key in leaves else "",
            }
            for key, total in sums.items()
        ],
    }


def _box(key: tuple[str, ...], names: dict[str, str]) -> str:
    name = key[-1]
    if len(key) == 1:
        return said(name) if name in TERMS else name or gettext("no group")
    if len(key) == 3:
        return names.get(name, name) or gettext("no supplier")
    return gettext("others") if name == OTHER else said(name) if name in TERMS else name


def _box_href(key: tuple[str, ...], lines_url: str) -> str:
    if not lines_url or OTHER in key:
        return ""
    fields = {name: value for name, value in zip(("group", "part", "supplier"), key, strict=False) if value}
    return f"{lines_url}&{urlencode(fields)}"


def trend(months: Iterable[dict[str, Any]], targets: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the months with their percentages as a range, and the targets to reach."""
    rows = list(months)
    return {
        "months": [row["month"] for row in rows],
        "least": [float(row["percent_min"]) for row in rows],
        "most": [float(row["percent_max"]) for row in rows],
        "units": [row["units"] for row in rows],
        "targets": [
            {"percent": float(target["percent"]), "by": target["by"], "name": target["name"]}
            for target in targets
        ],
        "said": {
            "least": gettext("proved to be local"),
            "most": gettext("may be local"),
            "target": gettext("target"),
        },
    }


BARS_SHOWN = 11


def unit_bars(lines: Sequence[dict[str, Any]], denominator: Decimal) -> dict[str, Any]:
    """Return a unit's rupees as bars: groups of parts, terms, and the maker's own value added."""
    sums: dict[str, list[Decimal]] = {}
    taken = Decimal(0)
    for line in lines:
        name = str(line["group"] or line["part"])
        value, local = amount(line, "value"), amount(line, "local_value")
        row = sums.setdefault(name, [Decimal(0), Decimal(0)])
        row[0] += local
        row[1] += value - local
        taken += value
    ranked = sorted(sums.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    bars: list[tuple[str, Decimal, Decimal]] = [
        (said(name) if name in TERMS else name, row[0], row[1]) for name, row in ranked[:BARS_SHOWN]
    ]
    if len(ranked) > BARS_SHOWN:
        rest = [row for _, row in ranked[BARS_SHOWN:]]
        bars.append(
            (
                gettext("others"),
                sum((row[0] for row in rest), Decimal(0)),
                sum((row[1] for row in rest), Decimal(0)),
            )
        )
    if denominator > taken:
        bars.append((gettext("Own value added"), denominator - taken, Decimal(0)))
    return {
        "bars": [
            {"name": name, "local": float(local), "imported": float(other)} for name, local, other in bars
        ],
        "local": gettext("counted as local"),
        "imported": gettext("counted as imported"),
    }
