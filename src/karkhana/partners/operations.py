"""Writes of the partners room: brands, parties, agreements and those who sign for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from karkhana.kernel.refusals import refuse
from karkhana.partners import signing
from karkhana.partners.kinds import AGREEMENT_KINDS, PARTY_KINDS, SUBJECTS
from karkhana.partners.models import (
    Agreement,
    AgreementParty,
    Brand,
    Party,
    PartyMember,
    Signatory,
)


def ensure_brand(*, code: str, name: str) -> Brand:
    """Make sure that a brand is known under this name; doing it again changes nothing."""
    brand, _ = Brand.objects.get_or_create(code=code, defaults={"name": name})
    if brand.name != name:
        brand.name = name
        brand.save(update_fields=["name"])
    return brand


@transaction.atomic
def ensure_party(*, code: str, name: str, kind: str, brand: str | None = None) -> Party:
    """Make sure that a party is known; doing it again corrects its name.

    Args:
        kind: one of ``PARTY_KINDS``.
        brand: code of the brand that the party is, for the kind ``brand`` alone.

    Raises:
        Refused: ``party.code``, ``party.kind``, ``party.other_kind``, ``brand.unknown``.
    """
    _check_code("party", code)
    if kind not in PARTY_KINDS or (brand is not None and kind != "brand"):
        raise refuse(
            "party.kind",
            "{kind} is no kind of party that {party} can be.",
            "Choose one of {kinds}; only a brand's own party names a brand.",
            kind=kind,
            party=code,
            kinds=", ".join(PARTY_KINDS),
        )
    owner = _brand(brand) if brand is not None else None
    wanted = {"name": name.strip()[:120] or code, "kind": kind, "brand": owner}
    party, made = Party.objects.select_for_update().get_or_create(code=code, defaults=wanted)
    if not made and (party.kind, party.brand_id) != (kind, owner.pk if owner else None):
        raise refuse(
            "party.other_kind",
            "{party} is known as {kind} already.",
            "Use another code for the new party.",
            party=code,
            kind=party.kind,
        )
    if party.name != wanted["name"]:
        party.name = str(wanted["name"])
        party.save(update_fields=["name"])
    return party


@transaction.atomic
def ensure_agreement(
    *,
    code: str,
    title: str,
    kind: str,
    starts_on: dt.date,
    ends_on: dt.date | None,
    parties: Mapping[str, Sequence[str]],
    own_allowed: bool = False,
) -> Agreement:
    """Make sure that an agreement is known with these parties; doing it again corrects it.

    Args:
        parties: party code to what it must approve (``SUBJECTS``), empty for nothing.

    Raises:
        Refused: ``agreement.code``, ``agreement.kind``, ``agreement.period``, ``agreement.parties``,
            ``agreement.approves``, ``party.unknown``.
    """
    _check_code("agreement", code)
    _check_terms(code, kind, starts_on, ends_on, parties)
    known = {party.code: party for party in Party.objects.filter(code__in=parties)}
    for name in parties:
        if name not in known:
            raise refuse(
                "party.unknown", "There is no party {party}.", "Add the party first.", party=name[:80]
            )
    wanted: dict[str, Any] = {
        "title": title.strip()[:200] or code,
        "kind": kind,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "own_allowed": own_allowed,
    }
    agreement, made = Agreement.objects.select_for_update().get_or_create(code=code, defaults=wanted)
    if not made and any(getattr(agreement, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(agreement, name, value)
        agreement.save()
    agreement.parties.exclude(party__code__in=parties).delete()
    for name, approves in parties.items():
        AgreementParty.objects.update_or_create(
            agreement=agreement, party=known[name], defaults={"approves": sorted(set(approves))}
        )
    return agreement


def _check_terms(
    code: str,
    kind: str,
    starts_on: dt.date,
    ends_on: dt.date | None,
    parties: Mapping[str, Sequence[str]],
) -> None:
    if kind not in AGREEMENT_KINDS:
        raise refuse(
            "agreement.kind",
            "{kind} is no kind of agreement.",
            "Choose one of {kinds}.",
            kind=kind,
            kinds=", ".join(AGREEMENT_KINDS),
        )
    if ends_on is not None and ends_on <= starts_on:
        raise refuse(
            "agreement.period",
            "{agreement} ends on {end}, which is not after its start.",
            "Correct the dates.",
            agreement=code,
            end=ends_on.isoformat(),
        )
    if len(parties) < 2:
        raise refuse(
            "agreement.parties",
            "{agreement} names {count} parties; an agreement has at least two.",
            "Name both sides.",
            agreement=code,
            count=len(parties),
        )
    for party, approves in parties.items():
        unknown = sorted(set(approves) - set(SUBJECTS))
        if unknown:
            raise refuse(
                "agreement.approves",
                "{party} cannot approve {subject}.",
                "Choose from {subjects}.",
                party=party[:80],
                subject=unknown[0][:80],
                subjects=", ".join(SUBJECTS),
            )


@transaction.atomic
def add_member(*, party: str, user: Any) -> PartyMember:
    """Say that a person works for a party and sees what its agreements cover; again changes nothing.

    Raises:
        Refused: ``party.unknown``.
    """
    owner = Party.objects.filter(code=party).first()
    if owner is None:
        raise refuse("party.unknown", "There is no party {party}.", "Add the party first.", party=party[:80])
    return PartyMember.objects.get_or_create(party=owner, user=user)[0]


@transaction.atomic
def enroll_signatory(
    *,
    party: str,
    name: str,
    now: dt.datetime,
    user: Any = None,
    passphrase: str | None = None,
    public_key: str | None = None,
) -> Signatory:
    """Let a person sign for a party.

    Args:
        user: the person's log-in, None for somebody who has none.
        passphrase: opens the key that is made and kept here, encrypted; the person types it to sign.
        public_key: instead of a passphrase, the raw public key (64 hexadecimal digits) of a key that the
            person keeps elsewhere.

    Raises:
        Refused: ``party.unknown``, ``signatory.key``, ``signatory.key_known``, ``signatory.exists``.
    """
    owner = Party.objects.select_for_update().filter(code=party).first()
    if owner is None:
        raise refuse("party.unknown", "There is no party {party}.", "Add the party first.", party=party[:80])
    if user is not None and Signatory.objects.filter(party=owner, user=user, revoked_at=None).exists():
        raise refuse(
            "signatory.exists",
            "{name} signs for {party} already.",
            "Revoke the old key before a new one is made.",
            name=str(user),
            party=party,
        )
    if user is not None:
        PartyMember.objects.get_or_create(party=owner, user=user)
    public, sealed = _key(passphrase, public_key)
    if Signatory.objects.filter(public_key=public).exists():
        raise refuse(
            "signatory.key_known",
            "This public key is somebody's already.",
            "Make a new key; a key belongs to one person.",
        )
    return Signatory.objects.create(
        party=owner,
        user=user,
        name=name.strip()[:120] or str(user),
        public_key=public,
        sealed_key=sealed,
        enrolled_at=now,
    )


def _key(passphrase: str | None, public_key: str | None) -> tuple[str, str | None]:
    if public_key is not None:
        text = public_key.strip().lower()
        if not signing.is_public_key(text):
            raise refuse(
                "signatory.key",
                "This is no Ed25519 public key.",
                "Give the raw key as 64 hexadecimal digits.",
            )
        return text, None
    if passphrase is None or not signing.PASSPHRASE_MIN <= len(passphrase) <= 200:
        raise refuse(
            "signatory.key",
            "A signing passphrase has {minimum} to 200 characters.",
            "Choose a longer one, or give a public key instead.",
            minimum=signing.PASSPHRASE_MIN,
        )
    return signing.new_key(passphrase)


@transaction.atomic
def revoke_signatory(*, public_key: str, now: dt.datetime) -> Signatory:
    """End a person's right to sign; what was signed before stays valid.

    Raises:
        Refused: ``signatory.unknown``.
    """
    found = Signatory.objects.select_for_update().filter(public_key=public_key, revoked_at=None).first()
    if found is None:
        raise refuse(
            "signatory.unknown",
            "Nobody signs with this key.",
            "Check the key; it may be revoked already.",
        )
    found.revoked_at = now
    found.save(update_fields=["revoked_at"])
    return found


def _brand(code: str) -> Brand:
    found = Brand.objects.filter(code=code).first()
    if found is None:
        raise refuse(
            "brand.unknown", "There is no brand {brand}.", "Use the code of a known brand.", brand=code[:80]
        )
    return found


def _check_code(what: str, code: str) -> None:
    if 0 < len(code) <= 40 and code == code.strip() and code.isprintable():
        return
    raise refuse(
        f"{what}.code",
        "{value} is no {what} code.",
        "Use 1 to 40 printable characters without blanks around them.",
        value=repr(code[:60]),
        what=what,
    )
