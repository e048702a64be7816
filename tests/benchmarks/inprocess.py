"""The same verb without HTTP: `python -m tests.benchmarks.inprocess DATA PLAN`, as many tasks as clients.

The plan is pickled: [(token, replica, [command bytes, …]), …]. Prints one JSON object: seconds, cpu.
"""

import asyncio
import json
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from inspections.rounds import assigned_posts
from offline_sync import receipts
from offline_sync.push import own_replica
from tests.benchmarks.server import ROOT
from tests.offline_sync.tablet import WHEN
from villages.ground.database import open_database
from villages.ground.settings import Settings
from villages.people import who_by_token

Plan = list[tuple[str, str, list[bytes]]]


def run(data: Path, plan: Plan) -> dict[str, Any]:
    """Carry it all out in a process of its own. Raises RuntimeError when a command was not applied."""
    with tempfile.NamedTemporaryFile(suffix=".plan") as file:
        pickle.dump(plan, file)
        file.flush()
        line = [sys.executable, "-m", "tests.benchmarks.inprocess", str(data), file.name]
        told = subprocess.run(line, cwd=ROOT, capture_output=True, check=False)
    if told.returncode:
        raise RuntimeError(told.stderr.decode())
    found: dict[str, Any] = json.loads(told.stdout)
    return found


async def _client(token: str, replica: Any, commands: list[bytes]) -> None:
    who = await who_by_token(token)
    assert who
    who = who.plus(await assigned_posts(who))
    for raw in commands:
        verdict = await receipts.settle_one(who, receipts.read(raw, replica.id, WHEN), replica)
        assert verdict.status == "applied", verdict


async def _all(data: Path, plan: Plan) -> dict[str, float]:
    from uuid import UUID

    async with open_database(Settings(data)):
        replicas = []
        for token, replica, _ in plan:
            who = await who_by_token(token)
            assert who
            replicas.append(await own_replica(who, UUID(replica), None))
        begun, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(
            *(
                _client(token, replica, commands)
                for (token, _, commands), replica in zip(plan, replicas, strict=True)
            )
        )
        return {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_all(Path(sys.argv[1]), pickle.loads(Path(sys.argv[2]).read_bytes())))))
