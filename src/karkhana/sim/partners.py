"""The reference enterprise's partners: parties, agreements, and the people who sign (``partners.toml``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from karkhana.kernel.refusals import refuse
from karkhana.partners.kinds import AGREEMENT_KINDS, PARTY_KINDS, SUBJECTS
from karkhana.partners.roles import ALL_ROLES


class PartySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A party; ``brand`` is the code of the brand that it is."""

    code: str
    name: str
    kind: str
    brand: str | None = None


class AgreementSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agreement: who approves what, and the products that are developed under it."""

    code: str
    title: str
    kind: str
    starts_on: dt.date
    approves: dict[str, tuple[str, ...]]
    design_owner: str = "maker"
    products: tuple[str, ...] = ()
    ends_on: dt.date | None = None


class PersonSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who signs for a party, with the role of the log-in."""

    login: str
    name: str
    party: str
    role: str


class Partners(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    party: tuple[PartySpec, ...] = ()
    agreement: tuple[AgreementSpec, ...] = ()
    person: tuple[PersonSpec, ...] = ()


def check_partners(partners: Partners, *, brands: Sequence[str], products: Sequence[str]) -> None:
    """Refuse a file that names what is not there.

    Raises:
        Refused: ``scenario.reference`` naming the entry and the field.
    """
    codes = {party.code for party in partners.party}
    for party in partners.party:
        _known(f"party {party.code}", "kind", [party.kind], PARTY_KINDS)
        _known(f"party {party.code}", "brand", [party.brand] if party.brand else [], brands)
    for agreement in partners.agreement:
        entry = f"agreement {agreement.code}"
        _known(entry, "kind", [agreement.kind], AGREEMENT_KINDS)
        _known(entry, "products", agreement.products, products)
        _known(entry, "approves", agreement.approves, codes)
        for subjects in agreement.approves.values():
            _known(entry, "approves", subjects, SUBJECTS)
    for person in partners.person:
        _known(f"person {person.login}", "party", [person.party], codes)
        _known(f"person {person.login}", "role", [person.role], ALL_ROLES)


def _known(entry: str, field: str, names: Any, known: Any) -> None:
    for name in names:
        if name not in known:
            raise refuse(
                "scenario.reference",
                "partners.toml, {entry}: {field} names {name}, which is not there.",
                "Correct the name, or add what it names.",
                entry=entry,
                field=field,
                name=name,
            )


def install_partners(partners: Partners) -> None:
    """Write parties and agreements, and put the products under them; again changes nothing.

    Products come under their agreement once their revisions are released: what was in production before
    needs nobody's approval now, what comes after does.
    """
    from karkhana.design.operations import set_agreement
    from karkhana.partners.operations import ensure_agreement, ensure_party

    for party in partners.party:
        ensure_party(code=party.code, name=party.name, kind=party.kind, brand=party.brand)
    for agreement in partners.agreement:
        ensure_agreement(
            code=agreement.code,
            title=agreement.title,
            kind=agreement.kind,
            starts_on=agreement.starts_on,
            ends_on=agreement.ends_on,
            parties=agreement.approves,
        )
        for product in agreement.products:
            set_agreement(code=product, agreement=agreement.code, design_owner=agreement.design_owner)


def install_people(partners: Partners, *, now: dt.datetime) -> list[tuple[str, str, str]]:
    """Make the log-ins of the people who sign, each with a fresh password that is the signing passphrase too.

    A key cannot be opened without its passphrase, so somebody who has one already gets a new one.

    Returns:
        (login, password, what the person is) to print.
    """
    from django.contrib.auth import get_user_model

    from karkhana.partners.models import Signatory
    from karkhana.partners.operations import enroll_signatory, revoke_signatory
    from karkhana.site.roles import ensure_roles, fresh_password

    groups = ensure_roles()
    made = []
    for person in partners.person:
        password = fresh_password()
        user, _ = get_user_model().objects.get_or_create(username=person.login)
        user.first_name, _, user.last_name = person.name.partition(" ")
        user.set_password(password)
        user.is_active = True
        user.save()
        user.groups.set([groups[person.role]])
        for key in Signatory.objects.filter(user=user, revoked_at=None):
            revoke_signatory(public_key=key.public_key, now=now)
        enroll_signatory(party=person.party, name=person.name, user=user, now=now, passphrase=password)
        made.append((person.login, password, f"{person.role}, signs for {person.party}"))
    return made
