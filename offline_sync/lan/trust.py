"""The page by which a tablet comes to trust this server, over plain HTTP because it does not trust it yet.

Nothing else is served there: no sign-in, no data. Whoever installs the certificate compares its fingerprint with the
one that the server printed.
"""

import plistlib
import uuid
from collections.abc import Callable
from ipaddress import ip_address

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from offline_sync.lan.authority import Authority
from offline_sync.lan.names import Names
from templates import FOLDER, page
from villages.shield import Shield

_ATTACHED = {"Content-Disposition": 'attachment; filename="xuncun-ca.crt"', "Cache-Control": "no-store"}
_DEVICES = (
    ("huawei", ("huawei", "harmony", "honor", "openharmony")),
    ("ipad", ("ipad", "iphone", "macintosh")),  # an iPad's Safari calls itself a Macintosh
    ("android", ("android",)),
)


def trust_app(authority: Authority, names: Callable[[], Names], secure_port: int) -> Starlette:
    """The page, the certificate in both wrappings, and the style; every other address leads to the page."""

    async def show(request: Request) -> Response:
        host = _host(request, names())
        secure = f"https://{host}:{secure_port}"
        shown: Response = page(
            request, "offline_sync/trust.html", tablet=f"{secure}/tablet/", desk=f"{secure}/",
            here=str(request.base_url), fingerprint=authority.fingerprint, device=_device(request),
        )  # fmt: skip
        return shown

    async def certificate(_request: Request) -> Response:
        return Response(authority.der, media_type="application/x-x509-ca-cert", headers=_ATTACHED)

    async def profile(_request: Request) -> Response:
        return Response(mobileconfig(authority), media_type="application/x-apple-aspen-config")

    async def elsewhere(_request: Request) -> Response:
        return RedirectResponse("/", 307)

    return Starlette(
        routes=[
            Route("/", show, methods=["GET"]),
            Route("/xuncun-ca.crt", certificate, methods=["GET"]),
            Route("/xuncun.mobileconfig", profile, methods=["GET"]),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
            Route("/{path:path}", elsewhere, methods=["GET"]),
        ],
        middleware=[Middleware(Shield)],
    )


def _host(request: Request, names: Names) -> str:
    """The name the visitor came by where it is one of ours, for that one surely works for him."""
    came_by = (request.url.hostname or "").lower()
    return came_by if came_by in {*names.hosts, *map(str, names.addresses)} else names.first


def _device(request: Request) -> str:
    """Which steps to open first: ipad, android, huawei, or "" for a computer that only shows the QR code."""
    agent = request.headers.get("user-agent", "").lower()
    return next((device for device, words in _DEVICES if any(word in agent for word in words)), "")


def mobileconfig(authority: Authority) -> bytes:
    """The certificate as a profile that iPads install. The same certificate gives the same profile."""
    own = uuid.uuid5(uuid.NAMESPACE_OID, authority.fingerprint)
    title = authority.certificate.subject.rfc4514_string().split("CN=")[-1].split(",")[0]
    payload = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"xuncun.lan.{own}.root",
        "PayloadUUID": str(uuid.uuid5(own, "root")),
        "PayloadDisplayName": title,
        "PayloadCertificateFileName": "xuncun-ca.crt",
        "PayloadContent": authority.der,
    }
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"xuncun.lan.{own}",
            "PayloadUUID": str(own),
            "PayloadDisplayName": "巡村：信任本地服务器",
            "PayloadDescription": "安装后，平板信任本单位局域网内的巡村服务器；只对局域网地址有效。",
            "PayloadOrganization": "巡村",
            "PayloadContent": [payload],
        }
    )


def shown_host(names: Names) -> str:
    """The address to tell people, in brackets where an address needs them."""
    first = names.first
    return f"[{first}]" if ip_address(first).version == 6 else first
