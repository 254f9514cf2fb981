"""``karkhana partner``: parties, agreements, who signs for them, and signing with a key kept elsewhere."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Parties, agreements, and keys that sign approvals.", no_args_is_help=True)


def _ready() -> None:
    from karkhana.cli._run import django_ready

    django_ready()


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False) -> None:
    """List agreements, parties and signatories."""
    _ready()
    import dataclasses

    from django.contrib.auth import get_user_model
    from rich.console import Console
    from rich.table import Table

    from karkhana.cli._run import print_json
    from karkhana.partners import queries

    everything = get_user_model()(is_superuser=True, username="command line")
    agreements, parties = queries.agreement_rows(everything), queries.party_rows(everything)
    if as_json:
        print_json(
            {
                "agreements": [dataclasses.asdict(row) for row in agreements],
                "parties": [dataclasses.asdict(row) for row in parties],
            }
        )
        return
    table = Table("Agreement", "Kind", "From", "Party", "Approves")
    for agreement in agreements:
        for party, approves in agreement.parties:
            table.add_row(
                agreement.code, agreement.kind, str(agreement.starts_on), party, ", ".join(approves) or "–"
            )
    console = Console()
    console.print(table)
    table = Table("Party", "Kind", "Signatory", "Public key")
    for row in parties:
        for person in row.signatories or (None,):
            name = "–" if person is None else person.name + (" (revoked)" if person.revoked_at else "")
            table.add_row(row.code, row.kind, name, "–" if person is None else person.public_key)
    console.print(table)


@app.command()
def add(
    code: str,
    name: Annotated[str, typer.Option(help="Printed name.")],
    kind: Annotated[str, typer.Option(help="maker, partner, joint_venture, brand, supplier or authority.")],
    brand: Annotated[str | None, typer.Option(help="Brand that the party is, for the kind brand.")] = None,
) -> None:
    """Add a party."""
    _ready()
    from karkhana.partners.operations import ensure_party

    print(ensure_party(code=code, name=name, kind=kind, brand=brand).code)


@app.command()
def agreement(
    code: str,
    title: Annotated[str, typer.Option(help="What it is called.")],
    kind: Annotated[
        str,
        typer.Option(help="alliance, joint_venture, contract_manufacturing, sourcing or technology_licence."),
    ],
    starts: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")],
    party: Annotated[
        list[str],
        typer.Option(help="PARTY or PARTY=subject,subject …: what it must approve. Give it for each side."),
    ],
    ends: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day after the last.")
    ] = None,
    own: Annotated[bool, typer.Option("--own", help="One's own request may be approved.")] = False,
) -> None:
    """Add an agreement, or correct the one of this code."""
    _ready()
    from karkhana.partners.operations import ensure_agreement

    sides = {text.partition("=")[0]: _subjects(text.partition("=")[2]) for text in party}
    ensure_agreement(
        code=code,
        title=title,
        kind=kind,
        starts_on=starts.date(),
        ends_on=ends.date() if ends else None,
        parties=sides,
        own_allowed=own,
    )
    print(code)


def _subjects(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


@app.command()
def develop(
    product: str,
    agreement: Annotated[str | None, typer.Option(help="Agreement that it is developed under.")] = None,
    owner: Annotated[str, typer.Option(help="Who owns the design: maker, brand or joint.")] = "joint",
) -> None:
    """Put a product under an agreement, so that its parties approve what is released from now on."""
    _ready()
    from karkhana.design.operations import set_agreement

    found = set_agreement(code=product, agreement=agreement, design_owner=owner)
    print(f"{found.code}: {found.agreement or 'no agreement'}, design owned by {found.design_owner}")


@app.command()
def member(
    party: str, user: Annotated[str, typer.Argument(help="Account of somebody who works there.")]
) -> None:
    """Say that somebody works for a party and sees what its agreements cover."""
    _ready()
    from karkhana.partners.operations import add_member

    add_member(party=party, user=_user(user))
    print(f"{user} works for {party}")


def _user(name: str) -> Any:
    from django.contrib.auth import get_user_model

    from karkhana.kernel.refusals import refuse

    found = get_user_model().objects.filter(username=name, is_active=True).first()
    if found is None:
        raise refuse("user.unknown", "There is no active account {user}.", "Check the name.", user=name)
    return found


@app.command()
def enrol(
    party: str,
    name: Annotated[str, typer.Option(help="Name of the person.")],
    public_key: Annotated[str, typer.Option(help="64 hexadecimal digits, from: karkhana partner keygen.")],
    user: Annotated[str | None, typer.Option(help="Account of the person, if there is one.")] = None,
) -> None:
    """Let a person sign for a party with a key kept elsewhere."""
    _ready()
    from karkhana.partners.operations import enroll_signatory

    enroll_signatory(
        party=party,
        name=name,
        user=_user(user) if user else None,
        now=dt.datetime.now(dt.UTC),
        public_key=public_key,
    )
    print(f"{name} signs for {party}")


@app.command()
def revoke(public_key: str) -> None:
    """End somebody's right to sign; what was signed before stays valid."""
    _ready()
    from karkhana.partners.operations import revoke_signatory

    print(f"{revoke_signatory(public_key=public_key, now=dt.datetime.now(dt.UTC))} is revoked")


@app.command()
def keygen(
    out: Annotated[Path, typer.Option(help="File for the private key; it must not be there yet.")],
    passphrase: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Protects the file.")
    ],
) -> None:
    """Make a key on this machine, without any database; prints its public half."""
    import os

    from karkhana.kernel.refusals import refuse
    from karkhana.partners.signing import new_key

    public, private = new_key(passphrase or None)
    try:
        with open(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(private)
    except OSError as problem:
        raise refuse(
            "signatory.file",
            "{file} cannot be written: {problem}.",
            "Choose a file that is not there yet.",
            file=str(out),
            problem=problem.strerror or str(problem),
        ) from None
    print(public)


@app.command()
def sign(
    statement: Annotated[Path, typer.Argument(help="File with the exact statement.", exists=True)],
    key: Annotated[Path, typer.Option(help="Private key, from: karkhana partner keygen.", exists=True)],
    passphrase: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Opens the key.")] = "",
) -> None:
    """Sign a statement on this machine, without any database; prints the signature."""
    from karkhana.kernel.refusals import refuse
    from karkhana.partners import signing

    try:
        print(signing.sign(key.read_text(), passphrase or None, statement.read_bytes()))
    except (ValueError, UnicodeDecodeError):
        raise refuse(
            "signatory.key",
            "{file} does not open with this passphrase, or holds no Ed25519 key.",
            "Check the file and the passphrase.",
            file=str(key),
        ) from None
