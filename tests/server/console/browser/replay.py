"""The requests that a view makes by itself, written down and sent again by a script, with what they cost the server."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import httpx
import psutil
from playwright.sync_api import Page, Request


class Sent(NamedTuple):
    """A request and when it was sent, in seconds from the beginning of the record."""

    at_s: float
    method: str
    url: str
    body: bytes | None
    headers: dict[str, str]


def record(page: Page, seconds: float) -> list[Sent]:
    """Return what the page asks for during so many seconds in which nobody touches it."""
    begun, found = time.monotonic(), list[Sent]()

    def note(request: Request) -> None:
        found.append(
            Sent(time.monotonic() - begun, request.method, request.url, request.post_data_buffer, request.headers)
        )

    page.on("request", note)
    page.wait_for_timeout(seconds * 1000)
    page.remove_listener("request", note)
    return found


def replay(requests: Sequence[Sent], seconds: float, server: psutil.Process, times: int) -> float:
    """Send the requests of a record of so many seconds again and again, each at its time.

    Returns:
        The processor time that the server spends on them, in milliseconds a second, less what it spends unasked.
    """
    with httpx.Client(timeout=60) as client:
        idle = _spent(server, lambda: time.sleep(seconds * times))
        busy = _spent(server, lambda: _send(client, requests, seconds, times))
    return (busy - idle) / (seconds * times) * 1000


def _send(client: httpx.Client, requests: Sequence[Sent], seconds: float, times: int) -> None:
    begun = time.monotonic()
    for turn in range(times):
        for one in requests:
            time.sleep(max(0.0, begun + turn * seconds + one.at_s - time.monotonic()))
            client.request(one.method, one.url, content=one.body, headers=one.headers).raise_for_status()
    time.sleep(max(0.0, begun + times * seconds - time.monotonic()))


def _spent(server: psutil.Process, act: Callable[[], None]) -> float:
    """Return the seconds of processor time that the server and its threads take while `act` runs."""
    before = server.cpu_times()
    act()
    after = server.cpu_times()
    return float(after.user - before.user + after.system - before.system)
