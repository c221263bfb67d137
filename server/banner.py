"""What the server prints at its start: what it chose and found, a line each, and its address last."""

from collections.abc import Iterable, Iterator

import msgspec

from server.connection.room import Limits
from server.contract.facts import Facts
from server.contract.status import IndexStatus
from server.exposure import exposures
from server.memory import Memory, memory_of
from server.settings import MEMORY, MIB, Settings


class Listening(msgspec.Struct, frozen=True):
    """Where the server listens, and what the process may open for it."""

    address: str
    descriptors: int
    limits: Limits


def banner(
    settings: Settings, facts: Facts, index: IndexStatus, listening: Listening, vectors: Iterable[str] = ()
) -> str:
    """Return the lines that the server prints once it listens; `vectors` are told of other variants' ones."""
    variant, fidelity = facts.variant, facts.variant.fidelity
    attention = f", attention in {variant.attention}" if variant.attention else ""
    refused = "".join(f"; refused {reason}" for reason in variant.refused)
    cache = f"{settings.cache_bytes / MIB:.0f} MiB in memory" if settings.cache_bytes else "off"
    lines = (
        ("provider", f"{facts.provider} ({facts.provider_reason})"),
        ("variant", f"{facts.name} {variant.name}, {variant.file}{attention}{refused}"),
        (
            "fidelity",
            f"cosine to fp32 mean {fidelity.mean:.4f}, min {fidelity.least:.4f} "
            f"at export, on {fidelity.measured_on}; min {fidelity.on_probes:.4f} on the golden probes now",
        ),
        ("cores", f"{facts.cores}, one run on each; a lone long text uses all"),
        ("cache", cache),
        ("documents", _documents(settings, index)),
        *(("room", line) for line in _room(settings, index)),
        *(("files", line) for line in exposures(settings)),
        *(("vectors", one) for one in vectors),
        ("limits", _limits(settings, listening)),
        ("memory", _memory(settings, memory_of(settings, listening.limits.connections, facts.cores, facts.dimensions))),
        ("address", listening.address),
    )
    return "\n".join(f"{name:<9} {value}" for name, value in lines)


def _documents(settings: Settings, index: IndexStatus) -> str:
    if settings.data == MEMORY:
        return "none yet; those that come are kept in memory only"
    several = f"{index.collections} collections" if index.collections > 1 else "1 collection"
    mend = f"; another model's: {', '.join(index.foreign)}: python -m index reindex" if index.foreign else ""
    return f"{index.documents:,} in {several}, in {settings.data}{mend}"


def _room(settings: Settings, index: IndexStatus) -> Iterator[str]:
    """Yield how much of the memory that documents may take they do take, and what follows where that is all of it."""
    if most := settings.index_bytes:
        full = "; no more documents are taken (507) until some are deleted or --index-bytes is more"
        taken = f"{index.needed_bytes / MIB:,.1f} of at most {most / MIB:,.1f} MiB are taken"
        yield taken + (full if index.needed_bytes >= most else "")


def _limits(settings: Settings, listening: Listening) -> str:
    limits = listening.limits
    fewer = f" of {settings.max_connections:,}" if limits.connections < settings.max_connections else ""
    return (
        f"{listening.descriptors:,} open files; {limits.connections:,}{fewer} connections, "
        f"{limits.per_address:,} from one address; {settings.max_bodies_bytes / MIB:,.0f} MiB of bodies and answers"
    )


def _memory(settings: Settings, memory: Memory) -> str:
    parts = (
        (memory.at_start, "now"),
        (memory.bodies, "bodies and answers"),
        (memory.cache, "cache"),
        (memory.connections, "connections"),
        (memory.queue, "queue"),
        (memory.runs, "runs"),
        (memory.room, "room"),
    )
    told = ", ".join(f"{size / MIB:,.0f} {name}" for size, name in parts)
    most = f", {settings.index_bytes / MIB:,.0f} MiB at most" if settings.index_bytes else ""
    return f"at most {memory.most_bytes / MIB:,.0f} MiB ({told}); {memory.passage / 1000:.1f} kB a passage on top{most}"
