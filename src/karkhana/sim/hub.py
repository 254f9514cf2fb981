"""A week in the joint design hub of the reference enterprise, for the demo: work that is under way.

Everything goes through the operations that people use, signed with the keys of the demo's own people:
firmware that both partners approved, the next revision of the phone, a change order that still lacks
a signature, a deviation for a few hundred laptops, and a phone whose design has just begun.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from django.contrib.auth import get_user_model
from django.db import transaction

from karkhana.design.changes.asked import ChangeAsked, DeviationAsked
from karkhana.design.changes.content import change_subject, deviation_subject
from karkhana.design.changes.deviating import approve_deviation
from karkhana.design.firmware.operations import approve_image, register_image
from karkhana.design.firmware.queries import image_subject
from karkhana.design.firmware.rules import ImageSpec
from karkhana.design.models import ChangeOrder, Revision
from karkhana.design.operations import (
    create_revision,
    ensure_product,
    save_line,
    save_plan,
    set_agreement,
    submit_revision,
)
from karkhana.design.plan import Plan, PlanStep
from karkhana.design.queries import find_revision, stored_items, stored_plan
from karkhana.design.release import FirmwareRule
from karkhana.floor.changes.operations import approve_change, plant_day, request_change, request_deviation

PHONE, LAPTOP, NEXT_PHONE = "OST-P7", "OST-L14", "OST-P8"
ASKS, MAKER, PARTNER = "meera", "vikram", "lena"
NEW_MAIN = "14.0.8.0"
IMAGE = f"{PHONE} main {NEW_MAIN}: a stand-in for the image of the reference enterprise\n".encode()
_SIZES = {"main": 3 * 2**30, "modem": 92 * 2**20}
"""Bytes of the images in production, which lie in the partners' vault."""
_LOCAL = {"P7-BACK-GL": "P7-BACK-GL-IN", "P7-SIMTRAY": "P7-SIMTRAY-IN"}
"""Parts of the phone that the next revision takes from a maker in the country."""


@transaction.atomic
def fill_hub(passphrases: Mapping[str, str], *, now: dt.datetime) -> bool:
    """Do the week's work, once.

    Args:
        passphrases: of the people who sign, by log-in.

    Returns:
        False when it was done before, or when the scenario's phone is not there.
    """
    if ChangeOrder.objects.exists() or not Revision.objects.filter(product__code=PHONE).exists():
        return False
    users = {name: get_user_model().objects.get(username=name) for name in (ASKS, MAKER, PARTNER)}
    hub = _Hub(users, passphrases, now)
    current = Revision.objects.filter(product__code=PHONE, state="released").latest("pk").code
    hub.firmware()
    hub.next_revision(current)
    hub.change_order(current)
    hub.deviation()
    hub.next_phone(current)
    return True


class _Hub:
    def __init__(self, users: Mapping[str, Any], passphrases: Mapping[str, str], now: dt.datetime) -> None:
        self._users, self._passphrases, self._now = users, passphrases, now
        self._asks = users[ASKS]

    def _signature(self, login: str, content_hash: str, comment: str = "") -> dict[str, Any]:
        return {
            "user": self._users[login],
            "passphrase": self._passphrases[login],
            "stated_hash": content_hash,
            "comment": comment,
            "now": self._now,
        }

    def firmware(self) -> None:
        """Register what the phone runs and what it is to run next; both partners approve all of it."""
        revision = Revision.objects.filter(product__code=PHONE, state="released").latest("pk")
        released = [
            ImageSpec(
                PHONE,
                rule.target,
                rule.version,
                rule.sha256,
                size=_SIZES.get(rule.target, 2**20),
                location=f"vault/{PHONE}/{rule.target}-{rule.version}.img",
                notes="In production.",
            )
            for rule in stored_plan(revision).firmware
        ]
        for spec in released:
            self._approved_image(spec, None)
        notes = "Camera starts 200 ms sooner; modem registers in band n78 after a hand-over."
        self._approved_image(ImageSpec(PHONE, "main", NEW_MAIN, notes=notes), IMAGE)

    def _approved_image(self, spec: ImageSpec, data: bytes | None) -> None:
        image = register_image(spec=spec, user=self._asks, now=self._now, data=data)
        subject = image_subject(image, self._now.date())
        for login in (MAKER, PARTNER):
            approve_image(
                product=spec.product,
                target=spec.target,
                version=spec.version,
                **self._signature(login, subject.content_hash),
            )

    def next_revision(self, current: str) -> None:
        """Draft and submit the phone's next revision: two parts from the country, new firmware, a limit."""
        new = chr(ord(current) + 1)
        create_revision(product_code=PHONE, revision_code=new, now=self._now, copy_of=(PHONE, current))
        for item in stored_items(find_revision(PHONE, new)):
            local = _LOCAL.get(item.part)
            if local is not None:
                old = [source for source in item.alternates if source.part != local]
                changed = msgspec.structs.replace(
                    item, part=local, manufacturer="Bharat Forming", alternates=tuple(old)
                )
                save_line(product_code=PHONE, revision_code=new, item=changed)
        plan = stored_plan(find_revision(PHONE, new))
        save_plan(product_code=PHONE, revision_code=new, plan=_with_new_firmware(plan))
        submit_revision(product_code=PHONE, revision_code=new, user=self._asks, now=self._now)

    def change_order(self, current: str) -> None:
        """Ask for the change to it; the maker has signed, the partner has not yet."""
        asked = ChangeAsked(
            title="Back cover and SIM tray from India, main firmware 14.0.8",
            reason="Two mechanical parts were qualified with a maker in the country in the build of October;"
            " the leak test gets the limit that this build held.",
            effective_on=plant_day(self._now) + dt.timedelta(days=14),
        )
        order = request_change(
            product=PHONE, from_revision=current, to_revision=chr(ord(current) + 1), asked=asked,
            user=self._asks, now=self._now,
        )  # fmt: skip
        subject = change_subject(order, plant_day(self._now))
        comment = "Tooling trial of 500 sets was good."
        approve_change(number=order.number, **self._signature(MAKER, subject.content_hash, comment))

    def deviation(self) -> None:
        """Let a few hundred laptops be built with another part, with both signatures."""
        revision = Revision.objects.filter(product__code=LAPTOP, state="released").latest("pk")
        item = next(line for line in stored_items(revision) if line.package == "MECH" and line.part)
        asked = DeviationAsked(
            kind="deviation",
            title=f"Second source for {item.description.lower()[:80]}",
            reason="The shipment of the released part is late at the port.",
            part=item.part,
            substitute=f"{item.part}-2",
            max_units=400,
            until=plant_day(self._now) + dt.timedelta(days=10),
        )
        row = request_deviation(
            product=LAPTOP, revision=revision.code, asked=asked, user=self._asks, now=self._now
        )
        subject = deviation_subject(row, plant_day(self._now))
        for login in (MAKER, PARTNER):
            signature = self._signature(login, subject.content_hash)
            approve_deviation(number=row.number, today=plant_day(self._now), **signature)

    def next_phone(self, current: str) -> None:
        """Begin the next phone from this one: a draft that has all gates before it."""
        ensure_product(code=NEXT_PHONE, name="Ostrel P8 5G phone", brand="OSTREL", segment="phone")
        set_agreement(code=NEXT_PHONE, agreement="ALLIANCE", design_owner="joint")
        create_revision(product_code=NEXT_PHONE, revision_code="A", now=self._now, copy_of=(PHONE, current))


def _with_new_firmware(plan: Plan) -> Plan:
    digest = hashlib.sha256(IMAGE).hexdigest()
    rules = tuple(
        FirmwareRule("main", NEW_MAIN, digest) if rule.target == "main" else rule for rule in plan.firmware
    )
    return msgspec.structs.replace(plan, firmware=rules, steps=tuple(_tightened(step) for step in plan.steps))


def _tightened(step: PlanStep) -> PlanStep:
    if step.station_type != "LEAK" or not step.tests:
        return step
    first = step.tests[0]
    limit = None if first.high is None else first.high - 5
    return msgspec.structs.replace(step, tests=(msgspec.structs.replace(first, high=limit), *step.tests[1:]))
