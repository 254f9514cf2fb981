"""The catalogue of the store's refusals: code, sentence, next step."""

from __future__ import annotations

from typing import Any

from karkhana.kernel.refusals import Refusal, Refused

REFUSALS: dict[str, tuple[str, str]] = {
    "place.unknown": ("There is no storage place {place}.", "Choose a place of the list, or have it made."),
    "place.code": (
        "{value} is no code of a place.",
        "Use 1 to 40 printable characters without blanks around them.",
    ),
    "place.kind": ("{kind} is no kind of place.", "Use store, quarantine, line or scrap."),
    "place.taken": (
        "Place {place} is a {kind} of plant {plant} already.",
        "Use another code; a place keeps its plant and kind.",
    ),
    "stock.lot_unknown": ("Lot {lot} was never received.", "Receive the lot first, or check its label."),
    "stock.quantity": (
        "{value} is no quantity that can be moved.",
        "Give a number above 0 and below 1,000,000,000,000 with at most 6 decimals.",
    ),
    "stock.reason": ("A reason is missing for what {verb} lot {lot}.", "Say why, in at most 200 characters."),
    "stock.text": (
        "The field {field} cannot be kept: {problem}.",
        "Use printable characters, at most {limit}.",
    ),
    "stock.places": (
        "Lot {lot} cannot be moved so ({verb}): {problem}.",
        "Choose other places, or what it is that you want to do.",
    ),
    "stock.short": (
        "There are {there} of lot {lot} at {place}, not {wanted}.",
        "Take less, or count the place first.",
    ),
    "stock.difference": (
        "{counted} of lot {lot} were counted at {place}, {expected} were expected: {difference} are {what}.",
        "Count again, or say why it differs: {reasons}.",
    ),
    "stock.held": (
        "Lot {lot} is on hold.",
        "Leave it where it is, or move it to quarantine; the hold must be released first.",
    ),
    "stock.other_plant": (
        "Lot {lot} is in plant {plant}, place {place} is in plant {other}.",
        "Choose places of one plant, or two plants for a move between stores.",
    ),
    "stock.conflict": (
        "A movement with id {id} was recorded before with other content.",
        "Give every movement an id of its own.",
    ),
    "stock.too_many": ("{count} movements were sent at once.", "Send at most {limit}."),
    "stock.owner": (
        "Lot {lot} belongs to brand {owner}; {order} is for {brand}.",
        "Take a lot of the maker or of {brand}; consigned stock is kept apart.",
    ),
    "stock.unlike": (
        "Lots {lot} and {other} cannot be merged: {problem}.",
        "Merge only lots of one part, origin, supplier and owner; keep these two apart.",
    ),
    "stock.split": ("Lot {lot} cannot be split so: {problem}.", "Correct the new lots and try again."),
    "kit.nothing": (
        "There is nothing to hand out for work order {order}.",
        "See the shortage list: what is needed is not in the store, or it was handed out already.",
    ),
    "kit.not_needed": (
        "Work order {order} does not need part {part} of lot {lot}.",
        "Choose a lot of a released or approved part.",
    ),
    "kit.line_place": (
        "{place} is no place at a line.",
        "Name a place of kind line, where the material is to stand.",
    ),
}


def refusal(code: str, **fields: Any) -> Refusal:
    """Build a refusal; ``fields`` fill its sentences and travel with it."""
    message, next_step = REFUSALS[code]
    return Refusal(code, message.format(**fields), next_step.format(**fields), fields)


def no(code: str, **fields: Any) -> Refused:
    """Build the exception for a refusal."""
    return Refused(refusal(code, **fields))
