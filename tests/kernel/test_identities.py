"""Identities: published vectors, values checked by hand, and that any text is answered, never a crash."""

from __future__ import annotations

import csv
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn

from karkhana.kernel.identities import SCHEMES, normalise


def vectors() -> list[dict[str, str]]:
    """The rows of the vectors of python-stdnum; skips where they are not there."""
    given_folder = os.environ.get("KARKHANA_SHARED")
    shared = Path(given_folder) if given_folder else Path(__file__).resolve().parents[3] / "shared" / "data"
    for folder in (shared / "identity", shared / "data" / "identity"):
        path = folder / "stdnum_vectors.csv"
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                return [row for row in csv.DictReader(file) if row["operation"] == "validate"]
    pytest.skip("the vectors are not there; set KARKHANA_SHARED to the folder that holds identity/")


def answer(scheme: str, text: str) -> str | None:
    with suppress(ValueError):
        return normalise(scheme, text)[1]
    return None


def test_published_vectors_of_imei() -> None:
    seen = 0
    for row in vectors():
        if row["scheme"] != "imei":
            continue
        # Elsewhere an IMEI may come without its check digit or as an IMEISV; on a label it has 15 digits.
        wanted = row["result"] if row["result"].isdigit() and len(row["result"]) == 15 else None
        assert answer("imei", row["input"]) == wanted, row
        if row["result"].isdigit() and len(row["result"]) == 16:
            assert answer("imeisv", row["input"]) == row["result"]
        seen += 1
    assert seen >= 6


def test_published_vectors_of_meid() -> None:
    rows = [row for row in vectors() if row["scheme"] == "meid" and not row["options"]]
    assert len(rows) >= 6
    for row in rows:
        wanted = None if row["result"].startswith("Invalid") else row["result"]
        assert answer("meid", row["input"]) == wanted, row


def test_published_vectors_of_mac() -> None:
    rows = [row for row in vectors() if row["scheme"] == "mac" and not row["options"]]
    assert len(rows) >= 4
    for row in rows:
        wanted = None if row["result"].startswith("Invalid") else row["result"].replace(":", "").upper()
        assert answer("eui48", row["input"]) == wanted, row
        assert answer("bluetooth", row["input"]) == wanted, row


def test_published_vectors_of_ean() -> None:
    rows = [row for row in vectors() if row["scheme"] == "ean"]
    assert len(rows) >= 3
    for row in rows:
        wanted = None if row["result"].startswith("Invalid") else row["result"].rjust(14, "0")
        assert answer("gtin", row["input"].rjust(14, "0") if wanted else row["input"]) == wanted, row


BY_HAND = [
    # 3GPP TS 23.003 annex B: 49015420323751 has the check digit 8.
    ("imei", "490154203237518", "490154203237518"),
    ("imei", "49-015420-323751-8", "490154203237518"),
    ("imei", "490154203237517", None),
    ("imei", "49015420323751", None),
    ("imei", "4901542032375180", None),
    ("imei", "४९०१५४२०३२३७५१८", None),
    ("imei", "", None),
    ("imei", " ", None),
    ("imeisv", "4901542032375100", "4901542032375100"),
    ("imeisv", "490154203237510", None),
    ("meid", "AF0123450ABCDE", "AF0123450ABCDE"),
    ("meid", "af0123450abcde", "AF0123450ABCDE"),
    ("meid", "AF0123450ABCDEC", "AF0123450ABCDE"),
    ("meid", "AF0123450ABCDE1", None),
    ("eui48", "D0:50:99:84:A2:A0", "D0509984A2A0"),
    ("eui48", "d050.9984.a2a0", "D0509984A2A0"),
    ("eui48", "01:00:5E:00:00:01", None),
    ("eui48", "FF:FF:FF:FF:FF:FF", None),
    ("eui48", "D0:50:99:84:A2:G0", None),
    ("eui48", "D0509984A2A", None),
    ("eui64", "D0:50:99:FF:FE:84:A2:A0", "D05099FFFE84A2A0"),
    ("eui64", "D0:50:99:84:A2:A0", None),
    ("vin", "1HGBH41JXMN109186", "1HGBH41JXMN109186"),
    ("vin", "1hgbh41jxmn109186", "1HGBH41JXMN109186"),
    ("vin", "1HGBH41JXMN10918O", None),
    ("vin", "1HGBH41JXMN10918", None),
    # GS1 General Specifications 7.9.1: the worked examples of check digits.
    ("gtin", "06291041500213", "06291041500213"),
    ("gtin", "06291041500214", None),
    ("gtin", "6291041500213", None),
    ("sscc", "376104250021234569", "376104250021234569"),
    ("sscc", "376104250021234568", None),
    # 49 CFR 565.15's own example; the Indian reading of the same number asks for no check digit.
    ("vin_na", "1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),
    ("vin_na", "1M8GDM9A1KP042788", None),
    ("vin", "1M8GDM9A1KP042788", "1M8GDM9A1KP042788"),
    ("meter", "ost2600001", "OST2600001"),
    ("meter", "OS12600001", None),
    ("meter", "OST26000012345678", None),
    ("bpan", "IN-ABC-000000000000000-1", "INABC0000000000000001"),
    ("bpan", "INABC000000000000001", None),
    ("iccid", "8991000900123456785", "8991000900123456785"),
    ("iccid", "8991000900123456786", None),
    ("iccid", "7991000900123456785", None),
    # GSMA SGP.02's own example.
    ("eid", "89049032123451234512345678901235", "89049032123451234512345678901235"),
    ("eid", "89049032123451234512345678901236", None),
    ("serial", "PH-00१", "PH-00१"),
    ("serial", " PH1", None),
    ("serial", "PH1\u00a0", None),
    ("serial", "", None),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "text", "wanted"), BY_HAND)
def test_by_hand(scheme: str, text: str, wanted: str | None) -> None:
    assert answer(scheme, text) == wanted


def test_a_bluetooth_address_and_a_mac_share_one_space() -> None:
    assert normalise("bluetooth", "02-00-00-00-00-01") == normalise("eui48", "0200.0000.0001")


def test_a_wrong_check_digit_is_said_with_the_right_one() -> None:
    with pytest.raises(ValueError, match="should be 8, not 7"):
        normalise("imei", "490154203237517")
    with pytest.raises(ValueError, match="should be 3, not 4"):
        normalise("gtin", "06291041500214")


def test_an_unknown_scheme_is_a_fault_not_an_answer() -> None:
    with pytest.raises(KeyError):
        normalise("passport", "1")


DIGITS = st.text("0123456789ABCDEFabcdef:-. GO", max_size=24)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(SCHEMES)), st.one_of(st.text(max_size=30), DIGITS))
def test_any_text_is_normalised_once_and_for_all_or_refused(scheme: str, text: str) -> None:
    normal = answer(scheme, text)
    if normal is not None:
        assert normalise(scheme, normal) == normalise(scheme, text)
        return
    with pytest.raises(ValueError, match=r"\S"):
        normalise(scheme, text)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 10**14 - 1), st.integers(0, 13), st.integers(1, 9))
def test_an_imei_with_one_wrong_digit_is_never_accepted(number: int, place: int, by: int) -> None:
    body = f"{number:014d}"
    good = body + luhn.calc_check_digit(body)
    bad = good[:place] + str((int(good[place]) + by) % 10) + good[place + 1 :]
    assert answer("imei", bad) is None
