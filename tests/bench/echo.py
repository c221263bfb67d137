"""A process that greets, and answers every line that it reads."""

import sys

# Greets with the cores that it may use, doubles a number, and ends where it is asked to.
SCRIPT = """
import json, os, sys
print(json.dumps({"cores": sorted(os.sched_getaffinity(0))}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("die"):
        sys.exit("out of memory")
    print(json.dumps({"seconds": 2 * asked["repeats"], "asked": asked}), flush=True)
"""


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]
