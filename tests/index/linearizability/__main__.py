"""`python -m tests.index.linearizability --seconds 60 --seed 1`: histories under kills, and what came of them."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.index.linearizability.runs import Plan, run
from tests.tiny import export_tiny

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seconds", type=float, default=60)
parser.add_argument("--seed", type=int, default=1)
given = parser.parse_args()
with tempfile.TemporaryDirectory() as folder:
    plan = Plan(export_tiny(Path(folder) / "models"), Path(folder) / "data", given.seconds, given.seed)
    figures = run(plan, report=lambda line: print(line, flush=True))
print(figures)
for line in [*map(str, figures.faults), *figures.refused]:
    print(line)
sys.exit(not figures.clean)
