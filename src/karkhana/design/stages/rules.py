"""What a build must show, what it shows, and what is missing. Pure.

Yields are exact fractions until they are shown: 970 per mille is met by 97 of 100 and by nothing less.
First-pass yield of a step: units that passed it at their first go, of those that were judged there.
Rolled-throughput yield: the product of the first-pass yields of all steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

PER_MILLE = 1000
Key = Literal[
    "units", "first_pass", "rolled", "issues_a", "issues_b", "issues_c", "first_article", "compliance",
    "documents", "firmware", "reliability",
]  # fmt: skip


class Criteria(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a build at one stage must show; what is None, empty or False is not asked for.

    Args:
        units: finished at least.
        first_pass_per_mille: of every step, at least; ``rolled_per_mille`` of all steps together.
        open_issues: severity (A, B, C) to how many may be open at most; a severity that is not named may
            have any number.
        first_article: the latest first-article inspection of the build is accepted.
        compliance: every required compliance item of the revision has a certificate.
        documents: kinds of documents that the revision must have.
        firmware: every image of the revision is approved.
        reliability_hours: unit-hours of ageing or reliability runs without a failure, at least.
    """

    units: int = 0
    first_pass_per_mille: int | None = None
    rolled_per_mille: int | None = None
    open_issues: dict[Literal["A", "B", "C"], int] = {}
    first_article: bool = False
    compliance: bool = False
    documents: tuple[str, ...] = ()
    firmware: bool = False
    reliability_hours: int = 0


class StepYield(msgspec.Struct, frozen=True):
    """How a step went at the first go: units judged there, and how many of them passed."""

    number: int
    name: str
    judged: int
    passed: int

    @property
    def failed(self) -> int:
        """Units that failed at their first go."""
        return self.judged - self.passed

    @property
    def share(self) -> Fraction | None:
        """The first-pass yield, None where nothing was judged."""
        return Fraction(self.passed, self.judged) if self.judged else None


class Issue(msgspec.Struct, frozen=True):
    """An issue that is open."""

    number: int
    severity: str
    title: str


class Evidence(msgspec.Struct, frozen=True):
    """What the record shows of a build: the units of one revision under the orders of one stage.

    Args:
        package_hash: of the released revision that was built.
        orders: codes of the work orders; ``started`` units were begun under them, ``built`` finished,
            ``scrapped`` given up (a unit scrapped after it was finished counts as both).
        first_article: (serial, accepted) of the latest inspection, None when there was none.
        compliance: required items without a certificate; ``documents`` kinds that the revision lacks, of
            those asked for; ``firmware`` images (``target version``) that are not approved.
        reliability_hours: unit-hours without a failure.
    """

    product: str
    revision: str
    stage: str
    package_hash: str
    orders: tuple[str, ...] = ()
    started: int = 0
    built: int = 0
    scrapped: int = 0
    steps: tuple[StepYield, ...] = ()
    issues: tuple[Issue, ...] = ()
    first_article: tuple[str, bool] | None = None
    compliance: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()
    reliability_hours: Decimal = Decimal(0)

    @property
    def rolled(self) -> Fraction | None:
        """Rolled-throughput yield, None where nothing was judged."""
        return rolled_yield(self.steps)


class Finding(msgspec.Struct, frozen=True):
    """One criterion with what was asked for, what there is, and what is missing by name.

    Args:
        need, have: numbers as text: counts, or per cent with two decimals (rounded down).
    """

    key: Key
    met: bool
    need: str
    have: str
    missing: tuple[str, ...] = ()


def rolled_yield(steps: Iterable[StepYield]) -> Fraction | None:
    """Return the product of the first-pass yields of all steps, None where nothing was judged."""
    shares = [step.share for step in steps]
    rolled = Fraction(1)
    for share in shares:
        rolled *= 1 if share is None else share
    return rolled if any(share is not None for share in shares) else None


def per_cent(share: Fraction | None) -> str:
    """Write a share in per cent with two decimals, rounded down: 199 of 200 is never 100."""
    if share is None:
        return ""
    return str(Decimal(share.numerator * 10_000 // share.denominator).scaleb(-2))


def judge(criteria: Criteria, shown: Evidence) -> tuple[Finding, ...]:
    """Hold a build against what is asked for; a criterion that is not asked for is not in the answer."""
    found: list[Finding] = []
    if criteria.units:
        found.append(Finding("units", shown.built >= criteria.units, str(criteria.units), str(shown.built)))
    found += _yields(criteria, shown)
    for severity, limit in sorted(criteria.open_issues.items()):
        found.append(_issues(severity, limit, shown.issues))
    if criteria.first_article:
        serial, accepted = shown.first_article or ("", False)
        found.append(
            Finding("first_article", accepted, "1", "1" if accepted else "0", (serial,) if serial else ())
        )
    if criteria.compliance:
        found.append(_none_of("compliance", shown.compliance))
    if criteria.documents:
        lacking = tuple(kind for kind in criteria.documents if kind in shown.documents)
        found.append(_none_of("documents", lacking))
    if criteria.firmware:
        found.append(_none_of("firmware", shown.firmware))
    if criteria.reliability_hours:
        enough = shown.reliability_hours >= criteria.reliability_hours
        found.append(
            Finding("reliability", enough, str(criteria.reliability_hours), str(shown.reliability_hours))
        )
    return tuple(found)


def _yields(criteria: Criteria, shown: Evidence) -> list[Finding]:
    found = []
    if criteria.first_pass_per_mille is not None:
        need = Fraction(criteria.first_pass_per_mille, PER_MILLE)
        judged = [(step.share, step) for step in shown.steps if step.share is not None]
        worst = min((share for share, _ in judged), default=None)
        below = tuple(
            f"{step.number} {step.name} {per_cent(share)}" for share, step in judged if share < need
        )
        met = worst is not None and not below
        found.append(Finding("first_pass", met, per_cent(need), per_cent(worst), below))
    if criteria.rolled_per_mille is not None:
        need, rolled = Fraction(criteria.rolled_per_mille, PER_MILLE), shown.rolled
        met = rolled is not None and rolled >= need
        found.append(Finding("rolled", met, per_cent(need), per_cent(rolled)))
    return found


_ISSUES: dict[str, Key] = {"A": "issues_a", "B": "issues_b", "C": "issues_c"}


def _issues(severity: str, limit: int, issues: Iterable[Issue]) -> Finding:
    mine = [issue for issue in issues if issue.severity == severity]
    names = tuple(f"{issue.number} {issue.title}" for issue in mine)
    return Finding(_ISSUES[severity], len(mine) <= limit, str(limit), str(len(mine)), names)


def _none_of(key: Key, missing: tuple[str, ...]) -> Finding:
    return Finding(key, not missing, "0", str(len(missing)), missing)


def stricter(group: Criteria, own: Criteria) -> Criteria:
    """Lay a product's own criteria over its group's: of each the stricter counts."""
    return Criteria(
        units=max(group.units, own.units),
        first_pass_per_mille=_higher(group.first_pass_per_mille, own.first_pass_per_mille),
        rolled_per_mille=_higher(group.rolled_per_mille, own.rolled_per_mille),
        open_issues=_fewer(group.open_issues, own.open_issues),
        first_article=group.first_article or own.first_article,
        compliance=group.compliance or own.compliance,
        documents=tuple(dict.fromkeys((*group.documents, *own.documents))),
        firmware=group.firmware or own.firmware,
        reliability_hours=max(group.reliability_hours, own.reliability_hours),
    )


def _higher(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return max(known) if known else None


def _fewer(
    one: Mapping[Literal["A", "B", "C"], int], other: Mapping[Literal["A", "B", "C"], int]
) -> dict[Literal["A", "B", "C"], int]:
    both = {**one, **other}
    return {key: min(limits[key] for limits in (one, other) if key in limits) for key in both}


def looser(group: Criteria, own: Criteria) -> tuple[str, ...]:
    """Name what a product's own criteria say that is looser than its group's, or no number of this world."""
    wrong = []
    for name in ("units", "reliability_hours"):
        value = getattr(own, name)
        if value and not getattr(group, name) <= value <= 10_000_000:
            wrong.append(name)
    for name in ("first_pass_per_mille", "rolled_per_mille"):
        value = getattr(own, name)
        if value is not None and not (getattr(group, name) or 0) <= value <= PER_MILLE:
            wrong.append(name)
    for severity, limit in own.open_issues.items():
        if not 0 <= limit <= group.open_issues.get(severity, 10_000):
            wrong.append(f"open_issues {severity}")
    return tuple(wrong)


def snapshot(criteria: Criteria, shown: Evidence, revoked: int) -> bytes:
    """Return the canonical JSON that a gate is decided and signed on: what was asked for, what there was.

    Args:
        revoked: how often the gate was revoked before; what was signed before a revocation is other content.
    """
    return msgspec.json.encode({"criteria": criteria, "evidence": shown, "revoked": revoked}, order="sorted")


def snapshot_hash(data: bytes) -> str:
    """Return the content hash of a snapshot: SHA-256, lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def unmet(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what keeps a gate shut."""
    return tuple(finding for finding in findings if not finding.met)
