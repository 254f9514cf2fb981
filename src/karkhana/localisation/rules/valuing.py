"""The arithmetic of local value: what a piece counts, and what a unit adds up to. Pure and exact.

Two steps, so that two million units cost little more than the lots they were made of: ``share_of`` values
one piece of a lot (once per lot), ``evaluate`` adds shares (once per distinct set of lots).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from karkhana.kernel.money import EXACT, PIECE_PLACES, percent_down, percent_up
from karkhana.kernel.refusals import refuse
from karkhana.localisation.rules.methods import UNPROVEN, ChannelRule, Method, with_parameters
from karkhana.localisation.rules.pieces import (
    IMPORT,
    Charge,
    Line,
    Piece,
    Result,
    Unproved,
    Use,
)

COUNTRY = "IN"
ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Share:
    """What one piece counts: its value, what of it is local, why, and what is not proved of it."""

    value: Decimal
    local: Decimal
    why: str
    doubts: tuple[str, ...] = ()

    @property
    def imported(self) -> Decimal:
        """What of the value is not local."""
        return self.value - self.local


@dataclass(frozen=True, slots=True)
class Settings:
    """A method with the values of its parameters, on a day."""

    method: Method
    values: Mapping[str, str]
    day: dt.date

    @classmethod
    def of(cls, method: Method, chosen: dict[str, str] | None = None, *, day: dt.date) -> Settings:
        """Choose parameters.

        Raises:
            Refused: ``method.parameter``.
        """
        return cls(method, with_parameters(method, chosen or {}), day)

    def word(self, text: str) -> str:
        """Return a word of the file, or the parameter that it names."""
        return self.values[text[1:]] if text.startswith("$") else text


def share_of(settings: Settings, piece: Piece, process: str = "") -> Share:
    """Value one piece of a lot by a method."""
    rule = settings.method.channels[piece.channel]
    value = _value(settings, rule, piece)
    for deeming in settings.method.deeming:
        if deeming.process == process and _within(settings.day, deeming.valid_from, deeming.valid_to):
            return Share(value, value, f"counted as local: {process} is done in the country", piece.doubts)
    if piece.repackaged:
        return Share(value, ZERO, "imported, only repacked or relabelled here", piece.doubts)
    word = settings.word(rule.local)
    if word == "certificate":
        return _certified(settings, rule, piece, value)
    return _by_word(word, piece, value, piece.doubts)


def _value(settings: Settings, rule: ChannelRule, piece: Piece) -> Decimal:
    amounts = [*rule.value, *(row.amount for row in rule.when if settings.values[row.parameter] == row.is_)]
    return sum((piece.amount(name) for name in amounts), ZERO)


def _certified(settings: Settings, rule: ChannelRule, piece: Piece, value: Decimal) -> Share:
    certificate = piece.certificate
    if certificate is None:
        doubt = "certificate_expired" if piece.expired else "certificate_missing"
        word = settings.word(rule.without_certificate)
        found = _by_word(word, piece, value, (*piece.doubts, doubt))
        text = "certificate ran out" if piece.expired else "no certificate"
        return Share(found.value, found.local, f"{text}: {found.why}", found.doubts)
    accepted = settings.method.accepts or (settings.method.id,)
    if certificate.method and certificate.method not in accepted:
        found = _by_word(
            settings.word(rule.without_certificate), piece, value, (*piece.doubts, "certificate_other_method")
        )
        return Share(
            found.value, found.local, f"certificate is by {certificate.method}: {found.why}", found.doubts
        )
    local = down(value * certificate.percent / HUNDRED)
    return Share(
        value,
        local,
        f"certificate {certificate.number}: {certificate.percent.normalize():f} % local",
        piece.doubts,
    )


def _by_word(word: str, piece: Piece, value: Decimal, doubts: tuple[str, ...]) -> Share:
    if word == "all":
        return Share(value, value, "counted as local", doubts)
    if word == "origin":
        if piece.origin == COUNTRY:
            return Share(value, value, "made in the country", doubts)
        reason = f"made in {piece.origin}" if piece.origin else "origin cannot be shown"
        return Share(value, ZERO, reason, doubts if piece.origin else _with(doubts, "no_origin"))
    return Share(value, ZERO, _NOT_LOCAL.get(piece.channel, "counted as not local"), doubts)


_NOT_LOCAL = {
    IMPORT: "own import",
    "reseller": "imported, bought here",
    "consigned": "handed in by the brand",
    "unknown": "nothing shows where it comes from",
    "domestic": "counted as not local",
}


def _with(doubts: tuple[str, ...], code: str) -> tuple[str, ...]:
    return doubts if code in doubts else (*doubts, code)


def down(amount: Decimal) -> Decimal:
    """Cut an amount to 12 decimals: what is local is never overstated."""
    return amount.quantize(Decimal(1).scaleb(-PIECE_PLACES), "ROUND_FLOOR", EXACT)


def _within(day: dt.date, first: dt.date | None, last: dt.date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def line_of(settings: Settings, use: Use) -> tuple[Line, tuple[Unproved, ...]]:
    """Count one use: the piece with the least local value stands for it, the one with the most bounds it."""
    with localcontext(EXACT):
        if not use.pieces:
            line = Line(use.part, "", "", "", "", "unknown", use.quantity, ZERO, ZERO, ZERO,
                        "nothing shows what was consumed", (), use.place)  # fmt: skip
            return line, (Unproved("no_lot", use.part, "", use.place),)
        found = sorted(
            ((share_of(settings, piece, use.process), piece) for piece in use.pieces),
            key=lambda pair: (-pair[0].imported, pair[1].lot, pair[1].part),
        )
        (worst, piece), (best, _) = found[0], found[-1]
        value = worst.value * use.quantity
        line = Line(
            part=piece.part,
            lot=piece.lot,
            supplier=piece.supplier,
            origin=piece.origin,
            group=piece.group,
            channel=piece.channel,
            quantity=use.quantity,
            value=value,
            local_value=worst.local * use.quantity,
            local_most=value - best.imported * use.quantity,
            why=worst.why if len(found) == 1 else f"{worst.why} (one of {len(found)} possible lots)",
            lots=tuple(item.lot for _, item in found),
            place=use.place,
        )
        doubts = [
            Unproved(code, item.part, item.lot, item.supplier)
            for share, item in found
            for code in share.doubts
        ]
    return line, tuple(doubts)


def charge_lines(settings: Settings, charges: Iterable[Charge]) -> tuple[list[Line], list[Unproved]]:
    """Count the terms of the product that stand beside its parts."""
    rules = {rule.kind: rule for rule in settings.method.charges}
    needed = {
        *settings.method.denominator.add,
        *settings.method.denominator.less,
        *settings.method.imported_less,
    }
    lines, unproved = [], []
    for charge in charges:
        rule = rules.get(charge.kind)
        word = settings.word(rule.counts) if rule else "left_out"
        if not charge.document and (word != "left_out" or charge.kind in needed):
            unproved.append(Unproved("charge_no_document", "", "", charge.kind))
        if word == "left_out":
            continue
        local = charge.amount if word == "local" else ZERO
        where = "abroad" if charge.kind.endswith("_abroad") else "own"
        why = "counted as local" if word == "local" else "counted as not local"
        lines.append(
            Line(
                charge.kind,
                "",
                charge.party,
                "" if where == "abroad" else COUNTRY,
                charge.kind,
                where,
                Decimal(1),
                charge.amount,
                local,
                local,
                why,
            )
        )
    return lines, unproved


@dataclass(frozen=True, slots=True)
class Sums:
    """What a method needs of one unit or many: sums of values and of what is not local, as a range.

    ``gaps`` counts uses of which nothing shows what they cost: they stand with nothing in the other sums.
    """

    value: Decimal = ZERO
    imported_least: Decimal = ZERO
    imported_most: Decimal = ZERO
    gaps: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.value + other.value,
            self.imported_least + other.imported_least,
            self.imported_most + other.imported_most,
            self.gaps + other.gaps,
        )

    def times(self, units: int | Decimal) -> Sums:
        """Return the sums of several equal ones."""
        return Sums(
            self.value * units,
            self.imported_least * units,
            self.imported_most * units,
            self.gaps if units else 0,
        )


GAPS = frozenset({"no_receipt", "no_lot", "no_price"})
"""Doubts that leave a use without a value, so that a percentage of a price is higher than it will be."""


def sums_of(lines: Iterable[Line], doubts: Iterable[Unproved] = ()) -> Sums:
    """Add up lines, and count of what is unproved of them what has no value at all."""
    with localcontext(EXACT):
        total = Sums(gaps=sum(doubt.code in GAPS for doubt in doubts))
        for line in lines:
            total += Sums(line.value, line.value - line.local_most, line.value - line.local_value)
    return total


def terms_of(charges: Iterable[Charge]) -> dict[str, Decimal]:
    """Add up charges by kind."""
    found: dict[str, Decimal] = {}
    for charge in charges:
        found[charge.kind] = found.get(charge.kind, ZERO) + charge.amount
    return found


@dataclass(frozen=True, slots=True)
class Figures:
    """Denominator and what is not local, at most and at least; the percentage follows.

    ``whole`` says that everything that was consumed has a value.
    """

    denominator: Decimal
    imported: Decimal
    imported_least: Decimal
    divisor_most: Decimal
    divisor_least: Decimal
    whole: bool = True

    @property
    def percent_min(self) -> Decimal:
        """Least local percentage, cut to 4 decimals."""
        return percent_down(self.denominator - self.imported, self.divisor_most)

    @property
    def percent_max(self) -> Decimal:
        """Greatest local percentage, rounded up to 4 decimals where it is not the least."""
        if self.imported == self.imported_least:
            return self.percent_min
        return percent_up(self.denominator - self.imported_least, self.divisor_least)

    @property
    def certified(self) -> Decimal:
        """What a certificate may say: cut to 2 decimals."""
        return percent_down(self.denominator - self.imported, self.divisor_most, 2)

    def reaches(self, percent: Decimal) -> bool:
        """Say whether what is proved reaches a percentage, compared unrounded."""
        with localcontext(EXACT):
            return (self.denominator - self.imported) * HUNDRED >= percent * self.divisor_most


def figures_of(settings: Settings, sums: Sums, terms: Mapping[str, Decimal], units: int = 1) -> Figures:
    """Put sums of parts and charges against the denominator.

    Args:
        sums: over all units.
        terms: amounts by kind for all units.

    Raises:
        Refused: ``method.denominator`` when what it is to be divided by is not above 0.
    """
    method = settings.method
    with localcontext(EXACT):
        less = sum((terms.get(kind, ZERO) for kind in method.imported_less), ZERO)
        most, least = sums.imported_most - less, sums.imported_least - less
        if method.denominator.of == "bill":
            denominator = sums.value
        else:
            denominator = sum((terms.get(kind, ZERO) for kind in method.denominator.add), ZERO)
        denominator -= sum((terms.get(kind, ZERO) for kind in method.denominator.less), ZERO)
        by_import = method.denominator.divide_by == "imported"
        divisors = (most, least) if by_import else (denominator, denominator)
    if min(divisors) <= 0:
        raise refuse(
            "method.denominator",
            "{method} divides by {what}, which is not above 0 here.",
            "Enter the product's {terms} for the day, or the prices of its parts.",
            method=method.id,
            what="the value of the imports" if by_import else "the denominator",
            terms=", ".join(method.denominator.add) or "costs",
        )
    return Figures(denominator, most, least, *divisors, whole=not sums.gaps)


def grade_of(settings: Settings, figures: Figures) -> str:
    """Return the highest class that is reached on the day, empty when there is none.

    While something that was consumed has no value, the percentage may yet fall: then no class is told that it
    could fall out of.
    """
    held = [g for g in settings.method.grades if _within(settings.day, g.valid_from, g.valid_to)]
    for grade in sorted(held, key=lambda grade: -grade.at_least):
        if figures.reaches(grade.at_least):
            return grade.name if figures.whole or not grade.at_least else ""
    return ""


def missing_terms(settings: Settings, terms: Mapping[str, Decimal]) -> list[Unproved]:
    """List the terms that the denominator needs and the product has not."""
    return [
        Unproved("term_missing", "", "", kind)
        for kind in settings.method.denominator.add
        if kind not in terms
    ]


def unverified(settings: Settings) -> list[Unproved]:
    """List the figures of the method that nobody has verified."""
    return [
        Unproved("figure_unverified", "", "", f"{settings.method.id} {place}")
        for place, cited in settings.method.cited()
        if cited.status in UNPROVEN
    ]


def evaluate(settings: Settings, uses: Iterable[Use], charges: Iterable[Charge]) -> Result:
    """Compute the local value of one unit.

    Raises:
        Refused: ``method.denominator``.
    """
    charges = list(charges)
    counted = [line_of(settings, use) for use in uses]
    beside, unproved = charge_lines(settings, charges)
    lines = [*(line for line, _ in counted), *beside]
    terms = terms_of(charges)
    figures = figures_of(settings, sums_of(lines, (d for _, found in counted for d in found)), terms)
    doubts = dict.fromkeys(
        [
            *(d for _, found in counted for d in found),
            *unproved,
            *missing_terms(settings, terms),
            *unverified(settings),
        ]
    )
    return Result(
        method=settings.method.id,
        denominator=figures.denominator,
        imported=figures.imported,
        imported_least=figures.imported_least,
        percent=figures.percent_min,
        percent_min=figures.percent_min,
        percent_max=figures.percent_max,
        certified=figures.certified,
        grade=grade_of(settings, figures),
        lines=tuple(lines),
        unproved=tuple(doubts),
        parameters=dict(settings.values),
    )
