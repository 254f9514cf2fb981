"""Pages of partners: agreements and parties, and a person's own signing key."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.partners import operations, queries
from karkhana.partners.kinds import AGREEMENT_KINDS, PARTY_KINDS, SUBJECTS
from karkhana.partners.models import Brand, Party
from karkhana.partners.roles import ADMIN, has_role


@never_cache
@require_safe
def partners(request: HttpRequest) -> HttpResponse:
    """Show who we have agreements with, and what each party approves."""
    return _partners(request, None)


def _partners(request: HttpRequest, refusal: Refusal | None) -> HttpResponse:
    admin = has_role(request.user, (ADMIN,))
    context = {
        "agreements": queries.agreement_rows(request.user),
        "parties": queries.party_rows(request.user),
        "admin": admin,
        "kinds": AGREEMENT_KINDS,
        "party_kinds": PARTY_KINDS,
        "subjects": SUBJECTS,
        "brands": tuple(Brand.objects.order_by("code").values_list("code", flat=True)) if admin else (),
        "all_parties": tuple(Party.objects.order_by("code").values_list("code", flat=True)) if admin else (),
        "refusal": refusal.as_dict() if refusal else None,
        "said": request.POST,
    }
    return render(request, "partners/partners.html", context, status=422 if refusal else 200)


@never_cache
@require_POST
def add_party(request: HttpRequest) -> HttpResponse:
    """Add a party."""
    said = request.POST
    try:
        operations.ensure_party(
            code=_plain(said.get("code")),
            name=_plain(said.get("name")),
            kind=_plain(said.get("kind")),
            brand=_plain(said.get("brand")) or None,
        )
    except Refused as refused:
        return _partners(request, refused.refusal)
    return redirect("partners")


@never_cache
@require_POST
def add_member(request: HttpRequest) -> HttpResponse:
    """Say that somebody with a log-in works for a party."""
    login = _plain(request.POST.get("login"))
    try:
        user = get_user_model().objects.filter(username=login, is_active=True).first()
        if user is None:
            raise refuse(
                "user.unknown", "There is no active account {user}.", "Check the name.", user=login[:80]
            )
        operations.add_member(party=_plain(request.POST.get("party")), user=user)
    except Refused as refused:
        return _partners(request, refused.refusal)
    return redirect("partners")


@never_cache
@require_POST
def add_agreement(request: HttpRequest) -> HttpResponse:
    """Add an agreement, or correct one of the same code."""
    said = request.POST
    parties = {
        party: [what for what in SUBJECTS if said.get(f"approves-{party}-{what}")]
        for party in said.getlist("party")
    }
    try:
        operations.ensure_agreement(
            code=_plain(said.get("code")),
            title=_plain(said.get("title")),
            kind=_plain(said.get("kind")),
            starts_on=_date(said.get("starts_on"), "starts_on"),
            ends_on=_date(said["ends_on"], "ends_on") if said.get("ends_on") else None,
            parties=parties,
            own_allowed=bool(said.get("own_allowed")),
        )
    except Refused as refused:
        return _partners(request, refused.refusal)
    return redirect("partners")


def _date(text: str | None, field: str) -> dt.date:
    try:
        found = dt.date.fromisoformat(text or "")
    except ValueError:
        found = dt.date.min
    if not 1950 <= found.year <= 2150:
        raise refuse(
            "agreement.date",
            "{field} is no date: {text}.",
            "Write it as 2026-04-01.",
            field=field,
            text=(text or "")[:40],
        )
    return found


def _plain(text: str | None) -> str:
    return "".join(letter for letter in text or "" if letter.isprintable()).strip()[:300]


@never_cache
@require_safe
def my_key(request: HttpRequest) -> HttpResponse:
    """Show the keys with which this person signs, and let them make one."""
    return _my_key(request, None)


def _my_key(request: HttpRequest, refusal: Refusal | None) -> HttpResponse:
    context = {
        "keys": queries.my_keys(request.user),
        "refusal": refusal.as_dict() if refusal else None,
    }
    return render(request, "partners/my_key.html", context, status=422 if refusal else 200)


@never_cache
@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    """Make this person's key for a party, or take in the public half of one kept elsewhere."""
    party = _plain(request.POST.get("party"))
    public = request.POST.get("public_key", "").strip()
    passphrase = request.POST.get("passphrase", "")
    try:
        if all(party != known for known, _ in queries.my_keys(request.user)):
            raise refuse(
                "signatory.not_member",
                "You do not work for {party}.",
                "Ask an admin to add you to the party.",
                party=party[:80],
            )
        if not public and passphrase != request.POST.get("again", ""):
            raise refuse(
                "signatory.passphrase_differs",
                "The two passphrases are not the same.",
                "Type the same passphrase twice.",
            )
        operations.enroll_signatory(
            party=party,
            name=request.user.get_username(),
            user=request.user,
            now=timezone.now(),
            passphrase=None if public else passphrase,
            public_key=public or None,
        )
    except Refused as refused:
        return _my_key(request, refused.refusal)
    messages.info(request, gettext("From now on you sign for %(party)s.") % {"party": party})
    return redirect("my-key")


@never_cache
@require_POST
def revoke_key(request: HttpRequest) -> HttpResponse:
    """Revoke one of this person's own keys."""
    public = request.POST.get("public_key", "")
    try:
        if all(key is None or key.public_key != public for _, key in queries.my_keys(request.user)):
            raise refuse(
                "signatory.unknown",
                "This key is not yours.",
                "Revoke your own keys here; an admin revokes others on the command line.",
            )
        operations.revoke_signatory(public_key=public, now=timezone.now())
    except Refused as refused:
        return _my_key(request, refused.refusal)
    return redirect("my-key")
