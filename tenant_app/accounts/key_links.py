"""Links by which a program's first key is shown to those it is for, once: nobody else ever knows it.

A link is a signed token that names the key it will replace by its present digest. Using it makes another key
of that one, so that it is good once without being kept anywhere; a key that was rotated or revoked meanwhile
ends it as well.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Literal

from flask_babel import lazy_gettext
from pydantic import SecretStr

from tenant_app.accounts.keys import ApiKeys, NewKey
from tenant_app.accounts.links import IssuedLink
from tenant_app.accounts.tokens import Claims, InvalidToken, sign, verify
from tenant_app.clock import Clock
from tenant_app.errors import LinkNotValid

LIFETIME: Final = timedelta(days=7)


class KeyLinkClaims(Claims):
    """``sub`` is the key's id, ``key`` the digest it has until the link is used."""

    typ: Literal["key-link"]
    sub: str
    key: str


class KeyLinks:
    """The links to keys of the instance; the first of ``signing_keys`` signs, all of them are read."""

    def __init__(
        self, keys: ApiKeys, clock: Clock, *, client_id: str, signing_keys: Sequence[SecretStr]
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._client_id = client_id
        self._signing_keys = signing_keys

    def issue(self, name: str) -> IssuedLink | None:
        """Return a link for the live key of that name; None when there is none."""
        record = next((one for one in self._keys.list_live() if one.name == name and not one.ends_at), None)
        if record is None:
            return None
        now = self._clock.now()
        expires_at = now + LIFETIME
        claims = KeyLinkClaims(
            typ="key-link",
            aud=self._client_id,
            iat=int(now.timestamp()),
            exp=int(expires_at.timestamp()),
            sub=str(record.id),
            key=record.key_hash,
        )
        return IssuedLink(SecretStr(sign(claims, self._signing_keys[0])), expires_at)

    def redeem(self, secret: SecretStr) -> NewKey:
        """Return the key at the only moment it is known; the one before ends.

        Raises InvalidInput, in the same words, for a link that is none, used, over or another instance's.
        """
        try:
            claims = verify(
                secret.get_secret_value(),
                KeyLinkClaims,
                keys=self._signing_keys,
                audience=self._client_id,
                now=self._clock.now(),
                lifetime=LIFETIME,
            )
        except InvalidToken as error:
            raise _not_valid() from error
        new = self._keys.renew(int(claims.sub), claims.key)
        if new is None:
            raise _not_valid()
        return new


def _not_valid() -> LinkNotValid:
    return LinkNotValid(
        lazy_gettext("Ce lien n'est plus valable : demandez-en un autre à votre fournisseur.")
    )
