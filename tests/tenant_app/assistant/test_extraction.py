"""What is quoted answers the question, stands in the passage as it is, and reads well alone."""

from hypothesis import given
from hypothesis import strategies as st

from tenant_app.assistant.extraction import MOST_QUOTES, best_quotes, closest_sentence
from tests.tenant_app.assistant.hits import a_hit

CONGE = (
    "6. Congé\n\nLe locataire peut donner congé à tout moment par lettre recommandée. "
    "Le préavis est de trois mois. Il est réduit à un mois en zone tendue. "
    "La lettre est adressée au bailleur. Les clés sont remises au gardien."
)


def quoted(question: str, *passages: str) -> list[str]:
    hits = [a_hit(text, chunk_id=number) for number, text in enumerate(passages)]
    return [quote.text for quote in best_quotes(question, hits, "fr")]


def test_the_sentences_that_hold_the_answer_together_are_quoted_together() -> None:
    (quote,) = quoted("Quel préavis le locataire doit-il respecter pour donner congé ?", CONGE)

    assert quote == (
        "Le locataire peut donner congé à tout moment par lettre recommandée. "
        "Le préavis est de trois mois. Il est réduit à un mois en zone tendue."
    )


def test_a_sentence_is_quoted_with_the_one_it_refers_to() -> None:
    (quote,) = quoted("Dans quel cas le délai est-il réduit en zone tendue ?", CONGE)

    assert quote.startswith("Le préavis est de trois mois. Il est réduit")


def test_a_sentence_that_says_enough_is_quoted_alone() -> None:
    assert quoted("Où les clés sont-elles remises ?", CONGE) == ["Les clés sont remises au gardien."]


def test_headings_questions_and_tables_are_not_quoted() -> None:
    table = "Loyer mensuel révisé " + "890 " * 300
    heading, asked = "Révision du loyer mensuel", "Quand le loyer mensuel est-il révisé ?"
    passage = "\n\n".join([heading, asked, table, "Il change au mois de juin chaque année."])

    hit = a_hit(passage, heading=f"Bail › {heading}")

    (quote,) = best_quotes(asked, [hit], "fr")
    assert quote.text == "Il change au mois de juin chaque année."


def test_what_a_letter_is_about_is_its_heading() -> None:
    subject = "Objet : Réclamation des heures supplémentaires"
    demand = "Je vous demande de me payer mes heures supplémentaires avant la fin du mois."
    asked = "Comment se passe la réclamation des heures supplémentaires ?"

    assert quoted(asked, "\n\n".join(["Courrier remis en main propre", subject, demand])) == [demand]
    assert quoted(asked, subject) == [subject]
    assert quoted("Quel est l'objet de la lettre ?", f"{subject}\n\n{demand}") == [subject]


def test_a_passage_that_is_only_a_heading_is_quoted_rather_than_nothing() -> None:
    assert quoted("Quel est le tarif ?", "Tarif : 10 €") == ["Tarif : 10 €"]


FEES = "\n\n".join(
    [
        "Honoraires",
        "Intervenant | Taux horaire hors taxes",
        "Associé | 280 €",
        "Collaborateur | 180 €",
        "Stagiaire | 60 €",
    ]
)


def test_the_row_that_names_the_columns_is_not_the_answer_but_is_read_with_each_row() -> None:
    (quote,) = best_quotes("Quel est le taux horaire d'un collaborateur ?", [a_hit(FEES)], "fr")

    assert quote.text == "Collaborateur | 180 €"
    assert quote.said == "Intervenant: Collaborateur | Taux horaire hors taxes: 180 €"


def test_rows_that_answer_alike_are_quoted_together() -> None:
    (quote,) = best_quotes("Quel est le taux horaire ?", [a_hit(FEES)], "fr")

    assert quote.text == "Associé | 280 €\n\nCollaborateur | 180 €\n\nStagiaire | 60 €"
    assert quote.said == (
        "Intervenant: Associé | Taux horaire hors taxes: 280 € ; "
        "Intervenant: Collaborateur | Taux horaire hors taxes: 180 € ; "
        "Intervenant: Stagiaire | Taux horaire hors taxes: 60 €"
    )


def test_the_rows_of_a_sheet_name_their_columns_themselves() -> None:
    rows = ["Intervenant | Taux horaire", "Intervenant: Associé | Taux horaire: sur devis"]

    (quote,) = best_quotes("Quel est le taux horaire d'un intervenant ?", [a_hit("\n\n".join(rows))], "fr")

    assert (quote.text, quote.said) == (rows[1], rows[1])


def test_the_names_of_rows_may_leave_the_corner_above_them_empty() -> None:
    rows = ["Associé | Collaborateur", "Taux horaire hors taxes | 280 € | 180 €"]

    (quote,) = best_quotes("Combien coûte un collaborateur ?", [a_hit("\n\n".join(rows))], "fr")

    assert quote.text == rows[1]
    assert quote.said == "Taux horaire hors taxes | Associé: 280 € | Collaborateur: 180 €"


def test_the_first_of_rows_without_names_is_an_answer_like_any_other() -> None:
    rows = ["Bailleur du local | M. Durand", "Loyer mensuel | 800 €", "Charges mensuelles | 50 €"]

    (quote,) = best_quotes("Qui est le bailleur ?", [a_hit("\n\n".join(rows))], "fr")

    assert quote.text == rows[0]


def test_names_of_columns_are_quoted_when_there_is_nothing_else() -> None:
    names = "Intervenant | Taux horaire"

    assert quoted("Quel est le taux horaire ?", names) == [names]


def test_two_passages_that_say_the_same_are_quoted_once() -> None:
    first = "Le délai de recours est de deux mois après la notification."
    second = "Le délai de recours est de deux mois après la notification !"

    assert quoted("Quel est le délai de recours ?", first, second) == [first]


def test_passages_that_add_something_are_each_quoted() -> None:
    first = "Le délai de recours gracieux est de deux mois."
    second = "Le délai de recours devant la cour est de trente jours."

    assert quoted("Quel est le délai de recours ?", first, second) == [first, second]


def test_without_passages_there_is_nothing_to_quote() -> None:
    assert quoted("Quel est le délai ?") == []


def test_the_passage_behind_a_claim_is_shown_by_its_closest_sentence() -> None:
    assert closest_sentence("Le préavis dure trois mois [1].", CONGE, "fr") == "Le préavis est de trois mois."
    assert closest_sentence("Oui.", "", "fr") == ""


@given(
    question=st.text(alphabet="délai recours? L'", max_size=40),
    passages=st.lists(st.text(alphabet="délai recours. \nIl A?", max_size=120), max_size=5),
)
def test_every_quote_stands_in_its_passage(question: str, passages: list[str]) -> None:
    hits = [a_hit(text, chunk_id=number, score=1 / (number + 1)) for number, text in enumerate(passages)]

    quotes = best_quotes(question, hits, "fr")

    assert len(quotes) <= MOST_QUOTES
    assert len({quote.index for quote in quotes}) == len(quotes)
    for quote in quotes:
        assert quote.text in passages[quote.index]
