"""A DOCX made ready for its reader: what Word shows stands where it looks, what Word hides is taken out.

mammoth knows styles, tables, notes and links. It passes over text boxes, simple fields and words with
their pronunciation, reads hidden text, counts every list from one, and takes no heading for one that
is named in an own style. So before it reads,

    text boxes          stand below their paragraph, once
    hidden text         is taken out and counted
    numbers             are written in front of steps and headings
    levels of outline   become headings; lists of contents are left out
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import ElementTree

from engine.extract.blocks import Refused
from engine.extract.numbering import Numbering, W, value_of

if TYPE_CHECKING:
    from zipfile import ZipFile

MAPPED: Final = "\n".join(
    [
        *(f"p.KbdialHeading{level} => h{level}:fresh" for level in range(1, 7)),
        "p.KbdialItem => ul > li:fresh",
    ]
)
"""What the styles given here become in HTML."""

_PARTS: Final = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_UNREAD: Final = ("word/numbering.xml", "word/comments.xml", "word/media/", "word/embeddings/", "word/fonts/")
_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_V: Final = "{urn:schemas-microsoft-com:vml}"
_M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_STRICT: Final = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_OFF: Final = frozenset(["0", "false", "off"])
_TITLES: Final = frozenset(["title", "标题"])
_HEADING: Final = "heading "
_CONTENTS: Final = ("toc ", "table of figures")
_TRANSPARENT: Final = frozenset([W + "fldSimple", W + "dir", W + "bdo"])
_BODY_LEVEL: Final = 9
_DEEPEST_STYLE: Final = 20


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    parent: str
    properties: Element


def prepare_document(content: bytes) -> tuple[bytes, int]:
    """The document as its reader should get it, and how many hidden passages are not in it any more."""
    written = BytesIO()
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive, zipfile.ZipFile(written, "w") as result:
            names = archive.namelist()
            styles = _Styles(_part(archive, "word/styles.xml"))
            numbering = Numbering(_part(archive, "word/numbering.xml"))
            hidden = 0
            for name in dict.fromkeys(names):
                if name in _PARTS:
                    root = _part(archive, name)
                    assert root is not None  # noqa: S101 - it is in the list
                    rewriting = _Rewriting(styles, numbering)
                    rewriting.rewrite(root)
                    hidden += rewriting.hidden
                    result.writestr(name, tostring(root, encoding="utf-8", xml_declaration=True))
                elif not name.startswith(_UNREAD):
                    result.writestr(name, archive.read(name))
    except (ElementTree.ParseError, ValueError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise Refused(f"is a damaged .docx ({type(error).__name__}); open it and save it again") from None
    return written.getvalue(), hidden


def _part(archive: ZipFile, name: str) -> Element | None:
    if name not in archive.namelist():
        return None
    root: Element = ElementTree.fromstring(archive.read(name).replace(_STRICT, W[1:-1].encode()))
    return root


class _Styles:
    """The properties of paragraphs and runs from their styles, and of these from those they are based on."""

    def __init__(self, root: Element | None) -> None:
        self._styles: Mapping[str, _Style] = {
            each.get(W + "styleId", ""): _Style(
                (value_of(each, "name") or "").casefold(), value_of(each, "basedOn") or "", each
            )
            for each in (() if root is None else root.findall(W + "style"))
        }

    def name(self, style: str) -> str:
        found = self._styles.get(style)
        return "" if found is None else found.name

    def first(self, style: str, *path: str) -> Element | None:
        """The nearest element at the path of tags, from the style upwards."""
        for each in self._line(style):
            found: Element | None = each.properties
            for tag in path:
                found = None if found is None else found.find(W + tag)
            if found is not None:
                return found
        return None

    def _line(self, style: str) -> Iterator[_Style]:
        for _ in range(_DEEPEST_STYLE):
            found = self._styles.get(style)
            if found is None:
                return
            yield found
            style = found.parent


class _Rewriting:
    """One part of the document; `hidden` counts what was taken out."""

    def __init__(self, styles: _Styles, numbering: Numbering) -> None:
        self._styles = styles
        self._numbering = numbering
        self.hidden = 0

    def rewrite(self, element: Element, style: str = "") -> None:
        """Rewrite everything below the element; `style` is that of the paragraph around it."""
        children = [each for child in element for each in self._rewrite(child, style)]
        element[:] = children

    def _rewrite(self, child: Element, style: str) -> list[Element]:
        if child.tag == W + "p":
            return self._paragraph(child)
        if child.tag == W + "r" and self._is_hidden(child, style):
            self.hidden += any(each.tag == W + "t" and each.text for each in child.iter())
            return []
        if child.tag == W + "tr" and _is_on(_find(child, "trPr", "hidden")):
            self.hidden += 1
            return []
        if child.tag == W + "cr":
            return [Element(W + "br")]
        if child.tag == W + "ruby":
            child = _in(child, "rubyBase")
        elif child.tag == _M + "oMath":
            return [_run("".join(each.text or "" for each in child.iter(_M + "t")))]
        elif child.tag in {_MC + "AlternateContent", W + "drawing"} and (boxes := _boxes(child)):
            return [self._box(boxes)]
        self.rewrite(child, style)
        return list(child) if child.tag in _TRANSPARENT or child.tag == W + "rubyBase" else [child]

    def _paragraph(self, paragraph: Element) -> list[Element]:
        properties = paragraph.find(W + "pPr")
        style = value_of(properties, "pStyle") or ""
        name = self._styles.name(style)
        if name.startswith(_CONTENTS):
            return []
        label = self._label(properties, style)
        self.rewrite(paragraph, style)
        level = self._heading_level(properties, style, name)
        if level:
            _set_style(paragraph, f"KbdialHeading{level}")
        elif label is not None:
            _set_style(paragraph, "KbdialItem")
        if label and any(each.tag == W + "t" and each.text for each in paragraph.iter()):
            paragraph.insert(1 if properties is not None or level or label else 0, _run(f"{label} "))
        return [paragraph]

    def _label(self, properties: Element | None, style: str) -> str | None:
        given = None if properties is None else properties.find(W + "numPr")
        if given is None or value_of(given, "numId") is None:
            inherited = self._styles.first(style, "pPr", "numPr")
            number = value_of(inherited, "numId")
            level = value_of(given, "ilvl") or value_of(inherited, "ilvl")
        else:
            number, level = value_of(given, "numId"), value_of(given, "ilvl")
        return self._numbering.label(number, level, style)

    def _heading_level(self, properties: Element | None, style: str, name: str) -> int:
        """1 to 6; 0 for what is no heading."""
        if name in _TITLES:
            return 1
        outline = value_of(properties, "outlineLvl")
        if outline is None:
            found = self._styles.first(style, "pPr", "outlineLvl")
            outline = None if found is None else found.get(W + "val")
        if outline is None and name.startswith(_HEADING):
            outline = str(int(name[-1]) - 1) if name[-1:].isdecimal() else None
        if outline is None or not outline.isdecimal() or int(outline) >= _BODY_LEVEL:
            return 0
        return min(int(outline) + 1, 6)

    def _is_hidden(self, run: Element, style: str) -> bool:
        """Whether a run is hidden: by its own property, else its style, else its paragraph's style."""
        own = _find(run, "rPr", "vanish")
        if own is None:
            given = value_of(run.find(W + "rPr"), "rStyle") or ""
            own = self._styles.first(given, "rPr", "vanish")
        if own is None:
            own = self._styles.first(style, "rPr", "vanish")
        return _is_on(own)

    def _box(self, boxes: list[Element]) -> Element:
        """The text boxes as the old kind of box, which the reader knows."""
        picture = Element(W + "pict")
        for box in boxes:
            self.rewrite(box)
            SubElement(picture, _V + "textbox").append(box)
        return picture


def _boxes(element: Element) -> list[Element]:
    """The outermost text boxes in one of the two ways that a drawing is written in."""
    choices = element.findall(_MC + "Choice") if element.tag == _MC + "AlternateContent" else [element]
    fallbacks = element.findall(_MC + "Fallback")
    for way in [*choices, *fallbacks]:
        if found := list(_outermost(way, W + "txbxContent")):
            return found
    return []


def _outermost(element: Element, tag: str) -> Iterator[Element]:
    for child in element:
        if child.tag == tag:
            yield child
        else:
            yield from _outermost(child, tag)


def _find(element: Element, *path: str) -> Element | None:
    found: Element | None = element
    for tag in path:
        found = None if found is None else found.find(W + tag)
    return found


def _in(element: Element, tag: str) -> Element:
    found = element.find(W + tag)
    return Element(W + tag) if found is None else found


def _is_on(switch: Element | None) -> bool:
    return switch is not None and switch.get(W + "val", "1") not in _OFF


def _run(text: str) -> Element:
    run = Element(W + "r")
    written = SubElement(run, W + "t")
    written.text = text
    return run


def _set_style(paragraph: Element, style: str) -> None:
    properties = paragraph.find(W + "pPr")
    if properties is None:
        properties = Element(W + "pPr")
        paragraph.insert(0, properties)
    for each in properties.findall(W + "pStyle"):
        properties.remove(each)
    SubElement(properties, W + "pStyle").set(W + "val", style)
