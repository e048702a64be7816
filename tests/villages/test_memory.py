"""What the C library keeps of freed memory goes back to the machine."""

import asyncio
import ctypes

import psutil
import pytest

from villages.ground import memory

BLOCK, BLOCKS = 64 * 1024, 1000


async def test_holes_between_blocks_in_use_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    held = [ctypes.c_void_p(library.malloc(BLOCK)) for _ in range(BLOCKS)]
    for block in held:
        ctypes.memset(block, 1, BLOCK)
    for block in held[:-1:2] + held[1:-1:2]:  # all but the last: nothing above them can shrink
        library.free(block)
    before = psutil.Process().memory_info().rss
    monkeypatch.setattr(memory, "EVERY", 0.0)
    running = asyncio.create_task(memory.give_back_for_ever())
    try:
        async with asyncio.timeout(60):
            while psutil.Process().memory_info().rss > before - BLOCK * BLOCKS // 2:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        library.free(held[-1])
