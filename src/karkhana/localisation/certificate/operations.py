"""Issues certificates: numbers them within the fiscal year and stores what they say, for ever."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from karkhana.design.models import Product
from karkhana.kernel.fiscal import fiscal_year
from karkhana.kernel.refusals import refuse
from karkhana.localisation.catalogue import method_for, sources
from karkhana.localisation.certificate.basis import basis_of
from karkhana.localisation.certificate.models import IssuedCertificate
from karkhana.localisation.certificate.queries import find_certificate
from karkhana.localisation.certificate.rules import (
    Basis,
    Form,
    Head,
    canonical,
    check_proof,
    check_proved,
    content,
    number_of,
)
from karkhana.localisation.runs import engine
from karkhana.localisation.runs.models import DONE, LocalValueRun
from karkhana.localisation.runs.operations import last_place
from karkhana.localisation.runs.rules import Asked

FRESH = dt.timedelta(minutes=30)
"""An answer older than this is computed anew before anything is issued on it: the books may have changed."""
TWICE = dt.timedelta(minutes=2)
"""The same form sent again by the same person within this time is one certificate: a button pressed twice."""


def issue(
    asked: Asked,
    form: Form,
    *,
    user: Any,
    now: dt.datetime,
    replaces: str = "",
    tell: engine.Tell | None = None,
) -> IssuedCertificate:
    """Value the units of a product and issue a certificate on it.

    Raises:
        Refused: ``certificate.product``, ``certificate.unproved``, ``certificate.auditor``,
            ``certificate.unknown``, ``certificate.replaced``, ``certificate.other_product``, and as
            ``built.queries.value_period``.
    """
    _product(asked)
    seq = last_place()
    result = engine.figures(asked, tell or (lambda done, total: None))
    return _issue(asked, basis_of(asked, result, seq=seq), form, user=user, now=now, replaces=replaces)


def issue_on(
    run: LocalValueRun, form: Form, *, user: Any, now: dt.datetime, replaces: str = ""
) -> IssuedCertificate:
    """Issue a certificate on an answer that was computed just now.

    Raises:
        Refused: ``certificate.stale``, and as :func:`issue`.
    """
    if not is_fresh(run, now):
        raise refuse(
            "certificate.stale",
            "The figures are not of today: the record and the books may have changed.",
            "Compute them anew, then issue the certificate.",
        )
    asked = Asked(run.product, run.brand, run.plant, run.first, run.last, run.method, run.parameters)
    _product(asked)
    assert run.result is not None
    return _issue(
        asked, basis_of(asked, run.result, seq=run.seq), form, user=user, now=now, replaces=replaces
    )


def is_fresh(run: LocalValueRun, now: dt.datetime) -> bool:
    """Say whether an answer is young enough to issue on."""
    return run.state == DONE and run.computed_at is not None and now - run.computed_at <= FRESH


def _product(asked: Asked) -> None:
    if not asked.product or asked.brand:
        raise refuse(
            "certificate.product",
            "A certificate is of one product.",
            "Choose the product; the plant may be left open.",
        )


def _issue(
    asked: Asked, basis: Basis, form: Form, *, user: Any, now: dt.datetime, replaces: str
) -> IssuedCertificate:
    method = method_for(asked.method, asked.last)
    check_proved(basis.unproved)
    check_proof(method, form)
    here = now.astimezone(ZoneInfo(settings.PLANT_TIME_ZONE)).replace(microsecond=0)
    year = fiscal_year(here.date())
    with transaction.atomic():
        _one_at_a_time()
        old = _replaced(replaces, asked.product) if replaces else None
        last = IssuedCertificate.objects.filter(fiscal_year=year).aggregate(last=Max("count"))["last"] or 0
        head = Head(
            number=number_of(year, last + 1),
            issued_at=here.isoformat(),
            issued_by=user.get_username() if user else "",
            replaces=old.number if old else "",
            replaces_sha256=old.sha256 if old else "",
        )
        said = content(head, form, method, basis, known_sources())
        again = _sent_twice(said, user, now)
        if again is not None:
            return again
        data = canonical(said)
        return IssuedCertificate.objects.create(
            fiscal_year=year,
            count=last + 1,
            number=head.number,
            product=Product.objects.get(code=asked.product),
            method=method.id,
            percent=basis.certified,
            grade=basis.grade,
            first=asked.first,
            last=asked.last,
            data=data,
            sha256=hashlib.sha256(data.encode()).hexdigest(),
            replaces=old,
            issued_at=now,
            issued_by=user if getattr(user, "is_authenticated", False) else None,
        )


def _sent_twice(said: Mapping[str, Any], user: Any, now: dt.datetime) -> IssuedCertificate | None:
    """Return what the same person issued a moment ago with the same content but for number and time."""
    by = user if getattr(user, "is_authenticated", False) else None
    latest = IssuedCertificate.objects.filter(issued_by=by, issued_at__gt=now - TWICE).order_by("-pk")[:5]
    for one in latest:
        known = json.loads(one.data)
        # Through the same writing, so that both are told in the same types.
        if {**json.loads(canonical(said)), **{k: known[k] for k in ("number", "issued_at")}} == known:
            return one
    return None


def _one_at_a_time() -> None:
    """Wait until nobody else issues: numbers have no gaps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('localisation_certificate'))")


def _replaced(number: str, product: str) -> IssuedCertificate:
    old = find_certificate(number)
    if old.product.code != product:
        raise refuse(
            "certificate.other_product",
            "{number} is of {product}.",
            "Name a certificate of the same product.",
            number=old.number,
            product=old.product.code,
        )
    newer = IssuedCertificate.objects.filter(replaces=old).first()
    if newer is not None:
        raise refuse(
            "certificate.replaced",
            "{number} was replaced by {newer} already.",
            "Replace {newer} instead.",
            number=old.number,
            newer=newer.number,
        )
    return old


def known_sources() -> Mapping[str, Mapping[str, str]]:
    """Return the sources of figures as the certificate names them."""
    return {
        key: {"title": row.title, "address": row.address, "kind": row.kind} for key, row in sources().items()
    }
