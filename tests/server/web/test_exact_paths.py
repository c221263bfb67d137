"""Every route is found at its path exactly as it is written: what a router would take for the same is nowhere."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from server.routes import ROUTES
from server.web.exact_paths import ExactPaths
from server.web.operations import KEY
from tests.running import RunningServer
from tests.server.web.test_document_ids import Asker

# A parameter of a path, and what stands there in these tests.
FILLED = {"name:str": "notes", "name:path": "tiny", "digest:str": "0f", "id:str": "py"}
ALSO = {path for route in ROUTES for path in route.opt[KEY].also}
PATHS = sorted({path for route in ROUTES for path in route.paths})
EXACT = ExactPaths([*PATHS, *ALSO])


def filled(template: str) -> str:
    return re.sub(r"\{(.*?)\}", lambda found: FILLED[found[1]], template)


def disguised(path: str) -> Iterator[str]:
    """Yield ways to write a path that a router, or a proxy, may take for the same; ids are left as they are."""
    head, slash, id_ = path.partition("/index/") if path.endswith("/py") else (path, "", "")
    head, rest = head + slash[:-1], slash[-1:] + id_
    for at, character in enumerate(head):
        if character == "/":
            yield f"{head[:at]}//{head[at + 1 :]}{rest}"
            yield f"{head[:at]}/./{head[at + 1 :]}{rest}"
            yield f"{head[:at]}/x/../{head[at + 1 :]}{rest}"
            yield f"{head[:at]}/%2e/{head[at + 1 :]}{rest}"
            yield f"{head[:at]}/;a/{head[at + 1 :]}{rest}"
            if at:
                yield f"{head[:at]}\\{head[at + 1 :]}{rest}"
                yield f"{head[:at]}%2F{head[at + 1 :]}{rest}"
                yield f"{head[:at]}%2f{head[at + 1 :]}{rest}"
        else:
            yield f"{head[:at]}%{ord(character):02X}{head[at + 1 :]}{rest}"
            yield f"{head[:at]}%{ord(character):02x}{head[at + 1 :]}{rest}"
            yield f"{head[:at]}%25{ord(character):02x}{head[at + 1 :]}{rest}"
            if character.isalpha():
                yield f"{head[:at]}{character.upper()}{head[at + 1 :]}{rest}"
    if not rest:
        for end in ("/", "//", "/.", "/..", "%2F", "%00", "%20", ";", "."):
            yield head + end


def elsewhere(template: str) -> list[str]:
    """Return the disguises of a path that are no path of another route, and no other name in the parameter's place."""
    path = filled(template)
    others = ALSO | set(map(filled, PATHS))
    found = [one for one in disguised(path) if one not in others]
    if "{name" in template or "{digest" in template:
        # Another name is another collection, which is not what was written about.
        start = template.index("{")
        found = [one for one in found if one[:start] != path[:start] or "%2" in one.upper() or "//" in one]
        found = [one for one in found if not re.search("%2[05]|%00", one)]
    return found


@pytest.fixture(scope="module")
def asker(tiny_server: RunningServer) -> Iterator[Asker]:
    found = Asker(tiny_server)
    yield found
    found.close()


@pytest.mark.parametrize("template", PATHS)
def test_a_path_that_is_not_exactly_the_route_s_is_nowhere(asker: Asker, template: str) -> None:
    disguises = elsewhere(template)
    assert len(disguises) >= 5
    for method in ("GET", "POST"):
        answers = {one: asker.ask(method, one, {})[0] for one in disguises}
        # Below these any path is an id or a name: of nothing here, or of none that is valid, or not for this method.
        below = {one for one in disguises if one.startswith(("/index/", "/collections/notes/index/"))}
        below |= {f"{parent}/{dots}" for parent in ("/collections", "/v1/models") for dots in (".", "..")}
        assert {one: status for one, status in answers.items() if status != 404 and one not in below} == {}
        assert {answers[one] for one in below & answers.keys()} <= {404, 405, 422}


@pytest.mark.parametrize("template", PATHS)
def test_every_path_is_there_as_it_is_written(template: str) -> None:
    path = filled(template)
    assert EXACT.has((path.removesuffix("/py")).encode())


def test_what_a_client_makes_of_a_base_address_is_served(asker: Asker) -> None:
    assert asker.ask("POST", "/tei/", {"inputs": "a text"})[0] == 200
    assert asker.ask("POST", "/tei//", {"inputs": "a text"})[0] == 404


@pytest.mark.parametrize("name", ["tiny", "org/tiny", "org%2Ftiny", "org%2ftiny", "a%20b", "a:latest", "a-b_c.d~e"])
def test_names_of_models_may_have_slashes_encoded_or_not(name: str) -> None:
    assert EXACT.has(f"/v1/models/{name}".encode())


@pytest.mark.parametrize("name", ["", "/tiny", "tiny/", "org//tiny", "org%2F%2ftiny", "%2Ftiny", "tiny%2F", "t%69ny"])
def test_other_ways_to_write_a_model_s_name_are_nowhere(name: str) -> None:
    assert not EXACT.has(f"/v1/models/{name}".encode())


@pytest.mark.parametrize("character", range(256))
def test_a_collection_is_written_in_one_way(character: int) -> None:
    """What need not be encoded must not be, nor a slash; all else is a name, valid or not."""
    needless = quote(bytes([character]), safe="") == chr(character) or character == ord("/")
    for digits in ("02x", "02X"):
        assert EXACT.has(f"/collections/%{character:{digits}}".encode()) is not needless


def test_ids_are_anything(asker: Asker) -> None:
    assert asker.ask("PUT", "/collections/anything", {})[0] == 200
    for id_ in ("a//b", "/docs/", "..", "%2e", "é/"):
        assert asker.ask("POST", "/collections/anything/index", {"id": id_, "text": "a text"})[0] == 200
        for written in {quote(id_, safe=""), quote(id_, safe="/;&=+")}:
            assert asker.ask("GET", f"/collections/anything/index/{written}")[2]["id"] == id_
    assert asker.ask("DELETE", "/collections/anything")[0] == 200


def test_no_templates_are_no_paths() -> None:
    assert not ExactPaths([]).has(b"/")
