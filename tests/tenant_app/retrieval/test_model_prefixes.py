"""Models that want a prefix before questions and passages get it; what vectors had is told by their name."""

import pytest

from tenant_app.retrieval.model_prefixes import Prefixes, prefixes_of, read_stored_name, stored_name

_E5 = Prefixes("query: ", "passage: ")
_RELEVANT = Prefixes("Represent this sentence for searching relevant passages: ")


@pytest.mark.parametrize(
    ("model", "prefixes"),
    [
        ("all-MiniLM-L6-v2", Prefixes()),
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", Prefixes()),
        ("intfloat/multilingual-e5-base", _E5),
        ("models/E5-large-v2/", _E5),
        ("/srv/models/e5-base/other", Prefixes()),
        ("some5-model", Prefixes()),
        ("BAAI/bge-small-en-v1.5", _RELEVANT),
        ("BAAI/bge-m3", Prefixes()),
        ("mixedbread-ai/mxbai-embed-large-v1", _RELEVANT),
        ("Snowflake/snowflake-arctic-embed-m", _RELEVANT),
        ("Snowflake/snowflake-arctic-embed-l-v2.0", Prefixes("query: ")),
        ("nomic-ai/nomic-embed-text-v1.5", Prefixes("search_query: ", "search_document: ")),
    ],
)
def test_a_models_prefixes_are_known_by_its_name(model: str, prefixes: Prefixes) -> None:
    assert prefixes_of(model) == prefixes
    assert read_stored_name(stored_name(model)) == (model, prefixes)


def test_an_instructed_model_names_its_task_before_the_question_only() -> None:
    prefixes = prefixes_of("intfloat/multilingual-e5-large-instruct")
    assert (prefixes.question[:10], prefixes.question[-7:], prefixes.passage) == ("Instruct: ", "Query: ", "")


def test_a_model_without_prefix_is_stored_by_its_bare_name() -> None:
    assert stored_name("all-MiniLM-L6-v2") == "all-MiniLM-L6-v2"
    assert stored_name("multilingual-e5-base") != "multilingual-e5-base"


def test_questions_to_passages_that_had_no_prefix_have_none_either() -> None:
    assert read_stored_name("multilingual-e5-base") == ("multilingual-e5-base", Prefixes())


def test_what_the_host_gives_takes_the_place_of_what_is_known() -> None:
    given = {"multilingual-e5-base": Prefixes("Q: ", "P: ")}
    stored = stored_name("multilingual-e5-base", given)
    assert stored == "multilingual-e5-base + P: "
    assert read_stored_name(stored, given) == ("multilingual-e5-base", Prefixes("Q: ", "P: "))
    assert stored_name("multilingual-e5-base", {"multilingual-e5-base": Prefixes("Q: ", "")}) == (
        "multilingual-e5-base"
    )
    assert stored_name("multilingual-e5-small", given) == "multilingual-e5-small + passage: "


def test_until_the_passages_have_the_given_prefix_questions_go_with_the_one_they_have() -> None:
    given = {"multilingual-e5-base": Prefixes("Q: ", "P: ")}
    known = read_stored_name("multilingual-e5-base + passage: ", given)
    assert known == ("multilingual-e5-base", _E5)
    assert read_stored_name("multilingual-e5-base + X: ", given)[1] == Prefixes(passage="X: ")
    assert read_stored_name("all-MiniLM-L6-v2", given) == ("all-MiniLM-L6-v2", Prefixes())


def test_only_the_questions_prefix_changes_nothing_that_is_stored() -> None:
    given = {"multilingual-e5-base": Prefixes("Q: ", "passage: ")}
    stored = stored_name("multilingual-e5-base", given)
    assert stored == stored_name("multilingual-e5-base")
    assert read_stored_name(stored, given)[1].question == "Q: "
