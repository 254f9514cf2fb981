"""Refusals in the language of the reader: the record keeps English, the screen may say it in Hindi.

The Hindi sentences stand in ``site/refusals_hi.toml`` by code, with the same ``{fields}`` as the
English ones. A sentence that is missing, or that asks for a field which the refusal does not carry,
falls back to English: an operator must never see an empty reason.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext, override

FILE = Path(__file__).resolve().parent.parent / "refusals_hi.toml"

#: Values inside a refusal that are words rather than codes; they are translated with the page's catalogue.
WORDS = frozenset({"state"})
#: From when on a change order counts, as the gate says it (``floor.rules.changes``): a day or a serial.
SINCE = re.compile(r" from (\S+) on")


@cache
def hindi_sentences() -> dict[str, dict[str, str]]:
    """Return code to ``{"message": ..., "next_step": ...}``."""
    with FILE.open("rb") as file:
        return tomllib.load(file)


def say(refusal: dict[str, Any], part: str, language: str) -> str:
    """Return one part of a refusal, ``message`` or ``next_step``, in a language.

    Args:
        refusal: as ``Refusal.as_dict`` returns it; ``fields`` may be missing.
    """
    english = str(refusal.get(part) or "")
    if language != "hi":
        return english
    sentence = hindi_sentences().get(refusal.get("code", ""), {}).get(part)
    if sentence is None:
        return english
    fields = dict(refusal.get("fields") or {})
    with override("hi"):
        fields |= {name: gettext(str(value)) for name, value in fields.items() if name in WORDS}
        if since := SINCE.fullmatch(str(fields.get("since", ""))):
            fields["since"] = gettext(" from %(when)s on") % {"when": since[1]}
    try:
        return sentence.format(**fields)
    except (KeyError, IndexError, AttributeError):
        return english
