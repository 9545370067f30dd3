"""`python -m tests.bench [name…]`."""

import sys

from tests.bench import run

sys.exit(run.main(run.chosen()))
