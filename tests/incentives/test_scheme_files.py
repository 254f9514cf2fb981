"""Files of schemes: what stands in them is checked, and what is wrong is refused with file and key."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from karkhana.incentives.computing import FORMULAS
from karkhana.incentives.describing import scheme_as_dict
from karkhana.incentives.inputs import asks_of
from karkhana.incentives.loading import load_scheme, read_scheme, scheme_ids
from karkhana.incentives.rules.scheme import Scheme
from karkhana.kernel.refusals import Refused

GOOD = """
id = "x"
name = "X"
authority = "A"
state = "open"
unit = "INR_crore"
years = 2
valid_from = 2020-04-01
[sources]
paper = "https://example.org/a"
gazette = { official = "https://example.org/b" }
[[figure]]
name = "rate"
values = ["0.06", "0.05"]
unit = "share"
status = "sourced"
source = ["gazette", "paper"]
[[figure]]
name = "cap"
value = "10"
unit = "INR_crore"
status = "unverified"
valid_to = 2021-03-31
"""
CAP = '[[figure]]\nname = "cap"\n'


def read(text: str, file: str = "x.toml") -> Scheme:
    return read_scheme(text.encode(), file)


def test_a_good_file() -> None:
    scheme = read(GOOD)
    second = scheme.figure("rate", 2)
    assert second is not None
    assert (second.value, second.status, [one.key for one in second.sources]) == (
        Decimal("0.05"), "sourced", ["gazette", "paper"],
    )  # fmt: skip
    assert (second.sources[0].official, second.sources[1].official) == (True, False)
    assert second.valid_from == dt.date(2020, 4, 1)
    assert scheme.figure("rate") is None
    assert scheme.figure("cap", on=dt.date(2021, 3, 31)) is not None
    assert scheme.figure("cap", on=dt.date(2021, 4, 1)) is None


BAD = [
    ("id = ", "id = [", "the whole file", ""),
    ('id = "x"', 'id = "y"', "id", "x.toml"),
    ('state = "open"', 'state = "ajar"', "state", "one of"),
    ("years = 2", "years = 0", "years", "whole number"),
    ("years = 2", "years = true", "years", "whole number"),
    ('unit = "INR_crore"\nyears', 'unit = "rupees"\nyears', "the top of the file", "unit 'rupees'"),
    ('name = "X"', 'name = "X"\nnaem = "Y"', "the top of the file, key naem", "nobody reads it"),
    ('name = "X"', "name = 5", "name", "is a text"),
    ('name = "X"\n', "", "name", "missing"),
    ('valid_from = 2020-04-01', 'valid_from = "2020-04-01"', "valid_from", "without quotes"),
    ('valid_from = 2020-04-01', 'valid_from = 2020-04-01T00:00:00', "valid_from", "without quotes"),
    ('"https://example.org/a"', '"example.org"', "sources paper", "begins with"),
    ("{ official =", "{ offical =", "sources gazette, key offical", "nobody reads it"),
    ('["gazette", "paper"]', '["paper"]', "figure rate", "names an official source"),
    ('["gazette", "paper"]', '["gazette", "rumour"]', "figure rate", "'rumour' is not among"),
    ('["0.06", "0.05"]', '["0.06", 0.05]', "figure rate", "written as a text"),
    ('["0.06", "0.05"]', '["0.06", "-1"]', "figure rate", "from 0 up"),
    ('["0.06", "0.05"]', '["0.06", "NaN"]', "figure rate", "from 0 up"),
    ('["0.06", "0.05"]', '["0.06", "six"]', "figure rate", "no number"),
    ('["0.06", "0.05"]', '["0.06", "0.05", "0.04"]', "figure rate", "from 1 to 2"),
    ('values = ["0.06", "0.05"]', 'values = ["0.06"]\nyears = [1, 2]', "figure rate", "1 values stand for 2"),
    ('values = ["0.06", "0.05"]', 'values = ["0.06"]\nyears = [3]', "figure rate", "from 1 to 2"),
    ('value = "10"', 'value = "10"\nvalues = ["1"]', "figure cap", "either value"),
    ('value = "10"', 'value = "10"\nyears = [1]', "figure cap", "beside values"),
    ('value = "10"\n', "", "figure cap", "either value"),
    ('value = "10"', 'value = "10"\nvlaue = "9"', "figure cap, key vlaue", "nobody reads it"),
    ('"unverified"', '"guessed"', "figure cap", "status 'guessed'"),
    ('"unverified"', '"secondary"', "figure cap", "names its source"),
    ("valid_to = 2021-03-31", "valid_to = 2019-03-31", "figure cap", "before valid_from"),
    (CAP, '[[figure]]\nname = "rate"\n', None, None),
    (CAP, '[[figure]]\nname = "the cap"\n', "figure number 2", "no name"),
    (CAP, '[[figure]]\n', "figure number 2", "missing"),
    (CAP, '[[reading]]\nname = "r"\noptions = ["a"]\ndefault = "a"\n' + CAP, "reading r", "two options"),
    (CAP, '[[reading]]\nname = "r"\noptions = ["a", "b"]\ndefault = "c"\n' + CAP, "reading r", "one of them"),
    (CAP, '[[fact]]\nname = "f"\nstatus = "unverified"\n' + CAP, "fact f", "text is missing"),
    (CAP, '[[missing]]\nname = "m"\nyears = [9]\n' + CAP, "missing m", "from 1 to 2"),
    ('name = "X"', 'name = "X"\nformula = "magic"', "formula", "'magic' is none of"),
    ('name = "X"', 'name = "X"\nformula = "drone"', "figure rate", "needs it"),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "place", "problem"), BAD)
def test_a_bad_file_is_refused_with_its_key(
    good: str, bad: str, place: str | None, problem: str | None
) -> None:
    assert good in GOOD
    text = GOOD.replace(good, bad, 1)
    if place is None:
        # One name with and without a year is two figures.
        assert read(text).figure("rate") is not None
        return
    with pytest.raises(Refused) as refused:
        read(text)
    fields = refused.value.refusal.fields
    assert (refused.value.refusal.code, fields["file"], fields["place"]) == ("scheme.data", "x.toml", place)
    assert problem in fields["problem"]


def test_a_figure_that_changes_on_a_day() -> None:
    later = '\n[[figure]]\nname = "cap"\nvalue = "12"\nunit = "INR_crore"\nstatus = "unverified"\n'
    scheme = read(GOOD + later + "valid_from = 2021-04-01\n")
    values = [scheme.figure("cap", on=dt.date(2021, *day)) for day in ((3, 31), (4, 1))]
    assert [one.value for one in values if one] == [10, 12]
    with pytest.raises(Refused, match="stands twice for the same days"):
        read(GOOD + later + "valid_from = 2021-03-31\n")


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(Refused, match="the whole file"):
        read_scheme(b'id = "\xff"', "x.toml")


@pytest.mark.parametrize("scheme", scheme_ids())
class TestShippedFiles:
    def test_loads_and_describes_itself(self, scheme: str) -> None:
        found = scheme_as_dict(load_scheme(scheme))
        assert found["id"] == scheme
        assert len(found["data_sha256"]) == 64

    def test_every_source_is_used(self, scheme: str) -> None:
        found = load_scheme(scheme)
        used = {one.key for row in (*found.figures, *found.facts, *found.readings) for one in row.sources}
        assert {one.key for one in found.sources} == used

    def test_unverified_figures_claim_no_more(self, scheme: str) -> None:
        for one in load_scheme(scheme).figures:
            if one.status in ("sourced", "secondary"):
                assert one.sources, one.label
            assert one.value >= 0

    def test_input_has_a_field_for_every_reading(self, scheme: str) -> None:
        found = load_scheme(scheme)
        if not found.formula:
            return
        formula = FORMULAS[found.formula]
        asks = asks_of(formula.asks)
        for name in formula.readings:
            assert asks[name][0].options == found.reading(name).options
            assert asks[name][1], "a reading is optional"


def test_an_unknown_scheme() -> None:
    for name in ("nothing", "../lsem", "", "x" * 500, "lsem\0"):
        with pytest.raises(Refused) as refused:
            load_scheme(name)
        assert refused.value.refusal.code == "scheme.unknown"


def test_statuses_are_as_the_research_flags_them() -> None:
    """A sample of each flag, so that nobody lifts an unverified figure by accident."""
    wanted = {
        ("lsem", "A.sales_min", 1): "secondary",
        ("lsem", "C.revenue_base_above", None): "unverified",
        ("telecom", "msme.rate", 1): "sourced",
        ("auto", "component.slab1_rate", None): "sourced",
        ("auto", "oem.first_year_sales", None): "unverified",
        ("auto", "component.investment", 5): "unverified",
        ("it_hardware_1", "global.sales_min", 1): "unverified",
        ("it_hardware_2", "global.cap", None): "secondary",
        ("white_goods", "rate", 1): "derived",
        ("ecms", "A1.rate", 1): "unverified",
        ("ecms", "B6.investment", None): "unverified",
        ("specs", "rate", None): "sourced",
        ("drone", "va_min", None): "secondary",
        ("acc", "dva_end", None): "secondary",
    }
    for (scheme, name, year), status in wanted.items():
        figure = load_scheme(scheme).figure(name, year)
        assert figure is not None
        assert figure.status == status, (scheme, name)
