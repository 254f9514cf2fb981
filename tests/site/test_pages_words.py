"""Words: numbers as India writes them, refusals in Hindi, and a catalogue that is whole and compiled."""

from __future__ import annotations

import io
import string
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages import mofile, pofile
from django.utils import translation

import karkhana.site
from karkhana.floor.rules import REFUSALS, no
from karkhana.site.pages.refusal_words import hindi_sentences, say
from karkhana.site.templatetags.karkhana import ago, indian, indian_short, percent, spark, state_word

CATALOGUE = Path(karkhana.site.__file__).parent / "locale" / "hi" / "LC_MESSAGES" / "django.po"


def fields_of(*texts: str) -> set[str]:
    """Return the names in braces."""
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (100000, "1,00,000"),
            (1234567, "12,34,567"),
            (12345678901, "12,34,56,78,901"),
            (-1234567, "−12,34,567"),
            (Decimal("1234567.50"), "12,34,567.50"),
            (None, "–"),
            ("P-7", "P-7"),
        ],
    )
    def test_are_grouped_the_indian_way(self, value: object, text: str) -> None:
        assert indian(value) == text

    def test_large_ones_are_said_in_lakh_and_crore(self) -> None:
        with translation.override("en"):
            assert [indian_short(n) for n in (99999, 2_000_000, 135_000_000)] == [
                "99,999",
                "20.00 lakh",
                "13.50 crore",
            ]
        with translation.override("hi"):
            assert indian_short(135_000_000) == "13.50 करोड़"

    def test_only_a_whole_share_reads_100(self) -> None:
        assert [percent(x) for x in (1.0, 0.99999, 0.5, None)] == ["100 %", "99.9 %", "50.0 %", "–"]

    def test_lengths_of_time(self) -> None:
        with translation.override("en"):
            assert [ago(s) for s in (59, 61, 3900, 90000, None)] == [
                "0 min",
                "1 min",
                "1 h 05 min",
                "1 d 1 h",
                "–",
            ]

    def test_small_bars_say_nothing_for_nothing(self) -> None:
        assert "<svg" not in spark((0, 0), "x")
        assert spark((1, 0, 2), "x").count("<rect") == 2


class TestRefusalsInHindi:
    def test_every_refusal_of_the_gate_has_its_sentences(self) -> None:
        assert set(REFUSALS) <= set(hindi_sentences())

    @pytest.mark.parametrize("code", sorted(REFUSALS))
    def test_use_only_the_fields_that_the_refusal_carries(self, code: str) -> None:
        sentences = hindi_sentences()[code]
        assert fields_of(*sentences.values()) <= fields_of(*REFUSALS[code])
        assert all(any("\u0900" <= letter <= "\u097f" for letter in text) for text in sentences.values())

    def test_are_said_with_their_values(self) -> None:
        refusal = no("unit.ended", unit="U1", state="shipped").as_dict()
        assert say(refusal, "message", "hi") == "U1 की स्थिति: भेजा गया। इस पर अब काम नहीं होता।"
        assert say(refusal, "message", "en").startswith("U1 is shipped")

    def test_fall_back_to_english_rather_than_to_nothing(self) -> None:
        unknown = {"code": "new.code", "message": "So it is.", "next_step": "Do that.", "fields": {}}
        assert say(unknown, "message", "hi") == "So it is."
        fieldless = {"code": "unit.held", "message": "U1 is on hold.", "next_step": "Stop.", "fields": {}}
        assert say(fieldless, "message", "hi") == "U1 is on hold."


class TestCatalogue:
    def test_is_whole(self) -> None:
        with CATALOGUE.open("rb") as file:
            catalogue = pofile.read_po(file, locale="hi")
        lacking = [
            message.id for message in catalogue if message.id and (not message.string or message.fuzzy)
        ]
        assert lacking == []

    def test_is_compiled(self) -> None:
        with CATALOGUE.open("rb") as file:
            catalogue = pofile.read_po(file, locale="hi")
        made = io.BytesIO()
        mofile.write_mo(made, catalogue)
        assert CATALOGUE.with_suffix(".mo").read_bytes() == made.getvalue(), "compile the catalogue anew"

    def test_says_states(self) -> None:
        with translation.override("hi"):
            assert [state_word(s) for s in ("failed", "shipped", None)] == ["फ़ेल", "भेजा गया", "–"]
