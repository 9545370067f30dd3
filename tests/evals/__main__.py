"""`python -m tests.evals`: the same as `python -m tests.evals.run`."""

import sys

from tests.evals.run import main

sys.exit(main())
