"""Reads the ZIP file of a release and trusts nothing in it: sizes, names, digests, signatures.

Nothing is unpacked to a disk, and no member is read further than it may be long. Every refusal names the
member that is wrong.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import zipfile
import zlib
from collections import Counter
from typing import TypeVar

import msgspec

from karkhana.design.approvals.rules import STATEMENT, Subject, statement
from karkhana.design.exchange.content import (
    APPROVALS,
    DOCUMENT,
    FORMAT,
    MANIFEST,
    PACKAGE,
    REQUIRED,
    VERSION,
    Attachment,
    Manifest,
    ReleaseFile,
    SignedApproval,
    named_files,
)
from karkhana.design.exchange.tables import derived_files
from karkhana.design.release import ReleasePackage, check_package
from karkhana.kernel.refusals import Refused, refuse
from karkhana.partners import signing

FILE_MAX = 64 * 1024 * 1024
MEMBER_MAX, TOTAL_MAX, MEMBERS_MAX, RATIO_MAX = 32 * 1024 * 1024, 256 * 1024 * 1024, 2_000, 200
"""Bytes of a member and of all together unpacked, number of members, and how tightly one may be packed."""
RATIO_FREE = 4 * 1024 * 1024
"""A member up to this length may be compressed as far as it likes: a long bill repeats itself."""
T = TypeVar("T")


class _Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    statement: str
    kind: str
    subject: str
    hash: str
    party: str
    signatory: str
    decision: str
    comment: str
    at: str


def read_release_file(data: bytes) -> ReleaseFile:
    """Read a release file and check everything that can be checked without knowing who imports it.

    Raises:
        Refused: ``exchange.not_zip``, ``exchange.too_large``, ``exchange.member``, ``exchange.missing``,
            ``exchange.manifest``, ``exchange.hash``, ``exchange.package``, ``exchange.derived``,
            ``exchange.approval``, each naming the member; ``release.invalid``.
    """
    members = _members(data)
    manifest = _decoded(MANIFEST, members[MANIFEST], Manifest)
    _check_manifest(manifest, members)
    package = _decoded(PACKAGE, members[PACKAGE], ReleasePackage)
    _check_package(manifest, package)
    for name, content in derived_files(package).items():
        if members[name] != content:
            raise _wrong(
                "exchange.derived", name, "does not say what the package says", "Export the release again."
            )
    approvals = _decoded(APPROVALS, members[APPROVALS], tuple[SignedApproval, ...])
    _check_approvals(approvals, manifest)
    documents = {
        match[1]: Attachment(members[name], manifest.members[name].media_type or "application/octet-stream")
        for name in members
        if (match := DOCUMENT.fullmatch(name))
    }
    _check_documents(manifest, package, documents)
    return ReleaseFile(members[PACKAGE], package, manifest.name, approvals, documents)


def _members(data: bytes) -> dict[str, bytes]:
    if len(data) > FILE_MAX:
        raise _too_large("The file", FILE_MAX)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _check_names(infos)
            found: dict[str, bytes] = {}
            left = TOTAL_MAX
            for info in infos:
                found[info.filename] = _content(archive, info, min(left, MEMBER_MAX))
                left -= len(found[info.filename])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise refuse(
            "exchange.not_zip",
            "This is no ZIP file that can be read.",
            "Give the file as it was exported.",
        ) from None
    for name in REQUIRED:
        if name not in found:
            raise _wrong("exchange.missing", name, "is not in the file", "Give the whole file as exported.")
    return found


def _check_names(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MEMBERS_MAX:
        raise _too_large("The number of members", MEMBERS_MAX)
    for name, count in Counter(info.filename for info in infos).items():
        if count > 1:
            raise _wrong(
                "exchange.member", name, f"is in the file {count} times", "Export the release again."
            )
    for info in infos:
        # orig_filename as well: zipfile itself cuts names at a NUL.
        if info.filename not in REQUIRED and not DOCUMENT.fullmatch(info.filename):
            raise _wrong(
                "exchange.member", info.filename, "does not belong in a release file", "Take it out."
            )
        if info.orig_filename != info.filename or info.flag_bits & 0x1:
            raise _wrong(
                "exchange.member", info.filename, "is encrypted or has a broken name", "Export it again."
            )


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    if info.file_size > limit or (
        info.file_size > RATIO_FREE and info.file_size > RATIO_MAX * max(1, info.compress_size)
    ):
        raise _too_large(info.filename, limit)
    with archive.open(info) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:  # whatever its header says
        raise _too_large(info.filename, limit)
    return content


def _decoded(name: str, data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError) as problem:
        code = {MANIFEST: "exchange.manifest", PACKAGE: "exchange.package"}.get(name, "exchange.approval")
        raise _wrong(code, name, f"cannot be read: {problem}"[:300], "Export the release again.") from None


def _check_manifest(manifest: Manifest, members: dict[str, bytes]) -> None:
    if manifest.format != FORMAT or manifest.version != VERSION:
        raise _wrong(
            "exchange.manifest",
            MANIFEST,
            f"says {manifest.format[:40]!r} version {manifest.version}, not {FORMAT} version {VERSION}",
            "Import it with the version that wrote it, or export it again.",
        )
    if not manifest.name.isprintable() or not 0 < len(manifest.name.strip()) <= 120:
        raise _wrong("exchange.manifest", MANIFEST, "has no name for the product", "Export it again.")
    for name in manifest.members:
        if name not in members:
            raise _wrong("exchange.missing", name[:120], "is not in the file", "Give the whole file.")
    for name, content in members.items():
        if name == MANIFEST:
            continue
        said = manifest.members.get(name)
        if said is None:
            raise _wrong("exchange.member", name, "is not in the manifest", "Export the release again.")
        if (said.sha256, said.size) != (hashlib.sha256(content).hexdigest(), len(content)):
            raise _wrong(
                "exchange.hash", name, "is not what the manifest says; it was changed", "Ask for it again."
            )
        if not re.fullmatch(r"[\w.+/;= -]{0,100}", said.media_type, re.ASCII):
            raise _wrong("exchange.manifest", name, "has a media type that is none", "Export it again.")
    if manifest.hash != manifest.members[PACKAGE].sha256:
        raise _wrong(
            "exchange.hash", PACKAGE, f"is not the release with the hash {manifest.hash[:64]}",
            "Ask for the file again.",
        )  # fmt: skip


def _check_package(manifest: Manifest, package: ReleasePackage) -> None:
    said = (manifest.product, manifest.revision, manifest.brand)
    if said != (package.product, package.revision, package.brand):
        raise _wrong(
            "exchange.package", PACKAGE, f"is not for {' '.join(said)[:120]}, as the manifest says",
            "Ask for the file again.",
        )  # fmt: skip
    problems = check_package(package)
    if problems:
        raise refuse(
            "release.invalid",
            "{product} {revision} cannot be released: {problem}",
            "Have it mended where it comes from; {count} problem(s) in all.",
            product=package.product[:40],
            revision=package.revision[:20],
            problem=problems[0],
            count=len(problems),
            problems=list(problems[:100]),
        )


def _check_approvals(approvals: tuple[SignedApproval, ...], manifest: Manifest) -> None:
    keys: set[str] = set()
    for one in approvals:
        said = _decoded(APPROVALS, one.statement.encode(), _Statement)
        about = (said.statement, said.kind, said.subject, said.hash, said.decision)
        if about != (
            STATEMENT,
            "revision",
            f"{manifest.product}:{manifest.revision}",
            manifest.hash,
            "approved",
        ):
            raise _approval(one, "does not approve this release")
        if not _canonical(one, said):
            raise _approval(one, "is not written as approvals are")
        if (said.party, said.signatory) != (one.party, one.public_key) or one.public_key in keys:
            raise _approval(one, "stands twice or under another name than it was signed with")
        keys.add(one.public_key)
        if not signing.verify(one.public_key, one.signature, one.statement.encode()):
            raise _approval(one, "has a signature that does not fit")


def _canonical(one: SignedApproval, said: _Statement) -> bool:
    """Whether the statement is the very text that an approval with these values has."""
    try:
        at = dt.datetime.fromisoformat(said.at)
        subject = Subject(said.kind, said.subject, said.hash, frozenset(), None)
        text = statement(
            subject, party=said.party, signatory=said.signatory, decision=said.decision,
            comment=said.comment, at=at,
        )  # fmt: skip
    except (ValueError, OverflowError):
        return False
    return text == one.statement.encode() and "\x00" not in said.comment and len(said.comment) <= 2000


def _check_documents(manifest: Manifest, package: ReleasePackage, documents: dict[str, Attachment]) -> None:
    wanted = named_files(package)
    for sha, document in documents.items():
        if hashlib.sha256(document.content).hexdigest() != sha:
            raise _wrong("exchange.hash", f"documents/{sha}", "is another document", "Ask for it again.")
        if sha not in wanted:
            raise _wrong("exchange.member", f"documents/{sha}", "is not named by the package", "Take it out.")
    for sha in wanted:
        if sha not in documents and sha not in manifest.absent:
            raise _wrong("exchange.missing", f"documents/{sha}", "is not in the file", "Ask for it again.")


def _approval(one: SignedApproval, problem: str) -> Refused:
    return refuse(
        "exchange.approval",
        "{member}: the approval of {party} {problem}.",
        "Ask for the file again.",
        member=APPROVALS,
        party=one.party[:40],
        problem=problem,
    )


def _wrong(code: str, member: str, problem: str, next_step: str) -> Refused:
    shown = member if member.isprintable() else repr(member)
    return refuse(code, "{member} {problem}.", next_step, member=shown[:150], problem=problem.rstrip("."))


def _too_large(what: str, limit: int) -> Refused:
    return refuse(
        "exchange.too_large",
        "{member} is larger than a release file may be ({limit}), or packed suspiciously tight.",
        "Export the release again, with fewer or smaller documents.",
        member=what[:150],
        limit=limit,
    )
