"""What every command of `manage.py` shares: the data folder's option, saying a line, refusing in one sentence."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from villages.ground.migrations import MigrationError
from villages.ground.problems import Problem
from villages.ground.settings import AddressError

T = TypeVar("T")
Data = Annotated[Path | None, typer.Option("--data", help="folder of the database and the photos")]


def say(text: str) -> None:
    """One line to whoever called the command, at once."""
    typer.echo(text)


def asked(work: Coroutine[Any, Any, T]) -> T:
    """What the work returns; a refusal is said in one line, with exit 1."""
    try:
        return asyncio.run(work)
    except (Problem, MigrationError, AddressError) as refused:
        raise SystemExit(str(refused)) from refused
