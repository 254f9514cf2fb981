"""Identities and firmware written into a unit."""

from __future__ import annotations

from dataclasses import replace

from karkhana.design.firmware.rules import check_use
from karkhana.design.release import FirmwareRule, IdentityRule, ReleasePackage, Step
from karkhana.floor.rules.pooled import Wish
from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.route import check_step, moved, pass_step, result_trail
from karkhana.floor.rules.world import Scan, Trail, World
from karkhana.kernel import identities
from karkhana.kernel.patterns import matches
from karkhana.kernel.refusals import Refusal
from karkhana.kernel.templates import compile_template
from karkhana.ledger import events as ev
from karkhana.ledger.state import Claim


def claim_of(release: ReleasePackage, kind: str, value: str) -> tuple[str, str] | None:
    """Return the space and normal form under which an identity must be unique; None when malformed.

    A brand's own serial numbers need only be unique within the brand.
    """
    rule = release.identity_rules.get(kind)
    if rule is None:
        return None
    try:
        space, text = identities.normalise(rule.scheme, value)
    except ValueError:
        return None
    return (f"serial/{release.brand}" if space == "serial" else space, text)


def check_personalized(world: World, event: ev.UnitsPersonalized) -> Refusal | None:
    """Refuse identities that are malformed, out of range or used, and firmware that is not released."""
    scan = check_step(world, event)
    if isinstance(scan, Refusal):
        return scan
    step = scan.step
    assert step is not None
    given: dict[tuple[str, str], str] = {}
    for identity in event.identities:
        refusal = _check_identity(world, scan, step, identity, given)
        if refusal:
            return refusal
    refusal = _check_firmware(world, scan, step, event)
    if refusal:
        return refusal
    here = {"step": step.number, "name": step.name}
    missing = set(step.identities) - {identity.kind for identity in event.identities}
    if missing:
        return no("identity.missing", kinds=", ".join(sorted(missing)), **here)
    unflashed = set(step.firmware) - {image.target for image in event.firmware}
    if unflashed:
        return no("firmware.missing", targets=", ".join(sorted(unflashed)), **here)
    return None


def _check_identity(
    world: World,
    scan: Scan,
    step: Step,
    identity: ev.Identity,
    given: dict[tuple[str, str], str],
) -> Refusal | None:
    kind, value = identity.kind, identity.value
    if kind not in step.identities or kind in given.values():
        return no("identity.unexpected", step=step.number, name=step.name, kind=kind)
    rule = scan.release.identity_rules[kind]
    try:
        _, text = identities.normalise(rule.scheme, value)
    except ValueError as problem:
        return no("identity.malformed", value=value, kind=kind, problem=str(problem))
    if rule.template:
        wrong = compile_template(rule.template).problem(text, scan.station.plant)
        if wrong:
            return no("identity.malformed", value=value, kind=kind, problem=wrong)
    if not _in_range(rule, text):
        return no("identity.out_of_range", value=value, kind=kind, product=scan.unit.product)
    key = claim_of(scan.release, kind, value)
    assert key is not None
    if key in given:
        return no("identity.already_used", value=value, other=f"{given[key]} of the same unit")
    claim = world.claims.get(key)
    still_mine = claim and claim.unit == scan.unit.serial and claim.kind == kind and claim.burnt_at is None
    if claim and not still_mine:
        return no("identity.already_used", value=value, other=claim.unit)
    if not claim and world.reference.pools:
        refusal = _check_pool(world, scan, rule, value, key)
        if refusal:
            return refusal
    given[key] = kind
    return None


def _check_pool(
    world: World, scan: Scan, rule: IdentityRule, value: str, key: tuple[str, str]
) -> Refusal | None:
    """Refuse a new value that was not drawn for this product, where it has a pool or another one has it."""
    release = scan.release
    wish = Wish(release.brand, release.product, scan.station.plant, rule.scheme, rule.kind)
    found = world.pooled.get(key)
    if found is None:
        if not world.reference.pools.applies(wish):
            return None
        return no("identity.not_in_pool", value=value, kind=rule.kind, product=release.product)
    pool, index = found
    if not pool.serves(wish):
        return no("identity.not_in_pool", value=value, kind=rule.kind, product=release.product)
    reason = world.spoilt.get((pool.range_id, index))
    if reason is not None:
        return no("identity.spoilt", value=value, reason=reason)
    if index >= world.drawn.get(pool.range_id, 0):
        return no("identity.not_allotted", value=value, pool=pool.pool)
    return None


def _in_range(rule: IdentityRule, text: str) -> bool:
    if rule.pattern is not None and not matches(rule.pattern, text):
        return False
    for bound, below in ((rule.first, True), (rule.last, False)):
        if bound is None:
            continue
        if len(text) != len(bound) or (text < bound if below else text > bound):
            return False
    return True


def _check_firmware(world: World, scan: Scan, step: Step, event: ev.UnitsPersonalized) -> Refusal | None:
    for image in event.firmware:
        rules = scan.release.firmware_rules.get(image.target)
        if rules is None or image.target not in step.firmware:
            return no("firmware.unexpected", product=scan.unit.product, target=image.target)
        if not any((image.version, image.sha256) == (rule.version, rule.sha256) for rule in rules):
            same = any(image.version == rule.version for rule in rules)
            version = f"{image.version} (another image)" if same else image.version
            return no(
                "firmware.not_released",
                unit=scan.unit.serial,
                target=image.target,
                version=version,
                released=", ".join(rule.version for rule in rules),
            )
        refusal = _check_image(world, scan, rules, image)
        if refusal:
            return refusal
    return None


def _check_image(
    world: World, scan: Scan, rules: tuple[FirmwareRule, ...], image: ev.Firmware
) -> Refusal | None:
    """Refuse a released image that is not for the unit's market, or is not approved, withdrawn or held."""
    unit = scan.unit
    here = {"unit": unit.serial, "target": image.target, "version": image.version}
    market = world.reference.markets.get(unit.work_order or "", "")
    said = {"place": unit.serial, "product": str(unit.product), **here}
    same = [rule for rule in rules if (rule.version, rule.sha256) == (image.version, image.sha256)]
    if all(rule.markets and market not in rule.markets for rule in same):
        return no("firmware.wrong_market", market=market or "no market", **said)
    registered = world.reference.images.get((unit.product or "", image.target, image.version))
    if registered is not None:
        if registered.sha256 != image.sha256:
            return no("firmware.not_approved", **said)
        refusal = check_use(
            registered, place=unit.serial, product=str(unit.product), target=image.target,
            version=image.version, revision=str(unit.revision), markets=(market,),
        )  # fmt: skip
        if refusal:
            return replace(refusal, fields={**refusal.fields, **here})
    name = f"{unit.product} {image.target}={image.version}"
    if name in world.held_firmware:
        return no("firmware.held", unit=unit.serial, carrier=unit.serial, firmware=name)
    return None


def apply_personalized(world: World, event: ev.UnitsPersonalized, seq: int) -> Trail:
    """Give identities to a unit; a value that it had before under the same kind is burnt."""
    unit = world.touch(world.units[event.unit])
    release = world.release_of(unit)
    step = release.step(unit.next_step)
    assert step is not None
    own = world.unit_claims.setdefault(unit.serial, {})
    for identity in event.identities:
        key = claim_of(release, identity.kind, identity.value)
        assert key is not None
        old = own.get(identity.kind)
        if old and (old.space, old.value) == key:
            continue
        if old:
            old.burnt_at = event.at
            world.changes.burnt.append(old)
        claim = Claim(*key, identity.kind, unit.serial, event.at)
        own[identity.kind] = world.claims[key] = claim
        world.changes.claims.append(claim)
    for image in event.firmware:
        kept = [text for text in unit.firmware if not text.startswith(f"{image.target}=")]
        unit.firmware = [*kept, f"{image.target}={image.version}"]
    trail = result_trail(world, unit, step, event)
    pass_step(world, unit, step, event, release.last_step)
    moved(unit, event.at)
    return trail
