"""Signatures of partners: Ed25519 over the exact bytes of a statement.

Owns making a key, signing and checking; pure but for the randomness of a new key. It does not own what a
statement says (``design.approvals``) or who may sign (``partners.models.Signatory``).

Source: Ed25519 RFC 8032; encrypted PKCS 8 private keys RFC 5958 with PBES2 (RFC 8018).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

PASSPHRASE_MIN = 8


def new_key(passphrase: str | None) -> tuple[str, str]:
    """Make a key pair.

    Args:
        passphrase: what opens the private key from now on; None leaves it open, for a file that the
            person protects otherwise.

    Returns:
        The public key as 64 hexadecimal digits, and the private key as PEM text (PKCS 8).
    """
    key = Ed25519PrivateKey.generate()
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    return public_of(key), pem.decode()


def public_of(key: Ed25519PrivateKey) -> str:
    """Return the raw public key of a private one as hexadecimal digits."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def open_key(pem: str, passphrase: str | None) -> Ed25519PrivateKey:
    """Open a private key.

    Raises:
        ValueError: the passphrase is wrong, or the text is no Ed25519 private key.
    """
    try:
        key = load_pem_private_key(pem.encode(), passphrase.encode() if passphrase else None)
    except TypeError as problem:  # a passphrase where none is needed, or none where one is
        raise ValueError(str(problem)) from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return key


def sign(pem: str, passphrase: str | None, statement: bytes) -> str:
    """Sign a statement; return the signature as 128 hexadecimal digits.

    Raises:
        ValueError: as ``open_key``.
    """
    return open_key(pem, passphrase).sign(statement).hex()


def is_public_key(text: str) -> bool:
    """Say whether a text is a raw Ed25519 public key in hexadecimal digits."""
    try:
        raw = bytes.fromhex(text)
        Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        return False
    return len(text) == 64


def verify(public_key: str, signature: str, statement: bytes) -> bool:
    """Say whether a signature over a statement was made with the private half of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(signature), statement
        )
    except (InvalidSignature, ValueError):
        return False
    return True
