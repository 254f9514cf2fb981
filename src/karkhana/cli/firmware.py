"""``karkhana firmware``: images of products, who signed them, and the units that carry them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from karkhana.cli._run import django_ready, print_json
from karkhana.kernel.refusals import Refused, refuse

app = typer.Typer(
    help="Firmware images: register, approve, withdraw, and find what carries them.", no_args_is_help=True
)
Product = Annotated[str, typer.Argument(help="The product's code.")]
Target = Annotated[str, typer.Argument(help="What it runs on, such as main or modem.")]
Version = Annotated[str, typer.Argument(help="The version.")]
User = Annotated[str | None, typer.Option(help="Account in whose name this is done.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _account(name: str | None) -> Any:
    from django.contrib.auth import get_user_model

    if name is None:
        return None
    found = get_user_model().objects.filter(username=name, is_active=True).first()
    if found is None:
        raise refuse("user.unknown", "There is no active account {user}.", "Check the name.", user=name)
    return found


def _print_one(product: str, target: str, version: str, *, as_json: bool) -> None:
    from karkhana.design.firmware.queries import find_image, view_of

    view = view_of(find_image(product, target, version), _now().date())
    if as_json:
        print_json(dataclasses.asdict(view))
        return
    print(f"{view.name}: {view.state}, SHA-256 {view.sha256}, {view.size} bytes")
    if view.missing and view.state == "draft":
        print(f"Waits for the signature of {', '.join(view.missing)}.")


@app.command("list")
def list_(
    product: Annotated[str | None, typer.Option(help="Only this product's.")] = None, as_json: AsJson = False
) -> None:
    """List the images with their states and who approved them."""
    django_ready()
    from karkhana.design.firmware.queries import images
    from karkhana.design.models import Product as ProductRow

    products = ProductRow.objects.all() if product is None else ProductRow.objects.filter(code=product)
    if product is not None and not products:
        raise refuse("product.unknown", "There is no product {product}.", "Check the code.", product=product)
    found = images(products, _now().date())
    if as_json:
        print_json([dataclasses.asdict(row) for row in found])
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("Product", "Target", "Version", "State", "Approved by", "Waits for", "SHA-256")
    for row in found:
        signed = "nobody had to sign" if row.unsigned else ", ".join(row.approved_by)
        waits = ", ".join(row.missing) if row.state == "draft" else ""
        cells = (row.product, row.target, row.version, row.state, signed, waits, row.sha256[:12])
        table.add_row(*map(escape, cells))
    Console().print(table)


@app.command()
def add(
    product: Product,
    target: Annotated[str | None, typer.Argument(help="What it runs on, such as main or modem.")] = None,
    version: Annotated[str | None, typer.Argument(help="The version.")] = None,
    file: Annotated[Path | None, typer.Option(help="The image, to be stored.")] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="JSON or CSV that names many; their files lie beside it.")
    ] = None,
    sha256: Annotated[str, typer.Option(help="SHA-256 that the builder announced.")] = "",
    size: Annotated[int, typer.Option(min=0, help="Bytes, for an image kept elsewhere.")] = 0,
    location: Annotated[str, typer.Option(help="Address or path of an image kept elsewhere.")] = "",
    market: Annotated[list[str] | None, typer.Option(help="Country that it is for; may repeat.")] = None,
    revision: Annotated[list[str] | None, typer.Option(help="Revision that it is for; may repeat.")] = None,
    notes: Annotated[str, typer.Option(help="Release notes.")] = "",
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Register an image by its bytes or its SHA-256, or every image of a manifest."""
    django_ready()
    if manifest is not None:
        _add_manifest(product, manifest, _account(user), as_json)
        return
    if target is None or version is None:
        raise refuse(
            "firmware.what", "It is not said what to register.", "Give a target and version, or --manifest."
        )
    from karkhana.design.firmware.operations import register_image
    from karkhana.design.firmware.rules import ImageSpec

    spec = ImageSpec(
        product=product, target=target, version=version, sha256=sha256.lower(), size=size, location=location,
        notes=notes, markets=tuple(market or ()), revisions=tuple(revision or ()),
    )  # fmt: skip
    data = _read(file) if file else None
    register_image(
        spec=spec, user=_account(user), now=_now(), data=data, file_name=file.name if file else "the file"
    )
    _print_one(product, target, version, as_json=as_json)


def _add_manifest(product: str, manifest: Path, user: Any, as_json: bool) -> None:
    from karkhana.design.firmware.manifest import read_manifest
    from karkhana.design.firmware.operations import import_manifest
    from karkhana.design.firmware.queries import view_of

    rows = read_manifest(_read(manifest), manifest.name)
    folder = manifest.resolve().parent
    files = {}
    for row in rows:
        if row.referenced:
            continue
        path = (folder / row.file).resolve()
        if path.is_relative_to(folder) and path.is_file():
            files[row.file] = _read(path)
    made = import_manifest(product=product, rows=rows, files=files, user=user, now=_now())
    if as_json:
        print_json([dataclasses.asdict(view_of(image, _now().date())) for image in made])
        return
    for image in made:
        print(f"{image}: {image.state}, SHA-256 {image.sha256}, {image.size} bytes")


def _read(path: Path) -> bytes:
    """Return a file's content.

    Raises:
        Refused: ``firmware.no_file``, and ``firmware.too_large`` before it is read.
    """
    from karkhana.design.firmware.rules import MAX_BYTES

    try:
        size = path.stat().st_size
        if size <= MAX_BYTES:
            return path.read_bytes()
    except (OSError, ValueError) as problem:
        raise _unreadable(path, problem) from None
    raise refuse(
        "firmware.too_large",
        "{file} has {size} bytes; 1 to {limit} are stored here.",
        "Keep a larger image elsewhere and register it by its SHA-256 and address.",
        file=str(path),
        size=size,
        limit=MAX_BYTES,
    )


def _unreadable(path: Path, problem: Exception) -> Refused:
    return refuse(
        "firmware.no_file",
        "{file} cannot be read: {problem}.",
        "Check the path.",
        file=str(path),
        problem=getattr(problem, "strerror", None) or str(problem),
    )


@app.command()
def approve(
    product: Product,
    target: Target,
    version: Version,
    user: Annotated[str, typer.Option(help="Account of who signs, or of the engineer who releases.")],
    stated: Annotated[
        str | None, typer.Option("--hash", help="Content hash that was looked at; none: as it is now.")
    ] = None,
    reject: Annotated[bool, typer.Option("--reject", help="Say no.")] = False,
    comment: Annotated[str, typer.Option(help="Goes into the signed statement.")] = "",
    as_json: AsJson = False,
) -> None:
    """Sign an image, asking for the passphrase; where nobody else has a say, release it without."""
    django_ready()
    from karkhana.design.firmware.operations import approve_image, release_image
    from karkhana.design.firmware.queries import find_image, image_subject

    key = {"product": product, "target": target, "version": version}
    account = _account(user)
    subject = image_subject(find_image(**key), _now().date())
    if subject.required or reject:
        passphrase = typer.prompt("Signing passphrase", hide_input=True, err=True)
        approve_image(
            **key, user=account, stated_hash=stated or subject.content_hash, passphrase=passphrase,
            now=_now(), decision="rejected" if reject else "approved", comment=comment,
        )  # fmt: skip
    else:
        release_image(**key, user=account, now=_now())
    _print_one(product, target, version, as_json=as_json)


@app.command()
def withdraw(
    product: Product,
    target: Target,
    version: Version,
    reason: Annotated[str, typer.Option(help="Why; whoever holds a unit in hand reads it.")],
    user: User = None,
    station: Annotated[str | None, typer.Option(help="Station that the hold is said from.")] = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw an approved image for ever and hold every unit that carries it."""
    django_ready()
    from karkhana.floor.firmware.operations import withdraw_firmware
    from karkhana.floor.firmware.queries import where_is

    done = withdraw_firmware(
        product=product, target=target, version=version, reason=reason, user=_account(user), now=_now(),
        station=station,
    )  # fmt: skip
    where = where_is(product, target, version)
    if as_json:
        print_json({"image": str(done.image), "hold": done.hold, **dataclasses.asdict(where)})
        return
    print(f"{done.image} is withdrawn.")
    if done.hold:
        print(f"Hold {done.hold}: {where.in_plant} units in plant, {where.shipped} were shipped before.")


@app.command()
def where(
    product: Product,
    target: Target,
    version: Version,
    serials: Annotated[bool, typer.Option("--serials", help="Print every serial number.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say where the units with a version are, whether its image is registered or not."""
    django_ready()
    from karkhana.floor.firmware.queries import units_with, where_is

    found = where_is(product, target, version)
    listed: list[str] = []
    after: str | None = ""
    while serials and after is not None:
        page = units_with(product, target, version, after=after, limit=10_000)
        listed += [row.serial for row in page.rows]
        after = page.after
    if as_json:
        print_json({**dataclasses.asdict(found), **({"serials": listed} if serials else {})})
        return
    print(f"{found.units} units: {found.in_plant} in plant, {found.shipped} shipped")
    for share in found.by_state:
        print(f"  {share.name}: {share.units}")
    for share in found.by_station:
        print(f"  at {share.name or 'no station'}: {share.units}")
    for serial in listed:
        print(serial)
