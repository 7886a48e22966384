"""Who tries whom, what is a wall, and what a report says: decided without a client."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from provisioner.drivers.unit_walls import UnknownWalls, walls
from provisioner.isolation.attempts import Attempt, Pair, Said, pairs, read_answer
from provisioner.isolation.judgement import Judge, Result, Verdict, nothing_there, unproven
from provisioner.isolation.proof import Proof
from provisioner.isolation.report import html, markdown
from provisioner.isolation.routes import ROUTES
from provisioner.render.units import UnitProgram, service_drop_in
from provisioner.resources import shipped
from tests.provisioner_pure.samples import ROOT, host, spec

EVERYBODY = [f"c{number}" for number in range(10)]
JUDGE = Judge({"own-user": True, "network-isolation": False}, "net:[1]")
REFUSED, REACHED = (
    Said(reached=False, found=False, how="EACCES"),
    Said(reached=True, found=True, how="reached"),
)


def test_each_client_is_tried_by_some_others_and_each_tries_as_often() -> None:
    chosen = pairs(EVERYBODY, EVERYBODY, 3, offset=5)
    assert len(chosen) == len(set(chosen)) == 30
    assert all(pair.attacker != pair.victim for pair in chosen)
    assert set(Counter(pair.attacker for pair in chosen).values()) == {3}
    assert set(Counter(pair.victim for pair in chosen).values()) == {3}
    assert chosen != pairs(EVERYBODY, EVERYBODY, 3, offset=6)


def test_all_pairs_are_all() -> None:
    assert len(set(pairs(EVERYBODY, EVERYBODY, None, offset=4))) == 90
    assert pairs(["c1"], ["c0", "c1"], 3, offset=7) == [Pair("c0", "c1")]


@pytest.mark.parametrize(
    ("route", "said", "verdict"),
    [
        ("database", REFUSED, Verdict.HELD),
        ("database", REACHED, Verdict.OPEN),
        ("port", REACHED, Verdict.NOT_PROMISED),
        ("provider-key", REACHED, Verdict.NOT_PROMISED),
    ],
)
def test_what_was_reached_is_open_where_a_wall_is_promised(route: str, said: Said, verdict: Verdict) -> None:
    (result,) = JUDGE.of_attempts("a", "walls", [(Attempt(route, "read", "/x", "b"), said)])
    assert (result.attacker, result.victim, result.verdict) == ("a", "b", verdict)
    assert bool(result.mend) == (verdict == Verdict.OPEN)


def test_one_attempt_of_a_route_that_gets_there_opens_it() -> None:
    tried = [
        (Attempt("database", "read", path, "b"), said) for path, said in (("/1", REFUSED), ("/2", REACHED))
    ]
    (result,) = JUDGE.of_attempts("a", "user", tried)
    assert (result.verdict, result.tried) == (Verdict.OPEN, 2)
    assert "/2 was reached" in result.detail
    assert "the canary's words" in result.detail
    assert "/1" not in result.detail


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (Said(reached=True, found=False, how="net:[2]"), Verdict.HELD),
        (Said(reached=True, found=False, how="net:[1]"), Verdict.OPEN),
        (REFUSED, Verdict.OPEN),
    ],
)
def test_only_a_network_that_is_known_to_be_another_is_a_wall(said: Said, verdict: Verdict) -> None:
    judge = replace(JUDGE, kept={"network-isolation": True})
    (result,) = judge.of_attempts("a", "walls", [(Attempt("namespace", "netns", ""), said)])
    assert result.verdict == verdict


@pytest.mark.parametrize("route", ["search", "chat", "token", "keys"])
def test_every_driver_promises_what_the_application_keeps(route: str) -> None:
    opened = JUDGE.of_answers("a", "b", route, opened=["it found the words"], tried=1)
    assert opened.verdict == Verdict.OPEN
    assert opened.mend


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"answers": []},
        {"answers": [{"reached": 1, "found": False, "how": ""}]},
        {"answers": [{}]},
    ],
)
def test_an_answer_of_another_shape_is_no_answer(answer: object) -> None:
    with pytest.raises((ValueError, KeyError)):
        list(read_answer(answer, [Attempt("database", "read", "/x", "b")]))


def test_the_walls_are_every_line_of_the_unit_but_its_life() -> None:
    drop_in = service_drop_in(spec(), host().layout, UnitProgram(("/p",)), "tenantry-embed", ROOT / "way")
    text = f"# /a\n{shipped('systemd', 'tenant@.service').read_text()}\n# /b\n{drop_in}"
    found = walls(text, "tenant@dupont.service")
    lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    begin = lines.index("Type=notify")
    left_out = {line.partition("=")[0] for line in lines[begin:]} - {one.partition("=")[0] for one in found}
    assert left_out == {
        *("Type", "NotifyAccess", "SyslogIdentifier", "Restart", "RestartSec", "RestartPreventExitStatus"),
        *("TimeoutStartSec", "TimeoutStopSec", "KillMode", "OOMPolicy", "ExecStart"),
    }
    assert not [one for one in found if one.startswith(("Description=", "PartOf=", "Requires="))]
    assert {"PrivateNetwork=yes", "CapabilityBoundingSet=", "User=tn-dupont"} <= set(found)


def test_an_operators_lines_are_walls_in_the_order_in_which_they_apply() -> None:
    text = "[Service]\nA=1\n; no\n[Unit]\nB=2\n[Service]\nA=\nC=x \\\ny\nD=%i-100%%\nExecStartPost=/bin/x\n"
    assert walls(text, "tenant@dupont.service") == ("A=1", "A=", "C=x  y", "D=dupont-100%")


def test_walls_that_cannot_be_taken_over_are_refused() -> None:
    with pytest.raises(UnknownWalls, match="%H"):
        walls("[Service]\nBindPaths=/run/%H\n", "tenant@dupont.service")


def a_proof(*results: Result, subject: str = "Cabinet <b>|Dupont|") -> Proof:
    return Proof(
        at=datetime(2026, 1, 31, 9, 5, tzinfo=UTC),
        version="1.2.3",
        driver="systemd",
        vendor="Exemple Services",
        subject=subject,
        clients=12,
        pairs=(Pair("martin", "dupont"),),
        all_pairs=False,
        asleep=2,
        results=results,
    )


HELD = Result("martin", "dupont", "database", "walls", Verdict.HELD, 2, "EACCES")
OPEN = Result(
    "martin", "dupont", "database", "user", Verdict.OPEN, 2, "/var/www/client-dupont was reached", "x"
)


@pytest.mark.parametrize("write", [markdown, html])
def test_a_report_says_who_when_what_and_how_it_ended(write: Callable[[Proof], str]) -> None:
    told = write(a_proof(HELD, nothing_there("martin", "dupont", "backups")))
    for words in ("1.2.3", "2026-01-31", "09:05", "Exemple Services", "inaccessible", "out of reach"):
        assert words in told
    assert "toutes les barrières promises ont tenu" in told
    assert "rien à atteindre" in told
    assert "<b>" not in told.replace(r"\<b\>", "")
    assert told.index("Preuve") < told.index("Proof")


@pytest.mark.parametrize("write", [markdown, html])
@pytest.mark.parametrize("worst", [OPEN, unproven("martin", "dupont", "token", "door", "502 at martin")])
def test_a_report_does_not_conclude_what_was_not_shown(write: Callable[[Proof], str], worst: Result) -> None:
    told = write(a_proof(HELD, worst))
    assert "promises ont tenu" not in told
    assert not [word for word in ("martin", "/var/www", "EACCES") if word in told]


def test_every_route_is_told_in_both_languages_once() -> None:
    assert len({route.name for route in ROUTES}) == len({route.fr for route in ROUTES}) == len(ROUTES)
    assert all(route.fr and route.en and route.mend for route in ROUTES)
