"""Identities of devices: how each scheme is written, checked and told apart.

Owns the check of a single value. It does not own ranges (``kernel.ranges``), how a maker's own serial
number is composed (``kernel.templates``), pools or who carries what.

Source: IMEI and Luhn digit 3GPP TS 23.003 clause 6.2 and annex B; MEID 3GPP2 X.S0008; EUI-48 IEEE
802-2014 clause 8; VIN ISO 3779 (Indian VINs carry no enforced check digit; the North American one is
49 CFR 565.15); ICCID ITU-T E.118; EID GSMA SGP.02 clause 2.2.2; logical device name of a meter
IEC 62056-6-2 (IS 15959); battery pack number: the Indian draft of 30 December 2025 fixes its length alone;
GTIN and SSCC check digit GS1 General Specifications 7.9. Digits are checked by python-stdnum.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum import ean, imei, luhn, meid
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10


def _imei(value: str) -> str:
    digits = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"[0-9]{15}", digits):
        raise ValueError("an IMEI has 15 digits")
    if not luhn.is_valid(digits):
        raise ValueError(
            f"the Luhn check digit should be {luhn.calc_check_digit(digits[:14])}, not {digits[14]}"
        )
    imei.validate(digits)
    return digits


def _imeisv(value: str) -> str:
    digits = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"[0-9]{16}", digits):
        raise ValueError("an IMEISV has 16 digits")
    return digits


def _meid(value: str) -> str:
    compact = meid.compact(value, strip_check_digit=True)
    if not re.fullmatch(r"[0-9A-F]{14}", compact):
        raise ValueError("a MEID has 14 hexadecimal digits")
    meid.validate(value)
    return compact


def _eui(length: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        digits = re.sub(r"[:.\-]", "", value).upper()
        if not re.fullmatch(rf"[0-9A-F]{{{length}}}", digits):
            raise ValueError(f"an EUI-{length * 4} has {length} hexadecimal digits")
        if int(digits[1], 16) & 1:
            raise ValueError("it is a group address; a device needs an individual one")
        return digits

    return check


def _serial(value: str) -> str:
    if value != value.strip() or not value:
        raise ValueError("a serial number is not empty and has no blanks around it")
    return value


def _vin(value: str) -> str:
    text = value.upper()
    if not re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", text):
        raise ValueError("a VIN has 17 letters and digits without I, O and Q")
    return text


_VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", (*range(10), *range(1, 9), *range(1, 6), 7, 9,
                                                             *range(2, 10)), strict=True))  # fmt: skip
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _vin_na(value: str) -> str:
    text = _vin(value)
    total = sum(_VIN_VALUES[sign] * weight for sign, weight in zip(text, _VIN_WEIGHTS, strict=True))
    digit = "0123456789X"[total % 11]
    if text[8] != digit:
        raise ValueError(f"the check digit in place 9 should be {digit}, not {text[8]}")
    return text


def _meter(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}[A-Za-z0-9]{3,13}", value):
        raise ValueError("a meter number is the maker's three letters and 3 to 13 letters or digits")
    return value.upper()


def _bpan(value: str) -> str:
    text = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"[A-Za-z0-9]{21}", text):
        raise ValueError("a battery pack number has 21 letters and digits")
    return text.upper()


def _iccid(value: str) -> str:
    digits = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"89[0-9]{17,18}", digits):
        raise ValueError("an ICCID has 19 or 20 digits and begins with 89")
    if not luhn.is_valid(digits):
        raise ValueError(
            f"the Luhn check digit should be {luhn.calc_check_digit(digits[:-1])}, not {digits[-1]}"
        )
    return digits


def _eid(value: str) -> str:
    digits = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"89[0-9]{30}", digits):
        raise ValueError("an EID has 32 digits and begins with 89")
    if not mod_97_10.is_valid(digits):
        wanted = mod_97_10.calc_check_digits(digits[:-2])
        raise ValueError(f"the check digits should be {wanted}, not {digits[-2:]}")
    return digits


def _gs1(length: int, name: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(rf"[0-9]{{{length}}}", value):
            raise ValueError(f"{name} has {length} digits")
        digit = ean.calc_check_digit(value[:-1])
        if value[-1] != digit:
            raise ValueError(f"the check digit should be {digit}, not {value[-1]}")
        return value

    return check


SCHEMES: dict[str, tuple[str, Callable[[str], str]]] = {
    "imei": ("imei", _imei),
    "imeisv": ("imeisv", _imeisv),
    "meid": ("meid", _meid),
    "eui48": ("eui48", _eui(12)),
    "bluetooth": ("eui48", _eui(12)),
    "eui64": ("eui64", _eui(16)),
    "serial": ("serial", _serial),
    "vin": ("vin", _vin),
    "vin_na": ("vin", _vin_na),
    "meter": ("meter", _meter),
    "bpan": ("bpan", _bpan),
    "iccid": ("iccid", _iccid),
    "eid": ("eid", _eid),
    "sscc": ("sscc", _gs1(18, "an SSCC")),
    "gtin": ("gtin", _gs1(14, "a GTIN-14")),
}
"""Scheme to (space, check). Values are unique within a space; a Bluetooth address is an EUI-48."""


def normalise(scheme: str, value: str) -> tuple[str, str]:
    """Check a value and return the space in which it must be unique and its normal form.

    Raises:
        ValueError: the value is malformed; the text says how, in words for a person.
        KeyError: there is no such scheme.
    """
    space, check = SCHEMES[scheme]
    try:
        return space, check(value)
    except ValidationError as problem:
        raise ValueError(str(problem)) from problem
