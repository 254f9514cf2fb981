"""Reference designators: reading a cell such as ``C1, C17-C19, R4 (Pot)`` into single designators.

A designator names one place on a board. IEEE 315 and IEC 81346 give the class letters; CAD programs add
their own forms, which are all read here: ``U1A`` (a gate), ``J1.1`` (a pin), ``J$1`` (Eagle), ``C1A2``
(placed by grid), ``G***`` and ``C?`` (not annotated).
"""

from __future__ import annotations

import re

import msgspec

from karkhana.design.bom import limits
from karkhana.design.bom.words import word_set

CLASSES = word_set(
    "A AE AN ANT AR ASS AT B BAT BR BT BZ C CA CB CF CH CM CN CON CONN CP CR CRY CT CX D DA DB DC DD DL DR DS"
    " DZ E ESD EC F FB FC FD FER FET FID FIL FL FR FS FT FU G GDT GND GR H HDR HL HOLE HS HW IC IR ISO J JMP"
    " JP JR JS JST JTAG JX K KEY KL KT L LA LB LCD LD LDR LED LEDS LOGO LP LS M MCU MEC MECH MH MIC MIK MK ML"
    " MN MOD MOT MOV MP MT N NFC NT NTC OB OBJ OC OK OL OP OPT OSC OLED P PAD PB PC PCB PD PL POT PS PT PTC"
    " PTH PU PWR PX Q QA QN QP QZ R RA RF RJ RL RLY RM RN RP RR RS RT RTC RV RX S SB SC SCR SD SENS SH SHD"
    " SHLD SIM SJ SK SL SMA SOL SOLAR SP SPK SR SRV ST SV SW T TB TC TCK TF TH TJ TL TP TR TRIM TS TT TVS TX"
    " U UN USB UX V VA VC VD VDR VIA VR VREF VS VT VZ W WIFI WS WT X XA XC XF XK XL XO XP XS XT XTAL XU XW"
    " Y Z ZD ZQ FM BD BP BTN CAM CE CL CS CY DG DIP DN EL EMI FE HP HV IN JA JB JC JD JK JL JM JW LC LM LF"
    " LN LR LX MG MIX NE NS OUT PA PH PI PM PR QR RC RD RE RG RH RK RU RW RY SG SN SS SU SX TA TE TM TN TU TV"
    " UB UC UD UE VCC VDD VL VN VO VP VX"
)

_PREFIX = r"[A-Za-z]{1,10}[$_]?"
_PLAIN = re.compile(rf"^({_PREFIX})(\d{{1,6}})([A-Za-z]{{1,2}}\d{{0,5}})?([._-]\d{{1,3}}[A-Za-z]?)?$")
_UNANNOTATED = re.compile(r"^[A-Za-z]{1,10}(\*{1,4}|\?)$")
_RUN_MARK = r"\s*(?:-|–|—|−|~|～|\.{2,3}|…|:|\bto\b|\bthru\b|\bthrough\b|\bbis\b|\bthr\b)\s*"
_RUN = re.compile(
    rf"(?<![A-Za-z0-9$_.])([A-Za-z]{{1,10}}[$_]?)(\d{{1,6}}){_RUN_MARK}([A-Za-z]{{1,10}}[$_]?)(\d{{1,6}})"
    r"(?![A-Za-z0-9.])",
    re.IGNORECASE,
)
_SHORT_RUN = re.compile(r"^([A-Za-z]{1,10}[$_]?)(\d{1,6})\s*(?:-|–|—|~|\.{2,3}|…)\s*(\d{1,6})$")
_SEPARATOR = re.compile(r"[,;，；、|\n\r\t]+|\s+(?:and|und|et|y|e|&|\+)\s+", re.IGNORECASE)
_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_STROKES = frozenset({"-", "–", "—", "/", "&", "+", ".", ":", "*"})
_APART = re.compile(r"^([A-Za-z]{1,4})\s+(\d{1,5})$")
_LOOSE = re.compile(r"^[^\s(){}\"'=<>]{1,24}$")


class Designators(msgspec.Struct, frozen=True):
    """What a reference cell holds.

    ``strict`` tells that every name has the form of a designator; ``loose`` names (``BAT``, ``5V_OUT``) are
    designators only where the column and the quantity say so. ``notes`` keeps the words beside them, and
    ``marked`` the designators that a bracket marks as something (``R5 (DNP)``), with its words.
    """

    names: tuple[str, ...] = ()
    strict: bool = True
    notes: tuple[str, ...] = ()
    marked: tuple[tuple[str, str], ...] = ()
    too_many: bool = False


def is_designator(text: str) -> bool:
    """Whether one word has the form of a designator."""
    return _PLAIN.match(text) is not None or _UNANNOTATED.match(text) is not None


def has_known_class(name: str) -> bool:
    """Whether the leading letters are a class that designers really use (``R``, ``ANT``, ``FID``)."""
    match = re.match(r"[A-Za-z]+", name)
    return match is not None and match[0].upper() in CLASSES


def parse_designators(text: str, quantity: int | None = None) -> Designators:
    """Read a reference cell.

    Args:
        text: the cell as printed.
        quantity: the printed quantity, which decides whether ``J1-2`` is a run or one name.
    """
    if not text or len(text) > limits.MAX_CELL_CHARACTERS:
        return Designators(too_many=len(text) > limits.MAX_CELL_CHARACTERS, strict=not text)
    plain = _one_designator(text)
    if plain is not None:
        return plain
    found = _Collector()
    body = _BRACKETS.sub(found.take_bracket, text)
    for chunk in _SEPARATOR.split(body):
        found.take(chunk.strip())
    return found.result(quantity)


def _one_designator(text: str) -> Designators | None:
    """The quick answer for a cell that holds just one plain designator."""
    return Designators((text,)) if _PLAIN.match(text) and "-" not in text else None


class _Collector:
    """Gathers names chunk by chunk; kept apart so that each rule stays a few lines."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.short_runs: list[tuple[int, tuple[str, ...]]] = []
        self.notes: list[str] = []
        self.marked: list[tuple[str, str]] = []
        self.strict = True
        self.too_many = False

    def take_bracket(self, match: re.Match[str]) -> str:
        """Keep the words of a bracket aside, tied to the designator before it."""
        words = (match[1] if match[1] is not None else match[2] or "").strip()
        inner = [word for word in re.split(r"[\s,;]+", words) if word]
        if inner and all(is_designator(word) and has_known_class(word) for word in inner):
            return f", {words} "
        before = re.search(r"([A-Za-z$_]+\d+[A-Za-z0-9.]*)\s*$", match.string[: match.start()][-40:])
        if before is not None:
            self.marked.append((before[1], words))
        if words:
            self.notes.append(words)
        return " "

    def take(self, chunk: str) -> None:
        """Read one piece between separators: runs, then words."""
        if not chunk:
            return
        if len(self.names) > limits.MAX_CELL_REFERENCES:
            self.too_many = True
            return
        if self.names and chunk.isdigit() and len(chunk) < 6:
            self._same_class(chunk)
            return
        rest = _RUN.sub(self._run, chunk).strip()
        if rest:
            self._words(rest)

    def _same_class(self, number: str) -> None:
        """Read the bare numbers of ``R1,2,5`` as further resistors."""
        before = re.match(r"[A-Za-z]{1,10}[$_]?(?=\d)", self.names[-1])
        self.names.append(f"{before[0]}{number}" if before else number)
        self.strict = self.strict and before is not None

    def _run(self, match: re.Match[str]) -> str:
        """Expand ``C17-C19``; anything that is not a rising run of one class stays as it is."""
        if match[1].upper() != match[3].upper():
            return match[0]
        members = _members(match[1], match[2], match[4])
        if members is None:
            self.too_many = True
            return ""
        if not members:
            return match[0]
        self.names.extend(members)
        return " "

    def _words(self, chunk: str) -> None:
        short = _SHORT_RUN.match(chunk)
        if short is not None and self._short_run(short):
            return
        apart = _APART.match(chunk)
        if apart is not None:
            chunk = apart[1] + apart[2]
        words = [word for word in chunk.split() if word not in _STROKES]
        for position, word in enumerate(words):
            if is_designator(word):
                self.names.append(word)
            elif len(joined := re.split(r"[/+&]", word)) > 1 and all(map(is_designator, joined)):
                self.names.extend(joined)
            elif position == 0 and len(words) == 1 and _LOOSE.match(word):
                self.names.append(word)
                self.strict = False
            else:
                self._rest(words[position:], position)
                return

    def _rest(self, words: list[str], position: int) -> None:
        """Words after designators are a remark; a cell that starts with words holds no designators."""
        self.notes.append(" ".join(words))
        if position == 0:
            self.strict = False

    def _short_run(self, match: re.Match[str]) -> bool:
        """Remember ``R1-4``: a run, or one name; the quantity decides at the end."""
        members = _members(match[1], match[2], match[3])
        if not members:
            return False
        self.short_runs.append((len(self.names), members))
        self.names.append(match[0].replace(" ", ""))
        return True

    def result(self, quantity: int | None) -> Designators:
        names = list(self.names)
        expanded = len(names) + sum(len(members) - 1 for _, members in self.short_runs)
        keep = quantity is not None and (quantity == len(names) or "." in "".join(names))
        if self.short_runs and (expanded == quantity or not keep):
            for index, members in reversed(self.short_runs):
                names[index : index + 1] = members
        if len(names) > limits.MAX_CELL_REFERENCES:
            return Designators(too_many=True, strict=False)
        strict = self.strict and bool(names)
        return Designators(tuple(names), strict, tuple(self.notes), tuple(self.marked), self.too_many)


def _members(prefix: str, first: str, last: str) -> tuple[str, ...] | None:
    """The names of a run; empty when it does not rise, None when it is absurdly long."""
    low, high = int(first), int(last)
    if high <= low:
        return ()
    if high - low >= limits.MAX_RUN:
        return None
    width = len(first) if first.startswith("0") and len(first) == len(last) else 0
    return tuple(f"{prefix}{number:0{width}d}" for number in range(low, high + 1))
