"""Import of a bill of materials: drop a file, see what was understood, then store it.

The preview writes nothing and keeps nothing: confirming sends the same file again, and a digest makes
sure that what is stored is what was shown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.design import operations
from karkhana.design.bom import BomReport, read_bom
from karkhana.design.bom.limits import MAX_BYTES
from karkhana.design.models import Product, Revision
from karkhana.kernel.refusals import Refused, refuse

LINES_SHOWN = 40
PROBLEMS_SHOWN = 20
REFERENCES_SHOWN = 14


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in, with the product and revision that it is for."""

    name: str
    data: bytes
    product: str
    revision: str

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.data).hexdigest()


@never_cache
@require_safe
def import_page(request: HttpRequest) -> HttpResponse:
    """Show the form with the products that there are and the revisions that are still drafts."""
    drafts = Revision.objects.filter(package=None).order_by("product__code", "code")
    context = {
        "max_megabytes": MAX_BYTES // (1024 * 1024),
        "max_bytes": MAX_BYTES,
        "drafts": tuple(drafts.values_list("product__code", "product__name", "code")),
        "products": tuple(Product.objects.order_by("code").values_list("code", "name")),
    }
    return render(request, "design/import.html", context)


@never_cache
@require_POST
def import_preview(request: HttpRequest) -> HttpResponse:
    """Show what was understood of a file. Writes nothing."""
    try:
        upload = _uploaded(request)
        report = read_bom(upload.data, file_name=upload.name)
    except Refused as refused:
        return _refused(request, refused)
    return render(request, "design/import_preview.html", _report_context(upload, report))


@never_cache
@require_POST
def import_confirm(request: HttpRequest) -> HttpResponse:
    """Store the bill that was previewed."""
    try:
        upload = _uploaded(request)
        if request.POST.get("digest") != upload.digest:
            raise refuse(
                "bom.not_previewed",
                "{file} is not the file that was previewed.",
                "Look at the preview of this file first, then confirm.",
                file=upload.name,
            )
        if not (upload.product and upload.revision):
            raise refuse(
                "bom.no_revision",
                "It is not said which product and revision the bill is for.",
                "Give the product and the revision, then confirm.",
            )
        report = read_bom(upload.data, file_name=upload.name)
        operations.import_bom(report=report, product_code=upload.product, revision_code=upload.revision)
    except Refused as refused:
        return _refused(request, refused)
    context = {
        "upload": upload,
        "lines": len(report.lines),
        "placements": report.placements,
        "at": timezone.now(),
    }
    return render(request, "design/import_done.html", context)


def _uploaded(request: HttpRequest) -> Upload:
    """Return the uploaded file.

    Raises:
        Refused: ``bom.no_file`` or ``bom.too_large``, before any of it is read.
    """
    file = request.FILES.get("file")
    if file is None:
        raise refuse("bom.no_file", "No file came with the form.", "Choose or drop a file, then try again.")
    name, data = read_upload(file)
    codes = [_code(request.POST.get(key, "")) for key in ("product", "revision")]
    return Upload(name, data, codes[0], codes[1])


def read_upload(file: UploadedFile) -> tuple[str, bytes]:
    """Return the name and content of an uploaded bill.

    Raises:
        Refused: ``bom.too_large``, before any of it is read.
    """
    name = file.name or ""
    if (file.size or 0) > MAX_BYTES:
        raise refuse(
            "bom.too_large",
            "{file} has {size} MB; {limit} MB are allowed.",
            "Export only the bill of materials, without pictures or models, as CSV or XLSX.",
            file=name,
            size=round((file.size or 0) / 1048576),
            limit=MAX_BYTES // 1048576,
        )
    return name, file.read()


def _code(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:80]


def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    # 200, because htmx shows nothing of an answer that is an error; the refusal is the content.
    return render(request, "design/import_refused.html", {"refusal": refused.refusal.as_dict()})


def _report_context(upload: Upload, report: BomReport) -> dict[str, Any]:
    answer = report.as_dict(upload.product, upload.revision)
    return {
        "upload": upload,
        "report": answer,
        "kilobytes": max(1, len(upload.data) // 1024),
        "lines": [_line(line) for line in report.lines[:LINES_SHOWN]],
        "hidden_lines": max(0, len(report.lines) - LINES_SHOWN),
        "mismatches": answer["quantity_mismatches"][:PROBLEMS_SHOWN],
        "unparsed": answer["unparsed"][:PROBLEMS_SHOWN],
        "warnings": answer["warnings"][:PROBLEMS_SHOWN],
        "sheets": [sheet for sheet in report.sheets if sheet],
    }


def _line(line: Any) -> dict[str, Any]:
    references = list(line.references[:REFERENCES_SHOWN])
    empty = set(line.not_fitted)
    return {
        "number": line.line,
        "part_number": line.part_number,
        "manufacturer": line.manufacturer,
        "description": line.description,
        "value": line.value,
        "package": line.package,
        "quantity": line.quantity.normalize() if line.quantity % 1 else int(line.quantity),
        "references": [(reference, reference in empty) for reference in references],
        "more": max(0, len(line.references) - len(references)),
        "mechanical": line.mechanical,
        "alternates": len(line.alternates),
    }
