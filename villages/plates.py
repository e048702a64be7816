"""村牌: a signed short link for each village, printed as a QR. Pure.

`/p/<12-digit code>.<signature>`: the code stands in the path in plain digits, so that a tablet knows the village without
network; the signature keeps anybody from printing plates of their own. Nothing about a person is in it.
"""

import base64
import hashlib
import hmac
import re

_SIGNATURE = 10  # bytes: 80 bits, 16 letters and digits
_TOKEN = re.compile(r"([0-9]{12})\.([A-Z2-7]{16})")


def plate_path(secret: bytes, code: str) -> str:
    """The path of a village's plate; the same as long as the server's secret is."""
    return f"/p/{code}.{_sign(secret, code)}"


def plate_code(secret: bytes, token: str) -> str | None:
    """The village's code in what follows `/p/`; None when it is not ours to the last letter."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    code, given = found.groups()
    return code if hmac.compare_digest(given, _sign(secret, code)) else None


def _sign(secret: bytes, code: str) -> str:
    digest = hmac.new(secret, b"village plate\0" + code.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_SIGNATURE]).decode()
