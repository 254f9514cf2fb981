"""Comparing small bills: what counts as changed, added and removed, and what matters."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest
from bills import bill, line, told
from hypothesis import given, settings
from hypothesis import strategies as st

from karkhana.design.difference import Difference, compare
from karkhana.design.difference.model import FIELDS, StoredLine

KEYS = {
    "a", "b", "references", "summary", "added", "removed", "changed", "information", "not_compared",
    "warnings",
}  # fmt: skip


def places(found: Difference) -> tuple[list[str], list[str]]:
    return tuple([" ".join(place.references) for place in side] for side in (found.added, found.removed))


class TestPlaces:
    def test_a_place_that_gets_another_part_is_changed_not_added_and_removed(self) -> None:
        a = bill(line(2, "R1", "R2", part="X", value="1k"), line(3, "R3", part="Y", value="2k"))
        b = bill(line(2, "R1", part="X", value="1k"), line(3, "R2", "R3", part="Y", value="2k"))
        found = compare(a, b)
        assert told(found.changed) == [("part", "X", "Y", "R2")]
        assert found.changed[0].also == (("value", "1k", "2k"),)
        assert places(found) == ([], [])
        assert found.unchanged == 2

    def test_one_change_on_many_places_is_one_entry_over_lines(self) -> None:
        a = bill(line(2, "R10", "R2", part="X"), line(3, "R1", part="X"))
        b = bill(line(2, "R1", "R2", part="Y"), line(3, "R10", part="Y"))
        assert told(compare(a, b).changed) == [("part", "X", "Y", "R1 R2 R10")]

    def test_places_come_and_go(self) -> None:
        a = bill(line(2, "R1", "R2", part="X"))
        b = bill(line(2, "R2", "R3", "R4", part="X"), line(3, "C1", part="Z"))
        found = compare(a, b)
        assert places(found) == (["C1", "R3 R4"], ["R1"])
        assert found.added[1].quantity == 2
        assert found.references == (2, 4)
        assert found.matters

    def test_what_is_not_placed_may_come_and_go(self) -> None:
        art = {"kind": "artwork"}
        a = bill(line(2, "R1", "R2", part="X", not_fitted=("R2",)), line(3, "FID1", **art))
        b = bill(line(2, "R1", part="X"), line(3, "H1", **art))
        found = compare(a, b)
        assert places(found) == (["H1"], ["FID1", "R2"])
        assert found.differs
        assert not found.matters

    def test_case_of_a_designator_is_no_difference(self) -> None:
        assert not compare(bill(line(2, "r1", part="X")), bill(line(2, "R1", part="X"))).differs

    def test_fitted_is_told_by_place(self) -> None:
        a = bill(line(2, "R1", "R2", "R3", part="X", not_fitted=("R1",)))
        b = bill(line(2, "R1", "R2", "R3", part="X", not_fitted=("R2", "R3")))
        assert told(compare(a, b).changed) == [
            ("fitted", "False", "True", "R1"),
            ("fitted", "True", "False", "R2 R3"),
        ]

    def test_a_line_that_is_not_fitted_as_a_whole(self) -> None:
        a = bill(line(2, "R1", part="X"))
        b = bill(line(2, "R1", part="X", not_fitted=("R1",), fitted=False))
        assert told(compare(a, b).changed) == [("fitted", "True", "False", "R1")]


class TestPrintedTwice:
    def test_twice_on_one_line_against_once_changes_the_quantity(self) -> None:
        found = compare(bill(line(2, "R1", "R1", part="X"), name="old"), bill(line(2, "R1", part="X")))
        assert told(found.changed) == [("quantity", "2", "1", "R1")]
        assert found.references == (2, 1)
        assert found.warnings == ("old: R1 is printed 2 times, on line 2",)

    def test_on_two_lines_in_both_bills_nothing_differs_in_whatever_order(self) -> None:
        one, two = line(4, "R1", part="X"), line(9, "R1", part="Y")
        found = compare(bill(one, two, name="old"), bill(two, one))
        assert not found.differs
        assert "old: R1 is printed 2 times, on lines 4, 9" in found.warnings

    def test_on_two_lines_the_equal_one_is_kept_and_the_other_tells(self) -> None:
        a = bill(line(4, "R1", part="X"), line(9, "R1", part="Y"))
        assert told(compare(a, bill(line(2, "R1", part="Y"))).changed) == [("quantity", "2", "1", "R1")]
        b = bill(line(2, "R1", part="Y"), line(3, "R1", part="Z"))
        assert told(compare(a, b).changed) == [("part", "X", "Z", "R1")]

    def test_unannotated_names_are_no_warning(self) -> None:
        a = bill(line(2, "G***", kind="artwork"), line(3, "G***", kind="artwork"))
        assert compare(a, a).warnings == ()


class TestWithoutDesignators:
    def test_quantity_by_part_over_several_lines(self) -> None:
        a = bill(line(2, part="SCREW", quantity=Decimal(4)), line(3, part="screw", quantity=Decimal(2)))
        b = bill(line(2, part="SCREW", quantity=Decimal("8.0")), line(3, part="LABEL", quantity=Decimal(1)))
        found = compare(a, b)
        assert told(found.changed) == [("quantity", "6", "8.0", "")]
        assert found.changed[0].part == "SCREW"
        assert [(place.line.part_number, place.quantity) for place in found.added] == [("LABEL", 1)]
        assert found.as_dict()["changed"][0]["to"] == 8

    def test_without_a_part_number_by_what_they_are_called(self) -> None:
        a = bill(line(2, description="M2 Screw", quantity=Decimal(4)))
        b = bill(line(7, description="m2  screw", quantity=Decimal("4.5")))
        assert compare(a, b).as_dict()["changed"][0] == {
            "refs": [], "field": "quantity", "from": 4, "to": "4.5", "part": "m2  screw", "matters": True,
            "also": [],
        }  # fmt: skip

    def test_a_placement_file_says_nothing_of_them(self) -> None:
        a = bill(line(2, "R1", part="X"), line(3, part="SCREW", quantity=Decimal(4)))
        b = bill(line(2, "R1"), stated=frozenset({"value"}), layout="other", placements_only=True)
        found = compare(a, b)
        assert not found.differs
        assert {"part", "quantity", "fitted"} <= set(found.not_compared)


class TestFields:
    @pytest.mark.parametrize(
        ("field", "before", "after", "matters"),
        [
            ("part_number", "X", "Y", True),
            ("part_number", "X", "", True),
            ("manufacturer", "Yageo", "Vishay", True),
            ("manufacturer", "Yageo", "", True),
            ("value", "10k", "12k", True),
            ("value", "10k", "10k 1%", False),
            ("package", "R_0402", "R_0603", False),
            ("description", "RES 10K", "RESISTOR 10K", False),
            ("alternates", (("A", "P1"), ("B", "P2")), (("B", "P2"), ("A", "P1")), True),
            ("alternates", (("A", "P1"),), (), True),
        ],
    )
    def test_in_one_dialect_every_field_is_told_and_weighed(
        self, field: str, before: object, after: object, matters: bool
    ) -> None:
        base = line(2, "R1", "R2", part="X", manufacturer="M", value="V", package="P", description="D")
        a, b = (bill(msgspec.structs.replace(base, **{field: value})) for value in (before, after))
        found = compare(a, b)
        [change] = found.changed + found.information
        assert (change.field, change.before) != (None, None)
        assert change.field == field.removesuffix("_number")
        assert change.matters is matters
        assert found.matters is matters
        assert change.references == ("R1", "R2")

    def test_spelling_is_no_difference(self) -> None:
        a = line(
            2, "R1", part="rc0402 fr-0710kl", manufacturer="Yageo Corp.", value="10 kΩ",
            package="Resistor_SMD:R_0402_1005Metric", description="RES  10 kΩ, 1%", alternates=(("A", "p1"),),
        )  # fmt: skip
        b = line(
            3, "R1", part="RC0402FR-0710KL", manufacturer="YAGEO", value="10k",
            package="R_0402_1005Metric", description="res 10 kohm,1%", alternates=(("a", "P1"),),
        )  # fmt: skip
        assert not compare(bill(a), bill(b)).differs

    def test_between_dialects_an_empty_field_says_nothing(self) -> None:
        a = bill(line(2, "R1", part="X", manufacturer="Yageo", value="10k", package="0402"))
        b = bill(line(2, "R1", value="10k"), layout="other")
        found = compare(a, b)
        assert not found.matters
        assert told(found.information) == [("part", "X", "", "R1")]

    def test_in_the_houses_record_an_empty_field_says_none(self) -> None:
        a = bill(line(2, "R1", part="X", value="10k"), layout="a", stored=True)
        b = bill(line(2, "R1", value="10k"), layout="b", stored=True)
        assert told(compare(a, b).changed) == [("part", "X", "", "R1")]

    def test_numbers_of_different_issuers_are_not_compared_but_value_and_package_are(self) -> None:
        a = bill(line(2, "R1", "R2", part="RC0402", value="10k", package="0402"))
        b = bill(
            line(2, "R1", part="C25744", numbered_by="distributor", value="10k", package="R0402"),
            line(3, "R2", part="C25744", numbered_by="distributor", value="12k", package="R0603"),
            layout="other",
        )
        found = compare(a, b)
        assert told(found.changed) == [("value", "10k", "12k", "R2"), ("package", "0402", "R0603", "R2")]
        assert found.not_compared == ("part",)

    def test_a_distributors_number_that_both_print_is_the_same_part(self) -> None:
        a = bill(line(2, "R1", part="RC0402", suppliers={"LCSC": "C25744"}))
        b = bill(line(2, "R1", part="C25744", numbered_by="distributor"), layout="other")
        assert not compare(a, b).differs

    def test_other_part_names_matter_where_no_number_tells(self) -> None:
        a = bill(
            line(2, "U1", value="M24128"), line(3, "X1", value="Battery"), line(4, "U2", value="XC6206Pxx")
        )
        b = bill(
            line(2, "U1", value="24FC64F"), line(3, "X1", value="Power in"),
            line(4, "U2", value="XC6206P332MR"),
            layout="other",
        )  # fmt: skip
        found = compare(a, b)
        assert told(found.changed) == [("value", "M24128", "24FC64F", "U1")]
        assert [change.references for change in found.information] == [("U2",), ("X1",)]

    def test_approved_manufacturers_in_any_order_none_named_meaning_the_parts_own(self) -> None:
        def stored(*approved: str) -> StoredLine:
            return StoredLine(
                line=1, sheet="", part_number="X", manufacturer="Yageo", references=("R1",),
                quantity=Decimal(1), approved_manufacturers=approved,
            )  # fmt: skip

        def differs(a: StoredLine, b: StoredLine) -> list[tuple[str, ...]]:
            return told(compare(bill(a, stored=True), bill(b, stored=True)).changed)

        assert differs(stored(), stored("Yageo Corp.")) == []
        assert differs(stored("Yageo", "Vishay"), stored("Vishay", "Yageo")) == []
        [change] = differs(stored(), stored("Yageo", "Vishay"))
        assert change[0] == "approved_manufacturers"


class TestWhole:
    def test_identical_bills(self) -> None:
        a = bill(line(2, "R1", part="X"), line(3, part="S", quantity=Decimal(1)))
        found = compare(a, a)
        assert (found.differs, found.unchanged, found.not_compared) == (False, 2, ())

    def test_an_empty_bill_against_a_bill(self) -> None:
        found = compare(bill(), bill(line(2, "R2", "R10", part="X"), line(3, part="S", quantity=Decimal(3))))
        assert places(found) == (["R2 R10", ""], [])
        assert found.references == (0, 2)
        assert found.as_dict()["summary"]["added"] == 3
        assert not compare(bill(), bill()).differs

    def test_json_form(self) -> None:
        found = compare(bill(line(2, "R1", part="X"), name="old"), bill(line(2, "R1", part="Y"), name="new"))
        answer = json.loads(json.dumps(found.as_dict()))
        assert answer.keys() == KEYS
        assert answer["references"] == {"a": 1, "b": 1}
        assert answer["changed"] == [
            {
                "refs": ["R1"],
                "field": "part",
                "from": "X",
                "to": "Y",
                "part": "Y",
                "matters": True,
                "also": [],
            }
        ]
        assert answer["summary"] == {
            "added": 0, "removed": 0, "changed": 1, "information": 0, "unchanged": 0, "differs": True,
            "matters": True,
        }  # fmt: skip

    def test_five_thousand_lines_are_compared_once_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from karkhana.design.difference import comparison, fields

        calls = []
        monkeypatch.setattr(
            comparison, "compare_lines", lambda *given: calls.append(1) or fields.compare_lines(*given)
        )
        lines = [
            line(n, *(f"R{n * 20 + k}" for k in range(20)), part=f"P{n}", value=f"{n}k")
            for n in range(1, 5001)
        ]
        changed = [msgspec.structs.replace(item, part_number=f"Q{item.line}") for item in lines]
        found = compare(bill(*lines), bill(*changed))
        assert len(calls) == 5000
        assert len(found.changed) == 5000
        assert sum(len(change.references) for change in found.changed) == 100_000


LINES = st.builds(
    lambda names, part, value, empty: line(
        2, *names, part=part, value=value, not_fitted=tuple(names[:1]) if empty else ()
    ),
    st.lists(st.sampled_from(["R1", "R2", "R10", "C1", "U1", "G***"]), min_size=1, max_size=4),
    st.sampled_from(["", "X", "Y"]),
    st.sampled_from(["", "10k", "10 kΩ", "12k", "LDO"]),
    st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=4), st.lists(LINES, max_size=4), st.booleans())
def test_turning_the_sides_turns_the_difference(a: list, b: list, one_dialect: bool) -> None:
    left, right = bill(*a), bill(*b, layout="one" if one_dialect else "two")
    there, back = compare(left, right), compare(right, left)
    assert places(there) == places(back)[::-1]
    assert (there.matters, there.unchanged) == (back.matters, back.unchanged)

    def flat(found: Difference, turned: bool) -> set[tuple[str, ...]]:
        return {
            (name, c.field, *((str(c.after), str(c.before)) if turned else (str(c.before), str(c.after))))
            for c in found.changed
            for name in map(str.upper, c.references)
        }

    # A name printed several times may be paired otherwise the other way round.
    names = [name for item in (*a, *b) for name in item.references]
    if max(map(names.count, names), default=0) <= 1 or (
        all(sum(i.references.count(n) for i in side) <= 1 for side in (a, b) for n in names)
    ):
        assert flat(there, False) == flat(back, True)
    assert not compare(left, left).differs
    assert {change.field for change in there.changed} <= set(FIELDS)
