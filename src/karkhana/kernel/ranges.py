"""Ranges of identities as arithmetic: how many, which is the n-th, and where a value stands.

A range is a run of consecutive numbers of one scheme. Check digits are computed, never counted: the
range of a whole TAC is one million IMEIs. Two ranges that may share a value overlap, and :meth:`Range.span`
says so for all schemes alike.

Owns the arithmetic. It does not own who has a range or what was drawn from it (``floor.pools``). Pure.

Source: IMEI and IMEISV 3GPP TS 23.003 clause 6.2; MEID 3GPP2 X.S0008 (8 digits of the maker, 6 of the unit);
MA-L, MA-M, MA-S: IEEE Registration Authority, blocks of 24, 28 and 36 bits; EUI-48 IEEE 802-2014 clause 8.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from stdnum import ean, luhn
from stdnum.iso7064 import mod_97_10

from karkhana.kernel.identities import normalise
from karkhana.kernel.templates import LENGTH_MAX, compile_template

COUNT_MAX = 2**40
"""Values of one range: an EUI-64 block of MA-L size, the largest that anybody is given."""
BLOCKS = {24: "MA-L", 28: "MA-M", 36: "MA-S"}


@dataclass(frozen=True, slots=True)
class _Codec:
    """How values of a scheme are numbers: digits of the body, their base, what completes them.

    Args:
        prefix: digits at the front that a range may not leave: the TAC, the maker's block.
        said: what that prefix is called.
    """

    lengths: tuple[int, ...]
    base: int
    prefix: int
    said: str
    check: Callable[[str], str] | None = None
    suffix: int = 0


_CODECS: dict[str, _Codec] = {
    "imei": _Codec((14,), 10, 8, "a TAC", luhn.calc_check_digit),
    "imeisv": _Codec((14,), 10, 8, "a TAC", None, suffix=2),
    "meid": _Codec((14,), 16, 8, "a maker's block"),
    "eui48": _Codec((12,), 16, 6, "a block"),
    "bluetooth": _Codec((12,), 16, 6, "a block"),
    "eui64": _Codec((16,), 16, 6, "a block"),
    "iccid": _Codec((18, 19), 10, 2, "an issuer", luhn.calc_check_digit),
    "eid": _Codec((30,), 10, 2, "an issuer", mod_97_10.calc_check_digits),
    "sscc": _Codec((17,), 10, 1, "an extension digit", ean.calc_check_digit),
}
_TEXTS = ("serial", "meter", "bpan", "vin")
RANGED = (*_CODECS, *_TEXTS)
"""Schemes that have ranges. The others are given one by one by somebody else."""


@dataclass(frozen=True)
class Range:
    """A run of consecutive values.

    Args:
        scheme: one of ``RANGED``.
        start: number of the first value: of its body for digits, of its counter for texts.
        count: how many; 1 to ``COUNT_MAX``.
        stem: of texts, the template with nothing open but the counter and the check character.
        size: of digits, the length of the body.
        suffix: of an IMEISV, its software version.
    """

    scheme: str
    start: int
    count: int
    stem: str = ""
    size: int = 0
    suffix: str = ""

    @cached_property
    def first(self) -> str:
        """The first value, in its normal form."""
        return self.value(0)

    @cached_property
    def last(self) -> str:
        """The last value, in its normal form."""
        return self.value(self.count - 1)

    def value(self, index: int) -> str:
        """Return the value at a place, counted from 0.

        Raises:
            IndexError: there is no such place.
        """
        if not 0 <= index < self.count:
            raise IndexError(f"{index} is not within {self.count}")
        if self.stem:
            return compile_template(self.stem).render(self.start + index)
        codec = _CODECS[self.scheme]
        body = _digits(self.start + index, codec.base, self.size)
        return body + self.suffix + (codec.check(body) if codec.check else "")

    def values(self, first: int, last: int) -> list[str]:
        """Return the values at the places from first to last, both included."""
        return [self.value(index) for index in range(first, last + 1)]

    def index(self, text: str) -> int | None:
        """Return the place of a value in its normal form, None when it is not in this range."""
        if self.stem:
            try:
                number = compile_template(self.stem).number(text)
            except ValueError:
                return None
        else:
            codec = _CODECS[self.scheme]
            tail = len(text) - self.size
            if tail < 0 or (self.suffix and text[self.size :] != self.suffix):
                return None
            try:
                number = int(text[: self.size], codec.base)
            except ValueError:
                return None
            if tail != len(self.first) - self.size:
                return None
        index = number - self.start
        return index if 0 <= index < self.count and self.value(index) == text else None

    def span(self, brand: str) -> tuple[str, int, int]:
        """Return the space and the half-open interval of numbers that no other range may touch.

        A brand's own serial numbers share a space with that brand's only.
        """
        if not self.stem:
            return _numeric_space(self.scheme, self.size), self.start, self.start + self.count
        template = compile_template(self.stem)
        rest = len(self.first) - (len("".join(template.before)) + template.width)
        low = self.first.encode()[: len(self.first) - rest] + b"\x00" * rest
        high = self.last.encode()[: len(self.last) - rest] + b"\xff" * rest
        space = _text_space(self.scheme, brand, len(self.first))
        return space, int.from_bytes(low, "big"), int.from_bytes(high, "big") + 1

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what is allowed but seldom meant."""
        if self.scheme in ("eui48", "bluetooth", "eui64") and int(self.first[1], 16) & 2:
            return (f"{self.first} is locally administered: no registry says that nobody else uses it",)
        return ()


def _digits(number: int, base: int, size: int) -> str:
    return f"{number:0{size}X}" if base == 16 else f"{number:0{size}d}"


def _numeric_space(scheme: str, size: int) -> str:
    if scheme == "bluetooth":
        return "eui48"
    return f"iccid/{size}" if scheme == "iccid" else scheme


def _text_space(scheme: str, brand: str, length: int) -> str:
    return f"serial/{brand}/{length}" if scheme == "serial" else f"{scheme}/{length}"


def place_of(space: str, text: str) -> tuple[str, int] | None:
    """Return where a value stands among all ranges, as :meth:`Range.span` counts; None where none can be.

    Args:
        space: in which it is unique (``identities.normalise``); ``serial/BRAND`` for serial numbers.
        text: the normal form.
    """
    codec = _CODECS.get(space)
    if codec is not None:
        size = len(text) - 1 if space == "iccid" else codec.lengths[0]
        return _numeric_space(space, size), int(text[:size], codec.base)
    scheme, _, brand = space.partition("/")
    if scheme not in _TEXTS or not text.isascii() or not 0 < len(text) <= LENGTH_MAX:
        return None
    return _text_space(scheme, brand, len(text)), int.from_bytes(text.encode(), "big")


def stored(scheme: str, first: str, count: int, stem: str = "") -> Range:
    """Return a range that was parsed before, from what the database keeps of it."""
    if stem:
        return Range(scheme, compile_template(stem).number(first), count, stem)
    codec = _CODECS[scheme]
    size = next(length for length in codec.lengths if len(first) >= length)
    if scheme == "iccid":
        size = len(first) - 1
    suffix = first[size:] if codec.suffix else ""
    return Range(scheme, int(first[:size], codec.base), count, size=size, suffix=suffix)


def run_of(template: str, first: int, last: int | None = None, scheme: str = "serial") -> Range:
    """Return the range of a template's counter, from first to last.

    Args:
        template: with nothing open but the counter and the check character (``Template.stem``).

    Raises:
        ValueError: in words for a person.
    """
    compiled = compile_template(template)
    last = compiled.capacity - 1 if last is None else last
    if not 0 <= first <= last:
        raise ValueError(f"the counter runs from {first} to {last}; the last is before the first")
    if last >= compiled.capacity:
        raise ValueError(f"the counter {last} has no room in {compiled.width} places")
    return _bounded(Range(scheme, first, last - first + 1, template))


def parse_range(scheme: str, first: str, last: str = "", count: int | None = None) -> Range:
    """Read a range as people write it.

    Args:
        first: the first value, or a block alone: a TAC (8 digits), a MEID maker's block (8 digits),
            MA-L, MA-M or MA-S (6, 7 or 9 digits, or as ``70B3D5123000/36``). Check digits may be left out.
        last: the last value, included; may be left out with a block or a count.
        count: in place of ``last``.

    Raises:
        ValueError: in words for a person.
    """
    if scheme not in RANGED:
        raise ValueError(f"numbers of the scheme {scheme} have no ranges here; there are {', '.join(RANGED)}")
    first, last = first.strip(), last.strip()
    if not first:
        raise ValueError("the first value is missing")
    if count is not None and (last or not 1 <= count <= COUNT_MAX):
        raise ValueError(
            "give the last value or the count" if last else f"the count must be 1 to {COUNT_MAX}"
        )
    if scheme in _TEXTS:
        found = _text_range(scheme, first, last, count)
    else:
        found = _block(scheme, first, last, count) or _numeric_range(scheme, first, last, count)
    return _bounded(found)


def _bounded(found: Range) -> Range:
    if found.count > COUNT_MAX:
        raise ValueError(f"{found.count} values are too many for one range; {COUNT_MAX} are allowed")
    return found


def _block(scheme: str, first: str, last: str, count: int | None) -> Range | None:
    """Read a block that is named by its prefix alone, None when it is not one."""
    codec = _CODECS[scheme]
    if last or count is not None or scheme not in ("imei", "meid", "eui48", "bluetooth", "eui64"):
        return None
    bare, slash, bits_text = re.sub(r"[ .:\-]", "", first).upper().partition("/")
    size = codec.lengths[0]
    sign = "[0-9A-F]" if codec.base == 16 else "[0-9]"
    if slash:
        if scheme in ("imei", "meid") or not bits_text.isdecimal() or int(bits_text) not in BLOCKS:
            raise ValueError(f"/{bits_text} is no block; there are /24 (MA-L), /28 (MA-M) and /36 (MA-S)")
        digits = int(bits_text) // 4
        if not re.fullmatch(rf"{sign}{{{digits},{size}}}", bare):
            raise ValueError(f"{first} has {len(bare)} digits; a block has {digits} to {size}")
        if bare[digits:].strip("0"):
            begins = bare[:digits].ljust(size, "0")
            raise ValueError(
                f"{first} is not where a {BLOCKS[digits * 4]} block begins; this one begins at {begins}"
            )
        bare = bare[:digits]
    if len(bare) >= size:
        return None
    if not re.fullmatch(rf"{sign}+", bare):
        raise ValueError(f"{first} is not made of {'hexadecimal ' if codec.base == 16 else ''}digits")
    if scheme == "imei" and len(bare) != 8:
        raise ValueError(f"a TAC has 8 digits, not {len(bare)}")
    if scheme == "meid" and len(bare) != 8:
        raise ValueError(f"a maker's block of MEIDs has 8 digits, not {len(bare)}")
    if scheme not in ("imei", "meid") and len(bare) * 4 not in BLOCKS:
        raise ValueError(f"a block has 6 (MA-L), 7 (MA-M) or 9 (MA-S) digits, not {len(bare)}")
    _refuse_group(scheme, bare)
    start = int(bare.ljust(size, "0"), codec.base)
    return Range(scheme, start, codec.base ** (size - len(bare)), size=size)


def _numeric_range(scheme: str, first: str, last: str, count: int | None) -> Range:
    codec = _CODECS[scheme]
    start, size, suffix = _body(scheme, first)
    if count is None:
        if not last:
            raise ValueError("the last value is missing")
        end, end_size, end_suffix = _body(scheme, last)
        if end_size != size or end_suffix != suffix:
            raise ValueError(f"{first} and {last} are not written alike")
        if end < start:
            raise ValueError(f"the last value {last} is before the first {first}")
    else:
        end = start + count - 1
    prefixes = {_digits(number, codec.base, size)[: codec.prefix] for number in (start, end)}
    if len(prefixes) > 1:
        raise ValueError(f"the range leaves {codec.said}: it goes from {' to '.join(sorted(prefixes))}")
    return Range(scheme, start, end - start + 1, size=size, suffix=suffix)


def _body(scheme: str, text: str) -> tuple[int, int, str]:
    """Return the number of a value, the length of its body and its suffix; a check digit is verified."""
    codec = _CODECS[scheme]
    bare = re.sub(r"[ .:\-]", "", text).upper()
    sign = "[0-9A-F]" if codec.base == 16 else "[0-9]"
    if not re.fullmatch(f"{sign}+", bare):
        kind = "hexadecimal digits" if codec.base == 16 else "digits"
        raise ValueError(f"{text!r} is not made of {kind}")
    lengths = codec.lengths if scheme != "iccid" else (18,)
    if codec.check is not None and len(bare) in lengths:
        bare += codec.check(bare)
    _refuse_group(scheme, bare)
    _, normal = normalise(scheme, bare)
    size = len(normal) - 1 if scheme == "iccid" else codec.lengths[0]
    return int(normal[:size], codec.base), size, normal[size:] if codec.suffix else ""


def _refuse_group(scheme: str, bare: str) -> None:
    if scheme in ("eui48", "bluetooth", "eui64") and len(bare) > 1 and int(bare[1], 16) & 1:
        raise ValueError(f"{bare} is a group address; a device needs an individual one")


def _text_range(scheme: str, first: str, last: str, count: int | None) -> Range:
    """Read a run of texts that differ in the digits at their end."""
    low = normalise(scheme, first)[1]
    high = normalise(scheme, last)[1] if last else ""
    tail = re.search(r"[0-9]{1,12}$", low)
    if tail is None or not low.isascii():
        raise ValueError(f"{first!r} does not end in the digits of a counter")
    if high and len(high) != len(low):
        raise ValueError(f"{first} and {last} have different lengths")
    if not high and count is None:
        raise ValueError("the last value is missing")
    head, width = low[: tail.start()], len(tail[0])
    start = int(tail[0])
    if high:
        if high[: len(head)] != head or not high[len(head) :].isdigit():
            raise ValueError(f"{first} and {last} differ in more than the digits at their end")
        end = int(high[len(head) :])
    else:
        assert count is not None
        end = start + count - 1
    if end < start:
        raise ValueError(f"the last value {last} is before the first {first}")
    return run_of(f"{head}{{n:0{width}}}", start, end, scheme)
