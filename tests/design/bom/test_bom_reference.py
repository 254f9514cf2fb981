"""Every reference bill with the counts that a person finds in it by other means.

What is odd in a file is said beside its counts. ``places`` is fitted plus not fitted.
"""

from __future__ import annotations

import pytest
from bom_shared import View, count, data, designators, quantities, rows

from karkhana.design.bom import BomReport, read_bom
from karkhana.kernel.refusals import Refused

V = View

# file: (tables by hand, dialect, lines, fitted, not fitted, mechanical)
BILLS: dict[str, tuple[tuple[View, ...], str, int, int, int, int]] = {
    # C24 is printed "1000pF/NC" without a distributor number: it stays empty
    "anyon_e_keyboard_bom.xlsx": ((V(2, 0, 1),), "kicad", 108, 205, 1, 0),
    # three lines of a mounting kit below the table; "R4 – Pot" is R4
    "emonpi2c_v1_2_bom.ods": ((V(3, 1, 0, 12), V(15, None, 0)), "generic", 13, 13, 0, 3),
    # "3 x AA holder" is no designator; JP2 stands on two lines, once as "JP2 (closed jumper)"
    "emontx_v3_4_3_bom.xlsx": (
        (V(5, 5, 0, 36), V(37, None, 0, 37), V(38, 5, 0, 40)),
        "octopart",
        36,
        76,
        0,
        1,
    ),
    "epdiy_v7_bom.xlsx": ((V(2, 0, None),), "jlcpcb", 55, 121, 0, 0),
    # fiducials, holes, logos, test pads and a net tie are places on the board: 49 of the 209
    "libresolar_bms_c1_bom.csv": ((V(2, 0, 4),), "kicad", 69, 209, 0, 0),
    "libresolar_bms_c1_bom_mechanical.csv": ((V(2, None, 1),), "generic", 11, 0, 0, 11),
    # 861 places of which the file itself says that 60 are not fitted
    "limesdr_1v4_bom_r4.xls": ((V(2, 3, 2, 125),), "altium", 124, 801, 60, 0),
    "limesdr_1v4_bom_r7.xls": ((V(2, 3, 2, 125),), "altium", 124, 801, 60, 0),
    "mnt_reform2_keyboard.csv": ((V(2, 0, 1),), "kicad", 35, 287, 0, 0),
    # ZKCAP15 with quantity 10 is the name of a key cap, not a place
    "mnt_reform2_keyboard_assembly.csv": ((V(2, None, 4),), "generic", 3, 0, 0, 3),
    "mnt_reform2_motherboard.csv": ((V(2, 0, 1),), "kicad", 143, 492, 20, 0),
    # the last row holds the sum of the quantities
    "mnt_reform2_motherboard_r3_bom.xlsx": ((V(2, 0, 1, 116),), "kicad", 115, 455, 0, 0),
    # value NU: BAT1, J2, R6, R26, R30, R31
    "notecarrier_a_kicad.csv": ((V(2, 0, 16),), "kicad", 67, 96, 6, 0),
    "notecarrier_a_orcad.bom": (
        (V(15, 0, None, delimiter="\t", encoding="cp1252"),),
        "orcad-report",
        66,
        91,
        6,
        0,
    ),
    "odrive_v3_4_24v_bom.csv": ((V(3, 1, 0, encoding="cp1252"),), "altium", 42, 196, 0, 0),
    "odrive_v3_4_48v_bom.csv": ((V(3, 1, 0, encoding="cp1252"),), "altium", 41, 196, 0, 0),
    "openbook_c2_02_pcbway_bom.csv": ((V(2, 1, 2),), "pcbway", 7, 17, 0, 0),
    "openbook_c2_03_jlcpcb_bom.csv": ((V(2, 1, 0),), "jlcpcb", 7, 17, 0, 0),
    # the eight shunts under "Only for procurement" are bought and delivered: they count as fitted
    "opencellular_breakout_bom_assembly.xlsm": (
        (V(13, 3, 2, 37, sheet=1), V(40, 3, 2, sheet=1)),
        "generic",
        26,
        72,
        0,
        0,
    ),
    "opencellular_breakout_bom_procurement.xlsm": ((V(13, 3, 2, sheet=1),), "generic", 26, 72, 0, 0),
    "opencellular_breakout_orcad.bom": (
        (V(3, 2, 1, delimiter="\t", encoding="cp1252"),),
        "orcad-report",
        26,
        72,
        0,
        0,
    ),
    # 360 mounted + 5 accessories + 44 on sheet NM; two accessories have no designator
    "opencellular_gbc_rotundu_bom_v3_6.xlsx": (
        (V(2, 3, 1, 361), V(367, 3, 1, 371), V(2, 2, 1, sheet=1)),
        "generic",
        409,
        2096,
        184,
        2,
    ),
    "opencellular_led_bom_v2_1.xlsx": ((V(2, 3, 1), V(2, 2, 1, sheet=2)), "generic", 10, 68, 5, 0),
    "opencellular_led_bom_v2_2.xlsx": ((V(2, 3, 1), V(2, 2, 1, sheet=2)), "generic", 10, 68, 5, 0),
    # prices in naira, no designators at all; quantities such as 3.2 are printed so
    "opensmartmeter_bom.xlsx": ((V(2, None, 1, 50),), "generic", 49, 0, 0, 49),
    "tesla_m3du_v3_2_bom_jlc.xls": ((V(2, 1, None),), "jlcpcb", 135, 703, 0, 0),
    "tympan_rev_e_bom.xlsx": ((V(2, 0, 1),), "kicad", 34, 80, 0, 0),
    # 41 YES and 5 NO; two unfitted lines print a name twice (1PIN, P5)
    "vesc_4_12_bom.ods": ((V(2, 0, 4),), "generic", 46, 115, 10, 0),
    "wagiminator_power_bank_3a_bom.tsv": (
        (V(2, 2, 4, delimiter="\t", encoding="utf-16"),),
        "easyeda",
        24,
        33,
        0,
        0,
    ),
    "watchy_bom.csv": ((V(2, 1, 3, delimiter=";"),), "kicad", 49, 83, 0, 0),
    # 108 and not 97: eleven are jumper caps without a footprint, see the oracle of its placement file
    "zswatch_bom.csv": ((V(2, 2, 1),), "kibot", 46, 108, 0, 0),
}

REFUSED = {
    "epdiy_v6_placement_jlcpcb.csv": "bom.is_placement",
    "epdiy_v7_placement.xlsx": "bom.is_placement",
    "limesdr_1v4_placement.txt": "bom.is_placement",
    "openbook_c2_02_pcbway_placement.txt": "bom.is_placement",
    "openbook_c2_03_jlcpcb_placement.csv": "bom.is_placement",
    "tesla_m3du_v3_2_placement_jlc.xls": "bom.is_placement",
    "zswatch_placement.csv": "bom.is_placement",
    "zswatch_components_count.csv": "bom.not_a_bom",
    "zswatch_testpoints.csv": "bom.not_a_bom",
}

# The only lines of the reference data whose quantity is not the number of designators.
MISMATCHES = {
    "emonpi2c_v1_2_bom.ods": [(3, 3, 4)],
    "emontx_v3_4_3_bom.xlsx": [(35, 1, 3)],
    "tympan_rev_e_bom.xlsx": [(9, 2, 1)],
}


def read(name: str) -> BomReport:
    return read_bom(data(name), file_name=name)


@pytest.mark.parametrize("name", BILLS)
def test_counts_are_those_of_an_independent_look(name: str) -> None:
    views, dialect, lines, fitted, not_fitted, mechanical = BILLS[name]
    assert count(name, views) == (lines, fitted + not_fitted), "the table of this test is wrong"
    report = read(name)
    found = (report.dialect, len(report.lines), report.placements, report.not_fitted, report.mechanical_lines)
    assert found == (dialect, lines, fitted, not_fitted, mechanical)
    assert not report.unparsed


@pytest.mark.parametrize("name", BILLS)
def test_every_designator_and_quantity_is_the_printed_one(name: str) -> None:
    report = read(name)
    printed: list[str] = []
    total = 0.0
    for view in BILLS[name][0]:
        if view.reference is not None:
            printed += [ref for row in rows(name, view) for ref in designators(row[view.reference])]
        if view.quantity is not None:
            total += quantities(name, view)
    assert sorted(printed) == sorted(ref for line in report.lines for ref in line.references)
    if all(view.quantity is not None for view in BILLS[name][0]):
        unprinted = 1 if name == "tympan_rev_e_bom.xlsx" else 0  # D3 has no quantity of its own
        assert float(sum(line.quantity for line in report.lines)) == pytest.approx(total + unprinted)


@pytest.mark.parametrize("name", BILLS)
def test_quantity_mismatches_are_the_real_ones(name: str) -> None:
    found = [(item.line, int(item.quantity), item.references) for item in read(name).quantity_mismatches]
    assert found == MISMATCHES.get(name, [])


@pytest.mark.parametrize("name", REFUSED)
def test_companion_files_are_refused_with_a_reason(name: str) -> None:
    with pytest.raises(Refused) as caught:
        read(name)
    refusal = caught.value.refusal
    assert refusal.code == REFUSED[name]
    assert name in refusal.message
    assert refusal.next_step
    if refusal.code == "bom.is_placement":
        assert "placement file" in refusal.message


def test_the_two_tables_name_every_reference_file() -> None:
    from bom_shared import folder

    files = {path.name for path in folder().iterdir()} - {"SOURCES.md"}
    assert files == {*BILLS, *REFUSED}
    assert (len(BILLS), len(REFUSED)) == (31, 9)


def test_encodings() -> None:
    assert read("wagiminator_power_bank_3a_bom.tsv").encoding == "utf-16"
    assert read("odrive_v3_4_24v_bom.csv").encoding == "cp1252"
    assert read("libresolar_bms_c1_bom.csv").encoding == "utf-8"
    assert read("odrive_v3_4_24v_bom.csv").lines[0].value == "2.2µF"
    assert read("wagiminator_power_bank_3a_bom.tsv").lines[0].references == (
        "VIN",
        "5V_OUT",
        "3V3_OUT",
        "BAT",
    )


def test_hundredfold_quantity_is_not_the_quantity() -> None:
    for name in ("opencellular_gbc_rotundu_bom_v3_6.xlsx", "opencellular_led_bom_v2_1.xlsx"):
        assert read(name).columns["quantity"] == "Quantity"


def test_watchy_rows_are_not_shifted_by_their_extra_field() -> None:
    line = read("watchy_bom.csv").lines[4]
    assert (line.references, line.value, line.package) == (("C21", "C20"), "4.7uF/50V", "C_0603_1608Metric")


def test_octopart_suppliers_stand_side_by_side() -> None:
    report = read("emontx_v3_4_3_bom.xlsx")
    first = report.lines[0]
    assert first.part_number == "ERA6AEB474V"
    assert (first.suppliers["Digi-Key"], first.suppliers["Farnell"], first.suppliers["RS"]) == (
        "P470KDATR-ND",
        "1577695RL",
        "566771P",
    )
    assert report.columns["quantity"] == "Qty"


def test_libresolar_tells_artwork_from_parts() -> None:
    report = read("libresolar_bms_c1_bom.csv")
    artwork = [line for line in report.lines if line.kind == "artwork"]
    assert sum(len(line.references) for line in artwork) == 2 + 6 + 1 + 1 + 1 + 14 + 17
    assert all(not line.part_number for line in artwork)
    joined = next(line for line in report.lines if "RT1" in line.references)
    assert (joined.manufacturer, joined.part_number) == ("TDK", "NTCG163JF103FT1S")
    assert joined.alternates == (("Yageo", "RC0603FR-0710KL"),)
    assert any("joins different parts" in warning for warning in report.warnings)
    named = next(line for line in report.lines if line.references == ("D1", "D13"))
    assert named.alternates == (("Nexperia", "PMEG10030ELPX"),)


def test_a_bill_without_designators_says_so() -> None:
    report = read("opensmartmeter_bom.xlsx")
    assert any("no line has designators" in warning for warning in report.warnings)
    assert report.lines[0].description == "Stm32f103"
    assert str(report.lines[21].quantity) == "3.2"


def test_report_has_exactly_the_promised_keys() -> None:
    answer = read("opencellular_led_bom_v2_1.xlsx").as_dict("LED", "2.1")
    assert list(answer) == [
        "product", "revision", "dialect", "encoding", "lines", "placements", "not_fitted", "mechanical_lines",
        "quantity_mismatches", "unparsed", "columns", "warnings",
    ]  # fmt: skip
    assert (answer["product"], answer["revision"]) == ("LED", "2.1")
