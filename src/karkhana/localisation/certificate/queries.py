"""Reads issued certificates and writes their files."""

from __future__ import annotations

import json
from typing import Any

from karkhana.kernel.refusals import refuse
from karkhana.localisation.certificate.models import IssuedCertificate

LIST_MAX = 500


def find_certificate(number: str) -> IssuedCertificate:
    """Return a certificate by its number.

    Raises:
        Refused: ``certificate.unknown``.
    """
    wanted = number.strip()
    found = None
    if "\x00" not in wanted and len(wanted) <= 24:
        rows = IssuedCertificate.objects.select_related("product", "replaces", "issued_by")
        found = rows.filter(number=wanted).first()
    if found is None:
        raise refuse(
            "certificate.unknown",
            "There is no certificate {number}.",
            "Look it up at /value/certificates/.",
            number=wanted[:40].replace("\x00", ""),
        )
    return found


def certificates(product: str = "") -> list[IssuedCertificate]:
    """Return the certificates, the latest first, at most ``LIST_MAX``; without what they say."""
    rows = IssuedCertificate.objects.select_related("product", "replaces", "replaced_by", "issued_by")
    if product:
        rows = rows.filter(product__code=product)
    return list(rows.defer("data").order_by("-issued_at", "-pk")[:LIST_MAX])


def file_of(certificate: IssuedCertificate, kind: str) -> bytes:
    """Write a certificate's file, ``pdf`` or ``xlsx``: the same bytes each time."""
    from karkhana.localisation.certificate.document import certificate_pdf
    from karkhana.localisation.certificate.workbook import certificate_xlsx

    data: dict[str, Any] = json.loads(certificate.data)
    write = {"pdf": certificate_pdf, "xlsx": certificate_xlsx}[kind]
    return write(data, certificate.sha256)


def file_name(certificate: IssuedCertificate, kind: str) -> str:
    """Return the name of a file: the number with other separators."""
    return f"{certificate.number.replace('/', '-')}.{kind}"
