"""What of one client opens at another: keys, tokens, cookies and names, over nginx and the operator's way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from provisioner.errors import ProvisionError
from provisioner.isolation.judgement import Judge, Result, unproven
from provisioner.naming import TenantId
from provisioner.operator_client import InstanceRefused, OperatorClient
from provisioner.service.canaries import Canary, random_words
from provisioner.service.context import Context
from provisioner.service.front_door import FrontDoor, sign_in
from provisioner.service.operations import perform
from provisioner.service.tenants import env_values

_REFUSED: Final = (401, 403)
_OPEN: Final = range(200, 400)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A client's canary, and the cookie of a browser in which its account has signed in."""

    canary: Canary
    cookie: str

    @property
    def credentials(self) -> Mapping[str, Mapping[str, str]]:
        """The headers of each kind of credential."""
        return {
            "token": {"Authorization": f"Bearer {self.canary.token.get_secret_value()}"},
            "api-key": {"X-API-Key": self.canary.api_key.get_secret_value()},
            "cookie": {"Cookie": self.cookie},
        }


def enter(context: Context, door: FrontDoor, canary: Canary) -> Visitor:
    """Sign a canary's account in at its own client."""
    host = canary.entry.hostname
    origin = context.host.public_url(host)
    secret = canary.password.get_secret_value()
    return Visitor(canary, sign_in(door, host, origin, canary.email, secret))


@dataclass(frozen=True, slots=True)
class DoorTrials:
    """Tries what an attacker holds, or knows how to say, on a victim."""

    context: Context
    door: FrontDoor
    judge: Judge

    def between(self, attacker: Visitor, victim: Visitor) -> Iterator[Result]:
        """Return the result of every way from one client to another that goes through a door."""
        one, other = attacker.canary.entry, victim.canary.entry
        for route, headers in attacker.credentials.items():
            yield self._credential(route, headers, attacker, victim)
        yield self._keys(one.id, other.id)
        yield self._operator(attacker, victim)
        yield self._host_names(one.id, one.hostname, other.id, other.hostname)
        if self.door.tls:
            yield self._tls_names(one.id, one.hostname, other.id, other.hostname)
        # In the attacker's own instance, with every right there is, for what only the victim knows.
        sought = perform(self.context, one, "canary-seek", {"words": victim.canary.words})
        for route in ("search", "chat"):
            opened = ["it found the canary's words"] if sought[route] else []
            yield self.judge.of_answers(one.id, other.id, route, opened=opened, tried=1)

    def _credential(
        self, route: str, headers: Mapping[str, str], attacker: Visitor, victim: Visitor
    ) -> Result:
        one, other = attacker.canary.entry, victim.canary.entry
        own = self.door.ask(one.hostname, "/api/me", headers=headers)
        if own.status != 200:
            return unproven(one.id, other.id, route, "door", f"its own client answers it {own.status}")
        there = self.door.ask(other.hostname, "/api/me", headers=headers)
        if there.status in _OPEN:
            opened = [f"{other.hostname} accepts it ({there.status})"]
            return self.judge.of_answers(one.id, other.id, route, opened=opened, tried=1)
        if there.status not in _REFUSED:
            why = f"{other.hostname} answers neither yes nor no ({there.status})"
            return unproven(one.id, other.id, route, "door", why)
        return self.judge.of_answers(one.id, other.id, route, opened=[], tried=1)

    def _keys(self, attacker: str, victim: str) -> Result:
        own, others = (self._signing_keys(name) for name in (attacker, victim))
        same = sorted(name for name, key in own.items() if key and key in others.values())
        opened = [f"{attacker} and {victim} have the same {', '.join(same)}"] if same else []
        return self.judge.of_answers(attacker, victim, "keys", opened=opened, tried=len(own))

    def _signing_keys(self, name: str) -> dict[str, str | None]:
        values = env_values(self.context.layout, TenantId(name))
        return {key: values.get(key) for key in ("SECRET_KEY", "OPERATOR_KEY", "SECRET_KEY_BEFORE")}

    def _operator(self, attacker: Visitor, victim: Visitor) -> Result:
        """A token for the victim's own route of the operator, signed with the attacker's key."""
        one, other = attacker.canary.entry, victim.canary.entry
        key = env_values(self.context.layout, TenantId(one.id)).get("OPERATOR_KEY") or ""
        with_own = OperatorClient(other.id, other.port or 0, SecretStr(key), self.context.clock)
        try:
            with_own.status()
        except InstanceRefused:
            return self.judge.of_answers(one.id, other.id, "operator", opened=[], tried=1)
        except ProvisionError as error:
            return unproven(one.id, other.id, "operator", "door", error.message)
        opened = [f"{other.id} takes a token signed by {one.id}"]
        return self.judge.of_answers(one.id, other.id, "operator", opened=opened, tried=1)

    def _host_names(self, one: str, own: str, other: str, others: str) -> Result:
        """Two names in one request; and a name nobody has, under the same domain."""
        nobody = f"{random_words().split()[0]}.{self.context.host.base_domain}"
        scheme = "https" if self.door.tls else "http"
        tried = {
            f"{scheme}://{others}/healthz with Host: {own}": self.door.ask(
                own, f"{scheme}://{others}/healthz", shown=own
            ),
            f"Host: {nobody}": self.door.ask(nobody, "/healthz", shown=own),
        }
        opened = [f"{how} is answered ({got.status})" for how, got in tried.items() if got.status in _OPEN]
        return self.judge.of_answers(one, other, "host-name", opened=opened, tried=len(tried))

    def _tls_names(self, one: str, own: str, other: str, others: str) -> Result:
        nobody = f"{random_words().split()[0]}.{self.context.host.base_domain}"
        tried = {
            f"TLS for {own}, Host: {others}": self.door.ask(others, "/healthz", shown=own),
            f"TLS for {nobody}": self.door.ask(nobody, "/healthz"),
        }
        opened = [f"{how} is answered ({got.status})" for how, got in tried.items() if got.status in _OPEN]
        return self.judge.of_answers(one, other, "tls-name", opened=opened, tried=len(tried))
