"""The typed API of partners: agreements, parties, and keys kept elsewhere."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from karkhana.kernel.refusals import refuse
from karkhana.partners import operations, queries
from karkhana.partners.answers import ERRORS

router = Router(tags=["partners"])


class PersonOut(Schema):
    """Somebody who signs for a party."""

    name: str
    login: str | None
    public_key: str
    custody: str
    enrolled_at: dt.datetime
    revoked_at: dt.datetime | None


class PartyOut(Schema):
    """A party with its people."""

    code: str
    name: str
    kind: str
    brand: str | None
    members: list[str]
    signatories: list[PersonOut]


class AgreementOut(Schema):
    """An agreement with its parties and what each approves."""

    code: str
    title: str
    kind: str
    starts_on: dt.date
    ends_on: dt.date | None
    own_allowed: bool
    parties: dict[str, list[str]]


class KeyIn(Schema):
    """The public half of an Ed25519 key that the caller keeps: 64 hexadecimal digits."""

    party: str
    public_key: str


@router.get("/parties", response={200: list[PartyOut], **ERRORS}, summary="Parties of the caller")
def get_parties(request: HttpRequest) -> object:
    """List the parties with the people who sign for them."""
    return queries.party_rows(request.user)


@router.get("/agreements", response={200: list[AgreementOut], **ERRORS}, summary="Agreements of the caller")
def get_agreements(request: HttpRequest) -> object:
    """List the agreements with what each party approves."""
    return [
        {name: getattr(row, name) for name in row.__slots__ if name != "parties"}
        | {"parties": {party: list(approves) for party, approves in row.parties}}
        for row in queries.agreement_rows(request.user)
    ]


@router.post("/keys", response={201: PersonOut, **ERRORS}, summary="Sign with a key kept elsewhere")
def post_key(request: HttpRequest, body: KeyIn) -> object:
    """Take in the public half of the caller's own key, for a party that the caller works for."""
    if all(body.party != party for party, _ in queries.my_keys(request.user)):
        raise refuse(
            "signatory.not_member",
            "You do not work for {party}.",
            "Ask an admin to add you to the party.",
            party=body.party[:80],
        )
    login = request.user.get_username()
    operations.enroll_signatory(
        party=body.party, name=login, user=request.user, now=timezone.now(), public_key=body.public_key
    )
    mine = next(key for party, key in queries.my_keys(request.user) if party == body.party)
    return Status(201, mine)
