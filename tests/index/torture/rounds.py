"""Lives and kills, one after the other in one folder, and what is left looked at in between.

Named points are where the index says that it is there and kills itself. The others are moments that the victim comes
to; it is killed a random while after. `opening` follows other kills with nothing looked at in between, so that what
is killed there is the recovery.
"""

import itertools
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tests.index.torture.harm import harm, harm_words
from tests.index.torture.inspection import Inspection, inspect, inspect_backup
from tests.index.torture.operations import CUTTINGS, DEFAULT, Contents, Model, State
from tests.index.torture.verdicts import Backup, Log, Verdict, judge, judge_one, read_log
from tests.index.torture.victim import Orders

POINTS = ("after_commit", "in_save", "before_rename", "after_rename", "before_row", "before_words", "after_words")
# How long after a victim has come there it may be killed.
MOMENTS_S = {
    "opening": 0.4,
    "ready": 0.4,
    "creating": 0.03,
    "dropping": 0.03,
    "backing_up": 0.03,
    "recutting": 0.3,  # before a reindexing, after which all are another model's
    "reindexing": 0.3,
    "exchanging": 0.02,
    "closing": 0.05,
}
# The moments that a victim comes to more than once, and how often it may before it is killed.
REPEATED = {"creating": 4, "dropping": 4, "backing_up": 6}
MOMENTS = (*POINTS, *(moment for moment in MOMENTS_S if moment != "opening"))
LIMIT_S = 60


class Figures(msgspec.Struct):
    """What came of all rounds."""

    kills: int = 0
    moments: dict[str, int] = {}
    inspections: int = 0
    acknowledged: int = 0
    in_doubt: int = 0
    backups: int = 0
    backups_cut_off: int = 0
    harmed: int = 0
    needed: int = 0
    noticed: int = 0
    trusted: int = 0
    rejected: int = 0
    words_harmed: int = 0
    searches: int = 0
    missed: int = 0
    verdict: Verdict = msgspec.field(default_factory=Verdict)
    problems: list[str] = []

    @property
    def clean(self) -> bool:
        """Whether everything is as it was said to be."""
        return self.verdict.clean and not self.problems and not self.trusted and self.missed <= self.searches // 100

    def __str__(self) -> str:
        at = ", ".join(f"{name} {count}" for name, count in sorted(self.moments.items()))
        return (
            f"{self.kills} kills ({at}); {self.inspections} looks at what was left\n"
            f"{self.acknowledged} operations acknowledged, {self.in_doubt} begun and cut off: "
            f"{self.verdict.lost} lost, {self.verdict.back} deleted and back, {self.verdict.phantom} never asked for\n"
            f"snapshots harmed after {self.harmed} kills; the one to load next was harmed at {self.needed} starts: "
            f"{self.noticed} noticed, {self.trusted} trusted; {self.rejected} passed over in all\n"
            f"the index of words harmed after {self.words_harmed} kills\n"
            f"{self.backups} backups as they should be, {self.backups_cut_off} of them cut off; "
            f"{self.missed} of {self.searches} searches through the view did not find their document first"
        )


class Torture:
    """One folder, from its making until `close`; `state` is what is in it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._seed = seed
        self.base = Path(tempfile.mkdtemp(prefix="torture-"))
        self.folder, self._backups = self.base / "data", self.base / "backups"
        self._logs: list[Path] = []
        self._model = Model(0)
        self.unnoticed: set[str] = set()
        self.state: State = {DEFAULT: Contents(0, {})}
        self.figures = Figures()
        self._live("closed", fill=True)
        self.look()

    def close(self) -> None:
        shutil.rmtree(self.base)

    def kill(self, moment: str, harmful: bool, lie: str = "") -> None:
        """Have a victim live until the moment, and perhaps harm the snapshots that it leaves."""
        if moment in {"reindexing", "exchanging"}:
            self._model = Model(self._model.generation + 1, self._model.cutting)
        if moment == "recutting":
            self._model = Model(self._model.generation, (self._model.cutting + 1) % CUTTINGS)
        come_to = self._live(moment, lie=lie)
        self.figures.kills += 1
        self.figures.moments[come_to] = self.figures.moments.get(come_to, 0) + 1
        self.see_noticed(read_log(self._logs[-1].read_text("utf-8")).rejected)
        if harmful:
            done = harm(self.folder / "collections" / DEFAULT, self._random)
            self.figures.harmed += bool(done.files)
            self.figures.words_harmed += harm_words(self.folder / "collections" / DEFAULT, self._random)
            self.unnoticed |= {done.needed} if done.needed else set()

    def see_noticed(self, rejected: Sequence[str] | None) -> None:
        """Hold what a start passed over to what it had to; None is a start that never came to load any."""
        if rejected is None:
            return
        self.figures.rejected += len(rejected)
        for name in self.unnoticed:
            self.figures.needed += 1
            if any(name in line for line in rejected):
                self.figures.noticed += 1
            else:
                self.figures.trusted += 1
        self.unnoticed.clear()

    def _live(self, moment: str, fill: bool = False, lie: str = "") -> str:
        """Return what the victim had come to when it was killed."""
        log = self.base / f"log-{len(self._logs)}"
        self._logs.append(log)
        orders = Orders(
            folder=str(self.folder),
            log=str(log),
            backups=str(self._backups),
            seed=self._seed * 100_003 + self.figures.kills,
            model=self._model,
            moment=moment,
            fill=fill,
            lie=lie,
        )
        command = [sys.executable, "-m", "tests.index.torture.victim", msgspec.json.encode(orders).decode()]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            come_to = moment if fill else self._await(process, moment)
            status = process.wait(LIMIT_S)
        assert status == (0 if fill else -signal.SIGKILL), f"at {moment} the victim ended with {status}"
        return come_to

    def _await(self, process: "subprocess.Popen[bytes]", moment: str) -> str:
        """Kill the victim a while after it has come to the moment, or at its end; at a point it kills itself."""
        assert process.stdout is not None
        wanted = self._random.randint(1, REPEATED.get(moment, 1))
        for line in process.stdout:
            said = line.decode().strip()
            wanted -= said == moment
            if said == "closed" or (said == moment and wanted == 0):
                longest_s = MOMENTS_S.get(said, 0.0) * self._random.choice([0.2, 1])
                time.sleep(self._random.uniform(0, longest_s))
                process.kill()
                return said
        return moment

    def look(self) -> Inspection:
        """Open what is left, and judge it."""
        figures = self.figures
        log = read_log("\n".join(file.read_text("utf-8") for file in self._logs))
        found = inspect(self.folder, self._model, self._random)
        figures.inspections += 1
        acknowledged = sum(map(len, log.acknowledged.values()))
        figures.acknowledged += acknowledged
        figures.in_doubt += sum(map(len, log.operations.values())) - acknowledged
        figures.verdict.add(judge(self.state, log, found.state))
        self._take(found)
        if found.foreign:
            self.unnoticed.clear()  # another model's view is not loaded at all, and the exchange forgets its snapshots
        self.see_noticed(found.rejected)
        for backup in log.backups:
            self._look_at_backup(log, backup)
        self.state = found.state
        for file in self._logs:
            file.unlink()
        self._logs.clear()
        shutil.rmtree(self._backups, ignore_errors=True)
        return found

    def _take(self, found: Inspection) -> None:
        self.figures.searches += found.searches
        self.figures.missed += found.missed
        self.figures.problems += found.problems

    def _look_at_backup(self, log: Log, backup: Backup) -> None:
        found = inspect_backup(self._backups / str(backup.number), self._model, self._random)
        self._take(found)
        if backup.acknowledged and DEFAULT not in found.state:
            self.figures.problems.append(f"the backup {backup.number} has no collection {DEFAULT}")
        for name, contents in found.state.items():
            operations = log.operations.get(name, [])
            bounds = (backup.least.get(name, 0), backup.most.get(name, 0))
            self.figures.verdict.add(judge_one(name, self.state.get(name), operations, bounds, contents))
        self.figures.backups += 1
        self.figures.backups_cut_off += not backup.acknowledged


def torture(kills: int, seed: int, report: Callable[[str], None] = lambda _: None) -> Figures:
    """Kill so many times in one folder, and see in between that everything is as it was said to be."""
    random_ = random.Random(seed)
    torture = Torture(seed)
    kinds = itertools.cycle(MOMENTS)
    try:
        while torture.figures.kills < kills:
            torture.kill(next(kinds), random_.random() < 1 / 3)
            while random_.random() < 1 / 3 and torture.figures.kills < kills:
                torture.kill("opening", random_.random() < 1 / 3)
            torture.look()
            report(f"{torture.figures.kills} kills: {torture.figures.verdict}, {torture.figures.problems}")
    finally:
        torture.close()
    return torture.figures
