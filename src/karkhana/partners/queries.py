"""Reads of the partners room: agreements, parties and who signs for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from karkhana.partners.models import Agreement, Party, PartyMember, Signatory
from karkhana.partners.roles import is_staff


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs for a party; ``custody`` says where the key is: here or elsewhere."""

    name: str
    login: str | None
    public_key: str
    custody: str
    enrolled_at: dt.datetime
    revoked_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party with its people."""

    code: str
    name: str
    kind: str
    brand: str | None
    members: tuple[str, ...]
    signatories: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """An agreement; ``parties`` are (party, what it must approve)."""

    code: str
    title: str
    kind: str
    starts_on: dt.date
    ends_on: dt.date | None
    own_allowed: bool
    parties: tuple[tuple[str, tuple[str, ...]], ...]


def parties_of(user: Any) -> frozenset[int]:
    """Return the keys of the parties that a person works for."""
    return frozenset(PartyMember.objects.filter(user=user).values_list("party", flat=True))


def agreement_rows(user: Any) -> tuple[AgreementRow, ...]:
    """Return the agreements that a log-in may see: staff every one, others those that they are party to."""
    found = Agreement.objects.order_by("code").prefetch_related("parties__party")
    if not is_staff(user):
        found = found.filter(
            pk__in=Agreement.objects.filter(parties__party__in=parties_of(user)).values("pk")
        )
    return tuple(
        AgreementRow(
            code=row.code,
            title=row.title,
            kind=row.kind,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            own_allowed=row.own_allowed,
            parties=tuple(sorted((side.party.code, tuple(side.approves)) for side in row.parties.all())),
        )
        for row in found
    )


def party_rows(user: Any) -> tuple[PartyRow, ...]:
    """Return the parties that a log-in may see: staff every one, others their own."""
    found = Party.objects.order_by("code").select_related("brand")
    if not is_staff(user):
        found = found.filter(pk__in=parties_of(user))
    found = found.prefetch_related("members__user", "signatories__user")
    return tuple(
        PartyRow(
            code=row.code,
            name=row.name,
            kind=row.kind,
            brand=row.brand.code if row.brand else None,
            members=tuple(sorted(member.user.get_username() for member in row.members.all())),
            signatories=tuple(_person(one) for one in row.signatories.all()),
        )
        for row in found
    )


def _person(row: Signatory) -> Person:
    return Person(
        name=row.name,
        login=row.user.get_username() if row.user else None,
        public_key=row.public_key,
        custody="here" if row.sealed_key else "elsewhere",
        enrolled_at=row.enrolled_at,
        revoked_at=row.revoked_at,
    )


def my_keys(user: Any) -> tuple[tuple[str, Person | None], ...]:
    """Return, for each party that a person works for, the key that the person signs with now."""
    keys = {
        row.party_id: _person(row)
        for row in Signatory.objects.filter(user=user, revoked_at=None).select_related("user")
    }
    members = PartyMember.objects.filter(user=user).select_related("party").order_by("party__code")
    return tuple((member.party.code, keys.get(member.party_id)) for member in members)
