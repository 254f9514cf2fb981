"""The typed API of certificates: what is issued, issuing one, and its files."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from karkhana.localisation.certificate import queries
from karkhana.localisation.certificate.models import IssuedCertificate
from karkhana.localisation.certificate.operations import issue
from karkhana.localisation.certificate.rules import read_form
from karkhana.localisation.runs.operations import asked_for
from karkhana.localisation.runs.rules import days_of
from karkhana.partners.answers import ERRORS
from karkhana.partners.roles import SUPPLY_ROLES, has_role

router = Router(tags=["local value"])
Code = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]
Number = Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^[^\x00-\x1f\x7f]+$")]
TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class CertificateIn(Schema):
    """A certificate to issue: whose units, which days, by which method, and who answers for it.

    One of ``month``, ``fiscal_year``, or ``first`` and ``last``. ``places`` has one place per line;
    ``contract_value`` is in rupees. ``replaces`` is the number of a certificate that this one stands in for.
    """

    product: Code
    plant: Text = ""
    month: Text = ""
    fiscal_year: Text = ""
    first: Text = ""
    last: Text = ""
    method: Code = "PPP_MII"
    parameters: dict[str, str] = Field(default_factory=dict, max_length=40)
    item: Text
    hsn: Text
    places: Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
    maker: Text
    maker_id: Text = ""
    tender: Text = ""
    contract_value: Text = ""
    signatory: Text
    designation: Text
    membership: Text = ""
    auditor: Text = ""
    auditor_role: Text = ""
    auditor_membership: Text = ""
    udin: Text = ""
    replaces: Text = ""
    reason: Text = ""


class CertificateOut(Schema):
    """An issued certificate; ``percent`` as text, cut to 2 decimals. ``sha256`` is of ``data``."""

    number: str
    product: str
    method: str
    percent: str
    grade: str
    first: dt.date
    last: dt.date
    issued_at: dt.datetime
    issued_by: str
    replaces: str
    sha256: str


class CertificateDataOut(CertificateOut):
    """An issued certificate with everything that it says."""

    data: dict[str, Any]


class CertificatesOut(Schema):
    """Certificates, the latest first."""

    certificates: list[CertificateOut]


def as_dict(found: IssuedCertificate) -> dict[str, Any]:
    """Return the JSON form of a certificate, without its data."""
    return {
        "number": found.number,
        "product": found.product.code,
        "method": found.method,
        "percent": str(found.percent),
        "grade": found.grade,
        "first": found.first,
        "last": found.last,
        "issued_at": found.issued_at,
        "issued_by": found.issued_by.get_username() if found.issued_by else "",
        "replaces": found.replaces.number if found.replaces else "",
        "sha256": found.sha256,
    }


@router.get("", response={200: CertificatesOut, **ERRORS}, summary="Certificates of local content")
def get_certificates(request: HttpRequest, product: Query[Code | None] = None) -> object:
    """List the issued certificates."""
    return {"certificates": [as_dict(row) for row in queries.certificates(product or "")]}


@router.post("", response={201: CertificateDataOut, **ERRORS}, summary="Issue a certificate of local content")
def post_certificate(request: HttpRequest, body: CertificateIn) -> object:
    """Value the units and issue a certificate; refused while anything that it rests on is not proved."""
    if not has_role(request.user, SUPPLY_ROLES):
        raise PermissionDenied("buyer")
    first, last = days_of(month=body.month, fiscal_year=body.fiscal_year, first=body.first, last=body.last)
    asked = asked_for(
        product=body.product,
        brand="",
        plant=body.plant,
        first=first,
        last=last,
        method=body.method,
        chosen=body.parameters,
    )
    form = read_form({name: value for name, value in body.dict().items() if isinstance(value, str)})
    made = issue(asked, form, user=request.user, now=timezone.now(), replaces=body.replaces.strip())
    return Status(201, as_dict(made) | {"data": json.loads(made.data)})


@router.get("/file", response=ERRORS, summary="A certificate as PDF or XLSX", openapi_extra={
    "responses": {200: {"description": "The file", "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}})  # fmt: skip
def get_certificate_file(
    request: HttpRequest, number: Query[Number], kind: Query[Literal["pdf", "xlsx"]] = "pdf"
) -> HttpResponse:
    """Send the file of a certificate: the same bytes each time."""
    found = queries.find_certificate(number)
    response = HttpResponse(queries.file_of(found, kind), content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{queries.file_name(found, kind)}"'
    return response


@router.get("/{path:number}", response={200: CertificateDataOut, **ERRORS}, summary="One certificate")
def get_certificate(request: HttpRequest, number: Path[Number]) -> object:
    """Return a certificate with everything that it says."""
    found = queries.find_certificate(number)
    return as_dict(found) | {"data": json.loads(found.data)}
