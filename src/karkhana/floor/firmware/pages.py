"""The firmware pages: images by product, one image with its approvals and where it is, registering."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.design.access import product_for, require_engineer, visible_products
from karkhana.design.firmware import operations
from karkhana.design.firmware.manifest import COLUMNS, read_manifest
from karkhana.design.firmware.queries import board_of, image_by_id, images, view_of
from karkhana.design.firmware.rules import MAX_BYTES
from karkhana.design.models import FirmwareImage
from karkhana.design.pages.approving import read_approval_form
from karkhana.design.pages.frame import answer, is_engineer
from karkhana.floor.firmware.forms import read_spec, read_upload, read_uploads
from karkhana.floor.firmware.operations import hold_of, withdraw_firmware
from karkhana.floor.firmware.queries import carried, units_with, where_is
from karkhana.floor.pages import asked
from karkhana.floor.pages.lists import STATES
from karkhana.kernel.refusals import Refusal, Refused
from karkhana.partners.roles import is_staff


@never_cache
@require_safe
def firmware_list(request: HttpRequest) -> HttpResponse:
    """List the images of the products that the visitor may see, with what carries them."""
    wanted = asked.text(request, "product", 40)
    state = asked.text(request, "state", 10)
    visible = visible_products(request.user).filter(firmware_images__isnull=False).distinct()
    products = visible.filter(code=wanted) if wanted else visible
    rows = images(products, timezone.now().date())
    counts = carried({row.product for row in rows})
    shown = [(row, counts.get(row.name, (0, 0))) for row in rows if not state or row.state == state]
    context = {
        "groups": [(code, list(group)) for code, group in groupby(shown, key=lambda pair: pair[0].product)],
        "products": visible.values_list("code", "name"),
        "wanted": wanted,
        "state": state,
        "states": ("draft", "approved", "withdrawn"),
    }
    return answer(request, "floor/firmware/list.html", context)


@never_cache
@require_safe
def firmware_image(request: HttpRequest, number: int) -> HttpResponse:
    """Show one image."""
    return _image(request, _found(request, number))


def _image(request: HttpRequest, image: FirmwareImage, refusal: Refusal | None = None) -> HttpResponse:
    now = timezone.now()
    state = asked.text(request, "unit_state", 20)
    key = (image.product.code, image.target, image.version)
    try:
        page = units_with(
            *key, state=state if state in STATES else "", after=asked.text(request, "after", 400)
        )
    except Refused as refused:
        page, refusal = None, refusal or refused.refusal
    board = board_of(image, request.user, now.date())
    context = {
        "image": view_of(image, now.date()),
        "product": image.product,
        "board": board,
        "approve_url": f"/design/firmware/{image.pk}/approve/",
        "where": where_is(*key),
        "hold": hold_of(image) if image.state == "withdrawn" else "",
        "page": page,
        "unit_state": state,
        "engineer": is_engineer(request),
        "staff": is_staff(request.user),
        "free": not board.subject.required,
    }
    return answer(request, "floor/firmware/image.html", context, refusal)


def _found(request: HttpRequest, number: int) -> FirmwareImage:
    """Return an image of a product that the visitor may see, or end in a page that says there is none."""
    try:
        image = image_by_id(number)
        product_for(request.user, image.product.code)
    except Refused as refused:
        raise Http404(gettext("There is no such firmware image.")) from refused
    return image


@never_cache
@require_safe
def firmware_new(request: HttpRequest) -> HttpResponse:
    """Show the forms by which images are registered."""
    return _form(request, {"product": asked.text(request, "product", 40)})


def _form(request: HttpRequest, said: dict[str, Any], refusal: Refusal | None = None) -> HttpResponse:
    context = {
        "products": visible_products(request.user).values_list("code", "name"),
        "said": said,
        "columns": ", ".join(COLUMNS),
        "max_bytes": MAX_BYTES,
        "max_megabytes": MAX_BYTES // 1048576,
    }
    return answer(request, "floor/firmware/new.html", context, refusal)


@never_cache
@require_POST
def firmware_add(request: HttpRequest) -> HttpResponse:
    """Register one image, by its bytes or by its SHA-256."""
    try:
        spec = read_spec(request.POST)
        product_for(request.user, spec.product)
        file = request.FILES.get("file")
        image = operations.register_image(
            spec=spec, user=request.user, now=timezone.now(), data=read_upload(file),
            file_name=(file.name if file else "") or "the file",
        )  # fmt: skip
    except Refused as refused:
        return _form(request, request.POST.dict(), refused.refusal)
    messages.success(request, gettext("%(image)s is registered.") % {"image": str(image)})
    return redirect("firmware-image", image.pk)


@never_cache
@require_POST
def firmware_manifest(request: HttpRequest) -> HttpResponse:
    """Register every image of a manifest, or none."""
    try:
        product = product_for(request.user, request.POST.get("product", "").strip()[:80])
        data, name, files = read_uploads(request.FILES.get("manifest"), request.FILES.getlist("files"))
        made = operations.import_manifest(
            product=product.code, rows=read_manifest(data, name), files=files, user=request.user,
            now=timezone.now(),
        )  # fmt: skip
    except Refused as refused:
        return _form(request, request.POST.dict(), refused.refusal)
    messages.success(
        request,
        gettext("%(count)s images of %(product)s are registered.")
        % {"count": len(made), "product": product.code},
    )
    return redirect(f"/design/firmware/?product={product.code}")


@never_cache
@require_POST
def firmware_approve(request: HttpRequest, number: int) -> HttpResponse:
    """Sign an image for the party that the visitor signs for."""
    image = _found(request, number)
    try:
        standing = operations.approve_image(
            product=image.product.code, target=image.target, version=image.version, user=request.user,
            now=timezone.now(), **read_approval_form(request).arguments(),
        )  # fmt: skip
    except Refused as refused:
        return _image(request, _found(request, number), refused.refusal)
    if standing.complete:
        messages.success(request, gettext("%(image)s is approved.") % {"image": str(image)})
    else:
        messages.success(request, gettext("Your decision on %(image)s is signed.") % {"image": str(image)})
    return redirect("firmware-image", number)


@never_cache
@require_POST
def firmware_act(request: HttpRequest, number: int) -> HttpResponse:
    """Release, withdraw or discard an image."""
    require_engineer(request.user)
    image = _found(request, number)
    key = {"product": image.product.code, "target": image.target, "version": image.version}
    action = request.POST.get("action", "")
    now = timezone.now()
    try:
        if action == "release":
            operations.release_image(**key, user=request.user, now=now)
            messages.success(request, gettext("%(image)s is approved.") % {"image": str(image)})
        elif action == "discard":
            operations.discard_image(**key)
            messages.success(request, gettext("The draft %(image)s is gone.") % {"image": str(image)})
            return redirect("firmware")
        elif action == "withdraw":
            reason = request.POST.get("reason", "")
            withdraw_firmware(**key, reason=reason, user=request.user, now=now)
            said = gettext("%(image)s is withdrawn; every unit with it is on hold.")
            messages.success(request, said % {"image": str(image)})
    except Refused as refused:
        return _image(request, _found(request, number), refused.refusal)
    return redirect("firmware-image", number)


@never_cache
@require_safe
def firmware_file(request: HttpRequest, number: int) -> HttpResponse:
    """Send the bytes of an image that is stored here."""
    image = _found(request, number)
    if image.file is None:
        raise Http404(gettext("The file is not kept here."))
    response = HttpResponse(bytes(image.file.content), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{file_name(image)}"'
    return response


def file_name(image: FirmwareImage) -> str:
    """Return the name under which an image is saved."""
    text = f"{image.product.code}-{image.target}-{image.version}.bin"
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in text)[-150:]
