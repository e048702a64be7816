"""Ids. Rows get UUIDv7 (time-ordered), secrets get 256 random bits of which only the hash is kept."""

import hashlib
import secrets
from uuid import UUID

import uuid_utils

# No 0/O, 1/I/L, 5/S, 8/B, 2/Z: read over the phone and typed by people who do not see well.
_CLEAR = "34679ACDEFGHJKMNPQRTUVWXY"


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return UUID(int=uuid_utils.uuid7().int)


def new_token() -> str:
    """A secret for one bearer, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token: 64 hex digits. A fast hash is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def short_code(length: int = 10) -> str:
    """A code for paper and telephone."""
    return "".join(secrets.choice(_CLEAR) for _ in range(length))
