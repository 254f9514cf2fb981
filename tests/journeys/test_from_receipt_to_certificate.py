"""From a lot at the dock to a certified share: received, bought, built in, valued, refused, proved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from floor import workshop as ws

Open = Callable[..., Any]
TODAY = dt.datetime.now(dt.timezone(dt.timedelta(hours=5.5))).date()
BOUGHT = f"{TODAY - dt.timedelta(days=3):%d-%b-%Y}"
LOTS = "CAP-7;CAP;1000;CAPS;IN\nRES-7;RES;5000;SUP;IN\nBAT-7;BAT;100;CELLS;IN\nGLUE-7;GLUE;50;SUP;IN"
REGISTER = (
    "Batch;Vendor code;Vendor name;Material;Reference;Line;Invoice date;Qty;Value;Currency;HSN code;COO;"
    "Country\n"
    f"CAP-7;CAPS;Capacitor Works;CAP;C/1;1;{BOUGHT};1000;2,000.00;INR;85322400;IN;IN\n"
    f"RES-7;SUP;Supplier;RES;S/1;1;{BOUGHT};5000;5,000.00;INR;85332119;IN;IN\n"
    f"BAT-7;CELLS;Cell House;BAT;B/9;1;{BOUGHT};100;40,000.00;INR;85076000;IN;IN\n"
    f"GLUE-7;SUP;Supplier;GLUE;S/2;1;{BOUGHT};50;500.00;INR;35069190;IN;IN\n"
)
BUILT = (
    ("SMT-1", "load CAP-7 CAP on F1"), ("SMT-1", "load RES-7 RES on F2"),
    ("SMT-1", "start PX order WO-MAIN x4"), ("SMT-1", "process PX"), ("AOI-1", "inspect PX"),
    ("DEP-1", "split PX into BX1=1 BX2=2 BX3=3 BX4=4"), ("ICT-1", "test BX1"),
    ("ASM-1", "start UX1 order WO-PHONE"),
    ("ASM-1", "install UX1 board=PCBA:BX1 battery=BAT:cell1:BAT-7 glue=GLUE::GLUE-7"),
    ("PER-1", f"write UX1 imei={ws.imei(71)} mac=02:00:00:00:00:71 label=PH71 fw=1.0"),
    ("FIN-1", "test UX1"), ("OQC-1", "depart UX1"), ("PACK-1", "pack UX1 into BOXX"),
)  # fmt: skip


@pytest.fixture
def suppliers(site: str) -> None:
    """Two suppliers more than the workshop has; all but the maker of cells certify what they deliver."""
    from karkhana.supply.models import LocalContentCertificate, Supplier
    from karkhana.supply.operations import ensure_supplier

    ensure_supplier(code="CAPS", name="Capacitor Works", country="IN")
    ensure_supplier(code="CELLS", name="Cell House", country="IN")
    for code, percent in (("CAPS", 30), ("SUP", 80)):
        LocalContentCertificate.objects.create(
            supplier=Supplier.objects.get(code=code),
            number=f"LC-{code}",
            percent=percent,
            valid_from=TODAY - dt.timedelta(days=200),
            valid_to=TODAY + dt.timedelta(days=100),
            file_sha256="ab" * 32,
            recorded_at=dt.datetime.now(dt.UTC),
        )


def test_a_lot_becomes_a_certified_share(open_as: Open, happens: Callable[..., str], suppliers: None) -> None:
    from playwright.sync_api import expect

    page = open_as("kavya", "/supply/receiving/new/")
    page.locator("textarea").fill(LOTS)
    page.get_by_role("button", name="Receive the lots").click()
    expect(page.get_by_role("heading", name="4 lots are in")).to_be_visible()

    page.goto("/supply/registers/")
    page.set_input_files(
        "input[type=file]", {"name": "bought.csv", "mimeType": "text/csv", "buffer": REGISTER.encode()}
    )
    page.click("button.primary:has-text('Preview')")
    page.click("button:has-text('Import 4 rows')")
    page.wait_for_url("**/supply/registers/*/")
    expect(page.locator("#run")).to_contain_text("Every row was good")

    for station, what in BUILT:
        assert happens(station, what) == "accepted", what

    page.goto("/value/terms/")
    term = page.locator("form:has(input[name=what][value=term])")
    term.locator("[name=product]").select_option("PHONE")
    term.locator("[name=amount]").fill("1000")
    term.locator("[name=valid_from]").fill((TODAY - dt.timedelta(days=30)).isoformat())
    term.locator("[name=document]").fill("Price list 7")
    term.get_by_role("button", name="Record").click()
    expect(page.get_by_text("The amount is recorded")).to_be_visible()

    # One phone: capacitor 2, resistor 1, cell 400 and glue 10; nothing proves what of the cell is local.
    page.goto("/value/")
    page.locator("form.filter-form [name=product]").select_option("PHONE")
    page.get_by_role("button", name="Compute").click()
    expect(page.locator(".share")).to_contain_text("59.64", timeout=30_000)
    expect(page.locator(".picture[data-kind=sankey] svg").first).to_be_visible()
    expect(page.locator("#unproved")).to_contain_text("certificate of local content is missing")
    page.locator("dl.tiles a").first.click()
    page.get_by_role("link", name="UX1").click()
    expect(page.locator("#local-value")).to_contain_text("or by")
    expect(page.locator("#local-value .grade").first).to_contain_text("59.6")
    page.go_back()
    page.go_back()

    page.get_by_role("link", name="Certificate", exact=True).click()
    expect(page.locator("#unproved")).to_contain_text("It cannot be issued")
    expect(page.locator("[name=signatory]")).to_have_count(0)
    page.get_by_role("link", name="Record the supplier's certificate").click()
    page.get_by_text("Record a certificate").click()
    page.locator("form:has([name=act]) [name=number]").fill("LC-CELLS")
    page.locator("form:has([name=act]) [name=percent]").fill("25")
    page.locator("form:has([name=act]) [name=valid_from]").fill((TODAY - dt.timedelta(days=90)).isoformat())
    page.locator("form:has([name=act]) [name=valid_to]").fill((TODAY + dt.timedelta(days=90)).isoformat())
    page.locator("form:has([name=act]) [name=file]").set_input_files(
        {"name": "signed.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 a signed paper"}
    )
    page.locator("form:has([name=act])").get_by_role("button", name="Record").click()
    expect(page.locator("tr", has_text="LC-CELLS")).to_contain_text("25")

    page.goto("/value/certificates/new/")
    page.locator("form.filter-form [name=product]").select_option("PHONE")
    page.get_by_role("button", name="Compute", exact=True).click()
    page.locator("#unproved").get_by_role("button", name="Compute anew").click()
    expect(page.locator(".share")).to_contain_text("69.64", timeout=30_000)
    page.locator("[name=hsn]").fill("85171300")
    page.locator("[name=places]").fill("Plot 7, Noida")
    page.locator("[name=maker]").fill("Karkhana Electronics")
    page.locator("[name=signatory]").fill("A. Sharma")
    page.locator("[name=designation]").fill("Director")
    page.get_by_role("button", name="Issue the certificate").click()
    expect(page.get_by_role("heading", name="LC/")).to_be_visible()
    expect(page.locator(".answer")).to_contain_text("Class-I")
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    from karkhana.localisation.models import IssuedCertificate

    issued = IssuedCertificate.objects.get()
    assert issued.sha256[:16] in page.content()
    assert download.value.suggested_filename == f"{issued.number.replace('/', '-')}.pdf"
