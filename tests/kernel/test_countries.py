"""Countries: every code has a name in both languages, and no name has a code that is not there."""

from __future__ import annotations

import pytest

from karkhana.kernel.countries import COUNTRIES, name_of, names


def test_every_country_has_its_names_and_no_other_is_named() -> None:
    assert set(names()) == COUNTRIES
    assert all(set(said) == {"en", "hi"} and all(said.values()) for said in names().values())


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("IN", "en", "India"),
        ("CN", "hi", "चीन"),
        ("KR", "de", "South Korea"),
        ("XX", "hi", "XX"),
        ("", "en", ""),
    ],
)
def test_a_name_in_a_language(code: str, language: str, name: str) -> None:
    assert name_of(code, language) == name
