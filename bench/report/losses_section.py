"""The page's part on what vecd loses: the losses of every raw file in one table, and the goals that are not met."""

from collections.abc import Iterator

from bench.figures.files import Results
from bench.report.losses import Loss, is_within_noise, kernel_losses, peer_losses
from bench.report.markdown import NOT_MEASURED, noisy, number, table

HEAD = """
Every row and measure where the median of another server, or the time of another graph, is better than vecd's, also
where the difference is within the noise; and every goal that is not met. Cores are left out: a server that does less
uses less of them.
"""


def render_losses(results: Results) -> list[str]:
    """Return the table, and a line for each goal that is not met or not measured."""
    rows = []
    for label, peers in results.peers.items():
        rows += [_loss_cells(f"peers-{label}.json", loss) for loss in peer_losses(peers)]
    for label, kernels in results.kernels.items():
        rows += [_loss_cells(f"kernels-{label}.json", loss) for loss in kernel_losses(kernels)]
    head = ["raw result", "row", "measure", "vecd", "better", "its figure", "times better"]
    lines = table(head, rows, figures=False) if rows else ["Nothing, in what is measured.", ""]
    if not results.peers:
        lines += [f"Against other servers: {NOT_MEASURED}.", ""]
    return [*HEAD.strip().splitlines(), "", *lines, *_goals_not_met(results)]


def _goals_not_met(results: Results) -> Iterator[str]:
    for file, goals in results.goals().items():
        for name, goal in goals.items():
            if not goal.met:
                value = f"{number(goal.value)} of {number(goal.goal)}"
                verdict = f"not met, {value}" if goal.met is False else NOT_MEASURED
                yield from (f"Goal of {file}, {name}: {verdict}.", "")


def _loss_cells(file: str, loss: Loss) -> list[str]:
    times = ""
    if loss.ratio is not None:
        exact = loss.ratio.noise == 0
        times = f"{loss.ratio.median:.4f}" if exact else noisy(loss.ratio)
    return [
        file,
        loss.row,
        loss.measure,
        loss.ours,
        loss.winner,
        loss.theirs,
        f"{times}, within the noise" if is_within_noise(loss) else times,
    ]
