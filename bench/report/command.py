"""`bench report`: reads the raw results, renders every file, and writes them."""

import argparse
import os
from pathlib import Path

import msgspec

from bench.environments import ROOT
from bench.figures.files import read_results
from bench.figures.outcomes import Reading
from bench.report.page import Beside, render_page
from bench.report.pictures import draw_pictures
from bench.report.readme import render_part, rewrite_readme


class Places(msgspec.Struct, frozen=True):
    """Where the raw results are, and where the page and the README's part go. The pictures lie beside the page."""

    results: Path
    page: Path
    readme: Path


DEFAULTS = Places(ROOT / "bench" / "results", ROOT / "docs" / "benchmarks.md", ROOT / "README.md")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--results", type=Path, default=DEFAULTS.results, metavar="DIR", help="folder of the raw results"
    )
    parser.add_argument("--out", type=Path, default=DEFAULTS.page, metavar="FILE", help="the page that is written")
    parser.add_argument(
        "--readme", type=Path, default=DEFAULTS.readme, metavar="FILE", help="the README whose part is rewritten"
    )


def read(options: argparse.Namespace) -> Reading:
    """Write the page, the pictures and the README's part; nothing is written if one of them cannot be made."""
    files = render(Places(options.results, options.out, options.readme))
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Reading([str(path) for path in files])


def render(places: Places) -> dict[Path, bytes]:
    """Return the content of every file, by its path.

    Raises:
        BenchError: a raw result is not what its name says, or the README has no markers.
    """
    results = read_results(places.results)
    readme = places.readme.read_text("utf-8")
    drawn = draw_pictures(results)
    paths = {f"{name}.json": places.page.parent / "pictures" / f"{name}.svg" for name in drawn}
    notes = {f"{note.stem}.json": note.read_text("utf-8") for note in sorted(places.results.glob("*.md"))}
    beside = Beside(_links(places.page, paths), notes)
    page = render_page(results, _link(places.page, places.results), beside)
    part = render_part(results, _links(places.readme, paths))
    return {
        places.page: page.encode(),
        places.readme: rewrite_readme(readme, part).encode(),
        **{paths[f"{name}.json"]: picture for name, picture in drawn.items()},
    }


def _links(source: Path, paths: dict[str, Path]) -> dict[str, str]:
    return {file: _link(source, path) for file, path in paths.items()}


def _link(source: Path, target: Path) -> str:
    """Return the relative path from the file `source` to the target."""
    return Path(os.path.relpath(target, source.parent)).as_posix()
