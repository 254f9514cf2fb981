"""The API of firmware images: register, approve, withdraw, and where a version is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import File, Form, Path, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AwareDatetime

from karkhana.design.access import product_for, require_engineer, visible_products
from karkhana.design.firmware import operations
from karkhana.design.firmware.manifest import read_manifest
from karkhana.design.firmware.queries import image_by_id, images, view_of
from karkhana.design.models import FirmwareImage
from karkhana.floor.firmware import queries
from karkhana.floor.firmware.forms import read_spec, read_upload, read_uploads
from karkhana.floor.firmware.operations import withdraw_firmware
from karkhana.floor.firmware.pages import firmware_file
from karkhana.partners.answers import ERRORS

router = Router(tags=["firmware"])


class ImageOut(Schema):
    """A registered image. ``missing`` are the parties that have not signed; ``unsigned`` an own release."""

    number: int
    product: str
    target: str
    version: str
    sha256: str
    size: int
    state: str
    markets: list[str]
    revisions: list[str]
    stored: bool
    location: str
    notes: str
    content_hash: str
    created_at: dt.datetime
    requested_by: str | None
    approved_at: dt.datetime | None
    released_by: str | None
    unsigned: bool
    withdrawn_at: dt.datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str
    approved_by: list[str]
    rejected_by: list[str]
    missing: list[str]


class ImageIn(Schema):
    """An image to register; lists are parted by blanks, commas or semicolons. Without a file say its hash."""

    product: str
    target: str
    version: str
    sha256: str = ""
    size: str = ""
    location: str = ""
    notes: str = ""
    markets: str = ""
    revisions: str = ""


class FirmwareApprovalIn(Schema):
    """An approval that is signed with the key kept here, which the passphrase opens."""

    stated_hash: str
    passphrase: str
    decision: str = "approved"
    comment: str = ""


class FirmwareSignedIn(Schema):
    """An approval that was signed elsewhere, with the time inside its statement."""

    stated_hash: str
    public_key: str
    signature: str
    signed_at: AwareDatetime
    decision: str = "approved"
    comment: str = ""


class WithdrawalIn(Schema):
    """Why an image is withdrawn, and the station that the hold is said from (none: the plant's first)."""

    reason: str
    station: str | None = None


class ShareOut(Schema):
    """Units in one state or at one station; an empty name means at none."""

    name: str
    units: int


class WhereOut(Schema):
    """Where the units with a version are."""

    units: int
    in_plant: int
    shipped: int
    by_state: list[ShareOut]
    by_station: list[ShareOut]


class UnitOut(Schema):
    """A unit that carries a version."""

    serial: str
    product: str | None
    revision: str | None
    state: str
    station: str | None
    parent: str | None
    moved_at: dt.datetime


class UnitsOut(Schema):
    """One page of units; ``after`` is the key of the next page, null on the last."""

    units: list[UnitOut]
    after: str | None


def _today() -> dt.date:
    return timezone.now().date()


def _found(request: HttpRequest, number: int) -> FirmwareImage:
    """Return an image of a product that the caller may see."""
    image = image_by_id(number)
    product_for(request.user, image.product.code)
    return image


def _key(image: FirmwareImage) -> dict[str, str]:
    return {"product": image.product.code, "target": image.target, "version": image.version}


def _shown(number: int) -> Any:
    return view_of(image_by_id(number), _today())


@router.get("", response={200: list[ImageOut], **ERRORS}, summary="Firmware images")
def get_images(request: HttpRequest, product: Query[str | None] = None) -> Any:
    """List the images of the products that the caller may see, or of one."""
    visible = visible_products(request.user)
    wanted = [product_for(request.user, product)] if product is not None else visible
    return list(images(wanted, _today()))  # the framework takes a tuple of two for a status and a body


@router.post("", response={201: ImageOut, **ERRORS}, summary="Register an image")
def post_image(request: HttpRequest, said: Form[ImageIn], file: File[UploadedFile | None] = None) -> Any:
    """Register one image by its bytes (``file``) or by its SHA-256 and size."""
    spec = read_spec(said.dict())
    product_for(request.user, spec.product)
    image = operations.register_image(
        spec=spec, user=request.user, now=timezone.now(), data=read_upload(file),
        file_name=(file.name if file else "") or "the file",
    )  # fmt: skip
    return Status(201, _shown(image.pk))


@router.post("/manifest", response={201: list[ImageOut], **ERRORS}, summary="Register what a manifest names")
def post_manifest(
    request: HttpRequest,
    product: Form[str],
    manifest: File[UploadedFile],
    files: File[list[UploadedFile] | None] = None,
) -> Any:
    """Register every image of a manifest (JSON or CSV) with its files, or none of them."""
    found = product_for(request.user, product)
    data, name, contents = read_uploads(manifest, list(files or ()))
    made = operations.import_manifest(
        product=found.code, rows=read_manifest(data, name), files=contents, user=request.user,
        now=timezone.now(),
    )  # fmt: skip
    return Status(201, [_shown(image.pk) for image in made])


@router.get("/{number}", response={200: ImageOut, **ERRORS}, summary="One image")
def get_image(request: HttpRequest, number: Path[int]) -> Any:
    """Return one image with who approved it."""
    return view_of(_found(request, number), _today())


@router.get("/{number}/file", response={200: bytes, **ERRORS}, summary="The bytes of an image")
def get_file(request: HttpRequest, number: Path[int]) -> HttpResponse:
    """Send the bytes of an image that is stored here."""
    return firmware_file(request, number)


@router.get("/{number}/where", response={200: WhereOut, **ERRORS}, summary="Where a version is")
def get_where(request: HttpRequest, number: Path[int]) -> Any:
    """Count the units with the version by state and station."""
    return queries.where_is(**_key(_found(request, number)))


@router.get("/{number}/units", response={200: UnitsOut, **ERRORS}, summary="Units with a version")
def get_units(request: HttpRequest, number: Path[int], state: Query[str] = "", after: Query[str] = "") -> Any:
    """List the units with the version, in order of their serial numbers, one page at a time."""
    found = _found(request, number)
    key = found.product.code, found.target, found.version
    page = queries.units_with(*key, state=state.replace("\x00", "")[:20], after=after)
    return {"units": page.rows, "after": page.after}


@router.post("/{number}/approve", response={200: ImageOut, **ERRORS}, summary="Approve an image")
def post_approval(request: HttpRequest, number: Path[int], said: FirmwareApprovalIn) -> Any:
    """Sign an image for the party that the caller signs for."""
    image = _found(request, number)
    operations.approve_image(**_key(image), user=request.user, now=timezone.now(), **said.dict())
    return _shown(number)


@router.post("/{number}/approve-signed", response={200: ImageOut, **ERRORS}, summary="Hand in a signature")
def post_signed(request: HttpRequest, number: Path[int], said: FirmwareSignedIn) -> Any:
    """Record an approval that was signed with a key kept elsewhere."""
    image = _found(request, number)
    given: dict[str, Any] = {**_key(image), **said.dict()}
    given["public_key"] = said.public_key.replace("\x00", "").strip().lower()
    operations.approve_image_signed(now=timezone.now(), **given)
    return _shown(number)


@router.post("/{number}/release", response={200: ImageOut, **ERRORS}, summary="Release without signature")
def post_release(request: HttpRequest, number: Path[int]) -> Any:
    """Approve an image that nobody else has a say in; engineers only."""
    require_engineer(request.user)
    image = _found(request, number)
    operations.release_image(**_key(image), user=request.user, now=timezone.now())
    return _shown(number)


@router.post("/{number}/withdraw", response={200: ImageOut, **ERRORS}, summary="Withdraw an image")
def post_withdrawal(request: HttpRequest, number: Path[int], said: WithdrawalIn) -> Any:
    """Withdraw an image and hold every unit that carries it; engineers only."""
    require_engineer(request.user)
    image = _found(request, number)
    withdraw_firmware(
        **_key(image), reason=said.reason, user=request.user, now=timezone.now(), station=said.station
    )
    return _shown(number)


@router.delete("/{number}", response={204: None, **ERRORS}, summary="Discard a draft")
def delete_image(request: HttpRequest, number: Path[int]) -> Any:
    """Remove a draft, so that its version can be registered again; engineers only."""
    require_engineer(request.user)
    operations.discard_image(**_key(_found(request, number)))
    return Status(204, None)
