"""Makes small PDFs by hand: pages of text, of a drawing alone, encrypted ones."""

import hashlib
import io
import zlib
from collections.abc import Sequence

PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
CATALOG, TREE = b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count %d >>"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def pdf(pages: Sequence[str], title: str = "") -> bytes:
    """Return a PDF whose pages show these lines."""
    return assemble([content(page) for page in pages], f"<< /Title ({title}) >>".encode("cp1252"))


def drawing() -> bytes:
    """Return a PDF of one page that shows a filled square."""
    return assemble([b"0 0 1 rg 100 100 200 200 re f"], b"<< >>")


def bomb(mebibytes: int) -> bytes:
    """Return a PDF whose page unpacks to so much."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"BT /F1 12 Tf (x) Tj ET\n" * 45_590) for _ in range(mebibytes)) + packer.flush()
    return assemble([packed], b"<< >>", b"/Filter /FlateDecode ")


def content(page: str) -> bytes:
    shown = b"".join(b"(%s) Tj T*\n" % line.encode("cp1252") for line in page.splitlines())
    return b"BT /F1 12 Tf 14 TL 72 720 Td\n%sET" % shown


def assemble(streams: Sequence[bytes], info: bytes, filters: bytes = b"", encryption: bytes = b"") -> bytes:
    """Return the file: catalog, pages, font, information, then a page and its content each."""
    kids = b" ".join(b"%d 0 R" % (5 + 2 * number) for number in range(len(streams)))
    objects = [CATALOG, TREE % (kids, len(streams)), FONT, info]
    for number, stream in enumerate(streams):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (6 + 2 * number)
        )
        objects.append(b"<< %s/Length %d >>\nstream\n%s\nendstream" % (filters, len(stream), stream))
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for number, one in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, one))
    table = out.tell()
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, rows))
    out.write(b"trailer << /Size %d /Root 1 0 R /Info 4 0 R %s>>\n" % (len(objects) + 1, encryption))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()


def encrypted(password: bytes) -> bytes:
    """Return a PDF that opens with a password alone: the standard handler's revision 2, of 40 bits."""
    padded = (password + PAD)[:32]
    owner = rc4(hashlib.md5(padded, usedforsecurity=False).digest()[:5], padded)
    key = hashlib.md5(padded + owner + (-4 & 0xFFFFFFFF).to_bytes(4, "little") + b"\0", usedforsecurity=False).digest()[
        :5
    ]
    entry = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00><00>] " % (
        owner.hex().encode(),
        rc4(key, PAD).hex().encode(),
    )
    of_content = hashlib.md5(key + b"\x06\0\0\0\0", usedforsecurity=False).digest()[:10]
    return assemble([rc4(of_content, content("secret"))], b"<< >>", encryption=entry)


def rc4(key: bytes, message: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in message:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
