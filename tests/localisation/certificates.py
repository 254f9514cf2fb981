"""A certificate for tests: earbuds as in E1 of the worked examples, one hundred of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from karkhana.localisation.catalogue import method_for, sources
from karkhana.localisation.certificate.rules import (
    Basis,
    Document,
    Form,
    Head,
    Paid,
    Taken,
    content,
    read_form,
)

D = Decimal
DAY = dt.date(2026, 11, 23)
SAID = {
    "item": "Earbuds E1",
    "hsn": "8518 30 19",
    "places": "Plot 7, Sector 63, Noida\nUnit 2, Greater Noida",
    "maker": "Karkhana Electronics Pvt Ltd",
    "maker_id": "29AAGCB7383J1Z4",
    "tender": "GEM/2026/B/1",
    "contract_value": "5,00,00,000",
    "signatory": "A. Sharma",
    "designation": "Director, supply chain",
    "membership": "12345",
}
AUDITED = SAID | {
    "contract_value": "100000001",
    "auditor": "B. Rao & Co",
    "auditor_role": "Statutory auditor",
    "auditor_membership": "FRN 012345S",
    "udin": "26012345abcdef1234",
}


def taken(part: str, channel: str, value: str, local: str = "0", **other: Any) -> Taken:
    """Take one hundred pieces of a lot; amounts are for all of them."""
    known = dict.fromkeys(("cif", "duty", "igst", "price", "tax"), D(0)) | {
        name: D(amount) if name in ("cif", "duty", "igst", "price", "tax") else amount
        for name, amount in other.items()
    }
    defaults = {"lot": f"L-{part}", "supplier": "SUP", "supplier_name": "Supplier", "origin": "CN",
                "hsn": "85177990", "why": "own import"}  # fmt: skip
    return Taken(part=part, channel=channel, quantity=D(100), value=D(value), local=D(local),
                 **(defaults | known))  # fmt: skip


BASIS = Basis(
    product="E1",
    product_name="Earbuds",
    first="2026-10-01",
    last="2026-10-31",
    units=100,
    denominator=D(120000),
    imported=D(61930),
    divisor=D(120000),
    certified=D("48.39"),
    grade="Class-II",
    classes={"Class-II": 100},
    percent_least=D("48.3916"),
    percent_most=D("48.3916"),
    parameters={"uncertified": "none", "profit": "left_out"},
    taken=(
        taken("OWN", "import", "48930", cif="42000", duty="6930", bill="1234567 of 2026-09-01"),
        taken("BAT", "domestic", "10000", "4000", price="10000", origin="IN", certificate="C1",
              why="certificate C1: 40 % local"),
        taken("CASE", "domestic", "8000", "7200", price="8000", origin="IN", why="certificate C2: 90 % local",
              certificate="C2"),
        taken("IC", "reseller", "5000", price="4237.29", tax="762.71", why="imported, bought here",
              supplier_name="=HYPERLINK(\"x\") #panic() Ł सुप्लायर"),
    ),
    paid=(
        Paid("price", "", D(120000), "denominator", "PL-1"),
        Paid("royalty_abroad", "Codec Inc", D(1200), "imported", "AG-7"),
    ),
    documents=(
        Document("bill of entry", "1234567 of 2026-09-01", "port INDEL4", "ab" * 32),
        Document("supplier's certificate", "C1", "SUP, 40 %, valid to 2027-03-31", ""),
    ),
    unproved=(),
    seq=4711,
)  # fmt: skip
HEAD = Head("LC/2026-27/0001", "2026-11-23T06:30:00+00:00", "kavya")


def form(**said: str) -> Form:
    """Read the form with other answers."""
    return read_form(SAID | said)


def data(head: Head = HEAD, basis: Basis = BASIS, said: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the data of a certificate."""
    known = {
        key: {"title": row.title, "address": row.address, "kind": row.kind} for key, row in sources().items()
    }
    return content(head, read_form(said or SAID), method_for("PPP_MII", DAY), basis, known)


def basis(**other: Any) -> Basis:
    """Return the figures with some changed."""
    return replace(BASIS, **other)
