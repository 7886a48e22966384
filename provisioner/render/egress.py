"""The way to the provider of language models: an nginx of its own that alone holds the key."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from provisioner.host import HostSettings
from provisioner.render.templates import render
from provisioner.spec import TenantSpec

CLIENT_BASE_URL: Final = "http://tenantry-egress/v1"
"""What a client is told is its provider; it reaches it through a socket, the name means nothing."""

CALLS_PER_REQUEST: Final = 2
"""Of the plan's requests a minute: an analysis asks the model more often than a question does."""
_SLACK_SECONDS: Final = 5
_PORTS: Final = {"http": 80, "https": 443}


def egress_nginx(host: HostSettings, runtime: Path) -> str:
    """Return the whole nginx.conf of the egress; `runtime` is where its pid and temporary files are.

    It includes `clients/*.conf` beside it. Without a provider in host.yaml it serves nothing.
    """
    url = _provider(host)
    return render(
        "nginx/egress.conf.j2",
        runtime=str(runtime),
        pid=str(runtime / "nginx.pid"),
        server=_server(url) if url else "",
    )


def egress_client(spec: TenantSpec, host: HostSettings, socket: Path) -> str:
    """Return one client's part: its socket, the one path it may ask, and how often by its plan.

    The rate and the connections stand between a broken or broken-into client and everybody's provider; the
    plan's own quotas are counted by the client's process.
    """
    url = _provider(host)
    return render(
        "nginx/egress-client.conf.j2",
        client=spec.id,
        socket=str(socket),
        calls_per_minute=spec.terms.max_requests_per_minute * CALLS_PER_REQUEST,
        connections=spec.terms.threads,
        target=f"{url.scheme}://provider{url.path}/chat/completions" if url else "",
    )


def egress_provider(host: HostSettings, key: SecretStr | None) -> str:
    """Return how the provider is asked, with the key: a text to be kept secret."""
    url = _provider(host)
    return render(
        "nginx/provider.conf.j2",
        host=url.netloc if url else "none",
        authorization=f"Bearer {key.get_secret_value()}" if key else "",
        seconds=host.llm_timeout_seconds + _SLACK_SECONDS,
        tls_name=url.hostname if url and url.scheme == "https" else "",
    )


def _provider(host: HostSettings) -> SplitResult | None:
    return urlsplit(host.llm_base_url) if host.llm_base_url else None


def _server(url: SplitResult) -> str:
    return f"{url.hostname}:{url.port or _PORTS[url.scheme]}"
