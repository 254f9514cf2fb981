"""Countries by their code of two letters, as origins and seats of suppliers are written.

Source: ISO 3166-1 alpha-2, the codes in force as of 2026. A code that is not among them is refused: a customs
paper has no other.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from karkhana.kernel.refusals import refuse

HOME = "IN"
COUNTRIES = frozenset({
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA",
    "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV",
    "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU",
    "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES",
    "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM",
    "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE",
    "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM",
    "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY",
    "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT",
    "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU",
    "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA",
    "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM",
    "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL",
    "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE",
    "VG", "VI", "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW",
})  # fmt: skip


def country(text: str, *, field: str = "country") -> str:
    """Check a country's code and return it in capitals.

    Raises:
        Refused: ``country.unknown`` naming the field.
    """
    code = text.strip().upper()
    if code not in COUNTRIES:
        raise refuse(
            "country.unknown",
            "{field}: {value} is no country of ISO 3166-1.",
            "Write its code of two letters, such as CN, KR or IN.",
            field=field,
            value=repr(text[:40]),
        )
    return code


@cache
def names() -> dict[str, dict[str, str]]:
    """Return what countries are called: by code, then by language (``en``, ``hi``)."""
    return tomllib.loads(resources.files(__package__).joinpath("countries.toml").read_text("utf-8"))


def name_of(code: str, language: str = "en") -> str:
    """Return what a country is called, in English where a language has no name of it.

    A code that is no country's is returned as it is: this is for showing, not for checking.
    """
    said = names().get(code, {})
    return said.get(language) or said.get("en") or code
