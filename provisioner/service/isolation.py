"""`prove-isolation`: tries every way from one client to another, from inside real walls, and judges them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner import installation
from provisioner.drivers import own_network
from provisioner.drivers.protocol import Activity, Names
from provisioner.errors import ProvisionError, Refused
from provisioner.isolation import judgement, probe
from provisioner.isolation.attempts import Attempt, Pair, Said, Standpoint, as_document, pairs, read_answer
from provisioner.isolation.judgement import Judge, Result
from provisioner.isolation.proof import Proof
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.registry.registry import Entry, Registry
from provisioner.service.canaries import Canary, planted
from provisioner.service.context import Context
from provisioner.service.door_trials import DoorTrials, Visitor, enter
from provisioner.service.front_door import FrontDoor
from provisioner.service.tenants import names_of, require_state
from provisioner.service.transaction import changing

OTHERS: Final = 3
"""How many others try each client unless all shall: the number of pairs grows with the square of clients."""

_PROBE: Final = (installation.PYTHON, "-I", "-S", "-B", str(Path(probe.__file__)))
_SOMETHING_TO_FIND: Final = frozenset({"read", "see", "unix"})


def prove(context: Context, ids: Sequence[str], *, all_pairs: bool = False) -> Proof:
    """Try to reach each of these clients (none named: every one that runs) from others that run.

    Canaries are removed before it returns or raises. Raises Refused when fewer than two clients run,
    WrongState for a named one that is not to run, ProvisionError when something could not be tried: that is
    no wall.
    """
    with changing(context, "prove-isolation", settles=False) as transaction:
        transaction.prepare_host()
        everybody = _running(context, transaction.registry, ids)
        chosen = pairs(
            list(ids) or list(everybody), list(everybody), None if all_pairs else OTHERS, _offset()
        )
        results = _try(context, transaction.registry, everybody, chosen)
        proof = Proof(
            at=context.clock.now(),
            version=importlib.metadata.version("tenantry"),
            driver=context.driver.name,
            vendor=context.host.vendor.name,
            subject=_subject(everybody, ids),
            clients=len(everybody),
            pairs=tuple(chosen),
            all_pairs=all_pairs or len(everybody) - 1 <= OTHERS,
            asleep=_count_asleep(context, transaction.registry, everybody),
            results=tuple(results),
        )
        transaction.detail = proof.summary()
    return proof


def _offset() -> int:
    """Another one each time: over many runs all pairs have their turn."""
    return secrets.randbelow(1 << 16)


def _subject(everybody: Mapping[str, Entry], ids: Sequence[str]) -> str:
    return everybody[ids[0]].name if len(ids) == 1 else ""


def _running(context: Context, registry: Registry, ids: Sequence[str]) -> dict[str, Entry]:
    """Return the clients that run now, by id, and those that are named, asleep or not."""
    named = [registry.get(name) for name in ids]
    for entry in named:
        require_state(entry, (State.RUNNING,), "prove-isolation")
    meant = [entry for entry in registry.all() if entry.state == State.RUNNING]
    activities = context.driver.activities([TenantId(entry.id) for entry in meant])
    found = {
        entry.id: entry
        for entry in meant
        if entry in named or activities[TenantId(entry.id)] == Activity.RUNNING
    }
    if len(found) < 2:
        raise Refused(
            "Fewer than two clients run: there is nobody to keep apart.",
            "`provision list` shows them; a sleeping one is woken by naming it.",
        )
    return found


def _count_asleep(context: Context, registry: Registry, tried: Mapping[str, Entry]) -> int:
    others = [
        TenantId(one.id) for one in registry.all() if one.state == State.RUNNING and one.id not in tried
    ]
    return sum(activity == Activity.ASLEEP for activity in context.driver.activities(others).values())


def _try(
    context: Context, registry: Registry, everybody: Mapping[str, Entry], chosen: Sequence[Pair]
) -> list[Result]:
    needed = sorted({name for pair in chosen for name in (pair.attacker, pair.victim)})
    context.say(f"Trying {len(chosen)} pairs of {len(needed)} clients; canaries are planted meanwhile.")
    kept = {promise.name: promise.kept for promise in context.driver.promises()}
    judge = Judge(kept, own_network.name())
    door = FrontDoor.of(context.host)
    with planted(context, registry, [everybody[name] for name in needed]) as canaries:
        visitors = {one.entry.id: enter(context, door, one) for one in canaries}
        trials = DoorTrials(context, door, judge)
        inside = Inside(context, judge, {name: visitor.canary for name, visitor in visitors.items()})
        return [
            *(result for attacker in needed for result in inside.results(attacker, chosen)),
            *(result for pair in chosen for result in trials.between(*_both(visitors, pair))),
        ]


def _both(visitors: Mapping[str, Visitor], pair: Pair) -> tuple[Visitor, Visitor]:
    return visitors[pair.attacker], visitors[pair.victim]


@dataclass(frozen=True, slots=True)
class Inside:
    """Tries what can be tried from within a client, by a program put in its place."""

    context: Context
    judge: Judge
    canaries: Mapping[str, Canary]
    _targets: dict[str, Sequence[Attempt]] = field(default_factory=dict)

    def results(self, attacker: str, chosen: Sequence[Pair]) -> Iterator[Result]:
        """Return the result of every way from one client to the host and to each of its victims."""
        victims = [pair.victim for pair in chosen if pair.attacker == attacker]
        wanted = [attempt for name in ("", *victims) for attempt in self._targets_of(name)]
        there = [attempt for attempt in wanted if _is_there(attempt)]
        tried = {(attempt.victim, attempt.route) for attempt in there}
        for victim, route in sorted({(one.victim, one.route) for one in wanted} - tried):
            yield judgement.nothing_there(attacker, victim, route)
        for standpoint in self._standpoints(attacker):
            yield from self._from(attacker, standpoint, there)

    def _standpoints(self, attacker: str) -> Sequence[Standpoint]:
        return tuple(self.context.driver.intrusion.commands(self._names(attacker), (), SecretStr("")))

    def _from(self, attacker: str, standpoint: Standpoint, there: Sequence[Attempt]) -> list[Result]:
        own = self.canaries[attacker]
        control = Attempt("documents", "read", str(own.document), attacker)
        asked = [control, *(one for one in there if standpoint in one.standpoints)]
        words = [canary.words for canary in self.canaries.values()]
        (_, seen), *answered = self._answers(attacker, standpoint, asked, words)
        if not seen.found:
            raise ProvisionError(
                f"{attacker} does not reach its own canary from its own place ({seen.how}): that it does not "
                "reach others' would show nothing.",
                f"`provision apply {attacker}` sets its directories' owners and modes.",
            )
        return self.judge.of_attempts(attacker, standpoint, answered)

    def _answers(
        self, attacker: str, standpoint: Standpoint, asked: Sequence[Attempt], words: Sequence[str]
    ) -> list[tuple[Attempt, Said]]:
        given = SecretStr(json.dumps(as_document(asked, words)))
        command = self.context.driver.intrusion.commands(self._names(attacker), _PROBE, given)[standpoint]
        finished = self.context.runner.run(command)
        try:
            return list(read_answer(json.loads(finished.stdout), asked))
        except (ValueError, KeyError, TypeError) as error:
            raise ProvisionError(
                f"What was tried in the place of {attacker} gave no answer ({error}): it shows no wall.",
                f"`provision status {attacker}` says how it is.",
            ) from error

    def _names(self, attacker: str) -> Names:
        return names_of(self.canaries[attacker].entry)

    def _targets_of(self, name: str) -> Sequence[Attempt]:
        if name not in self._targets:
            intrusion = self.context.driver.intrusion
            if name:
                entry = self.canaries[name].entry
                self._targets[name] = (
                    Attempt("documents", "read", str(self.canaries[name].document), name),
                    *intrusion.on_client(TenantId(name), entry.port or 0),
                )
            else:
                self._targets[name] = tuple(intrusion.on_host())
        return self._targets[name]


def _is_there(attempt: Attempt) -> bool:
    """Whether there is anything to reach; whoever runs this may look everywhere."""
    return attempt.kind not in _SOMETHING_TO_FIND or os.path.lexists(attempt.target)
