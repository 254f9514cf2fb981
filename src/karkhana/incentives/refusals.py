"""The room's catalogue of refusals: code, sentence, next step."""

from __future__ import annotations

from typing import Any

from karkhana.kernel.refusals import Refused, refuse

REFUSALS: dict[str, tuple[str, str]] = {
    "scheme.unknown": ("There is no scheme {scheme}.", "karkhana scheme list names all of them."),
    "scheme.data": (
        "{file}, {place}: {problem}.",
        "Correct the file; docs/incentives.md says what may stand in it.",
    ),
    "scheme.no_formula": (
        "Too little is known of {scheme} to compute with it.",
        "karkhana scheme show {scheme} says what was found and what was not.",
    ),
    "scheme.input": (
        "{file}, field {field}: {problem}.",
        "Correct the field; karkhana scheme show {scheme} lists what is asked.",
    ),
    "scheme.file": (
        "{file} cannot be read: {problem}.",
        "Give a TOML or JSON file with the fields that karkhana scheme show {scheme} lists.",
    ),
}


def no(code: str, **fields: Any) -> Refused:
    """Return the refusal of a code, its sentence and next step filled in."""
    message, next_step = REFUSALS[code]
    return refuse(code, message, next_step, **fields)
