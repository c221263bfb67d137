"""The page's part on how the figures came about: machines, versions, and the commands that give them anew."""

from bench.figures.files import Results
from bench.figures.raw import Measured
from bench.report.markdown import table

STS_KINDS = ("fidelity", "ragged", "index")  # commands that read the STS benchmark


def render_provenance(results: Results) -> list[str]:
    """Return a row for each raw file, and every command."""
    files = results.files()
    commands = [command_line(file, result) for file, result in files.items()]
    rows = [[file, *_machine_cells(result)] for file, result in files.items()]
    return [
        "## Machine and commands",
        "",
        *table(["raw result", "processor", "architecture", "cores", "instructions", "versions"], rows, figures=False),
        *["```sh", *commands, "python -m bench report", "```", ""],
        "DIR is the folder of the STS benchmark, with stsb-en-dev.csv and stsb-en-test.csv.",
        "",
    ]


def command_line(file: str, result: Measured) -> str:
    """Return the command that writes the raw file, with every flag that its figures depend on."""
    kind = file.partition("-")[0]
    flags = {
        "--data": "DIR" if kind in STS_KINDS else None,
        "--model": result.model,
        "--provider": result.provider if result.provider != "cpu" else None,
        "--rounds": result.rounds,
        "--seconds": f"{result.seconds:g}" if result.seconds is not None else None,
        "--seed": result.seed,
    }
    given = " ".join(f"{flag} {value}" for flag, value in {**flags, **result.flags}.items() if value is not None)
    return f"python -m bench {kind} {given} --json bench/results/{file}".replace("  ", " ")


def _machine_cells(result: Measured) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    machine = result.machine
    if machine is None:
        return ["not told", "", "", "", versions]
    return [machine.processor, machine.architecture, str(machine.cores), " ".join(machine.flags), versions]
