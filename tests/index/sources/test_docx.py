"""DOCX: what Word's files hold, in order, and archives that are not what they say."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import docx
import pytest

from index.sources.docx import MAX_DOCUMENT_BYTES
from tests.index.sources.files import only, read_all, refusal, written

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
TEXT = """# Über uns

Erster Absatz.

- one
- two

Name | Size
a b | inner | x

## Details

tab\there
next line"""


def saved(folder: Path, document: "docx.document.Document") -> Path:
    path = folder / "a.docx"
    document.save(str(path))
    return path


def packed(folder: Path, body: str, namespace: str = W, **parts: str) -> Path:
    """Write an archive of a main part with this body, and other parts, `_` for `/`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{namespace}"><w:body>{body}</w:body></w:document>')
        for name, content in parts.items():
            archive.writestr(name.replace("_", "/") + ".xml", content)
    return written(folder, "a.docx", out.getvalue())


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_paragraphs_headings_lists_and_tables_are_read_in_order(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Über uns", 1)
    document.add_paragraph("Erster ").add_run("Absatz.").bold = True
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Number")
    table = document.add_table(2, 2)
    table.cell(0, 0).text, table.cell(0, 1).text, table.cell(1, 0).text = "Name", "Size", "a\nb"
    nested = table.cell(1, 1).add_table(1, 2)
    nested.cell(0, 0).text, nested.cell(0, 1).text = "inner", "x"
    document.add_heading("Details", 2)
    document.add_paragraph("tab\there\nnext line")
    found = only(saved(tmp_path, document))
    assert found.text == TEXT
    assert found.metadata == {"title": "Über uns"}


def test_the_title_is_the_core_property_else_the_title_or_first_heading_else_the_name(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("x")
    assert only(saved(tmp_path, document)).metadata == {"title": "a"}
    document.add_paragraph("Annual report", style="Title")
    assert only(saved(tmp_path, document)).metadata == {"title": "Annual report"}
    document.core_properties.title = "Report\n 2026"
    assert only(saved(tmp_path, document)).metadata == {"title": "Report 2026"}


def test_a_document_without_text_is_no_record(tmp_path: Path) -> None:
    assert read_all(saved(tmp_path, docx.Document())) == []


@pytest.mark.parametrize("namespace", [W, STRICT])
def test_controls_insertions_links_and_boxes_are_read_and_deletions_not(tmp_path: Path, namespace: str) -> None:
    box = f"<w:r><w:pict><w:txbxContent>{paragraph('boxed')}</w:txbxContent></w:pict></w:r>"
    body = (
        f"<w:sdt><w:sdtContent>{paragraph('controlled')}</w:sdtContent></w:sdt>"
        "<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        '<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom><w:hyperlink><w:r><w:t xml:space="preserve"> link</w:t>'
        "</w:r></w:hyperlink><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
        f"<w:p>{box}<w:r><w:t>around</w:t></w:r></w:p>"
    )
    assert only(packed(tmp_path, body, namespace)).text == "controlled\n\nnew link\n\nboxed\n\naround"


def test_the_second_rendering_of_one_thing_is_left_out(tmp_path: Path) -> None:
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    body = (
        f'<mc:AlternateContent xmlns:mc="{mc}"><mc:Choice>{paragraph("once")}</mc:Choice>'
        f"<mc:Fallback>{paragraph('once')}</mc:Fallback></mc:AlternateContent>"
    )
    assert only(packed(tmp_path, body)).text == "once"


def test_headings_and_lists_are_those_of_styles_and_of_paragraphs(tmp_path: Path) -> None:
    styles = (
        f'<w:styles xmlns:w="{W}">'
        '<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="mine"><w:name w:val="Mine"/><w:basedOn w:val="berschrift2"/></w:style>'
        '<w:style w:styleId="loop"><w:name w:val="Loop"/><w:basedOn w:val="loop"/></w:style>'
        '<w:style w:styleId="dots"><w:name w:val="Dots"/><w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr>'
        "</w:style></w:styles>"
    )
    body = (
        paragraph("styled", '<w:pStyle w:val="mine"/>')
        + paragraph("outlined", '<w:outlineLvl w:val="0"/>')
        + paragraph("body", '<w:outlineLvl w:val="9"/>')
        + paragraph("loop", '<w:pStyle w:val="loop"/>')
        + paragraph("dot", '<w:pStyle w:val="dots"/>')
        + paragraph("deeper", '<w:numPr><w:ilvl w:val="1"/><w:numId w:val="3"/></w:numPr>')
        + paragraph("no dot", '<w:pStyle w:val="dots"/><w:numPr><w:numId w:val="0"/></w:numPr>')
    )
    expected = "## styled\n\n# outlined\n\nbody\n\nloop\n\n- dot\n  - deeper\n\nno dot"
    assert only(packed(tmp_path, body, word_styles=styles)).text == expected


def test_the_main_part_may_have_another_name(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "_rels/.rels",
            '<Rels><Relationship Type="http://x/officeDocument" Target="/word/document2.xml"/></Rels>',
        )
        archive.writestr("word/document2.xml", f'<w:document xmlns:w="{W}">{paragraph("x")}</w:document>')
    assert only(written(tmp_path, "a.docx", out.getvalue())).text == "x"


def with_entities(folder: Path, entities: str, text: str) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        body = f'<w:document xmlns:w="{W}">{paragraph(text)}</w:document>'
        archive.writestr("word/document.xml", f"<!DOCTYPE x [{entities}]>{body}")
    return written(folder, "a.docx", out.getvalue())


def test_no_entity_brings_another_file(tmp_path: Path) -> None:
    secret = written(tmp_path, "secret", "hidden")
    path = with_entities(tmp_path, f'<!ENTITY file SYSTEM "{secret.as_uri()}">', "a&file;b")
    assert "hidden" not in only(path).text


def test_entities_that_would_make_gigabytes_are_refused(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    assert "cannot be read as DOCX" in refusal(with_entities(tmp_path, f'<!ENTITY l0 "ha">{laughs}', "a&l9;b"))


def test_a_part_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, " " * MAX_DOCUMENT_BYTES)
    assert path.stat().st_size < 1 << 20
    assert "unpacks to more than is read" in refusal(path)


def test_an_archive_that_lies_of_a_parts_size_fills_no_memory(tmp_path: Path) -> None:
    content = bytearray(packed(tmp_path, " " * (100 << 20)).read_bytes())
    entry = content.rfind(b"PK\1\2")
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    path = written(tmp_path, "b.docx", bytes(content))
    tracemalloc.start()
    assert "cannot be read as DOCX" in refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_an_archive_of_far_too_many_parts_is_refused(tmp_path: Path) -> None:
    content = bytearray(packed(tmp_path, paragraph("x")).read_bytes())
    end = content.rfind(b"PK\5\6")
    content[end + 12 : end + 16] = (5 << 20).to_bytes(4, "little")
    assert "far more parts" in refusal(written(tmp_path, "b.docx", bytes(content)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is no ZIP archive"),
        (b"PK\3\4 nothing", "it is no ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "is encrypted, or a document of Word 97"),
    ],
)
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in refusal(written(tmp_path, "a.docx", content))


@pytest.mark.parametrize("cut", [100, -1, -100, -1000])
def test_a_truncated_document_is_told(tmp_path: Path, cut: int) -> None:
    document = docx.Document()
    document.add_paragraph("x")
    whole = saved(tmp_path, document).read_bytes()
    assert "cannot be read as DOCX" in refusal(written(tmp_path, "b.docx", whole[:cut]))


def test_an_archive_of_something_else_is_told(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    assert refusal(written(tmp_path, "a.docx", out.getvalue())) == "is no DOCX: its archive has no word/document.xml"
    assert "cannot be read as DOCX" in refusal(packed(tmp_path, "<w:p>"))
