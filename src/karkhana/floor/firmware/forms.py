"""Reads what a form, the API or the command line says of firmware images."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from karkhana.design.firmware.manifest import MANIFEST_MAX
from karkhana.design.firmware.rules import MAX_BYTES, ImageSpec
from karkhana.kernel.refusals import refuse

FILES_MAX = 64


def codes(text: str) -> tuple[str, ...]:
    """Return the codes of a list that is parted by blanks, commas or semicolons."""
    return tuple(dict.fromkeys(code for code in re.split(r"[\s,;]+", text) if code))


def read_spec(fields: Mapping[str, str]) -> ImageSpec:
    """Return the image that a form describes; what makes no sense is refused when it is registered.

    Raises:
        Refused: ``firmware.field`` when the size is no number.
    """

    def said(name: str) -> str:
        return str(fields.get(name) or "").strip()

    size = said("size")
    if not re.fullmatch(r"[0-9]{0,18}", size, re.ASCII):
        raise refuse(
            "firmware.field",
            "{place}{field}: {problem}.",
            "Correct the field and send it again.",
            place="",
            field="size",
            problem=f"{size[:30]!r} is no number of bytes",
        )
    return ImageSpec(
        product=said("product"),
        target=said("target"),
        version=said("version"),
        sha256=said("sha256").lower(),
        size=int(size or 0),
        location=said("location"),
        notes=str(fields.get("notes") or "").replace("\r\n", "\n").strip(),
        markets=tuple(code.upper() for code in codes(said("markets"))),
        revisions=codes(said("revisions")),
    )


def read_upload(file: UploadedFile[Any] | None) -> bytes | None:
    """Return the bytes of an upload, None when none came.

    Raises:
        Refused: ``firmware.too_large``, before any of it is read.
    """
    if file is None:
        return None
    _check_size(file, MAX_BYTES)
    return bytes(file.read())


def read_uploads(
    manifest: UploadedFile[Any] | None, files: list[UploadedFile[Any]]
) -> tuple[bytes, str, dict[str, bytes]]:
    """Return a manifest, its name, and the files beside it by their names.

    Raises:
        Refused: ``firmware.manifest`` when none came, ``firmware.too_large``, ``firmware.file_unused`` when
            two files have one name or there are too many.
    """
    if manifest is None:
        raise refuse(
            "firmware.manifest",
            "{place}: {problem}.",
            "Correct the manifest and send it again.",
            place="upload",
            problem="no manifest came",
        )
    _check_size(manifest, MANIFEST_MAX)
    names = [file.name or "" for file in files]
    twice = next(
        (name for name in names if names.count(name) > 1), names[FILES_MAX] if names[FILES_MAX:] else None
    )
    if twice is not None:
        raise refuse(
            "firmware.file_unused",
            "{file} came with the manifest, but no line names it.",
            "Send each file once, at most {limit} at a time.",
            file=twice[:200],
            limit=FILES_MAX,
        )
    total = sum(file.size or 0 for file in files)
    if total > MAX_BYTES:
        raise _too_large("the files together", total, MAX_BYTES)
    return bytes(manifest.read()), manifest.name or "manifest", {
        name: bytes(file.read()) for name, file in zip(names, files, strict=True)
    }  # fmt: skip


def _check_size(file: UploadedFile[Any], limit: int) -> None:
    if (file.size or 0) > limit:
        raise _too_large(file.name or "the file", file.size or 0, limit)


def _too_large(name: str, size: int, limit: int) -> Exception:
    return refuse(
        "firmware.too_large",
        "{file} has {size} bytes; 1 to {limit} are stored here.",
        "Keep a larger image elsewhere and register it by its SHA-256 and address.",
        file=name[:200],
        size=size,
        limit=limit,
    )
