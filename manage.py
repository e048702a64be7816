"""The whole command line. `./dev serve` and the tests come through here too."""

from villages.ground.database import tortoise_config
from villages.ground.settings import from_environment

TORTOISE_ORM = tortoise_config(from_environment())
