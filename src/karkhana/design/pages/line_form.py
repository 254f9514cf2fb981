"""The form of one line of a bill: as it is filled in, and read into a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from django.http import QueryDict

from karkhana.design.pages import fields
from karkhana.design.release import BomItem, Source
from karkhana.kernel.refusals import refuse

BLANK_ROWS = 1
ALTERNATES_MAX = 100
LIST_CHARACTERS = 400_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A line as it stands in the form: texts, unread. ``alternates`` are (manufacturer, part), best first."""

    number: str = ""
    part: str = ""
    manufacturer: str = ""
    description: str = ""
    value: str = ""
    package: str = ""
    quantity: str = ""
    references: str = ""
    not_fitted: str = ""
    mechanical: bool = False
    approved: str = ""
    assembly_product: str = ""
    assembly_revision: str = ""
    alternates: tuple[tuple[str, str], ...] = ()

    @classmethod
    def sent(cls, said: QueryDict) -> Draft:
        """Return the form as it was sent."""
        count = min(fields.rows(said, "alt_part", "alt_manufacturer"), ALTERNATES_MAX)
        alternates = tuple(
            (fields.column(said, "alt_manufacturer", place), fields.column(said, "alt_part", place))
            for place in range(count)
        )
        return cls(
            number=fields.text(said, "number", 12),
            part=fields.text(said, "part"),
            manufacturer=fields.text(said, "manufacturer"),
            description=fields.text(said, "description", 4000),
            value=fields.text(said, "value"),
            package=fields.text(said, "package"),
            quantity=fields.text(said, "quantity", 40),
            references=fields.text(said, "references", LIST_CHARACTERS),
            not_fitted=fields.text(said, "not_fitted", LIST_CHARACTERS),
            mechanical=said.get("mechanical") == "1",
            approved=fields.text(said, "approved", 4000),
            assembly_product=fields.text(said, "assembly_product", 80),
            assembly_revision=fields.text(said, "assembly_revision", 80),
            alternates=tuple(pair for pair in alternates if any(pair)),
        )

    @property
    def alternate_rows(self) -> tuple[tuple[str, str], ...]:
        """The alternates with blank rows for more."""
        return (*self.alternates, *(("", "") for _ in range(BLANK_ROWS)))


def draft_of(item: BomItem) -> Draft:
    """Return a line as it stands in the form."""
    product, revision = item.assembly or ("", "")
    return Draft(
        number=str(item.number),
        part=item.part,
        manufacturer=item.manufacturer,
        description=item.description,
        value=item.value,
        package=item.package,
        quantity=format(item.quantity, "f") if item.quantity or item.part else "",
        references=" ".join(item.references),
        not_fitted=" ".join(item.not_fitted),
        mechanical=item.mechanical,
        approved=", ".join(item.approved_manufacturers),
        assembly_product=product,
        assembly_revision=revision,
        alternates=tuple((source.manufacturer, source.part) for source in item.alternates),
    )


def item_from(draft: Draft) -> BomItem:
    """Read the form into a line; without a quantity the fitted designators are counted.

    Raises:
        Refused: ``plan.field``, ``bom.alternate`` for one without a part number, ``bom.assembly`` for half a
            sub-assembly.
    """
    references = fields.words(draft.references.replace(",", " "), " ")
    nameless = next((maker for maker, part in draft.alternates if not part), None)
    if nameless is not None:
        raise refuse(
            "bom.alternate",
            "The alternate of {manufacturer} has no part number.",
            "Give the part number, or empty the row.",
            manufacturer=nameless,
        )
    if bool(draft.assembly_product) != bool(draft.assembly_revision):
        raise refuse(
            "bom.assembly",
            "A sub-assembly needs both a product and a revision.",
            "Fill in both fields, or neither.",
        )
    quantity = fields.decimal(draft.quantity, "quantity") if draft.quantity else Decimal(len(references))
    return BomItem(
        number=fields.whole(draft.number, "line"),
        part=draft.part,
        manufacturer=draft.manufacturer,
        description=draft.description,
        value=draft.value,
        package=draft.package,
        quantity=quantity,
        references=references,
        not_fitted=fields.words(draft.not_fitted.replace(",", " "), " "),
        mechanical=draft.mechanical,
        alternates=tuple(Source(maker, part) for maker, part in draft.alternates),
        approved_manufacturers=fields.words(draft.approved),
        assembly=(draft.assembly_product, draft.assembly_revision) if draft.assembly_product else None,
    )


def arranged(draft: Draft, order: str) -> Draft:
    """Move an alternate: ``up:2``, ``down:0``, ``out:1``; anything else leaves them as they are."""
    verb, _, place_text = order.partition(":")
    alternates = list(draft.alternates)
    place = int(place_text) if place_text.isascii() and place_text.isdigit() else len(alternates)
    if place >= len(alternates):
        return draft
    moved = alternates.pop(place)
    if verb == "up":
        alternates.insert(max(place - 1, 0), moved)
    elif verb == "down":
        alternates.insert(place + 1, moved)
    elif verb != "out":
        return draft
    return replace(draft, alternates=tuple(alternates))
