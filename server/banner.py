"""What was chosen and found at the start, a line each; the address is the last."""

from server.daemon import Daemon
from server.library import MEMORY

MIB = 1024 * 1024


def banner(daemon: Daemon, address: str) -> str:
    """Return the lines that the server prints once it listens."""
    manifest, chosen, settings = daemon.manifest, daemon.chosen, daemon.settings
    variant, fidelity = chosen.variant, chosen.variant.fidelity
    refused = "".join(f"; refused {reason}" for reason in chosen.refused)
    cache = f"{settings.cache_bytes / MIB:.0f} MiB in memory" if settings.cache_bytes else "off"
    lines = (
        ("provider", f"{daemon.provider.provider} ({daemon.provider.reason})"),
        ("variant", f"{manifest.name} {variant.name}, {variant.file}{refused}"),
        (
            "fidelity",
            f"cosine to fp32 mean {fidelity.cosine_mean:.4f}, min {fidelity.cosine_min:.4f} "
            f"at export, on {fidelity.measured_on}; min {chosen.probe_cosine:.4f} on the golden probes now",
        ),
        ("cores", f"{daemon.cores}, one run on each; a lone long text uses all"),
        ("cache", cache),
        ("documents", _documents(daemon)),
        ("address", address),
    )
    return "\n".join(f"{name:<9} {value}" for name, value in lines)


def _documents(daemon: Daemon) -> str:
    stats = daemon.library.index.stats()
    if daemon.settings.data == MEMORY:
        return "none yet; those that come are kept in memory alone"
    several = f"{len(stats)} collections" if len(stats) > 1 else "1 collection"
    foreign = [one.name for one in stats if one.state == "foreign"]
    mend = f"; another model's: {', '.join(foreign)}: python -m index reindex" if foreign else ""
    return f"{sum(one.documents for one in stats):,} in {several}, in {daemon.settings.data}{mend}"
