"""Pages of rounds. The page of one inspection shows its tasks and lives a step higher."""

from starlette.routing import Route

from inspections.pages import new_round, plate, rounds, team

routes: list[Route] = [*new_round.routes, *rounds.routes, *team.routes, *plate.routes]
