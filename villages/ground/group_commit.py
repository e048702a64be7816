"""Group commit: changes that stand in line share one transaction, and so one flush to the disk.

Each but the first lies behind a savepoint: one that fails takes back its own rows, and its number with them, and
nobody else's. Nobody is answered before the commit; when that fails, all that share it fail. The pages that every
change touches (the trail, the district's head, the indexes) are then written once for all of them.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

MOST = 16  # changes in one transaction
LONGEST = 0.05  # seconds from its beginning in which it takes others in


class Group:
    """One transaction, and how it ended for all who share it: `ended` has None, or the error."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closes = 0.0
        self.size = 0  # changes that had or have their turn in it
        self.locked = False  # it holds the connection's lock
        self.begun = False
        self.ended: asyncio.Future[BaseException | None] = self._loop.create_future()

    def begin(self) -> None:
        """The transaction is open."""
        self.begun, self._closes = True, self._loop.time() + LONGEST

    def takes_more(self) -> bool:
        """Whether another change may have its turn in it."""
        return self.size < MOST and self._loop.time() < self._closes


class Turns:
    """Whose turn it is to write on a connection: one change at a time, in the order in which they came.

    `lock` is held from a group's beginning to its end against those who write without a turn. `commit` ends the open
    transaction and returns the error that stopped it, or None; it never raises.
    """

    def __init__(self, lock: asyncio.Lock, commit: Callable[[], Awaitable[BaseException | None]]) -> None:
        self._lock, self._commit = lock, commit
        self._busy = False
        self._waiting: deque[asyncio.Future[Group]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def take(self) -> Group:
        """Wait for one's turn. The group to join; one that is not `begun` is the caller's to `lock` and begin."""
        if not self._busy:
            self._busy = True
            group = Group()
            group.size = 1
            return group
        turn: asyncio.Future[Group] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had just been given
                self.leave(turn.result())
            raise

    async def lock(self, group: Group) -> None:
        """Wait until nobody else writes either."""
        await self._lock.acquire()
        group.locked = True

    def leave(self, group: Group) -> None:
        """One's turn is over: the next one's begins in the same transaction, or it is committed."""
        if not group.begun:
            self.end(group, None)
        elif not (group.takes_more() and self._give(group)):
            self.run(self._finish(group))

    def end(self, group: Group, error: BaseException | None) -> None:
        """The transaction is over: who shared it is told, and who waits begins another one."""
        group.ended.set_result(error)
        if group.locked:
            self._lock.release()
        self._busy = self._give(Group())

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """In a task of its own: nobody's cancellation reaches it."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _finish(self, group: Group) -> None:
        self.end(group, await self._commit())

    def _give(self, group: Group) -> bool:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                group.size += 1
                turn.set_result(group)
                return True
        return False
