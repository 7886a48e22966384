"""Health is answered without a credential."""

from flask.testing import FlaskClient


def test_the_process_says_it_lives_and_that_it_can_serve(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_an_unknown_address_is_a_problem_in_french(client: FlaskClient) -> None:
    answer = client.get("/rien")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["title"] == "Introuvable"
