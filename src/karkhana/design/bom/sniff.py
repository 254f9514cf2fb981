"""What kind of file the bytes are, before anything is parsed: the refusals that need no reading."""

from __future__ import annotations

import re

from karkhana.design.bom import limits
from karkhana.kernel.refusals import Refused, refuse

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_SIGNATURES = (
    (b"%PDF", "a PDF document"), (b"\x89PNG", "a PNG picture"), (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"), (b"\x1f\x8b", "a gzip archive"), (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"), (b"\x7fELF", "a program"), (b"MZ\x90\x00", "a program"),
    (b"BZh9", "a bzip2 archive"), (b"\xfd7zXZ", "an xz archive"), (b"SQLite format 3", "a database"),
    (b"{\\rtf", "an RTF document"),
    (b"RIFF", "a media file"), (b"II*\x00", "a TIFF picture"), (b"MM\x00*", "a TIFF picture"),
)  # fmt: skip
_MARKUP = (
    (
        re.compile(r"\s*(<!doctype html|<html)", re.IGNORECASE),
        "a web page (an interactive BOM is a page, not a table)",
    ),
    (re.compile(r"\s*(<\?xml|<[a-z]+[\s>])", re.IGNORECASE), "an XML document"),
    (re.compile(r"\s*\((kicad_|export|footprint|symbol|module|pcb)", re.IGNORECASE), "a KiCad design file"),
    (re.compile(r"\s*\{\s*\"|\s*\[\s*[\[{\"]"), "a JSON document"),
    (re.compile(r"\s*(%FS|G04|%TF|M48)"), "a Gerber or drill file"),
)


def refuse_by_size(size: int, file_name: str) -> None:
    """Refuse an empty file, and one that is too large to be the bill of one product."""
    if size == 0:
        raise refuse(
            "bom.empty",
            "{file} is empty.",
            "Export the bill of materials again and check that the file has content.",
            file=file_name,
        )
    if size > limits.MAX_BYTES:
        raise too_large(file_name, f"{size // (1024 * 1024)} MB", f"{limits.MAX_BYTES // (1024 * 1024)} MB")


def too_large(file_name: str, found: str, limit: str) -> Refused:
    """The refusal for anything beyond the limits."""
    return refuse(
        "bom.too_large",
        "{file} is too large for the bill of materials of one product: {found}, the limit is {limit}.",
        "Export only the bill of this product and revision, and import that.",
        file=file_name,
        found=found,
        limit=limit,
    )


def unreadable(file_name: str, reason: str) -> Refused:
    """The refusal for a file whose container or text cannot be opened."""
    return refuse(
        "bom.unreadable",
        "{file} cannot be read: {reason}.",
        "Export the bill as CSV, TSV, XLSX, XLS or ODS and import that file.",
        file=file_name,
        reason=reason,
    )


def truncated(file_name: str) -> Refused:
    """The refusal for a workbook that ends too early."""
    return refuse(
        "bom.truncated",
        "{file} is cut off: the workbook begins correctly but its end is missing or damaged.",
        "Copy or download the file again; compare its size with the original.",
        file=file_name,
    )


def encrypted(file_name: str) -> Refused:
    """The refusal for a workbook under a password."""
    return refuse(
        "bom.encrypted",
        "{file} is protected by a password.",
        "Save a copy without a password and import that copy.",
        file=file_name,
    )


def refuse_by_signature(data: bytes, file_name: str) -> None:
    """Refuse what its first bytes tell to be no table."""
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            raise unreadable(file_name, f"it is {kind}")


def refuse_markup(text: str, file_name: str) -> None:
    """Refuse text in a language that no bill is written in."""
    head = text[:400].lstrip("\ufeff")
    for pattern, kind in _MARKUP:
        if pattern.match(head):
            raise refuse(
                "bom.not_a_bom",
                "{file} is {kind}, not a bill of materials.",
                "Export the bill of materials as a table (CSV or a workbook) and import that.",
                file=file_name,
                kind=kind,
            )
