"""The shipped `manage.py` on another day: `python later.py DAYS WORDS…`. Nothing but its clock is different."""

import os
import runpy
import sys
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
os.chdir(ROOT)
sys.path[0] = str(ROOT)

from villages.ground import clock  # noqa: E402 - found only from the root

real = clock.now
ahead = timedelta(days=int(sys.argv.pop(1)))
clock.now = lambda: real() + ahead
sys.argv[0] = "manage.py"
runpy.run_path("manage.py", run_name="__main__")
