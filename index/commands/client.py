"""A client of a running server. Requests are sent again for a while where it is busy, restarting or out of reach.

Every request may be sent twice: a document takes the place of the one that has its id.
"""

import argparse
import time
from typing import Any

import httpx2
import msgspec

from index.commands.address import address_of, connect
from index.commands.errors import AwayError, CommandError
from index.commands.terminal import Terminal
from index.store.layout import check_collection_name

FIRST_PATIENCE_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
AGAIN = {408, 429, 500, 502, 503, 504}
FEW_IDS = 256  # that every server takes in one request, unless it was told otherwise
TODO = {
    401: "give a key with --key-file FILE",
    403: "take a key with the scope that this needs",
    404: "--collection NAME names one that is there; `import --create` makes one",
    409: "the collection holds another model's vectors: python -m index reindex --url {url} --collection {name}",
    507: "make room on the server's disk, or in memory, then run the same command again: it goes on from here",
}


class Reply(msgspec.Struct, frozen=True):
    """An answer: its status, its bytes, and its body where that is a JSON object."""

    status: int
    body: dict[str, Any]
    content: bytes = b""

    @property
    def detail(self) -> str:
        """What the server says is wrong."""
        return str(self.body.get("detail") or self.body.get("title") or "no reason given")[:500]


class Client:
    """Talks to one collection of one server. Close it when done."""

    def __init__(self, options: argparse.Namespace, terminal: Terminal) -> None:
        address = address_of(options.url)
        self.url, self.name = address.given, check_collection_name(options.collection)
        self._server, self._collection = address.base, f"{address.base}/collections/{self.name}"
        self._terminal = terminal
        self._patience_s: float = options.patience
        self._answered = False
        self._http = connect(address, options)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def ask(self, method: str, path: str, content: bytes = b"", media: str = "application/json") -> Reply:
        """Return the answer to a request below the collection.

        Raises:
            AwayError: there is no answer within the time to try again.
            CommandError: there is one that trying again will not change.
        """
        reply = self._answer(method, self._collection + path, content, media)
        if (todo := TODO.get(reply.status)) is None:
            return reply
        hint = todo.format(url=self.url, name=self.name)
        message = f"{self.url} answers {reply.status}: {reply.detail}; {hint}"
        raise CommandError(message)

    def is_there(self) -> bool:
        """Say whether the server has the collection. Raises AwayError."""
        return self._answer("GET", self._collection).status != 404

    def most_ids(self) -> int:
        """Return how many ids the server takes in one request. Raises AwayError."""
        found = self._answer("GET", f"{self._server}/tei/info").body.get("max_client_batch_size")
        return found if isinstance(found, int) and found >= 1 else FEW_IDS

    def unlike(self, reply: Reply, why: object) -> CommandError:
        """Return the error of an answer that no server of vecd gives."""
        return CommandError(f"{self.url} answers {reply.status}: {reply.detail}, not as a server of vecd does ({why})")

    def _answer(self, method: str, url: str, content: bytes = b"", media: str = "application/json") -> Reply:
        until_s, pause_s = time.monotonic() + self._patience_s, FIRST_PAUSE_S
        while True:
            asked_s = pause_s
            try:
                answer = self._http.request(
                    method,
                    url,
                    content=content or None,
                    headers={"Content-Type": media, "Accept": "application/json"} if content else {},
                )
            except httpx2.TransportError as error:
                what = f"{self.url} does not answer ({str(error) or type(error).__name__})"
                if not self._answered:
                    until_s = min(until_s, time.monotonic() + FIRST_PATIENCE_S)
            else:
                self._answered = True
                reply = reply_of(answer)
                if answer.status_code not in AGAIN:
                    return reply
                what = f"{self.url} answers {reply.status}: {reply.detail}"
                asked_s = seconds_of(answer.headers.get("retry-after"), pause_s)
            if time.monotonic() + asked_s > until_s:
                raise AwayError(what)
            self._terminal.say(f"{what}; trying again in {asked_s:.1f} s")
            time.sleep(asked_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S) if asked_s == pause_s else FIRST_PAUSE_S


def reply_of(answer: httpx2.Response) -> Reply:
    """Return the answer; a body that is no JSON object, such as a proxy's page, is left out."""
    try:
        body = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = {}
    return Reply(answer.status_code, body, answer.content)


def seconds_of(retry_after: str | None, otherwise: float) -> float:
    """Return what Retry-After says in seconds; a date, which vecd never sends, counts as nothing said."""
    return float(retry_after) if retry_after is not None and retry_after.isdecimal() else otherwise
