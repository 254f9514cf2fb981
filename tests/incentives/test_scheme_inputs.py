"""Input of a computation: from a file to a result, and every wrong field named."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karkhana.incentives.computing import FORMULAS, compute
from karkhana.incentives.inputs import asks_of, read_file
from karkhana.incentives.loading import load_scheme, scheme_ids
from karkhana.kernel.refusals import Refused

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "incentives.md"
W9: dict[str, Any] = {
    "company": "msme", "fy": "FY23", "commitment": 10, "cumulative_investment": "5",
    "sales": Decimal("100"), "sales_base": 0,
}  # fmt: skip
W5: dict[str, Any] = {
    "category": "A", "fy": "FY21", "slots": "original", "cumulative_investment": 300, "total_sales": 6200,
    "total_sales_base": 0, "eligible_sales": 5800, "eligible_sales_base": 0,
}  # fmt: skip


def refused(scheme: str, values: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(Refused) as found:
        compute(load_scheme(scheme), values, place="year.toml")
    refusal = found.value.refusal
    assert refusal.code == "scheme.input"
    assert "year.toml" in refusal.message
    assert refusal.fields["field"] in refusal.message
    return refusal.fields


def test_the_example_of_the_guide() -> None:
    text = re.search(r"```toml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert text
    values = read_file(text[1].encode(), "year.toml", "lsem")
    result = compute(load_scheme("lsem"), values, place="year.toml")
    assert (result.amount, result.eligible, result.signable) == (Decimal("348"), True, True)
    less = compute(
        load_scheme("lsem"), values | {"total_sales": Decimal("3999.99"), "eligible_sales": 0}, place=""
    )
    assert less.amount == 0
    assert less.why_not == ("increment of all target goods is 3999.99, and at least 4000 is needed",)


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"comany": "msme"}, "comany", "no such field"),
        ({"company": None}, "company", "missing"),
        ({"company": "large"}, "company", "msme, other"),
        ({"company": ["msme"]}, "company", "msme, other"),
        ({"commitment": "9.99"}, "commitment", "at least 10"),
        ({"commitment": "1,000"}, "commitment", "without commas"),
        ({"commitment": "१०"}, "commitment", "no plain number"),
        ({"commitment": "1_0"}, "commitment", "no plain number"),
        ({"commitment": "NaN"}, "commitment", "no number"),
        ({"commitment": "Infinity"}, "commitment", "no number"),
        ({"commitment": "-1"}, "commitment", "at least 0"),
        ({"commitment": 10.0}, "commitment", "a number"),
        ({"commitment": True}, "commitment", "a number"),
        ({"commitment": {}}, "commitment", "a number"),
        ({"commitment": 10**30}, "commitment", "at most 1000000000"),
        ({"commitment": 10**9 + 1}, "commitment", "at most"),
        ({"commitment": 10**5000}, "commitment", "at most"),
        ({"commitment": "10.0000000000001"}, "commitment", "decimal places"),
        ({"commitment": "1e-900000"}, "commitment", "decimal places"),
        ({"commitment": "10\0"}, "commitment", "no number"),
        ({"commitment": ""}, "commitment", "no number"),
        ({"fy": 2023}, "fy", "in quotes"),
        ({"fy": "2023"}, "fy", "written FY21"),
        ({"fy": "2022-24"}, "fy", "written FY21"),
        ({"fy": "FY30"}, "fy", "none of the scheme's years"),
        ({"fy": "FY२३"}, "fy", "written FY21"),
        ({"design_led": "yes"}, "design_led", "true or false"),
    ],
)
def test_bad_values_are_refused_by_field(change: dict[str, Any], field: str, problem: str) -> None:
    fields = refused("telecom", W9 | change)
    assert fields["field"] == field
    assert problem in fields["problem"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"eligible_sales": 6201}, "eligible_sales"),
        ({"eligible_sales": None}, "eligible_sales"),
        ({"eligible_sales_base": 1}, "eligible_sales_base"),
        ({"category": "B"}, "eligible_sales"),
        ({"award_from": "2020-07-31"}, "award_from"),
        ({"award_from": dt.date(2021, 4, 1)}, "award_from"),
        ({"award_from": "1 August"}, "award_from"),
        ({"award_from": dt.datetime(2020, 9, 1, tzinfo=dt.UTC)}, "award_from"),
        ({"years_missed": 1}, "years_missed"),
        ({"years_missed": 1.0}, "years_missed"),
        ({"years_missed": -1}, "years_missed"),
        ({"slot_rule": "both"}, "slot_rule"),
        ({"fy": "FY26"}, "fy"),
    ],
)
def test_values_that_do_not_fit_each_other(change: dict[str, Any], field: str) -> None:
    assert refused("lsem", W5 | change)["field"] == field


HARDWARE = {"category": "domestic", "fy": "FY25", "slots": "from_2023", "estimate": 1, "earned": 1}
CELLS = {"fy": "FY25", "year": 2, "bid": 1, "dva": "0.4", "kwh_sold": 1, "revenue": 1}
PARTS = {"segment": "A1", "fy": "FY27", "year": 1, "cumulative_investment": 250, "employment_met": True}
DRONES = {"company": "msme", "goods": "drone", "fy": "FY23", "sales": 5, "purchases": 0}
CARS = {"kind": "oem", "fy": "FY25", "sales": 200, "sales_base": 0, "dva": "0.5"}


@pytest.mark.parametrize(
    ("scheme", "good", "change", "field"),
    [
        ("it_hardware_2", HARDWARE, {"paid_before": 501}, "paid_before"),
        ("it_hardware_2", HARDWARE, {"estimate": 0}, "estimate"),
        ("drone", DRONES, {"sales": 0}, "sales"),
        ("acc", CELLS, {"year": 6}, "year"),
        ("acc", CELLS, {"dva": "1.01"}, "dva"),
        ("acc", CELLS, {"kwh_paid_before": 20000001}, "kwh_paid_before"),
        ("ecms", PARTS, {"eligible_capex": 1}, "eligible_capex"),
        ("ecms", PARTS, {"segment": "D10", "sales": 1}, "sales"),
        ("auto", CARS, {"cumulative_dsv": 199}, "cumulative_dsv"),
    ],
)
def test_each_formula_names_its_field(
    scheme: str, good: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    assert compute(load_scheme(scheme), good, place="t").eligible
    assert refused(scheme, good | change)["field"] == field


def test_a_year_before_the_scheme_is_refused_or_has_figures() -> None:
    """A fiscal year outside the validity of the figures is a refusal, never a wrong number or a crash."""
    for scheme, values in (
        ("acc", {"fy": "FY20", "year": 2, "bid": 1, "dva": "0.4", "kwh_sold": 1, "revenue": 1}),
        ("specs", {"fy": "FY31", "plant_new": 1}),
        (
            "ecms",
            {"segment": "A1", "fy": "FY20", "year": 1, "cumulative_investment": 1, "employment_met": True},
        ),
    ):
        assert refused(scheme, values)["field"] == "fy"


@pytest.mark.parametrize(
    ("data", "file", "problem"),
    [
        (b"a = ", "x.toml", "Invalid"),
        (b"{", "x.json", "Expecting"),
        (b"[1]", "x.json", "no table"),
        (b'{"a": 1, "a": 2}', "x.json", "stands twice"),
        (b"a = 1\na = 2", "x.toml", "overwrite"),
        (b"\xff", "x.toml", "UTF-8"),
        (b"a = 1", "x.csv", "neither"),
        (b"a = 1", "x", "neither"),
        (b" " * (1024 * 1024 + 1), "x.toml", "1 MB"),
        (b'{"a": 1e99999999999999999999}', "x.json", "too large"),
        (b"a = 1e99999999999999999999", "x.toml", "too large"),
        (b"[" * 100000, "x.json", ""),
        (b'{"a": ' + b"1" * 5000 + b"}", "x.json", ""),
    ],
)
def test_files_that_are_none(data: bytes, file: str, problem: str) -> None:
    with pytest.raises(Refused) as found:
        read_file(data, file, "lsem")
    assert found.value.refusal.code == "scheme.file"
    assert problem in found.value.refusal.message


def test_numbers_in_files_are_exact() -> None:
    assert read_file(b'{"a": 0.1}', "x.json", "lsem") == {"a": Decimal("0.1")}
    assert read_file(b"a = 0.1", "X.TOML", "lsem") == {"a": Decimal("0.1")}


def test_every_line_has_its_origin() -> None:
    result = compute(load_scheme("telecom"), W9, place="t").as_dict()
    statuses = {line["status"] for line in result["lines"]}
    assert statuses <= {"sourced", "secondary", "derived", "given", "computed", "met"}
    for line in result["lines"]:
        if line["status"] in ("sourced", "secondary", "derived"):
            assert line["source"][0]["address"].startswith("https://")
    assert (result["amount"], result["amount_shown"], result["signable"]) == ("5.6", "5.60", True)
    assert json.loads(json.dumps(result)) == result


def test_a_result_can_be_computed_again_from_what_it_says() -> None:
    for scheme, values in (("telecom", W9 | {"sales": "33.333333333333"}), ("lsem", W5)):
        first = compute(load_scheme(scheme), values, place="t")
        words = {"true": True, "false": False}
        again = {name: words.get(value, value) for name, value in first.asked.items()}
        again |= {name: int(again[name]) for name in ("years_missed",) if name in again}
        assert compute(load_scheme(scheme), again, place="t") == first


def test_a_scheme_without_formula() -> None:
    with pytest.raises(Refused) as found:
        compute(load_scheme("lsem_round2"), {}, place="t")
    assert found.value.refusal.code == "scheme.no_formula"


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.decimals(), st.text(max_size=8), st.floats(), st.dates(),
    st.sampled_from(["A", "B", "FY24", "FY27", "2024-25", "0.5", "100", "1e9", "-0", "msme", "oem", "flat"]),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_any_input_is_answered_or_refused(data: st.DataObject) -> None:
    scheme = load_scheme(
        data.draw(st.sampled_from([one for one in scheme_ids() if load_scheme(one).formula]))
    )
    asks = asks_of(FORMULAS[scheme.formula].asks)
    likely = {
        "amount": st.decimals(0, 1, places=4) | st.integers(0, 10**9), "whole": st.integers(0, 6),
        "yes_no": st.booleans(), "fiscal_year": st.sampled_from([f"FY{year}" for year in range(20, 33)]),
        "day": st.dates(dt.date(2020, 4, 1), dt.date(2022, 3, 31)),
    }  # fmt: skip
    values = {
        name: data.draw(st.sampled_from(ask.options) if ask.options else likely[ask.kind])
        for name, (ask, optional) in asks.items()
        if not optional or data.draw(st.booleans())
    }
    if data.draw(st.booleans()):
        values[data.draw(st.sampled_from(sorted(asks)))] = data.draw(VALUES)
    result = None
    with suppress(Refused):
        result = compute(scheme, values, place="t")
    if result is None:
        with pytest.raises(Refused) as refused_with:
            compute(scheme, values, place="t")
        assert refused_with.value.refusal.fields["field"] in asks
        return
    assert result.amount >= 0
    assert result.eligible or result.amount == 0
    json.dumps(result.as_dict())


def program(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "karkhana.cli", "scheme", *arguments], text=True, capture_output=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


class TestProgram:
    def test_lists_and_shows(self) -> None:
        code, out, _ = program("list", "--json")
        assert code == 0
        assert {row["id"] for row in json.loads(out)} == set(scheme_ids())
        code, out, _ = program("show", "auto", "--json")
        figures = {(row["name"], row["year"]): row for row in json.loads(out)["figures"]}
        assert figures["oem.slab4_rate", None]["value"] == "0.16"
        assert figures["oem.investment", 5]["status"] == "unverified"
        assert program("list")[0] == 0
        code, out, _ = program("show", "lsem")
        assert (code, "rmpsco.com" in out, "base_year_high_value" in out) == (0, True, True)
        assert program("show", "lsem_round2")[0] == 0

    def test_computes_from_both_kinds_of_file(self, tmp_path: Path) -> None:
        (tmp_path / "w9.toml").write_text("\n".join(f'{name} = "{value}"' for name, value in W9.items()))
        code, out, _ = program("compute", "telecom", "--input", str(tmp_path / "w9.toml"))
        assert (code, "5.60 INR_crore" in out, "May be signed" in out) == (0, True, True)
        (tmp_path / "w9.json").write_text(json.dumps(W9, default=str))
        code, out, _ = program("compute", "telecom", "--input", str(tmp_path / "w9.json"), "--json")
        assert (code, json.loads(out)["amount"]) == (0, "5.6")

    def test_refuses_with_file_and_field(self, tmp_path: Path) -> None:
        file = tmp_path / "bad.json"
        file.write_text(json.dumps({**W9, "sales": "12,5"}, default=str))
        code, _, said = program("compute", "telecom", "--input", str(file))
        assert (code, "bad.json" in said, "sales" in said) == (1, True, True)
        code, out, _ = program("compute", "telecom", "--input", str(file), "--json")
        assert (code, json.loads(out)["refusal"]["fields"]["field"]) == (1, "sales")
        assert program("compute", "telecom", "--input", str(tmp_path))[0] == 1
        assert program("compute", "telecom", "--input", str(tmp_path / "none.toml"))[0] == 1
        assert program("show", "nothing")[0] == 1

    def test_says_why_a_result_may_not_be_signed(self, tmp_path: Path) -> None:
        file = tmp_path / "auto.toml"
        file.write_text('kind = "component"\nfy = "FY25"\nsales = 600\nsales_base = 0\ndva = 0.5\n')
        code, out, _ = program("compute", "auto", "--input", str(file))
        assert code == 0
        for words in (
            "component.first_year_sales",
            "slab_mode",
            "cumulative_investment",
            "May not be signed",
        ):
            assert words in out
