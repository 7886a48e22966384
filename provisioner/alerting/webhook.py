"""Calls the vendor's webhook: the one door through which alerts leave by HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from provisioner.errors import ProvisionError

if TYPE_CHECKING:
    import httpx

_TIMEOUT: Final = 10.0
TIMESTAMP: Final = "X-Tenantry-Timestamp"
SIGNATURE: Final = "X-Tenantry-Signature"


class WebhookFailed(ProvisionError):
    """The webhook does not take what it is told."""

    code = "webhook-failed"


def signature(secret: SecretStr, timestamp: str, body: bytes) -> str:
    """Return the signature of a call: HMAC-SHA256 over the timestamp, a dot and the body, in hexadecimal."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.get_secret_value().encode(), signed, hashlib.sha256).hexdigest()


def call(url: str, document: Mapping[str, str], secret: SecretStr | None, now: datetime) -> None:
    """Post one document; raises WebhookFailed unless it is answered with 2xx. No redirect is followed."""
    import httpx  # noqa: PLC0415 - a tenth of a second that only a call needs

    body = json.dumps(document, ensure_ascii=False).encode()
    timestamp = str(int(now.timestamp()))
    headers = {"Content-Type": "application/json", TIMESTAMP: timestamp}
    if secret is not None:
        headers[SIGNATURE] = signature(secret, timestamp, body)
    try:
        answer = httpx.post(url, content=body, headers=headers, timeout=_TIMEOUT, trust_env=False)
    except httpx.HTTPError as error:
        raise WebhookFailed(f"The webhook {url} does not answer: {error}.", _MEND) from error
    if not answer.is_success:
        raise WebhookFailed(f"The webhook {url} answered {_status(answer)}.", _MEND)


_MEND: Final = "Check alerts.webhook_url in host.yaml; it is called again for a day."


def _status(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.reason_phrase}".strip()
