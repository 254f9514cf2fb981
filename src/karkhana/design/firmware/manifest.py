"""Reads a manifest of firmware images, JSON or CSV, into rows that know their place. Pure.

A row is ``file, target, version, sha256, size, markets, notes``, and optionally ``revisions``. Markets and
revisions are lists in JSON and joined by blanks, commas or semicolons in CSV. JSON is an array of objects, or
an object with the array under ``images``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from karkhana.kernel.refusals import Refused, refuse

MANIFEST_MAX, ROWS_MAX = 2 * 1024 * 1024, 500
COLUMNS = ("file", "target", "version", "sha256", "size", "markets", "notes", "revisions")
_FIELDS = frozenset(COLUMNS)
_NEEDED = ("file", "target", "version", "sha256")


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One image of a manifest; ``place`` says where it stands, such as ``images.csv line 3``.

    ``file`` is a file name, or an address (``https://…``) where the image is only referenced.
    """

    place: str
    file: str
    target: str
    version: str
    sha256: str
    size: int
    markets: tuple[str, ...]
    revisions: tuple[str, ...]
    notes: str

    @property
    def referenced(self) -> bool:
        """Whether the file is an address, so that no bytes come with the manifest."""
        return "://" in self.file


def read_manifest(data: bytes, name: str) -> tuple[ManifestRow, ...]:
    """Read a manifest.

    Args:
        name: of its file, for the places.

    Raises:
        Refused: ``firmware.manifest`` naming the line and field.
    """
    name = name or "manifest"
    if len(data) > MANIFEST_MAX:
        raise _refused(name, f"it has more than {MANIFEST_MAX // 1024} KB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _refused(name, f"byte {problem.start} is no UTF-8") from None
    if "\x00" in text:
        raise _refused(name, "it holds NUL characters")
    found = list(_json_rows(text, name) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text, name))
    if not found:
        raise _refused(name, "it names no image")
    rows = tuple(_row(place, said) for place, said in found)
    first: dict[tuple[str, str], str] = {}
    for row in rows:
        before = first.setdefault((row.target, row.version), row.place)
        if before != row.place:
            raise _refused(row.place, f"{row.target} {row.version} stands at {before} already")
    return rows


def _json_rows(text: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, ValueError) as problem:
        raise _refused(name, f"it is no JSON: {str(problem)[:200].rstrip('.')}") from None
    rows = found.get("images") if isinstance(found, dict) else found
    if not isinstance(rows, list) or len(rows) > ROWS_MAX:
        raise _refused(name, f"it is no array of at most {ROWS_MAX} images")
    for number, row in enumerate(rows, start=1):
        place = f"{name} image {number}"
        if not isinstance(row, dict):
            raise _refused(place, "it is no object")
        yield place, row


def _csv_rows(text: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        titles = [title.strip().lower() for title in next(reader, [])]
        for count, cells in enumerate(reader, start=1):
            if count > ROWS_MAX:
                raise _refused(name, f"it has more than {ROWS_MAX} lines")
            place = f"{name} line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(titles):
                raise _refused(place, f"it has {len(cells)} cells under {len(titles)} titles")
            yield place, {title: cell.strip() for title, cell in zip(titles, cells, strict=False)}
    except csv.Error as problem:
        raise _refused(f"{name} line {reader.line_num}", str(problem)) from None


def _row(place: str, said: dict[str, Any]) -> ManifestRow:
    unknown = sorted(set(said) - _FIELDS - {""})
    if unknown:
        raise _refused(
            place, f"there is no field {unknown[0][:40]!r}; there are {', '.join(sorted(_FIELDS))}"
        )
    texts = {name: _text(place, name, said.get(name, "")) for name in (*_NEEDED, "notes")}
    for name in _NEEDED:
        if not texts[name]:
            raise _refused(place, f"{name} is empty")
    return ManifestRow(
        place=place,
        file=texts["file"],
        target=texts["target"],
        version=texts["version"],
        sha256=texts["sha256"].lower(),
        size=_size(place, said.get("size", "")),
        markets=_codes(place, "markets", said.get("markets") or ()),
        revisions=_codes(place, "revisions", said.get("revisions") or ()),
        notes=texts["notes"],
    )


def _text(place: str, name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _refused(place, f"{name} is no text")
    return value.strip() if name != "notes" else value


def _size(place: str, value: Any) -> int:
    if value in ("", None):
        return 0
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", text):
        raise _refused(place, f"size {text[:30]!r} is no number of bytes")
    return int(text)


def _codes(place: str, name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [code for code in re.split(r"[\s,;]+", value) if code]
    if not isinstance(value, (list, tuple)) or not all(isinstance(code, str) for code in value):
        raise _refused(place, f"{name} is no list of codes")
    return tuple(dict.fromkeys(value))


def _refused(place: str, problem: str) -> Refused:
    return refuse(
        "firmware.manifest",
        "{place}: {problem}.",
        "Correct the manifest and send it again.",
        place=place,
        problem=problem,
    )
