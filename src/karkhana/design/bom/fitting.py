"""Fitted or not: the many ways in which a bill says that a place on the board stays empty."""

from __future__ import annotations

import re

from karkhana.design.bom.designators import is_designator, parse_designators
from karkhana.design.bom.words import word_set

_CODES = (
    r"DNP|DNF|DNI|DNM|DNS|DNL|DNA|NM|N/M|NF|N/F|NP|N/P|NU|N/U"
    r"|NO[ _-]?POP|NO[ _-]?FIT|NOMOUNT|NO[ _-]?STUFF"
)
_PHRASES = (
    r"(?:do|does)[ _-]?not[ _-]?(?:populate|fit|place|mount|install|stuff|assemble|load|insert|solder|use)d?"
    r"|don'?t[ _-]?(?:populate|fit|place|mount|install|stuff|assemble|solder)"
    r"|not?[ _-]?(?:be[ _-]?)?(?:populated?|fitted|fit|placed|mount(?:ed)?|installed|stuff(?:ed)?)"
    r"|not?[ _-]?(?:be[ _-]?)?(?:assembled?|loaded|used)"
    r"|no[ _-]?(?:populate|load|place|install|assembly)|unpopulated|unfitted|unmounted|unplaced|unstuffed"
    r"|to be left (?:empty|open)|leave (?:empty|open|unpopulated)"
    r"|nicht[ _-]?best(?:ü|ue)ck(?:t|en)|unbest(?:ü|ue)ckt"
    r"|non[ _-]?mont(?:é|e|are|ato)|ne pas monter|no[ _-]?montar|no[ _-]?poblar|ej monterad|niet plaatsen"
    r"|不贴|不焊|未贴|空贴|不装"
)
_WHOLE = re.compile(rf"^[\s*(\[<!-]*(?:{_CODES}|{_PHRASES})[\s*)\]>!.-]*$", re.IGNORECASE)
# Inside other words only the unmistakable codes count: "NM", "NF", "NP" and "NU" are part of real values.
_SURE = r"DNP|DNF|DNI|DNM|NOPOP|NO[ _-]?POP|NOFIT|NO[ _-]?STUFF"
_INSIDE = re.compile(
    rf"(?:^|[\s,;/(\[<*_-])(?:{_SURE}|{_PHRASES})[\s,;)\]>*!.]*$"
    rf"|^[*(\[<]*(?:{_SURE})[*)\]>]*(?=[\s,;:/_-])",
    re.IGNORECASE,
)
_NC = re.compile(r"^[\s*(\[]*(?:NC|N\.C\.|N/C)[\s*)\]]*$", re.IGNORECASE)
_VALUE_OR_NC = re.compile(
    r"^\s*\d[\w.,%Ωµ]*\s*(?:[/(\\]\s*(?:NC|N\.C\.|NF|NM|NP|NU)\)?|[ _-]NC)\s*$", re.IGNORECASE
)
_NAME = r"[A-Za-z$_]{1,10}\d[\w.$]*"
_NAMES = rf"({_NAME}(?:[,;&\s-]+(?:and\s+)?{_NAME})*)"
_SOME = re.compile(rf"(?:{_CODES}|{_PHRASES})\s*[:=(\[-]?\s*{_NAMES}", re.IGNORECASE)
_SOME_BEFORE = re.compile(rf"^{_NAMES}\s*(?:is|are|:|=|-)?\s*(?:{_CODES}|{_PHRASES})[\s.!)]*$", re.IGNORECASE)

_YES = word_set("y yes x 1 true ja oui si sì sí ✓ ✔ ✗ • ● o ok wahr vrai t set checked 是 excluded")
_NO = word_set("n no 0 false nein non nee - -- – / falsch faux f none 否 ~ .")
_FITTED_WORDS = word_set(
    "fit fitted fits mount mounted place placed populate populated assemble assembled stuff stuffed install"
    " installed load loaded bestückt bestücken smt smd tht montieren monté mont"
)


def says_not_fitted(text: str) -> bool:
    """Whether a whole cell, sheet name or section title says "not fitted" and nothing else."""
    return bool(text) and len(text) <= 60 and _WHOLE.match(text) is not None


def mentions_not_fitted(text: str) -> bool:
    """Whether a value or description carries an unmistakable mark at its start or end: ``10k DNP``."""
    return bool(text) and len(text) <= 400 and _INSIDE.search(text) is not None


def not_connected(value: str) -> bool:
    """Whether a value may mean "not connected": bare ``NC``, or ``1000pF/NC``.

    ``NC`` is also a real value (a normally closed switch), so the caller asks for more before it believes.
    """
    return _NC.match(value) is not None or (len(value) <= 40 and _VALUE_OR_NC.match(value) is not None)


def read_mark(text: str, positive: bool) -> bool | None:
    """Read a cell of a fit column: True fitted, False not fitted, None when it says neither.

    Args:
        text: the cell.
        positive: True for a column such as Place or Fitted, False for a column such as DNP.
    """
    word = text.strip().strip("'\"()[]").strip().lower()
    if not word:
        return None
    if says_not_fitted(word) or (not positive and word.startswith("exclude")):
        return False
    if word in _FITTED_WORDS:
        return True
    if word in _YES or re.fullmatch(r"[1-9]\d*(\.0+)?", word):
        return positive
    if word in _NO or re.fullmatch(r"0(\.0+)?", word):
        return not positive
    return False if mentions_not_fitted(word) else None


def some_not_fitted(text: str, references: tuple[str, ...]) -> tuple[str, ...]:
    """The designators of a line that a remark excludes, as in ``NF(C324 C325)`` or ``R5, R6 not fitted``."""
    if not text or len(text) > 2000:
        return ()
    lists = [match[1] for match in _SOME.finditer(text)]
    before = _SOME_BEFORE.match(text)
    if before is not None:
        lists.append(before[1])
    if not lists:
        return ()
    known = {reference.upper(): reference for reference in references}
    named = [name.upper() for part in lists for name in _names(part)]
    return tuple(known[name] for name in dict.fromkeys(named) if name in known)


def _names(part: str) -> tuple[str, ...]:
    spaced = " ".join(part.split())
    return tuple(name for name in parse_designators(spaced).names if is_designator(name))
