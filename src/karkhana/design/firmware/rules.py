"""What a firmware image is, when it may go into a release, and when into a unit. Pure.

An image is one sequence of bytes (its SHA-256) that a product runs on a target under a version. What is
approved is its content: all of it, hashed as canonical JSON, ``{"firmware":"karkhana.firmware.v1",
"product":…,"target":…,"version":…,"sha256":…,"size":…,"location":…,"notes":…,"markets":[…],"revisions":[…]}``,
keys in this order, no white space, UTF-8, both lists sorted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from karkhana.design.release import FirmwareRule
from karkhana.kernel.refusals import Refusal

IMAGE = "karkhana.firmware.v1"
MAX_BYTES = 64 * 1024 * 1024
"""An image that is stored here; larger ones are registered by their SHA-256."""
NOTES_MAX, LOCATION_MAX, NAME_MAX = 20_000, 500, 120
APPROVED, WITHDRAWN = "approved", "withdrawn"
EVERYWHERE = "every country"

_USE = "Use the image that is approved and released for it."
SENTENCES: dict[str, tuple[str, str]] = {
    "firmware.not_approved": (
        "{place}: firmware {target} {version} of {product} is not approved.",
        "Have every party approve this image first; until then use an approved one.",
    ),
    "firmware.withdrawn": (
        "{place}: firmware {target} {version} of {product} was withdrawn.",
        "Use the version that replaces it.",
    ),
    "firmware.wrong_market": (
        "{place}: firmware {target} {version} of {product} is not for {market}.",
        _USE,
    ),
    "firmware.wrong_revision": (
        "{place}: firmware {target} {version} of {product} is not for revision {revision}.",
        _USE,
    ),
}
"""Refusals that the release and the gate both say, with the same fields."""


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """An image as it is to be registered.

    Args:
        sha256: lower-case hexadecimal; empty where it is to be taken from the bytes.
        size: bytes; 0 where it is to be taken from the bytes.
        location: where the bytes are when they are not stored here: an address or a path.
        markets, revisions: empty means any.
    """

    product: str
    target: str
    version: str
    sha256: str = ""
    size: int = 0
    location: str = ""
    notes: str = ""
    markets: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people and holds call it: ``OST-P7 main=1.4.2``."""
        return f"{self.product} {self.target}={self.version}"


@dataclass(frozen=True, slots=True)
class Registered:
    """An image that is registered, as far as a release or the gate cares.

    ``signed`` says whether every party that had to approve it has signed exactly this content.
    """

    sha256: str
    state: str
    signed: bool
    markets: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()


def content_hash(spec: ImageSpec) -> str:
    """Return the hash that partners sign: SHA-256 of the canonical JSON, lower-case hexadecimal."""
    said = {
        "firmware": IMAGE,
        "product": spec.product,
        "target": spec.target,
        "version": spec.version,
        "sha256": spec.sha256,
        "size": spec.size,
        "location": spec.location,
        "notes": spec.notes,
        "markets": sorted(spec.markets),
        "revisions": sorted(spec.revisions),
    }
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def check_spec(spec: ImageSpec, place: str = "") -> Refusal | None:
    """Refuse an image whose fields cannot be what they say.

    Args:
        place: what to name before the field, such as a manifest's line.
    """
    for field, problem in _problems(spec):
        return _said(
            "firmware.field",
            "{place}{field}: {problem}.",
            "Correct the field and send it again.",
            place=f"{place}, " if place else "",
            field=field,
            problem=problem,
        )
    return None


def _problems(spec: ImageSpec) -> Iterable[tuple[str, str]]:
    for field, text, limit in (("target", spec.target, 40), ("version", spec.version, 80)):
        if not 0 < len(text) <= limit or text != text.strip() or not text.isprintable():
            yield field, f"{text[:60]!r} is not 1 to {limit} printable characters without blanks around them"
    if "=" in spec.target:
        yield "target", "it must not contain an equals sign"
    if len(spec.name) > NAME_MAX:
        yield "version", f"product, target and version have more than {NAME_MAX} characters together"
    if not re.fullmatch(r"[0-9a-f]{64}", spec.sha256):
        yield "sha256", f"{spec.sha256[:70]!r} is no SHA-256 in lower-case hexadecimal"
    if not 0 < spec.size < 2**60:
        yield "size", f"{str(spec.size)[:30]} is no number of bytes"
    yield from _text_problems(spec)


def _text_problems(spec: ImageSpec) -> Iterable[tuple[str, str]]:
    if len(spec.notes) > NOTES_MAX or "\x00" in spec.notes or not _is_utf8(spec.notes):
        yield "notes", f"they are longer than {NOTES_MAX} characters or hold what cannot be stored"
    if len(spec.location) > LOCATION_MAX or (spec.location and not spec.location.isprintable()):
        yield "location", f"it is longer than {LOCATION_MAX} characters or cannot be printed"
    for market in spec.markets:
        if not re.fullmatch(r"[A-Z]{2}", market):
            yield "markets", f"{market[:20]!r} is no country code (ISO 3166-1 alpha-2)"
    for revision in spec.revisions:
        if not 0 < len(revision) <= 20 or not revision.isprintable():
            yield "revisions", f"{revision[:30]!r} is no revision code"


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def check_bytes(spec: ImageSpec, sha256: str, size: int, *, place: str, file: str) -> Refusal | None:
    """Refuse bytes that are not those that were announced.

    Args:
        sha256, size: of the bytes; the spec's own may be empty or 0, which announces nothing.
    """
    if spec.sha256 and spec.sha256 != sha256:
        return _said(
            "firmware.hash_mismatch",
            "{place}: {file} has the SHA-256 {found}, not {expected}.",
            "Get the file again from where it was built, or correct what announces it.",
            place=place,
            file=file,
            found=sha256,
            expected=spec.sha256,
        )
    if spec.size and spec.size != size:
        return _said(
            "firmware.size_mismatch",
            "{place}: {file} has {found} bytes, not {expected}.",
            "Get the file again from where it was built, or correct what announces it.",
            place=place,
            file=file,
            found=size,
            expected=spec.size,
        )
    return None


def check_use(
    image: Registered, *, place: str, product: str, target: str, version: str, revision: str,
    markets: Iterable[str],
) -> Refusal | None:  # fmt: skip
    """Refuse an image that may not go into units of a revision for these markets.

    Args:
        markets: countries that it is to be used for; ``EVERYWHERE`` stands for all.
    """
    here = {"place": place, "product": product, "target": target, "version": version}
    if image.state == WITHDRAWN:
        return said("firmware.withdrawn", **here)
    if image.state != APPROVED or not image.signed:
        return said("firmware.not_approved", **here)
    if image.revisions and revision not in image.revisions:
        return said("firmware.wrong_revision", revision=revision, **here)
    for market in markets:
        if image.markets and market not in image.markets:
            return said("firmware.wrong_market", market=market, **here)
    return None


def check_release(
    wanted: Iterable[FirmwareRule],
    images: Mapping[tuple[str, str], Registered],
    *,
    product: str,
    revision: str,
    markets: tuple[str, ...],
    all_needed: bool,
) -> Refusal | None:
    """Refuse a release that names firmware which is not registered, approved, or for it.

    Args:
        images: the product's registered images by (target, version).
        markets: of the revision, empty for all.
        all_needed: whether every target needs registered images; otherwise those that have none yet pass.
    """
    known_targets = {target for target, _ in images}
    for rule in wanted:
        if not all_needed and rule.target not in known_targets:
            continue
        place = f"{product} {revision}, firmware {rule.target}"
        here = {"place": place, "product": product, "target": rule.target, "version": rule.version}
        image = images.get((rule.target, rule.version))
        if image is None:
            return _said(
                "firmware.not_registered",
                "{place}: version {version} of {product} is not registered.",
                "Upload the image, or register it by its SHA-256, and have it approved.",
                **here,
            )
        if image.sha256 != rule.sha256:
            return _said(
                "firmware.hash_mismatch",
                "{place}: the plan's {file} has the SHA-256 {found}, but {expected} is registered.",
                "Take the SHA-256 of the registered image into the plan.",
                **here,
                file=f"version {rule.version}",
                found=rule.sha256,
                expected=image.sha256,
            )
        refusal = check_use(
            image, place=place, product=product, target=rule.target, version=rule.version,
            revision=revision, markets=rule.markets or markets or (EVERYWHERE,),
        )  # fmt: skip
        if refusal:
            return refusal
    return None


def said(code: str, **fields: str) -> Refusal:
    """Build a refusal of ``SENTENCES``."""
    message, next_step = SENTENCES[code]
    return _said(code, message, next_step, **fields)


def _said(code: str, message: str, next_step: str, **fields: str | int) -> Refusal:
    return Refusal(code, message.format(**fields), next_step.format(**fields), dict(fields))
