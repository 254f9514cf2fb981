"""Oracles inside the reference data: revision pairs, variants, and one board seen in several dialects.

What follows is told by the files themselves (change logs, counts, placement files), not by the importer.
Where two views of a board really differ, the difference is written out here.
"""

from __future__ import annotations

import re

from bom_shared import View, data, designators, rows

from karkhana.design.bom import BomReport, read_bom


def read(name: str) -> BomReport:
    return read_bom(data(name), file_name=name)


def parts(report: BomReport) -> dict[str, str]:
    """Designator to part number."""
    return {ref: line.part_number for line in report.lines for ref in line.references}


def difference(old: BomReport, new: BomReport) -> dict[str, tuple[str | None, str | None]]:
    before, after = parts(old), parts(new)
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return {name: (before.get(name), after.get(name)) for name in names}


def test_led_board_changes_one_line_with_28_references() -> None:
    old, new = read("opencellular_led_bom_v2_1.xlsx"), read("opencellular_led_bom_v2_2.xlsx")
    changed = difference(old, new)
    assert len(changed) == 28
    assert set(changed.values()) == {("CRCW060382R0FKEAHP", "CRCW0603100RFKEAHP")}
    log = rows("opencellular_led_bom_v2_2.xlsx", View(13, 1, None, sheet=1))
    assert set(changed) == set(designators(log[0][1]))
    assert old.fitted_references() == new.fitted_references()
    assert len(old.fitted_references()) == 68


def test_limesdr_r4_to_r7_changes_two_parts_and_four_unfitted_places() -> None:
    old, new = read("limesdr_1v4_bom_r4.xls"), read("limesdr_1v4_bom_r7.xls")
    assert len(parts(old)) == len(parts(new)) == 861
    assert difference(old, new) == dict.fromkeys(("IC2", "IC18"), ("24FC64F-I/ST", "M24128-DRDW8TP/K"))
    # Four places change only in the assembly info, on three lines.
    empty = [{ref for line in report.lines for ref in line.not_fitted} for report in (old, new)]
    assert empty[1] - empty[0] == {"C328", "R176"}
    assert empty[0] - empty[1] == {"R67", "R177"}


def test_limesdr_unfitted_are_those_that_the_file_lists_in_one_row() -> None:
    for name in ("limesdr_1v4_bom_r4.xls", "limesdr_1v4_bom_r7.xls"):
        [listed] = [row[10] for row in rows(name, View(130, 3, None, 130))]
        names = re.findall(r"[A-Z]+\d+", listed.removeprefix("NF("))
        found = [ref for line in read(name).lines for ref in line.not_fitted]
        assert sorted(found) == sorted(names)


def test_odrive_variants_differ_in_four_ways() -> None:
    changed = difference(read("odrive_v3_4_24v_bom.csv"), read("odrive_v3_4_48v_bom.csv"))
    ways: dict[tuple[str | None, str | None], set[str]] = {}
    for name, pair in changed.items():
        ways.setdefault(pair, set()).add(name)
    assert len(ways) == 4
    by_size = sorted(ways.values(), key=len)
    assert by_size[0] == {"R6"}
    assert {len(names) for names in by_size[1:3]} == {8}
    assert by_size[3] == {f"Q{number}" for number in range(1, 29)}


def test_vesc_places_41_lines_and_leaves_5() -> None:
    report = read("vesc_4_12_bom.ods")
    assert sum(line.fitted for line in report.lines) == 41
    assert [line.references[0] for line in report.lines if not line.fitted] == [
        "R6",
        "1PIN",
        "K1",
        "P5",
        "G***",
    ]


def test_rotundu_mounted_lines_count_right_and_two_have_no_designator() -> None:
    report = read("opencellular_gbc_rotundu_bom_v3_6.xlsx")
    mounted = [line for line in report.lines if line.sheet == "Mount_Components"]
    assert len(mounted) == 365  # the sheet has 371 rows: headings twice, a title and three empty ones
    assert [line.description for line in mounted if not line.references] == ["M2x4 Screw", "M2 Flat Washer"]
    assert all(line.quantity == len(line.references) for line in mounted if line.references)
    assert not any(line.fitted for line in report.lines if line.sheet == "NM")


def test_zswatch_agrees_with_its_placement_file() -> None:
    report = read("zswatch_bom.csv")
    placed = {row[0] for row in rows("zswatch_placement.csv", View(2, 0, None))}
    assert len(placed) == 97  # as zswatch_components_count.csv says
    # The bill also buys eleven jumper caps: pushed on by hand, no footprint, so no placement.
    caps = {ref for line in report.lines if not line.package for ref in line.references}
    assert len(caps) == 11
    assert report.fitted_references() - caps == placed
    assert report.fitted_references() & placed == placed


def test_bills_agree_with_their_placement_files() -> None:
    assert read("openbook_c2_03_jlcpcb_bom.csv").fitted_references() == {
        row[0] for row in rows("openbook_c2_03_jlcpcb_placement.csv", View(2, 0, None))
    }
    placed = {row[0] for row in rows("tesla_m3du_v3_2_placement_jlc.xls", View(2, 0, None))}
    bill = read("tesla_m3du_v3_2_bom_jlc.xls").fitted_references()
    assert placed - bill == {"R106"}  # the placement file names one resistor that the bill does not buy
    assert bill <= placed


def test_open_book_is_the_same_board_for_both_assemblers() -> None:
    pcbway, jlcpcb = read("openbook_c2_02_pcbway_bom.csv"), read("openbook_c2_03_jlcpcb_bom.csv")
    assert pcbway.fitted_references() == jlcpcb.fitted_references()
    assert len(pcbway.fitted_references()) == 17


def test_notecarrier_differs_only_in_what_each_program_lists() -> None:
    kicad, orcad = read("notecarrier_a_kicad.csv"), read("notecarrier_a_orcad.bom")
    # The schematic program lists the bare board; the layout program lists holes and pads of the board itself.
    assert orcad.fitted_references() - kicad.fitted_references() == {"CS1"}
    assert kicad.fitted_references() - orcad.fitted_references() == {"H1", "H2", "H3", "H4", "TP4", "TP5"}
    empty = [{ref for line in report.lines for ref in line.not_fitted} for report in (kicad, orcad)]
    assert empty[0] == empty[1] == {"BAT1", "J2", "R6", "R26", "R30", "R31"}


def test_opencellular_breakout_is_one_board_in_three_views() -> None:
    names = (
        "opencellular_breakout_bom_assembly.xlsm",
        "opencellular_breakout_bom_procurement.xlsm",
        "opencellular_breakout_orcad.bom",
    )
    sets = [read(name).fitted_references() for name in names]
    assert sets[0] == sets[1] == sets[2]
    assert len(sets[0]) == 72


def test_mnt_motherboard_purchasing_view_is_an_older_and_smaller_board() -> None:
    csv, xlsx = read("mnt_reform2_motherboard.csv"), read("mnt_reform2_motherboard_r3_bom.xlsx")
    both = csv.fitted_references() & xlsx.fitted_references()
    only_csv = csv.fitted_references() - xlsx.fitted_references()
    only_xlsx = xlsx.fitted_references() - csv.fitted_references()
    # The CSV is the later board: it adds filters, USB protection and their parts and drops twelve others;
    # J16 is on both boards, but only the CSV marks it as not fitted.
    assert (len(both), len(only_csv), len(only_xlsx)) == (443, 49, 12)
    assert {"FB10", "FB22", "C170", "L11", "U28"} <= only_csv
    assert {"R158", "R159", "J16"} <= only_xlsx
    assert "J16" in {ref for line in csv.lines for ref in line.not_fitted}
