"""Cookies after a rotation of the key: those signed with the one before are read until its time is over."""

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from tenant_app.clock import Clock
from tenant_app.settings import FormerKey, Settings


class RotatedCookies(SecureCookieSessionInterface):
    """Signs with the present key; reads what the former one signed as well, while it may."""

    def __init__(self, former: FormerKey, clock: Clock) -> None:
        self._former = former
        self._clock = clock

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what writes and reads the cookie; of several keys the last one signs."""
        present = super().get_signing_serializer(app)
        if present is None or self._clock.now() >= self._former.until:
            return present
        return URLSafeTimedSerializer(
            [self._former.key.get_secret_value(), str(app.secret_key)],
            salt=self.salt,
            serializer=self.serializer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method},
        )


def install(app: Flask, settings: Settings, clock: Clock) -> None:
    """Let cookies, and the forms of pages that are open, outlive a rotation of the key.

    A form's token is bound to the cookie's random value, and checked against it: signed with the former key
    it proves as much. The forms opened during the overlap use it on.
    """
    former = settings.former_key
    if former is not None and clock.now() < former.until:
        app.session_interface = RotatedCookies(former, clock)
        app.config["WTF_CSRF_SECRET_KEY"] = former.key.get_secret_value()
