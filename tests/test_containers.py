"""Both Dockerfiles, parsed and held to pyproject.toml, to constraints.txt and to the server's own settings and routes.

No engine builds an image here: what is proved is that the files say what they should. Every check takes what it
judges and returns complaints, so that the last tests can hand it a spoiled file and see it complain.
"""

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import pytest

from server.contract.errors import ServerError
from server.dialects.native import status
from server.settings import read_settings

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FILES = {"Dockerfile": "cpu", "Dockerfile.cuda": "cuda"}
CONSTRAINT = ["--constraint", "constraints.txt"]
EXPORT_ONLY = {"torch", "transformers", "optimum", "optimum-onnx"}
INSTALLERS = {"pip", "apt", "apt-get", "dpkg", "gcc", "g++", "make", "curl", "wget"}


class Stage(msgspec.Struct, frozen=True):
    """One build stage: its base, its name if it has one, and its instructions in order."""

    base: str
    name: str
    instructions: list[tuple[str, str]]

    def all(self, word: str) -> list[str]:
        return [rest for found, rest in self.instructions if found == word]

    def last(self, word: str) -> str:
        return (self.all(word) or [""])[-1]

    def pairs(self, word: str) -> dict[str, str]:
        """What ENV or LABEL sets, in the form NAME=VALUE."""
        return dict(pair.split("=", maxsplit=1) for rest in self.all(word) for pair in shlex.split(rest))

    def commands(self) -> list[list[str]]:
        """Every command of every RUN, as words, without RUN's own flags."""
        commands: list[list[str]] = []
        for rest in self.all("RUN"):
            words = shlex.shlex(re.sub(r"^(--\S+\s+)+", "", rest), posix=True, punctuation_chars=True)
            words.whitespace_split = True
            parts = itertools.groupby(words, lambda word: word in {"&&", "||", ";", "|"})
            commands += [list(part) for between, part in parts if not between]
        return commands


def parse(text: str) -> list[Stage]:
    """Read the part of the Dockerfile language that is used here; anything else is refused."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        assert word.isupper(), f"{line!r} is no instruction"
        assert "<<" not in rest, f"{line!r}: here-documents are not parsed"
        if word == "FROM":
            found = re.fullmatch(r"(\S+)(?: AS (\S+))?", rest)
            assert found, f"{line!r} is not FROM BASE [AS NAME]"
            stages.append(Stage(found[1], found[2] or "", []))
        else:
            assert stages, f"{line!r} stands before the first FROM"
            stages[-1].instructions.append((word, rest))
    return stages


def pins(text: str) -> dict[str, str]:
    """Return the versions that a constraints file pins, by normalized name."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {_normalized(name): version for name, version in (line.split("==") for line in lines)}


def _normalized(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name, f"{requirement!r} names nothing"
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def requirements(extra: str) -> set[str]:
    """Return the names that pyproject.toml requires with an extra."""
    project = PROJECT["project"]
    return {_normalized(each) for each in [*project["dependencies"], *project["optional-dependencies"][extra]]}


def installs(stage: Stage) -> list[list[str]]:
    return [words for words in stage.commands() if "install" in words and any(w.endswith("pip") for w in words)]


def extras(stage: Stage) -> list[str]:
    return [extra for words in installs(stage) for word in words for extra in re.findall(r"^\.\[(.+)\]$", word)]


def check_stages(stages: list[Stage]) -> list[str]:
    names = [stage.name for stage in stages]
    complaints = [] if {"export", "build"} <= set(names[:-1]) else ["there is no stage `export` or no stage `build`"]
    floor = PROJECT["project"]["requires-python"].removeprefix(">=")
    for at, stage in enumerate(stages):
        if stage.base not in names[:at] and stage.base != f"python:{floor}-slim-bookworm":
            complaints.append(f"the base {stage.base} is no earlier stage and not slim Python {floor}")
    return complaints


def check_installs(stages: list[Stage]) -> list[str]:
    complaints = []
    for stage in stages:
        for words in installs(stage):
            if words[-3:-1] != CONSTRAINT:
                complaints.append(f"not under the constraints: {shlex.join(words)}")
            if extras(stage) and not set(extras(stage)) <= set(PROJECT["project"]["optional-dependencies"]):
                complaints.append(f"pyproject.toml has no such extra: {shlex.join(words)}")
    return complaints


def check_final(stages: list[Stage]) -> list[str]:
    """The image takes ready folders from named stages, installs nothing and holds nothing of the export's."""
    final, built = stages[-1], {stage.name: stage for stage in stages[:-1] if stage.name}
    complaints = [f"the image runs {words[0]}" for words in final.commands() if INSTALLERS & {*words}]
    complaints += [f"ADD {rest}" for rest in final.all("ADD")]
    for rest in final.all("COPY"):
        source = re.match(r"--from=(\S+) (\S+) (\S+)$", rest)
        if not source or source[1] not in built:
            complaints.append(f"COPY {rest} is not from a named stage")
        elif source[1] == "export" and source[2] != final.pairs("ENV").get("VECD_MODELS"):
            complaints.append(f"COPY {rest} takes more than the models from the export")
        elif EXPORT_ONLY & {name for extra in extras(built[source[1]]) for name in requirements(extra)} and (
            source[1] != "export"
        ):
            complaints.append(f"COPY {rest} brings what only the export needs")
    return complaints


def check_user(stages: list[Stage]) -> list[str]:
    final = stages[-1]
    user = re.fullmatch(r"([1-9]\d*):([1-9]\d*)", final.last("USER"))
    if not user:
        return [f"USER {final.last('USER')!r} is not a numeric user and group other than root"]
    owner = [f"--owner={user[1]}", f"--group={user[2]}", final.last("VOLUME")]
    made = any(words[0] == "install" and set(owner) <= set(words) for words in final.commands())
    return [] if made else [f"the volume {final.last('VOLUME')!r} is not made for {user[0]}"]


def check_environment(stages: list[Stage]) -> list[str]:
    final, variables = stages[-1], stages[-1].pairs("ENV")
    try:
        settings = read_settings([], variables)
    except ServerError as error:
        return [str(error)]
    wanted = {
        "EXPOSE is the port": final.last("EXPOSE") == str(settings.port),
        "VOLUME is the data folder": final.last("VOLUME") == str(settings.data),
        "the server listens on every address of the container": settings.host == "0.0.0.0",
        "output is not held back": variables.get("PYTHONUNBUFFERED") == "1",
        "nothing is imported from the current directory": variables.get("PYTHONSAFEPATH") == "1",
        "ONNX Runtime reports to nobody": all(
            stage.pairs("ENV").get("ORT_DISABLE_TELEMETRY") == "1" for stage in (stages[0], final)
        ),
    }
    return [f"not so: {claim}" for claim, holds in wanted.items() if not holds]


def check_process(stages: list[Stage]) -> list[str]:
    final = stages[-1]
    complaints = [] if final.last("STOPSIGNAL") == "SIGTERM" else ["STOPSIGNAL is not SIGTERM"]
    if final.last("CMD") != '["python", "-m", "server", "--insecure"]' or final.all("ENTRYPOINT"):
        complaints.append(f"CMD {final.last('CMD')} does not run the server without a shell")
    if not any(f"{path}'" in final.last("HEALTHCHECK") for path in status.ready.paths):
        complaints.append("HEALTHCHECK asks for no path of the readiness route")
    return complaints


def check_labels(stages: list[Stage]) -> list[str]:
    labels, project = stages[-1].pairs("LABEL"), PROJECT["project"]
    wanted = {
        "title": project["name"],
        "description": project["description"],
        "version": project["version"],
        "licenses": project["license"],
        "base.name": stages[-1].base,
    }
    return [
        f"the label {key} is not {value!r}"
        for key, value in wanted.items()
        if labels.get(f"org.opencontainers.image.{key}") != value
    ]


def check_sources(stages: list[Stage]) -> list[str]:
    """Every file copied from the build context is there."""
    copies = [shlex.split(rest) for stage in stages for rest in stage.all("COPY") if "--from=" not in rest]
    return [f"COPY {path}: no such file" for words in copies for path in words[:-1] if not (ROOT / path).exists()]


CHECKS = (
    check_stages,
    check_installs,
    check_final,
    check_user,
    check_environment,
    check_process,
    check_labels,
    check_sources,
)


def check_cuda(stages: list[Stage], pinned: dict[str, str]) -> list[str]:
    """The file, the pinned wheels and the build's own assertion speak of the same CUDA and the same cuDNN."""
    labels, variables = stages[-1].pairs("LABEL"), stages[-1].pairs("ENV")
    cuda, cudnn = labels.get("vecd.cuda", ""), labels.get("vecd.cudnn", "")
    asserted = any(f"cuda_version.startswith('{cuda}.')" in run for stage in stages for run in stage.all("RUN"))
    wanted = {
        f"nvidia-cuda-runtime is pinned to {cuda}": pinned.get("nvidia-cuda-runtime", "").startswith(f"{cuda}."),
        f"nvidia-cudnn-cu{cuda} is pinned to {cudnn}": pinned.get(f"nvidia-cudnn-cu{cuda}", "").startswith(f"{cudnn}."),
        f"the driver must know CUDA {cuda}": variables.get("NVIDIA_REQUIRE_CUDA") == f"cuda>={cuda}.0",
        f"the build asserts that ONNX Runtime is for CUDA {cuda}": asserted,
        "the server refuses to fall back to the CPU": variables.get("VECD_PROVIDER") == "cuda",
    }
    return [f"not so: {claim}" for claim, holds in wanted.items() if not holds]


def check_pins(extra: str, pinned: dict[str, str]) -> list[str]:
    missing = [f"constraints.txt does not pin {name}" for name in sorted(requirements(extra) - set(pinned))]
    return missing + [f"constraints.txt pins {name}" for name in sorted(EXPORT_ONLY & set(pinned))]


def lets_through(ignore: str, path: str) -> bool:
    """Say whether .dockerignore sends a path to the builder: the last pattern that fits it or a parent decides."""
    parts = PurePosixPath(path)
    sent = True
    for line in (line.strip() for line in ignore.splitlines()):
        if line and not line.startswith("#"):
            pattern = re.escape(line.lstrip("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
            if any(re.fullmatch(pattern, str(each)) for each in (parts, *parts.parents[:-1])):
                sent = line.startswith("!")
    return sent


def packaged() -> set[str]:
    """Return the top-level names that pip needs to build the project and install it."""
    project, packages = PROJECT["project"], PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    own = {"pyproject.toml", "setup.py", "constraints.txt", project["readme"], *project["license-files"]}
    return own | {package.removesuffix("*") for package in packages}


def check_context(ignore: str) -> list[str]:
    named = {line.removeprefix("!") for line in ignore.splitlines() if line.startswith("!")}
    complaints = [f".dockerignore and pyproject.toml differ about {name}" for name in sorted(named ^ packaged())]
    held_back = [name for name in sorted(packaged()) if not lets_through(ignore, name)]
    sent = [path for path in PRIVATE if lets_through(ignore, path)]
    return complaints + [f"{name} is held back" for name in held_back] + [f"{path} is sent" for path in sent]


PRIVATE = (
    *(".git/config", ".venv/bin/python", ".bench/peer/x", ".env", "server/.env", ".pytest_cache/x", "id_ed25519"),
    *("data/vecd.db", "models/artifacts/m/model.int8.onnx", "models/checkpoints/m/model.safetensors"),
    *("models/kernels/lib/vecd_kernels-x.so", "tests/tiny.py"),
    *("server/__pycache__/app.pyc", "server/routes/__pycache__/x.pyc", "build/lib/x.py", "vecd.egg-info/PKG-INFO"),
)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_container_file_passes_the_check(name: str, check: Callable[[list[Stage]], list[str]]) -> None:
    assert check(parse(read(name))) == []


@pytest.mark.parametrize(("name", "extra"), FILES.items())
def test_what_serves_is_installed_with_the_extra_of_its_provider(name: str, extra: str) -> None:
    (build,) = (stage for stage in parse(read(name)) if stage.name == "build")
    assert extras(build) == [extra]


def test_the_image_for_cuda_holds_what_cuda_runs_best_and_the_other_needs_no_torch() -> None:
    exports = {name: [w for stage in parse(read(name)) for w in stage.commands() if "export" in w] for name in FILES}
    assert [words[-4:-2] for words in exports["Dockerfile.cuda"]] == [["--for", "all"]]
    assert not any("--for" in words for words in exports["Dockerfile"])


@pytest.mark.parametrize("extra", FILES.values())
def test_every_requirement_of_the_image_is_pinned_and_none_is_the_exports_alone(extra: str) -> None:
    assert check_pins(extra, pins(read("constraints.txt"))) == []


def test_the_cuda_file_and_the_pinned_wheels_name_the_same_cuda_and_cudnn() -> None:
    assert check_cuda(parse(read("Dockerfile.cuda")), pins(read("constraints.txt"))) == []


def test_the_builder_is_sent_what_is_packaged_and_neither_secrets_nor_caches() -> None:
    assert check_context(read(".dockerignore")) == []


def test_everything_that_the_build_context_names_exists() -> None:
    assert [name for name in sorted(packaged()) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("answer", "exit_status"), [(200, 0), (503, 1)])
def test_the_health_check_is_healthy_exactly_when_the_server_says_ready(
    name: str, answer: int, exit_status: int
) -> None:
    command = json.loads(parse(read(name))[-1].last("HEALTHCHECK").partition("CMD ")[2])
    assert command[0] == "python"
    with readiness(answer) as (port, paths):
        environment = {**os.environ, "VECD_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
        done = subprocess.run([sys.executable, *command[1:]], env=environment, capture_output=True, check=False)
    assert (done.returncode, paths) == (exit_status, ["/health/ready"])


@contextmanager
def readiness(answer: int) -> Iterator[tuple[int, list[str]]]:
    """A server that gives one answer to everything, its port, and the paths that it was asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(answer)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, paths
        finally:
            server.shutdown()
            thread.join()


SPOILED = [
    (check_stages, "FROM source AS build", "FROM python:latest AS build"),
    (check_stages, "FROM source AS build", "FROM python AS build"),
    (check_stages, "FROM python:3.11-slim", "FROM python:3.13-slim"),
    (check_stages, "FROM source AS export", "FROM source AS other"),
    (check_installs, "install --constraint constraints.txt", "install"),
    (check_installs, "--constraint constraints.txt '.[cpu]'", "--constraint constraints.txt '.[gpu]'"),
    (check_installs, "--constraint constraints.txt '.[cpu]'", "--constraint constraints.txt '.[cpu]' && pip install x"),
    (check_final, "COPY --from=build /opt/venv /opt/venv", "COPY server server"),
    (check_final, "COPY --from=build", "COPY --from=elsewhere/image:1"),
    (check_final, "COPY --from=export /opt/vecd/models", "COPY --from=export /opt"),
    (check_final, "COPY --from=build", "RUN pip install torch\nCOPY --from=build"),
    (check_final, "RUN groupadd", "RUN apt-get update && apt-get install gcc && groupadd"),
    (check_final, "WORKDIR /data", "ADD model.tar /data"),
    (check_final, "install --constraint constraints.txt '.[cpu]'", "install '.[optimum]'"),
    (check_user, "USER 10001:10001", "USER vecd"),
    (check_user, "USER 10001:10001", "USER 0:0"),
    (check_user, "USER 10001:10001", ""),
    (check_user, "--owner=10001", "--owner=0"),
    (check_environment, "VECD_DATA=/data", "VECD_DATAS=/data"),
    (check_environment, "VECD_PORT=8000", "VECD_PORT=eight"),
    (check_environment, "EXPOSE 8000", "EXPOSE 8001"),
    (check_environment, "VOLUME /data", "VOLUME /elsewhere"),
    (check_environment, "ORT_DISABLE_TELEMETRY=1", "ORT_DISABLE_TELEMETRY=0"),
    (check_process, "/health/ready", "/healthy"),
    (check_process, "HEALTHCHECK", "LABEL"),
    (check_process, 'CMD ["python", "-m", "server", "--insecure"]', "CMD python -m server --insecure"),
    (check_process, "STOPSIGNAL SIGTERM", "STOPSIGNAL SIGKILL"),
    (check_labels, 'version="0.1.0"', 'version="0.0.9"'),
    (check_sources, "COPY . .", "COPY setup.cfg ."),
]


@pytest.mark.parametrize(("check", "good", "bad"), SPOILED)
def test_the_check_complains_about_a_spoiled_file(
    check: Callable[[list[Stage]], list[str]], good: str, bad: str
) -> None:
    text = read("Dockerfile")
    assert good in text
    assert check(parse(text.replace(good, bad))) != []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('vecd.cuda="13"', 'vecd.cuda="12"'),
        ('vecd.cudnn="9"', 'vecd.cudnn="8"'),
        ("cuda>=13.0", "cuda>=12.0"),
        ("startswith('13.')", "startswith('12.')"),
        ("VECD_PROVIDER=cuda", "VECD_PROVIDER=auto"),
    ],
)
def test_a_cuda_file_for_another_cuda_is_noticed(good: str, bad: str) -> None:
    text, pinned = read("Dockerfile.cuda"), {"nvidia-cuda-runtime": "13.5.37", "nvidia-cudnn-cu13": "9.28.0.42"}
    assert check_cuda(parse(text), pinned) == []
    assert good in text
    assert check_cuda(parse(text.replace(good, bad)), pinned) != []


def test_wheels_of_another_cuda_or_none_are_noticed() -> None:
    stages = parse(read("Dockerfile.cuda"))
    assert len(check_cuda(stages, {"nvidia-cuda-runtime": "12.9.79", "nvidia-cudnn-cu13": "10.0"})) == 2
    assert len(check_cuda(stages, {})) == 2


def test_a_missing_pin_and_a_pinned_torch_are_noticed() -> None:
    complete = dict.fromkeys(requirements("cuda"), "1")
    assert check_pins("cuda", complete) == []
    assert check_pins("cuda", complete | {"torch": "2"}) == ["constraints.txt pins torch"]
    del complete["onnxruntime-gpu"]
    assert check_pins("cuda", complete) == ["constraints.txt does not pin onnxruntime-gpu"]


@pytest.mark.parametrize(
    ("good", "bad"),
    [("*\n", ""), ("models/artifacts\n", ""), ("**/__pycache__\n", ""), ("**/.*", ""), ("!server", "!tests")],
)
def test_a_leaking_build_context_is_noticed(good: str, bad: str) -> None:
    text = read(".dockerignore")
    assert good in text
    assert check_context(text.replace(good, bad, 1)) != []


def test_the_parser_joins_continued_lines_and_drops_comments_between_them() -> None:
    stages = parse("# first\nFROM a:1 AS b\nRUN x \\\n  # why\n  && y 'p; q'\n\nFROM b\nENV A=1 \\\n    B='2 3'\n")
    assert [(stage.base, stage.name) for stage in stages] == [("a:1", "b"), ("b", "")]
    assert stages[0].commands() == [["x"], ["y", "p; q"]]
    assert stages[1].pairs("ENV") == {"A": "1", "B": "2 3"}


@pytest.mark.parametrize("text", ["RUN x\nFROM a:1\n", "FROM a:1\nRUN <<EOF\n", "FROM a:1\ncopy x y\n", "FROM a b c\n"])
def test_the_parser_refuses_what_it_does_not_know(text: str) -> None:
    with pytest.raises(AssertionError):
        parse(text)
