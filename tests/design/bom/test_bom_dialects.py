"""Dialects and traps that the reference data does not show, on bills written for these tests."""

from __future__ import annotations

from decimal import Decimal

import pytest
from bom_samples import ALTERNATES, GERMAN, GROUP_TITLES, MARKS, SHIFTED, TEXT_SAMPLES, Sample, workbook

from karkhana.design.bom import BomReport, read_bom
from karkhana.kernel.refusals import Refused


def read(text: str) -> BomReport:
    return read_bom(text.encode(), file_name="bill.csv")


def refs(report: BomReport, fitted: bool) -> list[str]:
    if fitted:
        return sorted(ref for line in report.lines for ref in line.fitted_references)
    return sorted(ref for line in report.lines for ref in line.not_fitted)


@pytest.mark.parametrize("sample", TEXT_SAMPLES, ids=lambda sample: sample.name)
def test_sample_is_understood_as_a_person_would(sample: Sample) -> None:
    report = read_bom(sample.data(), file_name="anything.dat")
    assert refs(report, True) == sorted(sample.fitted)
    assert refs(report, False) == sorted(sample.not_fitted)
    assert (report.mechanical_lines, len(report.lines)) == (sample.mechanical, sample.lines)
    assert (report.dialect, report.quantity_mismatches, report.unparsed) == (sample.dialect, (), ())


def test_alternates_from_columns_and_continuation_rows() -> None:
    report = read_bom(ALTERNATES.data(), file_name="a.csv")
    first = report.lines[0]
    assert (first.manufacturer, first.part_number) == ("Samsung", "CL10B104KB8NNNC")
    assert first.alternates == (("Murata", "GRM188R71C104KA01D"), ("Yageo", "CC0603KRX7R7BB104"))
    assert report.lines[1].alternates == ()


@pytest.mark.parametrize("separator", ["; ", " | ", "\n"])
def test_alternates_in_one_cell(separator: str) -> None:
    numbers = separator.join(["CL10B104KB8NNNC", "GRM188R71C104KA01D"])
    makers = separator.join(["Samsung", "Murata"])
    report = read(f'Ref,Qty,Manufacturer,MPN\nC1,1,"{makers}","{numbers}"\nR1,1,Nexperia,"BAT46WJ,115"\n')
    assert report.lines[0].part_number == "CL10B104KB8NNNC"
    assert report.lines[0].alternates == (("Murata", "GRM188R71C104KA01D"),)
    assert (report.lines[1].part_number, report.lines[1].alternates) == ("BAT46WJ,115", ())


def test_decimal_commas_are_decimals() -> None:
    report = read_bom(GERMAN.data(), file_name="a.csv")
    assert [line.quantity for line in report.lines] == [Decimal(2), Decimal(1), Decimal(4), Decimal("0.5")]
    assert report.encoding == "cp1252"
    assert report.lines[0].manufacturer == "Würth"


@pytest.mark.parametrize(
    ("printed", "quantity"),
    [
        ("1,000", "1000"),
        ("2 pcs", "2"),
        ("3x", "3"),
        ("1.5", "1.5"),
        ("0,25", "0.25"),
        ("1'000", "1000"),
        ("1.234,5", "1234.5"),
    ],
)
def test_quantities_as_people_type_them(printed: str, quantity: str) -> None:
    report = read(f"Description;Qty;MPN\nGlue;{printed};LOCTITE243\n")
    assert report.lines[0].quantity == Decimal(quantity)


def test_a_thousandth_is_told_from_a_thousand_by_the_designators() -> None:
    assert read("Ref;Qty;MPN\nR1;1,000;RC0603\n").lines[0].quantity == 1


def test_suppliers_under_group_titles() -> None:
    first = read_bom(GROUP_TITLES.data(), file_name="a.csv").lines[0]
    assert dict(first.suppliers) == {"Digi-Key": "1276-1000-1-ND", "Mouser": "187-CL10B104KB8NNNC"}


def test_shifted_rows_are_said() -> None:
    report = read_bom(SHIFTED.data(), file_name="a.csv")
    assert report.lines[0].part_number == "GRM188"
    assert any("row 4 is shifted" in warning for warning in report.warnings)


def test_nc_is_believed_only_without_a_part_number() -> None:
    report = read_bom(MARKS.data(), file_name="a.csv")
    fitted = {ref: line.fitted for line in report.lines for ref in line.references}
    assert fitted["S1"]  # a normally closed switch with a part number
    assert not fitted["R5"]
    assert fitted["C1"]  # 100 NF is a capacitance


@pytest.mark.parametrize("mark", ["DNP", "x", "X", "1", "yes", "TRUE", "y", "Excluded from BOM", "DNF", "ja"])
def test_dnp_column(mark: str) -> None:
    report = read(f"Reference,Qty,Value,DNP\nR1,1,1k,\nR2,1,1k,{mark}\nR3,1,1k,\n")
    assert refs(report, False) == ["R2"]


@pytest.mark.parametrize("heading", ["Place", "Fitted", "Mount", "Populate", "Place (YES/NO)", "Assembly"])
@pytest.mark.parametrize("mark", ["NO", "n", "0", "false", "DNP", "Not fitted", "do not mount"])
def test_fit_column(heading: str, mark: str) -> None:
    report = read(f"Reference,Qty,Value,{heading}\nR1,1,1k,YES\nR2,1,1k,{mark}\nR3,1,1k,yes\n")
    assert refs(report, False) == ["R2"]


def test_mounting_type_is_no_fit_column() -> None:
    report = read("Reference,Qty,Value,Mount\nR1,1,1k,SMD\nR2,1,1k,THT\nR3,1,1k,Through hole\n")
    assert (refs(report, False), report.placements) == ([], 3)


def test_a_column_of_unfitted_designators() -> None:
    report = read('Reference,Qty,Value,DNP\n"R1,R2,R3",3,1k,R2\nC1,1,1u,\n')
    assert refs(report, False) == ["R2"]
    assert report.lines[0].fitted


def test_workbook_sheets() -> None:
    head = ["Item", "Qty", "Reference", "MPN"]
    data = workbook(
        Cover=[["Board", "Amp"], ["Quantity", 100]],
        BOM=[head, [1, 2, "C1,C2", "GRM188R71"], [2, Decimal(1), "R1", 885012206095]],
        No_Mount=[head, [1, 1, "R9", "RC0603FR"]],
        Change_Log=[["Ref Des", "Description", "Part Number"], ["R7", "added", "RC0603"]],
        Costs=[["Reference", "Qty", "Price"], ["C1,C2", 2, 0.1], ["R1", 1, 0.2]],
        Placement=[["Ref", "Mid X", "Mid Y", "Rotation", "Layer"], ["C1", 1, 2, 0, "top"]],
    )
    report = read_bom(data, file_name="b.xlsx")
    assert (refs(report, True), refs(report, False)) == (["C1", "C2", "R1"], ["R9"])
    assert report.sheets == ("BOM", "No Mount")
    assert report.lines[1].part_number == "885012206095"
    assert read_bom(data, file_name="b.xlsx", sheet="no mount").not_fitted == 1


def test_a_sheet_that_repeats_the_board_counts_once() -> None:
    rows = [["Ref", "Qty", "MPN"], ["C1 C2", 2, "GRM188"], ["R1", 1, "RC0603"]]
    report = read_bom(workbook(BOM=rows, Procurement=rows), file_name="b.xlsx")
    assert report.placements == 3
    assert any("lists the same designators again" in warning for warning in report.warnings)


def test_a_list_of_unfitted_parts_marks_a_full_list() -> None:
    data = workbook(
        BOM=[["Ref", "Qty", "MPN"], ["C1 C2", 2, "GRM188"], ["R1", 1, "RC0603"]],
        DNP=[["Ref", "Qty", "MPN"], ["C2", 1, "GRM188"]],
    )
    report = read_bom(data, file_name="b.xlsx")
    assert (refs(report, True), refs(report, False), len(report.lines)) == (["C1", "R1"], ["C2"], 2)


def test_mechanical_sheet_and_side_calculation() -> None:
    data = workbook(
        BOM=[["Ref", "Qty", "MPN"], ["C1", 1, "GRM188"]],
        Mechanical=[["Description", "Qty"], ["Screw M3", 4]],
        Sheet7=[["Description", "Qty"], ["hours", 4]],
    )
    report = read_bom(data, file_name="b.xlsx")
    assert (report.mechanical_lines, report.lines[1].quantity) == (1, 4)
    assert any("'Sheet7'" in warning for warning in report.warnings)


def test_same_designator_on_two_lines_is_warned() -> None:
    report = read("Ref,Qty,MPN\nR1,1,RC0603FR\nR1,1,RC0805FR\n")
    assert report.placements == 2
    assert any("more than one line: R1" in warning for warning in report.warnings)


def test_declared_component_count_is_compared() -> None:
    report = read('"Component Count:","5"\nRef,Qnty,Value,Footprint\nR1,1,1k,R_0603\n')
    assert "the file declares 5 components, its lines name 1" in report.warnings


def test_unknown_rows_are_listed_and_not_lost() -> None:
    report = read("Ref,Qty,Value,MPN\nR1,1,1k,RC0603\n,as required,Glue,LOCTITE\nR2,1,2k,RC0603\n")
    assert len(report.lines) == 2
    [item] = report.unparsed
    assert (item.line, "as required" in item.reason) == (3, True)


def test_sheet_that_is_not_there() -> None:
    with pytest.raises(Refused) as caught:
        read_bom(workbook(BOM=[["Ref", "Qty"], ["R1", 1]]), file_name="b.xlsx", sheet="X{y}")
    assert caught.value.refusal.code == "bom.no_such_sheet"
