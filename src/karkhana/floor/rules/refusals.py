"""The gate's catalogue of refusals: code, sentence, next step. The only place where they are worded.

Those that a release is refused with too are worded in ``design.firmware.rules``.
"""

from __future__ import annotations

from typing import Any

from karkhana.design.firmware.rules import SENTENCES
from karkhana.kernel.refusals import Refusal

REFUSALS: dict[str, tuple[str, str]] = {
    "event.malformed": (
        "Event {index} of the batch cannot be read: {problem}.",
        "Correct the field and send the event again with a new id.",
    ),
    "event.conflict": (
        "An event with id {id} was recorded before with other content.",
        "Give every happening an id of its own; send a correction as a new event.",
    ),
    "event.time": (
        "The event says that it happened at {at}, which is {problem}.",
        "Set the clock of {station} and send the event again with a new id.",
    ),
    "event.late": (
        "The event happened at {at}, but {unit} has gone on since: its latest event is of {latest}.",
        "Scan the unit again where it stands now; check the clock of {station}.",
    ),
    "station.unknown": (
        "There is no station {station}.",
        "Check the station code on the screen, or have an engineer set the station up.",
    ),
    "unit.unknown": (
        "No unit {unit} was ever started here.",
        "Read the label again; if it is right, take the unit to the line lead.",
    ),
    "unit.exists": (
        "{unit} exists already.",
        "Set the label aside: two units must not carry one serial number.",
    ),
    "work_order.unknown": (
        "There is no work order {work_order}.",
        "Check the work order on the job card.",
    ),
    "lot.unknown": (
        "Lot {lot} was never received.",
        "Receive the lot first, or check its label.",
    ),
    "lot.exists": (
        "Lot {lot} was received already.",
        "Check the label; a second delivery needs a lot number of its own.",
    ),
    "supplier.unknown": (
        "There is no supplier {supplier}.",
        "Have the buyer add the supplier, or check the code.",
    ),
    "hold.unknown": ("There is no open hold {hold}.", "Check the number of the hold."),
    "hold.exists": (
        "Hold {hold} exists already.",
        "Give the new hold a number of its own.",
    ),
    "unit.held": (
        "{unit} is on hold.",
        "Put it on the hold rack and tell quality; do not work on it.",
    ),
    "work_order.held": (
        "Work order {work_order} is on hold.",
        "Stop building this order and tell the line lead.",
    ),
    "work_order.stage": (
        "Work order {work_order} is for {stage}, but its product is not through {missing}.",
        "Do not start units under this order; tell the engineer that the gate is shut.",
    ),
    "lot.held": (
        "Lot {lot} is on hold.",
        "Take it to quarantine and fetch another lot.",
    ),
    "lot.expired": (
        "Lot {lot} of {part} could be used until {expires_on}.",
        "Take it to quarantine and fetch another lot; quality may test it and extend its shelf life.",
    ),
    "lot.floor_life": (
        "Lot {lot} of {part} (MSL {msl}) was out of its bag for {spent}; {limit} are allowed.",
        "Fetch another lot. Have this one baked, and the bake recorded, before it is used.",
    ),
    "lot.bake_first": (
        "Lot {lot} of {part} (MSL {msl}) must be baked before it is used.",
        "Fetch another lot. Have this one baked, and the bake recorded, before it is used.",
    ),
    "lot.other_owner": (
        "Lot {lot} was handed in by brand {owner} and may not go into a product of {brand}.",
        "Fetch a lot of the maker or of {brand}; on a shared line, take the other brand's set-up off first.",
    ),
    "unit.scrapped": ("{unit} was scrapped.", "Put it into the scrap cage."),
    "unit.ended": (
        "{unit} is {state} and is not worked on any more.",
        "Check the label: you may be reading a part inside another unit.",
    ),
    "unit.wrong_product": (
        "{unit} is a {product}; line {line} is set up for {expected}.",
        "Bring it to its own line.",
    ),
    "unit.wrong_revision": (
        "{unit} is revision {revision} of {product}; line {line} is set up for {expected}.",
        "Set it aside and tell the line lead: the line runs another revision.",
    ),
    "unit.failed": (
        "{unit} failed at step {step} ({name}) and was not repaired.",
        "Take it to repair.",
    ),
    "repair.not_failed": (
        "{unit} has not failed, so there is nothing to repair.",
        "Bring it to step {step}.",
    ),
    "repair.wrong_station": (
        "{station} is no repair station.",
        "Record the repair at a repair station.",
    ),
    "repair.limit_exceeded": (
        "{unit} was repaired {repairs} times already; {limit} are allowed.",
        "Scrap it, or ask the quality engineer.",
    ),
    "keypart.missing": (
        "{unit} still needs {roles} at step {step} ({name}).",
        "Bring it back and scan the missing part.",
    ),
    "route.not_on_route": (
        "The route of {product} never passes a {station_type} station.",
        "Bring {unit} to step {step} ({name}).",
    ),
    "route.step_skipped": (
        "{unit} must first pass step {step} ({name}).",
        "Bring it to a {needed} station.",
    ),
    "route.step_repeated": (
        "{unit} has passed this step already.",
        "Bring it on to step {step} ({name}).",
    ),
    "route.out_of_order": ("{unit}: {problem}.", "Bring it to step {step} ({name})."),
    "route.complete": (
        "{unit} has passed its whole route.",
        "Nothing is left to do here: send it on.",
    ),
    "operator.unknown": (
        "Step {step} ({name}) asks who does it, and {actor} is not known.",
        "Scan your operator badge.",
    ),
    "operator.not_certified": (
        "{actor} holds no valid certificate for {skill}{expired}.",
        "Ask a certified colleague; tell the line lead to renew the certificate.",
    ),
    "material.not_loaded": (
        "{station} has no {parts} loaded, which step {step} ({name}) needs.",
        "Load the part on its feeder, scan it, and go on.",
    ),
    "material.wrong_part": (
        "Lot {lot} is {part}; {place} takes {expected}.",
        "Take it off and load the right part.",
    ),
    "material.held": (
        "Lot {lot} of {part} on {station} is on hold.",
        "Stop, unload the lot and load another one.",
    ),
    "material.location_empty": (
        "Lot {lot} is not on {location} of {station}.",
        "Check the location and the lot label.",
    ),
    "keypart.unexpected": (
        "Step {step} ({name}) binds no part as {role}.",
        "Scan only the parts that the screen asks for.",
    ),
    "keypart.role_taken": (
        "{unit} has its {role} already.",
        "Take the old part out first (uninstall), then scan the new one.",
    ),
    "keypart.not_bound": (
        "{unit} has no {role} in it.",
        "Check which part is taken out.",
    ),
    "keypart.wrong_part": (
        "{part} is not released as {role}; {expected} is.",
        "Set the part aside and take the right one.",
    ),
    "keypart.serial_missing": (
        "The {role} needs its {needed} scanned.",
        "Scan the label of the part.",
    ),
    "keypart.already_used": (
        "{part} {serial} is inside {other} already.",
        "Set the part aside: its label is a double.",
    ),
    "keypart.not_passed": (
        "{serial} is {state}, not a finished {product}.",
        "Bring it back to its own line; take a finished one.",
    ),
    "identity.unexpected": (
        "Step {step} ({name}) writes no {kind}.",
        "Check the personalisation program of the station.",
    ),
    "identity.missing": (
        "Step {step} ({name}) must also write {kinds}.",
        "Run the personalisation again and report all values together.",
    ),
    "identity.malformed": (
        "{value} is no valid {kind}: {problem}.",
        "Take the next value of the pool and report this one.",
    ),
    "identity.out_of_range": (
        "{value} is outside the range that {product} may use as {kind}.",
        "Check that the station draws from the right pool.",
    ),
    "identity.already_used": (
        "{value} was given to {other} before.",
        "Take the next value of the pool; tell the engineer that the pool gave one twice.",
    ),
    "identity.not_in_pool": (
        "{value} is in no range that {product} may draw {kind} from.",
        "Draw the value from the product's pool; set this one aside.",
    ),
    "identity.not_allotted": (
        "{value} was never drawn from pool {pool}.",
        "Draw the value from the pool before it is written; set this one aside.",
    ),
    "identity.spoilt": (
        "{value} was taken out of use: {reason}.",
        "Take the next value of the pool.",
    ),
    "revision.superseded": (
        "{product} {revision} is not started any more: change order {change} brings {other}{since}.",
        "Start it under a work order of {other}: {orders}.",
    ),
    "revision.not_yet_effective": (
        "{product} {revision} is not started yet: change order {change} brings it{since}.",
        "Start it under a work order of {other}: {orders}.",
    ),
    "work_order.replaced": (
        "Work order {work_order} is closed by change order {change}.",
        "Start the unit under {instead}.",
    ),
    "deviation.expired": (
        "Deviation {deviation} let {substitute} stand in for {part} until {until}.",
        "Take {substitute} off and use {part}, or ask for a new deviation.",
    ),
    "deviation.exhausted": (
        "Deviation {deviation} let {substitute} stand in for {part} in {limit} units; all of them are built.",
        "Take {substitute} off and use {part}, or ask for a new deviation.",
    ),
    "firmware.unexpected": (
        "{product} has no firmware for {target}.",
        "Check the personalisation program of the station.",
    ),
    "firmware.missing": (
        "Step {step} ({name}) must also write firmware for {targets}.",
        "Run it again.",
    ),
    "firmware.not_released": (
        "{unit} reports {target} {version}, but {released} is released for it.",
        "Flash the released image and test again.",
    ),
    **SENTENCES,
    "firmware.held": (
        "{unit} carries firmware {firmware}, which is on hold.",
        "Put it on the hold rack and tell quality; do not work on it.",
    ),
    "firmware.unknown": (
        "There is no firmware {firmware}.",
        "Name it as PRODUCT TARGET=VERSION, as it is released.",
    ),
    "test.missing": (
        "{unit} is said to have passed step {step} ({name}) without the measurement {measurement}.",
        "Run the released test program again and report every measurement.",
    ),
    "test.limits": (
        "{unit} is said to have passed step {step} ({name}), but {measurement} is {value};"
        " {limits} is released.",
        "Report the unit as failed; check the limits in the test program.",
    ),
    "test.unit_of_measure": (
        "{unit} at step {step} ({name}): {measurement} is reported in {given}, but released in {expected}.",
        "Correct the unit of measure in the test program and test again.",
    ),
    "panel.positions": (
        "Panel {unit}: {problem}.",
        "Compare the panel with the screen, board by board.",
    ),
    "transformation.shape": (
        "{problem}.",
        "Report what went in and what came out again.",
    ),
    "packing.unfinished": (
        "{unit} is not finished: step {step} ({name}) is open.",
        "Bring it to a {needed} station before it is packed.",
    ),
    "packing.other_brand": (
        "{child} belongs to another brand than {parent}.",
        "Take it out of this box at once and tell the line lead.",
    ),
    "packing.already_packed": (
        "{child} is in {parent} already.",
        "Check the label; take it out of {parent} first if it must be worked on.",
    ),
    "packing.not_inside": ("{child} is not in {parent}.", "Check both labels."),
    "packing.full": (
        "{parent} holds {limit} at most.",
        "Close it and start the next one.",
    ),
    "packing.level": (
        "{child} cannot go into {parent}: {problem}.",
        "Check what is packed into what.",
    ),
    "packing.shipped": ("{parent} has left the plant.", "Check the label."),
    "shipping.not_packed": (
        "{item} is not ready to ship: {problem}.",
        "Finish and pack it first.",
    ),
    "shipping.held_inside": (
        "{item} holds {held}, which is on hold.",
        "Leave it in the store and tell quality.",
    ),
    "shipping.already_shipped": ("{item} was shipped already.", "Check the label."),
    "shipping.exists": (
        "Shipment {shipment} exists already.",
        "Give the shipment a number of its own.",
    ),
}


def no(code: str, **fields: Any) -> Refusal:
    """Build the refusal of a code; ``fields`` fill its sentence and travel with it."""
    message, next_step = REFUSALS[code]
    return Refusal(code, message.format(**fields), next_step.format(**fields), fields)
