"""First articles and reliability runs: what somebody measured on units that were really built.

Source: AS9102B, forms 1 to 3. Form 1 names part, revision, serial and reason; form 2, material and tests, is
the record of the unit itself; form 3 lists every characteristic with its limits and what was measured.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django.db import transaction

from karkhana.design.models import Characteristic, FirstArticle, ReliabilityRun
from karkhana.design.queries import find_revision
from karkhana.design.release import ReleasePackage, TestLimit, decode_package
from karkhana.design.stages.operations import check_stage, checked_text, locked_product
from karkhana.floor.models import WorkOrder
from karkhana.floor.queries.rows import fetch
from karkhana.kernel.refusals import Refused, refuse

CHARACTERISTICS_MAX = 500
_AMOUNT_MAX = Decimal(10) ** 15
_PLACES = 9


class Measured(msgspec.Struct, frozen=True):
    """One characteristic as it was measured; one limit may be open, not both.

    Of a feature that is only looked at, the deviations are counted: low 0, high 0.
    """

    name: str
    measured: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    nominal: Decimal | None = None
    unit_of_measure: str = ""


def read_amount(text: str, row: int, what: str) -> Decimal | None:
    """Read a number as it was typed; empty is None.

    Raises:
        Refused: ``first_article.number`` naming row and column.
    """
    text = text.strip()
    if not text:
        return None
    try:
        value = Decimal(text) if len(text) <= 40 else None
    except InvalidOperation:
        value = None
    if value is None:
        raise _no_number(row, what, text)
    return value


def _no_number(row: int, what: str, text: str) -> Refused:
    return refuse(
        "first_article.number",
        "Row {row}, {what}: {value} is no number that can be kept.",
        "Write digits with a decimal point, at most {places} places behind it.",
        row=row,
        what=what,
        value=repr(text[:40]),
        places=_PLACES,
    )


@transaction.atomic
def record_first_article(
    *,
    product_code: str,
    revision_code: str,
    serial: str,
    reason: str,
    inspector: str,
    characteristics: Sequence[Measured],
    now: dt.datetime,
    documents: Sequence[str] = (),
    user: Any = None,
) -> FirstArticle:
    """Record a first-article inspection. Whether it is accepted is worked out, never said.

    Args:
        serial: of a finished unit of this revision, built under a work order; its stage is the order's.
        reason: why it was inspected: new part, change, new line.
        documents: drawings and reports that were used.

    Raises:
        Refused: ``product.unknown``, ``revision.unknown``, ``stage.text``, ``first_article.unit``,
            ``first_article.unfinished``, ``first_article.empty``, ``first_article.number``,
            ``first_article.limits``, ``first_article.missing``.
    """
    product = locked_product(product_code)
    revision = find_revision(product_code, revision_code)
    order = _order_of(product_code, revision_code, serial)
    package = decode_package(revision.package or "")
    _check_all(characteristics, tests_of(package))
    article = FirstArticle.objects.create(
        product=product,
        revision=revision,
        stage=order.stage,
        work_order=order.code,
        serial=serial,
        reason=checked_text(reason, 200, "reason"),
        documents=[checked_text(text, 200, "document") for text in documents[:50]],
        inspector=checked_text(inspector, 80, "inspector"),
        inspected_at=now,
        recorded_by=user,
    )
    Characteristic.objects.bulk_create(
        Characteristic(article=article, number=number, **msgspec.structs.asdict(row))
        for number, row in enumerate(characteristics, start=1)
    )
    return article


def _order_of(product: str, revision: str, serial: str) -> WorkOrder:
    rows = []
    if "\x00" not in serial:
        rows = fetch(
            "SELECT work_order, completed_at IS NOT NULL FROM ledger_unit"
            " WHERE serial = %s AND product = %s AND revision = %s AND kind = 'unit'",
            [serial, product, revision],
        )
    order = WorkOrder.objects.filter(code=rows[0][0]).first() if rows else None
    if order is None:
        raise refuse(
            "first_article.unit",
            "No {product} {revision} with serial {serial} was built under a work order.",
            "Read the label of the unit again.",
            product=product,
            revision=revision,
            serial=serial[:80],
        )
    if not rows[0][1]:
        raise refuse(
            "first_article.unfinished",
            "{serial} is not finished.",
            "Inspect a unit that has gone through its whole route.",
            serial=serial,
        )
    return order


def tests_of(package: ReleasePackage) -> dict[str, TestLimit]:
    """Return the measurements that a release asks for, by name; of two of one name the first."""
    found: dict[str, TestLimit] = {}
    for step in package.steps:
        for test in step.tests:
            if test.low is not None or test.high is not None:
                found.setdefault(test.name, test)
    return found


def _check_all(rows: Sequence[Measured], tests: dict[str, TestLimit]) -> None:
    if not 0 < len(rows) <= CHARACTERISTICS_MAX:
        raise refuse(
            "first_article.empty",
            "A first article has 1 to {limit} characteristics; this one has {count}.",
            "List what the drawing asks for.",
            limit=CHARACTERISTICS_MAX,
            count=len(rows),
        )
    for number, row in enumerate(rows, start=1):
        _check_row(number, row, tests.get(row.name))
    named = {row.name for row in rows}
    missing = [name for name, test in tests.items() if test.required and name not in named]
    if missing:
        raise refuse(
            "first_article.missing",
            "The release asks for {missing}, which was not measured.",
            "Measure every characteristic of the release.",
            missing=", ".join(missing[:10]),
        )


def _check_row(number: int, row: Measured, test: TestLimit | None) -> None:
    checked_text(row.name, 120, "name of a characteristic")
    checked_text(row.unit_of_measure, 20, "unit of measure", empty=True)
    for what in ("nominal", "low", "high", "measured"):
        value: Decimal | None = getattr(row, what)
        if value is not None and not _kept(value):
            raise _no_number(number, what, str(value))
    problem = ""
    if row.low is None and row.high is None:
        problem = "it has no limit"
    elif row.low is not None and row.high is not None and row.low > row.high:
        problem = "its low limit is above its high one"
    elif test is not None and _looser(row, test):
        problem = f"its limits are wider than the release's ({test.low} to {test.high})"
    if problem:
        raise refuse(
            "first_article.limits",
            "Row {row}, {name}: {problem}.",
            "Give the limits of the drawing.",
            row=number,
            name=row.name,
            problem=problem,
        )


def _kept(value: Decimal) -> bool:
    """Say whether the database keeps a number exactly."""
    if not value.is_finite() or abs(value) >= _AMOUNT_MAX:
        return False
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_PLACES


def _looser(row: Measured, test: TestLimit) -> bool:
    if test.low is not None and (row.low is None or row.low < test.low):
        return True
    return test.high is not None and (row.high is None or row.high > test.high)


class _Measurement(msgspec.Struct):
    name: str
    value: Decimal


class _Body(msgspec.Struct):
    measurements: tuple[_Measurement, ...] = ()


_BODY = msgspec.json.Decoder(_Body)


def measured_on(serial: str) -> dict[str, Decimal]:
    """Return the latest value of each measurement that testers recorded of a unit."""
    found: dict[str, Decimal] = {}
    for (body,) in fetch(
        "SELECT body FROM ledger_event WHERE subject = %s AND refusal IS NULL"
        " AND type IN ('UnitsTested', 'UnitsInspected') ORDER BY seq",
        [serial],
    ):
        found |= {row.name: row.value for row in _BODY.decode(body).measurements}
    return found


@transaction.atomic
def record_run(
    *,
    product_code: str,
    revision_code: str,
    stage: str,
    name: str,
    units: int,
    unit_hours: Decimal,
    failures: int,
    report: str,
    now: dt.datetime,
    user: Any = None,
) -> ReliabilityRun:
    """Record an ageing or reliability run; the hours of a run with a failure count for nothing.

    Raises:
        Refused: ``product.unknown``, ``revision.unknown``, ``stage.unknown``, ``stage.text``,
            ``stage.run`` when the numbers cannot be true.
    """
    product = locked_product(product_code)
    revision = find_revision(product_code, revision_code)
    check_stage(stage)
    true = unit_hours.is_finite() and 0 < unit_hours < 10**9 and 0 < units <= 10**6 and 0 <= failures <= units
    if not true or unit_hours != unit_hours.quantize(Decimal("0.1")):
        raise refuse(
            "stage.run",
            "{units} units, {hours} unit-hours and {failures} failures make no run.",
            "Count the units, their hours together (one decimal place) and the units that failed.",
            units=str(units)[:20],
            hours=str(unit_hours)[:20],
            failures=str(failures)[:20],
        )
    return ReliabilityRun.objects.create(
        product=product,
        revision=revision,
        stage=stage,
        name=checked_text(name, 120, "name"),
        units=units,
        unit_hours=unit_hours,
        failures=failures,
        report=checked_text(report, 200, "report"),
        recorded_at=now,
        recorded_by=user,
    )
