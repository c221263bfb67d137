"""The page's part on how the figures came about: machines, versions, and the commands that give them anew."""

from collections.abc import Mapping

from msgspec import UNSET

from bench.figures.files import Results
from bench.figures.origin import Origin
from bench.machine import Machine
from bench.report.markdown import table

STS_KINDS = ("fidelity", "ragged", "index", "passages")  # commands that read the STS benchmark
# What stands for the folder of each kind's data.
DATA = {**dict.fromkeys(STS_KINDS, "DIR"), "retrieval": "COLLECTIONS"}
NOT_TOLD = "not told"


def render_provenance(results: Results) -> list[str]:
    """Return each machine once, the raw results by machine and versions, and every command."""
    files = results.files()
    commands = [command_line(file, result) for file, result in files.items()]
    names = name_machines(files)
    return [
        "## Machine and commands",
        "",
        *_machines(names),
        *_raw_results(files, names),
        *["```sh", *commands, "python -m bench report", "```", ""],
        "DIR is the folder of the STS benchmark, with stsb-en-dev.csv and stsb-en-test.csv. COLLECTIONS holds test",
        "collections, each a folder with corpus.jsonl, queries.jsonl and qrels.json.",
        "",
    ]


def command_line(file: str, result: Origin) -> str:
    """Return the command that writes the raw file, with every flag that its figures depend on."""
    kind = file.partition("-")[0]
    flags = {
        "--data": DATA.get(kind),
        "--model": result.model,
        "--provider": result.provider if result.provider != "cpu" else None,
        "--rounds": None if result.rounds is UNSET else result.rounds,
        "--seconds": None if result.seconds is UNSET else f"{result.seconds:g}",
        "--seed": result.seed,
        **(result.flags or {}),
    }
    given = " ".join(f"{flag} {value}" for flag, value in flags.items() if value is not None)
    return f"python -m bench {kind} {given} --json bench/results/{file}".replace("  ", " ")


def name_machines(files: Mapping[str, Origin]) -> dict[Machine, str]:
    """Number the machines in the order of the files."""
    machines = dict.fromkeys(result.machine for result in files.values() if result.machine is not None)
    return {machine: f"machine {number}" for number, machine in enumerate(machines, 1)}


def _machines(names: Mapping[Machine, str]) -> list[str]:
    rows = [
        [name, machine.processor, machine.architecture, str(machine.cores), " ".join(machine.flags)]
        for machine, name in names.items()
    ]
    return table(["", "processor", "architecture", "cores", "instructions"], rows, figures=False) if rows else []


def _raw_results(files: Mapping[str, Origin], names: Mapping[Machine, str]) -> list[str]:
    groups: dict[tuple[str, str], list[str]] = {}
    for file, result in files.items():
        machine = NOT_TOLD if result.machine is None else names[result.machine]
        versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
        groups.setdefault((machine, versions), []).append(file)
    rows = [[machine, versions, ", ".join(found)] for (machine, versions), found in groups.items()]
    return table(["machine", "versions", "raw results"], rows, figures=False)
