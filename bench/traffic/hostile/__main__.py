"""`python -m bench.traffic.hostile`: takes orders on standard input, attacks from `go` to `stop`, prints what came.

It is nice, so that on few cores a server is slowed down by what it is asked, less by whoever asks.
"""

import asyncio
import itertools
import os
import sys
from collections import Counter
from collections.abc import Iterator

import msgspec

from bench.traffic.connection import Pool
from bench.traffic.hostile.orders import GO, READY, Orders, address_of
from bench.traffic.hostile.requests import REQUESTS, client_of
from bench.traffic.hostile.sockets import ATTACKS, crowd
from bench.traffic.target import HOST

NICE = 10
ADDRESSES = 100  # of a crowd from many
REFUSED_S = 0.05  # until somebody who was refused asks again


async def attack(orders: Orders, prepared: list[Iterator[bytes]], counts: Counter[str]) -> None:
    match orders.attack:
        case "one address" | "many addresses":
            await asyncio.to_thread(crowd, orders, counts, 1 if orders.attack == "one address" else ADDRESSES)
        case "unread" | "handshakes" | "streams":
            run = ATTACKS[orders.attack]
            await asyncio.gather(*(run(orders, counts, client) for client in range(orders.clients)))
        case _:
            await asyncio.gather(*(ask(orders, counts, *one) for one in enumerate(prepared)))


def prepare(orders: Orders) -> list[Iterator[bytes]]:
    """Return the requests of each client, the first ones made already."""
    if orders.attack not in REQUESTS:
        return []
    clients = (client_of(orders, number) for number in range(orders.clients))
    made = [REQUESTS[orders.attack](client) for client in clients]
    return [itertools.chain([next(one)], one) for one in made]


async def ask(orders: Orders, counts: Counter[str], number: int, requests: Iterator[bytes]) -> None:
    """Send a client's requests, one after the other."""
    pool = Pool(HOST, orders.port, source=address_of(number + 1))
    for request in requests:
        try:
            reply = await pool.send(request)
        except OSError as error:
            counts[type(error).__name__] += 1
        else:
            counts[str(reply.status)] += 1
            if reply.status == 200:
                continue
        await asyncio.sleep(REFUSED_S)


async def main() -> None:
    loop = asyncio.get_running_loop()
    orders = msgspec.json.decode(sys.stdin.readline(), type=Orders)
    counts: Counter[str] = Counter()
    prepared = prepare(orders)
    print(READY, flush=True)
    if sys.stdin.readline().strip() != GO:
        return
    attacking = asyncio.create_task(attack(orders, prepared, counts))
    stopped = loop.run_in_executor(None, sys.stdin.readline)
    await asyncio.wait({attacking, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if attacking.done():
        attacking.result()
    sys.stdout.buffer.write(msgspec.json.encode(dict(sorted(counts.items()))) + b"\n")
    sys.stdout.flush()
    os._exit(0)  # connections end as those of a client that is gone


if __name__ == "__main__":
    os.nice(NICE)
    asyncio.run(main())
