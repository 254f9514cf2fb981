"""Published pairs: two revisions, two variants, one board in two dialects.

What is expected is counted here from the raw rows with fixed columns, or written out by designator where two
published files of one board really differ; never taken from the reader under test.
"""

from __future__ import annotations

import csv
import io
import re

import pytest
from bills import View, designators, published, rows, told

from design.bom.bom_shared import data
from karkhana.design.difference import Difference


def by_place(name: str, view: View, column: int) -> dict[str, str]:
    """Designator to the text of another column, from the raw rows."""
    assert view.reference is not None
    return {
        place: row[column].strip()
        for row in rows(name, view)
        if len(row) > view.reference
        for place in designators(row[view.reference])
    }


def only(a: dict[str, str], b: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {place: (a[place], b[place]) for place in a.keys() & b.keys() if a[place] != b[place]}


def parts_told(found: Difference) -> dict[str, tuple[str, str]]:
    return {
        place: (change.before, change.after)
        for change in found.changed
        if change.field == "part"
        for place in change.references
    }


def test_led_board_is_one_line_with_28_references() -> None:
    found = published("opencellular_led_bom_v2_1.xlsx", "opencellular_led_bom_v2_2.xlsx")
    [change] = found.changed
    [log] = [row for row in rows("opencellular_led_bom_v2_2.xlsx", View(13, 1, None, sheet=1)) if row[1]][:1]
    assert len(change.references) == 28
    assert set(change.references) == set(designators(log[1]))
    assert (change.field, change.before, change.after) == (
        "part", "CRCW060382R0FKEAHP", "CRCW0603100RFKEAHP",
    )  # fmt: skip
    assert [item[0] for item in change.also] == ["description"]
    assert (found.added, found.removed, found.information) == ((), (), ())


def test_limesdr_is_861_references_two_parts_and_four_places_of_the_assembly_column() -> None:
    names = ("limesdr_1v4_bom_r4.xls", "limesdr_1v4_bom_r7.xls")
    view = View(2, 3, 2, last=128)
    raw = [by_place(name, view, 6) for name in names]
    found = published(*names)
    assert [len(places) for places in raw] == [861, 861] == list(found.references)
    assert (
        parts_told(found)
        == only(*raw)
        == dict.fromkeys(("IC2", "IC18"), ("24FC64F-I/ST", "M24128-DRDW8TP/K"))
    )
    # The assembly column alone says who stays empty: NF(R49 R67 ...).
    empty = [
        {place for row in rows(name, view) for place in re.findall(r"[A-Z]+\d+", row[10].replace("NF", ""))}
        for name in names
    ]
    fitted = {c.references[0]: (c.before, c.after) for c in found.changed if c.field == "fitted"}
    assert fitted == {
        **dict.fromkeys(empty[1] - empty[0], (True, False)),
        **dict.fromkeys(empty[0] - empty[1], (False, True)),
    }
    assert set(fitted) == {"C328", "R67", "R176", "R177"}
    assert len(found.changed) == 5
    # A footprint renamed beside an unchanged part number: told, but nothing that is built changes.
    assert [(c.field, c.references) for c in found.information] == [("package", ("J20",))]
    assert (found.added, found.removed) == ((), ())


def test_odrive_variants_differ_in_four_ways() -> None:
    names = ("odrive_v3_4_24v_bom.csv", "odrive_v3_4_48v_bom.csv")

    def raw(name: str) -> dict[str, str]:
        table = csv.DictReader(io.StringIO(data(name).decode("latin-1")))
        return {
            place: row["LibRef"].strip()
            for row in table
            if row["Designator"]
            for place in designators(row["Designator"])
        }

    found = published(*names)
    assert parts_told(found) == only(raw(names[0]), raw(names[1]))
    assert sorted(len(change.references) for change in found.changed) == [1, 8, 8, 28]
    assert {change.field for change in found.changed} == {"part"}
    assert (found.added, found.removed, found.information) == ((), (), ())
    assert found.references == (196, 196)


SAME_BOARD = (
    ("opencellular_breakout_bom_assembly.xlsm", "opencellular_breakout_bom_procurement.xlsm", 72),
    ("opencellular_breakout_bom_assembly.xlsm", "opencellular_breakout_orcad.bom", 72),
    ("opencellular_breakout_orcad.bom", "opencellular_breakout_bom_procurement.xlsm", 72),
    ("epdiy_v7_bom.xlsx", "epdiy_v7_placement.xlsx", 121),
    ("openbook_c2_02_pcbway_bom.csv", "openbook_c2_02_pcbway_placement.txt", 17),
    ("openbook_c2_03_jlcpcb_bom.csv", "openbook_c2_03_jlcpcb_placement.csv", 17),
)


@pytest.mark.parametrize(("a", "b", "places"), SAME_BOARD)
@pytest.mark.parametrize("turned", [False, True])
def test_one_board_in_two_dialects_differs_in_nothing_that_matters(
    a: str, b: str, places: int, turned: bool
) -> None:
    found = published(b, a) if turned else published(a, b)
    assert (found.added, found.removed, found.changed) == ((), (), ())
    assert found.references == (places, places)
    assert not found.matters


def test_orcad_does_not_say_one_part_of_the_breakout() -> None:
    found = published("opencellular_breakout_bom_assembly.xlsm", "opencellular_breakout_orcad.bom")
    assert told(found.information) == [("part", "CA-S40-24B-44_8", "", "J1 J2 J12 J3312 J3313 J3314")]


def test_notecarrier_differs_only_in_what_each_program_lists() -> None:
    found = published("notecarrier_a_kicad.csv", "notecarrier_a_orcad.bom")
    # The schematic program lists the bare board; the layout program lists holes and pads of the board itself.
    assert [place.references for place in found.added] == [("CS1",)]
    assert [place.references for place in found.removed] == [("H1", "H2", "H3", "H4"), ("TP4", "TP5")]
    assert not any(place.matters for place in found.removed)
    assert found.changed == ()
    # Half of it is Italian on one side.
    assert {change.field for change in found.information} == {"description"}
    assert found.not_compared == ("manufacturer",)


def test_zswatch_placement_lacks_only_what_has_no_footprint() -> None:
    found = published("zswatch_bom.csv", "zswatch_placement.csv")
    placed = {row[0] for row in rows("zswatch_placement.csv", View(2, 0, None))}
    assert found.references == (len(placed) + 11, len(placed))
    assert not found.matters
    assert [place.line.value for place in found.removed] == ["Jumper"]  # pushed on by hand
    # The bill groups fifteen pin headers under the first one's name; the placement file names each.
    assert {change.before for change in found.information if change.field == "value"} == {"Battery"}
    assert {"part", "manufacturer", "quantity", "fitted"} <= set(found.not_compared)


def test_tesla_placement_names_one_resistor_that_the_bill_does_not_buy() -> None:
    found = published("tesla_m3du_v3_2_bom_jlc.xls", "tesla_m3du_v3_2_placement_jlc.xls")
    assert [place.references for place in found.added] == [("R106",)]
    assert (found.removed, found.changed, found.information) == ((), (), ())


def test_limesdr_placement_file_is_older_than_the_bill() -> None:
    printed = data("limesdr_1v4_placement.txt").decode().splitlines()[2:]
    # Its columns: name, footprint, three pairs of coordinates, side, angle, value.
    raw = {
        row.split()[0]: re.split(r"\s[TB]\s+-?[\d.]+\s", row, maxsplit=1)[1].strip()
        for row in printed
        if row.strip()
    }
    bill = by_place("limesdr_1v4_bom_r7.xls", View(2, 3, 2, last=128), 1)
    found = published("limesdr_1v4_bom_r7.xls", "limesdr_1v4_placement.txt")
    assert found.references == (861, len(raw))
    assert {name for place in found.removed for name in place.references} == bill.keys() - raw.keys()
    assert not any(place.matters for place in found.removed)  # four that are not fitted
    values = {
        place: (change.before, change.after)
        for change in (*found.changed, *found.information)
        if change.field == "value"
        for place in change.references
    }
    assert values == only(bill, raw)
    assert told(found.changed) == [
        ("value", "100nF, 16V", "100pF, 50V", "C6"),
        ("value", "M24128", "24FC64F", "IC2 IC18"),
    ]


def test_open_book_for_two_assemblers_has_one_resistor_of_another_size() -> None:
    found = published("openbook_c2_02_pcbway_bom.csv", "openbook_c2_03_jlcpcb_bom.csv")
    # A maker's number and a distributor's cannot be compared, so the package is what tells.
    assert "part" in found.not_compared
    assert told(found.changed) == [("package", "0603", "R0402", "R1")]
    assert (found.added, found.removed) == ((), ())


def test_reform_motherboard_changes_as_its_raw_rows_do() -> None:
    old, new = "mnt_reform2_motherboard_r3_bom.xlsx", "mnt_reform2_motherboard.csv"

    def table(name: str) -> list[list[str]]:
        if name.endswith(".xlsx"):
            return rows(name, View(1, 0, 1))
        text = data(name).decode()
        return [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), skipinitialspace=True)
        ]

    def raw(name: str) -> dict[str, str]:
        head, *body = table(name)
        names = [label.strip() for label in head]
        reference, number = names.index("Reference"), names.index("Manufacturer_No")
        return {
            place: row[number].strip().removesuffix(".0")
            for row in body
            if len(row) > number
            for place in designators(row[reference])
        }

    before, after = raw(old), raw(new)
    found = published(old, new)
    assert parts_told(found) == only(before, after)
    assert {name for place in found.added for name in place.references} == after.keys() - before.keys()
    assert {name for place in found.removed for name in place.references} == before.keys() - after.keys()


@pytest.mark.parametrize(
    "name",
    [
        "limesdr_1v4_bom_r7.xls", "opencellular_gbc_rotundu_bom_v3_6.xlsx", "opensmartmeter_bom.xlsx",
        "emontx_v3_4_3_bom.xlsx", "vesc_4_12_bom.ods", "wagiminator_power_bank_3a_bom.tsv",
        "zswatch_placement.csv",
    ],
)  # fmt: skip
def test_a_file_does_not_differ_from_itself(name: str) -> None:
    found = published(name, name)
    assert not found.differs
    assert found.not_compared == ()
    assert found.unchanged > 0
