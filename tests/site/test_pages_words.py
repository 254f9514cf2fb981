"""Words: numbers as India writes them, refusals in Hindi, and a catalogue that is whole and compiled."""

from __future__ import annotations

import io
import re
import string
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Catalog, Message, mofile, pofile
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.utils import translation
from django.utils.translation.template import templatize

import karkhana.site
from karkhana.design.families import FAMILIES
from karkhana.floor.rules import REFUSALS, no
from karkhana.localisation.templatetags.local_value import rupees_short
from karkhana.site.pages.refusal_words import hindi_sentences, say
from karkhana.site.templatetags.karkhana import (
    WORDS,
    ago,
    indian,
    indian_short,
    percent,
    spark,
    spoken,
    state_word,
)
from karkhana.supply.stock.refusals import REFUSALS as STOCK_REFUSALS

SOURCE = Path(karkhana.site.__file__).parent.parent
CATALOGUE = SOURCE / "site" / "locale" / "hi" / "LC_MESSAGES" / "django.po"
KEYWORDS = DEFAULT_KEYWORDS | {"gettext_noop": None, "gettext_lazy": None, "ngettext_lazy": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)\d*[a-z]")
# What a template may say outside of a translation: names, keys of the keyboard, codes, terms of standards.
UNTRANSLATED = re.compile(
    r"karkhana|English|Enter|Esc|Alt|CMD:[A-Z:]+|KB|II|EVT|DVT|PVT|MP|FPY|fw|PRODUCT:REV|PH\{yy\}\{ww\}\{n:05\}\{check\}"
    r"|\b(?:AQL|Ac|Re|MSL|HSN|GSTIN|UDIN|IGST|SHA|PDF|XLSX)\b|PPP_MII|L-4711;CAP-100N;4000;MURATA;JP|\bCN\b"
)
SPOKEN_ATTRIBUTE = re.compile(r"\b(?:title|placeholder|aria-label|alt)=\"([^\"]*)\"")
SAID = REFUSALS | STOCK_REFUSALS
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))


@cache
def catalogue_of() -> Catalog:
    """Read the Hindi catalogue."""
    with CATALOGUE.open("rb") as file:
        return pofile.read_po(file, locale="hi")


def marked_in(path: Path) -> Iterator[str | tuple[str, ...]]:
    """Yield what one template or module marks for translation; singular and plural together."""
    source = path.read_text()
    if path.suffix == ".html":
        source = templatize(source)
    for _, message, _, _ in extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS):
        yield message


@cache
def marked() -> dict[str | tuple[str, ...], str]:
    """Return every text that is marked for translation, with the file that has it."""
    modules = (path for path in sorted(SOURCE.rglob("*.py")) if "gettext" in path.read_text())
    return {text: path.name for path in (*TEMPLATES, *modules) for text in marked_in(path)}


def bare_words(source: str) -> list[str]:
    """Return the words of a template that a reader sees and nobody translates."""
    whole = ("{% comment %}.*?{% endcomment %}", "{% blocktrans.*?{% endblocktrans %}")
    hole = "|".join(("{% block body_class %}.*?{% endblock %}", *whole, "{#.*?#}", "{%.*?%}", "{{.*?}}"))
    shown = re.sub(hole, "·", source, flags=re.S)
    shown = re.sub(r"<(script|style|code)\b.*?</\1>", "", shown, flags=re.S)
    texts = [*SPOKEN_ATTRIBUTE.findall(shown), re.sub(r"<[^>]*>", "\n", shown)]
    return [word for text in texts for word in re.findall(r"[A-Za-z]{2,}", UNTRANSLATED.sub("", text))]


def ids_of(message: Message) -> list[str]:
    """Return a text, or its singular and plural."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def strings_of(message: Message) -> list[str]:
    """Return a text's Hindi, or that of its singular and plural."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


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
            assert [rupees_short(n) for n in (135_000_000, 250_000)] == ["₹ 13.50 करोड़", "₹ 2.50 लाख"]

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
    def test_every_refusal_of_the_gate_and_the_stores_has_its_sentences(self) -> None:
        assert set(SAID) <= set(hindi_sentences())

    @pytest.mark.parametrize("code", sorted(SAID))
    def test_use_only_the_fields_that_the_refusal_carries(self, code: str) -> None:
        sentences = hindi_sentences()[code]
        assert fields_of(*sentences.values()) <= fields_of(*SAID[code])
        assert all(any("\u0900" <= letter <= "\u097f" for letter in text) for text in sentences.values())

    def test_are_said_with_their_values(self) -> None:
        refusal = no("unit.ended", unit="U1", state="shipped").as_dict()
        assert say(refusal, "message", "hi") == "U1 की स्थिति: भेजा गया। इस पर अब काम नहीं होता।"
        assert say(refusal, "message", "en").startswith("U1 is shipped")

    @pytest.mark.parametrize(("since", "said"), [(" from 2026-11-23 on", " (2026-11-23 से)"), ("", "")])
    def test_say_from_when_on_a_change_counts(self, since: str, said: str) -> None:
        refusal = no("revision.superseded", product="P", revision="A", change="CO-0001", other="B",
                     since=since, orders="W")  # fmt: skip
        assert (
            say(refusal.as_dict(), "message", "hi") == f"P A अब शुरू नहीं होता: चेंज ऑर्डर CO-0001 B लाता है{said}।"
        )

    def test_fall_back_to_english_rather_than_to_nothing(self) -> None:
        unknown = {"code": "new.code", "message": "So it is.", "next_step": "Do that.", "fields": {}}
        assert say(unknown, "message", "hi") == "So it is."
        fieldless = {"code": "unit.held", "message": "U1 is on hold.", "next_step": "Stop.", "fields": {}}
        assert say(fieldless, "message", "hi") == "U1 is on hold."


class TestCatalogue:
    def test_is_whole(self) -> None:
        lacking = [message.id for message in catalogue_of() if message.id and not all(strings_of(message))]
        assert lacking == []
        assert not any(message.fuzzy for message in catalogue_of() if message.id)
        assert not catalogue_of().obsolete

    def test_has_every_text_that_a_page_marks(self) -> None:
        assert len(marked()) > 700, "the search for texts finds too few"
        held = {message.id for message in catalogue_of()}
        assert sorted(f"{name}: {text}" for text, name in marked().items() if text not in held) == []

    def test_has_no_text_that_no_page_says(self) -> None:
        assert sorted(str(m.id) for m in catalogue_of() if m.id and m.id not in marked()) == []

    def test_keeps_every_placeholder(self) -> None:
        changed = [
            message.id
            for message in catalogue_of()
            for text in strings_of(message)
            if message.id
            and sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(ids_of(message)[-1]))
        ]
        assert changed == []

    @pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
    def test_leaves_no_word_of_a_template_unmarked(self, path: Path) -> None:
        assert bare_words(path.read_text()) == []

    def test_unmarked_words_are_found(self) -> None:
        page = '<p title="Stop">{% trans "Lines" %} Go <b>{{ on }}</b> CMD:CANCEL</p>{# no #}'
        assert bare_words(page) == ["Stop", "Go"]

    @pytest.mark.parametrize("family", FAMILIES)
    def test_names_every_family(self, family: str) -> None:
        assert family in WORDS
        with translation.override("hi"):
            assert spoken(family) != family

    def test_is_compiled(self) -> None:
        made = io.BytesIO()
        mofile.write_mo(made, catalogue_of())
        assert CATALOGUE.with_suffix(".mo").read_bytes() == made.getvalue(), "compile the catalogue anew"

    def test_says_states(self) -> None:
        with translation.override("hi"):
            assert [state_word(s) for s in ("failed", "shipped", None)] == ["फ़ेल", "भेजा गया", "–"]
