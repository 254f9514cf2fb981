"""Bills written for these tests, one per dialect or trap that the reference data does not show.

Each sample carries the answer that a person would give. The parts and boards are invented.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from openpyxl import Workbook


@dataclass(frozen=True)
class Sample:
    """A file with what must be understood of it."""

    name: str
    text: str
    dialect: str
    fitted: tuple[str, ...]
    not_fitted: tuple[str, ...] = ()
    mechanical: int = 0
    lines: int = 0
    encoding: str = "utf-8"
    mismatches: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        return self.text.encode(self.encoding)


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LEGACY_KICAD = Sample(
    "legacy KiCad with single components before the grouped ones",
    """"Source:","/home/me/amp.sch"
"Date:","Tue 02 Mar 2021"
"Tool:","Eeschema 5.1.9"
"Generator:","bom_csv_grouped_by_value.py"
"Component Count:","7"

"Individual Components:"
"Item","Qty","Reference(s)","Value","LibPart","Footprint","Datasheet","MPN"
"","","C1","100n","Device:C","Capacitor_SMD:C_0603","~","CL10B104"
"","","C2","100n","Device:C","Capacitor_SMD:C_0603","~","CL10B104"
"","","C3","10u","Device:C","Capacitor_SMD:C_0805","~","CL21A106"
"","","R1","10k","Device:R","Resistor_SMD:R_0603","~","RC0603-10K"
"","","R2","10k","Device:R","Resistor_SMD:R_0603","~","RC0603-10K"
"","","R3","10k","Device:R","Resistor_SMD:R_0603","~","RC0603-10K"
"","","U1","OPA2134","Amp:OPA2134","Package_SO:SOIC-8","~","OPA2134UA"


"Collated Components:"

"Item","Qty","Reference(s)","Value","LibPart","Footprint","Datasheet","MPN"
"1","2","C1, C2","100n","Device:C","Capacitor_SMD:C_0603","~","CL10B104"
"2","1","C3","10u","Device:C","Capacitor_SMD:C_0805","~","CL21A106"
"3","3","R1, R2, R3","10k","Device:R","Resistor_SMD:R_0603","~","RC0603-10K"
"4","1","U1","OPA2134","Amp:OPA2134","Package_SO:SOIC-8","~","OPA2134UA"
""",
    "kicad",
    words("C1 C2 C3 R1 R2 R3 U1"),
    lines=4,
)

EESCHEMA_GROUPED = Sample(
    "KiCad grouped by value with trailing separators",
    """"Source:","amp.sch"
"Date:","2020-01-01"
"Tool:","Eeschema 4.0.7"
"Generator:","bom_csv_grouped_by_value_with_fp.py"
"Component Count:","5"
"Ref","Qnty","Value","Cmp name","Footprint","Description","Vendor"
"C1, C2, ","2","100n","C","Capacitors_SMD:C_0603","",""
"R1, R2, R3, ","3","4k7","R","Resistors_SMD:R_0603","",""
""",
    "kicad",
    words("C1 C2 R1 R2 R3"),
    lines=2,
)

ORCAD_WRAPPED = Sample(
    "OrCAD report with references over several lines",
    "Amplifier  Revised: Monday, March 02, 2020\r\nAMP-1          Revision: B\r\n\r\n"
    "Bill Of Materials          March 2,2020      10:12:22\tPage1\r\n\r\n"
    "Item\tQuantity\tReference\tPart\r\n______________________________________________\r\n\r\n"
    "1\t6\tC1,C2,C3,C4,\t100n\r\n\t\tC5,C6\r\n2\t1\tD1\t1N4148\r\n3\t3\tR1,R2,\t10k\r\n\t\tR3\r\n"
    "4\t1\tR4\tDNP\r\n5\t1\tU1\t\u00b5A741\r\n",
    "orcad-report",
    words("C1 C2 C3 C4 C5 C6 D1 R1 R2 R3 U1"),
    words("R4"),
    lines=5,
    encoding="cp1252",
)

EAGLE_PARTLIST = Sample(
    "Eagle part list in fixed columns",
    """Partlist

Exported from blinky.sch at 10/11/2012 9:12 PM

EAGLE Version 6.3.0 Copyright (c) 1988-2012 CadSoft

Assembly variant:

Part     Value          Device                Package              Library  Sheet

C1       100n           C-EUC0805             C0805                rcl      1
C2                      C-EUC0805             C0805                rcl      1
IC1      ATTINY85-20SU  ATTINY85-20SU         SO08                 avr      1
LED1     red            LEDCHIPLED_0805       CHIPLED_0805         led      1
R1       330            R-EU_R0805            R0805                rcl      1
U$2      LOGO           OSHW_LOGO             OSHW_SMALL           own      1
""",
    "eagle",
    words("C1 C2 IC1 LED1 R1 U$2"),
    lines=6,
)

EAGLE_BOM_ULP = Sample(
    "Eagle bom.ulp with semicolons",
    """"Qty";"Value";"Device";"Package";"Parts";"Description";"MF";"MPN"
"3";"100n";"C-EUC0805";"C0805";"C1, C2, C5";"CAPACITOR";"Yageo";"CC0805KRX7R9BB104"
"1";"";"JP1E";"JP1";"JP1";"JUMPER";"";""
"2";"10k";"R-EU_R0805";"R0805";"R1, R2";"RESISTOR";"Yageo";"RC0805JR-0710KL"
""",
    "eagle",
    words("C1 C2 C5 JP1 R1 R2"),
    lines=3,
)

EAGLE_BOM_TEXT = Sample(
    "Eagle bom.ulp as text",
    """Partlist exported from blinky.sch at 1/2/2015 10:00

Qty Value Device      Package  Parts        Description
2   100n  C-EUC0603   C0603    C1, C2       CAPACITOR
1   10k   R-EU_R0603  R0603    R1           RESISTOR
1         PINHD-1X4   1X04     JP1          PIN HEADER
""",
    "eagle",
    words("C1 C2 R1 JP1"),
    lines=3,
)

ALTIUM = Sample(
    "Altium with title block and fitted column",
    """Bill of Materials,,,,,,
Project:,Sensor.PrjPcb,,,,,
Variant:,Standard,,,,,
,,,,,,
Comment,Description,Designator,Footprint,LibRef,Quantity,Fitted
100nF,"Capacitor, ceramic","C1, C2, C3",CAPC1608,CAP,3,Fitted
10k,Resistor,"R1, R2",RESC1608,RES,2,Not Fitted
STM32,MCU,U1,LQFP48,STM32F103,1,Fitted
,,,,,6,
""",
    "altium",
    words("C1 C2 C3 U1"),
    words("R1 R2"),
    lines=3,
)

JLCPCB = Sample(
    "JLCPCB without quantities",
    'Comment,Designator,Footprint,LCSC Part #\n100nF,"C1,C2,C3",0603,C14663\n10k,"R1-R4",0603,C25804\n'
    "DNP,R5,0603,\n",
    "jlcpcb",
    words("C1 C2 C3 R1 R2 R3 R4"),
    words("R5"),
    lines=3,
)

EASYEDA = Sample(
    "EasyEDA in UTF-16",
    "No.\tQuantity\tComment\tDesignator\tFootprint\tValue\tManufacturer Part\tManufacturer\tSup"
    "plier Part\tSupplier\r\n"
    '1\t2\t10uF\t"C1,C2"\tC0805\t10uF\tCL21A106KAYNNNE\tSAMSUNG\tC15850\tLCSC\r\n'
    "2\t1\tAMS1117\tU1\tSOT-223\t\tAMS1117-3.3\tAMS\tC6186\tLCSC\r\n",
    "easyeda",
    words("C1 C2 U1"),
    lines=2,
    encoding="utf-16",
)

KIBOT = Sample(
    "KiBot or KiBoM with DNF lines and statistics",
    """Row,Description,Part,References,Value,Footprint,Quantity Per PCB,Status
1,Capacitor,C,C1 C2 C3,100n,C_0603,3,
2,Resistor,R,R1 R2,10k,R_0603,2 (DNF),
3,MCU,ATSAMD21,U1,ATSAMD21,QFP-32,1,

Component Groups:,3
Component Count:,6
Fitted Components:,4
Number of PCBs:,1
Total Components:,4
Schematic Date:,2023-01-01
""",
    "kibot",
    words("C1 C2 C3 U1"),
    words("R1 R2"),
    lines=3,
)

GERMAN = Sample(
    "German list with decimal commas",
    "Pos;Menge;Bezeichner;Wert;Bauform;Hersteller;Herstellernummer;Bestellnummer;Bemerkung\n"
    "1;2,0;C1, C2;100 nF;0603;Würth;885012206095;;\n"
    "2;1,0;R1;4,7 k;0603;Yageo;RC0603FR-074K7L;;nicht bestückt\n"
    "3;4,0;;M3x10;;Bossard;1234567;;Schraube\n4;0,5;;Kleber;;;;;\n",
    "generic",
    words("C1 C2"),
    words("R1"),
    mechanical=2,
    lines=4,
    encoding="cp1252",
)

CHINESE = Sample(
    "Chinese headings in GB 18030",
    '序号,名称,位号,数量,封装,型号,制造商\n1,电容,"C1,C2",2,0603,CL10B104KB8NNNC,三星\n2,电阻,R1,1,0603,RC0603FR-0710KL,国巨\n',
    "generic",
    words("C1 C2 R1"),
    lines=2,
    encoding="gb18030",
)

ALTERNATES = Sample(
    "second and third source in further columns and in continuation rows",
    "Item,Qty,Reference,Description,Manufacturer 1,Manufacturer Part Number 1,Manufacturer 2,Ma"
    "nufacturer Part Number 2\n"
    '1,2,"C1,C2",CAP 100nF,Samsung,CL10B104KB8NNNC,Murata,GRM188R71C104KA01D\n'
    ",,,,Yageo,CC0603KRX7R7BB104,,\n"
    "2,1,U1,LDO,TI,TPS73633DBVR,,\n",
    "generic",
    words("C1 C2 U1"),
    lines=2,
)

RUNS = Sample(
    "runs and lists in every form",
    'Designator,Qty,Value\nC17-C19,3,1u\nR27..R29,3,1k\nR1 to R4,4,2k\n"D1, D2 D5-D7",5,BAT54\n'
    "Q1–Q3,3,BSS138\n"
    'TP1;TP2,2,pad\n"L1\nL2",2,10uH\nJ1-2,1,header\nU1A,1,gate\nK1~K3,3,relay\nX3-5,3,term\n',
    "generic",
    words(
        "C17 C18 C19 R27 R28 R29 R1 R2 R3 R4 D1 D2 D5 D6 D7 Q1 Q2 Q3 TP1 TP2 L1 L2 J1-2 U1A K1 K2 K3 X3 X4 X5"
    ),
    lines=11,
)

MARKS = Sample(
    "not fitted in text of all kinds",
    "Ref;Qty;Value;MPN;Remark\nR1;1;10k;RC0603;\nR2;1;DNP;RC0603;\nR3;1;10k DNP;RC0603;\n"
    "R4;1;10k;RC0603;do not populate\n"
    "R5;1;NC;;\nS1;1;NC;MJTP1230;normally closed\nC1;1;100 NF;GRM188;\nR6,R7;2;1k;RC0603;NF(R7)\n"
    "R8, R9 (DNF);2;2k;RC0603;\n"
    "C2,C3;2;1u;GRM188;C3 not fitted\nD1;1;NM;;\nR10;1;0R (not fitted);RC0603;\n"
    "U1;1;LM358;LM358;Not used in the US\n",
    "generic",
    words("R1 S1 C1 R6 R8 C2 U1"),
    words("R2 R3 R4 R5 R7 R9 C3 D1 R10"),
    lines=13,
)

SECTION = Sample(
    "own section of parts that are not fitted",
    'Item,Qty,Reference,Value,MPN\n1,2,"R1,R2",10k,RC0603FR-0710KL\n2,1,C1,1u,GRM188\n\n'
    "Do Not Populate:\n3,1,C2,1u,GRM188\n"
    "4,1,R3,0R,RC0603\n\nMechanical\n5,4,,Screw M3,1234\n",
    "generic",
    words("R1 R2 C1"),
    words("C2 R3"),
    mechanical=1,
    lines=5,
)

HUNDREDFOLD = Sample(
    "the hundredfold column stands before the quantity",
    'Item,Qty 100,Qty,Reference,Part Number\n1,200,2,"C1,C2",GRM188R71\n2,100,1,R1,RC0603FR\n',
    "generic",
    words("C1 C2 R1"),
    lines=2,
)

GROUP_TITLES = Sample(
    "group titles over repeated headings",
    ",,,Supplier 1,,Supplier 2,\nRef,Qty,MPN,Name,P/N,Name,P/N\n"
    '"C1,C2",2,CL10B104KB8NNNC,Digi-Key,1276-1000-1-ND,Mouser,187-CL10B104KB8NNNC\n'
    "R1,1,RC0603FR-0710KL,Digi-Key,311-10.0KHRCT-ND,,\n",
    "generic",
    words("C1 C2 R1"),
    lines=2,
)

SHIFTED = Sample(
    "unquoted commas and a row shifted by one",
    "Item,Qty,Reference,Value,MPN\n1,3,C1,C2,C3,100n,GRM188\n2,1,R1,10k,RC0603\n1,R2,10k,RC0603\n",
    "generic",
    words("C1 C2 C3 R1 R2"),
    lines=3,
)

POPULATE = Sample(
    "Populate column with digits",
    "RefDes,Quantity,MPN,Populate\nR1,1,RC0603FR-0710KL,1\nR2,1,RC0603FR-0711KL,0\nC1,1,GRM188R71C104,1\n",
    "generic",
    words("R1 C1"),
    words("R2"),
    lines=3,
)

EAGLE_SECTIONS = Sample(
    "Eagle part list with section titles and names without numbers",
    """Partlist

Part Value     Device      Package

POWER
=====
C1   10u       C-EU        C0805
VBAT           PINHD-1X2   1X02
IC1  LM7805    78XX        TO220

AUDIO
=====
R1   1k        R-EU        R0603
""",
    "eagle",
    words("C1 VBAT IC1 R1"),
    lines=4,
)

NAMES = Sample(
    "names that are no plain designators, joined in odd ways",
    "#;RefDes;Value;Quantity;Name\n1;24V;;1;Terminal\n2;C1+C2+C8;470u;3;CAP300\n3;ICSP;;1;HDR-1x4\n"
    "4;R  1, R  2;10k;2;RES400\n5;R3,4,7;4k7;3;RES400\n6;IN+, IN-;;2;Pad\n7;REF**;;1;Hole\n8;—;;4;Screw M3\n",
    "generic",
    words("24V C1 C2 C8 ICSP R1 R2 R3 R4 R7 IN+ IN- REF**"),
    mechanical=1,
    lines=8,
)

UNNAMED = Sample(
    "quantity under a heading that says nothing",
    "#,Parts,Value,MPN\n3,R1 R2 R5,10k,RC0603FR-0710KL\n1,C1,1u,GRM188R71\n2,C3 C4,1u,GRM188R72\n",
    "generic",
    words("R1 R2 R5 C1 C3 C4"),
    lines=3,
)

DIGIKEY = Sample(
    "cart of a distributor with designators as customer reference",
    "Index,Quantity,Part Number,Manufacturer Part Number,Description,Customer Reference,Unit Price\n"
    '1,2,311-10K-ND,RC0603FR-0710KL,RES 10K,"R1,R2",0.1\n2,1,1276-1-ND,CL10B104KB8NNNC,CAP 0.1UF,C1,0.1\n',
    "generic",
    words("R1 R2 C1"),
    lines=2,
)

TEXT_SAMPLES: Sequence[Sample] = (
    LEGACY_KICAD, EESCHEMA_GROUPED, ORCAD_WRAPPED, EAGLE_PARTLIST, EAGLE_BOM_ULP, EAGLE_BOM_TEXT, ALTIUM,
    JLCPCB, EASYEDA, KIBOT, GERMAN, CHINESE, ALTERNATES, RUNS, MARKS, SECTION, HUNDREDFOLD, GROUP_TITLES,
    SHIFTED, POPULATE, EAGLE_SECTIONS, NAMES, UNNAMED, DIGIKEY,
)  # fmt: skip


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    """An XLSX file with the given sheets; an underscore in a name stands for a blank."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append([float(cell) if isinstance(cell, Decimal) else cell for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
