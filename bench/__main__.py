"""`python -m bench COMMAND`: measures, writes the figures to --json FILE and prints a table, or reads such files.

Exits with 0 when it measured, whatever the figures are, and with 1 and one line when it could not. Only `gate` judges:
it also exits with 1 where a ratio fell. A command is imported when it is asked for, with all that it needs.
"""

import argparse
import importlib
import sys
from types import ModuleType

from bench.errors import BenchError

COMMANDS = {
    "peers": "vecd against what people use in its place",
    "load": "one load on one server: throughput, latency to p99.9, errors, cost",
    "index": "searches and documents in process: recall, milliseconds, memory, and how they grow with the documents",
    "passages": "what documents of several passages cost beside as many of one",
    "ingest": "how fast documents become durable over HTTP, beside the embeddings alone",
    "door": "requests a second for a text in the cache, with keys and limits, beside uvicorn alone; every dialect",
    "mixed": "a mix of short and long texts: vecd's engine against padding, and how long the short ones wait",
    "overload": "more than vecd can do: what is refused and how, and how the rest fares",
    "budget": "one client that behaves beside many that do the worst that the limits allow: its waits, and memory",
    "soak": "minutes of good and bad requests and of clients that leave, and what they leave behind",
    "batching": "which rule for what runs together serves most and keeps waits short, simulated on real costs",
    "fidelity": "how true the served embeddings are to fp32, and whether a batch changes their bits",
    "retrieval": "how good the documents are that searches find, beside exact fp32, BM25 and their weighted sum",
    "kernels": "how long the graphs take beside optimum's and OpenVINO's, their peak, their operators",
    "scale": "how cost grows with tokens, and throughput with cores",
    "ragged": "what runs of texts of any lengths gain over padded ones, and all cores over one",
}
READERS = {
    "gate": "whether a result is worse than an earlier one, beyond the noise of both",
    "report": "docs/benchmarks.md, its pictures and the README's part, from bench/results",
}
PLACES = {"report": "bench.report"}  # of modules that are not in bench.commands


def main(arguments: list[str] | None = None) -> int:
    """Run the command, and return the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    name = _parser().parse_args(given[:1]).command
    try:
        return _read(name, given[1:]) if name in READERS else _measure(name, given[1:])
    except BenchError as error:
        print(f"bench {name}: {error}", file=sys.stderr)
    except OSError as error:
        print(f"bench {name}: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
    return 1


def _measure(name: str, arguments: list[str]) -> int:
    execution, module = _load("bench.commands.execution"), _load(f"bench.commands.{name}")
    print("\n".join(execution.run_command(name, COMMANDS[name], module, arguments)))
    return 0


def _read(name: str, arguments: list[str]) -> int:
    module = _load(PLACES.get(name, f"bench.commands.{name}"))
    parser = argparse.ArgumentParser(prog=f"python -m bench {name}", description=READERS[name])
    module.add_arguments(parser)
    reading = module.read(parser.parse_args(arguments))
    print("\n".join(reading.lines))
    return int(reading.status)


def _load(module: str) -> ModuleType:
    """Import a module.

    Raises:
        BenchError: a package of the extra `bench` is missing.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        message = f"the package {error.name} is missing; pip install --editable '.[cpu,bench]' brings it"
        raise BenchError(message) from error


def _parser() -> argparse.ArgumentParser:
    lines = [f"  {name:<10} {about}" for name, about in {**COMMANDS, **READERS}.items()]
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        usage="python -m bench COMMAND ...",
        description="\n".join(["Measure vecd, and read what was measured.", "", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", choices=[*COMMANDS, *READERS], metavar="COMMAND", help="one of the above; COMMAND --help says more"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
