"""The smallest real documents: DOCX, XLSX and PDF written byte by byte."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/{part}" '
    'ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/>'
    "{more}</Types>"
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships '
    'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
_RELATION = (
    '<Relationship Id="{id}" Target="{target}" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/>'
)
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def a_zip(parts: Mapping[str, str | bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


def docx_parts(*paragraphs: str) -> dict[str, str | bytes]:
    """The parts of a DOCX; "# x" is a heading of level one, "## x" of level two; "<w:" begins raw XML."""
    body = "".join(each if each.startswith("<w:") else _paragraph(each) for each in paragraphs)
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="H{level}"><w:name w:val="heading {level}"/></w:style>'
        for level in range(1, 4)
    )
    return {
        "[Content_Types].xml": _TYPES.format(
            part="word/document.xml", kind="wordprocessingml.document", more=""
        ),
        "_rels/.rels": _RELATIONS.format(
            _RELATION.format(id="r1", kind="officeDocument", target="word/document.xml")
        ),
        "word/_rels/document.xml.rels": _RELATIONS.format(
            _RELATION.format(id="r1", kind="styles", target="styles.xml")
        ),
        "word/styles.xml": f'<w:styles xmlns:w="{_WORD}">{styles}</w:styles>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    }


def a_docx(*paragraphs: str) -> bytes:
    return a_zip(docx_parts(*paragraphs))


def a_table(rows: Sequence[Sequence[str]]) -> str:
    """A table for `a_docx`; a cell may begin with its properties, `<w:tcPr>…</w:tcPr>`."""
    lines = []
    for row in rows:
        cells = (cell.rpartition("</w:tcPr>") for cell in row)
        lines.append("".join(f"<w:tc>{head}{end}{_paragraph(text)}</w:tc>" for head, end, text in cells))
    return "<w:tbl>" + "".join(f"<w:tr>{line}</w:tr>" for line in lines) + "</w:tbl>"


def _paragraph(text: str) -> str:
    marks, _, rest = text.partition(" ")
    level = len(marks) if set(marks) == {"#"} else 0
    style = f'<w:pPr><w:pStyle w:val="H{level}"/></w:pPr>' if level else ""
    return f"<w:p>{style}<w:r><w:t>{escape(rest if level else text)}</w:t></w:r></w:p>"


def xlsx_parts(
    sheets: Mapping[str, Sequence[Sequence[str | float]]], hidden: Sequence[str] = ()
) -> dict[str, str | bytes]:
    entries, relations, more = "", "", ""
    parts: dict[str, str | bytes] = {}
    for number, (name, rows) in enumerate(sheets.items(), start=1):
        state = ' state="hidden"' if name in hidden else ""
        entries += f'<sheet name="{escape(name)}" sheetId="{number}" r:id="r{number}"{state}/>'
        target = f"worksheets/sheet{number}.xml"
        relations += _RELATION.format(id=f"r{number}", kind="worksheet", target=target)
        more += (
            f'<Override PartName="/xl/{target}" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        )
        parts[f"xl/{target}"] = _worksheet(rows)
    return {
        "[Content_Types].xml": _TYPES.format(part="xl/workbook.xml", kind="spreadsheetml.sheet", more=more),
        "_rels/.rels": _RELATIONS.format(
            _RELATION.format(id="r1", kind="officeDocument", target="xl/workbook.xml")
        ),
        "xl/_rels/workbook.xml.rels": _RELATIONS.format(relations),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_SHEET}" xmlns:r="{_LINK}"><sheets>{entries}</sheets></workbook>'
        ),
        **parts,
    }


def an_xlsx(sheets: Mapping[str, Sequence[Sequence[str | float]]], hidden: Sequence[str] = ()) -> bytes:
    return a_zip(xlsx_parts(sheets, hidden))


def _worksheet(rows: Sequence[Sequence[str | float]]) -> str:
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(_cell(f"{chr(65 + column)}{number}", cell) for column, cell in enumerate(row))
        lines.append(f'<row r="{number}">{cells}</row>')
    return f'<worksheet xmlns="{_SHEET}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(place: str, value: str | float) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def a_pdf(*pages: Sequence[str], outline: Sequence[tuple[str, int]] = ()) -> bytes:
    """A PDF of these lines, page by page; `outline` names headings and the number of their page."""
    placed = [[(50, 700 - 20 * number, line) for number, line in enumerate(page)] for page in pages]
    return a_placed_pdf(*placed, outline=outline, size=12)


def a_placed_pdf(
    *pages: Sequence[tuple[float, float, str]],
    outline: Sequence[tuple[str, int]] = (),
    size: float = 10,
    rotate: int = 0,
) -> bytes:
    """A PDF of texts at their places, in points from the lower left of a page of 612 by 792.

    With `rotate=90` the page is drawn on its side and shown upright, as wide tables are.
    """
    count = len(pages)
    first = 7 + 2 * count
    kids = " ".join(f"{7 + 2 * index} 0 R" for index in range(count))
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{f'/Outlines {first} 0 R' if outline else ''}>>",
        f"<</Type/Pages/Kids[{kids}]/Count {count}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UTF16-H/DescendantFonts[5 0 R]>>",
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000/CIDSystemInfo 6 0 R>>",
        "<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>",
    ]
    for index, texts in enumerate(pages):
        turn = "0 1 -1 0 612 0 cm " if rotate else ""
        stream = turn + "".join(_shown(x, y, text, size) for x, y, text in texts)
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Rotate {rotate}"
            f"/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>/Contents {8 + 2 * index} 0 R>>"
        )
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    if outline:
        last = first + len(outline)
        objects.append(f"<</Type/Outlines/First {first + 1} 0 R/Last {last} 0 R/Count {len(outline)}>>")
        for number, (title, page) in enumerate(outline, start=first + 1):
            after = f"/Next {number + 1} 0 R" if number < last else ""
            objects.append(
                f"<</Title({title})/Parent {first} 0 R/Dest[{7 + 2 * (page - 1)} 0 R/XYZ 0 792 0]{after}>>"
            )
    return _numbered(objects)


def _shown(x: float, y: float, text: str, size: float) -> str:
    if text.isascii():
        return f"BT /F1 {size} Tf {x} {y} Td ({text.replace('(', '').replace(')', '')})Tj ET\n"
    return f"BT /F2 {size} Tf {x} {y} Td <{text.encode('utf-16-be').hex()}>Tj ET\n"


def _numbered(objects: Sequence[str], trailer: str = "") -> bytes:
    written = io.BytesIO()
    written.write(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(written.tell())
        written.write(f"{number} 0 obj{content}endobj\n".encode("latin-1"))
    at = written.tell()
    written.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    written.writelines(f"{place:010} 00000 n \n".encode() for place in places)
    written.write(f"trailer<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{at}\n%%EOF".encode())
    return written.getvalue()


def an_encrypted_pdf() -> bytes:
    """One that wants a password: the keys in it belong to none."""
    locked = "<</Filter/Standard/V 1/R 2/O({})/U({})/P -4>>".format("o" * 32, "u" * 32)
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>", locked]
    return _numbered(objects, f"/Encrypt 3 0 R/ID[<{'ab' * 16}><{'ab' * 16}>]")
