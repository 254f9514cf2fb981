"""Text files: finding the encoding and the separator, and cutting lines into cells.

Charset detection is by evidence in this order: byte-order mark, zero bytes of UTF-16, strict UTF-8, Chinese
heading words in GB 18030, then Windows-1252 (Latin-1 where a byte is undefined there).
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Iterator

from karkhana.design.bom import limits, sniff, words
from karkhana.design.bom.designators import parse_designators
from karkhana.design.bom.headers import looks_like_header
from karkhana.design.bom.model import Grid, Row, Source
from karkhana.design.bom.quantities import parse_quantity

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_CHINESE = ("位号", "数量", "封装", "型号", "名称", "描述", "标号", "制造商", "供应商")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_RULE = re.compile(r"^[_=*+#-]{3,}$")
_MAX_RECORD_LINES = 60
_MIN_TEXT_SHARE = 200


def read_text(data: bytes, file_name: str) -> Source:
    """Open a text file as one grid."""
    text, encoding = decode(data, file_name)
    sniff.refuse_markup(text, file_name)
    lines = _lines(text, file_name)
    delimiter, rows = _cut(lines, file_name)
    return Source(encoding, (Grid("", tuple(rows)),), delimiter)


def decode(data: bytes, file_name: str) -> tuple[str, str]:
    """Decode bytes by evidence; returns the text and the name of the encoding."""
    text, encoding = _decode(data, file_name)
    head = text[:65536]
    if len(_CONTROL.findall(head)) * _MIN_TEXT_SHARE > len(head) or "\x00" in text:
        raise sniff.unreadable(file_name, "it is neither text nor a workbook that is known here")
    return text, encoding


def _decode(data: bytes, file_name: str) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode("utf-8-sig" if encoding == "utf-8" else encoding), encoding
            except UnicodeDecodeError:
                if encoding != "utf-8":
                    raise sniff.unreadable(
                        file_name, f"its byte-order mark says {encoding} but it is not"
                    ) from None
    unmarked = _unmarked_utf16(data)
    if unmarked is not None:
        return unmarked
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _legacy(data)


def _unmarked_utf16(data: bytes) -> tuple[str, str] | None:
    """UTF-16 without a mark: nearly every second byte of Latin text is zero."""
    head = data[:4096]
    half = max(1, len(head) // 2)
    for zeros, encoding in ((head[1::2].count(0), "utf-16-le"), (head[0::2].count(0), "utf-16-be")):
        if zeros > half * 0.7 and head.count(0) < half * 1.1:
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                return None
    return None


def _legacy(data: bytes) -> tuple[str, str]:
    try:
        chinese = data.decode("gb18030")
        if any(word in chinese[:5000] for word in _CHINESE):
            return chinese, "gb18030"
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def _lines(text: str, file_name: str) -> list[str]:
    """Physical lines without their ends; form feeds of printed reports do not count as lines."""
    if text.count("\n") + text.count("\r") > limits.MAX_ROWS * 2:
        raise sniff.too_large(file_name, f"about {text.count(chr(10))} lines", f"{limits.MAX_ROWS} lines")
    if len(text) > limits.MAX_LINE_CHARACTERS and _longest(text) > limits.MAX_LINE_CHARACTERS:
        raise sniff.unreadable(file_name, "it has a line of more than a million characters")
    body = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ").replace("\xa0", " ")
    lines = body.split("\n")
    if len(lines) > limits.MAX_ROWS + 1:
        raise sniff.too_large(file_name, f"{len(lines)} lines", f"{limits.MAX_ROWS} lines")
    return lines


def _longest(text: str) -> int:
    """The length of the longest line, without making copies of the lines."""
    longest = start = 0
    for match in re.finditer(r"[\r\n]", text):
        longest = max(longest, match.start() - start)
        start = match.end()
    return max(longest, len(text) - start)


def _cut(lines: list[str], file_name: str) -> tuple[str, list[Row]]:
    """Cut lines by the separator under which the headings make most sense."""
    head = lines[:400]
    scored = [(_score(list(_records(head, mark))), -place, mark) for place, mark in enumerate(",;\t|")]
    best, _, mark = max(scored)
    fixed = _fixed_width(lines)
    if fixed is not None and _score(fixed[:400]) > best:
        return "fixed", fixed
    if lines[0].lower().startswith("sep=") and len(lines[0]) == 5:
        mark = lines[0][4]
        lines = ["", *lines[1:]]
    if sum(line.count(mark) for line in lines) > limits.MAX_CELLS:
        raise sniff.too_large(file_name, "millions of cells", f"{limits.MAX_CELLS} cells")
    return mark, list(_records(lines, mark))


def _score(rows: list[Row]) -> tuple[int, int, int]:
    """How much sense a way of cutting makes: headings known in the best row, rows as wide as it."""
    best = (0, 0)
    for row in rows[:120]:
        if looks_like_header(row):
            known = sum(bool(words.meanings_of(cell)[0]) for cell in row.filled())
            best = max(best, (known, len(row.filled())))
    wide = sum(len(row.filled()) > 1 for row in rows)
    return (*best, wide)


def _records(lines: list[str], mark: str) -> Iterator[Row]:
    """Cut by a separator, honouring quotes as long as they are balanced."""
    rows = list(_quoted(lines, mark))
    if any(height > _MAX_RECORD_LINES for _, height in rows):
        rows = [(row, 1) for row in _plain(lines, mark)]
    return (row for row, _ in rows if any(row.cells) and not _RULE.match("".join(row.cells)))


def _quoted(lines: list[str], mark: str) -> Iterator[tuple[Row, int]]:
    csv.field_size_limit(limits.MAX_BYTES)
    reader = csv.reader((line + "\n" for line in lines), delimiter=mark, skipinitialspace=True)
    start = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            record = []
        yield Row(start, _tidy(record)), reader.line_num - start + 1
        start = reader.line_num + 1


def _plain(lines: list[str], mark: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        yield Row(number, _tidy([cell.strip().strip('"') for cell in line.split(mark)]))


def _tidy(cells: list[str]) -> tuple[str, ...]:
    """Trim every cell, drop empty cells at the end, and cap the width."""
    trimmed = [cell.strip().lstrip("\ufeff") for cell in cells[: limits.MAX_COLUMNS]]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    return tuple(trimmed)


def _fixed_width(lines: list[str]) -> list[Row] | None:
    """Cut a printed list by the columns under which its headings begin; None when there are no headings."""
    for index, line in enumerate(lines[:200]):
        if len(line) > 1000 or "\t" in line or "|" in line:
            continue
        for starts in (_starts(line, split=True), _starts(line, split=False)):
            if len(starts) < 3:
                continue
            header = Row(index + 1, tuple(cell.strip() for cell in _slices(line, starts)))
            if looks_like_header(header) and _stands_under(lines[index + 1 : index + 200], header, starts):
                rows = (_fixed_row(number, text, starts) for number, text in enumerate(lines, 1))
                return [row for row in rows if any(row.cells) and not _RULE.match("".join(row.cells))]
    return None


def _stands_under(lines: list[str], header: Row, starts: list[int]) -> bool:
    """Whether designators, coordinates or quantities stand under the headings that promise them."""
    good = bad = 0
    for text in lines:
        cells = _fixed_row(0, text, starts)
        if len(cells.filled()) < 2:
            continue
        for index, label in enumerate(header.cells):
            kinds = words.meanings_of(label)[0]
            if words.QUANTITY in kinds and cells.cell(index):
                good, bad = (
                    (good + 1, bad) if parse_quantity(cells.cell(index)) is not None else (good, bad + 1)
                )
            elif words.REFERENCES in kinds and kinds[0] == words.REFERENCES and cells.cell(index):
                found = parse_designators(cells.cell(index))
                good, bad = (good + 1, bad) if found.names and not found.notes else (good, bad + 1)
    return good > bad


def _fixed_row(number: int, text: str, starts: list[int]) -> Row:
    return Row(number, _tidy(_slices(text.replace("\t", " "), starts)))


def _starts(line: str, split: bool) -> list[int]:
    """Where the headings of a printed list begin.

    Args:
        line: the line of headings.
        split: whether known words one blank apart are headings of their own, as in ``Qty Value  Device``.
    """
    starts: list[int] = []
    for match in re.finditer(r"\S+(?: \S+)*", line):
        starts.append(match.start())
        inner = list(re.finditer(r"\S+", match[0]))
        if split and len(inner) > 1 and all(words.meanings_of(word[0])[0] for word in inner):
            starts.extend(match.start() + word.start() for word in inner[1:])
    return starts


def _slices(line: str, starts: list[int]) -> list[str]:
    """Cut at the starts, moving a cut left when it would fall inside a word."""
    cuts = []
    for start in starts:
        while 0 < start < len(line) and line[start - 1] != " " and line[start] != " ":
            start -= 1
        cuts.append(start)
    edges = list(itertools.pairwise([*cuts, max(len(line), cuts[-1])]))
    return [line[left:right] for left, right in edges]
