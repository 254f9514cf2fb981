"""A release goes out as one file and comes in elsewhere, with the same hash."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec
from django.db import transaction

from karkhana.design.approvals import operations as approvals
from karkhana.design.approvals.queries import signed_for
from karkhana.design.decompiling import plan_of_package
from karkhana.design.exchange import (
    Attachment,
    ReleaseFile,
    SignedApproval,
    build_release_file,
    read_release_file,
)
from karkhana.design.exchange.content import named_files
from karkhana.design.models import Approval, Product, Revision, StoredFile
from karkhana.design.models.product import IN_REVIEW, RELEASED
from karkhana.design.operations.bills import replace_items
from karkhana.design.operations.codes import check_code
from karkhana.design.operations.products import UNASSIGNED, ensure_product
from karkhana.design.operations.revisions import check_assemblies
from karkhana.design.plan import encode_plan
from karkhana.design.queries import find_revision, revision_subject
from karkhana.design.release import decode_package, package_hash
from karkhana.kernel.refusals import refuse
from karkhana.partners.models import Brand, Signatory
from karkhana.partners.operations import ensure_brand


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Args:
        made: False when the release was here already, with the same content.
        documents: how many files were stored that were not here yet.
        approvals: how many signed approvals are kept here from now on.
        strangers: parties whose approval holds, but whose key nobody here has enrolled.
    """

    revision: Revision
    made: bool
    documents: int = 0
    approvals: int = 0
    strangers: tuple[str, ...] = ()


def export_release(*, product_code: str, revision_code: str) -> bytes:
    """Return a released revision as one ZIP file; the same release gives the same bytes.

    Raises:
        Refused: ``revision.unknown``, ``exchange.not_released``.
    """
    revision = find_revision(product_code, revision_code)
    if revision.package is None:
        raise refuse(
            "exchange.not_released",
            "{product} {revision} is not released; only what cannot change any more is exported.",
            "Have it reviewed and released first.",
            product=product_code,
            revision=revision_code,
        )
    package = decode_package(revision.package)
    stored = StoredFile.objects.filter(pk__in=named_files(package))
    return build_release_file(
        ReleaseFile(
            data=revision.package.encode(),
            package=package,
            name=revision.product.name,
            approvals=tuple(
                SignedApproval(
                    party=row.party.code,
                    name=row.signatory.name,
                    public_key=row.signatory.public_key,
                    statement=row.statement,
                    signature=row.signature,
                )
                for row in signed_for("revision", str(revision))
                if row.subject_hash == revision.package_hash and row.decision == "approved"
            ),
            documents={file.sha256: Attachment(bytes(file.content), file.media_type) for file in stored},
        )
    )


@transaction.atomic
def import_release(*, data: bytes, now: dt.datetime, brand_name: str | None = None) -> Imported:
    """Release here what was released elsewhere: the same bytes, hence the same hash.

    Approvals whose keys are enrolled here are kept; where parties here must approve, theirs must be among
    them. Importing the same again changes nothing.

    Args:
        brand_name: makes the brand of the release known under this name where it is not. A brand cannot be
            mapped to another one: its code is part of what was hashed and signed.

    Raises:
        Refused: ``exchange.*``, ``release.invalid``, ``release.immutable``, ``revision.exists``,
            ``product.*``, ``revision.code``, ``brand.unknown``, ``bom.circular``,
            ``bom.assembly_not_released``, ``approval.missing``.
    """
    release = read_release_file(data)
    package, digest = release.package, package_hash(release.data)
    product = _product(release, brand_name)
    known = Revision.objects.select_for_update().filter(product=product, code=package.revision).first()
    if known is not None:
        return _known(known, digest)
    check_assemblies((package.product, package.revision), package)
    revision = _revision(product, release, digest, now)
    stored = _keep_documents(release, now)
    kept, strangers = _keep_approvals(revision, release.approvals)
    approvals.require_complete(revision_subject(revision, now.date()))
    revision.package, revision.package_hash = release.data.decode(), digest
    revision.state, revision.released_at = RELEASED, now
    revision.save(update_fields=["package", "package_hash", "state", "released_at"])
    return Imported(revision, True, stored, kept, strangers)


def _product(release: ReleaseFile, brand_name: str | None) -> Product:
    """Return the product of a release, made known when it is not, and lock it."""
    package = release.package
    check_code("product", package.product, 40)
    check_code("revision", package.revision, 20)
    check_code("brand", package.brand, 40)
    if package.brand != UNASSIGNED and not Brand.objects.filter(code=package.brand).exists():
        if not (brand_name or "").strip():
            raise refuse(
                "brand.unknown",
                "There is no brand {brand}, which {product} belongs to.",
                "Make the brand known first, or import again with its name.",
                brand=package.brand,
                product=package.product,
            )
        ensure_brand(code=package.brand, name=_brand_name(brand_name or ""))
    found = Product.objects.select_related("brand").filter(code=package.product).first()
    name = found.name if found else release.name
    ensure_product(code=package.product, name=name, brand=package.brand,
                   segment=found.segment if found else package.segment)  # fmt: skip
    return Product.objects.select_for_update(of=("self",)).select_related("brand").get(code=package.product)


def _brand_name(text: str) -> str:
    name = text.strip()
    if not name.isprintable() or len(name) > 120:
        raise refuse(
            "brand.name", "{name} is no name of a brand.", "Use 1 to 120 printable characters.",
            name=repr(name[:60]),
        )  # fmt: skip
    return name


def _known(revision: Revision, digest: str) -> Imported:
    here = {"product": revision.product.code, "revision": revision.code}
    if revision.package is None:
        raise refuse(
            "revision.exists",
            "{product} {revision} is here already as {state}.",
            "Release it here under another revision; an import does not overwrite work.",
            **here,
            state="in review" if revision.state == IN_REVIEW else "a draft",
        )
    if revision.package_hash != digest:
        raise refuse(
            "release.immutable",
            "{product} {revision} is released already, with other content.",
            "Find out which of the two is right; the hashes are {known} here and {given} in the file.",
            **here,
            known=(revision.package_hash or "")[:12],
            given=digest[:12],
        )
    return Imported(revision, False)


def _revision(product: Product, release: ReleaseFile, digest: str, now: dt.datetime) -> Revision:
    """Make the row with its plan and lines, not released yet: lines of a released one cannot be added."""
    package = release.package
    base = None
    if package.base is not None:
        base = Revision.objects.filter(product__code=package.base[0], code=package.base[1]).first()
    revision = Revision.objects.create(
        product=product,
        code=package.revision,
        created_at=now,
        plan=encode_plan(plan_of_package(package)),
        state=IN_REVIEW,
        review_hash=digest,
        submitted_at=now,
    )
    replace_items(revision=revision, items=package.bom)
    if base is not None:
        revision.base = base
        revision.save(update_fields=["base"])
    return revision


def _keep_documents(release: ReleaseFile, now: dt.datetime) -> int:
    known = set(StoredFile.objects.filter(pk__in=release.documents).values_list("pk", flat=True))
    fresh = [
        StoredFile(sha256=sha, size=len(one.content), media_type=one.media_type, content=one.content,
                   stored_at=now)
        for sha, one in release.documents.items()
        if sha not in known
    ]  # fmt: skip
    StoredFile.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _keep_approvals(revision: Revision, signed: tuple[SignedApproval, ...]) -> tuple[int, tuple[str, ...]]:
    """Store the approvals whose keys are enrolled here for the same party; name the others."""
    keys = [one.public_key for one in signed]
    enrolled = {
        (row.public_key, row.party.code): row
        for row in Signatory.objects.filter(public_key__in=keys, revoked_at=None).select_related("party")
    }
    rows, strangers = [], []
    for one in signed:
        signatory = enrolled.get((one.public_key, one.party))
        if signatory is None:
            strangers.append(one.party)
            continue
        said = msgspec.json.decode(one.statement)
        rows.append(
            Approval(
                subject_kind="revision",
                subject=str(revision),
                subject_hash=revision.review_hash or "",
                party=signatory.party,
                signatory=signatory,
                decision=said["decision"],
                comment=said["comment"],
                signed_at=dt.datetime.fromisoformat(said["at"]),
                statement=one.statement,
                signature=one.signature,
            )
        )
    Approval.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows), tuple(dict.fromkeys(strangers))
