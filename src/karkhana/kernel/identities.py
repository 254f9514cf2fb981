"""Identities of devices: how each scheme is written, checked and told apart.

Owns the check of a single value. It does not own pools, ranges or who carries what.

Source: IMEI and Luhn digit 3GPP TS 23.003 clause 6.2 and annex B; MEID 3GPP2 X.S0008; EUI-48 IEEE
802-2014 clause 8; VIN ISO 3779 (Indian VINs carry no enforced check digit); GTIN and SSCC check digit
GS1 General Specifications 7.9. Digits are checked by python-stdnum.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum import ean, imei, luhn, meid
from stdnum.exceptions import ValidationError


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
