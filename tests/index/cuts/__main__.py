"""`python -m tests.index.cuts --images 1000`: power cuts, and prints what came of them."""

import argparse
import sys

from tests.index.cuts.rounds import cut_power

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--images", type=int, default=1000)
parser.add_argument("--seed", type=int, default=1)
given = parser.parse_args()
figures = cut_power(given.images, given.seed, report=lambda line: print(line, flush=True))
print(figures)
for line in [*figures.verdict.said, *figures.problems]:
    print(line)
sys.exit(not figures.clean)
