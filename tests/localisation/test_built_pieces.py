"""What one piece of a lot cost and where it comes from: receipts, certificates, rates, splits, gaps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from karkhana.localisation.built.pieces import candidates_of_lots, pieces_of_lots
from karkhana.localisation.rules.pieces import Certificate, Piece
from localisation.purchases import BOUGHT, buy, certify, group, rate, tell

pytestmark = pytest.mark.usefixtures("rolled_back")
D = Decimal

LOTS = """
    06:00  DOCK-1  receive CAP-1 CAP 300 SUP        accepted
    06:00  DOCK-1  receive CAP-2 CAP 300 SUP        accepted
    06:00  DOCK-1  receive RES-1 RES 300 SUP        accepted
"""


def piece(lot: str, policy: str = "bill_of_entry_customs_rate", fixed_from: dt.date | None = None) -> Piece:
    return pieces_of_lots([lot], rate_policy=policy, fixed_from=fixed_from)[lot]


def test_amounts_are_per_piece_rounded_up() -> None:
    tell(LOTS)
    group("CAP", "passives")
    buy("CAP-1", "CAP", "import", quantity=D(300), cif="100", duty="10", igst="18", igst_creditable=False)
    found = piece("CAP-1")
    assert (found.cif, found.duty, found.igst) == (D("0.333333333334"), D("0.033333333334"), D("0.06"))
    assert found.amount("igst_not_creditable") == D("0.06")
    assert (found.group, found.supplier, found.bought_on, found.doubts) == ("passives", "SUP", BOUGHT, ())
    assert found.cif * 300 >= 100


def test_a_lot_without_a_receipt_keeps_the_origin_of_the_record() -> None:
    tell(LOTS)
    found = piece("CAP-1")
    assert (found.channel, found.origin, found.supplier, found.doubts) == (
        "unknown", "IN", "SUP", ("no_receipt",),
    )  # fmt: skip
    assert piece("NEVER").doubts == ("no_receipt",)


def test_what_the_books_say_wrong_is_a_doubt() -> None:
    tell(LOTS)
    buy("CAP-1", "RES", "import", bill=False, cif="100", origin="CN")
    found = piece("CAP-1")
    # The record says that it was made here, the books that it was not: neither is shown.
    assert (found.part, found.origin) == ("CAP", "")
    assert found.doubts == ("lot_differs", "no_origin", "no_bill_of_entry")


CERTIFICATES = [
    pytest.param([("30", {})], Certificate("C0", D(30)), "", id="one"),
    pytest.param([("30", {"part": "RES"})], None, "", id="another part"),
    pytest.param(
        [("30", {}), ("40", {"part": "CAP"})], Certificate("C1", D(40)), "", id="same day: for the part"
    ),
    pytest.param(
        [("30", {"part": "CAP"}), ("40", {"valid_from": dt.date(2026, 5, 1)})],
        Certificate("C1", D(40)), "", id="the newest",
    ),
    pytest.param(
        [("30", {"valid_to": BOUGHT - dt.timedelta(days=1)})], None, "C0", id="ran out the day before"
    ),
    pytest.param([("30", {"valid_to": BOUGHT})], Certificate("C0", D(30)), "", id="its last day"),
    pytest.param([("30", {"valid_from": BOUGHT + dt.timedelta(days=1)})], None, "", id="not yet valid"),
    pytest.param([("30", {"of": "OTHER"})], None, "", id="another supplier"),
    pytest.param(
        [("30", {"method": "PPP_MII"}), ("40", {"method": "PMA_BOM", "valid_from": dt.date(2026, 5, 1)})],
        Certificate("C0", D(30), "PPP_MII"), "", id="one by the method that is asked for goes first",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("known", "wanted", "expired"), CERTIFICATES)
def test_certificates(known: list[tuple[str, dict[str, object]]], wanted: object, expired: str) -> None:
    tell(LOTS)
    buy("CAP-1", "CAP", price="100")
    for number, (percent, more) in enumerate(known):
        certify(percent, number=f"C{number}", **more)  # type: ignore[arg-type]
    (found,) = candidates_of_lots(["CAP-1"], accepts=["PPP_MII"])["CAP-1"]
    assert (found.certificate, found.expired) == (wanted, expired)


def test_a_certificate_without_its_file() -> None:
    tell(LOTS)
    buy("CAP-1", "CAP", price="100")
    certify("30", file_sha256="")
    assert piece("CAP-1").doubts == ("certificate_no_file",)


def test_rate_policies() -> None:
    tell(LOTS)
    buy("CAP-1", "CAP", "import", currency="USD", rate=D(85), value="90", freight="8", insurance="2",
        cif="8500", duty="850")  # fmt: skip
    day = dt.timedelta(days=1)
    assert piece("CAP-1", "invoice_date_reference_rate").doubts == ("no_rate",)
    assert piece("CAP-1", "invoice_date_reference_rate").cif == 85
    rate("reference", "83", BOUGHT, BOUGHT)
    rate("reference", "84", BOUGHT + day, BOUGHT + day)
    rate("average", "82", dt.date(2026, 4, 1), dt.date(2027, 3, 31))
    rate("fixed", "80", dt.date(2020, 4, 1), dt.date(2021, 3, 31))
    assert piece("CAP-1").cif == 85
    assert piece("CAP-1", "invoice_date_reference_rate").cif == 83
    assert piece("CAP-1", "period_average").cif == 82
    assert piece("CAP-1", "fixed_reference_year").cif == 85
    found = piece("CAP-1", "fixed_reference_year", dt.date(2020, 6, 1))
    # Duties stay as they were paid.
    assert (found.cif, found.duty) == (D(80), D("8.5"))


def test_rupees_need_no_rate() -> None:
    tell(LOTS)
    buy("CAP-1", "CAP", "import", cif="8500", origin="")
    assert piece("CAP-1", "period_average").doubts == ()


def test_splits_and_mergers_lead_back_to_what_was_bought() -> None:
    tell(LOTS + """
        06:10  DOCK-1  split lot:CAP-1:10 into lot:KIT-A:CAP:10           accepted
        06:11  DOCK-1  split lot:KIT-A:10 lot:CAP-2:10 into lot:MIX:CAP:20  accepted
        06:12  DOCK-1  split lot:CAP-2:10 lot:RES-1:10 into lot:MADE:CAP:10  accepted
    """)  # fmt: skip
    buy("CAP-1", "CAP", price="100")
    buy("CAP-2", "CAP", "import", cif="300", origin="IN")
    found = candidates_of_lots(["KIT-A", "MIX", "MADE"])
    assert [piece.lot for piece in found["KIT-A"]] == ["CAP-1"]
    assert {piece.lot for piece in found["MIX"]} == {"CAP-1", "CAP-2"}
    # Made of two parts: what it cost is in nobody's books.
    assert [(piece.lot, piece.doubts) for piece in found["MADE"]] == [("MADE", ("no_receipt",))]
    assert piece("MIX").lot == "CAP-2"  # the dearest of those that it may be
