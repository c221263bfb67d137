"""The page docs/benchmarks.md: a section for each command, of what the raw results hold and of what they lack."""

from collections.abc import Mapping

import msgspec

from bench.figures.files import Results
from bench.report.budget import render_budget
from bench.report.door import render_door
from bench.report.fidelity import render_fidelity
from bench.report.kernels import render_kernels
from bench.report.losses_section import render_losses
from bench.report.markdown import NOT_MEASURED, table
from bench.report.nested import render_nested
from bench.report.peers import render_goals, render_peers
from bench.report.provenance import render_provenance
from bench.report.ragged import render_ragged
from bench.report.retrieval import render_retrieval

GPU_ROWS = ("1 text, 1 connection", "1 text, 16 connections", "32 texts, 16 connections", "mixed, 16 connections")
HEAD = """# Benchmarks

`python -m bench report` writes this page from the [raw results]({results}), and a test holds that it says what they
say. Figures are medians over the rounds; ± is half the interquartile range, or half the range where there are fewer
than four rounds.
"""


class Beside(msgspec.Struct, frozen=True):
    """What stands beside a raw file, by its name: the link to its picture, and notes by whoever measured."""

    pictures: Mapping[str, str]
    notes: Mapping[str, str]


def render_page(results: Results, folder: str, beside: Beside) -> str:
    """Return the page; `folder` is the link to the raw results."""
    lines = [*HEAD.format(results=folder).splitlines(), "", *render_provenance(results)]
    lines += _section("Servers side by side", "peers", {n: render_peers(r) for n, r in results.peers.items()}, beside)
    door = {label: render_door(result) for label, result in results.door.items()}
    lines += _section("The door", "door", door, beside)
    lines += ["## Goals", "", *_goals(results)]
    lines += ["## What vecd loses", "", *render_losses(results)]
    fidelity = {label: render_fidelity(result) for label, result in results.fidelity.items()}
    lines += _section("Fidelity and batches", "fidelity", fidelity, beside)
    retrieval = {label: render_retrieval(result) for label, result in results.retrieval.items()}
    lines += _section("Retrieval", "retrieval", retrieval, beside)
    kernels = {label: render_kernels(result) for label, result in results.kernels.items()}
    lines += _section("Graphs without a server", "kernels", kernels, beside)
    ragged = {label: render_ragged(result) for label, result in results.ragged.items()}
    lines += _section("Runs without padding", "ragged", ragged, beside)
    budget = {label: render_budget(result) for label, result in results.budget.items()}
    lines += _section("One client beside the worst", "budget", budget, beside)
    for kind, files in results.nested.items():
        nested = {label: render_nested(result.figures) for label, result in files.items()}
        lines += _section(f"The command {kind}", kind, nested, beside)
    gpu = table(["vecd on a GPU", "requests/s"], [[row, NOT_MEASURED] for row in GPU_ROWS])
    return "\n".join([*lines, "## GPU", "", *gpu]).rstrip() + "\n"


def _goals(results: Results) -> list[str]:
    goals = results.goals()
    tables = [line for file, found in goals.items() for line in (f"From {file}.", "", *render_goals(found))]
    return tables or [f"{NOT_MEASURED}: `python -m bench peers` and `door` have no result here yet", ""]


def _section(title: str, kind: str, files: Mapping[str, list[str]], beside: Beside) -> list[str]:
    lines = [f"## {title}", ""]
    for label, body in files.items():
        file = f"{kind}-{label}.json"
        picture = [f"![{title}: {file}]({beside.pictures[file]})", ""] if file in beside.pictures else []
        notes = [*beside.notes[file].splitlines(), ""] if file in beside.notes else []
        lines += [f"From {file}.", "", *notes, *picture, *body]
    return lines if files else [*lines, f"{NOT_MEASURED}: `python -m bench {kind}` has no result here yet", ""]
