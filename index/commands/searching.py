"""`search`: asks a running server, and prints what it finds, best first, each with the part of it that answers.

python -m index search "when is the boiler serviced?" --collection notes
"""

import argparse
import contextlib
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec

from index.commands.address import add_server
from index.commands.client import Client, Reply
from index.commands.errors import CommandError
from index.commands.folders import add_collection
from index.commands.terminal import Terminal, plain
from index.store.layout import DEFAULT_COLLECTION

MODES = ("hybrid", "vector", "text")
FIELDS = ["id", "metadata", "score"]
INDENT = "    "
BOLD, NORMAL = "\x1b[1m", "\x1b[22m"


class Mark(msgspec.Struct, frozen=True):
    """Characters of a snippet that answer, from `start` up to `end`."""

    start: int
    end: int


class Snippet(msgspec.Struct, frozen=True):
    """The part of a document's text that answers best."""

    text: str
    marks: tuple[Mark, ...] = ()


class Hit(msgspec.Struct, frozen=True):
    """A document that was found."""

    id: str
    score: float
    metadata: dict[str, Any] = {}
    snippet: Snippet | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", metavar="QUESTION", help="what to look for")
    add_server(parser)
    add_collection(parser, DEFAULT_COLLECTION, "which collection (default: %(default)s)")
    parser.add_argument("--mode", choices=MODES, default=MODES[0], help="by words, meaning or both (default: hybrid)")
    parser.add_argument("--top-k", type=int, default=10, metavar="N", help="how many at most (default: %(default)s)")
    parser.add_argument("--filter", metavar="JSON", help='by metadata, such as {"path": {"$prefix": "projects/"}}')
    parser.add_argument("--json", action="store_true", help="answer the hits as one JSON list on stdout")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 where the server answers, whatever it finds."""
    with contextlib.closing(Client(options, terminal)) as client:
        reply = client.ask("POST", "/search", body_of(options))
        hits = hits_of(client, reply)
    if options.json:
        terminal.answer(ascii_of(reply))
    elif hits:
        for rank, hit in enumerate(hits, 1):
            for line in lines_of(rank, hit, bold=terminal.has_styles()):
                terminal.answer(line)
    if not hits:
        terminal.say(f"nothing found in the collection {client.name!r}")
    return 0


def body_of(options: argparse.Namespace) -> bytes:
    """Return the request. Raises CommandError where the filter is no JSON object."""
    body = {
        "query": options.question,
        "mode": options.mode,
        "top_k": options.top_k,
        "threshold": -1,
        "fields": FIELDS,
        "snippet": True,
    }
    try:
        if options.filter is not None:
            body["filter"] = msgspec.json.decode(options.filter, type=dict[str, Any])
        return msgspec.json.encode(body)
    except UnicodeEncodeError as error:
        message = "the question or the filter is not UTF-8"
        raise CommandError(message) from error
    except (msgspec.DecodeError, RecursionError) as error:
        message = f'--filter is no JSON object ({error}); it looks like {{"year": 2031}}'
        raise CommandError(message) from error


def hits_of(client: Client, reply: Reply) -> list[Hit]:
    """Return what was found. Raises CommandError where the server refuses, or answers something else."""
    if 400 <= reply.status < 500:
        message = f"{client.url} answers {reply.status}: {reply.detail}"
        raise CommandError(message)
    try:
        return msgspec.json.decode(reply.content, type=list[Hit])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise client.unlike(reply, error) from error


def ascii_of(reply: Reply) -> str:
    """Return JSON without letters that could steer a terminal."""
    text = msgspec.json.encode(msgspec.json.decode(reply.content)).decode()
    return "".join(letter if letter.isprintable() else escaped(letter) for letter in text)


def escaped(letter: str) -> str:
    """Return a letter as JSON escapes it."""
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def lines_of(rank: int, hit: Hit, *, bold: bool) -> Iterator[str]:
    """Yield a hit as lines: what and where it is, and its snippet below."""
    title, path = (hit.metadata.get(name) for name in ("title", "path"))
    where = path if isinstance(path, str) and path else hit.id
    named = f"{title}  {where}" if isinstance(title, str) and title else where
    yield f"{rank:>2}  {hit.score:.3f}  {plain(named)}"
    if hit.snippet is not None:
        for line in marked(hit.snippet):
            text = "".join(f"{BOLD}{plain(part)}{NORMAL}" if mark and bold else plain(part) for part, mark in line)
            yield f"{INDENT}{text.strip()}"


def marked(snippet: Snippet) -> Iterator[list[tuple[str, bool]]]:
    """Yield the lines of a snippet that hold anything, in parts that are marked or not; white space is spaces."""
    within = {at for mark in snippet.marks for at in range(max(0, mark.start), min(len(snippet.text), mark.end))}
    start = 0
    for line in snippet.text.splitlines(keepends=True):
        shown = [" " if letter.isspace() else letter for letter in line.rstrip()]
        letters = [(letter, start + at in within) for at, letter in enumerate(shown)]
        if letters:
            yield [("".join(letter for letter, _ in part), mark) for mark, part in groupby(letters, lambda one: one[1])]
        start += len(line)
