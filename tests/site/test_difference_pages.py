"""The difference as a page, a workbook and an API: roles, links, uploads, refusals; nothing is stored."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from karkhana.design.bom import read_bom
from karkhana.design.comparing import bill_named, comparable
from karkhana.design.difference import compare, read_bill
from karkhana.design.models import Product, Revision
from karkhana.design.operations import import_bom
from karkhana.partners.models import Brand, Party, PartyMember
from karkhana.people.tokens import issue_token
from karkhana.site.roles import ensure_roles

pytestmark = pytest.mark.usefixtures("rolled_back")
HEAD = "Designator,Qty,Comment,Footprint,Manufacturer,MPN\n"
OLD = HEAD + '"R1, R2, R3",3,10k,0402,Yageo,RC10K\nC1,1,100n,0402,Murata,GRM1\nU1,1,LDO,SOT-23-5,TI,TPS\n'
NEW = OLD
for was, now in (("10k", "12k"), ("10K", "12K"), ("100n", "0.1 µF"), ("U1", "U2")):
    NEW = NEW.replace(was, now)
ADDRESS = "/design/diff/"


def stored(code: str, revision: str, text: str) -> Revision:
    return import_bom(
        report=read_bom(text.encode(), file_name=f"{code}.csv"), product_code=code, revision_code=revision
    )


def upload(text: str | bytes, name: str = "board.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def engineer() -> Client:
    user = get_user_model().objects.create_user("an-engineer", password="x")
    user.groups.set([ensure_roles()["engineer"]])
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def revisions() -> tuple[str, str]:
    stored("GADGET", "A", OLD)
    stored("GADGET", "B", NEW)
    return "GADGET:A", "GADGET:B"


@pytest.fixture
def machine() -> Callable[..., Client]:
    def with_role(role: str) -> Client:
        user = get_user_model().objects.create_user(f"machine-{role}")
        user.groups.set([ensure_roles()[role]])
        token = issue_token(username=user.get_username(), name="t", now=timezone.now())
        return Client(headers={"Authorization": f"Bearer {token}"})

    return with_role


def ask(client: Client, a: str, b: str, path: str = ADDRESS, **more: Any) -> Any:
    return client.get(f"{path}?{urlencode({'a': a, 'b': b})}", **more)


class TestStored:
    def test_a_stored_bill_does_not_differ_from_its_file(self) -> None:
        stored("GADGET", "A", OLD)
        found = compare(bill_named("GADGET:A", side="A"), read_bill(OLD.encode(), file_name="a.csv"))
        assert not found.differs
        assert found.references == (5, 5)

    def test_a_variant_is_compared_with_all_that_it_takes_from_its_base(self) -> None:
        base = stored("GADGET", "A", OLD)
        variant = Revision.objects.create(product=base.product, code="A-48V", base=base)
        line = base.lines.get(part_number="RC10K")
        line.pk, line.revision, line.part_number, line.value = None, variant, "RC12K", "12k"
        line.save()
        found = compare(comparable(base), comparable(variant))
        assert [(c.field, c.before, c.after, c.references) for c in found.changed] == [
            ("part", "RC10K", "RC12K", ("R1", "R2", "R3"))
        ]
        assert (found.added, found.removed, found.unchanged) == ((), (), 2)

    def test_another_revision_of_a_sub_assembly_is_another_part(self) -> None:
        a, b = stored("DEVICE", "A", OLD), stored("DEVICE", "B", OLD)
        for revision, sub in ((a, "C"), (b, "D")):
            revision.lines.filter(part_number="TPS").update(assembly_product="MODULE", assembly_revision=sub)
        found = compare(comparable(a), comparable(b))
        assert [(c.field, c.before, c.after) for c in found.changed] == [("part", "MODULE:C", "MODULE:D")]

    def test_codes_with_colons(self) -> None:
        stored("A:B", "C:D", OLD)
        assert bill_named("A:B:C:D", side="A").name == "A:B:C:D"


class TestPage:
    def test_the_form_alone(self, engineer: Client, revisions: tuple[str, str]) -> None:
        shown = engineer.get(ADDRESS).content.decode()
        assert '<option value="GADGET:A">' in shown
        assert "data-difference" not in shown

    def test_a_link_shows_the_difference(self, engineer: Client, revisions: tuple[str, str]) -> None:
        answer = ask(engineer, *revisions)
        shown = answer.content.decode()
        assert answer.status_code == 200
        assert all(text in shown for text in ("RC10K", "RC12K", '<span class="ref">R2</span>', "U2", "U1"))
        assert answer.context["difference"]["summary"] == {
            "added": 1, "removed": 1, "changed": 3, "information": 0, "unchanged": 1,
            "differs": True, "matters": True,
        }  # fmt: skip

    def test_files_in_place_of_revisions(self, engineer: Client, revisions: tuple[str, str]) -> None:
        answer = engineer.post(ADDRESS, {"a": "GADGET:A", "file_b": upload(NEW, "new board.csv")})
        assert answer.context["difference"]["b"] == "new board.csv"
        assert answer.context["difference"]["summary"]["changed"] == 3
        both = engineer.post(ADDRESS, {"file_a": upload(OLD), "file_b": upload(OLD)})
        assert "No difference." in both.content.decode()
        assert Revision.objects.filter(product__code="GADGET").count() == 2

    def test_htmx_gets_the_difference_alone_and_an_address_to_share(
        self, engineer: Client, revisions: tuple[str, str]
    ) -> None:
        given = {"a": revisions[0], "b": revisions[1]}
        answer = engineer.post(ADDRESS, given, headers={"HX-Request": "true"})
        assert answer["HX-Push-Url"] == f"{ADDRESS}?{urlencode(given)}"
        assert b"<html" not in answer.content
        assert b"RC12K" in answer.content
        with_file = engineer.post(
            ADDRESS, {"a": revisions[0], "file_b": upload(NEW)}, headers={"HX-Request": "true"}
        )
        assert "HX-Push-Url" not in with_file

    def test_without_a_script_revisions_lead_to_the_address_that_can_be_shared(
        self, engineer: Client, revisions: tuple[str, str]
    ) -> None:
        answer = engineer.post(ADDRESS, {"a": revisions[0], "b": revisions[1]})
        assert (answer.status_code, answer["Location"]) == (302, f"{ADDRESS}?a=GADGET%3AA&b=GADGET%3AB")

    def test_workbook(self, engineer: Client, revisions: tuple[str, str]) -> None:
        answer = ask(engineer, *revisions, path="/design/diff/xlsx/")
        assert 'filename="difference-GADGET_A-GADGET_B.xlsx"' in answer["Content-Disposition"]
        rows = list(load_workbook(io.BytesIO(answer.content))["Differences"].iter_rows(values_only=True))
        assert ("changed", "R1 R2 R3", 3, "part", "RC10K", "RC12K") in [row[:6] for row in rows]
        posted = engineer.post("/design/diff/xlsx/", {"file_a": upload(OLD), "b": "GADGET:B"})
        assert load_workbook(io.BytesIO(posted.content)).sheetnames == ["Summary", "Differences"]
        refused = ask(engineer, "GADGET:A", "GADGET:Z", path="/design/diff/xlsx/")
        assert refused.status_code == 422
        assert "revision.unknown" in refused.content.decode()

    def test_text_of_files_is_never_markup(self, engineer: Client) -> None:
        evil = HEAD + 'R1,1,"<script>alert(1)</script>",0402,"<b>x</b>","<img src=x>"\n'
        shown = engineer.post(
            ADDRESS, {"file_a": upload(OLD), "file_b": upload(evil, "<i>.csv")}
        ).content.decode()
        assert "&lt;img src=x&gt;" in shown
        assert not any(tag in shown for tag in ("<script>alert", "<b>x</b>", "<img src=x", "<i>.csv"))

    def test_many_places_are_folded_and_long_lists_cut(self) -> None:
        head = "Designator,Qty,MPN\n"
        old = head + "".join(
            f'"{", ".join(f"R{n * 30 + k}" for k in range(30))}",30,P{n}\n' for n in range(1100)
        )
        sides = [read_bill(text.encode(), file_name="x.csv") for text in (old, old.replace(",P", ",Q"))]
        answer = compare(*sides).as_dict()
        shown = render_to_string("design/parts/difference.html", {"difference": answer})
        assert shown.count("data-diff-row") == 1000
        assert shown.count('class="refs-more"') == 1000
        assert "all 30" in shown
        assert "The first 1000 are shown" in shown


@pytest.mark.parametrize(
    ("a", "b", "code", "words"),
    [
        ("", "GADGET:B", "diff.side_missing", "what A is"),
        ("GADGET:A", "", "diff.side_missing", "what B is"),
        ("GADGET", "GADGET:B", "diff.name", "A is GADGET"),
        ("GADGET:A", "NOTHING:B", "product.unknown", "B is NOTHING:B"),
        ("GADGET:X", "GADGET:B", "revision.unknown", "it has A, B"),
        ("GADGET:A\x00", "GADGET:B", "diff.name", "A is"),
        ("GADGET:A", "x:" * 90, "diff.name", "B is"),
    ],
)
def test_refusals_name_the_side(
    engineer: Client, revisions: tuple[str, str], a: str, b: str, code: str, words: str
) -> None:
    answer = ask(engineer, a, b)
    assert answer.status_code == 200
    refusal = answer.context["refusal"]
    assert refusal["code"] == code
    assert words in refusal["message"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bom.empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "bom.unreadable"),
        ((OLD + ",few,Screw,,,\n").encode(), "diff.row_unclear"),
    ],
)
def test_wrong_files_are_refused_on_page_and_api(
    engineer: Client, machine: Callable[..., Client], data: bytes, code: str
) -> None:
    page = engineer.post(ADDRESS, {"file_a": upload(data), "file_b": upload(OLD)})
    assert page.context["refusal"]["code"] == code
    answer = machine("engineer").post("/api/design/diff", {"file_a": upload(data), "file_b": upload(OLD)})
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (422, code)


def test_people_of_a_partner_compare_only_what_they_may_see(revisions: tuple[str, str]) -> None:
    brand = Brand.objects.create(code="THEIRS", name="Theirs")
    party = Party.objects.create(code="THEIRS", name="Theirs", kind="brand", brand=brand)
    stored("OWN", "A", OLD)
    Product.objects.filter(code="OWN").update(brand=brand)
    user = get_user_model().objects.create_user("of-a-partner")
    user.groups.set([ensure_roles()["partner"]])
    PartyMember.objects.create(user=user, party=party)
    client = Client()
    client.force_login(user)
    shown = ask(client, "OWN:A", "GADGET:A")
    assert shown.context["refusal"]["code"] == "product.unknown"
    assert shown.context["offered"] == ["OWN:A"]
    assert not ask(client, "OWN:A", "OWN:A").context["difference"]["summary"]["differs"]
    assert ask(client, "OWN:A", "GADGET:A", path="/api/design/diff").status_code == 404


class TestApi:
    def test_get(self, machine: Callable[..., Client], revisions: tuple[str, str]) -> None:
        found = ask(machine("engineer"), *revisions, path="/api/design/diff").json()
        assert found["references"] == {"a": 5, "b": 5}
        assert [(c["refs"], c["field"], c["from"], c["to"]) for c in found["changed"]] == [
            (["R1", "R2", "R3"], "part", "RC10K", "RC12K")
        ]

    def test_post_takes_a_file_and_a_revision(
        self, machine: Callable[..., Client], revisions: tuple[str, str]
    ) -> None:
        found = (
            machine("admin")
            .post("/api/design/diff", {"file_a": upload(OLD, "old.csv"), "b": "GADGET:A"})
            .json()
        )
        assert (found["a"], found["b"], found["summary"]["differs"]) == ("old.csv", "GADGET:A", False)

    def test_unknown_names_are_404(self, machine: Callable[..., Client], revisions: tuple[str, str]) -> None:
        client = machine("engineer")
        for b, code in (("GADGET:Z", "revision.unknown"), ("OTHER:A", "product.unknown")):
            answer = ask(client, "GADGET:A", b, path="/api/design/diff")
            assert (answer.status_code, answer.json()["refusal"]["code"]) == (404, code)

    @pytest.mark.parametrize("role", ["operator", "lead"])
    def test_a_bill_is_not_for_every_role(
        self, machine: Callable[..., Client], revisions: tuple[str, str], role: str
    ) -> None:
        client = machine(role)
        for answer in (ask(client, *revisions, path="/api/design/diff"), client.post("/api/design/diff", {})):
            assert (answer.status_code, answer.json()["refusal"]["code"]) == (403, "auth.role_missing")
