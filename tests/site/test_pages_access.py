"""Who sees what: nothing without a log-in, and with one only what the role may see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from karkhana.site.roles import ROLES, ensure_demo_accounts, ensure_roles, role_required

pytestmark = pytest.mark.usefixtures("rolled_back")
OPEN = {"healthz", "login/"}
SAMPLES = {"<path:code>": "ASM-1", "<path:serial>": "U1", "<str:serial>": "U1", "<str:code>": "L-ASM",
           "<code:product>": "PHONE", "<code:revision>": "A", "<slug:tab>": "bom", "<int:number>": "1",
           "<int:place>": "0", "<str:number>": "CO-1", "<slug:sha256>": "ab" * 32,
           "<path:number>": "LC/2026-27/0001", "<slug:kind>": "pdf"}  # fmt: skip
LEAD_PAGES = ("/recall/", "/recall/list.csv", "/orders/new/")
ENGINEER_PAGES = ("/import/", "/design/diff/", "/design/", "/design/new/", "/design/products/PHONE/",
                  "/design/products/PHONE/A/", "/design/products/PHONE/A/bom/",
                  "/design/products/PHONE/A/route/", "/design/products/PHONE/A/bom/exploded/",
                  "/design/changes/", "/design/changes/new/?product=PHONE", "/design/deviations/",
                  "/design/deviations/new/?product=PHONE", "/design/stages/", "/design/stages/PHONE/",
                  "/design/stages/PHONE/?stage=EVT",
                  "/design/stages/PHONE/first-article/?revision=A")  # fmt: skip
VALUE_PAGES = ("/value/", "/value/?month=2026-06", "/value/methods/", "/value/designed/",
               "/value/terms/", "/value/certificates/", "/value/certificates/new/")  # fmt: skip
GOODS_IN_PAGES = (
    "/supply/receiving/",
    "/supply/receiving/new/",
    "/supply/receiving/rules/",
    "/supply/expiry/",
)
INSPECTION_PAGES = ("/supply/inspection/",)
SUPPLY_PAGES = ("/supply/", "/supply/stock/", "/supply/kitting/", "/supply/consigned/", "/supply/registers/",
                "/supply/bills/", "/supply/receipts/", "/supply/rates/", "/supply/suppliers/",
                "/supply/parts/", "/supply/parts/duties/")  # fmt: skip
PAGES = ("/", "/live/", "/lines/", "/lines/L-ASM/", "/lines/L-ASM/live/", "/stations/", "/station/ASM-1/",
         "/units/", "/refusals/", "/pools/", "/orders/", "/orders/WO-PHONE/", "/search/?q=X",
         *LEAD_PAGES, *ENGINEER_PAGES, *VALUE_PAGES, *GOODS_IN_PAGES, *INSPECTION_PAGES,
         *SUPPLY_PAGES)  # fmt: skip


def every_address() -> Iterator[str]:
    """Yield an address for every pattern, with sample values."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif route not in OPEN:
                for name, value in SAMPLES.items():
                    route = route.replace(name, value)
                yield "/" + route.lstrip("/")

    yield from walk(get_resolver().url_patterns, "")


def logged_in(role: str | None) -> Client:
    """Return a client of somebody with a role, or with none."""
    user = get_user_model().objects.create_user(f"user-{role}", password="x")
    if role:
        user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client


class TestWithoutLogIn:
    def test_no_address_shows_anything(self) -> None:
        addresses = list(every_address())
        assert len(addresses) > 20
        for address in addresses:
            for method in ("get", "post"):
                answer = getattr(Client(), method)(address)
                assert answer.status_code in (302, 401), f"{method} {address} answered {answer.status_code}"
                if answer.status_code == 302:
                    assert answer["Location"].startswith("/login/"), address

    def test_an_address_that_does_not_exist_says_only_that(self) -> None:
        assert Client().get("/no/such/page/").status_code in (302, 404)

    def test_the_log_in_speaks_hindi_when_asked(self) -> None:
        client = Client()
        answer = client.get("/login/?language=hi")
        assert "पासवर्ड" in answer.content.decode()
        assert "पासवर्ड" in client.get("/login/").content.decode(), "and remembers it"


class TestRoles:
    @pytest.mark.parametrize("role", ROLES)
    def test_each_role_opens_its_pages_and_no_others(self, role: str) -> None:
        client = logged_in(role)
        for page in PAGES:
            forbidden = (
                (page in LEAD_PAGES and role in ("operator", "buyer"))
                or (page in ENGINEER_PAGES and role in ("operator", "lead", "buyer"))
                or (page in VALUE_PAGES and role == "operator")
                or (page in (*GOODS_IN_PAGES, *SUPPLY_PAGES) and role in ("operator", "engineer"))
                or (page in INSPECTION_PAGES and role == "engineer")
            )
            assert client.get(page).status_code == (403 if forbidden else 200), page

    def test_an_account_without_a_role_opens_nothing(self) -> None:
        client = logged_in(None)
        assert {client.get(page).status_code for page in PAGES} == {403}

    def test_a_misspelt_role_is_found_at_start(self) -> None:
        with pytest.raises(ValueError, match="unknown roles"):
            role_required("opperator")

    def test_demo_accounts_log_in_with_what_is_printed(self) -> None:
        made = ensure_demo_accounts()
        assert {role for _, _, role in made} == set(ROLES)
        for name, password, _ in made:
            assert Client().login(username=name, password=password)
        again = ensure_demo_accounts()
        assert len({password for _, password, _ in made + again}) == 2 * len(ROLES)
