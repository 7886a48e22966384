"""Sentences are cut where a reader would stop, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.assistant.composing import whole_sentences
from tenant_app.assistant.sentences import sentences


def cut(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Selon l'art. L. 313-11 du code, M. Durand peut agir.",
        "Cass. soc. du 3 mai, n° 12-345, préc. p. 12.",
        "Voir al. 3 et art. R. 5 du décret.",
        "Mme Dupont et MM. Petit et Grand signent.",
        "Mr. Smith met Dr. Jones, e.g. at St. Mary.",
        "La hausse est de 3.5 % au taux de l'art. 12.",
        "Le tribunal (Trib. adm. de Paris) statue.",
        "J. Dupont signe.",
    ],
)
def test_an_abbreviation_ends_no_sentence(text: str) -> None:
    assert cut(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oui. Non ! Pourquoi ? Parce que…", ["Oui.", "Non !", "Pourquoi ?", "Parce que…"]),
        ("Il a dit « non ». Elle part.", ["Il a dit « non ».", "Elle part."]),
        ("It is late. “Go!” he said. Then left.", ["It is late.", "“Go!” he said.", "Then left."]),
        ("Le délai est de 2 mois. Étendu à 3.", ["Le délai est de 2 mois.", "Étendu à 3."]),
        (
            "Un délai court. [1] Un autre aussi [2]. Fin.",
            ["Un délai court. [1]", "Un autre aussi [2].", "Fin."],
        ),
        ("Titre\n\nTexte suivi\nsur deux lignes. Fin", ["Titre", "Texte suivi\nsur deux lignes.", "Fin"]),
        ("Pièces :\n- un titre ;\n- un avis.", ["Pièces :", "- un titre ;", "- un avis."]),
        ("1° le nom ;\n2° la date.", ["1° le nom ;", "2° la date."]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences_lists_and_paragraphs_are_cut(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@given(text=st.text(alphabet="aB. ?!\n[1]-;«»é", max_size=80))
def test_only_space_is_lost_between_sentences(text: str) -> None:
    assert "".join("".join(cut(text)).split()) == "".join(text.split())


@given(
    text=st.text(alphabet="aB. ?!\n[1]-;«»é", max_size=80),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=30),
)
def test_text_that_arrives_in_pieces_comes_out_whole(text: str, sizes: list[int]) -> None:
    pieces: list[str] = []
    rest = text
    while rest:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(rest[:size])
        rest = rest[size:]

    assert "".join(whole_sentences(pieces)) == text


def test_a_sentence_is_passed_on_as_soon_as_the_next_one_begins() -> None:
    pieces = iter(["Un délai", " court. [", "1] Un", " autre."])

    first = next(iter(whole_sentences(pieces)))

    assert first == "Un délai court. [1] "
    assert list(pieces) == [" autre."]
