"""A revision from draft to obsolete, with everybody who has a say, and everybody who may not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from design import office
from design.office import ITEMS, NOW, PLAN, item, refused
from karkhana.design import operations as design
from karkhana.design.approvals import operations as approvals
from karkhana.design.approvals.queries import approval_board, given_for
from karkhana.design.approvals.rules import statement
from karkhana.design.models import Approval
from karkhana.design.queries import (
    compiled,
    content_of,
    find_revision,
    released_package,
    revision_subject,
    stored_plan,
)
from karkhana.design.release import encode_package, package_hash
from karkhana.partners import signing
from karkhana.partners.operations import enroll_signatory, ensure_party, revoke_signatory

pytestmark = pytest.mark.django_db
BOARD: dict[str, Any] = {"product_code": "BOARD", "revision_code": "A"}


def return_to_draft() -> None:
    design.return_to_draft(**BOARD)


def release() -> Any:
    return design.release_reviewed(**BOARD, now=NOW)


@pytest.fixture
def joint() -> None:
    """A board that two partners develop together, in review."""
    office.product(agreement=office.alliance())
    office.submitted()


def test_both_partners_sign_and_it_is_released_as_it_was_reviewed(joint: None) -> None:
    reviewed = find_revision("BOARD", "A").review_hash
    with refused("approval.missing") as said:
        release()
    assert said["parties"] == "MAKER, PARTNER"
    assert office.approve("asha").missing == {"PARTNER"}
    with refused("approval.missing"):
        release()
    assert office.approve("li", comment="seen").complete
    found = release()
    assert (found.state, found.package_hash) == ("released", reviewed)
    assert found.package is not None
    assert package_hash(found.package.encode()) == reviewed
    board = approval_board(revision_subject(found, NOW.date()), office.person("li"))
    assert [(row.party, row.valid, row.comment) for row in board.rows] == [
        ("MAKER", True, ""), ("PARTNER", True, "seen"),
    ]  # fmt: skip
    assert board.mine is None
    for row in board.rows:  # anybody with the public key can check it
        assert signing.verify(row.public_key, row.signature, row.statement.encode())


def test_nothing_of_a_revision_in_review_can_be_edited_until_it_is_taken_back(joint: None) -> None:
    for attempt in (
        lambda: design.save_line(**BOARD, item=ITEMS[0]),
        lambda: design.drop_line(**BOARD, number=1),
        lambda: design.save_plan(**BOARD, plan=PLAN),
        lambda: design.submit_revision(**BOARD, user=None, now=NOW),
        lambda: design.release_revision(
            **BOARD, package=compiled(find_revision("BOARD", "A"))[0], released_at=NOW
        ),
    ):
        with refused("revision.in_review"):
            attempt()
    return_to_draft()
    design.save_line(**BOARD, item=item(3, "RES", "R1"))
    with refused("revision.not_in_review"):
        return_to_draft()


def test_approvals_of_what_was_changed_do_not_count(joint: None) -> None:
    office.approve("asha")
    office.approve("li")
    return_to_draft()
    design.save_line(**BOARD, item=item(3, "RES", "R1"))
    stale = content_of(find_revision("BOARD", "A"))[1]
    design.save_line(**BOARD, item=item(4, "RES-2", "R2"))
    design.submit_revision(**BOARD, user=office.person("ravi"), now=NOW)
    with refused("approval.missing") as said:
        release()
    assert said["parties"] == "MAKER, PARTNER"
    with refused("approval.stale"):
        office.approve("asha", stated_hash=stale)


def test_what_one_partner_rejects_is_not_released_until_it_changes(joint: None) -> None:
    office.approve("asha")
    assert office.approve("li", decision="rejected", comment="C1 is too small").rejected == {"PARTNER"}
    with refused("approval.rejected"):
        release()
    with refused("approval.twice"):
        office.approve("li")
    return_to_draft()
    design.save_line(**BOARD, item=item(3, "RES", "R1"))
    design.submit_revision(**BOARD, user=office.person("ravi"), now=NOW)
    office.approve("asha")
    office.approve("li")
    assert release().state == "released"


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("nobody", {}, "approval.no_signatory"),
        ("asha", {"stated_hash": "0" * 64}, "approval.stale"),
        ("asha", {"stated_hash": ""}, "approval.stale"),
        ("asha", {"passphrase": "wrong"}, "approval.passphrase"),
        ("asha", {"passphrase": ""}, "approval.passphrase"),
        ("asha", {"passphrase": "\x00"}, "approval.passphrase"),
        ("asha", {"decision": "maybe"}, "approval.decision"),
        ("asha", {"comment": "x" * 2001}, "approval.comment"),
        ("asha", {"comment": "\x00"}, "approval.comment"),
    ],
)
def test_an_approval_that_does_not_count_is_not_recorded(
    joint: None, name: str, changes: dict[str, str], code: str
) -> None:
    with refused(code):
        office.approve(name, **changes)
    assert not Approval.objects.exists()


def test_nobody_approves_what_they_submitted_unless_the_agreement_lets_them() -> None:
    office.product(agreement=office.alliance())
    office.submitted(by="asha")
    with refused("approval.own_request"):
        office.approve("asha")
    office.alliance(own_allowed=True)
    office.approve("asha")
    with refused("approval.twice"):
        office.approve("asha")


def test_a_revoked_key_signs_no_more_but_what_it_signed_stays(joint: None) -> None:
    office.approve("asha")
    for name, party in (("asha", "MAKER"), ("li", "PARTNER")):
        revoke_signatory(public_key=office.signer(party, name).public_key, now=NOW)
    with refused("approval.no_signatory"):
        office.approve("li")
    office.signer("PARTNER", "li")
    office.approve("li")
    assert release().state == "released"


def test_a_party_outside_the_agreement_has_no_say(joint: None) -> None:
    ensure_party(code="STRANGER", name="Stranger", kind="supplier")
    key = office.signer("STRANGER", "eve")
    with refused("approval.no_signatory"):
        office.approve("eve")
    subject = revision_subject(find_revision("BOARD", "A"), NOW.date())
    with refused("approval.party"):
        approvals.approve_signed(
            subject=subject, public_key=key.public_key, stated_hash=subject.content_hash,
            signature="00" * 64, signed_at=NOW, now=NOW,
        )  # fmt: skip


def test_an_agreement_that_has_ended_asks_for_nobody_and_one_that_has_not_begun_neither() -> None:
    office.product(agreement=office.alliance(ends_on=NOW.date()))
    office.submitted()
    assert release().state == "released"
    office.alliance(ends_on=NOW.date() + dt.timedelta(days=1))
    office.submitted(revision="B")
    with refused("approval.missing"):
        design.release_reviewed(product_code="BOARD", revision_code="B", now=NOW)


def test_a_brand_that_owns_the_design_approves_too() -> None:
    office.product(agreement=office.alliance(), owner="brand")
    ensure_party(code="ACME-PARTY", name="Acme", kind="brand", brand="ACME")
    office.signer("ACME-PARTY", "bo")
    office.submitted()
    office.approve("asha")
    assert office.approve("li").missing == {"ACME-PARTY"}
    assert office.approve("bo").complete
    # The brand says so for its own design without any agreement, too.
    office.product("OTHER", owner="brand")
    office.submitted("OTHER")
    with refused("approval.missing"):
        design.release_reviewed(product_code="OTHER", revision_code="A", now=NOW)


def outside_key(joint: None = None) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    enroll_signatory(party="PARTNER", name="Mei", now=NOW, public_key=signing.public_of(key))
    return key


def signed_elsewhere(key: Ed25519PrivateKey, **changes: Any) -> Any:
    subject = revision_subject(find_revision("BOARD", "A"), NOW.date())
    at = changes.get("signed_at", NOW)
    public = signing.public_of(key)
    text = statement(
        subject, party="PARTNER", signatory=public, decision="approved", comment="", at=at
    )  # fmt: skip
    return approvals.approve_signed(
        subject=subject,
        **{"public_key": public, "stated_hash": subject.content_hash, "signature": key.sign(text).hex(),
           "signed_at": at, "now": NOW} | changes,
    )  # fmt: skip


def test_a_key_that_is_kept_elsewhere_signs_there(joint: None) -> None:
    key = outside_key()
    assert signed_elsewhere(key).missing == {"MAKER"}
    with refused("approval.twice"):
        signed_elsewhere(key)
    office.approve("asha")
    assert release().state == "released"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signature": "00" * 64}, "approval.signature"),
        ({"signature": "zz"}, "approval.signature"),
        ({"signature": ""}, "approval.signature"),
        ({"comment": "not what was signed"}, "approval.signature"),
        ({"decision": "rejected"}, "approval.signature"),
        ({"public_key": "00" * 32}, "approval.no_signatory"),
        ({"stated_hash": "0" * 64}, "approval.stale"),
        ({"signed_at": NOW + dt.timedelta(hours=1)}, "approval.time"),
        ({"signed_at": dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5)))}, "approval.time"),
    ],
)
def test_what_was_signed_elsewhere_is_checked(joint: None, changes: dict[str, Any], code: str) -> None:
    with refused(code):
        if changes.get("signed_at", NOW).year == 1:
            subject = revision_subject(find_revision("BOARD", "A"), NOW.date())
            public = signing.public_of(outside_key())
            approvals.approve_signed(
                subject=subject, public_key=public, stated_hash=subject.content_hash, signature="00" * 64,
                signed_at=changes["signed_at"], now=NOW,
            )  # fmt: skip
        signed_elsewhere(outside_key(), **changes)


def test_a_signature_with_blanks_in_it_is_refused(joint: None) -> None:
    key = outside_key()
    subject = revision_subject(find_revision("BOARD", "A"), NOW.date())
    text = statement(
        subject, party="PARTNER", signatory=signing.public_of(key), decision="approved", comment="", at=NOW
    )
    with refused("approval.signature"):
        signed_elsewhere(key, signature=" ".join(f"{byte:02x}" for byte in key.sign(text)))


def test_a_key_kept_elsewhere_cannot_sign_here(joint: None) -> None:
    enroll_signatory(
        party="PARTNER", name="Mei", now=NOW, user=office.person("mei"),
        public_key=signing.public_of(Ed25519PrivateKey.generate()),
    )  # fmt: skip
    with refused("approval.key_elsewhere"):
        office.approve("mei")


def test_a_row_that_nobody_signed_counts_for_nothing(joint: None) -> None:
    subject = revision_subject(find_revision("BOARD", "A"), NOW.date())
    for name, party in (("asha", "MAKER"), ("li", "PARTNER")):
        signatory = office.signer(party, name)
        text = statement(
            subject, party=party, signatory=signatory.public_key, decision="approved", comment="", at=NOW
        )
        Approval.objects.create(
            subject_kind="revision", subject=subject.name, subject_hash=subject.content_hash,
            party=signatory.party, signatory=signatory, decision="approved", signed_at=NOW,
            statement=text.decode(), signature="00" * 64,
        )  # fmt: skip
    assert given_for("revision", subject.name) == []
    with refused("approval.missing"):
        release()
    board = approval_board(subject, office.person("asha"))
    assert [row.valid for row in board.rows] == [False, False]


def test_a_statement_that_says_something_else_than_its_row_does_not_hold(joint: None) -> None:
    office.approve("asha", decision="rejected")
    row = Approval.objects.get()
    row.pk, row.decision, row.subject_hash = None, "approved", "1" * 64
    row.save(force_insert=True)
    (given,) = given_for("revision", "BOARD:A")
    assert given.decision == "rejected"


def test_no_release_past_the_parties(joint: None) -> None:
    return_to_draft()
    package = compiled(find_revision("BOARD", "A"))[0]
    with refused("release.needs_approval") as said:
        design.release_revision(**BOARD, package=package, released_at=NOW)
    assert said["parties"] == "MAKER, PARTNER"


def test_a_released_revision_cannot_be_edited_and_ends_only_forward() -> None:
    office.product()
    office.released()
    for attempt in (
        lambda: design.save_line(**BOARD, item=ITEMS[0]),
        lambda: design.drop_line(**BOARD, number=1),
        lambda: design.save_plan(**BOARD, plan=PLAN),
        lambda: design.submit_revision(**BOARD, user=None, now=NOW),
    ):
        with refused("release.immutable"):
            attempt()
    with refused("revision.not_in_review"):
        return_to_draft()
    for state in ("superseded", "superseded", "obsolete"):
        assert design.end_revision(**BOARD, state=state, now=NOW).state == state
    for state in ("released", "superseded", "draft", "in_review", "nonsense"):
        with refused("revision.state"):
            design.end_revision(**BOARD, state=state, now=NOW)


def test_a_draft_has_no_end() -> None:
    office.product()
    office.draft()
    with refused("revision.state"):
        design.end_revision(**BOARD, state="obsolete", now=NOW)
    with refused("revision.unknown"):
        design.end_revision(product_code="BOARD", revision_code="Z", state="obsolete", now=NOW)


def test_a_draft_with_problems_is_not_submitted_and_all_of_them_are_told() -> None:
    office.product()
    office.draft(plan=msgspec.structs.replace(PLAN, steps=(*PLAN.steps, PLAN.steps[0])))
    with refused("release.invalid") as said:
        design.submit_revision(**BOARD, user=None, now=NOW)
    assert said["problems"][0] == "route.step 10: 2 steps have the number 10."


def test_a_new_revision_starts_as_a_copy_or_as_what_was_released() -> None:
    office.product()
    office.released()
    copy = design.create_revision(product_code="BOARD", revision_code="B", now=NOW, copy_of=("BOARD", "A"))
    assert stored_plan(copy) == PLAN
    assert compiled(copy)[0].bom == released_package(product_code="BOARD", revision_code="A").bom  # type: ignore[union-attr]
    # A draft that was released with another package than its plan says: the package counts.
    office.draft(revision="C")
    other = msgspec.structs.replace(compiled(find_revision("BOARD", "C"))[0], repair_limit=9)
    design.release_revision(product_code="BOARD", revision_code="C", package=other, released_at=NOW)
    again = design.create_revision(product_code="BOARD", revision_code="D", now=NOW, copy_of=("BOARD", "C"))
    assert compiled(again)[0] == msgspec.structs.replace(other, revision="D")


def test_two_editors_do_not_overwrite_each_other() -> None:
    office.product()
    version = office.draft().plan_version
    mine = msgspec.structs.replace(PLAN, repair_limit=7)
    assert design.save_plan(**BOARD, plan=mine, version=version).plan_version == version + 1
    with refused("plan.changed"):
        design.save_plan(**BOARD, plan=PLAN, version=version)
    assert stored_plan(find_revision("BOARD", "A")) == mine


def test_a_plan_that_cannot_be_stored_is_refused() -> None:
    office.product()
    office.draft()
    for change in ({"serial_prefix": "\ud800"}, {"repair_limit": 10**5000}):
        with refused("plan.value"):
            design.save_plan(**BOARD, plan=msgspec.structs.replace(PLAN, **change))


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        (lambda: design.create_revision(product_code="NONE", revision_code="A", now=NOW), "product.unknown"),
        (lambda: design.create_revision(product_code="BOARD", revision_code="A", now=NOW), "revision.exists"),
        (lambda: design.create_revision(product_code="BOARD", revision_code=" ", now=NOW), "revision.code"),
        (
            lambda: design.create_revision(
                product_code="BOARD", revision_code="B", now=NOW, copy_of=("BOARD", "Z")
            ),
            "revision.unknown",
        ),
        (
            lambda: design.ensure_product(code="X", name="\x00", brand="ACME", segment="iot"),
            "product.name",
        ),
        (
            lambda: design.ensure_product(code="X", name="X", brand="ACME", segment="x" * 30),
            "product.segment",
        ),
        (lambda: design.ensure_product(code="X", name="X", brand="NONE", segment="iot"), "brand.unknown"),
        (
            lambda: design.ensure_product(code="BOARD", name="X", brand="UNASSIGNED", segment="iot"),
            "product.other_brand",
        ),
        (
            lambda: design.set_agreement(code="BOARD", agreement="NONE", design_owner="maker"),
            "agreement.unknown",
        ),
        (lambda: design.set_agreement(code="NONE", agreement=None, design_owner="maker"), "product.unknown"),
        (
            lambda: design.set_agreement(code="BOARD", agreement=None, design_owner="me"),
            "product.design_owner",
        ),
        (lambda: find_revision("BOARD", "Z"), "revision.unknown"),
    ],
)  # fmt: skip
def test_what_is_not_there_or_not_allowed_is_refused_by_name(attempt: Any, code: str) -> None:
    office.product()
    office.draft()
    with refused(code):
        attempt()


def test_the_hash_is_of_everything_in_it() -> None:
    office.product()
    found = office.released()
    package = released_package(**BOARD)
    assert package is not None
    assert found.package == encode_package(package).decode()
    for change in (
        {"repair_limit": 4}, {"markets": ("IN",)}, {"bom": package.bom[:1]}, {"brand": "OTHER"},
        {"steps": package.steps[:2]}, {"base": ("BOARD", "0")},
    ):  # fmt: skip
        other = msgspec.structs.replace(package, **change)
        assert package_hash(encode_package(other)) != found.package_hash
