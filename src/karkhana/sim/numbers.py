"""Serial numbers, identities and labels of a run of the simulated factory.

Two runs never give the same number: each begins at its own place within its day, and each day has its own
block of a million in every range (one TAC a day for an IMEI).
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter

from karkhana.design.release import IdentityRule
from karkhana.kernel.refusals import refuse

BLOCK = 1_000_000
"""Numbers per day in each range."""
_FIRST_DAY = dt.date(2020, 1, 1)
_DIGITS = re.compile(r"(?P<prefix>.*?)\[0-9\]\{(?P<count>\d+)\}")


class Numbers:
    """Counts of everything that gets a number in one run.

    Args:
        day: plant-local day of the run.
        base: place within the day's block at which this run's identities begin.
        run: letters that tell this run's serials and labels from those of other runs of the day.
    """

    def __init__(self, day: dt.date, base: int = 0, run: str = "") -> None:
        self._counts: Counter[str] = Counter()
        self.turn(day, base, run)

    def turn(self, day: dt.date, base: int, run: str) -> None:
        """Begin a new day, or a new run."""
        self.day, self._base, self._run = day, base, run
        self._tag = f"{day:%y%j}"
        self._offset = (day - _FIRST_DAY).days * BLOCK
        self._counts.clear()

    def next(self, name: str) -> int:
        """Return the next number of a name.

        Raises:
            Refused: ``simulate.numbers_exhausted``: more than the rest of the day's block.
        """
        self._counts[name] += 1
        number = self._base + self._counts[name]
        if number >= BLOCK:
            raise refuse(
                "simulate.numbers_exhausted",
                "The simulated factory has used up today's numbers for {name}.",
                "Go on tomorrow, or build fewer units.",
                name=name,
            )
        return number

    def serial(self, prefix: str) -> str:
        """Return the next serial of a prefix: the prefix, year and day, the run, and six digits."""
        self._counts[prefix] += 1
        return f"{prefix}{self._tag}{self._run}{self._counts[prefix]:06d}"

    def number_of(self, rule: IdentityRule, value: str) -> int:
        """Return the number of today's block that an identity was made from; 0 or less when it was not."""
        if rule.scheme == "imei" and rule.first:
            return int(value[:14]) - int(rule.first[:14]) - self._offset
        if rule.scheme in ("eui48", "bluetooth") and rule.first:
            return int(value, 16) - int(rule.first, 16) - self._offset
        return int(value[-6:])

    def identity(self, rule: IdentityRule, number: int) -> str:
        """Return the value of an identity for a unit's number, within the range of its rule."""
        value = self._offset + number
        if rule.scheme == "imei" and rule.first and rule.last:
            low, high = int(rule.first[:14]), int(rule.last[:14])
            return with_luhn(f"{low + value % (high - low + 1):014d}")
        if rule.scheme in ("eui48", "bluetooth") and rule.first and rule.last:
            low, high = int(rule.first, 16), int(rule.last, 16)
            return f"{low + value % (high - low + 1):012X}"
        found = _DIGITS.fullmatch(rule.pattern or "[0-9]{11}")
        if found is None or int(found["count"]) < 11:
            raise refuse(
                "simulate.identity_rule",
                "The simulated factory cannot make identity {kind} of scheme {scheme}.",
                "Give the rule a range, or a pattern that ends in [0-9]{{11}}.",
                kind=rule.kind,
                scheme=rule.scheme,
            )
        prefix = re.sub(r"\\(.)", r"\1", found["prefix"])
        return f"{prefix}{f'{self._tag}{number:06d}':0>{found['count']}}"


def with_luhn(digits: str) -> str:
    """Append the Luhn check digit (3GPP TS 23.003 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{digits}{-total % 10}"
