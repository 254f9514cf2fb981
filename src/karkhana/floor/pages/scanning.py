"""What a scan at a station means: which event it is, and what the screen answers.

A station page has one field and a keyboard-wedge scanner. What the worker is in the middle of travels
in the form (``Context``), so a page can be reloaded, and a server restarted, between two scans. Whether
something is allowed is the gate's business alone; here is only decided what to say and to ask next.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from karkhana.design.release import Step
from karkhana.floor.operations import Outcome
from karkhana.floor.queries import scans
from karkhana.floor.queries.scans import Scanned
from karkhana.ledger import events as ev

REPAIR = "REPAIR"
Short = Annotated[str, Meta(max_length=200)]
Record = Callable[[list[bytes]], list[Outcome]]


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the worker at a station is in the middle of.

    Args:
        language: of the screen.
        operator: badge scanned, else the log-in's operator.
        order: work order under which unknown units begin here.
        box, level: container being filled.
        unit: unit whose prompts are open.
        defects, scrap: what the next unit will be failed or scrapped for.
        answers: what was scanned so far for prompts that belong into one event.
    """

    language: Literal["en", "hi"] = "en"
    operator: Short = ""
    order: Short = ""
    box: Short = ""
    level: Literal["box", "carton", "pallet"] = "box"
    unit: Short = ""
    defects: Annotated[tuple[Short, ...], Meta(max_length=20)] = ()
    scrap: Short = ""
    answers: Annotated[dict[str, Short], Meta(max_length=100)] = {}


class Prompt(msgspec.Struct, frozen=True):
    """What to scan next: a kind that the screen has words for, and a name within it."""

    kind: Literal["unit", "box", "keypart", "identity", "firmware", "board", "repair"]
    name: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What the screen shows after a scan. ``note`` names a sentence of the page, for what is no refusal."""

    verdict: Literal["ready", "pass", "failed", "refused", "next", "note"]
    context: Context
    prompt: Prompt
    unit: str = ""
    note: str = ""
    value: str = ""
    refusal: dict[str, Any] | None = None
    following: str = ""


class Scan(msgspec.Struct, frozen=True):
    """One scan: the text, the id and time that the browser gave it, and where it was made."""

    text: str
    event_id: uuid.UUID
    at: dt.datetime
    station: str
    station_type: str
    packs: bool
    context: Context
    record: Record

    def head(self) -> dict[str, Any]:
        """Return the fields that every event of this scan carries."""
        return {
            "id": self.event_id,
            "at": self.at,
            "station": self.station,
            "actor": self.context.operator or None,
        }


def decode_context(text: str, fallback: Context) -> Context:
    """Read the context of a form; what cannot be read begins anew."""
    try:
        return msgspec.json.decode(text, type=Context)
    except (msgspec.MsgspecError, RecursionError):
        return fallback


def change(context: Context, **values: Any) -> Context:
    """Return the context with some values changed."""
    return msgspec.structs.replace(context, **values)


def first_prompt(context: Context, packs: bool) -> Prompt:
    """Return what a station waits for when no unit is open."""
    return Prompt("box") if packs and not context.box else Prompt("unit")


def take(scan: Scan) -> Answer:
    """Answer one scan. A repeated one (same event id) is answered from the record, as the first time."""
    body = scans.recorded_body(scan.event_id)
    if body is not None:
        event = msgspec.json.decode(body, type=ev.AnyEvent)
        return _answer(scan, event, scan.record([body.encode()])[0])
    if scan.text.upper().startswith("CMD:"):
        return _command(scan)
    if scan.context.unit:
        return _answer_prompt(scan)
    if scan.packs and not scan.context.box and not scan.context.scrap:
        return _open_box(scan)
    return _first_scan(scan)


def _command(scan: Scan) -> Answer:
    context = scan.context
    _, word, value, *_ = [*scan.text.split(":", 2), "", ""]
    word, value = word.strip().upper(), value.strip()
    changes: dict[str, dict[str, Any]] = {
        "HI": {"language": "hi"},
        "EN": {"language": "en"},
        "OPERATOR": {"operator": value},
        "ORDER": {"order": value},
        "FAIL": {
            "defects": (*context.defects, value or "UNSPECIFIED")[-20:],
            "scrap": "",
        },
        "SCRAP": {"scrap": value or "UNSPECIFIED", "defects": ()},
        "CLOSE": {"box": "", "unit": ""},
        "LEVEL": {"level": value.lower(), "box": ""},
        "CANCEL": {"unit": "", "defects": (), "scrap": "", "answers": {}},
    }
    if word in ("REPAIR", "NFF") or (word == "SCRAP" and context.unit):
        return _repair(scan, word, value)
    unknown = word not in changes or (word == "LEVEL" and value.lower() not in ("box", "carton", "pallet"))
    if unknown or len(value) > 80:
        return _ask(scan, "note", note="unknown_command", value=scan.text[:80])
    context = change(context, **changes[word])
    note = word.lower()
    return _ask(msgspec.structs.replace(scan, context=context), "note", note=note, value=value)


def _ask(scan: Scan, verdict: Any, **more: Any) -> Answer:
    """Answer with the prompt that is open, whatever it is."""
    unit = scans.scanned(scan.context.unit) if scan.context.unit else None
    prompts = prompts_of(scan, unit) if unit else []
    prompt = prompts[0] if prompts else first_prompt(scan.context, scan.packs)
    more.setdefault("unit", scan.context.unit)
    return Answer(verdict, scan.context, prompt, **more)


def prompts_of(scan: Scan, unit: Scanned) -> list[Prompt]:
    """Return what is still to be scanned for a unit at this station; empty when one scan says it all."""
    if scan.station_type == REPAIR:
        return [Prompt("repair")]
    step = unit.step
    if step is None or step.station_type != scan.station_type:
        return []
    wanted: list[Prompt] = []
    if step.passed_by == "MaterialsInstalled":
        return [Prompt("keypart", part.role) for part in step.key_parts if part.role not in unit.bound]
    if step.passed_by == "UnitsPersonalized":
        wanted = [Prompt("identity", kind) for kind in step.identities]
        wanted += [Prompt("firmware", target) for target in step.firmware]
    elif step.passed_by == "TransformationEvent":
        wanted = [Prompt("board", str(position)) for position in unit.good_positions]
    return [prompt for prompt in wanted if f"{prompt.kind}:{prompt.name}" not in scan.context.answers]


def _open_box(scan: Scan) -> Answer:
    known = scans.scanned(scan.text)
    if known is not None and known.kind != "container":
        return _ask(scan, "note", note="box_first", value=scan.text)
    context = change(scan.context, box=scan.text)
    return _ask(
        msgspec.structs.replace(scan, context=context),
        "next",
        note="box_open",
        value=scan.text,
    )


def _first_scan(scan: Scan) -> Answer:
    unit = scans.scanned(scan.text)
    serial = unit.serial if unit else scan.text
    if unit is None and scan.context.order:
        refusal = _begin(scan)
        if refusal:
            return refusal
        unit = scans.scanned(serial)
    event = _event_of_first_scan(scan, serial, unit)
    return _answer(scan, event, _send(scan, event))


def _begin(scan: Scan) -> Answer | None:
    """Start a unit under the station's work order; return an answer only when that is refused."""
    head = scan.head() | {"id": uuid.uuid5(scan.event_id, "initialize")}
    order = scans.work_order_positions(scan.context.order)
    event = ev.UnitsInitialized(**head, unit=scan.text, work_order=scan.context.order, positions=order or 1)
    outcome = _send(scan, event)
    return _answer(scan, event, outcome) if outcome.refusal else None


def _event_of_first_scan(scan: Scan, serial: str, unit: Scanned | None) -> ev.Event:
    """Return what the first scan of a unit says.

    Where one scan is all, it is the result itself and no arrival is reported before it: an arrival at the
    same instant would claim that the work took no time, and the reels of that time would be lost.
    """
    context, head = scan.context, scan.head() | {"unit": serial}
    if context.scrap:
        return ev.UnitsDisqualified(**head, reason=context.scrap)
    if scan.packs and context.box:
        return ev.AggregationEvent(
            **scan.head(),
            action="ADD",
            parent=context.box,
            level=context.level,
            children=(serial,),
        )
    step = unit.step if unit else None
    if scan.station_type == REPAIR or step is None or step.station_type != scan.station_type:
        return ev.UnitsArrived(**head)
    defects = tuple(ev.Defect(code=code) for code in context.defects)
    if step.passed_by == "UnitsTested":
        result: Any = "Failed" if defects else "Passed"
        return ev.UnitsTested(**head, result=result, defects=defects)
    if step.passed_by == "UnitsInspected":
        return ev.UnitsInspected(**head, result="Failed" if defects else "Passed", defects=defects)
    if step.passed_by == "UnitsProcessed" or defects:
        return ev.UnitsProcessed(**head, result="Failed" if defects else "Completed", defects=defects)
    if step.passed_by == "UnitsDeparted":
        return ev.UnitsDeparted(**head)
    return ev.UnitsArrived(**head)


def _answer_prompt(scan: Scan) -> Answer:
    unit = scans.scanned(scan.context.unit)
    prompts = prompts_of(scan, unit) if unit else []
    if unit is None or not prompts or unit.step is None:
        return take(msgspec.structs.replace(scan, context=change(scan.context, unit="", answers={})))
    prompt = prompts[0]
    if prompt.kind == "repair":
        return _ask(scan, "note", note="repair_how", value=scan.text[:80])
    if prompt.kind == "keypart":
        event: ev.Event = _installation(scan, unit, unit.step, prompt.name)
        return _answer(scan, event, _send(scan, event))
    answers = scan.context.answers | {f"{prompt.kind}:{prompt.name}": scan.text[:200]}
    scan = msgspec.structs.replace(scan, context=change(scan.context, answers=answers))
    if prompts[1:]:
        return _ask(scan, "next")
    made = _personalisation(scan, unit) if prompt.kind != "board" else _boards(scan, unit)
    return made if isinstance(made, Answer) else _answer(scan, made, _send(scan, made))


def _installation(scan: Scan, unit: Scanned, step: Step, role: str) -> ev.MaterialsInstalled:
    """Return the binding of one key part, reported at once so that a wrong part is refused at once.

    A label may say ``part|serial``; a bare serial number is taken to be of the released part.
    """
    rule = next(part for part in step.key_parts if part.role == role)
    said, bar, label = scan.text.partition("|")
    part, label = (said, label) if bar else ("", said)
    if rule.serialised:
        item = ev.Installation(role=role, part=part or rule.part, serial=label)
    else:
        item = ev.Installation(role=role, part=part or scans.lot_part(label) or rule.part, lot=label)
    return ev.MaterialsInstalled(**scan.head(), unit=unit.serial, installed=(item,))


def _personalisation(scan: Scan, unit: Scanned) -> ev.UnitsPersonalized | Answer:
    """Return the identities and firmware of a unit; firmware is scanned as ``version|sha256``."""
    identities, firmware = [], []
    for name, value in scan.context.answers.items():
        kind, _, key = name.partition(":")
        if kind == "identity":
            identities.append(ev.Identity(kind=key, value=value))
            continue
        version, _, digest = value.partition("|")
        firmware.append(ev.Firmware(target=key, version=version, sha256=digest.lower()))
    return ev.UnitsPersonalized(
        **scan.head(),
        unit=unit.serial,
        identities=tuple(identities),
        firmware=tuple(firmware),
    )


def _boards(scan: Scan, unit: Scanned) -> ev.TransformationEvent:
    given = [(name.partition(":")[2], serial) for name, serial in scan.context.answers.items()]
    return ev.TransformationEvent(
        **scan.head(),
        inputs=(ev.Thing(unit=unit.serial),),
        outputs=tuple(ev.Thing(unit=serial, position=int(position)) for position, serial in given),
    )


def _repair(scan: Scan, word: str, value: str) -> Answer:
    if not scan.context.unit:
        return _ask(scan, "note", note="unit_first", value=scan.text[:80])
    head = scan.head() | {"unit": scan.context.unit}
    event: ev.Event
    if word == "SCRAP":
        event = ev.UnitsDisqualified(**head, reason=value or "UNSPECIFIED")
    elif word == "NFF":
        event = ev.UnitsRepaired(**head, result="NoFaultFound")
    else:
        action, _, cause = value.partition(":")
        event = ev.UnitsRepaired(**head, repairs=(ev.Repair(action=action or "UNSPECIFIED", cause=cause),))
    return _answer(scan, event, _send(scan, event))


def _send(scan: Scan, event: ev.Event) -> Outcome:
    return scan.record([msgspec.json.encode(event)])[0]


def _answer(scan: Scan, event: ev.Event, outcome: Outcome) -> Answer:
    """Turn the gate's outcome into a screen: refused, passed, failed, or the next prompt."""
    serial = getattr(event, "unit", "") or _subject(event)
    if outcome.refusal is not None:
        return _refused(scan, serial, outcome.refusal.as_dict())
    context = change(scan.context, defects=(), scrap="", answers={}, unit="")
    unit = scans.scanned(serial)
    open_scan = msgspec.structs.replace(scan, context=change(context, unit=serial))
    prompts = prompts_of(open_scan, unit) if unit and unit.state in ("in_process", "failed") else []
    asks = isinstance(event, ev.UnitsArrived) or (isinstance(event, ev.MaterialsInstalled) and prompts)
    if asks and prompts:
        return Answer("next", open_scan.context, prompts[0], serial)
    if isinstance(event, ev.AggregationEvent):
        return _packed(scan, context, event, serial, unit)
    failed = getattr(event, "result", "") == "Failed" or isinstance(event, ev.UnitsDisqualified)
    note = "scrapped" if isinstance(event, ev.UnitsDisqualified) else ""
    step = unit.step if unit else None
    following = step.name if step and not failed else ""
    prompt = first_prompt(context, scan.packs)
    return Answer(
        "failed" if failed else "pass",
        context,
        prompt,
        serial,
        note,
        following=following,
    )


def _subject(event: ev.Event) -> str:
    if isinstance(event, ev.AggregationEvent):
        return event.children[0]
    if isinstance(event, ev.TransformationEvent):
        return event.inputs[0].unit or ""
    return ""


def _refused(scan: Scan, serial: str, refusal: dict[str, Any]) -> Answer:
    """Keep the unit open when only the part or value was wrong: the right one is scanned next."""
    room = str(refusal["code"]).partition(".")[0]
    again = scan.context.unit and room in (
        "keypart",
        "identity",
        "firmware",
        "panel",
        "event",
        "material",
    )
    context = change(
        scan.context,
        answers={},
        unit=scan.context.unit if again else "",
        scrap="",
        defects=(),
    )
    scan = msgspec.structs.replace(scan, context=context)
    return _ask(scan, "refused", unit=serial, refusal=refusal)


def _packed(
    scan: Scan,
    context: Context,
    event: ev.AggregationEvent,
    serial: str,
    unit: Scanned | None,
) -> Answer:
    box = scans.scanned(event.parent)
    inside = box.positions if box else len(event.children)
    plan = unit.release.pack if unit and unit.release else None
    limits = (
        {
            "box": plan.units_per_box,
            "carton": plan.boxes_per_carton,
            "pallet": plan.cartons_per_pallet,
        }
        if plan
        else {}
    )
    limit = limits.get(event.level, 0)
    full = bool(limit) and inside >= limit
    context = change(context, box="" if full else event.parent)
    value = f"{event.parent}: {inside} / {limit}" if limit else f"{event.parent}: {inside}"
    prompt = first_prompt(context, scan.packs)
    return Answer("pass", context, prompt, serial, "box_full" if full else "in_box", value)
