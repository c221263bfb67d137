"""DOCX: what Word's files hold, in order, and archives that are not what they say."""

import io
import zipfile
from pathlib import Path

import docx
import pytest

from index.sources.confined import MAX_FILE_BYTES, records_of
from index.sources.docx import extract
from index.sources.docx_process import MAX_XML_BYTES
from index.sources.records import SourceError
from tests.index.sources.files import only, read_all, refusal, written

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63606060f80f00010401005fe5c34b0000000049454e44ae426082"
)
TEXT = """Über uns

Erster Absatz.

one

two

Name | Size
a b | inner | x

Details

tab here
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
    assert only(packed(tmp_path, body, namespace)).text == "controlled\n\nnew link\n\naround\n\nboxed"


def test_the_second_rendering_of_one_thing_is_left_out(tmp_path: Path) -> None:
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    body = (
        f'<mc:AlternateContent xmlns:mc="{mc}"><mc:Choice>{paragraph("once")}</mc:Choice>'
        f"<mc:Fallback>{paragraph('once')}</mc:Fallback></mc:AlternateContent>"
    )
    assert only(packed(tmp_path, body)).text == "once"


def test_headings_are_known_by_the_names_of_styles_in_any_language_of_word(tmp_path: Path) -> None:
    styles = (
        f'<w:styles xmlns:w="{W}">'
        '<w:style w:type="paragraph" w:styleId="berschrift8"><w:name w:val="heading 8"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="mine"><w:name w:val="Mine"/></w:style></w:styles>'
    )
    body = paragraph("one", '<w:pStyle w:val="mine"/>') + paragraph("two", '<w:pStyle w:val="berschrift8"/>')
    found = only(packed(tmp_path, body, word_styles=styles))
    assert found.text == "one\n\ntwo"
    assert found.metadata == {"title": "two"}


def test_footnotes_are_read_behind_the_text_and_comments_not(tmp_path: Path) -> None:
    body = (
        '<w:p><w:r><w:t>claim</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
        '<w:r><w:commentReference w:id="1"/></w:r></w:p>' + paragraph("after")
    )
    notes = f'<w:footnotes xmlns:w="{W}"><w:footnote w:id="2">{paragraph("source ↑")}</w:footnote></w:footnotes>'
    comments = f'<w:comments xmlns:w="{W}"><w:comment w:id="1">{paragraph("remark")}</w:comment></w:comments>'
    found = only(packed(tmp_path, body, word_footnotes=notes, word_comments=comments))
    assert found.text == "claim[1]\n\nafter\n\nsource ↑"


def test_cells_of_several_paragraphs_lists_and_marked_words_are_on_their_rows_line(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(2, 2)
    cell = table.cell(0, 0)
    cell.text = "bo"
    cell.paragraphs[0].add_run("ld").bold = True
    cell.add_paragraph("item", style="List Bullet")
    cell.add_paragraph("head", style="Heading 1")
    table.cell(0, 1).text, table.cell(1, 0).text, table.cell(1, 1).text = "a", "b", "c"
    document.add_paragraph("after")
    assert only(saved(tmp_path, document)).text == "bold item head | a\nb | c\n\nafter"


def test_pictures_are_not_in_the_text(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("before")
    document.add_picture(io.BytesIO(PNG))
    document.add_paragraph("af\u00adter")
    assert only(saved(tmp_path, document)).text == "before\n\nafter"


def test_the_main_part_may_have_another_name(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        relation = f'<Relationship Id="r" Type="{R}/officeDocument" Target="/word/document2.xml"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{RELATIONS}">{relation}</Relationships>')
        body = f"<w:body>{paragraph('x')}</w:body>"
        archive.writestr("word/document2.xml", f'<w:document xmlns:w="{W}">{body}</w:document>')
    assert only(written(tmp_path, "a.docx", out.getvalue())).text == "x"


def with_entities(folder: Path, entities: str, text: str) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        body = f'<w:document xmlns:w="{W}"><w:body>{paragraph(text)}</w:body></w:document>'
        archive.writestr("word/document.xml", f"<!DOCTYPE x [{entities}]>{body}")
    return written(folder, "a.docx", out.getvalue())


def test_no_entity_brings_another_file(tmp_path: Path) -> None:
    secret = written(tmp_path, "secret", "hidden")
    path = with_entities(tmp_path, f'<!ENTITY file SYSTEM "{secret.as_uri()}">', "a&file;b")
    assert "hidden" not in only(path).text


def test_entities_that_would_make_gigabytes_are_refused(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    assert "cannot be read as DOCX" in refusal(with_entities(tmp_path, f'<!ENTITY l0 "ha">{laughs}', "a&l9;b"))


def test_parts_that_unpack_to_more_than_the_limit_together_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, " " * (MAX_XML_BYTES // 2), word_footnotes=" " * (MAX_XML_BYTES // 2))
    assert path.stat().st_size < 1 << 20
    assert "unpacks to more than is read" in refusal(path)


def test_an_archive_that_lies_of_a_parts_size_is_read_no_further_than_it_says(tmp_path: Path) -> None:
    content = bytearray(packed(tmp_path, "<w:p/>" * (4 << 20)).read_bytes())
    entry = content.rfind(b"PK\1\2")
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    path = written(tmp_path, "b.docx", bytes(content))
    assert "cannot be read as DOCX: Bad CRC-32" in extract(path, memory_bytes=160 << 20).error


@pytest.mark.parametrize("name", ["document.xml", "document.bin"])
def test_a_document_that_takes_more_memory_than_its_process_has_is_told(tmp_path: Path, name: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        relation = f'<Relationship Id="r" Type="{R}/officeDocument" Target="word/{name}"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{RELATIONS}">{relation}</Relationships>')
        body = "<w:p/>" * 300_000
        archive.writestr(f"word/{name}", f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>')
    path = written(tmp_path, "a.docx", out.getvalue())
    assert path.stat().st_size < 1 << 20
    with pytest.raises(SourceError, match="takes too much memory"):
        list(records_of(path, extract(path, memory_bytes=160 << 20)))


def test_a_document_that_takes_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="it took more than 0"):
        extract(packed(tmp_path, paragraph("x")), seconds=0.0001)


def test_elements_within_each_other_a_thousand_deep_are_told(tmp_path: Path) -> None:
    body = "<w:sdt><w:sdtContent>" * 1000 + paragraph("x") + "</w:sdtContent></w:sdt>" * 1000
    assert "recursion" in refusal(packed(tmp_path, body))


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert "larger than 256 MiB" in refusal(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be read as DOCX: File is not a zip file"),
        (b"PK\3\4 nothing", "cannot be read as DOCX: File is not a zip file"),
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
    assert "Could not find main document part" in refusal(written(tmp_path, "a.docx", out.getvalue()))
    assert "cannot be read as DOCX" in refusal(packed(tmp_path, "<w:p>"))
