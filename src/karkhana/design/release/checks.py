"""What is wrong with a release package, as sentences that name the place. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from karkhana.design.release.package import ReleasePackage
from karkhana.design.release.parts import (
    PACK_MAX,
    TEMPLATED,
    BomItem,
    FirmwareRule,
    IdentityRule,
    PackPlan,
    Step,
)
from karkhana.kernel.identities import SCHEMES
from karkhana.kernel.templates import compile_template

TEXT_MAX, DESIGNATOR_MAX, REPAIR_MAX = 200, 80, 1000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
PRODUCT_MAX, REVISION_MAX = 40, 20
LABEL_WORDS = frozenset({"product", "revision", "brand", "serial", "gtin", "sscc", "quantity", "batch"})
QUANTITY_MAX, QUANTITY_STEP = Decimal(10**12), Decimal("0.000001")


def check_package(package: ReleasePackage) -> tuple[str, ...]:
    """List what is wrong with a package, as sentences that name the place; empty when it can be released."""
    problems = [
        *_route_problems(package),
        *_reference_problems(package),
        *_test_problems(package.steps),
        *_firmware_problems(package.firmware),
        *bom_problems(package.bom),
        *_set_problems(package),
        *_identity_problems(package.identities),
        *_record_problems(package),
    ]
    if not 1 <= package.panel_positions <= 60:
        problems.append(f"panel_positions is {package.panel_positions}; it must be 1 to 60.")
    if not 0 <= package.repair_limit <= REPAIR_MAX:
        problems.append(f"repair_limit must be 0 to {REPAIR_MAX}.")
    return tuple(problems)


def _route_problems(package: ReleasePackage) -> list[str]:
    if not package.steps:
        return ["The route has no steps."]
    problems = []
    for expected, step in enumerate(package.steps, start=1):
        if step.number != expected:
            problems.append(f"Step {step.number} ({step.name}) stands where step {expected} should.")
        if step.reentry is not None and not 1 <= step.reentry <= step.number:
            problems.append(f"Step {step.number} re-enters at {step.reentry}, which is not before it.")
        if step.passed_by == "MaterialsInstalled" and not step.key_parts:
            problems.append(f"Step {step.number} ({step.name}) binds key parts but names none.")
        if step.passed_by == "UnitsPersonalized" and not (step.identities or step.firmware):
            problems.append(f"Step {step.number} ({step.name}) personalises but names nothing to write.")
        problems += [
            f"Step {step.number}: quantity of {material.part} must be above 0."
            for material in step.materials
            if not (material.quantity.is_finite() and material.quantity > 0)
        ]
        problems += [
            f"Step {step.number}: {part.part} is its own alternate."
            for part in (*step.materials, *step.key_parts)
            if part.part in part.alternates
        ]
        if step.passed_by == "AggregationEvent" and step.materials:
            problems.append(f"Step {step.number} ({step.name}) packs; material cannot be consumed there.")
    depanels = sum(step.passed_by == "TransformationEvent" for step in package.steps)
    if package.panel_positions > 1 and depanels != 1:
        problems.append("A product built on panels needs exactly one TransformationEvent step.")
    return problems + _panel_problems(package)


def _panel_problems(package: ReleasePackage) -> list[str]:
    """A board that is cut out of its panel cannot go back to a step that is done on panels."""
    cut = next((s.number for s in package.steps if s.passed_by == "TransformationEvent"), 0)
    return [
        f"Step {step.number} ({step.name}) re-enters at a step where the panel is still whole."
        for step in package.steps
        if step.number > cut and step.reentry is not None and step.reentry <= cut
    ]


def _reference_problems(package: ReleasePackage) -> list[str]:
    problems = []
    roles = [part.role for step in package.steps for part in step.key_parts]
    problems += [f"Key part role {role!r} stands twice." for role in {r for r in roles if roles.count(r) > 1}]
    problems += ["A key part has no role." for role in roles if not role]
    problems += [
        f"Identity {rule.kind!r} has the scheme {rule.scheme!r}; there are {', '.join(SCHEMES)}."
        for rule in package.identities
        if rule.scheme not in SCHEMES
    ]
    problems += _template_problems(package.identities)
    problems += [
        f"Key part {part.role!r} is built here, so each has its own serial number: serialised must be true."
        for step in package.steps
        for part in step.key_parts
        if part.product is not None and not part.serialised
    ]
    problems += [
        f"Firmware target {rule.target!r} must not contain an equals sign."
        for rule in package.firmware
        if "=" in rule.target
    ]
    problems += _pack_problems(package.pack)
    for step in package.steps:
        problems += [
            f"Step {step.number} writes identity {kind!r}, which the identity plan does not have."
            for kind in step.identities
            if kind not in package.identity_rules
        ]
        problems += [
            f"Step {step.number} writes firmware {target!r}, which has no released image."
            for target in step.firmware
            if target not in package.firmware_rules
        ]
    return problems


def _template_problems(rules: Iterable[IdentityRule]) -> list[str]:
    problems = []
    for rule in rules:
        if rule.template is None:
            continue
        if rule.scheme not in TEMPLATED:
            problems.append(
                f"Identity {rule.kind!r} has a template; only {', '.join(TEMPLATED)} are composed that way."
            )
        try:
            compile_template(rule.template)
        except ValueError as problem:
            problems.append(
                f"Identity {rule.kind!r}: the template {rule.template!r} cannot be used: {problem}."
            )
    return problems


def _pack_problems(pack: PackPlan) -> list[str]:
    sizes = {
        "units_per_box": pack.units_per_box,
        "boxes_per_carton": pack.boxes_per_carton,
        "cartons_per_pallet": pack.cartons_per_pallet,
    }
    return [
        f"{name} is {size}; it must be 1 to {PACK_MAX}."
        for name, size in sizes.items()
        if not 1 <= size <= PACK_MAX
    ]


def bom_problems(items: Iterable[BomItem]) -> list[str]:
    """List what is wrong with a bill of material, line by line."""
    problems = []
    numbers: set[int] = set()
    for item in items:
        if item.number in numbers:
            problems.append(f"{_line(item)}: another line has this number.")
        numbers.add(item.number)
        problems += line_problems(item)
    return problems


def line_problems(item: BomItem) -> list[str]:
    """List what is wrong with one line of a bill by itself."""
    line = _line(item)
    problems = _quantity_problems(item)
    if not 0 < item.number < 2**31:
        problems.append(f"{line}: its number must be 1 or more.")
    product, revision = item.assembly or ("x", "x")
    if not (0 < len(product) <= 40 and 0 < len(revision) <= 20):
        problems.append(f"{line}: {product[:40]} {revision[:20]} is no assembly.")
    # The same part number of another maker is a second source, not the part itself.
    own = (_plain(item.part), _plain(item.manufacturer))
    keys = [(_plain(source.part), _plain(source.manufacturer)) for source in item.alternates]
    if item.part and any(
        part == own[0] and (not maker or maker == own[1] or not own[1]) for part, maker in keys
    ):
        problems.append(f"{line}: the part is its own alternate.")
    if any(not part for part, _ in keys):
        problems.append(f"{line}: an alternate has no part number.")
    doubles = [part for (part, _), count in Counter(keys).items() if count > 1 and part]
    if doubles:
        named = next(source.part for source in item.alternates if _plain(source.part) == doubles[0])
        problems.append(f"{line}: alternate {named} stands twice.")
    places = Counter((*item.references, *item.not_fitted))
    twice = [place for place, count in places.items() if count > 1]
    if twice:
        problems.append(f"{line}: designator {twice[0]} stands twice.")
    sources = [text for source in item.alternates for text in (source.part, source.manufacturer)]
    texts = (item.part, item.manufacturer, item.package, *item.approved_manufacturers, *sources)
    product, revision = item.assembly or ("", "")
    limits = [(TEXT_MAX, texts), (DESIGNATOR_MAX, tuple(places))]
    limits += [(PRODUCT_MAX, (product,)), (REVISION_MAX, (revision,))]
    problems += [
        f"{line}: {text[:20]}... is longer than {limit} characters."
        for limit, group in limits
        for text in group
        if len(text) > limit
    ]
    # Bills are long and such characters rare: one look at all texts, and only then at which it is.
    if _UNSTORABLE.search("\n".join((item.description, item.value, product, revision, *places, *texts))):
        where = next(iter(unstorable(item)), "text")
        problems.append(f"{line}: {where} holds a character that cannot be stored.")
    return problems


def _quantity_problems(item: BomItem) -> list[str]:
    line, quantity = _line(item), item.quantity
    if not quantity.is_finite():
        return [f"{line}: the quantity is {quantity}, which is no number."]
    if quantity < 0 or (quantity == 0 and (item.references or not item.not_fitted)):
        return [f"{line}: the quantity is {quantity}; a fitted line needs more than 0."]
    if quantity >= QUANTITY_MAX or quantity != quantity.quantize(QUANTITY_STEP):
        return [
            f"{line}: the quantity is {quantity}; it must be below {QUANTITY_MAX}, with six decimals at most."
        ]
    if item.references and quantity != len(item.references):
        return [f"{line}: quantity {quantity} for {len(item.references)} fitted designators."]
    return []


def _line(item: BomItem) -> str:
    return f"Line {item.number} ({item.part or item.value or 'no part'})"


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def unstorable(value: object, place: str = "") -> list[str]:
    """Name the texts in a value that no database can store: with NUL characters or lone surrogates."""
    found: list[str] = []
    stack = [(place, msgspec.to_builtins(value, builtin_types=(Decimal,)))]
    while stack:
        where, part = stack.pop()
        if isinstance(part, str):
            if _UNSTORABLE.search(part):
                found.append(where.lstrip(".") or "text")
        elif isinstance(part, dict):
            stack += [(f"{where}.{name}", inner) for name, inner in part.items()]
        elif isinstance(part, list | tuple):
            stack += [(f"{where}[{index}]", inner) for index, inner in enumerate(part)]
    return sorted(found)


def _test_problems(steps: Iterable[Step]) -> list[str]:
    problems = []
    for step in steps:
        here = f"Step {step.number} ({step.name})"
        if step.tests and step.passed_by not in ("UnitsTested", "UnitsInspected"):
            problems.append(f"{here} has test limits but is passed by {step.passed_by}.")
        numbers = [n for test in step.tests for n in (test.low, test.high) if n is not None]
        if not all(number.is_finite() for number in numbers):
            problems.append(f"{here}: a limit is no number.")
            continue
        names = Counter(test.name for test in step.tests)
        problems += [f"{here}: measurement {name!r} stands twice." for name, n in names.items() if n > 1]
        problems += [f"{here}: a measurement has no name." for test in step.tests if not test.name.strip()]
        problems += [
            f"{here}: {test.name} must be at least {test.low} and at most {test.high}."
            for test in step.tests
            if test.low is not None and test.high is not None and test.low > test.high
        ]
    return problems


def _firmware_problems(rules: Iterable[FirmwareRule]) -> list[str]:
    problems = []
    seen: dict[tuple[str, str], FirmwareRule] = {}
    everywhere: dict[str, FirmwareRule] = {}
    for rule in rules:
        if not re.fullmatch(r"[0-9a-f]{64}", rule.sha256):
            problems.append(f"Firmware {rule.target} {rule.version}: {rule.sha256[:70]!r} is no SHA-256.")
        wrong = [market for market in rule.markets if not re.fullmatch(r"[A-Z]{2}", market)]
        if wrong:
            problems.append(f"Firmware {rule.target} {rule.version}: {wrong[0]!r} is no country code.")
        other = everywhere.get(rule.target)
        for market in rule.markets:
            other = other or seen.get((rule.target, market))
            seen[rule.target, market] = rule
        if not rule.markets:
            other = other or next(
                (known for (target, _), known in seen.items() if target == rule.target), None
            )
            everywhere[rule.target] = rule
        if other:
            problems.append(f"Firmware {rule.target}: {other.version} and {rule.version} share a market.")
    return problems


def _set_problems(package: ReleasePackage) -> list[str]:
    """What stands twice where each must be the only one of its name."""
    sets = {
        "Identity": [rule.kind for rule in package.identities],
        "Label": [label.name for label in package.labels],
        "Document": [document.name for document in package.documents],
        "Compliance item": [item.code for item in package.compliance],
    }
    return [
        f"{what} {name!r} stands twice."
        for what, names in sets.items()
        for name, count in Counter(names).items()
        if count > 1
    ]


def _identity_problems(rules: Iterable[IdentityRule]) -> list[str]:
    problems = []
    for rule in rules:
        here = f"Identity {rule.kind!r}"
        if not rule.kind.strip():
            problems.append(f"{here}: it has no kind.")
        if rule.first is not None and rule.last is not None:
            if len(rule.first) != len(rule.last):
                problems.append(f"{here}: {rule.first} and {rule.last} are not equally long.")
            elif rule.first > rule.last:
                problems.append(f"{here}: the range ends at {rule.last}, before it begins at {rule.first}.")
        if rule.pattern is not None:
            try:
                re.compile(rule.pattern)
            except (re.error, RecursionError, OverflowError) as problem:
                problems.append(f"{here}: {rule.pattern[:60]!r} is no regular expression: {problem}.")
    return problems


def _record_problems(package: ReleasePackage) -> list[str]:
    """What is wrong with documents, certificates, labels and markets, and with any text."""
    sha256 = re.compile(r"[0-9a-f]{64}")
    problems = [
        f"Document {document.name!r}: {document.sha256[:70]!r} is no SHA-256."
        for document in package.documents
        if not sha256.fullmatch(document.sha256)
    ]
    problems += [
        f"Compliance item {item.code!r}: the evidence {item.evidence[:70]!r} is no SHA-256."
        for item in package.compliance
        if item.evidence is not None and not sha256.fullmatch(item.evidence)
    ]
    problems += [
        f"Label {label.name!r}: {size} mm is no size."
        for label in package.labels
        for size in (label.width_mm, label.height_mm)
        if not (size.is_finite() and 0 < size < 2000)
    ]
    known = {rule.kind for rule in package.identities} | LABEL_WORDS
    problems += [
        f"Label {label.name!r}: there is no {{{word}}} to print."
        for label in package.labels
        for word in re.findall(r"\{([^{}]*)\}", label.content)
        if word not in known
    ]
    problems += [
        f"Market {market[:20]!r} is no country code."
        for market in package.markets
        if not re.fullmatch(r"[A-Z]{2}", market)
    ]
    # Lines of the bill are looked through one by one.
    rest = msgspec.structs.replace(package, bom=())
    return problems + [f"{where} holds a character that cannot be stored." for where in unstorable(rest)]
