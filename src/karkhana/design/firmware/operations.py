"""Writes of firmware images: register, approve, release, withdraw, discard."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from karkhana.design.approvals import operations as approvals
from karkhana.design.approvals.rules import APPROVED as YES
from karkhana.design.approvals.rules import Standing
from karkhana.design.firmware.manifest import ManifestRow
from karkhana.design.firmware.queries import image_subject, image_unknown, spec_of
from karkhana.design.firmware.rules import (
    MAX_BYTES,
    ImageSpec,
    check_bytes,
    check_spec,
    content_hash,
)
from karkhana.design.models import FirmwareImage, Product, Revision, StoredFile
from karkhana.design.models.firmware import APPROVED, DRAFT, WITHDRAWN
from karkhana.kernel.refusals import Refusal, Refused, refuse

REASON_MAX = 500


@transaction.atomic
def register_image(
    *,
    spec: ImageSpec,
    user: Any,
    now: dt.datetime,
    data: bytes | None = None,
    file_name: str = "the file",
    place: str = "upload",
) -> FirmwareImage:
    """Register an image as a draft; the very same one again changes nothing.

    Args:
        data: the bytes, to be stored; None where they are kept elsewhere and the spec says their SHA-256.
        file_name, place: for refusals.

    Raises:
        Refused: ``product.unknown``, ``firmware.too_large``, ``firmware.hash_mismatch``,
            ``firmware.size_mismatch``, ``firmware.field``, ``firmware.version_taken``, ``revision.unknown``.
    """
    product = Product.objects.select_for_update().filter(code=spec.product).first()
    if product is None:
        raise refuse(
            "product.unknown", "There is no product {product}.", "Check the code.", product=spec.product[:80]
        )
    if data is not None:
        spec = _measured(spec, data, file_name=file_name, place=place)
    _raise(check_spec(spec, "" if place == "upload" else place))
    _check_revisions(product, spec)
    digest = content_hash(spec)
    known = FirmwareImage.objects.filter(product=product, target=spec.target, version=spec.version).first()
    if known is not None:
        if known.content_hash == digest:
            return known
        raise _taken(known, spec)
    return FirmwareImage.objects.create(
        product=product, target=spec.target, version=spec.version, sha256=spec.sha256, size=spec.size,
        file=_store(spec, data, now) if data is not None else None, location=spec.location,
        notes=spec.notes, markets=sorted(spec.markets), revisions=sorted(spec.revisions),
        content_hash=digest, requested_by=user, created_at=now,
    )  # fmt: skip


def _measured(spec: ImageSpec, data: bytes, *, file_name: str, place: str) -> ImageSpec:
    if not data or len(data) > MAX_BYTES:
        raise refuse(
            "firmware.too_large",
            "{file} has {size} bytes; 1 to {limit} are stored here.",
            "Keep a larger image elsewhere and register it by its SHA-256 and address.",
            file=file_name[:200],
            size=len(data),
            limit=MAX_BYTES,
        )
    found = hashlib.sha256(data).hexdigest()
    _raise(check_bytes(spec, found, len(data), place=place, file=file_name[:200]))
    return replace(spec, sha256=found, size=len(data))


def _store(spec: ImageSpec, data: bytes, now: dt.datetime) -> StoredFile:
    return StoredFile.objects.get_or_create(
        sha256=spec.sha256, defaults={"size": spec.size, "content": data, "stored_at": now}
    )[0]


def _check_revisions(product: Product, spec: ImageSpec) -> None:
    known = set(
        Revision.objects.filter(product=product, code__in=spec.revisions).values_list("code", flat=True)
    )
    for code in spec.revisions:
        if code not in known:
            raise refuse(
                "revision.unknown",
                "There is no revision {revision} of {product}.",
                "Check the product and the revision.",
                product=product.code,
                revision=code,
            )


def _taken(known: FirmwareImage, spec: ImageSpec) -> Refused:
    same = known.sha256 == spec.sha256
    return refuse(
        "firmware.version_taken",
        "{image} is registered already ({state}) with {problem}.",
        "Give other bytes another version; a draft may be discarded and registered again.",
        image=spec.name,
        state=known.state,
        problem="other notes, place, markets or revisions" if same else f"other bytes, {known.sha256}",
        sha256=known.sha256,
    )


def _raise(refusal: Refusal | None) -> None:
    if refusal:
        raise Refused(refusal)


@transaction.atomic
def import_manifest(
    *,
    product: str,
    rows: tuple[ManifestRow, ...],
    files: Mapping[str, bytes],
    user: Any,
    now: dt.datetime,
) -> tuple[FirmwareImage, ...]:
    """Register every image of a manifest, or none of them.

    Args:
        rows: from ``design.firmware.manifest.read_manifest``.
        files: content by file name; a row whose file is an address needs none.

    Raises:
        Refused: ``firmware.file_missing``, ``firmware.file_unused``, and as ``register_image``.
    """
    unused = sorted(set(files) - {row.file for row in rows})
    if unused:
        raise refuse(
            "firmware.file_unused",
            "{file} came with the manifest, but no line names it.",
            "Add a line for it, or leave it out.",
            file=unused[0][:200],
        )
    made = []
    for row in rows:
        if not row.referenced and row.file not in files:
            raise refuse(
                "firmware.file_missing",
                "{place}: {file} did not come with the manifest.",
                "Send the file too, or give an address where it is kept.",
                place=row.place,
                file=row.file[:200],
            )
        spec = ImageSpec(
            product=product, target=row.target, version=row.version, sha256=row.sha256, size=row.size,
            location=row.file if row.referenced else "", notes=row.notes, markets=row.markets,
            revisions=row.revisions,
        )  # fmt: skip
        made.append(
            register_image(
                spec=spec, user=user, now=now, data=files.get(row.file), file_name=row.file, place=row.place
            )
        )
    return tuple(made)


def locked(product: str, target: str, version: str) -> FirmwareImage:
    """Lock an image; the caller is in a transaction.

    Raises:
        Refused: ``firmware.image_unknown``.
    """
    found = (
        FirmwareImage.objects.select_for_update(of=("self",))
        .select_related("product__brand", "product__agreement", "requested_by")
        .filter(product__code=product, target=target, version=version)
        .first()
    )
    if found is None:
        raise image_unknown(f"{product[:40]} {target[:40]}={version[:80]}")
    return found


def _in_state(image: FirmwareImage, state: str) -> None:
    if image.state != state:
        raise refuse(
            "firmware.state",
            "{image} is {state}, not {wanted}.",
            "A draft is approved, an approved image is withdrawn; never back.",
            image=str(image),
            state=image.state,
            wanted=state,
        )


@transaction.atomic
def approve_image(
    *,
    product: str,
    target: str,
    version: str,
    user: Any,
    stated_hash: str,
    passphrase: str,
    now: dt.datetime,
    decision: str = YES,
    comment: str = "",
) -> Standing:
    """Sign an image for the party that a log-in signs for; with the last yes that is needed it is approved.

    Args:
        stated_hash: content hash of what the person saw.

    Raises:
        Refused: ``firmware.image_unknown``, ``firmware.state``, ``approval.*``.
    """
    image = locked(product, target, version)
    _in_state(image, DRAFT)
    subject = image_subject(image, now.date())
    standing = approvals.approve(
        subject=subject, user=user, stated_hash=stated_hash, passphrase=passphrase, now=now,
        decision=decision, comment=comment,
    )  # fmt: skip
    if standing.complete:
        _approve(image, subject.required, now, None)
    return standing


@transaction.atomic
def approve_image_signed(
    *,
    product: str,
    target: str,
    version: str,
    public_key: str,
    stated_hash: str,
    signature: str,
    signed_at: dt.datetime,
    now: dt.datetime,
    decision: str = YES,
    comment: str = "",
) -> Standing:
    """Record the approval of somebody who keeps the signing key elsewhere.

    Raises:
        Refused: ``firmware.image_unknown``, ``firmware.state``, ``approval.*``.
    """
    image = locked(product, target, version)
    _in_state(image, DRAFT)
    subject = image_subject(image, now.date())
    standing = approvals.approve_signed(
        subject=subject, public_key=public_key, stated_hash=stated_hash, signature=signature,
        signed_at=signed_at, now=now, decision=decision, comment=comment,
    )  # fmt: skip
    if standing.complete:
        _approve(image, subject.required, now, None)
    return standing


@transaction.atomic
def release_image(*, product: str, target: str, version: str, user: Any, now: dt.datetime) -> FirmwareImage:
    """Approve an image that nobody outside has a say in, without a signature; it is shown as such.

    Raises:
        Refused: ``firmware.image_unknown``, ``firmware.state``, ``firmware.needs_approval``.
    """
    image = locked(product, target, version)
    _in_state(image, DRAFT)
    required = image_subject(image, now.date()).required
    if required:
        raise refuse(
            "firmware.needs_approval",
            "{image} is approved only with the signature of {parties}.",
            "Have their signatories approve it.",
            image=str(image),
            parties=", ".join(sorted(required)),
        )
    _approve(image, required, now, user)
    return image


def _approve(image: FirmwareImage, required: frozenset[str], now: dt.datetime, user: Any) -> None:
    image.state, image.approved_at = APPROVED, now
    image.required, image.released_by = sorted(required), user
    image.save(update_fields=["state", "approved_at", "required", "released_by"])


@transaction.atomic
def withdraw_image(
    *, product: str, target: str, version: str, reason: str, user: Any, now: dt.datetime
) -> FirmwareImage:
    """Withdraw an approved image for ever. The floor's ``withdraw_firmware`` also holds what carries it.

    Raises:
        Refused: ``firmware.image_unknown``, ``firmware.state``, ``firmware.reason``.
    """
    image = locked(product, target, version)
    _in_state(image, APPROVED)
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_MAX or "\x00" in reason:
        raise refuse(
            "firmware.reason",
            "A withdrawal needs a reason of 1 to {limit} characters.",
            "Say why, so that whoever holds a unit in hand knows.",
            limit=REASON_MAX,
        )
    image.state, image.withdrawn_at = WITHDRAWN, now
    image.withdrawn_by, image.withdrawn_reason = user, reason
    image.save(update_fields=["state", "withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    return image


@transaction.atomic
def discard_image(*, product: str, target: str, version: str) -> ImageSpec:
    """Remove a draft, so that its version can be registered again.

    Raises:
        Refused: ``firmware.image_unknown``, ``firmware.state``.
    """
    image = locked(product, target, version)
    _in_state(image, DRAFT)
    spec = spec_of(image)
    image.delete()
    return spec
