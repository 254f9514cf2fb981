"""The API of releases as files: one ZIP out, the same in elsewhere."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile as DjangoFile
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile

import karkhana.design.addresses  # noqa: F401  (makes the address part ``code`` known)
from karkhana.design.access import require_engineer, revision_for
from karkhana.design.exchange.read import FILE_MAX
from karkhana.design.operations import Imported, export_release, import_release
from karkhana.kernel.refusals import refuse
from karkhana.partners.answers import ERRORS

router = Router(tags=["design"])
ZIP = "application/zip"


class ReleaseImportedOut(Schema):
    """What an import did; ``made`` is false when the release was here already.

    ``unknown_signers`` are parties whose approval holds but whose key nobody here has enrolled.
    """

    product: str
    revision: str
    hash: str
    made: bool
    documents: int
    approvals: int
    unknown_signers: list[str]


def read_upload(file: DjangoFile[Any] | None) -> bytes:
    """Return the bytes of an uploaded release file.

    Raises:
        Refused: ``exchange.no_file``, ``exchange.too_large``.
    """
    if file is None:
        raise refuse("exchange.no_file", "No file came along.", "Choose the ZIP file of a release.")
    if (file.size or 0) > FILE_MAX:
        raise refuse(
            "exchange.too_large",
            "{member} is larger than a release file may be ({limit}).",
            "Give the file as it was exported.",
            member=(file.name or "The file")[:150],
            limit=FILE_MAX,
        )
    return bytes(file.read())


def zip_answer(product: str, revision: str) -> HttpResponse:
    """Return a released revision as a download.

    Raises:
        Refused: ``revision.unknown``, ``exchange.not_released``.
    """
    data = export_release(product_code=product, revision_code=revision)
    name = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_"
        for letter in f"{product}-{revision}"
    )
    response = HttpResponse(data, content_type=ZIP)
    response["Content-Disposition"] = f'attachment; filename="{name[:90]}.zip"'
    return response


@router.get(
    "/revisions/{code:product}/{code:revision}/export",
    response={200: None, **ERRORS},
    summary="A released revision as one ZIP file",
)
def get_export(request: HttpRequest, product: str, revision: str) -> HttpResponse:
    """Send a released revision: package, bill as CSV and XLSX, route, identities, firmware, approvals."""
    revision_for(request.user, product, revision)
    return zip_answer(product, revision)


@router.post("/import", response={200: ReleaseImportedOut, **ERRORS}, summary="Take in a release")
def post_import(
    request: HttpRequest, file: File[UploadedFile], brand: Form[str | None] = None
) -> ReleaseImportedOut:
    """Import a release file; importing the same again changes nothing.

    ``brand`` makes the brand of the release known under this name where it is not.
    """
    require_engineer(request.user)
    done = import_release(data=read_upload(file), now=timezone.now(), brand_name=brand)
    return imported_out(done)


def imported_out(done: Imported) -> ReleaseImportedOut:
    """Return what an import did in its JSON form."""
    return ReleaseImportedOut(
        product=done.revision.product.code,
        revision=done.revision.code,
        hash=done.revision.package_hash or "",
        made=done.made,
        documents=done.documents,
        approvals=done.approvals,
        unknown_signers=list(done.strangers),
    )
