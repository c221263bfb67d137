"""`reindex`: has a running server compute all vectors of a collection again, and shows the progress.

Needed after the server's model has changed. Documents stay as they are; searches change at once when all vectors are
there. Ctrl-C ends only the display. A server that stopped meanwhile continues when this is run again.
"""

import argparse
import contextlib
import time

import msgspec

from index.commands.address import add_server
from index.commands.client import Client
from index.commands.errors import CommandError
from index.commands.folders import add_collection
from index.commands.terminal import Terminal, counted
from index.store.layout import DEFAULT_COLLECTION

POLL_S = 0.5
RUNNING, DONE = "reindexing", {"ready", "indexing"}


class Progress(msgspec.Struct, frozen=True):
    """How many documents there are, how many have their new vector, and what stopped the server if anything did."""

    documents: int
    done: int
    error: str | None = None


class State(msgspec.Struct, frozen=True):
    """What a server answers about a collection."""

    state: str
    documents: int
    reindex: Progress | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_server(parser)
    add_collection(parser, DEFAULT_COLLECTION, "which collection (default: %(default)s)")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Return 0 when all vectors are new."""
    with contextlib.closing(Client(options, terminal)) as client:
        state = state_of(client, "POST", "/reindex")
        again = f"python -m index reindex --url {client.url} --collection {client.name}"
        try:
            with terminal.bar("reindex", state.documents) as bar:
                while state.state == RUNNING:
                    if state.reindex is not None:
                        bar.total = state.reindex.documents
                        bar.n = state.reindex.done
                        bar.refresh()
                    time.sleep(POLL_S)
                    state = state_of(client, "GET", "")
        except KeyboardInterrupt:
            terminal.say(f"the server goes on; {again} shows how far it is")
            raise
        if state.reindex is not None or state.state not in DONE:
            progress = state.reindex or Progress(state.documents, 0)
            why = progress.error or f"the server stopped doing it, and the collection is {state.state}"
            message = (
                f"{progress.done:,} of {counted(progress.documents, 'document')} are done: {why}; go on with {again}"
            )
            raise CommandError(message)
        terminal.answer(f"{client.name}: {counted(state.documents, 'document')}, all vectors are the present model's")
    return 0


def state_of(client: Client, method: str, path: str) -> State:
    reply = client.ask(method, path)
    try:
        return msgspec.convert(reply.body, State)
    except msgspec.ValidationError as error:
        message = f"{client.url} answers {reply.status}: {reply.detail}, not as a server of vecd does ({error})"
        raise CommandError(message) from error
