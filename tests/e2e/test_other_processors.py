"""The real model where ONNX Runtime has no AVX-512: its int8 kernels saturate there, and the self-check must see it.

The other processor is a copy of ONNX Runtime whose question to the processor, xgetbv, is answered by a constant:
registers of 256 bits are there, wider ones are not. Everything that it then runs is its real code for AVX2.
"""

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models import ARTIFACTS, lacks_all
from models.runtime import onnxruntime
from tests.running import clean_environment

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(platform.machine() != "x86_64" or lacks_all(("avx2",)), reason="needs x86-64 with AVX2"),
]

FOLDER = ARTIFACTS / "all-MiniLM-L6-v2"
XGETBV, AVX2_ALONE = b"\x0f\x01\xd0", b"\xb0\x07\x90"  # mov al, 7; nop
CHOOSE = """
import json, sys
from functools import partial
from pathlib import Path
from models import KernelsMissing, load_manifest
from models.runtime import onnxruntime
from models.tokenizer import open_tokenizer
from server.engine.sessions.ragged import RaggedSession
from server.engine.sessions.selfcheck import SESSIONS, Host, choose_variant
folder, told = Path(sys.argv[1]), json.loads(sys.argv[2])
manifest = load_manifest(folder)
tokenizer = open_tokenizer(folder / manifest.tokenizer, manifest.max_tokens)
host = Host("cpu", 1, lacks=lambda needed: told and bool(needed))
# The fused operators ask the processor themselves, and are not what is tested here.
sessions = {**SESSIONS, "ragged": partial(RaggedSession, operators=KernelsMissing("not here"))}
chosen = choose_variant(folder, manifest, tokenizer, host, sessions)
print(json.dumps([onnxruntime.__file__, chosen.variant.name, chosen.probe_cosine, chosen.refused]))
"""


@pytest.fixture(scope="module")
def without_avx512(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds a package onnxruntime which believes that the processor has AVX2 at most."""
    folder = tmp_path_factory.mktemp("avx2")
    package = shutil.copytree(Path(onnxruntime.__file__).parent, folder / "onnxruntime")
    patched = 0
    for library in [*package.glob("capi/*.so"), *package.glob("capi/*.so.*")]:
        code = library.read_bytes()
        patched += code.count(XGETBV)
        library.write_bytes(code.replace(XGETBV, AVX2_ALONE))
    assert patched
    return folder


def choose(path: Path, *, told: bool) -> list[Any]:
    """Let a process with that onnxruntime choose; `told` is whether it knows that the processor lacks VNNI."""
    words = [sys.executable, "-c", CHOOSE, str(FOLDER), json.dumps(told)]
    done = subprocess.run(
        words, check=True, capture_output=True, text=True, env=clean_environment(PYTHONPATH=str(path))
    )
    found: list[Any] = json.loads(done.stdout)
    assert found[0].startswith(str(path))
    return found[1:]


def test_saturating_int8_is_found_by_the_self_check_and_seven_bits_serve(without_avx512: Path) -> None:
    name, cosine, refused = choose(without_avx512, told=False)
    assert name == "int8-reduced"
    assert cosine > 0.98
    assert refused[-1].startswith("int8: cosine 0.")


def test_a_processor_that_is_known_to_saturate_is_not_tried(without_avx512: Path) -> None:
    name, _, refused = choose(without_avx512, told=True)
    assert name == "int8-reduced"
    assert refused[-1] == "int8: this processor lacks avx512_vnni and avx_vnni"
