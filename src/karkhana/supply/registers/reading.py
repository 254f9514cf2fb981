"""Opening a register: text in any common encoding and delimiter, or a workbook, as rows that can be read
twice.

A file is never held in memory. A workbook is turned into text once, by a child process with a ceiling on
memory and time; numbers and dates that it holds as such are marked, so that nothing about them is ambiguous.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from karkhana.kernel.refusals import Refused, refuse
from karkhana.supply.registers.rules.columns import Field, known_headings

BYTES_MAX = 256 * 2**20
COLUMNS_MAX = 256
CELL_MAX = 32_767
HEAD_ROWS = 60
"""Headings are looked for in that many rows; titles and addresses stand above them."""
_DELIMITERS = ",;\t|"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_BLOCK = 1 << 20
_OTHER = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8", "a picture"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CHILD = "karkhana.supply.registers.workbook_child"
CHILD_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Table:
    """A register that is open: its headings, and its rows whenever they are asked for.

    Args:
        path: text to read; of a workbook, what the child wrote.
        name: of the file as a person knows it.
        header_line: line of the headings, counted from 1.
    """

    path: Path
    name: str
    encoding: str
    delimiter: str
    header_line: int
    headings: tuple[str, ...]
    sha256: str
    is_workbook: bool = False

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells of each row below the headings that is not empty.

        Raises:
            Refused: ``register.unreadable`` naming the line.
        """
        for line, cells in _records(self.path, self.encoding, self.delimiter, self.name):
            if line > self.header_line and any(cells):
                yield line, cells


@contextmanager
def open_register(path: Path, fields: Sequence[Field], *, name: str = "", sheet: str = "") -> Iterator[Table]:
    """Open a register for as long as the block lasts.

    Args:
        fields: what its rows can say; the headings are found by them.
        sheet: of a workbook; empty: the largest that is shown.

    Raises:
        Refused: ``register.empty``, ``register.too_large``, ``register.unreadable``,
            ``register.no_headings``.
    """
    name = name or path.name
    head = _checked_head(path, name)
    if not head.startswith(_WORKBOOKS):
        encoding = _encoding(path, head, name)
        yield _table(path, name, encoding, fields, _digest(path), is_workbook=False)
        return
    handle, text = tempfile.mkstemp(prefix="karkhana-register-", suffix=".csv")
    os.close(handle)
    try:
        _convert(path, Path(text), name, sheet)
        yield _table(Path(text), name, "utf-8", fields, _digest(path), is_workbook=True)
    finally:
        os.unlink(text)


def unreadable(name: str, reason: str) -> Refused:
    """The refusal of a file that cannot be opened as a table."""
    return refuse(
        "register.unreadable",
        "{file} cannot be read: {reason}.",
        "Export the register as CSV or XLSX and import that file.",
        file=name[:120],
        reason=reason,
    )


def _checked_head(path: Path, name: str) -> bytes:
    size = path.stat().st_size
    if size == 0:
        raise refuse("register.empty", "{file} is empty.", "Export the register again.", file=name[:120])
    if size > BYTES_MAX:
        raise refuse(
            "register.too_large",
            "{file} has {size} MB; {limit} MB are allowed.",
            "Export the register by month or quarter.",
            file=name[:120],
            size=size // 2**20,
            limit=BYTES_MAX // 2**20,
        )
    with path.open("rb") as file:
        head = file.read(8192)
    for mark, what in _OTHER:
        if head.startswith(mark):
            raise unreadable(name, f"it is {what}")
    return head


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encoding(path: Path, head: bytes, name: str) -> str:
    """Return the encoding by evidence: a mark, the zero bytes of UTF-16, strict UTF-8, else Windows-1252."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    half = max(1, len(head) // 2)
    for zeros, encoding in ((head[1::2].count(0), "utf-16-le"), (head[0::2].count(0), "utf-16-be")):
        if zeros > half * 0.6:
            return encoding
    # One stray NUL spoils its own row, which is refused; many mean that this is no text.
    if head.count(0) * 50 > len(head):
        raise unreadable(name, "it is neither text nor a workbook that is known here")
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _records(path: Path, encoding: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(CELL_MAX)
    # A byte that Windows-1252 does not define is shown as such in the cell; no row is lost for it.
    errors = "replace" if encoding == "cp1252" else "strict"
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, UnicodeError) as error:
                endless = f"a cell has more than {CELL_MAX:,} characters; maybe a quote has no end"
                reason = endless if "limit" in str(error) else str(error)[:120]
                raise unreadable(name, f"line {line}: {reason}") from None
            yield line, [cell.strip() for cell in cells[:COLUMNS_MAX]]
            line = reader.line_num + 1


def _table(
    path: Path, name: str, encoding: str, fields: Sequence[Field], sha256: str, *, is_workbook: bool
) -> Table:
    best: tuple[int, int, int] = (0, 0, 0)
    found: tuple[str, int, list[str]] | None = None
    for place, delimiter in enumerate("," if is_workbook else _DELIMITERS):
        for line, cells in _first_rows(path, encoding, delimiter, name):
            score = (known_headings(cells, fields), sum(map(bool, cells)), -place)
            if score[0] > 1 and score > best:
                best, found = score, (delimiter, line, cells)
    if found is None:
        raise refuse(
            "register.no_headings",
            "{file}: no row of headings was found in its first {rows} rows.",
            "Give the columns headings such as {known}.",
            file=name[:120],
            rows=HEAD_ROWS,
            known=", ".join(
                field.headings[0] if field.headings else field.name for field in fields if field.required
            ),
        )
    delimiter, line, cells = found
    # A stray NUL in a heading cannot be kept with the layout, and says nothing.
    headings = tuple("".join(sign for sign in cell if sign >= " ") for cell in cells)
    return Table(path, name, encoding, delimiter, line, headings, sha256, is_workbook)


def _first_rows(path: Path, encoding: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    rows = _records(path, encoding, delimiter, name)
    for _ in range(HEAD_ROWS):
        try:
            yield next(rows)
        except StopIteration:
            return
        except Refused:
            return  # cut by a delimiter that is not this file's


def _convert(path: Path, target: Path, name: str, sheet: str) -> None:
    """Have the child write a workbook's sheet as text; a child that dies or hangs means a refusal."""
    source = Path(__file__).resolve().parents[3]
    bootstrap = (
        f"import sys; sys.path.insert(0, {str(source)!r}); from {_CHILD} import main; sys.exit(main())"
    )
    command = [sys.executable, "-E", "-c", bootstrap, str(path), sheet]
    with target.open("wb") as out:
        try:
            done = subprocess.run(
                command, stdout=out, stderr=subprocess.PIPE, timeout=CHILD_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise unreadable(name, "the workbook takes too long to open; save it as CSV") from None
    said = done.stderr.decode(errors="replace").strip()[-200:]
    if done.returncode == 2:
        raise unreadable(name, re.sub(r"\s+", " ", said) or "the workbook is damaged")
    if done.returncode:
        raise unreadable(name, "the workbook needs more memory than it may have; save it as CSV")
