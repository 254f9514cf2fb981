"""Files as sides of a comparison: placement files of every kind, and what is refused."""

from __future__ import annotations

import pytest
from bills import csv_bill

from karkhana.design.bom.placement import read_placement
from karkhana.design.difference import compare, read_bill
from karkhana.kernel.refusals import Refused

BOM = """Designator,Qty,Comment,Footprint,MPN
C1,1,100nF,C_0603_1608Metric,CL10
R1,1,4k7,R0402,RC04
U1,1,NE555,SO08,NE555D
"""
KICAD = """### Module positions - created on Tue 1 Jan 2030 ###
## Unit = mm, Angle = deg.
# Ref     Val       Package                PosX       PosY       Rot  Side
C1        100nF     C_0603_1608Metric  105.5000   -50.2000   90.0000  top
R1        4k7       R_0402_1005Metric   10.5000    -5.2000    0.0000  bottom
U1        NE555     SO08                10.5000    -5.2000    0.0000  bottom
## End
"""
EAGLE = "C1 10.16 20.32 90 100n C0603\nR1 11.16 21.32 0 4k7 R0402\nU1 3.00 4.00 180 NE555 SO08\n"
ALTIUM = """Altium Designer Pick and Place Locations

"Designator","Comment","Layer","Footprint","Center-X(mm)","Center-Y(mm)","Rotation"
"C1","0.1uF","TopLayer","CAP0603","1.2","3.4","90"
"R1","4.7k","TopLayer","RES0402","1.2","3.4","90"
"U1","NE555","TopLayer","SO08","1.2","3.4","0"
"""
JLCPCB = """Designator,Val,Val2,"Mid X","Mid Y",Rotation,Layer,
"C1","100nF","0603",1.0,2.0,0,top
"R1","4k7","0402",1.0,2.0,0,top
"U1","NE555","SO08",1.0,2.0,0,top
"""
PRINTED = """Designator Footprint      Mid X         Mid Y         Ref X         Ref Y TB   Rotation Comment

C1         CAP0603       24.4mm        50.5mm        24.4mm        50.5mm  T        270.00 100nF, 16V
R1         A_VERY_LONG_NAME_THAT_PUSHES_0402   8.05mm   7.35mm   8.05mm   7.35mm  B  360.00 4k7
U1         SO08           9.7mm        8.55mm         9.7mm        9.05mm  B        270.00 NE555
"""


@pytest.mark.parametrize("text", [KICAD, EAGLE, ALTIUM, JLCPCB, PRINTED])
def test_placement_files_agree_with_the_bill_whatever_wrote_them(text: str) -> None:
    placed = csv_bill(text, "board.pos")
    found = compare(csv_bill(BOM), placed)
    assert [line.references for line in placed.lines] == [("C1",), ("R1",), ("U1",)]
    assert not found.matters
    assert (found.added, found.removed, found.changed) == ((), (), ())
    assert "manufacturer" not in found.not_compared  # the bill has none either
    assert {"part", "quantity", "fitted"} <= set(found.not_compared)


@pytest.mark.parametrize("text", [KICAD, EAGLE, ALTIUM, JLCPCB, PRINTED])
def test_placement_files_show_what_is_really_another_part(text: str) -> None:
    found = compare(csv_bill(BOM.replace("4k7", "47k").replace("C1,", "C7,")), csv_bill(text))
    assert [(c.field, c.references, c.before) for c in found.changed] == [("value", ("R1",), "47k")]
    assert [place.references for place in (*found.added, *found.removed)] == [("C1",), ("C7",)]


def test_a_placement_file_without_a_readable_place() -> None:
    with pytest.raises(Refused) as refused:
        read_placement(b"Ref,PosX,PosY\n,1,2\n,3,4\n", file_name="empty.pos")
    assert refused.value.refusal.code == "bom.empty"


@pytest.mark.parametrize(
    ("row", "field"),
    [(",a few,Screw,,\n", "quantity"), ("R1-R9999,9999,10k,0402,X\n", "references")],
)
def test_a_row_that_cannot_be_understood_is_refused_with_file_line_and_field(row: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        csv_bill(BOM + row, "board rev B.csv")
    said = refused.value.refusal
    assert said.code == "diff.row_unclear"
    assert (said.fields["file"], said.fields["line"], said.fields["field"]) == ("board rev B.csv", 5, field)
    assert all(text in said.message for text in ("board rev B.csv", "line 5", field))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bom.empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "bom.unreadable"),
        (b"one,two\nthree,four\n", "bom.not_a_bom"),
        (b"Designator,Qty\n", "bom.empty"),
        (b"\x00" * 300, "bom.unreadable"),
    ],
)
def test_a_wrong_file_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_bill(data, file_name="/somewhere/wrong\x07.csv")
    assert refused.value.refusal.code == code
    assert "wrong?.csv" in refused.value.refusal.message


def test_a_note_below_the_table_is_no_row() -> None:
    assert not compare(csv_bill(BOM), csv_bill(BOM + "\nApproved by:,,,,\n")).differs
