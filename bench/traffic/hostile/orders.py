"""What hostile clients are told: which attack, on which port, as whom."""

from typing import Literal, TypeAlias

import msgspec

Attack: TypeAlias = Literal[
    "tokenizer", "texts", "filters", "bodies", "one address", "many addresses", "unread", "handshakes", "streams"
]

READY, GO, STOP = "ready", "go", "stop"


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """`keys` are those of the clients, one each; without, each client has an address of its own.

    `dimensions` are those of the model's vectors.
    """

    attack: Attack
    port: int
    clients: int
    dimensions: int = 384
    seed: int = 0
    keys: tuple[str, ...] = ()


def address_of(client: int) -> str:
    """Return the address of this machine from which a client comes."""
    return f"127.0.{1 + client // 250}.{1 + client % 250}"
