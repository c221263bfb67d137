"""`python -m server.reference` writes docs/api.md and docs/settings.md from the code.

They show the interface with all-MiniLM-L6-v2 and the default settings; a running server shows its own at /docs.
"""

from pathlib import Path
from typing import Any

from models import load_catalog
from server.openapi import Model, Subject, describe, limits_of
from server.openapi.markdown import to_markdown
from server.routes import DIALECTS, ROUTES
from server.settings import ROOT, Field, Settings, declared_settings
from server.version import VERSION

MODEL = "all-MiniLM-L6-v2"
DOCS = ROOT / "docs"
GENERATED = "<!-- Written by `make docs`; a test holds it to the code. -->\n"
# The unit of a setting, by the last word of its name.
UNITS = {
    "bytes": "bytes",
    "ms": "milliseconds",
    "s": "seconds",
    "tokens": "tokens",
    "run": "tokens",
    "size": "texts",
    "requests": "requests",
    "headers": "headers",
    "connections": "connections",
    "address": "connections",
    "cores": "runs",
}
RATES = {"requests_per_minute": "requests a minute", "tokens_per_minute": "tokens a minute"}


def api_page() -> str:
    entry = load_catalog()[MODEL]
    model = Model(
        names=(MODEL, *entry.aliases),
        prompts=entry.prompts,
        dimensions=int(entry.architecture["hidden_size"]),
        vocabulary=int(entry.architecture["vocab_size"]),
        passage_tokens=entry.max_tokens - 2,  # [CLS] and [SEP]
    )
    limits = limits_of(Settings(), model)
    subject = Subject(routes=ROUTES, dialects=DIALECTS, limits=limits, keys_required=True, version=VERSION)
    first = (
        f"# The HTTP interface\n\n{GENERATED}\n"
        f"As it is with {MODEL} and the default [settings](settings.md), on http://127.0.0.1:8000. A running server\n"
        "shows its own interface at `/docs`, where it can be tried, and gives it to programs at `/openapi.json`.\n\n"
    )
    return first + to_markdown(describe(subject))


def settings_page() -> str:
    lines = [
        f"# Settings\n\n{GENERATED}",
        "A flag wins over a variable, and a variable over the default. `python -m server --help` says the same.\n",
        "| flag | variable | default | unit | meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    for field in declared_settings():
        meaning = f"{field.about}{_choices(field)}"
        default = _default(field.default)
        lines.append(f"| `{field.flag}` | `{field.variable}` | {default} | {_unit(field.name)} | {meaning} |")
    return "\n".join([*lines, ""])


def _default(value: Any) -> str:
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}` beside the code"
    if value in ("", ()):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) and value > 65_535 else str(value)


def _unit(name: str) -> str:
    return RATES.get(name) or UNITS.get(name.rsplit("_", maxsplit=1)[-1], "")


def _choices(field: Field) -> str:
    return f"; one of {', '.join(field.choices)}" if field.choices else ""


def main() -> None:
    for name, text in (("api.md", api_page()), ("settings.md", settings_page())):
        (DOCS / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
