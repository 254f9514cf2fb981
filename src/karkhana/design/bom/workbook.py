"""Workbooks (XLSX, XLSM, XLS, ODS): opened in a child process with a ceiling on memory and time.

A workbook of a few kilobytes can claim a sheet of seventeen thousand million cells, and the parser would
try to lay it out. The child takes that risk: when it dies, the file is refused and the factory goes on.
"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from struct import error as struct_error

import msgspec

from karkhana.design.bom import limits, sniff
from karkhana.design.bom.model import Grid, Row, Source

_CHILD = "karkhana.design.bom.workbook_child"
_CONTENT = ("content.xml", "xl/workbook.xml", "xl/workbook.bin")


class ChildAnswer(msgspec.Struct):
    """What the child hands back: grids, or the kind of its failure."""

    container: str = ""
    grids: list[tuple[str, bool, list[tuple[int, list[str]]]]] = []
    failure: str = ""


def is_workbook(data: bytes) -> bool:
    """Whether the first bytes are those of a zip or OLE container."""
    return data.startswith((sniff.ZIP, sniff.OLE, b"PK\x05\x06"))


def read_workbook(data: bytes, file_name: str) -> Source:
    """Open a workbook as one grid per sheet."""
    if data.startswith(sniff.OLE):
        _check_ole(data, file_name)
    else:
        _check_zip(data, file_name)
    answer = _ask_child(data, file_name)
    if answer.failure:
        raise _failure(answer.failure, data, file_name)
    grids = tuple(
        Grid(name, tuple(Row(number, tuple(cells)) for number, cells in rows), visible)
        for name, visible, rows in answer.grids
    )
    return Source(answer.container, grids)


def _failure(kind: str, data: bytes, file_name: str) -> Exception:
    if kind == "large":
        return sniff.too_large(file_name, "sheets of millions of cells", f"{limits.MAX_ROWS} rows")
    if kind == "encrypted":
        return sniff.encrypted(file_name)
    if data.startswith(sniff.OLE):
        if _ole_cut_off(data):
            return sniff.truncated(file_name)
        return sniff.unreadable(file_name, "it is an older Office file, but no workbook, or a damaged one")
    return sniff.truncated(file_name)


def _check_ole(data: bytes, file_name: str) -> None:
    """Refuse encrypted workbooks: an OLE file with an ``EncryptedPackage`` holds an encrypted XLSX."""
    if "EncryptedPackage".encode("utf-16-le") in data or "EncryptionInfo".encode("utf-16-le") in data:
        raise sniff.encrypted(file_name)
    if "WordDocument".encode("utf-16-le") in data[: 1 << 22]:
        raise sniff.unreadable(file_name, "it is a Word document")
    if len(data) < 2048:
        raise sniff.truncated(file_name)


def _ole_cut_off(data: bytes) -> bool:
    """Whether an OLE file ends before a sector that its header points to ([MS-CFB], section 2.2)."""
    size = 1 << min(int.from_bytes(data[30:32], "little"), 16)
    sectors = [int.from_bytes(data[at : at + 4], "little") for at in (48, *range(76, 512, 4))]
    return any(sector < 0xFFFFFFFA and (sector + 2) * size > len(data) for sector in sectors)


def _check_zip(data: bytes, file_name: str) -> None:
    """Look into the archive without trusting it: what it is, encrypted or not, and how large it grows."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_members(archive, members, file_name)
            grown = sum(_inflated(archive, member, file_name) for member in members)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, KeyError):
        raise sniff.truncated(file_name) from None
    except (NotImplementedError, RuntimeError):
        raise sniff.encrypted(file_name) from None
    except (struct_error, UnicodeError, MemoryError, OverflowError):
        raise sniff.unreadable(file_name, "its archive is damaged") from None
    if grown > limits.MAX_INFLATED:
        raise sniff.too_large(file_name, "hundreds of MB when unpacked", f"{limits.MAX_INFLATED >> 20} MB")


def _check_members(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], file_name: str) -> None:
    names = {member.filename.lstrip("/") for member in members}
    lower = {name.lower() for name in names}
    if len(members) > limits.MAX_ARCHIVE_MEMBERS:
        raise sniff.too_large(file_name, f"{len(members)} parts", f"{limits.MAX_ARCHIVE_MEMBERS} parts")
    if any(name.startswith("word/") for name in lower):
        raise sniff.unreadable(file_name, "it is a Word document")
    if not lower.intersection(_CONTENT):
        raise sniff.unreadable(file_name, "it is an archive, not a workbook; unpack it first")
    if "META-INF/manifest.xml" in names:
        with archive.open("META-INF/manifest.xml") as manifest:
            if b"encryption-data" in manifest.read(1 << 20):
                raise sniff.encrypted(file_name)


def _inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file_name: str) -> int:
    """Unpack a part piece by piece to learn its true size; pictures are not needed and are skipped."""
    name = member.filename.lower()
    if not name.endswith((".xml", ".rels", ".bin")):
        return 0
    size = 0
    with archive.open(member) as part:
        while piece := part.read(1 << 20):
            size += len(piece)
            if size > limits.MAX_INFLATED:
                raise sniff.too_large(
                    file_name, "hundreds of MB when unpacked", f"{limits.MAX_INFLATED >> 20} MB"
                )
    return size


def _ask_child(data: bytes, file_name: str) -> ChildAnswer:
    """Have the child parse the workbook; a child that dies or hangs means a refusal."""
    source = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-E", "-c", _bootstrap(source)]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=limits.CHILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise sniff.too_large(
            file_name, "more than can be read in time", f"{limits.CHILD_SECONDS} s"
        ) from None
    except OSError as error:
        raise sniff.unreadable(file_name, f"the workbook reader did not start ({error.strerror})") from None
    if done.returncode != 0:
        return ChildAnswer(failure="large" if done.returncode < 0 else "damaged")
    try:
        return msgspec.msgpack.decode(done.stdout, type=ChildAnswer)
    except msgspec.DecodeError:
        return ChildAnswer(failure="damaged")


def _bootstrap(source: Path) -> str:
    """The child's first words: the same package, whatever folder the parent was started in."""
    return f"import sys; sys.path.insert(0, {str(source)!r}); from {_CHILD} import main; sys.exit(main())"
