"""pyproject, the constraints and what is installed say the same."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import bench
import export
import models
import server

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROOMS = ("bench", "export", "index", "models", "server")
# Run by path in environments of their own.
SCRIPTS = {ROOT / "bench" / "peers" / "services", ROOT / "export" / "scripts"}
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: str) -> dict[str, str]:
    lines = [line.split("#")[0].strip() for line in (ROOT / file).read_text("utf-8").splitlines()]
    return {canonical(name): version for name, _, version in (line.partition("==") for line in lines if line)}


def required(extra: str) -> list[str]:
    found: list[str] = PROJECT["project"]["optional-dependencies"][extra]
    return found


def names(requirements: list[str]) -> set[str]:
    return {canonical(match[0]) for text in requirements if (match := NAME.match(text))}


@pytest.mark.parametrize(
    ("file", "requirements"),
    [
        ("constraints.txt", PROJECT["project"]["dependencies"]),
        *(("constraints.txt", required(extra)) for extra in ("cpu", "cuda", "parquet", "bench", "test", "dev")),
        ("export/constraints-optimum.txt", required("optimum")),
    ],
)
def test_every_requirement_is_pinned(file: str, requirements: list[str]) -> None:
    assert names(requirements) <= set(pins(file))


def test_every_pin_is_one_exact_version() -> None:
    for file in ("constraints.txt", "export/constraints-optimum.txt"):
        assert all(re.fullmatch(r"[0-9][0-9A-Za-z.!]*", version) for version in pins(file).values()), file


def test_everything_installed_is_pinned_at_its_version() -> None:
    """A transitive dependency that nobody pinned would change under our users."""
    pinned = pins("constraints.txt")
    ours = {"pip", "setuptools", "wheel", "vecd"}
    installed = {canonical(found.metadata["Name"]): found.version for found in metadata.distributions()}
    assert {name: version for name, version in installed.items() if name not in ours} == {
        name: pinned.get(name) for name in installed if name not in ours
    }


def test_no_torch_comes_with_the_light_path() -> None:
    light = PROJECT["project"]["dependencies"] + required("cpu")
    assert not names(light) & {"torch", "transformers", "optimum", "optimum-onnx"}
    assert not set(pins("constraints.txt")) & {"torch", "transformers"}


def test_the_rooms_are_packages_of_the_checkout_wherever_python_runs() -> None:
    for room in (bench, export, models, server):
        assert Path(str(room.__file__)).parent.parent == ROOT
        assert (ROOT / room.__name__ / "py.typed").is_file()


def test_every_folder_of_the_rooms_with_code_is_a_package() -> None:
    """A folder without an `__init__.py` would be left out of a wheel."""
    found = PROJECT["tool"]["setuptools"]["packages"]["find"]
    assert sorted(found["include"]) == [f"{room}*" for room in ROOMS]
    assert found["namespaces"] is False
    for folder in {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")} - SCRIPTS:
        assert (folder / "__init__.py").is_file(), folder


def test_every_file_of_the_pages_is_packaged() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["server"]
    found = {path for pattern in patterns for path in (ROOT / "server").glob(pattern) if path.is_file()}
    assert found == {path for path in (ROOT / "server" / "static").rglob("*") if path.is_file()}
