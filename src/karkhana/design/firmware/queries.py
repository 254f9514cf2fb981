"""Reads of firmware images: what is registered, who signed it, what the release and the gate need of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from karkhana.design.approvals.queries import ApprovalBoard, approval_board, required_for
from karkhana.design.approvals.rules import Subject
from karkhana.design.firmware.rules import ImageSpec, Registered, check_release
from karkhana.design.models import Approval, FirmwareImage, Product
from karkhana.design.models.firmware import DRAFT
from karkhana.design.release import ReleasePackage
from karkhana.kernel.refusals import Refused, refuse


def find_image(product: str, target: str, version: str) -> FirmwareImage:
    """Return a registered image with its product.

    Raises:
        Refused: ``firmware.image_unknown``.
    """
    found = _images().filter(product__code=product, target=target, version=version).first()
    if found is None:
        raise image_unknown(f"{product[:40]} {target[:40]}={version[:80]}")
    return found


def image_by_id(number: int) -> FirmwareImage:
    """Return a registered image by its number.

    Raises:
        Refused: ``firmware.image_unknown``.
    """
    found = _images().filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise image_unknown(f"number {number}"[:60])
    return found


def image_unknown(name: str) -> Refused:
    """Return the refusal of an image that nobody registered."""
    return refuse(
        "firmware.image_unknown",
        "There is no firmware image {image}.",
        "Check product, target and version, or upload the image first.",
        image=name,
    )


def _images() -> QuerySet[FirmwareImage]:
    return FirmwareImage.objects.select_related(
        "product__brand", "product__agreement", "requested_by", "released_by", "withdrawn_by"
    )


def spec_of(image: FirmwareImage) -> ImageSpec:
    """Return what was registered of an image."""
    return ImageSpec(
        product=image.product.code,
        target=image.target,
        version=image.version,
        sha256=image.sha256,
        size=image.size,
        location=image.location,
        notes=image.notes,
        markets=tuple(image.markets),
        revisions=tuple(image.revisions),
    )


def image_subject(image: FirmwareImage, day: dt.date) -> Subject:
    """Return what is to be approved of an image: its content as registered."""
    required, own_allowed = required_for(image.product, "firmware", day)
    if image.state != DRAFT:
        required = frozenset(image.required)
    login: Any = image.requested_by
    return Subject(
        kind="firmware",
        name=str(image),
        content_hash=image.content_hash,
        required=required,
        requested_by=login.get_username() if login else None,
        own_allowed=own_allowed,
    )


@dataclass(frozen=True, slots=True)
class ImageView:
    """An image as it is listed; ``approved_by`` and ``missing`` are parties, ``unsigned`` an own release."""

    number: int
    product: str
    target: str
    version: str
    sha256: str
    size: int
    state: str
    markets: tuple[str, ...]
    revisions: tuple[str, ...]
    stored: bool
    location: str
    notes: str
    content_hash: str
    created_at: dt.datetime
    requested_by: str | None
    approved_at: dt.datetime | None
    released_by: str | None
    unsigned: bool
    withdrawn_at: dt.datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str
    approved_by: tuple[str, ...]
    rejected_by: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def name(self) -> str:
        """What people and holds call it."""
        return f"{self.product} {self.target}={self.version}"


def images(products: Iterable[Product], day: dt.date) -> tuple[ImageView, ...]:
    """Return the images of products, by product and target, the latest first."""
    rows = list(_images().filter(product__in=list(products)).order_by("product__code", "target", "-pk"))
    return _views(rows, day)


def view_of(image: FirmwareImage, day: dt.date) -> ImageView:
    """Return one image as it is shown."""
    return _views([image], day)[0]


def board_of(image: FirmwareImage, user: Any, day: dt.date) -> ApprovalBoard:
    """Return the approvals of an image and whether this visitor may add one."""
    board = approval_board(image_subject(image, day), user)
    if image.state == DRAFT:
        return board
    return ApprovalBoard(board.subject, board.standing, board.rows, None)


def _views(rows: list[FirmwareImage], day: dt.date) -> tuple[ImageView, ...]:
    given: dict[str, dict[str, set[str]]] = {}
    hashes = [row.content_hash for row in rows]
    for digest, party, decision in Approval.objects.filter(
        subject_kind="firmware", subject_hash__in=hashes
    ).values_list("subject_hash", "party__code", "decision"):
        given.setdefault(digest, {}).setdefault(decision, set()).add(party)
    required: dict[int, frozenset[str]] = {}
    found = []
    for row in rows:
        if row.state == DRAFT:
            if row.product_id not in required:
                required[row.product_id] = required_for(row.product, "firmware", day)[0]
            needed = required[row.product_id]
        else:
            needed = frozenset(row.required)
        said = given.get(row.content_hash, {})
        rejected = said.get("rejected", set())
        approved = said.get("approved", set()) - rejected
        found.append(_view(row, needed, approved, rejected))
    return tuple(found)


def _view(row: FirmwareImage, needed: frozenset[str], approved: set[str], rejected: set[str]) -> ImageView:
    return ImageView(
        number=row.pk,
        product=row.product.code,
        target=row.target,
        version=row.version,
        sha256=row.sha256,
        size=row.size,
        state=row.state,
        markets=tuple(row.markets),
        revisions=tuple(row.revisions),
        stored=row.file_id is not None,
        location=row.location,
        notes=row.notes,
        content_hash=row.content_hash,
        created_at=row.created_at,
        requested_by=_login(row.requested_by),
        approved_at=row.approved_at,
        released_by=_login(row.released_by),
        unsigned=row.state != DRAFT and not row.required,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=_login(row.withdrawn_by),
        withdrawn_reason=row.withdrawn_reason,
        approved_by=tuple(sorted(approved)),
        rejected_by=tuple(sorted(rejected)),
        missing=tuple(sorted(needed - approved - rejected)),
    )


def _login(user: Any) -> str | None:
    return user.get_username() if user else None


REGISTERED = """
    SELECT p.code, i.target, i.version, i.sha256, i.state,
           i.required <@ coalesce((SELECT array_agg(y.code::varchar) FROM design_approval s
                                   JOIN partners_party y ON y.id = s.party_id
                                   WHERE s.subject_kind = 'firmware' AND s.subject_hash = i.content_hash
                                     AND s.decision = 'approved'), '{}'),
           i.markets, i.revisions
    FROM design_firmwareimage i JOIN design_product p ON p.id = i.product_id
"""
"""Every image as ``Registered`` needs it, after product, target and version; the gate reads by it too."""


def registered_of(product: Product) -> dict[tuple[str, str], Registered]:
    """Return a product's registered images by (target, version)."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"{REGISTERED} WHERE p.id = %s", [product.pk])
        return {
            (row[1], row[2]): Registered(row[3], row[4], row[5], tuple(row[6]), tuple(row[7]))
            for row in cursor.fetchall()
        }


def require_firmware(product: Product, revision: str, package: ReleasePackage, day: dt.date) -> None:
    """Refuse to release firmware that is not registered, approved, and for this revision and its markets.

    Where an agreement names somebody who approves firmware, every image must be registered. Elsewhere a
    target may do without as long as no image is registered for it.

    Raises:
        Refused: ``firmware.not_registered``, ``firmware.not_approved``, ``firmware.withdrawn``,
            ``firmware.wrong_market``, ``firmware.wrong_revision``, ``firmware.hash_mismatch``.
    """
    if not package.firmware:
        return
    required, _ = required_for(product, "firmware", day)
    refusal = check_release(
        package.firmware,
        registered_of(product),
        product=product.code,
        revision=revision,
        markets=package.markets,
        all_needed=bool(required),
    )
    if refusal:
        raise Refused(refusal)
