"""The typed API of registers, suppliers, parts, prices, certificates, rates and duty tables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import File, Form, Path, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from karkhana.kernel.refusals import refuse
from karkhana.partners.answers import ERRORS
from karkhana.supply.duties.catalogue import duty_rate, rates
from karkhana.supply.models import Supplier
from karkhana.supply.models.money import CUSTOMS
from karkhana.supply.models.registers import RegisterRun
from karkhana.supply.rates.operations import set_rate
from karkhana.supply.rates.queries import rate_on
from karkhana.supply.registers import background, queries
from karkhana.supply.registers.context import Settings
from karkhana.supply.registers.looking import preview
from karkhana.supply.registers.rules.columns import read_overrides
from karkhana.supply.sources import operations as sources
from karkhana.supply.sources.queries import receipts

router = Router(tags=["purchases"])
Text = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
Key = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Number = Annotated[int, Field(ge=1, lt=2**62)]
Amount = Annotated[Decimal, Field(max_digits=24, allow_inf_nan=False)]


class RegisterSaid(Schema):
    """What is said of a register; ``map`` holds lines such as ``Taxable value=value``."""

    map: list[Text] = []
    decimal: Text = ""
    dates: Text = ""
    currency: Text = ""
    rate_kind: Text = "customs"
    create_suppliers: bool = False
    sheet: Text = ""


class RegisterPreviewOut(Schema):
    """How a register would be read. ``columns`` maps fields to headings, ``missing`` names fields."""

    kind: str
    file: str
    sha256: str
    encoding: str
    delimiter: str
    header_line: int
    rows: int
    columns: dict[str, str]
    conventions: dict[str, str]
    missing: list[str]
    unused: list[str]
    currency: str
    saved_at: dt.datetime | None
    first_rows: list[dict[str, Any]]


class RegisterRunOut(Schema):
    """An import: ``state`` is running, done or failed; ``codes`` counts the refusals by code."""

    id: int
    kind: str
    file_name: str
    file_sha256: str
    state: str
    problem: str
    rows: int
    lines: int
    made: int
    same: int
    refused: int
    skipped: int
    codes: dict[str, int]
    remarks: list[dict[str, Any]]
    started_at: dt.datetime
    ended_at: dt.datetime | None


class RegisterRefusalOut(Schema):
    """A row that was not booked, with its cells as they stood in the file."""

    line: int
    field: str
    code: str
    message: str
    next_step: str
    cells: list[str]


class SupplierIn(Schema):
    """A supplier; ``role`` is maker, distributor or brand, ``country`` ISO 3166-1 alpha-2."""

    code: Key
    name: Key
    country: Text
    role: Text = ""
    tax_id: Text = ""
    brand: Text = ""


class SupplierOut(Schema):
    """A supplier as it is known."""

    code: str
    name: str
    country: str
    role: str
    tax_id: str
    brand: str | None


class SourcePartIn(Schema):
    """A part; what is empty stays as it is."""

    number: Key
    manufacturer: Text = ""
    description: Text = ""
    group: Text = ""
    hsn: Text = ""
    unit: Text = ""


class OfferIn(Schema):
    """A price that a supplier asks for one piece from a day on."""

    part: Key
    supplier: Key
    price: Amount
    currency: Text
    valid_from: dt.date
    channel: Text
    valid_to: dt.date | None = None
    minimum: Amount = Decimal(0)
    origin: Text = ""
    freight_percent: Amount = Decimal(0)
    duty_percent: Amount = Decimal(0)
    source: Text = ""


class ApprovalOfSourceIn(Schema):
    """Who may deliver a part, since when."""

    part: Key
    supplier: Key
    approved_on: dt.date
    ended_on: dt.date | None = None
    maker_part: Text = ""


class ContentCertificateIn(Schema):
    """A supplier's local-content certificate; ``file_sha256`` is the digest of the signed document."""

    supplier: Key
    number: Key
    percent: Amount
    valid_from: dt.date
    valid_to: dt.date
    file_sha256: Text
    part: Text = ""
    method: Text = ""
    auditor: Text = ""
    membership: Text = ""
    file_name: Text = ""


class ExchangeRateIn(Schema):
    """Rupees for one unit of a currency; ``kind`` is customs, reference, average or fixed."""

    currency: Text
    kind: Text
    valid_from: dt.date
    valid_to: dt.date
    rate: Amount
    source: Text = ""


class ExchangeRateOut(Schema):
    """Rupees for one unit on a day."""

    currency: str
    kind: str
    day: dt.date
    rate: Decimal


class ChangedOut(Schema):
    """Whether something was written; false when it was the same already."""

    changed: bool


class DutyRateOut(Schema):
    """A rate of a duty table, in per cent; null where the source does not show it."""

    device: str
    item: str
    name: str
    headings: list[str]
    year: str
    percent: Decimal | None
    status: str
    note: str
    valid_from: dt.date
    valid_to: dt.date | None


class ReceiptOut(Schema):
    """What the books say of a lot, in rupees for the whole lot; ``unproved``: no bill of entry yet."""

    lot: str
    part: str
    supplier: str
    channel: str
    invoice: str
    invoice_date: dt.date
    quantity: Decimal
    currency: str
    value: Decimal
    rate: Decimal
    hsn: str
    origin: str
    cif: Decimal
    price: Decimal
    duty: Decimal
    igst: Decimal
    tax: Decimal
    landed: Decimal
    unproved: bool


def _settings(said: RegisterSaid) -> Settings:
    return Settings(
        columns=read_overrides(said.map),
        decimal=said.decimal,
        dates=said.dates,
        currency=said.currency,
        rate_kind=said.rate_kind,
        create_suppliers=said.create_suppliers,
        sheet=said.sheet,
    )


def _name(file: UploadedFile) -> str:
    return "".join(sign for sign in file.name or "register" if sign.isprintable())[:200]


def _found(run: int) -> RegisterRun:
    found = RegisterRun.objects.filter(pk=run).first()
    if found is None:
        raise refuse("register.unknown", "There is no import {run}.", "See the list of imports.", run=run)
    return found


@router.post(
    "/registers/{kind}/preview", response={200: RegisterPreviewOut, **ERRORS}, summary="Look at a register"
)
def post_preview(
    request: HttpRequest, kind: Path[Key], file: File[UploadedFile], said: Form[RegisterSaid]
) -> object:
    """Show how a register would be read. Writes nothing."""
    settings = _settings(said)
    path: FilePath = background.kept(file)
    try:
        return preview(kind=kind, path=path, name=_name(file), settings=settings)
    finally:
        path.unlink(missing_ok=True)


@router.post("/registers/{kind}", response={201: RegisterRunOut, **ERRORS}, summary="Import a register")
def post_register(
    request: HttpRequest, kind: Path[Key], file: File[UploadedFile], said: Form[RegisterSaid]
) -> object:
    """Import a register. A large one is still under way when this answers: ask for its run again."""
    settings = _settings(said)
    path = background.kept(file)
    try:
        run = background.start(
            kind=kind, path=path, name=_name(file), settings=settings, user=request.user.get_username()
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    run.refresh_from_db()
    return Status(201, run)


@router.get("/registers/runs/{run}", response={200: RegisterRunOut, **ERRORS}, summary="One import")
def get_run(request: HttpRequest, run: Path[Number]) -> object:
    """Tell how far an import is, or what it did."""
    return _found(run)


@router.get(
    "/registers/runs/{run}/refused",
    response={200: list[RegisterRefusalOut], **ERRORS},
    summary="Refused rows",
)
def get_refused(
    request: HttpRequest, run: Path[Number], after: Annotated[int, Query(), Field(ge=0, lt=2**31)] = 0
) -> object:
    """List up to 500 refused rows below a line."""
    return list(_found(run).refusals.filter(line__gt=after).order_by("line", "pk")[:500])


@router.get("/attention", response={200: dict[str, Any], **ERRORS}, summary="What stands open")
def get_attention(request: HttpRequest) -> object:
    """Count imports without bills of entry, lots without price, certificates that end."""
    found = queries.attention(timezone.localdate())
    names = ("expired", "receipts_waiting", "lots_without_receipt", "receipts_without_lot")
    ending = [
        {"supplier": one.supplier.code, "number": one.number, "valid_to": one.valid_to.isoformat()}
        for one in found.expiring
    ]
    return {name: getattr(found, name) for name in names} | {"expiring": ending}


@router.get("/suppliers", response={200: list[SupplierOut], **ERRORS}, summary="Suppliers")
def get_suppliers(request: HttpRequest, after: Query[Text | None] = None) -> object:
    """List up to 500 suppliers after a code."""
    found = Supplier.objects.filter(code__gt=after or "").select_related("brand").order_by("code")[:500]
    return [
        {name: getattr(one, name) for name in ("code", "name", "country", "role", "tax_id")}
        | {"brand": one.brand.code if one.brand else None}
        for one in found
    ]


@router.put("/suppliers", response={200: ChangedOut, **ERRORS}, summary="Make a supplier known")
def put_supplier(request: HttpRequest, body: SupplierIn) -> object:
    """Make a supplier known or correct what is said of it."""
    said = body.dict()
    return {"changed": sources.set_supplier(country_code=said.pop("country"), **said)}


@router.put("/parts", response={200: ChangedOut, **ERRORS}, summary="Make a part known")
def put_part(request: HttpRequest, body: SourcePartIn) -> object:
    """Make a part known or correct what is said of it."""
    return {"changed": sources.set_part(**body.dict())}


@router.put("/sources", response={200: ChangedOut, **ERRORS}, summary="Approve a source")
def put_source(request: HttpRequest, body: ApprovalOfSourceIn) -> object:
    """Say that a supplier may deliver a part, and until when."""
    said = body.dict()
    return {"changed": sources.approve_source(on=said.pop("approved_on"), **said)}


@router.post("/prices", response={200: ChangedOut, **ERRORS}, summary="Add a price")
def post_price(request: HttpRequest, body: OfferIn) -> object:
    """Book a price that a supplier asks."""
    return {"changed": sources.add_price(sources.Offer(**body.dict()))}


@router.post("/certificates", response={200: ChangedOut, **ERRORS}, summary="Record a certificate")
def post_certificate(request: HttpRequest, body: ContentCertificateIn) -> object:
    """Record a supplier's local-content certificate."""
    return {"changed": sources.add_certificate(sources.Certified(**body.dict()), now=timezone.now())}


@router.post("/rates", response={200: ChangedOut, **ERRORS}, summary="Add an exchange rate")
def post_rate(request: HttpRequest, body: ExchangeRateIn) -> object:
    """Book an exchange rate for a time."""
    return {"changed": set_rate(**body.dict())}


@router.get("/rates/{currency}", response={200: ExchangeRateOut, **ERRORS}, summary="The rate of a day")
def get_rate(
    request: HttpRequest, currency: Path[Key], day: Query[dt.date], kind: Query[Text | None] = None
) -> object:
    """Tell what a currency was worth in rupees on a day."""
    kind = kind or CUSTOMS
    return {"currency": currency, "kind": kind, "day": day, "rate": rate_on(currency, day, kind)}


@router.get("/receipts", response={200: list[ReceiptOut], **ERRORS}, summary="What lots cost")
def get_receipts(request: HttpRequest, part: Query[Key]) -> object:
    """List the latest 100 receipts of a part."""
    names = [name for name in ReceiptOut.model_fields if name not in ("supplier", "unproved")]
    return [
        {name: getattr(view.receipt, name) for name in names}
        | {"supplier": view.receipt.supplier.code, "unproved": view.waits}
        for view in receipts(part=part)
    ]


@router.get("/duties", response={200: list[DutyRateOut], **ERRORS}, summary="Duty tables")
def get_duties(
    request: HttpRequest,
    device: Query[Text | None] = None,
    item: Query[Text | None] = None,
    day: Query[dt.date | None] = None,
) -> object:
    """List the rates of the duty tables, or the one of a part of a device on a day."""
    if day is not None:
        return [duty_rate(device or "", item or "", day)]
    return [rate for rate in rates() if device in (None, "", rate.device) and item in (None, "", rate.item)]
