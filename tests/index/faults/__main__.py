"""`python -m tests.index.faults --faults 3000 --seed 1`: fails so many calls, or all, and prints what came of it."""

import argparse
import sys

from tests.index.faults.sweep import sweep
from tests.index.faults.table import summary, table, wrong

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--faults", type=int)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--operation", action="append", default=[], help="only this one; may be given more than once")
given = parser.parse_args()
outcomes = sweep(given.faults, given.seed, given.operation, lambda line: print(line, flush=True))
for line in table(outcomes):
    print(line)
print(summary(outcomes))
sys.exit(bool(wrong(outcomes)))
