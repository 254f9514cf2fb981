"""Criteria and what there is of them, in words: in English for refusals, translated for pages."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop, override

from karkhana.design.stages.rules import Finding

TITLES = {
    "units": gettext_noop("Units built"),
    "first_pass": gettext_noop("First-pass yield of every step"),
    "rolled": gettext_noop("Rolled-throughput yield"),
    "issues_a": gettext_noop("Open issues A"),
    "issues_b": gettext_noop("Open issues B"),
    "issues_c": gettext_noop("Open issues C"),
    "first_article": gettext_noop("First article accepted"),
    "compliance": gettext_noop("Compliance without certificate"),
    "documents": gettext_noop("Documents missing"),
    "firmware": gettext_noop("Firmware not approved"),
    "reliability": gettext_noop("Reliability unit-hours"),
}
PER_CENT = ("first_pass", "rolled")
AT_LEAST = ("units", *PER_CENT, "first_article", "reliability")


def title(key: str) -> str:
    """Return what a criterion is called, in the reader's language."""
    return gettext(TITLES.get(key, key))


def amount(key: str, value: str) -> str:
    """Return a number of a criterion with its sign; a dash where nothing is known."""
    if not value:
        return "–"
    return f"{value} %" if key in PER_CENT else value


def say_finding(finding: Finding) -> str:
    """Say a criterion in one English phrase, for a refusal."""
    with override("en"):
        name = title(finding.key)
    bound = "at least" if finding.key in AT_LEAST else "at most"
    names = f" ({', '.join(finding.missing[:5])})" if finding.missing else ""
    have, need = amount(finding.key, finding.have), amount(finding.key, finding.need)
    return f"{name} {have}, needed {bound} {need}{names}"
