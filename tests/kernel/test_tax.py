"""Tax identities, and the worked examples W16, W17, W18 and W26 of the research on schemes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karkhana.kernel.identities import normalise
from karkhana.kernel.tax import SIGNS, gstin, hsn, irn, pan_of, printed_hsn, tariff_item, tax_year

SAMPLES = ("29AAFCC9980M1ZR", "27AAPFU0939F1ZV")
"""Published samples whose check character was not made by us."""


@pytest.mark.parametrize("sample", SAMPLES)
def test_published_gstin(sample: str) -> None:
    assert gstin(sample) == sample
    assert gstin(f" {sample[:2]} {sample[2:].lower()}") == sample
    assert pan_of(sample) == sample[2:12]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "15 letters and digits"),
        ("29AAFCC9980M1Z", "15 letters and digits"),
        ("29AAFCC9980M1ZRR", "15 letters and digits"),
        ("29AAFCC9980M1Z\u00df", "15 letters and digits"),
        ("२9AAFCC9980M1ZR", "15 letters and digits"),
        ("29AAFCC9980M1Z\0", "15 letters and digits"),
        ("00AAFCC9980M1ZR", "00 is no state code"),
        ("39AAFCC9980M1ZR", "39 is no state code"),
        ("29AAFC99980M1ZR", "a PAN"),
        ("29AAFCC9980M0ZR", "never 0"),
        ("29AAFCC9980M1ZV", "should be R, not V"),
        ("27AAPFU0939F1ZR", "should be V, not R"),
    ],
)
def test_refused_gstin(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        gstin(text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(SAMPLES), st.integers(0, 14), st.sampled_from(SIGNS))
def test_a_gstin_with_one_wrong_character_is_never_accepted(sample: str, place: int, sign: str) -> None:
    changed = sample[:place] + sign + sample[place + 1 :]
    accepted = False
    with suppress(ValueError):
        accepted = bool(gstin(changed))
    assert accepted is (changed == sample)


def test_ladakh_and_other_territory_are_states() -> None:
    for state in ("38", "97", "99"):
        assert len([sign for sign in SIGNS if _good(f"{state}AAFCC9980M1Z{sign}")]) == 1


def _good(text: str) -> bool:
    with suppress(ValueError):
        return bool(gstin(text))
    return False


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("8517 62 90", "85176290"),
        ("8517.62.90", "85176290"),
        ("85176290", "85176290"),
        ("8517\u00a079", "851779"),
        ("8544", "8544"),
        ("0402", "0402"),
    ],
)
def test_tariff_codes(text: str, digits: str) -> None:
    assert hsn(text) == digits
    assert hsn(printed_hsn(digits)) == digits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "digits alone"),
        ("851", "not 3"),
        ("85176", "not 5"),
        ("8517629", "not 7"),
        ("851762901", "not 9"),
        ("8517 6O 90", "digits alone"),
        ("८५१७", "digits alone"),
        ("-8517", "digits alone"),
        ("0012", "chapter 00"),
    ],
)
def test_refused_tariff_codes(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hsn(text)


def test_a_bill_of_entry_names_the_full_item() -> None:
    assert tariff_item("8517 79 10") == "85177910"
    with pytest.raises(ValueError, match="851779 is a subheading"):
        tariff_item("8517 79")


def test_w16_reference_number_of_an_e_invoice() -> None:
    """W16: the published example, recomputed."""
    wanted = "23f498ee41441ecad30f72ba5b9907506c3df70a17b0e0dff46b76a786400662"
    assert irn("29AAFCC9980M1ZR", "2019-20", "INV", "2019-20/KA/1") == wanted
    assert irn("29aafcc9980m1zr", "2019-20", "INV", "2019-20/ka/1") == wanted
    assert irn("29AAFCC9980M1ZR", "2019-20", "INV", "2019-20/ka/1", capitals=False) != wanted


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("29AAFCC9980M1ZR", "2019-21", "INV", "1"), "ends in 20, not 21"),
        (("29AAFCC9980M1ZR", "2019", "INV", "1"), "written 2019-20"),
        (("29AAFCC9980M1ZR", "2019-20", "BIL", "1"), "INV, CRN, DBN"),
        (("29AAFCC9980M1ZR", "2019-20", "INV", ""), "1 to 16"),
        (("29AAFCC9980M1ZR", "2019-20", "INV", "1" * 17), "1 to 16"),
        (("29AAFCC9980M1ZR", "2019-20", "INV", "a b"), "1 to 16"),
        (("29AAFCC9980M1ZX", "2019-20", "INV", "1"), "check character"),
    ],
)
def test_refused_reference_numbers(arguments: tuple[str, str, str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        irn(*arguments)


def test_the_year_1999_is_followed_by_00() -> None:
    assert tax_year("1999-00") == "1999-00"


def test_w17_imei_of_the_3gpp_annex() -> None:
    """W17: terms add up to 53, so the check digit is 7."""
    assert normalise("imei", "260531793113837") == ("imei", "260531793113837")
    with pytest.raises(ValueError, match="should be 7, not 3"):
        normalise("imei", "260531793113833")


def test_w18_imei() -> None:
    """W18: 49015420 323751 has the check digit 8."""
    assert normalise("imei", "49-015420-323751-8") == ("imei", "490154203237518")
    with pytest.raises(ValueError, match="should be 8, not 0"):
        normalise("imei", "490154203237510")


def test_w26_check_digit_of_a_vin_is_an_option() -> None:
    """W26: the North American rule gives X in place 9; Indian numbers are not held to it."""
    assert normalise("vin_na", "1M8GDM9AXKP042788") == ("vin", "1M8GDM9AXKP042788")
    with pytest.raises(ValueError, match="should be X, not 7"):
        normalise("vin_na", "1M8GDM9A7KP042788")
    assert normalise("vin", "1M8GDM9A7KP042788")[1] == "1M8GDM9A7KP042788"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=20))
def test_any_text_is_answered(text: str) -> None:
    for check in (gstin, hsn, tariff_item, tax_year):
        normal = None
        with suppress(ValueError):
            normal = check(text)
        assert normal is None or check(normal) == normal
