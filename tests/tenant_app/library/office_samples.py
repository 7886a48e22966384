"""OpenDocument and Office Open XML packages, written by hand so that each part can be made wrong."""

import zipfile
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from xml.sax.saxutils import escape, quoteattr

from tests.tenant_app.library.samples import CONTENT_TYPES, packed

Table = Sequence[Sequence[object]]
"""Rows of cells; None and "" are empty ones."""

_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_ODF_NAMESPACES = " ".join(
    f'xmlns:{short}="{_ODF}:{long}:1.0"'
    for short, long in {
        "office": "office",
        "text": "text",
        "table": "table",
        "style": "style",
        "draw": "drawing",
        "svg": "svg-compatible",
    }.items()
)
_MAIN = "http://schemas.openxmlformats.org"
_S = f"{_MAIN}/spreadsheetml/2006/main"
_R = f"{_MAIN}/officeDocument/2006/relationships"
_P = f"{_MAIN}/presentationml/2006/main"
_A = f"{_MAIN}/drawingml/2006/main"
_RELATIONS = f"{_MAIN}/package/2006/relationships"


def odt(body: str, styles: str = "", parts: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """Return an OpenDocument text whose body is this XML; `styles` are automatic ones."""
    content = (
        f"<office:document-content {_ODF_NAMESPACES}>"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return _open_document("text", content.encode(), parts)


def ods(sheets: Mapping[str, Table]) -> bytes:
    """Return an OpenDocument spreadsheet of these sheets, all cells texts."""
    return ods_of("".join(_ods_sheet(name, table) for name, table in sheets.items()))


def ods_of(tables: str) -> bytes:
    """Return an OpenDocument spreadsheet whose sheets are this XML."""
    content = (
        f"<office:document-content {_ODF_NAMESPACES}><office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return _open_document("spreadsheet", content.encode(), {})


def _ods_sheet(name: str, table: Table) -> str:
    rows = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in table)
    return f"<table:table table:name={quoteattr(name)}>{rows}</table:table>"


def _ods_cell(value: object) -> str:
    return f"<table:table-cell><text:p>{escape(str(value or ''))}</text:p></table:table-cell>"


def _open_document(kind: str, content: bytes, parts: Mapping[str, bytes]) -> bytes:
    media_type = f"application/vnd.oasis.opendocument.{kind}".encode()
    return packed({"mimetype": media_type, "content.xml": content, **parts}, first=zipfile.ZIP_STORED)


def xlsx(sheets: Mapping[str, Table], styles: str = "") -> bytes:
    """Return an Excel workbook of these sheets; texts are shared, an XML cell ("<c …") stands as it is."""
    shared: list[str] = []
    parts = {
        f"xl/worksheets/sheet{number}.xml": _worksheet(table, shared)
        for number, table in enumerate(sheets.values(), start=1)
    }
    texts = "".join(f"<si><t>{escape(text)}</t></si>" for text in shared)
    return xlsx_of(
        {
            **parts,
            "xl/sharedStrings.xml": f'<sst xmlns="{_S}">{texts}</sst>',
            "xl/styles.xml": f'<styleSheet xmlns="{_S}">{styles}</styleSheet>',
        },
        list(sheets),
    )


def xlsx_of(parts: Mapping[str, str], names: Sequence[str], properties: str = "") -> bytes:
    """Return an Excel workbook of these parts, with sheets of these names."""
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, start=1)
    )
    targets = [f"worksheets/sheet{number}.xml" for number in range(1, len(names) + 1)]
    workbook = f'<workbook xmlns="{_S}" xmlns:r="{_R}">{properties}<sheets>{sheets}</sheets></workbook>'
    return _office(
        {
            "xl/workbook.xml": workbook,
            "xl/_rels/workbook.xml.rels": relations([*targets, "sharedStrings.xml", "styles.xml"]),
            **parts,
        }
    )


def worksheet(rows: str) -> str:
    """Return a sheet's part whose rows are this XML."""
    return f'<worksheet xmlns="{_S}"><sheetData>{rows}</sheetData></worksheet>'


def _worksheet(table: Table, shared: list[str]) -> str:
    rows = []
    for row in table:
        cells = (_xlsx_cell(value, shared) for value in row)
        rows.append(f"<row>{''.join(cells)}</row>")
    return worksheet("".join(rows))


def _xlsx_cell(value: object, shared: list[str]) -> str:
    match value:
        case None | "":
            return '<c s="0"/>'
        case int() | float():
            return f"<c><v>{value}</v></c>"
        case str() if value.startswith("<c"):
            return value
    shared.append(str(value))
    return f'<c t="s"><v>{len(shared) - 1}</v></c>'


def pptx(slides: Sequence[tuple[str, Sequence[str]]], extra: str = "") -> bytes:
    """Return a presentation: each slide's title and paragraphs; `extra` is XML put on every slide."""
    parts = {
        f"ppt/slides/slide{number}.xml": _slide(title, paragraphs, extra)
        for number, (title, paragraphs) in enumerate(slides, start=1)
    }
    return pptx_of(parts)


def pptx_of(parts: Mapping[str, str]) -> bytes:
    """Return a presentation of these parts; the slides are shown in the order given."""
    slides = [name.removeprefix("ppt/") for name in parts if name.startswith("ppt/slides/slide")]
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in range(1, len(slides) + 1))
    presentation = (
        f'<p:presentation xmlns:p="{_P}" xmlns:r="{_R}"><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>'
    )
    return _office(
        {
            "ppt/presentation.xml": presentation,
            "ppt/_rels/presentation.xml.rels": relations(slides),
            **parts,
        }
    )


def slide(shapes: str) -> str:
    """Return a slide's (or its notes') part with these shapes."""
    return f'<p:sld xmlns:p="{_P}" xmlns:a="{_A}"><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>'


def shape(paragraphs: Sequence[str], kind: str = "") -> str:
    """Return a shape with these paragraphs; `kind` is the placeholder it fills ("title", "ftr" …)."""
    place = f'<p:ph type="{kind}"/>' if kind else ""
    text = "".join(f"<a:p><a:r><a:t>{escape(paragraph)}</a:t></a:r></a:p>" for paragraph in paragraphs)
    return f"<p:sp><p:nvSpPr><p:nvPr>{place}</p:nvPr></p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>"


def _slide(title: str, paragraphs: Sequence[str], extra: str) -> str:
    return slide(shape(paragraphs) + (shape([title], "title") if title else "") + extra)


def relations(targets: Sequence[str]) -> str:
    """Return a part of relationships to these targets, with the ids rId1, rId2 …"""
    entries = "".join(
        f'<Relationship Id="rId{number}" Target={quoteattr(target)}/>'
        for number, target in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_RELATIONS}">{entries}</Relationships>'


def _office(parts: Mapping[str, str]) -> bytes:
    return packed(
        {"[Content_Types].xml": CONTENT_TYPES.encode(), **{name: xml.encode() for name, xml in parts.items()}}
    )
