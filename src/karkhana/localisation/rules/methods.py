"""A method of counting local value, as it stands in a dated data file (TOML).

Owns the shape of the file and its checks: adding a method needs a file and its worked examples, no code,
unless it brings a new kind of term. It does not own the arithmetic (``valuing``) nor where files lie
(``catalogue``).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from karkhana.kernel.refusals import refuse
from karkhana.localisation.rules.pieces import AMOUNTS, CHANNELS, TERMS

Status = Literal["sourced", "secondary", "unverified", "derived", "disputed"]
"""``sourced`` official text; ``secondary`` news or adviser; ``derived`` by arithmetic from those;
``disputed`` the text is ambiguous or contested; ``unverified`` from memory."""
UNPROVEN = frozenset({"unverified"})
Word = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[$A-Za-z0-9_\-]+$")]


class _File(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Cited(_File, frozen=True, kw_only=True):
    """What every figure says of itself."""

    status: Status
    source: str
    note: str = ""


class Denominator(Cited, frozen=True, kw_only=True):
    """What the percentage is of: terms of the product added and taken off, or the sum of the bill.

    ``of`` is ``terms`` or ``bill`` (the value of every part and of every charge that counts).
    ``divide_by`` is ``denominator``, or ``imported`` where the method divides by what came in (Advance
    Authorisation).
    """

    of: Literal["terms", "bill"] = "terms"
    add: tuple[Word, ...] = ()
    less: tuple[Word, ...] = ()
    divide_by: Literal["denominator", "imported"] = "denominator"


class ChannelRule(Cited, frozen=True, kw_only=True):
    """How pieces of one channel count.

    Args:
        value: amounts of a piece that are its value (``pieces.AMOUNTS``).
        when: further amounts, each counted only while a parameter has a value.
        local: ``none``; ``all``; ``certificate`` (the supplier's percentage); ``origin`` (all when it was
            made in the country). A name with ``$`` in front is the value of that parameter.
        without_certificate: what counts when there is no valid certificate: ``none``, ``all`` or ``origin``.
    """

    value: tuple[Word, ...]
    when: tuple[When, ...] = ()
    local: Word = "none"
    without_certificate: Word = "none"


class When(_File, frozen=True, kw_only=True):
    """An amount that counts while a parameter has a value."""

    amount: Word
    parameter: Word
    is_: str = msgspec.field(name="is")


class ChargeRule(Cited, frozen=True, kw_only=True):
    """How a term of the product counts besides the denominator: ``local``, ``imported`` or ``left_out``."""

    kind: Word
    counts: Word


class Parameter(Cited, frozen=True, kw_only=True):
    """A choice that the rules leave open, or that differs from case to case."""

    default: str
    choices: tuple[str, ...]
    meaning: str


class Grade(Cited, frozen=True, kw_only=True):
    """A class and the percentage from which it is reached (inclusive), for a time."""

    name: str
    at_least: Decimal
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class Deeming(Cited, frozen=True, kw_only=True):
    """Inputs that are counted as local because of what was done with them in the country, for a time."""

    process: Word
    valid_from: dt.date
    valid_to: dt.date | None = None


class Proof(Cited, frozen=True, kw_only=True):
    """What is asked as proof, up to an amount of the contract in rupees (open: any)."""

    by: str
    up_to: Decimal | None = None


class Method(_File, frozen=True, kw_only=True):
    """One method, from a day on.

    ``imported_less`` names terms that are taken off what counts as imported (exempted imports). ``accepts``
    lists the methods whose certificates count here, besides those that name no method; empty: this method's
    own.
    """

    id: Word
    name: str
    order: str
    valid_from: dt.date
    valid_to: dt.date | None = None
    status: Status
    source: str
    note: str = ""
    denominator: Denominator
    imported_less: tuple[Word, ...] = ()
    accepts: tuple[Word, ...] = ()
    channels: dict[str, ChannelRule]
    charges: tuple[ChargeRule, ...] = ()
    parameters: dict[str, Parameter] = {}
    grades: tuple[Grade, ...] = ()
    deeming: tuple[Deeming, ...] = ()
    proofs: tuple[Proof, ...] = ()

    def cited(self) -> list[tuple[str, Cited]]:
        """List every figure with its place in the file."""
        found: list[tuple[str, Cited]] = [("denominator", self.denominator)]
        found += [(f"channels.{name}", rule) for name, rule in self.channels.items()]
        found += [(f"charges.{rule.kind}", rule) for rule in self.charges]
        found += [(f"parameters.{name}", rule) for name, rule in self.parameters.items()]
        found += [(f"grades.{rule.name}", rule) for rule in self.grades]
        found += [(f"deeming.{rule.process}", rule) for rule in self.deeming]
        found += [(f"proofs.{rule.by}", rule) for rule in self.proofs]
        return found


def read_method(text: str, *, name: str) -> Method:
    """Read a method's file.

    Args:
        text: TOML.
        name: the file's name, for a refusal.

    Raises:
        Refused: ``method.file`` with the file and the place in it.
    """
    try:
        method = msgspec.toml.decode(text, type=Method)
        _check(method)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        # Decimal says of a text that is no number only its own name.
        reason = "a figure is no number" if isinstance(error, ArithmeticError) else str(error)
        raise refuse(
            "method.file",
            "The method file {file} cannot be used: {reason}",
            "Correct it; docs/local-value.md shows what a method file holds.",
            file=name,
            reason=reason[:300],
        ) from None
    return method


def with_parameters(method: Method, chosen: dict[str, str]) -> dict[str, str]:
    """Return the value of every parameter, the chosen ones over the file's.

    Raises:
        Refused: ``method.parameter``.
    """
    values = {name: parameter.default for name, parameter in method.parameters.items()}
    for name, value in chosen.items():
        known = method.parameters.get(name)
        if known is None or value not in known.choices:
            raise refuse(
                "method.parameter",
                "{method} has no parameter {name} with the value {value}.",
                "Choose one of: {choices}.",
                method=method.id,
                name=name[:60],
                value=value[:60],
                choices=", ".join(known.choices) if known else ", ".join(sorted(method.parameters)) or "none",
            )
        values[name] = value
    return values


def _check(method: Method) -> None:
    """Hold what the types cannot say.

    Raises:
        ValueError: with the place.
    """
    _known("denominator", (*method.denominator.add, *method.denominator.less), TERMS)
    _known("imported_less", method.imported_less, TERMS)
    _known("charges", [rule.kind for rule in method.charges], TERMS)
    _known("channels", method.channels, CHANNELS)
    if method.denominator.of == "terms" and not method.denominator.add:
        raise ValueError("denominator: names no term")
    missing = [name for name in CHANNELS if name not in method.channels]
    if missing:
        raise ValueError(f"channels: {', '.join(missing)} is missing")
    for name, rule in method.channels.items():
        _check_channel(f"channels.{name}", rule, method)
    for charge in method.charges:
        _choice(f"charges.{charge.kind}", charge.counts, ("local", "imported", "left_out"), method)
    for name, parameter in method.parameters.items():
        if parameter.default not in parameter.choices:
            raise ValueError(f"parameters.{name}: the default is not among the choices")
    for grade in method.grades:
        if not 0 <= grade.at_least <= 100:
            raise ValueError(f"grades.{grade.name}: {grade.at_least} is no percentage")
    for field, cited in method.cited():
        if not cited.source.strip():
            raise ValueError(f"{field}: names no source")


def _check_channel(place: str, rule: ChannelRule, method: Method) -> None:
    _known(f"{place}.value", (*rule.value, *(row.amount for row in rule.when)), AMOUNTS)
    for row in rule.when:
        parameter = method.parameters.get(row.parameter)
        if parameter is None or row.is_ not in parameter.choices:
            raise ValueError(f"{place}.when: {row.parameter} = {row.is_} is no choice")
    _choice(f"{place}.local", rule.local, ("none", "all", "origin", "certificate"), method)
    _choice(f"{place}.without_certificate", rule.without_certificate, ("none", "all", "origin"), method)


def _known(place: str, words: Any, allowed: tuple[str, ...]) -> None:
    for word in words:
        if word not in allowed:
            raise ValueError(f"{place}: {word} is not one of {', '.join(allowed)}")


def _choice(place: str, word: str, allowed: tuple[str, ...], method: Method) -> None:
    if word.startswith("$"):
        parameter = method.parameters.get(word[1:])
        if parameter is None:
            raise ValueError(f"{place}: there is no parameter {word[1:]}")
        _known(f"parameters.{word[1:]}", parameter.choices, allowed)
    else:
        _known(place, [word], allowed)
