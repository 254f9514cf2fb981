"""``karkhana certificate``: issue a certificate of local content, or write the file of one again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from karkhana.kernel.refusals import refuse

if TYPE_CHECKING:
    from karkhana.localisation.certificate.models import IssuedCertificate

app = typer.Typer()
Option = typer.Option


@app.command()
def certificate(
    product: Annotated[
        str | None, typer.Argument(help="The product's code; none to write a file again.")
    ] = None,
    month: Annotated[str, Option(help="Units of a month, such as 2026-11.")] = "",
    fiscal_year: Annotated[str, Option(help="Units of a fiscal year, 2026-27 or FY27.")] = "",
    since: Annotated[str, Option("--from", help="Units from a day, such as 2026-11-01.")] = "",
    until: Annotated[str, Option("--to", help="Units until a day, included.")] = "",
    plant: Annotated[str, Option(help="Units of one plant.")] = "",
    method: Annotated[str, Option(help="Id of a method.")] = "PPP_MII",
    choices: Annotated[
        list[str] | None, Option("--set", help="A parameter of the method: name=value.")
    ] = None,
    item: Annotated[str, Option(help="The item, as the buyer calls it.")] = "",
    hsn: Annotated[str, Option(help="Its tariff code: 4, 6 or 8 digits.")] = "",
    place: Annotated[list[str] | None, Option(help="Where value is added; may be given again.")] = None,
    maker: Annotated[str, Option(help="Who certifies.")] = "",
    maker_id: Annotated[str, Option(help="GSTIN of who certifies.")] = "",
    tender: Annotated[str, Option(help="Bid or order.")] = "",
    contract_value: Annotated[
        str, Option(help="Value of the contract in rupees; decides who must sign.")
    ] = "",
    signatory: Annotated[str, Option(help="Who answers for the maker.")] = "",
    designation: Annotated[str, Option(help="The signatory's office.")] = "",
    membership: Annotated[str, Option(help="The signatory's membership number.")] = "",
    auditor: Annotated[str, Option(help="Who audited it.")] = "",
    auditor_role: Annotated[str, Option(help="The auditor's office, such as Statutory auditor.")] = "",
    auditor_membership: Annotated[str, Option(help="The auditor's membership number.")] = "",
    udin: Annotated[str, Option(help="Document number of the auditor's institute.")] = "",
    replaces: Annotated[str, Option(help="Number of the certificate that this one replaces.")] = "",
    reason: Annotated[str, Option(help="Why it is replaced.")] = "",
    number: Annotated[str, Option(help="Write the file of this certificate again; issues nothing.")] = "",
    out: Annotated[Path | None, Option(help="File to write: .pdf or .xlsx.")] = None,
    as_json: Annotated[bool, Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Issue a certificate of local content; refused while anything that it rests on is not proved."""
    said = dict(locals())
    kind = _kind(out)
    if (product is None) == (not number):
        raise refuse(
            "certificate.what",
            "Name a product to issue a certificate, or --number to write one again.",
            "Give one of the two.",
        )
    from karkhana.cli._run import django_ready

    django_ready()
    from karkhana.localisation.certificate.queries import file_of, find_certificate

    found = find_certificate(number) if number else _issue(said)
    if out is not None:
        _write(out, file_of(found, kind))
    _show(found, out, as_json=as_json)


def _kind(out: Path | None) -> str:
    """Return the kind of file, before anything is issued.

    Raises:
        Refused: ``certificate.out``.
    """
    if out is None:
        return ""
    kind = out.suffix.lower().removeprefix(".")
    if kind not in ("pdf", "xlsx") or not out.expanduser().parent.is_dir():
        raise refuse(
            "certificate.out",
            "{file} cannot be written: it is no .pdf or .xlsx in a folder that is there.",
            "Name another file.",
            file=str(out),
        )
    return kind


def _issue(said: dict[str, object]) -> IssuedCertificate:
    from django.utils import timezone

    from karkhana.cli._progress import progress_bar
    from karkhana.localisation.certificate.operations import issue
    from karkhana.localisation.certificate.rules import read_form
    from karkhana.localisation.runs.operations import asked_for
    from karkhana.localisation.runs.rules import days_of

    texts = {name: value for name, value in said.items() if isinstance(value, str)}
    first, last = days_of(
        month=texts["month"], fiscal_year=texts["fiscal_year"], first=texts["since"], last=texts["until"]
    )
    choices, places = said["choices"] or [], said["place"] or []
    assert isinstance(choices, list)
    assert isinstance(places, list)
    asked = asked_for(
        product=texts["product"],
        brand="",
        plant=texts["plant"],
        first=first,
        last=last,
        method=texts["method"],
        chosen=_chosen(choices),
    )
    form = read_form({**texts, "places": "\n".join(places)})
    with progress_bar("Valuing units") as tell:
        return issue(asked, form, user=None, now=timezone.now(), replaces=texts["replaces"], tell=tell)


def _chosen(choices: list[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in choices]
    for name, _, value in pairs:
        if not (name and value):
            raise refuse(
                "localise.set",
                "--set {text} sets nothing.",
                "Write --set name=value.",
                text=(name or value)[:80],
            )
    return {name: value for name, _, value in pairs}


def _write(out: Path, content: bytes) -> None:
    try:
        out.expanduser().write_bytes(content)
    except OSError as error:
        raise refuse(
            "certificate.out",
            "The certificate is issued, but {file} cannot be written: {reason}.",
            "Write it elsewhere: karkhana certificate --number ... --out FILE.",
            file=str(out),
            reason=error.strerror or "unknown",
        ) from None


def _show(found: IssuedCertificate, out: Path | None, *, as_json: bool) -> None:
    from karkhana.cli._run import print_json
    from karkhana.localisation.certificate.http import as_dict

    if as_json:
        print_json(as_dict(found) | {"file": str(out) if out else None})
        return
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"{found.number}  {found.percent} %  {found.grade}", style="bold", markup=False)
    console.print(f"{found.product.code}, {found.first} to {found.last}, {found.method}", markup=False)
    console.print(f"SHA-256 {found.sha256}", markup=False, soft_wrap=True)
    if out is not None:
        console.print(f"Written to {out}", markup=False, soft_wrap=True)
