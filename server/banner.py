"""What the server prints at its start: what it chose and found, a line each, and its address last."""

from server.contract.facts import Facts
from server.contract.status import IndexStatus
from server.settings import MEMORY, MIB, Settings


def banner(settings: Settings, facts: Facts, index: IndexStatus, address: str) -> str:
    """Return the lines that the server prints once it listens."""
    variant, fidelity = facts.variant, facts.variant.fidelity
    refused = "".join(f"; refused {reason}" for reason in variant.refused)
    cache = f"{settings.cache_bytes / MIB:.0f} MiB in memory" if settings.cache_bytes else "off"
    lines = (
        ("provider", f"{facts.provider} ({facts.provider_reason})"),
        ("variant", f"{facts.name} {variant.name}, {variant.file}{refused}"),
        (
            "fidelity",
            f"cosine to fp32 mean {fidelity.mean:.4f}, min {fidelity.least:.4f} "
            f"at export, on {fidelity.measured_on}; min {fidelity.on_probes:.4f} on the golden probes now",
        ),
        ("cores", f"{facts.cores}, one run on each; a lone long text uses all"),
        ("cache", cache),
        ("documents", _documents(settings, index)),
        ("address", address),
    )
    return "\n".join(f"{name:<9} {value}" for name, value in lines)


def _documents(settings: Settings, index: IndexStatus) -> str:
    if settings.data == MEMORY:
        return "none yet; those that come are kept in memory only"
    several = f"{index.collections} collections" if index.collections > 1 else "1 collection"
    mend = f"; another model's: {', '.join(index.foreign)}: python -m index reindex" if index.foreign else ""
    return f"{index.documents:,} in {several}, in {settings.data}{mend}"
