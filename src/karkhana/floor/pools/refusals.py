"""The pools' catalogue of refusals: code, sentence, next step."""

from __future__ import annotations

from typing import Any

from karkhana.kernel.refusals import Refused, refuse

REFUSALS: dict[str, tuple[str, str]] = {
    "pool.unknown": ("There is no pool {pool}.", "Check the code; karkhana pool list names all pools."),
    "pool.exists": (
        "There is a pool {pool} already, and it is for something else.",
        "Choose another code, or use that pool.",
    ),
    "pool.invalid": ("{field}: {problem}.", "Correct the field and try again."),
    "pool.template": (
        "The template {template} cannot be used: {problem}.",
        "Correct the template; docs/identities.md lists its fields.",
    ),
    "pool.template_clash": (
        "{template} could compose the same numbers as {other} of pool {pool}.",
        "Tell them apart by a letter, or give each its own part of the counter.",
    ),
    "pool.composed": (
        "Pool {pool} composes its numbers by a template and takes no ranges.",
        "Draw from it, or make a pool without a template.",
    ),
    "pool.file": ("{file} cannot be read: {problem}.", "Send CSV with the columns first, last, count."),
    "pool.range": ("{place}: {problem}.", "Correct it and import all of it again; nothing was stored."),
    "pool.overlap": (
        "{place}: {first} to {last} overlaps {other}.",
        "Check the registry's certificate; nothing was stored.",
    ),
    "pool.drawn": (
        "{first} to {last} was drawn from already.",
        "Close the pool when it is not to be used any more.",
    ),
    "pool.closed": ("Pool {pool} is closed.", "Draw from the pool that took its place, or open it again."),
    "pool.exhausted": (
        "Pool {pool} has {left} values left; {count} were asked for.",
        "Have the engineer import the next range, or ask for fewer.",
    ),
    "pool.other_brand": (
        "Pool {pool} is not for {what}.",
        "Draw from a pool of the product's own brand.",
    ),
    "pool.other_product": (
        "Pool {pool} is for {expected}, not for {product}.",
        "Draw from the pool of this product.",
    ),
    "pool.other_plant": (
        "Pool {pool} is for plant {expected}, not for {plant}.",
        "Draw from a pool of your own plant.",
    ),
    "pool.key_used": (
        "The key {key} drew {drawn} values before, not {count}.",
        "Use a new key for a new draw; the same key returns the same values.",
    ),
    "pool.value_unknown": ("{value} is in no range of pool {pool}.", "Check the value."),
    "pool.value_free": (
        "{value} was never drawn from pool {pool}.",
        "Only what was drawn can be taken out of use.",
    ),
    "pool.value_written": (
        "{value} is in unit {unit}.",
        "Scrap the unit, or write another value into it; this one is then burnt.",
    ),
}


def no(code: str, **fields: Any) -> Refused:
    """Build the exception for a refusal; ``fields`` fill its sentences and travel with it."""
    message, next_step = REFUSALS[code]
    return refuse(code, message, next_step, **fields)
