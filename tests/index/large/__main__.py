"""`python -m tests.index.large --documents 1000000 --kills 20`: a life of a large collection, each step with its time.

Fills a folder, kills whoever writes to it at random moments, looks at every document, and does what is done with a
data folder: doctor, backup, restore, compact, reindexing that is killed too, drop. Ends with status 1 where anything is
lost, back, in part, or not found.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.index.large.lives import Folder, WrongError
from tests.index.large.victim import Found

# Of the start of a reindexing process: at first it only opens the folder.
REINDEX_KILLS = ((0.5, 10e-6), (1.0, 30e-6))  # seconds, and seconds a document


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something took."""
    started_s = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - started_s:.1f} s", flush=True)


def command(*arguments: str | Path) -> None:
    """Run a command of `python -m index`."""
    whole = [sys.executable, "-m", "index", *map(str, arguments)]
    found = subprocess.run(whole, check=False, capture_output=True, text=True)
    if found.returncode:
        raise WrongError(f"{arguments[0]} ended with {found.returncode}: {found.stdout}{found.stderr}")


def live(base: Path, documents: int, kills: int, seed: int) -> None:
    """Do all steps in a folder; raises WrongError."""
    folder = Folder(base, documents, seed)
    with timed(f"{documents:,} documents written, and in the graph"):
        folder.live("fill")
    tell("a start", folder.live("look"))
    kill(folder, kills)
    with timed("every document looked at"):
        folder.live("look", every=True)
    look_after(folder, base)
    reindex(folder)
    with timed("the process that drops it"):
        dropped = folder.live("drop")
    print(f"  of which the drop {dropped.taken_s:.2f} s; {dropped.documents} documents are left", flush=True)
    if dropped.documents:
        raise WrongError("what was dropped is there")


def kill(folder: Folder, kills: int) -> None:
    """Kill so many processes, and tell how their starts were."""
    found = [one for _ in range(kills) if (one := folder.kill()) is not None]
    tell("after the last kill", folder.live("look"))
    print(f"{kills} kills, {kills - len(found)} of them before all was looked at; ", end="")
    print(f"{folder.acknowledged} transactions acknowledged, nothing lost, nothing back", flush=True)
    if found:
        right_s, graph_s = [one.right_s for one in found], [one.graph_s for one in found]
        print(f"  to the first right answer {statistics.median(right_s):.2f} s, {max(right_s):.2f} at most; ", end="")
        print(f"until the graph is there {statistics.median(graph_s):.2f} s, {max(graph_s):.2f} at most", flush=True)


def look_after(folder: Folder, base: Path) -> None:
    """Do with the folder what its owner does."""
    with timed("doctor"):
        command("doctor", folder.data)
    with timed("backup"):
        command("backup", base / "backup", "--data", folder.data)
    with timed("restore"):
        command("restore", base / "backup", "--data", base / "restored")
    with timed("the restored folder opened and its graph built"):
        folder.live("look", folder=base / "restored")
    shutil.rmtree(base / "restored")
    shutil.rmtree(base / "backup")
    with timed("compact"):
        command("compact", "--data", folder.data)


def reindex(folder: Folder) -> None:
    """Have all vectors computed anew, by processes of which the first are killed."""
    folder.model += 1
    for first_s, each_s in REINDEX_KILLS:
        folder.kill("reindex", first_s + each_s * folder.next)
    with timed("reindexing after two kills, and all looked at"):
        found = folder.live("reindex")
    print(f"  of which vectors and graph {found.taken_s:.1f} s", flush=True)
    tell("a start after it", folder.live("look"))


def tell(what: str, found: Found) -> None:
    print(f"{what}: right after {found.right_s:.2f} s, the graph is there after {found.graph_s:.2f} s", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="large-") as base:
        try:
            live(Path(base), given.documents, given.kills, given.seed)
        except WrongError as problem:
            print(problem)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
