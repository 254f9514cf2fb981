"""Pages of products and revisions: what each shows and stores, what is refused, and who may."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from design import office
from design.office import ITEMS, PLAN, item
from karkhana.design import operations as design
from karkhana.design.bill import line_digest
from karkhana.design.bom_queries import bom_page
from karkhana.design.families import FAMILIES
from karkhana.design.models import Product, Revision, StoredFile
from karkhana.design.queries import find_revision, stored_items, stored_plan
from karkhana.design.release import Source
from karkhana.partners.models import Party, PartyMember
from karkhana.partners.operations import ensure_brand
from karkhana.site.roles import ensure_roles

pytestmark = pytest.mark.django_db
BOARD = "/design/products/BOARD/"
DRAFT = f"{BOARD}A/"
HTMX = {"HX-Request": "true"}
BOM = "Designator,Qty,Manufacturer,MPN,Comment\nR1 R2,2,Yageo,RC10K,10k\nU1,1,TI,TPS,LDO\n"
TABS = ("", "bom/", "route/", "identities/", "firmware/", "labels/", "documents/", "compliance/", "history/")


def client_of(role: str | None, name: str = "") -> Client:
    user = get_user_model().objects.get_or_create(username=name or f"a-{role}")[0]
    if role:
        user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def engineer() -> Client:
    return client_of("engineer")


@pytest.fixture
def board() -> Revision:
    """A draft with two lines and three steps."""
    office.product()
    return office.draft()


def text_of(answer: Any) -> str:
    """What a page says, without its tags, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def code_of(answer: Any) -> str | None:
    """The code of the refusal that a page shows."""
    refusal = answer.context.get("refusal")
    return refusal["code"] if refusal else None


class TestList:
    def test_shows_what_is_released_and_what_is_in_work(self, engineer: Client) -> None:
        office.product()
        office.released()
        office.draft("BOARD", "B")
        office.product("OTHER", segment="meter")
        (row,) = engineer.get("/design/?q=boa").context["page"].rows
        assert (row.code, row.released.code, [r.code for r in row.open]) == ("BOARD", "A", ["B"])

    @pytest.mark.parametrize(
        ("query", "codes"),
        [
            ("", ["BOARD", "METER"]),
            ("?segment=meter", ["METER"]),
            ("?brand=ZEN", ["METER"]),
            ("?state=released", ["BOARD"]),
            ("?state=obsolete", []),
            ("?q=nothing", []),
            ("?after=BOARD", ["METER"]),
        ],
    )
    def test_is_sifted(self, engineer: Client, query: str, codes: list[str]) -> None:
        office.product()
        office.released()
        office.product("METER", brand="ZEN", segment="meter")
        assert [row.code for row in engineer.get(f"/design/{query}").context["page"].rows] == codes

    def test_people_of_a_partner_see_only_what_concerns_them(self) -> None:
        office.product(agreement=office.alliance())
        office.product("SECRET", brand="ZEN")
        office.draft("SECRET")
        partner = client_of("partner", "li")
        assert [row.code for row in partner.get("/design/").context["page"].rows] == ["BOARD"]
        for path in ("", "A/", "A/bom/", "A/route/", "A/bom/line/1/", "A/bom/exploded/"):
            assert partner.get(f"/design/products/SECRET/{path}").status_code == 404, path


class TestNewProduct:
    SAID = {"code": "P9", "name": "Phone nine", "brand": "ACME", "segment": "phone", "revision": "A"}

    @pytest.fixture(autouse=True)
    def brand(self) -> None:
        ensure_brand(code="ACME", name="Acme")

    def test_begins_with_its_familys_plan_and_its_bill(self, engineer: Client) -> None:
        file = SimpleUploadedFile("board.csv", BOM.encode())
        answer = engineer.post("/design/new/", {**self.SAID, "file": file})
        assert answer.status_code == 302
        assert answer["Location"] == "/design/products/P9/A/"
        made = find_revision("P9", "A")
        assert (made.product.name, made.product.segment, made.product.brand.code) == (
            "Phone nine",
            "phone",
            "ACME",
        )
        assert len(stored_plan(made).steps) > 15
        assert [line.part for line in stored_items(made)] == ["RC10K", "TPS"]
        assert engineer.get(answer["Location"]).status_code == 200

    @pytest.mark.parametrize("segment", [*FAMILIES, "subassembly"])
    def test_every_family_opens_on_every_tab(self, engineer: Client, segment: str) -> None:
        assert engineer.post("/design/new/", {**self.SAID, "segment": segment}).status_code == 302
        for tab in TABS:
            assert engineer.get(f"/design/products/P9/A/{tab}").status_code == 200, tab

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"code": ""}, "product.code"),
            ({"code": "X" * 41}, "product.code"),
            ({"name": " "}, "text.value"),
            ({"brand": "NOBODY"}, "brand.unknown"),
            ({"segment": "toaster"}, "product.segment"),
            ({"revision": ""}, "revision.code"),
            ({"code": "OLD"}, "product.exists"),
        ],
    )
    def test_refused_with_what_was_typed_kept(
        self, engineer: Client, changes: dict[str, str], code: str
    ) -> None:
        office.product("OLD")
        answer = engineer.post("/design/new/", self.SAID | changes)
        assert (answer.status_code, code_of(answer)) == (422, code)
        assert 'value="Phone nine"' in answer.content.decode() or "name" in changes
        assert not Product.objects.filter(code="P9").exists()

    def test_a_file_that_is_no_bill_leaves_nothing_behind(self, engineer: Client) -> None:
        file = SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n" + bytes(64))
        answer = engineer.post("/design/new/", {**self.SAID, "file": file})
        assert answer.status_code == 422
        assert code_of(answer).startswith("bom.")
        assert not Product.objects.filter(code="P9").exists()

    def test_codes_with_slashes_dots_and_letters_of_india_have_addresses(self, engineer: Client) -> None:
        for code in ("A/B", "..", "~1", "a~0/b", "मोबाइल 5", "A?B#C%"):
            answer = engineer.post("/design/new/", {**self.SAID, "code": code, "revision": "R/1"})
            assert answer.status_code == 302
            page = engineer.get(answer["Location"])
            assert page.status_code == 200, answer["Location"]
            assert page.context["product"].code == code
            assert page.context["revision"].code == "R/1"


class TestProduct:
    def test_shows_revisions_variants_uses_and_who_approves(self, engineer: Client) -> None:
        office.product(agreement=office.alliance())
        office.draft()
        office.draft("BOARD", "B", items=(), base=("BOARD", "A"))
        office.product("PHONE")
        office.draft("PHONE", items=(item(1, "PCBA", assembly=("BOARD", "A")),))
        answer = engineer.get(BOARD)
        view = answer.context["view"]
        assert [row.code for row in view.revisions] == ["B", "A"]
        assert [(node.depth, node.row.code) for node in view.variants] == [(0, "A"), (1, "B")]
        assert [(use.product, use.line) for use in view.uses] == [("PHONE", 1)]
        assert view.required == ("MAKER", "PARTNER")
        assert "/design/diff/?a=BOARD:A&amp;b=BOARD:B" in answer.content.decode()

    @pytest.mark.parametrize(
        ("said", "lines", "base"),
        [
            ({"how": "copy", "of": "BOARD:A"}, 2, None),
            ({"how": "variant", "of": "BOARD:A"}, 0, "A"),
            ({"how": "family", "family": "iot"}, 0, None),
            ({"how": "empty"}, 0, None),
        ],
    )
    def test_a_new_revision_begins_as_asked(
        self, engineer: Client, board: Revision, said: dict[str, str], lines: int, base: str | None
    ) -> None:
        answer = engineer.post("/design/revise/BOARD/", {"revision": "B", **said})
        assert answer["Location"] == f"{BOARD}B/"
        made = find_revision("BOARD", "B")
        assert (made.lines.count(), made.base.code if made.base else None) == (lines, base)
        assert bool(stored_plan(made).steps) == (said["how"] != "empty")

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"revision": "A", "how": "empty"}, "revision.exists"),
            ({"revision": "", "how": "empty"}, "revision.code"),
            ({"revision": "B", "how": "copy", "of": "BOARD"}, "revision.name"),
            ({"revision": "B", "how": "copy", "of": "BOARD:Z"}, "revision.unknown"),
            ({"revision": "B", "how": "family", "family": "toaster"}, "release.family_unknown"),
        ],
    )
    def test_a_new_revision_is_refused(
        self, engineer: Client, board: Revision, said: dict[str, str], code: str
    ) -> None:
        answer = engineer.post("/design/revise/BOARD/", said)
        assert (answer.status_code, code_of(answer)) == (422, code)
        assert board.product.revisions.count() == 1

    def test_it_is_put_under_an_agreement(self, engineer: Client, board: Revision) -> None:
        office.alliance()
        address = "/design/agreement/BOARD/"
        assert engineer.post(address, {"agreement": "HUB", "design_owner": "joint"}).status_code == 302
        product = Product.objects.get(code="BOARD")
        assert (product.agreement.code, product.design_owner) == ("HUB", "joint")
        answer = engineer.post(address, {"agreement": "NO", "design_owner": "joint"})
        assert code_of(answer) == "agreement.unknown"
        answer = engineer.post(address, {"agreement": "", "design_owner": "me"})
        assert code_of(answer) == "product.design_owner"


class TestLife:
    def act(self, client: Client, action: str, **more: str) -> Any:
        return client.post(f"{DRAFT}act/", {"action": action, **more})

    def test_from_draft_to_obsolete(self, engineer: Client, board: Revision) -> None:
        states = []
        for action in ("submit", "return", "submit", "release", "superseded", "obsolete"):
            answer = self.act(engineer, action)
            assert answer.status_code == 302, (action, text_of(answer))
            states.append(find_revision("BOARD", "A").state)
            assert engineer.get(DRAFT).status_code == 200
            assert engineer.get(f"{DRAFT}history/").status_code == 200
        assert states == ["in_review", "draft", "in_review", "released", "superseded", "obsolete"]

    def test_both_partners_sign_on_the_page(self, engineer: Client) -> None:
        office.product(agreement=office.alliance())
        office.submitted()
        assert code_of(self.act(engineer, "release")) == "approval.missing"
        for role, name in (("engineer", "asha"), ("partner", "li")):
            signing = client_of(role, name)
            board = signing.get(DRAFT).context["board"]
            said = {"stated_hash": board.subject.content_hash, "decision": "approved", "comment": ""}
            wrong = signing.post(f"{DRAFT}approve/", {**said, "passphrase": "no"})
            assert code_of(wrong) == "approval.passphrase"
            answer = signing.post(f"{DRAFT}approve/", {**said, "passphrase": office.PASSPHRASE})
            assert answer.status_code == 302
        assert self.act(engineer, "release").status_code == 302
        assert find_revision("BOARD", "A").state == "released"

    @pytest.mark.parametrize(
        ("action", "code"),
        [
            ("release", "revision.not_in_review"),
            ("return", "revision.not_in_review"),
            ("superseded", "revision.state"),
            ("destroy", "revision.action"),
            ("", "revision.action"),
        ],
    )
    def test_what_does_not_go_is_refused_on_the_page(
        self, engineer: Client, board: Revision, action: str, code: str
    ) -> None:
        answer = self.act(engineer, action)
        assert (answer.status_code, code_of(answer)) == (422, code)

    def test_problems_name_their_places_and_lead_there(self, engineer: Client, board: Revision) -> None:
        double = msgspec.structs.replace(PLAN, steps=(*PLAN.steps, PLAN.steps[1]))
        design.save_plan(product_code="BOARD", revision_code="A", plan=double)
        page = engineer.get(DRAFT)
        links = [link for _, link in page.context["problems"]]
        assert links == [f"{DRAFT}route/#number-20"]
        assert "2 steps have the number 20." in text_of(page)
        lost = msgspec.structs.replace(PLAN, steps=PLAN.steps[1:])
        design.save_plan(product_code="BOARD", revision_code="A", plan=lost)
        links = [link for _, link in engineer.get(DRAFT).context["problems"]]
        assert f"{DRAFT}bom/?q=CAP" in links
        assert code_of(self.act(engineer, "submit")) == "release.invalid"

    def test_a_draft_without_plan_gets_its_familys(self, engineer: Client) -> None:
        office.product()
        design.create_revision(product_code="BOARD", revision_code="A", now=office.NOW)
        assert self.act(engineer, "template", family="iot", version="0").status_code == 302
        assert len(stored_plan(find_revision("BOARD", "A")).steps) > 5
        assert code_of(self.act(engineer, "template", family="iot", version="0")) == "plan.changed"
        assert code_of(self.act(engineer, "template", family="iot", version="x")) == "plan.field"


class TestBill:
    def test_is_searched_by_words_and_whole_designators(self, engineer: Client, board: Revision) -> None:
        def numbers(query: str) -> list[int]:
            page = engineer.get(f"{DRAFT}bom/?{query}").context["page"]
            return [row.item.number for row in page.rows]

        design.save_line(product_code="BOARD", revision_code="A", item=item(3, "CAP-X", "C11", value="1 µF"))
        design.save_line(
            product_code="BOARD", revision_code="A",
            item=item(4, "LID", mechanical=True, description="Lid of the CAP"),
        )  # fmt: skip
        assert numbers("") == [1, 2, 3, 4]
        assert numbers("q=C1") == [1], "not C11"
        assert numbers("q=c11") == [3]
        assert numbers("q=cap") == [1, 3, 4]
        assert numbers("q=murata") == [1], "by an alternate's maker"
        assert numbers("q=cap+µf") == [3]
        assert numbers("alternates=1") == [1]
        assert numbers("mechanical=1") == [4]
        assert numbers("after=2") == [3, 4]
        assert numbers("q=%00&after=99999999999999") == [1, 2, 3, 4]

    def test_what_changed_is_told_against_the_base_or_the_revision_before(self, engineer: Client) -> None:
        office.product()
        office.draft()
        design.create_revision(
            product_code="BOARD", revision_code="B", now=office.NOW, copy_of=("BOARD", "A")
        )
        design.save_line(product_code="BOARD", revision_code="B", item=item(2, "MCU-2", "U1"))
        page = engineer.get(f"{BOARD}B/bom/?changed=1").context["page"]
        assert ([row.item.number for row in page.rows], page.against, page.gone) == ([2], ("BOARD", "A"), 1)
        design.create_revision(product_code="BOARD", revision_code="V", now=office.NOW, base=("BOARD", "A"))
        design.save_line(product_code="BOARD", revision_code="V", item=item(9, "EXTRA", "X1"))
        rows = engineer.get(f"{BOARD}V/bom/").context["page"].rows
        assert [(row.item.number, row.own, row.changed) for row in rows] == [
            (1, False, False), (2, False, False), (9, True, True)
        ]  # fmt: skip

    def test_long_ones_come_in_pages_and_stay_true_when_a_line_is_written(self, engineer: Client) -> None:
        office.product()
        office.draft(items=())
        from karkhana.design.operations.bills import replace_items

        replace_items(
            revision=find_revision("BOARD", "A"), items=[item(n, f"P{n}", f"R{n}") for n in range(1, 251)]
        )
        first = engineer.get(f"{DRAFT}bom/")
        assert (len(first.context["page"].rows), first.context["page"].after) == (100, 100)
        more = engineer.get(f"{DRAFT}bom/?after=200", headers={**HTMX, "HX-Target": "bom-more"})
        assert more.content.decode().count("<tr id=") == 50
        assert "<html" not in more.content.decode()
        design.save_line(product_code="BOARD", revision_code="A", item=item(7, "NEW7", "R7"))
        design.drop_line(product_code="BOARD", revision_code="A", number=8)
        rows = engineer.get(f"{DRAFT}bom/").context["page"].rows
        assert [row.item.part for row in rows[5:8]] == ["P6", "NEW7", "P9"]

    def test_a_released_bill_is_read_from_its_package(self, engineer: Client) -> None:
        office.product()
        office.released()
        page = engineer.get(f"{DRAFT}bom/")
        assert [row.item for row in page.context["page"].rows] == list(ITEMS)
        assert 'name="part"' not in engineer.get(f"{DRAFT}bom/line/1/").content.decode()


class TestLine:
    def save(self, client: Client, at: int, seen: str | None = None, **said: Any) -> Any:
        found = next((one for one in stored_items(find_revision("BOARD", "A")) if one.number == at), None)
        digest = (line_digest(found) if found else "") if seen is None else seen
        fields = {
            "number": str(at),
            "part": "CAP",
            "references": "C1 C2",
            "seen": digest,
            "action": "save",
        }
        address = f"{DRAFT}bom/line/{at if found else 0}/save/"
        return client.post(address, fields | said, headers=HTMX)

    def line(self, number: int) -> Any:
        return next((one for one in stored_items(find_revision("BOARD", "A")) if one.number == number), None)

    def test_is_stored_with_everything_that_a_line_has(self, engineer: Client, board: Revision) -> None:
        answer = self.save(
            engineer, 1, part="CAP-9", manufacturer="KEMET", references="C1, C2 C3", not_fitted="C4",
            value="1 µF", package="0402", description="ceramic", approved="KEMET, TDK",
            alt_manufacturer=["Murata", "TDK", ""], alt_part=["GRM", "C1005", ""],
        )  # fmt: skip
        assert code_of(answer) is None
        assert 'hx-swap-oob="true"' in answer.content.decode()
        assert self.line(1) == item(
            1, "CAP-9", "C1", "C2", "C3", manufacturer="KEMET", not_fitted=("C4",), value="1 µF",
            package="0402", description="ceramic", approved_manufacturers=("KEMET", "TDK"),
            alternates=(Source("Murata", "GRM"), Source("TDK", "C1005")),
        )  # fmt: skip

    def test_is_added_and_dropped(self, engineer: Client, board: Revision) -> None:
        assert "+ Line" in text_of(engineer.get(f"{DRAFT}bom/"))
        assert 'value="3"' in engineer.get(f"{DRAFT}bom/line/0/", headers=HTMX).content.decode()
        answer = self.save(engineer, 3, part="NEW", references="", quantity="2.5")
        assert answer["HX-Redirect"].startswith(f"{DRAFT}bom/?line=3")
        assert str(self.line(3).quantity) == "2.5"
        assert 'hx-swap-oob="delete"' in self.save(engineer, 3, action="drop").content.decode()
        assert self.line(3) is None

    def test_alternates_are_put_in_order_without_storing(self, engineer: Client, board: Revision) -> None:
        two = {"alt_manufacturer": ["A", "B"], "alt_part": ["1", "2"]}
        for order, expected in (
            ("down:0", (("B", "2"), ("A", "1"))), ("up:1", (("B", "2"), ("A", "1"))),
            ("out:0", (("B", "2"),)), ("more", (("A", "1"), ("B", "2"))), ("up:x", (("A", "1"), ("B", "2"))),
        ):  # fmt: skip
            answer = self.save(engineer, 1, arrange=order, **two)
            assert answer.context["draft"].alternates == expected
        assert self.line(1) == ITEMS[0]

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"quantity": "0"}, "bom.line"),
            ({"quantity": "-1", "references": ""}, "bom.line"),
            ({"quantity": "many"}, "plan.field"),
            ({"quantity": "NaN"}, "plan.field"),
            ({"quantity": "1e40"}, "plan.field"),
            ({"quantity": "7"}, "bom.line"),
            ({"alt_part": ["CAP"], "alt_manufacturer": [""]}, "bom.line"),
            ({"alt_part": [""], "alt_manufacturer": ["Murata"]}, "bom.alternate"),
            ({"assembly_product": "X"}, "bom.assembly"),
            ({"assembly_product": "BOARD", "assembly_revision": "A"}, "bom.circular"),
            ({"number": "5"}, "bom.line_number"),
            ({"number": "x"}, "plan.field"),
            ({"seen": "0" * 16}, "bom.line_changed"),
            ({"part": "P" * 201}, "bom.line"),
        ],
    )
    def test_refused_with_what_was_typed_kept(
        self, engineer: Client, board: Revision, said: dict[str, Any], code: str
    ) -> None:
        answer = self.save(engineer, 1, value="typed by hand", **said)
        assert (answer.status_code, code_of(answer)) == (200, code)
        assert 'value="typed by hand"' in answer.content.decode()
        assert self.line(1) == ITEMS[0]

    def test_works_without_script(self, engineer: Client, board: Revision) -> None:
        page = engineer.get(f"{DRAFT}bom/line/1/")
        assert "<html" in page.content.decode()
        said = {"number": "1", "part": "CAP-2", "references": "C1 C2", "seen": line_digest(ITEMS[0])}
        answer = engineer.post(f"{DRAFT}bom/line/1/save/", {**said, "action": "save"})
        assert answer["Location"] == f"{DRAFT}bom/?line=1#line-1"
        again = engineer.post(f"{DRAFT}bom/line/1/save/", {**said, "action": "save"})
        assert (again.status_code, code_of(again)) == (422, "bom.line_changed")
        assert engineer.get(f"{DRAFT}bom/line/77/").status_code == 404
        assert engineer.get(f"{DRAFT}bom/line/{10**30}/").status_code == 404


class TestAssemblies:
    @pytest.fixture
    def phone(self) -> None:
        office.product()
        office.released()
        office.product("PHONE")
        office.draft("PHONE", items=(item(1, "PCBA", assembly=("BOARD", "A")), item(2, "LID", "L1", "L2")))

    def test_are_opened_in_place_and_exploded(self, engineer: Client, phone: None) -> None:
        inner = engineer.get("/design/products/PHONE/A/bom/assembly/1/", headers=HTMX)
        assert [row.item for row in inner.context["rows"]] == list(ITEMS)
        view = engineer.get("/design/products/PHONE/A/bom/exploded/").context["view"]
        assert [(node.depth, node.item.part) for node in view.nodes] == [
            (1, "PCBA"), (2, "CAP"), (2, "MCU"), (1, "LID")
        ]  # fmt: skip
        assert [(part, int(total)) for part, _, total in view.totals] == [("CAP", 2), ("LID", 2), ("MCU", 1)]
        assert engineer.get("/design/products/PHONE/A/bom/assembly/2/").status_code == 404

    def test_of_others_stay_closed_to_people_of_a_partner(self, phone: None) -> None:
        design.set_agreement(code="PHONE", agreement=office.alliance(), design_owner="joint")
        partner = client_of("partner", "li")
        view = partner.get("/design/products/PHONE/A/bom/exploded/").context["view"]
        assert [node.item.part for node in view.nodes] == ["PCBA", "LID"]
        assert [part for part, _, _ in view.totals] == ["LID", "PCBA"]
        assert partner.get("/design/products/PHONE/A/bom/assembly/1/", headers=HTMX).status_code == 404


def test_a_bill_is_imported_in_place_of_the_lines(engineer: Client, board: Revision) -> None:
    answer = engineer.post(f"{DRAFT}bom/import/", {"file": SimpleUploadedFile("b.csv", BOM.encode())})
    assert answer.status_code == 302
    assert [row.item.part for row in bom_page(find_revision("BOARD", "A")).rows] == ["RC10K", "TPS"]
    assert "Lines understood 2" in text_of(engineer.get(f"{DRAFT}history/"))
    assert code_of(engineer.post(f"{DRAFT}bom/import/")) == "bom.no_file"


class TestRoute:
    def edit(self, client: Client, do: str, version: int | str | None = None, **said: Any) -> Any:
        now = find_revision("BOARD", "A").plan_version if version is None else version
        return client.post(f"{DRAFT}route/edit/", {"do": do, "version": str(now), **said}, headers=HTMX)

    def steps(self) -> list[tuple[int, str]]:
        return [(step.number, step.name) for step in stored_plan(find_revision("BOARD", "A")).steps]

    STEP = {"number": "20", "name": "Look closely", "station_type": "AOI", "passed_by": "UnitsInspected",
            "cycle": "1.5", "reentry": "10"}  # fmt: skip

    def test_a_step_is_stored_with_everything_that_it_has(self, engineer: Client, board: Revision) -> None:
        answer = self.edit(
            engineer, "save:1", **self.STEP, skill="INSPECTION", materials="parts", material_parts="CAP\nMCU",
            next="end", t_name=["v", ""], t_unit=["V", ""], t_low=["3.2", ""], t_high=["", ""],
            t_required=["no", "yes"], kp_role=["battery", ""], kp_part=["BAT", ""],
            kp_alternates=["B2,B3", ""],
            kp_tracked=["lot", "serial"], kp_product=["", ""], kp_revisions=["", ""],
        )  # fmt: skip
        assert code_of(answer) is None
        step = stored_plan(find_revision("BOARD", "A")).steps[1]
        assert (step.name, step.cycle_time_ms, step.next, step.reentry) == ("Look closely", 1500, 0, 10)
        assert step.materials == ("CAP", "MCU")
        (part,) = step.key_parts
        assert (part.role, part.part, part.alternates, part.serialised) == (
            "battery",
            "BAT",
            ("B2", "B3"),
            False,
        )
        (test,) = step.tests
        assert (test.name, str(test.low), test.high, test.required) == ("v", "3.2", None, False)

    def test_steps_are_added_moved_dropped_and_numbered(self, engineer: Client, board: Revision) -> None:
        self.edit(engineer, "after:0")
        assert self.steps()[3] == (15, "")
        self.edit(engineer, "renumber")
        assert [number for number, _ in self.steps()] == [10, 20, 30, 40]
        self.edit(engineer, "drop:1")
        self.edit(engineer, "move:2:0")
        assert self.steps() == [(10, "Assemble"), (20, "Place"), (30, "Look")]
        self.edit(engineer, "first")
        assert sorted(self.steps())[0][1] == ""

    def test_problems_stand_at_their_block(self, engineer: Client, board: Revision) -> None:
        self.edit(engineer, "save:2", **(self.STEP | {"number": "30", "reentry": "", "next": "10"}))
        view = engineer.get(f"{DRAFT}route/").context["view"]
        assert [block.step.number for block in view.blocks if block.problems] == [30]
        self.edit(engineer, "save:2", **(self.STEP | {"number": "20", "reentry": ""}))
        view = engineer.get(f"{DRAFT}route/").context["view"]
        assert [block.step.number for block in view.blocks if block.problems] == [20, 20]

    @pytest.mark.parametrize(
        ("do", "said", "code"),
        [
            ("save:1", {"number": "x"}, "plan.field"),
            ("save:1", {"number": ""}, "plan.field"),
            ("save:1", {"cycle": "-1"}, "plan.field"),
            ("save:1", {"cycle": "0.0001"}, "plan.field"),
            ("save:1", {"passed_by": "Magic"}, "plan.field"),
            ("save:1", {"materials": "gold"}, "plan.field"),
            ("save:1", {"t_name": ["v"], "t_low": ["low"]}, "plan.field"),
            ("save:1", {"number": "9999999999"}, "plan.value"),
            ("save:9", {}, "plan.step_unknown"),
            ("drop:9", {}, "plan.step_unknown"),
            ("drop:", {}, "plan.field"),
            ("move:1", {}, "plan.action"),
            ("explode", {}, "plan.action"),
            ("", {}, "plan.action"),
        ],
    )
    def test_refused_and_nothing_stored(
        self, engineer: Client, board: Revision, do: str, said: dict[str, Any], code: str
    ) -> None:
        answer = self.edit(engineer, do, **(self.STEP | said))
        assert (answer.status_code, code_of(answer)) == (200, code)
        assert stored_plan(find_revision("BOARD", "A")) == PLAN

    def test_two_editors_do_not_overwrite_each_other(self, engineer: Client, board: Revision) -> None:
        self.edit(engineer, "renumber")
        answer = self.edit(engineer, "save:1", 0, **(self.STEP | {"name": "Typed meanwhile"}))
        assert code_of(answer) == "plan.changed"
        assert 'value="Typed meanwhile"' in answer.content.decode()
        again = self.edit(engineer, "save:1", answer.context["version"], **self.STEP)
        assert code_of(again) == "plan.changed", "what was refused is not stored by sending it again"

    def test_works_without_script(self, engineer: Client, board: Revision) -> None:
        assert engineer.get(f"{DRAFT}route/step/1/")["Location"] == f"{DRAFT}route/?step=1#panel"
        assert 'value="Look"' in engineer.get(f"{DRAFT}route/?step=1").content.decode()
        answer = engineer.post(f"{DRAFT}route/edit/", {"do": "save:1", "version": "0", **self.STEP})
        assert answer["Location"] == f"{DRAFT}route/?step=1#step-1"
        wrong = engineer.post(f"{DRAFT}route/edit/", {"do": "save:1", "version": "0", **self.STEP})
        assert (wrong.status_code, code_of(wrong)) == (422, "plan.changed")
        assert engineer.get(f"{DRAFT}route/step/99/").status_code == 404

    def test_the_slowest_station_type_is_named_and_panels_are_shared(self, engineer: Client) -> None:
        office.product()
        steps = [
            msgspec.structs.replace(PLAN.steps[0], cycle_time_ms=40_000),
            msgspec.structs.replace(
                PLAN.steps[1], passed_by="TransformationEvent", cycle_time_ms=8_000, reentry=None
            ),
            msgspec.structs.replace(PLAN.steps[2], cycle_time_ms=12_000),
        ]  # fmt: skip
        office.draft(plan=msgspec.structs.replace(PLAN, steps=tuple(steps), panel_positions=4))
        view = engineer.get(f"{DRAFT}route/").context["view"]
        assert [(load.station_type, load.seconds, load.slowest) for load in view.loads] == [
            ("SMT", "10", False), ("AOI", "2", False), ("ASM", "12", True)
        ]  # fmt: skip

    def test_an_ageing_room_does_not_flatten_the_picture(self, engineer: Client) -> None:
        office.product()
        times = (40_000, 20_000, 3_600_000)
        pairs = zip(PLAN.steps, times, strict=True)
        steps = [msgspec.structs.replace(step, cycle_time_ms=ms) for step, ms in pairs]
        office.draft(plan=msgspec.structs.replace(PLAN, steps=tuple(steps)))
        view = engineer.get(f"{DRAFT}route/").context["view"]
        assert [(load.share, load.cut, load.slowest) for load in view.loads] == [
            ("100.0", False, False), ("50.0", False, False), ("100.0", True, True)
        ]  # fmt: skip


class TestTables:
    def save(self, client: Client, tab: str, version: int | None = None, **said: Any) -> Any:
        now = find_revision("BOARD", "A").plan_version if version is None else version
        return client.post(f"{DRAFT}{tab}/save/", {"version": str(now), "row": "1", **said})

    def test_are_stored_and_empty_rows_dropped(self, engineer: Client, board: Revision) -> None:
        answer = self.save(
            engineer, "identities", kind=["imei", ""], scheme=["imei", "imei"], first=["", ""], last=["", ""],
            pattern=["", ""], template=["", ""],
        )  # fmt: skip
        assert answer.status_code == 302, text_of(answer)
        self.save(
            engineer, "compliance", code=["BIS-CRS", ""], title=["Registration", ""], authority=["BIS", ""],
            source=["", ""], required=["no", "yes"], certificate=["R-1", ""], evidence=["", ""],
        )  # fmt: skip
        self.save(
            engineer, "labels", name=["unit"], level=["unit"], symbology=["qr"], content=["{imei}"],
            width_mm=["30"], height_mm=["9.5"],
        )  # fmt: skip
        self.save(
            engineer, "firmware", target=["main"], version_=[""], sha256=["ab" * 32], markets=["IN, NP"]
        )
        plan = stored_plan(find_revision("BOARD", "A"))
        assert [(rule.kind, rule.scheme, rule.first) for rule in plan.identities] == [("imei", "imei", None)]
        assert [(one.code, one.required, one.certificate) for one in plan.compliance] == [
            ("BIS-CRS", False, "R-1")
        ]
        assert [(label.symbology, str(label.height_mm)) for label in plan.labels] == [("qr", "9.5")]
        for tab in ("identities", "compliance", "labels"):
            assert engineer.get(f"{DRAFT}{tab}/").status_code == 200

    def test_packing_is_stored(self, engineer: Client, board: Revision) -> None:
        answer = self.save(engineer, "labels", part="packing", units_per_box="4", markets="IN, AE", gtin="",
                           repair_limit="2", panel_positions="1")  # fmt: skip
        assert answer.status_code == 302
        plan = stored_plan(find_revision("BOARD", "A"))
        assert (plan.pack.units_per_box, plan.markets, plan.repair_limit) == (4, ("IN", "AE"), 2)
        assert plan.steps == PLAN.steps

    @pytest.mark.parametrize(
        ("tab", "said", "code"),
        [
            ("labels", {"name": ["x"], "width_mm": ["wide"]}, "plan.field"),
            ("labels", {"name": ["x"], "level": ["moon"], "symbology": ["qr"]}, "plan.field"),
            ("labels", {"part": "packing", "units_per_box": "a few"}, "plan.field"),
            ("documents", {"name": ["x"], "size": ["1.5"]}, "plan.field"),
            ("compliance", {"code": ["x"], "title": ["t" * 5000]}, None),
        ],
    )
    def test_refused_with_the_row_named(
        self, engineer: Client, board: Revision, tab: str, said: dict[str, Any], code: str | None
    ) -> None:
        answer = self.save(engineer, tab, **said)
        if code is None:
            assert answer.status_code == 302, "long texts are cut like every field of a form"
        else:
            assert (answer.status_code, code_of(answer)) == (422, code)
            assert stored_plan(find_revision("BOARD", "A")) == PLAN

    def test_problems_stand_above_the_table(self, engineer: Client, board: Revision) -> None:
        self.save(engineer, "identities", kind=["a", "a"], scheme=["imei", "imei"])
        assert "Identity 'a' stands twice." in text_of(engineer.get(f"{DRAFT}identities/")).replace(
            "&#x27;", "'"
        )

    def test_an_older_form_is_refused(self, engineer: Client, board: Revision) -> None:
        self.save(engineer, "identities", kind=["a"], scheme=["imei"])
        answer = self.save(engineer, "identities", 0, kind=["b"], scheme=["imei"])
        assert code_of(answer) == "plan.changed"
        assert engineer.post(f"{DRAFT}nothing/save/").status_code == 404
        assert engineer.get(f"{DRAFT}nothing/").status_code == 404


class TestDocuments:
    def add(self, client: Client, content: bytes = b"drawing", **said: str) -> Any:
        now = find_revision("BOARD", "A").plan_version
        file = SimpleUploadedFile("../drawing 1.pdf", content, content_type="text/html")
        return client.post(
            f"{DRAFT}documents/add/", {"version": str(now), "kind": "drawing", "file": file, **said}
        )

    def test_a_file_is_kept_by_its_content_and_sent_back(self, engineer: Client, board: Revision) -> None:
        assert self.add(engineer).status_code == 302
        (document,) = stored_plan(find_revision("BOARD", "A")).documents
        assert (document.name, document.size) == ("drawing 1.pdf", 7)
        assert StoredFile.objects.get(pk=document.sha256).size == 7
        answer = engineer.get(f"{DRAFT}documents/{document.sha256}/file/")
        assert answer.content == b"drawing"
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"] == 'attachment; filename="drawing_1.pdf"'
        self.add(engineer, b"newer")
        assert [one.size for one in stored_plan(find_revision("BOARD", "A")).documents] == [5]

    def test_a_file_of_another_revision_is_not_sent(self, engineer: Client, board: Revision) -> None:
        self.add(engineer)
        (document,) = stored_plan(find_revision("BOARD", "A")).documents
        office.product("OTHER")
        office.draft("OTHER")
        assert engineer.get(f"/design/products/OTHER/A/documents/{document.sha256}/file/").status_code == 404

    def test_refused(self, engineer: Client, board: Revision) -> None:
        assert code_of(self.add(engineer, b"")) == "document.file"
        assert code_of(self.add(engineer, version="7")) == "plan.changed"
        office.submitted("BOARD", "B")
        assert not StoredFile.objects.filter(size=0).exists()


class TestWhoMay:
    POSTS = (
        "/design/new/", "/design/revise/BOARD/", "/design/agreement/BOARD/", f"{DRAFT}act/",
        f"{DRAFT}bom/line/1/save/", f"{DRAFT}bom/import/", f"{DRAFT}route/edit/", f"{DRAFT}labels/save/",
        f"{DRAFT}documents/add/",
    )  # fmt: skip

    @pytest.mark.parametrize("role", ["operator", "lead", "partner", None])
    def test_only_engineers_write(self, board: Revision, role: str | None) -> None:
        client = client_of(role)
        for address in self.POSTS:
            assert client.post(address).status_code == 403, address
        assert stored_plan(find_revision("BOARD", "A")) == PLAN

    def test_a_partner_reads_what_concerns_them_and_finds_no_forms(self) -> None:
        office.product(agreement=office.alliance())
        office.draft()
        partner = client_of("partner", "li")
        assert partner.get(BOARD).status_code == 200
        for tab in (*TABS, "bom/line/1/", "route/step/1/", "bom/exploded/"):
            answer = partner.get(f"{DRAFT}{tab}", follow=True)
            assert answer.status_code == 200, tab
            assert 'name="version"' not in re.sub(r'<form id="route".*?</form>|<aside.*?</aside>', "",
                                                  answer.content.decode(), flags=re.S), tab  # fmt: skip
        assert partner.get(f"{DRAFT}bom/line/0/").status_code == 404

    def test_the_brand_sees_its_products(self, board: Revision) -> None:
        party = Party.objects.create(code="ACME-P", name="Acme", kind="brand", brand=board.product.brand)
        client = client_of("partner", "brandy")
        assert client.get(DRAFT).status_code == 404
        PartyMember.objects.create(party=party, user=get_user_model().objects.get(username="brandy"))
        assert client.get(DRAFT).status_code == 200

    def test_get_never_writes(self, engineer: Client, board: Revision) -> None:
        for address in self.POSTS[1:]:
            assert engineer.get(address).status_code == 405, address
