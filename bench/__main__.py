"""`python -m bench COMMAND --json FILE`: runs one command, writes its figures, prints its table.

Exits with 0 when it measured, whatever the figures are, and with 1 and one line when it could not.
"""

import argparse
import importlib
import sys
from pathlib import Path

from bench.errors import BenchError
from bench.options import add_common_arguments
from bench.results import Command, prepare_file, write_json
from export import ExportError
from models import ArtifactError
from server import ServerError

COMMANDS = {
    "batching": "which rule for what runs together serves most and keeps waits short, simulated on real costs",
    "fidelity": "how true the served embeddings are to fp32, and whether a batch changes their bits",
    "kernels": "how long the graphs take on one core, beside optimum's",
    "scale": "how cost grows with tokens, and throughput with cores",
}


def main(arguments: list[str] | None = None) -> int:
    """Measure as the command line says; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    name = _parser().parse_args(given[:1]).command
    try:
        _run(name, given[1:])
    except (BenchError, ArtifactError, ExportError, ServerError) as error:
        print(f"bench {name}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"bench {name}: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def _run(name: str, arguments: list[str]) -> None:
    command = _load(name)
    parser = argparse.ArgumentParser(prog=f"python -m bench {name}", description=COMMANDS[name])
    add_common_arguments(parser)
    command.add_arguments(parser)
    options = parser.parse_args(arguments)
    file: Path = options.json
    prepare_file(file)
    outcome = command.measure(options)
    write_json(file, outcome.figures)
    print("\n".join(outcome.table))


def _load(name: str) -> Command:
    """Import only the command that is asked for: each has needs of its own.

    Raises:
        BenchError: a package of the extra `bench` is missing.
    """
    try:
        module = importlib.import_module(f"bench.{name}")
    except ModuleNotFoundError as error:
        message = f"the package {error.name} is missing; pip install --editable '.[cpu,bench]' brings it"
        raise BenchError(message) from error
    return Command(module.add_arguments, module.measure)


def _parser() -> argparse.ArgumentParser:
    lines = [f"  {name:<10} {about}" for name, about in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        usage="python -m bench COMMAND --json FILE ...",
        description="\n".join(["Measure vecd.", "", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", choices=COMMANDS, metavar="COMMAND", help="one of the above; COMMAND --help says more"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
