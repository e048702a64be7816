"""Before a district is founded (`./dev serve --empty` on an empty folder) there is nothing to show and nobody to sign in."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from villages.ground.problems import Problem
from villages.models import DistrictHead
from villages.web import problem_response

OPEN = ("/healthz", "/static/")


class Founded:
    """ASGI middleware: no_district to everybody until there is one; `manage.py init` may make it while we serve."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._there = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._there and not scope["path"].startswith(OPEN):
            self._there = await DistrictHead.exists()
            if not self._there:
                refused = await problem_response(Request(scope, receive), Problem("no_district"))
                await refused(scope, receive, send)
                return
        await self.app(scope, receive, send)
