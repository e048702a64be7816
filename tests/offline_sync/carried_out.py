"""A job that the application's own loop carries out: whoever asked for it waits, and never does it beside."""

import asyncio

from villages.models import Job


async def carried_out(job: Job) -> Job:
    """The job at its end, done or failed."""
    async with asyncio.timeout(60):
        while (found := await Job.get(id=job.id)).state not in ("done", "failed"):
            await asyncio.sleep(0.02)
    return found
