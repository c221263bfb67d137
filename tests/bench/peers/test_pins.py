from pathlib import Path

from bench.peers.checkpoints import SERVICES
from bench.peers.contestants import contestants
from bench.peers.pins import decisive_versions


def test_the_decisive_packages_of_a_file_stand_with_their_versions(tmp_path: Path) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text("# torch==1\nInfinity_emb==0.0.78\nzzz==1\ntorch==2.13.0  # the CPU build\n")
    assert decisive_versions(pins) == {"infinity-emb": "0.0.78", "torch": "2.13.0"}


def test_every_file_of_pins_names_decisive_packages() -> None:
    files = sorted(SERVICES.glob("*.txt"))
    assert files
    assert all(decisive_versions(file) for file in files)


def test_every_server_that_runs_from_pins_says_its_versions() -> None:
    versions = {one.name: one.versions for one in contestants(Path(), "cpu")}
    assert versions["gunicorn-st"].keys() >= {"gunicorn", "sentence-transformers", "torch"}
    assert versions["st-openvino"].keys() >= {"openvino", "nncf"}
    assert versions["vecd"].keys() == {"numpy", "onnxruntime", "python"}
    assert {name for name, found in versions.items() if not found} == {"text-embeddings-inference"}
