"""What is read from spreadsheets and CSV files: the filled cells, each row understandable by itself."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenant_app.library.parsing.delimited import read_csv
from tenant_app.library.parsing.ods import read_ods
from tenant_app.library.parsing.protocol import Block, ParseError, Part
from tenant_app.library.parsing.xlsx import read_xlsx
from tests.tenant_app.library import office_samples, samples

RENTS = [["Mois", "Loyer"], ["Mai", "800 €"], ["Juin", "810 €"]]
RENTS_READ = [
    Block("Loyers", level=1),
    Block("Mois | Loyer"),
    Block("Mois: Mai | Loyer: 800 €"),
    Block("Mois: Juin | Loyer: 810 €"),
]


def _read(tmp_path: Path, reader: Callable[[Path], Iterator[Part]], content: bytes) -> list[Part]:
    path = tmp_path / "document"
    path.write_bytes(content)
    return list(reader(path))


@pytest.mark.parametrize(
    ("reader", "content"),
    [
        (read_xlsx, office_samples.xlsx({"Vide": [[None]], "Loyers": RENTS})),
        (read_ods, office_samples.ods({"Vide": [[None]], "Loyers": RENTS})),
    ],
)
def test_each_row_says_what_its_figures_are_under_the_name_of_its_sheet(
    tmp_path: Path, reader: Callable[[Path], Iterator[Part]], content: bytes
) -> None:
    assert _read(tmp_path, reader, content) == RENTS_READ


@pytest.mark.parametrize(
    "text",
    [
        "Mois;Loyer\r\nMai;800 €\r\nJuin;810 €\r\n",
        'Mois,Loyer\nMai,800 €\n"Juin","810 €"',
        "Mois\tLoyer\nMai\t800 €\nJuin\t810 €\n",
        "sep=|\nMois|Loyer\nMai|800 €\nJuin|810 €\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_table_written_as_text_is_read_whatever_its_delimiter_and_encoding(
    tmp_path: Path, text: str, encoding: str
) -> None:
    assert _read(tmp_path, read_csv, text.encode(encoding)) == RENTS_READ[1:]


def test_a_cell_of_a_text_table_may_hold_delimiters_and_lines(tmp_path: Path) -> None:
    content = b'Clause;Texte\nObjet;"Le bail ; ses annexes\net le reste"\n'
    assert _read(tmp_path, read_csv, content)[1] == Block(
        "Clause: Objet | Texte: Le bail ; ses annexes et le reste"
    )


def test_a_table_of_figures_without_titles_is_read_as_it_stands(tmp_path: Path) -> None:
    content = office_samples.xlsx({"S": [["Loyer", 800], ["Charges", 50.5]]})
    assert _read(tmp_path, read_xlsx, content)[1:] == [Block("Loyer | 800"), Block("Charges | 50.5")]


def test_a_second_table_of_a_sheet_has_titles_of_its_own(tmp_path: Path) -> None:
    content = office_samples.xlsx(
        {
            "S": [
                ["Budget 2026"],
                [],
                ["Poste", "2025", "2026"],
                ["Loyer", 9, 10],
                [],
                ["Ville", "Bureau"],
                ["Lyon", "A"],
            ]
        }
    )
    assert _read(tmp_path, read_xlsx, content)[1:] == [
        Block("Budget 2026"),
        Block("Poste | 2025 | 2026"),
        Block("Poste: Loyer | 2025: 9 | 2026: 10"),
        Block("Ville | Bureau"),
        Block("Ville: Lyon | Bureau: A"),
    ]


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ('<c t="inlineStr"><is><r><t>so</t></r><r><t>ciété</t></r><rPh><t>x</t></rPh></is></c>', "société"),
        ('<c t="str"><f>A1</f><v>résultat</v></c>', "résultat"),
        ('<c t="b"><v>1</v></c>', "VRAI"),
        ('<c s="1"><v>46112</v></c>', "2026-03-31"),
        ('<c s="2"><v>46112.75</v></c>', "2026-03-31 18:00"),
        ('<c s="3"><v>0.125</v></c>', "12.5 %"),
        ('<c s="4"><v>800</v></c>', "800 €"),
        ('<c s="5"><v>0.5</v></c>', "12:00"),
        ('<c s="1"><v>1e300</v></c>', "1e+300"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>nan</v></c>", "nan"),
        ('<c t="d"><v>2026-03-31</v></c>', "2026-03-31"),
    ],
)
def test_a_cell_is_read_as_it_is_displayed(tmp_path: Path, cell: str, read: str) -> None:
    styles = (
        '<numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy hh:mm"/>'
        '<numFmt numFmtId="165" formatCode="#,##0\\ &quot;€&quot;"/></numFmts><cellXfs>'
        + "".join(f'<xf numFmtId="{number}"/>' for number in (0, 14, 164, 10, 165, 20))
        + "</cellXfs>"
    )
    content = office_samples.xlsx({"S": [["Valeur", cell]]}, styles=styles)
    assert _read(tmp_path, read_xlsx, content)[1:] == [Block(f"Valeur | {read}")]


@pytest.mark.parametrize(
    "cell", ['<c t="e"><v>#REF!</v></c>', '<c t="s"><v>99</v></c>', '<c t="s"><v>x</v></c>']
)
def test_a_cell_without_a_text_is_an_empty_one(tmp_path: Path, cell: str) -> None:
    assert _read(tmp_path, read_xlsx, office_samples.xlsx({"S": [["Loyer", cell]]}))[1:] == [Block("Loyer")]


def test_cells_stand_in_the_column_they_name(tmp_path: Path) -> None:
    rows = (
        '<row r="3"><c r="B3" t="str"><v>Mois</v></c><c r="D3" t="str"><v>Loyer</v></c></row>'
        '<row r="4"><c r="D4"><v>800</v></c><c r="AA4"><v>7</v></c></row>'
    )
    content = office_samples.xlsx_of({"xl/worksheets/sheet1.xml": office_samples.worksheet(rows)}, ["S"])
    assert _read(tmp_path, read_xlsx, content)[1:] == [Block("Mois | Loyer"), Block("Loyer: 800 | 7")]


def test_the_calendar_of_old_macs_is_known(tmp_path: Path) -> None:
    part = office_samples.worksheet('<row><c s="0"><v>1</v></c></row>')
    content = office_samples.xlsx_of(
        {
            "xl/worksheets/sheet1.xml": part,
            "xl/styles.xml": '<styleSheet xmlns="x"><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>',
        },
        ["S"],
        properties='<workbookPr date1904="1"/>',
    )
    assert _read(tmp_path, read_xlsx, content)[1:] == [Block("1904-01-02")]


def test_fifty_sheets_of_mostly_empty_cells_are_read_in_seconds(tmp_path: Path) -> None:
    empty_row = "<row>" + '<c s="0"/>' * 26 + "</row>"
    empty = empty_row * 1000
    part = office_samples.worksheet(f'<row><c t="str"><v>Question</v></c></row>{empty}')
    parts = {f"xl/worksheets/sheet{number}.xml": part for number in range(1, 51)}
    content = office_samples.xlsx_of(parts, [f"Feuille {number}" for number in range(1, 51)])
    started = time.process_time()
    blocks = _read(tmp_path, read_xlsx, content)
    assert time.process_time() - started < 15
    assert [block.text for block in blocks if isinstance(block, Block) and not block.level] == [
        "Question"
    ] * 50


def test_repeated_cells_and_rows_are_read_and_coloured_margins_are_not(tmp_path: Path) -> None:
    tables = (
        '<table:table table:name="S"><table:table-row>'
        "<table:table-cell><text:p>Mois</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="2"/>'
        '<table:table-cell table:number-columns-repeated="2"><text:p>Loyer</text:p></table:table-cell>'
        '</table:table-row><table:table-row table:number-rows-repeated="2"><table:table-cell>'
        "<text:p>Mai</text:p><office:annotation><text:p>remarque</text:p></office:annotation>"
        "</table:table-cell>"
        '<table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
        "</table:table>"
    )
    assert _read(tmp_path, read_ods, office_samples.ods_of(tables))[1:] == [
        Block("Mois | Loyer | Loyer"),
        Block("Mai"),
        Block("Mai"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (office_samples.xlsx({"S": [["x"]]})[:900], "damaged"),
        (office_samples.xlsx_of({"xl/worksheets/sheet1.xml": "<worksheet><row>"}, ["S"]), "damaged"),
        (samples.packed({"[Content_Types].xml": b"", "xl/workbook.xml": b"<!DOCTYPE w><w/>"}), "damaged"),
    ],
)
def test_what_is_not_a_whole_workbook_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, read_xlsx, content)
    assert refusal.value.code == code
