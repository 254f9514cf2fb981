"""The life of a revision: draft, in review, released, superseded, obsolete."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from django.db import transaction

from karkhana.design.approvals import operations as approvals
from karkhana.design.approvals.queries import required_for
from karkhana.design.approvals.rules import Standing, Subject
from karkhana.design.bill import Key, explode
from karkhana.design.firmware.queries import require_firmware
from karkhana.design.models import Approval, Product, Revision
from karkhana.design.models.product import DRAFT, IN_REVIEW, OBSOLETE, RELEASED, SUPERSEDED
from karkhana.design.operations.codes import check_code
from karkhana.design.plan import Plan, encode_plan
from karkhana.design.queries import bill_of, compiled, revision_subject, stored_items
from karkhana.design.release import (
    ReleasePackage,
    check_package,
    decode_package,
    encode_package,
    package_hash,
)
from karkhana.design.storable import check_plan
from karkhana.kernel.refusals import Refused, refuse

_ENDS = {RELEASED: (SUPERSEDED, OBSOLETE), SUPERSEDED: (OBSOLETE,)}


def draft_for_update(product_code: str, revision_code: str) -> Revision:
    """Lock a revision that may be edited.

    Raises:
        Refused: ``revision.unknown``, ``release.immutable``, ``revision.in_review``.
    """
    revision = _locked(product_code, revision_code)
    if revision.package is not None:
        raise refuse(
            "release.immutable",
            "{product} {revision} is released; nothing of it can change.",
            "Make the change in a new revision.",
            product=product_code,
            revision=revision_code,
        )
    if revision.state == IN_REVIEW:
        raise refuse(
            "revision.in_review",
            "{product} {revision} is in review; it cannot change meanwhile.",
            "Take it back to draft first; approvals that were given do not count any more then.",
            product=product_code,
            revision=revision_code,
        )
    return revision


def _locked(product_code: str, revision_code: str) -> Revision:
    found = (
        Revision.objects.select_for_update(of=("self",))
        .select_related("product__brand", "product__agreement", "base__product", "submitted_by")
        .filter(product__code=product_code, code=revision_code)
        .first()
    )
    if found is None:
        raise refuse(
            "revision.unknown",
            "There is no revision {revision} of {product}.",
            "Check the product and the revision.",
            product=product_code[:80],
            revision=revision_code[:40],
        )
    return found


@transaction.atomic
def create_revision(
    *,
    product_code: str,
    revision_code: str,
    now: dt.datetime,
    plan: Plan | None = None,
    copy_of: tuple[str, str] | None = None,
    base: tuple[str, str] | None = None,
) -> Revision:
    """Begin a draft.

    Args:
        plan: what it starts with, such as a family's (``design.families.family_plan``).
        copy_of: (product, revision) whose plan and bill it starts with.
        base: (product, revision) that it is a variant of: its bill is the base's until lines are changed.

    Raises:
        Refused: ``product.unknown``, ``revision.code``, ``revision.exists``, ``revision.unknown``.
    """
    check_code("revision", revision_code, 20)
    # Locked, so that of two who begin the same revision at once one is refused.
    product = Product.objects.select_for_update(no_key=True).filter(code=product_code).first()
    if product is None:
        raise refuse(
            "product.unknown", "There is no product {product}.", "Check the code.", product=product_code[:80]
        )
    if Revision.objects.filter(product=product, code=revision_code).exists():
        raise refuse(
            "revision.exists",
            "{product} has a revision {revision} already.",
            "Give the new revision another code.",
            product=product_code,
            revision=revision_code,
        )
    of = base or copy_of
    source = _locked(*of) if of else None
    if source is not None and plan is None:
        plan = plan_of_any(source)
    revision = Revision.objects.create(
        product=product,
        code=revision_code,
        created_at=now,
        plan=encode_plan(plan) if plan else None,
        base=source if base else None,
    )
    if source is not None and not base:
        from karkhana.design.operations.bills import replace_items

        replace_items(revision=revision, items=stored_items(source))
    return revision


def plan_of_any(revision: Revision) -> Plan | None:
    """Return a revision's plan; of one that was released without, the plan that its package amounts to."""
    from karkhana.design.decompiling import plan_of_package
    from karkhana.design.queries import stored_plan

    if revision.package is not None:
        package = decode_package(revision.package)
        # A package that was released as it is need not be what the draft's plan said.
        if revision.plan is None or compiled(revision)[0] != package:
            return plan_of_package(package)
    return stored_plan(revision) if revision.plan else None


@transaction.atomic
def save_plan(*, product_code: str, revision_code: str, plan: Plan, version: int | None = None) -> Revision:
    """Store a draft's plan. What is wrong with it is said when it is submitted, not here.

    Args:
        version: the ``plan_version`` that the editor started from; None overwrites whatever is there.

    Raises:
        Refused: ``release.immutable``, ``revision.*``, ``plan.changed`` when somebody else saved meanwhile,
            ``plan.value`` naming what cannot be stored.
    """
    check_plan(plan)
    revision = draft_for_update(product_code, revision_code)
    if version is not None and version != revision.plan_version:
        raise refuse(
            "plan.changed",
            "Somebody else changed {product} {revision} meanwhile.",
            "Look at the draft again and make your change there.",
            product=product_code,
            revision=revision_code,
        )
    revision.plan = encode_plan(plan)
    revision.plan_version += 1
    revision.save(update_fields=["plan", "plan_version"])
    return revision


@transaction.atomic
def submit_revision(*, product_code: str, revision_code: str, user: Any, now: dt.datetime) -> Revision:
    """Put a draft into review: what is approved is its content as of now.

    Raises:
        Refused: ``release.invalid`` naming the first problem and its place, ``bom.circular``,
            ``bom.assembly_not_released``, ``release.immutable``, ``revision.*``, ``firmware.*``.
    """
    revision = draft_for_update(product_code, revision_code)
    package, _, problems = compiled(revision)
    if problems:
        raise _invalid(product_code, revision_code, [f"{p.place}: {p.text}" for p in problems])
    check_assemblies((product_code, revision_code), package)
    require_firmware(revision.product, revision_code, package, now.date())
    revision.state = IN_REVIEW
    revision.review_hash = package_hash(encode_package(package))
    revision.submitted_by, revision.submitted_at = user, now
    revision.save(update_fields=["state", "review_hash", "submitted_by", "submitted_at"])
    return revision


def check_assemblies(top: Key, package: ReleasePackage) -> None:
    """Refuse a bill that contains itself, or an assembly that is not released."""
    nodes = explode(top, lambda key: package.bom if key == top else bill_of(key))
    needed = {node.item.assembly: node.item.number for node in nodes if node.item.fitted}
    for assembly, line in needed.items():
        if assembly is None:
            continue
        product, code = assembly
        if not Revision.objects.filter(
            product__code=product, code=code, state__in=[RELEASED, SUPERSEDED]
        ).exists():
            raise refuse(
                "bom.assembly_not_released",
                "Line {line} needs {assembly}, which is not released.",
                "Release the assembly first.",
                line=line,
                assembly=f"{product} {code}",
            )


def _invalid(product: str, revision: str, problems: list[str]) -> Refused:
    return refuse(
        "release.invalid",
        "{product} {revision} cannot be released: {problem}",
        "Correct the draft; {count} problem(s) in all.",
        product=product,
        revision=revision,
        problem=problems[0],
        count=len(problems),
        problems=problems[:100],
    )


@transaction.atomic
def return_to_draft(*, product_code: str, revision_code: str) -> Revision:
    """Take a revision out of review so that it can be edited again.

    Raises:
        Refused: ``revision.not_in_review``.
    """
    revision = _in_review(product_code, revision_code)
    revision.state, revision.review_hash = DRAFT, None
    revision.submitted_by, revision.submitted_at = None, None
    revision.save(update_fields=["state", "review_hash", "submitted_by", "submitted_at"])
    return revision


def _in_review(product_code: str, revision_code: str) -> Revision:
    revision = _locked(product_code, revision_code)
    if revision.state != IN_REVIEW:
        raise refuse(
            "revision.not_in_review",
            "{product} {revision} is not in review.",
            "Submit it for review first.",
            product=product_code,
            revision=revision_code,
        )
    return revision


@transaction.atomic
def approve_revision(
    *,
    product_code: str,
    revision_code: str,
    user: Any,
    stated_hash: str,
    passphrase: str,
    now: dt.datetime,
    decision: str = "approved",
    comment: str = "",
) -> Standing:
    """Sign a revision that is in review, for the party that a log-in signs for.

    Raises:
        Refused: ``revision.not_in_review``, ``revision.changed_in_review``, ``approval.*``.
    """
    revision = _in_review(product_code, revision_code)
    _as_reviewed(revision)
    return approvals.approve(
        subject=revision_subject(revision, now.date()), user=user, stated_hash=stated_hash,
        passphrase=passphrase, now=now, decision=decision, comment=comment,
    )  # fmt: skip


@transaction.atomic
def approve_revision_signed(
    *,
    product_code: str,
    revision_code: str,
    public_key: str,
    stated_hash: str,
    signature: str,
    signed_at: dt.datetime,
    now: dt.datetime,
    decision: str = "approved",
    comment: str = "",
) -> Standing:
    """Record the approval of a revision in review that was signed elsewhere.

    Raises:
        Refused: ``revision.not_in_review``, ``approval.*``.
    """
    revision = _in_review(product_code, revision_code)
    return approvals.approve_signed(
        subject=revision_subject(revision, now.date()), public_key=public_key, stated_hash=stated_hash,
        signature=signature, signed_at=signed_at, now=now, decision=decision, comment=comment,
    )  # fmt: skip


@transaction.atomic
def release_reviewed(*, product_code: str, revision_code: str, now: dt.datetime) -> Revision:
    """Release a revision that is in review and that everybody has approved.

    Raises:
        Refused: ``revision.not_in_review``, ``approval.missing``, ``approval.rejected``,
            ``revision.changed_in_review`` when what it is a variant of has changed,
            ``bom.assembly_not_released``, ``firmware.*``.
    """
    revision = _in_review(product_code, revision_code)
    package = _as_reviewed(revision)
    check_assemblies((product_code, revision_code), package)
    require_firmware(revision.product, revision_code, package, now.date())
    approvals.require_complete(revision_subject(revision, now.date()))
    _store(revision, package, now)
    return revision


def _as_reviewed(revision: Revision) -> ReleasePackage:
    """Return what a revision in review compiles to now, which must be what was put into review."""
    package, _, problems = compiled(revision)
    if problems or package_hash(encode_package(package)) != revision.review_hash:
        raise refuse(
            "revision.changed_in_review",
            "{product} {revision} is not what was put into review: its base or its product has changed.",
            "Take it back to draft and submit it again.",
            product=revision.product.code,
            revision=revision.code,
        )
    return package


@transaction.atomic
def release_changed(
    *, product_code: str, revision_code: str, change: Subject, change_content: bytes, now: dt.datetime
) -> Revision:
    """Release a revision in review by the approvals of the change order that brings it.

    The parties that must approve the revision have approved the change; their signatures cover the change's
    content hash, and the content names the revision with its content hash. So nothing is released that they
    did not sign. A signature of the one who put the revision into review does not count.

    Args:
        change: what was approved; ``change_content`` the canonical JSON behind its hash.

    Raises:
        Refused: ``revision.not_in_review``, ``revision.changed_in_review``, ``approval.missing``,
            ``approval.rejected``, ``approval.stale`` when the change is about other content.
    """
    revision = _in_review(product_code, revision_code)
    package = _as_reviewed(revision)
    check_assemblies((product_code, revision_code), package)
    approvals.require_complete(change)
    said = json.loads(change_content)
    named = (said["product"], said["to_revision"], said["to_hash"])
    if hashlib.sha256(change_content).hexdigest() != change.content_hash or named != (
        product_code,
        revision_code,
        revision.review_hash,
    ):
        raise refuse(
            "approval.stale",
            "{change} was approved for other content than that of {product} {revision}.",
            "Look at the change again, then approve what it says now.",
            change=change.name,
            product=product_code,
            revision=revision_code,
        )
    subject = revision_subject(revision, now.date())
    missing = subject.required - _signed_for(change, subject)
    if missing:
        raise refuse(
            "approval.missing",
            "revision {revision} still needs the approval of {parties}.",
            "Have another signatory of theirs approve the change.",
            revision=str(revision),
            parties=", ".join(sorted(missing)),
        )
    _store(revision, package, now)
    return revision


def _signed_for(change: Subject, revision: Subject) -> set[str]:
    """Return the parties whose approval of a change counts for the revision as well."""
    given = Approval.objects.filter(
        subject_kind=change.kind, subject=change.name, subject_hash=change.content_hash, decision="approved"
    )
    own = revision.requested_by if not revision.own_allowed else None
    return {
        row.party.code
        for row in given.select_related("party", "signatory__user")
        if own is None or row.signatory.user is None or row.signatory.user.get_username() != own
    }


@transaction.atomic
def release_revision(
    *, product_code: str, revision_code: str, package: ReleasePackage, released_at: dt.datetime
) -> Revision:
    """Release a package as it is: from now on it never changes, and the gate builds by it.

    For products that nobody else has a say in; others go through review. Releasing the same package again
    changes nothing.

    Raises:
        Refused: ``release.mismatch`` (the package is for something else), ``release.invalid``,
            ``release.product_unknown``, ``release.needs_approval``, ``release.immutable`` (released already,
            with other content), ``revision.in_review``, ``bom.circular``, ``bom.assembly_not_released``,
            ``firmware.*``.
    """
    if (package.product, package.revision) != (product_code, revision_code):
        raise refuse(
            "release.mismatch",
            "The package is for {other}, not for {product} {revision}.",
            "Release the package under its own name.",
            product=product_code,
            revision=revision_code,
            other=f"{package.product} {package.revision}",
        )
    problems = check_package(package)
    if problems:
        raise _invalid(product_code, revision_code, list(problems))
    product = Product.objects.filter(code=product_code).select_related("brand", "agreement").first()
    if product is None or product.brand.code != package.brand:
        raise refuse(
            "release.product_unknown",
            "There is no product {product} of brand {brand}.",
            "Import its bill of material first, or correct the brand.",
            product=product_code,
            brand=package.brand,
        )
    revision, _ = Revision.objects.select_for_update().get_or_create(product=product, code=revision_code)
    if revision.package is not None:
        if decode_package(revision.package) == package:
            return revision
        raise refuse(
            "release.immutable",
            "{product} {revision} is released already, with other content.",
            "Release the change under a new revision.",
            product=product_code,
            revision=revision_code,
        )
    if revision.state == IN_REVIEW:
        raise refuse(
            "revision.in_review",
            "{product} {revision} is in review; what is released then is what was reviewed.",
            "Release it from review, or take it back to draft first.",
            product=product_code,
            revision=revision_code,
        )
    check_assemblies((product_code, revision_code), package)
    required, _ = required_for(product, "revision", released_at.date())
    if required:
        raise refuse(
            "release.needs_approval",
            "{product} {revision} is released only with the approval of {parties}.",
            "Submit it for review and have them approve it.",
            product=product_code,
            revision=revision_code,
            parties=", ".join(sorted(required)),
        )
    require_firmware(product, revision_code, package, released_at.date())
    _store(revision, package, released_at)
    return revision


def _store(revision: Revision, package: ReleasePackage, now: dt.datetime) -> None:
    data = encode_package(package)
    revision.package, revision.package_hash = data.decode(), package_hash(data)
    revision.state, revision.released_at = RELEASED, now
    revision.save(update_fields=["package", "package_hash", "state", "released_at"])


@transaction.atomic
def end_revision(*, product_code: str, revision_code: str, state: str, now: dt.datetime) -> Revision:
    """Mark a released revision as superseded or obsolete; its content stays for ever.

    Raises:
        Refused: ``revision.unknown``, ``revision.state``.
    """
    revision = _locked(product_code, revision_code)
    if revision.state == state:
        return revision
    if state not in _ENDS.get(revision.state, ()):
        raise refuse(
            "revision.state",
            "{product} {revision} is {now}; it cannot become {wanted}.",
            "A released revision is superseded, then obsolete; never back.",
            product=product_code,
            revision=revision_code,
            now=revision.state.replace("_", " "),
            wanted=state[:20].replace("_", " "),
        )
    revision.state, revision.ended_at = state, now
    revision.save(update_fields=["state", "ended_at"])
    return revision
