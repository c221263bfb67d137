"""Six facts about the Dockerfiles and .dockerignore, each with spoiled texts of which it does not hold.

No engine builds an image here: the files are read, and the health check is run.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pytest

from server.dialects.native import status
from server.settings import read_settings

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in ("Dockerfile", "Dockerfile.cuda", ".dockerignore")}
PINS = (ROOT / "constraints.txt").read_text("utf-8")
INSTALLERS = r"\b(pip|apt|apt-get|dpkg|gcc|g\+\+|make|curl|wget)\b"
PRIVATE = (
    *(".git/config", ".venv/bin/python", ".env", "server/.env", "id_ed25519", "data/keys.json", "tests/tiny.py"),
    *("models/artifacts/m/model.onnx", "models/checkpoints/m/model.safetensors", "models/kernels/lib/x.so"),
    *("server/__pycache__/app.pyc", "server/web/__pycache__/x.pyc", "build/lib/x.py", "vecd.egg-info/PKG-INFO"),
)


class Stage(NamedTuple):
    base: str
    name: str
    body: str

    def all(self, word: str) -> list[str]:
        return re.findall(rf"^{word} (.+)$", self.body, re.MULTILINE)

    def pairs(self, word: str) -> dict[str, str]:
        return dict(pair.split("=", maxsplit=1) for rest in self.all(word) for pair in shlex.split(rest))


def stages(text: str) -> list[Stage]:
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    return [Stage(*found) for found in re.findall(r"(?m)^FROM (\S+)(?: AS (\S+))?\n((?:(?!FROM ).*\n?)*)", joined)]


def bases_are_slim_python_and_the_image_installs_nothing_and_does_not_run_as_root(text: str) -> None:
    *earlier, final = stages(text)
    names = [stage.name for stage in earlier]
    slim = f"python:{PROJECT['project']['requires-python'].removeprefix('>=')}-slim-bookworm"
    assert all(stage.base in (slim, *names[:at]) for at, stage in enumerate([*earlier, final]))
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", final.all("USER")[-1])
    copied = [re.match(r"--from=(\S+) ", rest) for rest in final.all("COPY")]
    assert all(source and source[1] in names for source in copied)
    assert not final.all("ADD")
    assert not re.search(INSTALLERS, " ".join(final.all("RUN")))


def every_install_is_under_the_constraints_with_an_extra_that_exists(text: str) -> None:
    found = {}
    for stage in stages(text):
        for command in re.findall(r"\bpip\b[^&|;]*\binstall\b[^&|;]*", " && ".join(stage.all("RUN"))):
            match = re.search(r" --constraint constraints\.txt '\.\[(\w+)\]'\s*$", command)
            assert match, command
            found[stage.name] = match[1]
    assert set(found.values()) <= set(PROJECT["project"]["optional-dependencies"])
    assert found["build"] == ("cuda" if "docker build --file Dockerfile.cuda" in text else "cpu")


def the_server_understands_and_uses_what_the_image_sets(text: str) -> None:
    final = stages(text)[-1]
    command = json.loads(final.all("CMD")[-1])
    assert command[:3] == ["python", "-m", "server"]
    settings = read_settings(command[3:], final.pairs("ENV"))
    assert (settings.host, settings.insecure) == ("0.0.0.0", True)
    assert ([str(settings.port)], [str(settings.data)]) == (final.all("EXPOSE"), final.all("VOLUME"))
    assert f"--from=export {settings.models} {settings.models}" in final.all("COPY")


def the_health_check_passes_exactly_when_the_server_says_ready(text: str) -> None:
    command = json.loads(stages(text)[-1].all("HEALTHCHECK")[-1].partition("CMD ")[2])
    assert command[0] == "python"
    for answer, exit_status in ((200, 0), (503, 1)):
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self, answer: int = answer, asked: list[str] = asked) -> None:
                asked.append(self.path)
                self.send_response(answer)
                self.end_headers()

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            # A proxy that is not there: the check must go past it.
            environment = {**os.environ, "VECD_PORT": str(server.server_port), "http_proxy": "http://127.0.0.1:9"}
            done = subprocess.run([sys.executable, *command[1:]], env=environment, capture_output=True, check=False)
            server.shutdown()
            thread.join()
        assert (done.returncode, asked) == (exit_status, ["/health/ready"])
    assert "/health/ready" in status.ready.paths


def the_builder_is_sent_what_is_packaged_and_neither_secrets_nor_caches(text: str) -> None:
    project, found = PROJECT["project"], PROJECT["tool"]["setuptools"]["packages"]["find"]
    own = {"pyproject.toml", "setup.py", "constraints.txt", project["readme"], *project["license-files"]}
    packaged = own | {pattern.removesuffix("*") for pattern in found["include"]}
    assert {line[1:] for line in text.splitlines() if line.startswith("!")} == packaged
    assert all((ROOT / name).exists() and is_sent(text, name) for name in packaged)
    assert [path for path in PRIVATE if is_sent(text, path)] == []


def is_sent(ignore: str, path: str) -> bool:
    """Follow the last pattern that fits the path or a folder above it, as the builder does."""
    sent, places = True, [path, *map(str, PurePosixPath(path).parents[:-1])]
    for line in filter(None, re.sub(r"#.*", "", ignore).splitlines()):
        pattern = re.escape(line.lstrip("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(pattern, each) for each in places):
            sent = line.startswith("!")
    return sent


def the_file_and_the_pinned_wheels_name_the_same_cuda_and_cudnn(text: str) -> None:
    *earlier, final = stages(text)
    labels, variables = final.pairs("LABEL"), final.pairs("ENV")
    cuda, cudnn = labels["vecd.cuda"], labels["vecd.cudnn"]
    assert f"\nnvidia-cuda-runtime=={cuda}." in PINS
    assert f"\nnvidia-cudnn-cu{cuda}=={cudnn}." in PINS
    assert (variables["NVIDIA_REQUIRE_CUDA"], variables["VECD_PROVIDER"]) == (f"cuda>={cuda}.0", "cuda")
    assert any(f"cuda_version.startswith('{cuda}.')" in run for stage in earlier for run in stage.all("RUN"))


SPOILED: dict[Callable[[str], None], list[tuple[str, str, str]]] = {
    bases_are_slim_python_and_the_image_installs_nothing_and_does_not_run_as_root: [
        ("Dockerfile", "USER 10001:10001", "USER 0:0"),
        ("Dockerfile.cuda", "RUN groupadd", "RUN apt-get install gcc && groupadd"),
    ],
    every_install_is_under_the_constraints_with_an_extra_that_exists: [
        ("Dockerfile", "--constraint constraints.txt", ""),
        ("Dockerfile.cuda", "'.[cuda]'", "'.[cpu]'"),
    ],
    the_server_understands_and_uses_what_the_image_sets: [
        ("Dockerfile", "VECD_PORT=8000", "VECD_PORT=8001"),
        ("Dockerfile.cuda", ', "--insecure"]', "]"),
    ],
    the_health_check_passes_exactly_when_the_server_says_ready: [
        ("Dockerfile", "/health/ready", "/healthy"),
        ("Dockerfile.cuda", "r.ProxyHandler({})", ""),
    ],
    the_builder_is_sent_what_is_packaged_and_neither_secrets_nor_caches: [(".dockerignore", "**/.*", "")],
    the_file_and_the_pinned_wheels_name_the_same_cuda_and_cudnn: [
        ("Dockerfile.cuda", 'vecd.cudnn="9"', 'vecd.cudnn="8"')
    ],
}
CASES = [(fact, *case) for fact, cases in SPOILED.items() for case in cases]
IDS = [f"{case[0].__name__}-{case[1]}" for case in CASES]


@pytest.mark.parametrize(("fact", "name", "good", "bad"), CASES, ids=IDS)
def test_the_fact_holds_of_the_file_and_not_of_a_spoiled_text(
    fact: Callable[[str], None], name: str, good: str, bad: str
) -> None:
    fact(TEXTS[name])
    assert good in TEXTS[name]
    with pytest.raises(AssertionError):
        fact(TEXTS[name].replace(good, bad))
