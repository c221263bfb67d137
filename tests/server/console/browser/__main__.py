"""`python -m tests.server.console.browser pictures|paint|cost`: the console as it is seen, and what it takes.

`pictures` writes docs/pictures/console-*.png, `paint` prints how soon something is to be seen and what the page weighs,
`cost` what the live view's requests take of the server's processor.
"""

import argparse
import statistics

import psutil
from playwright.sync_api import Browser

from tests.running import RunningServer, start_server
from tests.server.console.browser.chromium import open_chromium
from tests.server.console.browser.notes import fill
from tests.server.console.browser.pictures import take
from tests.server.console.browser.places import Place
from tests.server.console.browser.replay import record, replay
from tests.server.console.browser.visits import enter
from tests.server.console.browser.watched import watching
from tests.server.console.browser.weight import Files, first_paint_ms, visit_all

LOADS = 20
RECORD_S, TIMES = 60, 1


def pictures(browser: Browser, server: RunningServer) -> None:
    for path in take(browser, Place(server.url)):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def paint(browser: Browser, server: RunningServer) -> None:
    """Load the page into a browser that has none of it yet, again and again."""
    found = []
    for _ in range(LOADS):
        with watching(browser, Place(server.url)) as watched:
            found.append(first_paint_ms(enter(watched)))
    print(f"first paint: {statistics.median(found):.0f} ms, {min(found):.0f} to {max(found):.0f} in {LOADS} loads")
    with watching(browser, Place(server.url)) as watched:
        files = Files(watched.page.context)
        visit_all(enter(watched))
        sizes = files.compressed_bytes()
    print(f"{len(sizes)} files, {sum(sizes.values()) / 1000:.0f} kB compressed")


def cost(browser: Browser, server: RunningServer) -> None:
    """Write down what the live view asks for, close it, and ask the same by a script."""
    with Place(server.url).client() as client:
        fill(client)
    with watching(browser, Place(server.url)) as watched:
        requests = record(enter(watched, "live"), RECORD_S)
    spent = replay(requests, RECORD_S, psutil.Process(server.process.pid), TIMES)
    print(f"live: {len(requests)} requests in {RECORD_S} s, {spent:.1f} ms of processor time a second")


COMMANDS = {"pictures": pictures, "paint": paint, "cost": cost}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.server.console.browser")
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args().command]
    with open_chromium() as browser, start_server("--data", ":memory:") as server:
        command(browser, server)
