"""`python -m tests.index.torture --kills 1000`: kills, and prints what came of it."""

import argparse
import sys

from tests.index.torture.rounds import torture

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--kills", type=int, default=1000)
parser.add_argument("--seed", type=int, default=1)
given = parser.parse_args()
figures = torture(given.kills, given.seed, report=lambda line: print(line, flush=True))
print(figures)
for line in [*figures.verdict.said, *figures.problems]:
    print(line)
sys.exit(not figures.clean)
