"""The forms of files, by the endings of their names; each is one text or a table."""

from pathlib import Path

MARKDOWN, TEXT, HTML, PDF, DOCX = "markdown", "text", "html", "pdf", "docx"
CSV, TSV, NDJSON, JSON, PARQUET = "csv", "tsv", "ndjson", "json", "parquet"
FORMS = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".txt": TEXT,
    ".html": HTML,
    ".htm": HTML,
    ".csv": CSV,
    ".tsv": TSV,
    ".ndjson": NDJSON,
    ".jsonl": NDJSON,
    ".json": JSON,
    ".parquet": PARQUET,
    ".pdf": PDF,
    ".docx": DOCX,
}
TABLES = frozenset({CSV, TSV, NDJSON, JSON, PARQUET})  # the others are one text each


def form_of(path: Path) -> str | None:
    """Return the form that the name ends in, in letters of either case; None for others."""
    return FORMS.get(path.suffix.lower())


def one_text(form: str) -> bool:
    """Say whether a file of this form is one text, and no table."""
    return form not in TABLES
