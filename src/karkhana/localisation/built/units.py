"""One built unit: what it consumed, valued by a method, line by line."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import connection, transaction

from karkhana.floor.reference import reference
from karkhana.floor.trace import unit_contents
from karkhana.kernel.refusals import refuse
from karkhana.ledger import store
from karkhana.localisation.built import calendar
from karkhana.localisation.built.charges import TermBook
from karkhana.localisation.built.made_from import lots_made_into
from karkhana.localisation.built.pieces import AS_BOOKED, candidates_of_lots
from karkhana.localisation.built.uses import ONE, Taken, lineages_in, roles_in, taken_by
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.rules.pieces import Result, Unproved, Use
from karkhana.localisation.rules.valuing import Settings, evaluate


def value_unit(
    identifier: str, *, method: str, chosen: dict[str, str] | None = None, day: dt.date | None = None
) -> tuple[dict[str, Any], Result]:
    """Value one unit by what it consumed.

    Args:
        identifier: its process serial, or any identity that it carries or carried.
        method: id of a method, or the path of a method file of one's own.
        chosen: parameters of the method.
        day: on which the method, its classes and the product's price terms are taken; None: the day on which
            the unit was completed in its plant, or was last moved while it is not.

    Returns:
        What was valued (JSON form), and its value.

    Raises:
        Refused: ``unit.unknown``, ``localise.not_a_unit``, ``method.*``.
    """
    with transaction.atomic():
        contents = unit_contents(identifier)
        if contents["kind"] != "unit":
            raise refuse(
                "localise.not_a_unit",
                "{serial} is a {kind}, not a unit.",
                "Name a unit; a {kind} has no value of its own.",
                serial=contents["serial"],
                kind=contents["kind"],
            )
        cursor = store.raw_cursor(connection)
        plant, built_on = calendar.day_of_unit(cursor, contents)
        day = day or built_on
        settings = Settings.of(method_for(method, day), chosen, day=day)
        market = reference(cursor).markets.get(contents["work_order"] or "", "")
        uses = _uses(cursor, contents, settings)
        charges = TermBook().charges(contents["product"], market, day)
    subject = {
        "kind": "unit",
        "serial": contents["serial"],
        "product": contents["product"],
        "revision": contents["revision"],
        "brand": contents["brand"],
        "state": contents["state"],
        "plant": plant,
        "market": market,
        "work_order": contents["work_order"],
        "completed_on": built_on.isoformat() if contents["completed_at"] else None,
        "day": day.isoformat(),
    }
    found = evaluate(settings, uses, charges)
    if contents["completed_at"] is None or contents["state"] == "scrapped":
        # What it took so far is told all the same, but no claim may rest on it.
        found = replace(
            found, unproved=(*found.unproved, Unproved("not_finished", "", "", contents["state"]))
        )
    return subject, found


def _uses(cursor: store.Cursor, contents: dict[str, Any], settings: Settings) -> list[Use]:
    taken = list(taken_by(contents))
    roles = roles_in(contents)
    for serial, rows in lots_made_into(cursor, lineages_in(contents)).items():
        for lot, part, quantity in rows:
            lots = {lot} if quantity is not None else set()
            taken.append(Taken(part, f"{roles[serial]}made from", quantity or ONE, lots=lots))
    pieces = candidates_of_lots(
        {lot for row in taken for lot in row.lots},
        rate_policy=settings.values.get("exchange_rate", AS_BOOKED),
        accepts=accepted_by(settings),
    )
    return [row.use(pieces) for row in taken]


def accepted_by(settings: Settings) -> tuple[str, ...]:
    """Return the methods whose certificates count for a method."""
    return settings.method.accepts or (settings.method.id,)
