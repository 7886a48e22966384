"""What makes one passage answer better than another by its words."""

from hypothesis import given
from hypothesis import strategies as st

from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.vocabulary import Vocabulary
from tenant_app.retrieval.word_scoring import WordScoring, found_terms, question_terms

Around = dict[int, list[int]]
words = st.lists(st.sampled_from(["delai", "recour", "oqtf", "autre", "juge"]), max_size=30)


def _best(question: str, bodies: list[str], around: Around | None = None) -> int:
    """Return which passage (0, 1 …) scores best; each stands alone unless its surroundings are given."""
    terms = question_terms(question.split(), [])
    found = {place: found_terms(terms.weights, "", "", body) for place, body in enumerate(bodies)}
    scoring = WordScoring(terms, dict.fromkeys(terms.weights, 2.0), found)
    scores = {place: scoring.score(place, (around or {}).get(place, [place]), 1.0) for place in found}
    return max(scores, key=lambda place: scores[place])


def test_what_stands_together_in_the_question_counts_more_when_it_stands_together() -> None:
    apart = "delai x x x x x x x x recour"
    together = "x x x x delai recour x x x x"
    assert _best("delai recour", [apart, together]) == 1


def test_a_passage_is_helped_by_the_one_beside_it() -> None:
    bodies = ["delai x x x", "delai x x x", "recour x x x"]
    assert _best("delai recour", bodies, around={0: [0], 1: [1, 2], 2: [2]}) == 1


def test_name_and_headings_count_more_than_the_body() -> None:
    terms = question_terms(["preavis"], [])
    found = {
        0: found_terms(terms.weights, "preavis", "", "x x"),
        1: found_terms(terms.weights, "", "preavis", "x x"),
        2: found_terms(terms.weights, "", "", "x x preavis"),
    }
    scoring = WordScoring(terms, {"preavis": 1.0}, found)
    named, headed, mentioned = (scoring.score(place, [], 1.0) for place in found)
    assert named > headed > mentioned > 0


@given(words, st.lists(words, min_size=1, max_size=5))
def test_scores_are_never_negative_and_nothing_found_is_nothing(
    question: list[str], bodies: list[list[str]]
) -> None:
    terms = question_terms(question, [])
    found = {place: found_terms(terms.weights, "", "", " ".join(body)) for place, body in enumerate(bodies)}
    scoring = WordScoring(terms, dict.fromkeys(terms.weights, 1.5), found)
    for place, body in enumerate(bodies):
        score = scoring.score(place, [place], 1.0)
        assert (score > 0) == bool(set(body) & set(question))


VOCABULARY = Vocabulary(
    {
        "oqtf": ["obligation de quitter le territoire français", "mesure d'éloignement"],
        "ta": ["tribunal administratif"],
    }
)


def _synonyms(question: str) -> set[tuple[str, ...]]:
    return set(VOCABULARY.synonyms(question, "fr"))


def _terms(words: str) -> tuple[str, ...]:
    return tuple(analyse(words, "fr"))


def test_an_abbreviation_also_finds_what_it_stands_for_and_the_reverse() -> None:
    written_out = _terms("obligation de quitter le territoire français")
    removal = _terms("mesure d'éloignement")
    assert _synonyms("Comment contester une OQTF ?") == {written_out, removal}
    assert _synonyms("contester l'obligation de quitter le territoire français") == {("oqtf",), removal}
    assert _synonyms("contester une obligation") == set()


def test_an_abbreviation_that_is_a_small_word_counts_in_capitals_only() -> None:
    assert _synonyms("saisir le TA") == {_terms("tribunal administratif")}
    assert _synonyms("c'est ta voiture") == set()


def test_synonyms_count_less_than_what_was_asked() -> None:
    terms = question_terms(["oqtf", "delai"], [("oblig", "quitt"), ("delai", "mesur")])
    assert terms.weights["oqtf"] == terms.weights["delai"] == 1
    assert 0 < terms.weights["oblig"] == terms.weights["mesur"] < 1
    assert terms.own == {"oqtf", "delai"}
