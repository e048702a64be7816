"""How it looks and what it is called. Knows no other folder: it is given words and numbers, never rows."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.templating import Jinja2Templates

from templates.filters import FILTERS

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"  # served as /static
# Starlette leaves autoescape off for an environment of one's own: it must be said.
environment = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.filters.update(FILTERS)
_templates = Jinja2Templates(env=environment)


@cache
def asset(name: str) -> str:
    """The address of a file of `static/`, with its content's hash so that browsers may keep it for long."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"


environment.globals["asset"] = asset


def page(
    request: Request,
    name: str,
    /,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Any:
    """An HTML page from `templates/<name>` (a Starlette response)."""
    return _templates.TemplateResponse(request, name, context, status_code=status, headers=headers)
