"""What the operator sees: every client, honest figures, search and sort without JavaScript."""

import re

import pytest
from flask.testing import FlaskClient

from provisioner.registry.models import State
from tests.dashboard.conftest import AddClient


def names(page: str) -> list[str]:
    """Return the clients' names in the order the page shows them."""
    return re.findall(r'<th scope="row">(?:<a [^>]*>)?([^<]+)', page)


def text(page: str) -> str:
    """Return the page without tags, on one line, with plain spaces."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub(r"<[^>]+>", " ", page))


def page_of(browser: FlaskClient, query: str = "") -> str:
    answer = browser.get(f"/admin/clients{query}", headers={"Accept-Language": "fr"})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_host_without_clients_says_how_to_make_one(operator: FlaskClient) -> None:
    assert "provision new dupont" in page_of(operator)


def test_each_client_shows_plan_state_usage_users_storage_amount_and_activity(
    operator: FlaskClient, add_client: AddClient
) -> None:
    add_client("dupont", "Cabinet Dupont & Associés", usage={"overage_fees": 20.5, "total_due": 319.5})

    page = text(page_of(operator))

    for expected in (
        "Cabinet Dupont &amp; Associés",
        "dupont.localhost",
        "professional",
        "en panne",
        "412 / 1 000",
        "8 / 10",
        "734 Mo",
        "319,50 €",
        "dont 20,50 € de dépassement",
        "21/11/2026 09:12",
    ):
        assert expected in page


def test_meters_warn_from_80_percent_and_at_the_limit(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("calme", "Calme", usage={"requests_used": 799})
    add_client("presque", "Presque", usage={"requests_used": 800})
    add_client("plein", "Plein", usage={"requests_used": 1200})

    page = page_of(operator)

    assert re.search(r'class="meter "[^>]*Requêtes de Calme"[^>]*aria-valuenow="79"', page)
    assert re.search(r'class="meter warn"[^>]*Requêtes de Presque"', page)
    assert re.search(r'class="meter bad"[^>]*Requêtes de Plein"[^>]*aria-valuenow="100"', page)


def test_an_unlimited_figure_has_no_meter(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("libre", "Libre", plan="enterprise", usage={"requests_limit": None})

    page = page_of(operator)

    assert "412 / illimité" in text(page)
    assert "Requêtes de Libre" not in page


def test_damaged_usage_is_called_unreadable_and_not_added_as_zero(
    operator: FlaskClient, add_client: AddClient
) -> None:
    add_client("dupont", "Dupont", usage={})
    add_client("martin", "Martin").write_text("{")

    page = text(page_of(operator))

    assert "illisible" in page
    assert "≥ 412" in page
    assert "Le relevé d’un client est illisible" in page


@pytest.mark.parametrize(
    ("figure", "value"),
    [("total_due", "1e99999999999999999999"), ("updated_at", '"9999-12-31T23:59:59+00:00"')],
)
def test_one_client_s_impossible_figures_do_not_hide_the_others(
    operator: FlaskClient, add_client: AddClient, figure: str, value: str
) -> None:
    add_client("dupont", "Dupont", usage={})
    file = add_client("martin", "Martin", usage={figure: "HERE"})
    file.write_text(file.read_text().replace('"HERE"', value))

    page = text(page_of(operator))

    assert "Dupont" in page
    assert "illisible" in page


def test_no_usage_yet_is_neither_zero_nor_an_error(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("neuf", "Neuf")

    page = text(page_of(operator))

    assert "Aucun relevé ce mois-ci" in page
    assert "illisible" not in page


def test_recurring_revenue_counts_those_who_are_billed(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("dupont", "Dupont", plan="professional")
    add_client("martin", "Martin", plan="starter", state=State.STOPPED)
    add_client("suspendu", "Suspendu", plan="enterprise", state=State.SUSPENDED)
    add_client("debut", "Début", plan="enterprise", state=State.CREATING)

    assert "398,00 €" in text(page_of(operator))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("dupont", ["Dupont"]),
        ("associes", ["Bernard & Associés"]),
        ("STARTER martin", ["Martin"]),
        ("zzz", []),
    ],
)
def test_search_finds_every_word_in_name_plan_or_host_whatever_the_accents(
    operator: FlaskClient, add_client: AddClient, words: str, found: list[str]
) -> None:
    add_client("dupont", "Dupont")
    add_client("martin", "Martin", plan="starter")
    add_client("bernard", "Bernard & Associés")

    page = page_of(operator, f"?q={words}")

    assert [name.replace("&amp;", "&") for name in names(page)] == found
    assert ("Aucun client ne correspond" in page) == (not found)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Bernard", "Dupont", "Élan", "Muet"]),
        ("?sort=name&order=desc", ["Muet", "Élan", "Dupont", "Bernard"]),
        ("?sort=requests&order=desc", ["Dupont", "Bernard", "Élan", "Muet"]),
        ("?sort=requests&order=asc", ["Élan", "Bernard", "Dupont", "Muet"]),
        ("?sort=plan&order=desc", ["Bernard", "Dupont", "Muet", "Élan"]),
        ("?sort=DROP TABLE&order=desc", ["Muet", "Élan", "Dupont", "Bernard"]),
    ],
)
def test_columns_sort_and_the_unknown_comes_last_both_ways(
    operator: FlaskClient, add_client: AddClient, query: str, expected: list[str]
) -> None:
    add_client("dupont", "Dupont", usage={"requests_used": 900})
    add_client("elan", "Élan", plan="starter", usage={"requests_used": 5})
    add_client("bernard", "Bernard", plan="enterprise", usage={"requests_used": 40})
    add_client("muet", "Muet")

    assert names(page_of(operator, query)) == expected


def test_the_sorted_column_says_so_and_its_link_turns_it_round(
    operator: FlaskClient, add_client: AddClient
) -> None:
    add_client("dupont", "Dupont")

    page = page_of(operator, "?sort=requests&order=desc&q=dup")

    assert re.search(r'aria-sort="descending"[^>]*><a href="/admin/clients\?q=dup&amp;sort=requests"', page)


def test_a_client_s_name_is_text_not_markup(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("malin", "<script>alert(1)</script>")

    page = page_of(operator)

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_nothing_inline_and_nothing_from_elsewhere(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("dupont", "Dupont", usage={})

    answer = operator.get("/admin/clients")
    page = answer.get_data(as_text=True)

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script>", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!dupont\.localhost)', page)


def test_the_page_speaks_english_to_who_reads_english(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("dupont", "Dupont", usage={})

    page = operator.get("/admin/clients", headers={"Accept-Language": "en"}).get_data(as_text=True)

    assert "Monthly recurring revenue" in page
    assert '<html lang="en">' in page


def test_an_unknown_address_is_a_page_to_people_and_a_problem_to_programs(visitor: FlaskClient) -> None:
    page = visitor.get("/admin/nowhere")
    problem = visitor.get("/admin/api/nowhere")

    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")


def test_a_host_name_that_is_not_ours_is_refused(visitor: FlaskClient) -> None:
    assert visitor.get("/admin/login", headers={"Host": "evil.test"}).status_code == 400


@pytest.mark.parametrize("path", ["/", "/admin/"])
def test_the_bare_address_leads_to_the_clients(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(path).headers["Location"] == "/admin/clients"


def test_the_supervisor_may_ask_whether_it_lives(visitor: FlaskClient) -> None:
    assert visitor.get("/healthz").get_json() == {"status": "ok"}
