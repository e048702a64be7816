"""Who holds a data folder: servers share it, a restore wants it alone. The lock dies with its holder."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from villages.ground.problems import Problem


@contextlib.contextmanager
def data_held(folder: Path, *, alone: bool = False) -> Iterator[None]:
    """Hold the folder for as long as the block runs. Raises Problem folder_busy when it cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "in-use.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Problem("folder_busy", folder=str(folder)) from None
    try:
        yield
    finally:
        os.close(handle)
