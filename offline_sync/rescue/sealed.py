"""The locked file around a rescue's zip, and the keys that come from a deposit token (docs/rescue.md says the format).

One random key encrypts the content in chunks; it lies in the header once for each lock: a passphrase, or the deposit
token, of which this house keeps the hash. The same hash makes the seal that proves whose store a file came from.
"""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Mapping
from typing import BinaryIO, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from villages.ground.problems import Problem

MAGIC = b"XUNCUNR1"
TAG = 16
CHUNK_MOST = 8 * 1024 * 1024
HEADER_MOST = 64 * 1024
ROUNDS_MOST = 10_000_000  # a header may not keep us busy for minutes
_DAMAGED = "内容在传送中损坏或不完整"


class Lock(msgspec.Struct, kw_only=True):
    """One way to the content key: AES-256-GCM of it under the lock's own key."""

    kind: Literal["passphrase", "deposit"]
    nonce: str
    key: str
    salt: str = ""
    iterations: int = 0
    name: str = ""  # of a deposit token: tells which, without telling it


class Header(msgspec.Struct, kw_only=True):
    """What stands before the chunks; it names nobody."""

    format: int
    chunk: int
    locks: list[Lock]


def derived(token_hash: str, purpose: Literal["name", "seal", "lock"]) -> bytes:
    """32 bytes that both ends make of a deposit token, for one purpose; the token itself never travels in a file."""
    return hmac.digest(token_hash.encode(), f"xuncun rescue {purpose}".encode(), "sha256")


def name_of(token_hash: str) -> str:
    """By which name a file says which deposit token it means."""
    return derived(token_hash, "name").hex()[:16]


def seal_of(token_hash: str, manifest: bytes) -> str:
    """The seal on a manifest, 64 hex digits."""
    return hmac.digest(derived(token_hash, "seal"), manifest, "sha256").hex()


def is_sealed(head: bytes) -> bool:
    """True when a file begins like a locked one."""
    return head.startswith(MAGIC)


def read_header(source: BinaryIO) -> tuple[Header, bytes]:
    """The header of a locked file, and all the bytes it came in. Raises rescue_unreadable or rescue_newer."""
    start = source.read(len(MAGIC) + 4)
    size = int.from_bytes(start[len(MAGIC) :], "big")
    if len(start) < len(MAGIC) + 4 or size > HEADER_MOST:
        raise Problem("rescue_unreadable", what=_DAMAGED)
    text = source.read(size)
    try:
        version = msgspec.json.decode(text)["format"]
        if version != 1:
            raise Problem("rescue_newer", format=str(version)[:20])
        header = msgspec.json.decode(text, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, RecursionError) as error:
        raise Problem("rescue_unreadable", what=_DAMAGED) from error
    if not 0 < header.chunk <= CHUNK_MOST:
        raise Problem("rescue_unreadable", what=_DAMAGED)
    return header, start + text


def unlock(source: BinaryIO, target: BinaryIO, tokens: Iterable[str], passphrase: str) -> None:
    """Write the zip that a locked file holds. `tokens`: hashes of the deposit tokens that this house knows.

    Raises rescue_locked (no key here and no passphrase given), rescue_passphrase (a wrong one), rescue_unreadable.
    """
    header, told = read_header(source)
    content = AESGCM(_content_key(header, {name_of(one): one for one in tokens}, passphrase))
    bound = hashlib.sha256(told).digest()
    size = header.chunk + TAG
    number, piece = 0, source.read(size)
    while True:
        after = source.read(size)
        nonce = number.to_bytes(11, "big") + bytes([not after])
        try:
            target.write(content.decrypt(nonce, piece, bound))
        except (InvalidTag, ValueError) as error:
            raise Problem("rescue_unreadable", what=_DAMAGED) from error
        if not after:
            return
        number, piece = number + 1, after


def _content_key(header: Header, known: Mapping[str, str], passphrase: str) -> bytes:
    for lock in header.locks:
        if lock.kind == "deposit" and lock.name in known:
            opened = _opened(lock, derived(known[lock.name], "lock"))
            if opened:
                return opened
    asking = [lock for lock in header.locks if lock.kind == "passphrase"]
    if not asking:
        raise Problem("rescue_strange")
    if not passphrase.strip():
        raise Problem("rescue_locked")
    for lock in asking:
        opened = _opened(lock, _stretched(lock, passphrase))
        if opened:
            return opened
    raise Problem("rescue_passphrase")


def _stretched(lock: Lock, passphrase: str) -> bytes:
    if not 1 <= lock.iterations <= ROUNDS_MOST:
        raise Problem("rescue_unreadable", what=_DAMAGED)
    plain = unicodedata.normalize("NFC", passphrase).strip().encode()
    return hashlib.pbkdf2_hmac("sha256", plain, _bytes(lock.salt), lock.iterations)


def _opened(lock: Lock, key: bytes) -> bytes | None:
    try:
        content = AESGCM(key).decrypt(_bytes(lock.nonce), _bytes(lock.key), MAGIC)
    except (InvalidTag, ValueError):
        return None
    return content if len(content) == 32 else None


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Problem("rescue_unreadable", what=_DAMAGED) from error
