"""What misses its bar is not written."""

import shutil
import unicodedata
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import export.artifact
import export.calibration
from export import Checkpoint, ExportError
from export.corpus import read_corpus
from export.smoothing import QuantizedSite, Reach
from export.verification import Bar, Reference, check_fidelity, check_reference, measure_fidelity
from models import Fidelity
from tests.tiny import TINY, SilentProgress, export_tiny, tiny_entry, write_checkpoint

ROWS = np.eye(3, 8, dtype=np.float32)
EXACT = ROWS.astype(np.float64)


def test_a_graph_that_differs_from_the_reference_is_refused() -> None:
    check_reference("fp32 graph", ROWS, EXACT + 1e-7)
    with pytest.raises(ExportError, match="the fp32 graph is wrong"):
        check_reference("fp32 graph", ROWS, EXACT + 1e-4)
    with pytest.raises(ExportError, match="the fp32 graph is wrong"):
        check_reference("fp32 graph", np.full_like(ROWS, np.nan), EXACT)


@pytest.mark.parametrize(("mean", "least"), [(0.99, 0.98), (0.999, 0.9), (float("nan"), 0.99)])
def test_int8_below_its_bar_is_refused(mean: float, least: float) -> None:
    bar = Bar(cosine_mean=0.995, cosine_min=0.965)
    check_fidelity("int8", Fidelity(10, 0.998, 0.985), bar)
    with pytest.raises(ExportError, match="the int8 graph is not true enough"):
        check_fidelity("int8", Fidelity(10, mean, least), bar)


def test_fidelity_is_the_cosine_with_the_reference() -> None:
    class Runner:
        def embed_all(self, encodings: list[list[int]], _: object) -> np.ndarray:
            return np.array([[0.6, 0.8] if ids == [1] else [1.0, 0.0] for ids in encodings], np.float32)

    reference = Reference([[1], [2]], np.array([[1, 0], [1, 0]], np.float32))
    found = measure_fidelity(Runner(), reference, lambda: None)  # type: ignore[arg-type]
    assert found.texts == 2
    assert found.cosine_mean == pytest.approx(0.8)
    assert found.cosine_min == pytest.approx(0.6)


def test_a_bad_quantization_leaves_the_older_artifact_in_place(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_models / TINY, tmp_path / TINY)
    before = {path.name: path.read_bytes() for path in (tmp_path / TINY).iterdir()}

    def clipping(_: str, reach: Reach, *__: object) -> QuantizedSite:
        return QuantizedSite(np.ones(len(reach.high), np.float32), 0.002, 128)

    monkeypatch.setattr(export.calibration, "choose_site", clipping)
    checkpoint = write_checkpoint(tmp_path / "again")
    entry, source = tiny_entry(checkpoint), Checkpoint(checkpoint, "folder", "made here")
    with pytest.raises(ExportError, match="not true enough"):
        export.artifact.export_artifact(TINY, entry, source, tmp_path, SilentProgress())
    assert {path.name: path.read_bytes() for path in (tmp_path / TINY).iterdir()} == before


def test_the_same_checkpoint_gives_the_same_artifact(tiny_models: Path, tmp_path: Path) -> None:
    one, other = tiny_models / TINY, export_tiny(tmp_path / "other") / TINY
    assert {p.name: p.read_bytes() for p in one.iterdir()} == {p.name: p.read_bytes() for p in other.iterdir()}


def test_the_corpora_are_varied_and_hold_no_text_in_common() -> None:
    calibration, verification = read_corpus("calibration"), read_corpus("verification")
    assert len(calibration) >= 400
    assert len(verification) >= 150
    assert len(read_corpus("probes")) >= 10
    assert len(set(calibration)) == len(calibration)
    assert "" in verification
    assert not set(calibration) & {*verification, *read_corpus("probes")}
    assert any(len(text.split()) > 180 for text in calibration)
    assert sum(not text.isascii() for text in calibration) > 40


@pytest.mark.parametrize("part", ["calibration", "verification"])
def test_the_corpora_hold_every_script_of_the_vocabulary_and_its_special_tokens(
    part: Literal["calibration", "verification"],
) -> None:
    texts = " ".join(read_corpus(part))
    assert all(token in texts for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"))
    scripts = {unicodedata.name(letter).split()[0] for letter in texts if letter.isalpha()}
    assert scripts >= {
        *("ARABIC", "ARMENIAN", "BENGALI", "CJK", "CYRILLIC", "DEVANAGARI", "GEORGIAN", "GREEK", "HANGUL", "HEBREW"),
        *("HIRAGANA", "KANNADA", "KATAKANA", "LATIN", "MODIFIER", "MYANMAR", "SINHALA", "TAMIL", "THAI", "TIBETAN"),
    }
