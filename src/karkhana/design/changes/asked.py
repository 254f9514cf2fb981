"""What somebody asks for in a change order or deviation, checked field by field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from karkhana.design.changes import rules
from karkhana.design.changes.rules import Order
from karkhana.kernel.refusals import Refused, refuse

TITLE_MAX, REASON_MAX, CODE_MAX, SERIAL_MAX = 200, 4000, 40, 80
ORDERS_MAX, SERIALS_MAX = 200, 10_000
QUANTITY_MAX = 10_000_000
YEARS = (2000, 2200)


@dataclass(frozen=True, slots=True)
class ChangeAsked:
    """A change order as it is asked for; see ``models.ChangeOrder``."""

    title: str
    reason: str
    change_class: str = "I"
    effectivity: str = "date"
    effective_on: dt.date | None = None
    effective_serial: str = ""
    orders: Sequence[Order] = ()
    in_process: str = "finish"
    stock: str = "use_up"

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            Refused: ``change.title``, ``change.reason``, ``change.class``, ``change.effectivity``,
                ``change.disposition``.
        """
        check_words("change", self.title, self.reason)
        _one_of("change.class", "class", self.change_class, rules.CLASSES)
        _one_of("change.disposition", "disposition of units in process", self.in_process, rules.IN_PROCESS)
        _one_of("change.disposition", "disposition of stock", self.stock, rules.STOCK)
        _one_of("change.effectivity", "effectivity", self.effectivity, rules.EFFECTIVITIES)
        given = {
            "date": self.effective_on is not None,
            "serial": bool(self.effective_serial),
            "work_order": bool(self.orders),
        }
        if [kind for kind, there in given.items() if there] != [self.effectivity]:
            raise _effectivity("it names not exactly the {wanted} from which it counts", self.effectivity)
        if self.effective_on is not None:
            check_day("change.effectivity", self.effective_on)
        if self.effective_serial:
            if not is_code(self.effective_serial, SERIAL_MAX):
                raise _effectivity("the first serial is no serial number", self.effectivity)
            if not rules.series_of(self.effective_serial)[1]:
                raise _effectivity("the first serial does not end in a number", self.effectivity)
        self._check_orders()

    def _check_orders(self) -> None:
        closed = [order.closed for order in self.orders]
        instead = [order.instead for order in self.orders]
        if len(closed) > ORDERS_MAX or len({*closed, *instead}) != 2 * len(closed):
            raise _effectivity("a work order stands in it twice, or too many do", self.effectivity)
        for order in self.orders:
            if not is_code(order.closed, CODE_MAX) or not is_code(order.instead, CODE_MAX):
                raise _effectivity("a work order in it is no work order number", self.effectivity)
            if order.quantity is not None and not 0 < order.quantity <= QUANTITY_MAX:
                raise _effectivity("a new work order has no sensible quantity", self.effectivity)


@dataclass(frozen=True, slots=True)
class DeviationAsked:
    """A deviation or waiver as it is asked for; see ``models.Deviation``."""

    kind: str
    title: str
    reason: str
    part: str = ""
    substitute: str = ""
    step: int | None = None
    role: str = ""
    requirement: str = ""
    max_units: int | None = None
    until: dt.date | None = None
    work_orders: Sequence[str] = field(default_factory=tuple)
    serials: Sequence[str] = field(default_factory=tuple)

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            Refused: ``deviation.title``, ``deviation.reason``, ``deviation.kind``, ``deviation.what``,
                ``deviation.limit``, ``deviation.serials``.
        """
        check_words("deviation", self.title, self.reason)
        _one_of("deviation.kind", "kind", self.kind, rules.KINDS)
        self._check_what()
        if self.kind == "waiver":
            self._check_serials()
            return
        if self.serials:
            raise refuse(
                "deviation.serials",
                "A deviation is for units that are still to be built; this one names serials.",
                "Ask for a waiver for units that exist.",
            )
        if self.max_units is None and self.until is None:
            raise refuse(
                "deviation.limit",
                "The deviation has no end: neither a quantity nor a last day.",
                "Say for how many units, or until which day.",
            )
        if self.max_units is not None and not 0 < self.max_units <= QUANTITY_MAX:
            raise refuse(
                "deviation.limit", "{units} is no quantity of units.", "Give a number above 0.",
                units=str(self.max_units)[:40],
            )  # fmt: skip
        if self.until is not None:
            check_day("deviation.limit", self.until)
        if len(self.work_orders) > ORDERS_MAX or not all(is_code(one, CODE_MAX) for one in self.work_orders):
            raise refuse(
                "deviation.limit",
                "The work orders are too many, or one of them is no work order number.",
                "Give at most {limit} work order numbers.",
                limit=ORDERS_MAX,
            )

    def _check_what(self) -> None:
        problem = None
        if bool(self.part) != bool(self.substitute):
            problem = "names only one of the part and what stands in for it"
        elif self.part and self.part == self.substitute:
            problem = f"lets {self.part[:80]} stand in for itself"
        elif not self.part and not self.requirement.strip():
            problem = "names neither a part nor a requirement"
        elif self.part and self.kind == "waiver":
            problem = "is a waiver; what was built is said in words"
        elif not all(is_code(text, CODE_MAX * 2) for text in (self.part, self.substitute, self.role) if text):
            problem = "names a part or role that cannot be one"
        elif self.step is not None and not 1 <= self.step <= 9999:
            problem = "names a step that no route has"
        elif len(self.requirement) > REASON_MAX or "\x00" in self.requirement:
            problem = "has a requirement that is too long or cannot be stored"
        if problem:
            raise refuse(
                "deviation.what",
                "The {kind} {problem}.",
                "Say which part may be replaced by which, or state the requirement in words.",
                kind=self.kind,
                problem=problem,
            )

    def _check_serials(self) -> None:
        if self.max_units is not None or self.until is not None or self.work_orders:
            raise refuse(
                "deviation.limit",
                "A waiver is for the units that it lists; it has no quantity, day or work order.",
                "Leave the limits out, or ask for a deviation.",
            )
        bad = [one for one in self.serials if not is_code(one, SERIAL_MAX)]
        if not self.serials or bad or not len(self.serials) == len(set(self.serials)) <= SERIALS_MAX:
            raise refuse(
                "deviation.serials",
                "The waiver does not list units by their serials, each once: {problem}.",
                "List 1 to {limit} serials.",
                problem=repr(bad[0][:80]) if bad else f"{len(self.serials)} given",
                limit=SERIALS_MAX,
            )


def check_words(what: str, title: str, reason: str) -> None:
    """Refuse a title or reason that is missing, too long or cannot be stored."""
    for name, text, limit in (("title", title, TITLE_MAX), ("reason", reason, REASON_MAX)):
        if not text.strip() or len(text) > limit or "\x00" in text:
            raise refuse(
                f"{what}.{name}",
                "The {name} is empty, longer than {limit} characters or holds what cannot be stored.",
                "Write a {name}.",
                name=name,
                limit=limit,
            )


def check_day(code: str, day: dt.date) -> None:
    """Refuse a day that lies in no time of this factory."""
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise refuse(code, "{day} is no day of this factory.", "Check the date.", day=day.isoformat())


def is_code(text: str, limit: int) -> bool:
    """Say whether a text can be a code: printable, no outer blanks, not too long."""
    return 0 < len(text) <= limit and text == text.strip() and text.isprintable()


def _one_of(code: str, what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise refuse(
            code,
            "{value} is no {what}.",
            "Choose one of {known}.",
            value=repr(value[:40]),
            what=what,
            known=", ".join(known),
        )


def _effectivity(problem: str, kind: str) -> Refused:
    return refuse(
        "change.effectivity",
        "The effectivity does not hold: {problem}.",
        "Say from which day, from which serial, or which work orders are replaced by which.",
        problem=problem.format(
            wanted={"date": "day", "serial": "serial", "work_order": "work orders"}.get(kind)
        ),
    )
