"""The parts of a package as files that people and other programs read: CSV, JSON and a workbook.

A value that a spreadsheet would take for a formula is written so that it stays a text: the parts come from
files of somebody else. The same package gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from karkhana.design.release import BomItem, ReleasePackage

BOM_HEADINGS = (
    "Line", "Part number", "Manufacturer", "Description", "Value", "Package", "Quantity", "References",
    "Not fitted", "Mechanical", "Alternates", "Approved manufacturers", "Assembly",
)  # fmt: skip
IDENTITY_HEADINGS = ("Kind", "Scheme", "First", "Last", "Pattern", "Template")
_WIDTHS = (6, 26, 20, 40, 16, 14, 10, 50, 20, 11, 30, 24, 16)
_CELL_MAX = 32_000
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP file can say; every member has it, so that bytes do not depend on the day."""


def derived_files(package: ReleasePackage) -> dict[str, bytes]:
    """Return the members that repeat parts of a package (``content.DERIVED``)."""
    identities = (
        (
            rule.kind,
            rule.scheme,
            *(text or "" for text in (rule.first, rule.last, rule.pattern, rule.template)),
        )
        for rule in package.identities
    )
    route = {
        "panel_positions": package.panel_positions,
        "repair_limit": package.repair_limit,
        "steps": package.steps,
    }
    images = {"product": package.product, "revision": package.revision, "images": package.firmware}
    return {
        "bom.csv": _csv(BOM_HEADINGS, (_bom_row(item) for item in package.bom)),
        "route.json": _json(route),
        "identities.csv": _csv(IDENTITY_HEADINGS, identities),
        "firmware.json": _json(images),
        "labels.json": _json({"labels": package.labels, "pack": package.pack}),
    }


def bom_workbook(package: ReleasePackage) -> bytes:
    """Return the bill of material as an XLSX file without a formula in it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("BOM")
    sheet.freeze_panes = "A2"
    for index, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFGHIJKLM"[index]].width = width
    sheet.append([_cell(sheet, text, bold=True) for text in BOM_HEADINGS])
    for item in package.bom:
        sheet.append([_cell(sheet, text) for text in _bom_row(item)])
    sheet.auto_filter.ref = f"A1:M{len(package.bom) + 1}"
    out = io.BytesIO()
    book.save(out)
    return _timeless(out.getvalue())


def readme(package: ReleasePackage, digest: str) -> bytes:
    """Return what a person finds who opens the file without karkhana."""
    text = f"""{package.product} {package.revision}, brand {package.brand}

A released revision, as one file. Its content hash is the SHA-256 of package.json:

  {digest}

package.json     the release itself; nothing else decides what is built
bom.csv          the bill of material, also as bom.xlsx
route.json       the steps with their tests and limits
identities.csv   the identity plan
firmware.json    the firmware images by SHA-256
labels.json      the label set and the pack plan
documents/       drawings and certificates, each named by its SHA-256
approvals.json   who approved it: statement, signature and public key (Ed25519, RFC 8032)
manifest.json    the SHA-256 of every member

To check it by hand: sha256sum package.json. To import it: karkhana import release FILE.
"""
    return text.encode()


def _bom_row(item: BomItem) -> tuple[Any, ...]:
    return (
        item.number,
        item.part,
        item.manufacturer,
        item.description,
        item.value,
        item.package,
        f"{item.quantity:f}",
        " ".join(item.references),
        " ".join(item.not_fitted),
        "yes" if item.mechanical else "no",
        "; ".join(f"{source.manufacturer} {source.part}".strip() for source in item.alternates),
        "; ".join(item.approved_manufacturers),
        " ".join(item.assembly or ()),
    )


def _csv(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([harmless(value) for value in row] for row in rows)
    return out.getvalue().encode()


def harmless(value: Any) -> Any:
    """Keep a spreadsheet from running a text that looks like a formula."""
    if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@"):
        return "'" + value
    return value


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _cell(sheet: Any, value: Any, bold: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, value=None if isinstance(value, str) else value)
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("?", value)
        cell.value = text if len(text) <= _CELL_MAX else text[:_CELL_MAX] + " …"
        cell.data_type = "s"
        if text.lstrip()[:1] in ("=", "+", "-", "@"):
            cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    return cell


def _timeless(data: bytes) -> bytes:
    """Take the time of writing out of a workbook."""
    fixed = b"1980-01-01T00:00:00Z"
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        members = {name: book.read(name) for name in sorted(book.namelist())}
    core = members.get("docProps/core.xml")
    if core is not None:
        members["docProps/core.xml"] = re.sub(rb"(W3CDTF\">)[^<]*(<)", rb"\g<1>" + fixed + rb"\g<2>", core)
    return pack(members)


def pack(members: dict[str, bytes]) -> bytes:
    """Return members as a ZIP file, in the order in which they are given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(info, content)
    return out.getvalue()
