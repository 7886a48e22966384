"""Days, references and pieces are recognised as people write them."""

from datetime import date

import pytest
from babel.dates import get_month_names
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.cases.analyses.checklists import missing_pieces
from tenant_app.cases.analyses.confidence import NO_EVIDENCE, evidence_of_figures, probability
from tenant_app.cases.analyses.dates import days_in
from tenant_app.cases.analyses.references import references_in

FRENCH = [str(get_month_names(locale="fr")[number]) for number in range(1, 13)]
ENGLISH = [str(get_month_names(locale="en")[number]) for number in range(1, 13)]
days = st.dates(date(1900, 1, 1), date(2199, 12, 31))


def found(text: str) -> list[date]:
    return [one.day for one in days_in(text)]


@given(days)
def test_a_day_is_read_however_it_is_written(day: date) -> None:
    french, english = FRENCH[day.month - 1], ENGLISH[day.month - 1]
    first = "er" if day.day == 1 else ""
    assert found(f"Signé le {day.day}{first} {french} {day.year}, à Lyon.") == [day]
    assert found(f"Signé le {day.day} {french.upper()} {day.year}") == [day]
    assert found(f"le {day:%d/%m/%Y} et le {day:%d.%m.%Y}") == [day, day]
    assert found(f"on {english} {day.day}, {day.year} and {day.day} {english} {day.year}") == [day, day]
    assert found(f"({day.isoformat()})") == [day]


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    for one in days_in(text):
        assert text[one.start : one.end].strip()
    for reference in references_in(text):
        assert " ".join(text[reference.start : reference.end].split()) == reference.text


@pytest.mark.parametrize(
    "text", ["31 juin 2025", "32/01/2025", "12 bananes 2025", "1/13/2025", "06 12 34 56 78"]
)
def test_what_is_no_day_is_left_out(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("En vertu de l'article L. 313-11 du CESEDA, il peut", "article L. 313-11 du CESEDA"),
        ("selon l'article 1240 du code civil.", "article 1240 du code civil"),
        ("la loi n° 89-462 du 6 juillet 1989 s'applique", "loi n° 89-462 du 6 juillet 1989"),
        ("l'article R*4624-31 est abrogé", "article R*4624-31"),
        ("Under section 21 of the Housing Act 1988, notice", "section 21 of the Housing Act 1988"),
    ],
)
def test_references_are_recognised(text: str, reference: str) -> None:
    assert [one.text for one in references_in(text)] == [reference]


def test_a_piece_is_missing_until_a_document_speaks_of_it() -> None:
    codes = [piece.code for piece in missing_pieces("legal", [])]
    assert "identity" in codes

    documents = ["passeport.pdf\n", "scan.pdf\nConvention d’honoraires entre"]
    left = [piece.code for piece in missing_pieces("legal", documents)]

    assert "identity" not in left
    assert "engagement" not in left
    assert [piece.code for piece in missing_pieces("website", ["bail.txt\nLettre"])] == []


def test_more_evidence_is_never_less_sure() -> None:
    weak = evidence_of_figures([(1.0, 0.1, 0.1), (0.9, 0.1, 0.1)])
    strong = evidence_of_figures([(1.0, 0.9, 0.8), (0.2, 0.1, 0.1)])

    assert 0 < probability(weak) < probability(strong) < 1
    assert probability(NO_EVIDENCE) == 0
