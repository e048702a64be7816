"""The desk's pages of tasks, villages and inspections, and of the paper made from them."""

from starlette.routing import Route

from dispatch.pages import (
    bringing,
    figures,
    inspection,
    ledger,
    letters,
    look_backs,
    notice_sheets,
    notices,
    paper,
    shares,
    task,
    tasks,
    trail,
    village,
    week,
)

routes: list[Route] = [
    *tasks.routes,
    *task.routes,
    *inspection.routes,
    *village.routes,
    *trail.routes,
    *paper.routes,
    *figures.routes,
    *ledger.routes,
    *bringing.routes,
    *notices.routes,
    *letters.routes,
    *notice_sheets.routes,
    *look_backs.routes,
    *shares.routes,
    *week.routes,
]
