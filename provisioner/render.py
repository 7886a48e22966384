"""Specification → files, pure: the same specification always renders the same text.

Templates know no undefined name and print nothing that was not quoted for its format: a value that
reaches the page as plain text stops the rendering.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from pydantic import SecretStr

from provisioner.host import HostSettings
from provisioner.layout import Layout
from provisioner.quoting import FILTERS, Quoted
from provisioner.resources import shipped
from provisioner.spec import TenantSecrets, TenantSpec

#: What a form's boundaries, names and text fields may weigh beside the file itself.
FORM_OVERHEAD_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the driver decides of a tenant's world: where its data is and how it reaches its servers.

    Without `openai_base_url` and `openai_api_key` answers are extracted locally.
    """

    data_dir: Path
    embedding_socket: Path
    openai_base_url: str = ""
    openai_api_key: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A program for supervisord. `log` gets both outputs; `user` "" is whoever runs supervisord.

    `stop_seconds` pass between SIGTERM and SIGKILL; lower `priority` starts first and stops last.
    """

    name: str
    argv: tuple[str, ...]
    directory: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    autostart: bool = True
    stop_seconds: int = 40
    priority: int = 500


@dataclass(frozen=True, slots=True)
class UnitProgram:
    """What a unit starts: an absolute command line, and variables beside systemd's own."""

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> dict[str, Sequence[str]]:
        """The values a unit's template prints."""
        return {"argv": self.argv, "environment": [f"{key}={value}" for key, value in self.variables.items()]}


def environment(
    spec: TenantSpec, host: HostSettings, surroundings: Surroundings, secrets: TenantSecrets
) -> dict[str, str]:
    """Return the `.env` of a tenant: document 004's keys first and in its order, then ours.

    The texts include the tenant's secrets.
    """
    return {
        **_document_004(spec, surroundings, secrets),
        **_limits(spec, host),
        **_assistant(spec),
        **_servers(spec, host, surroundings),
    }


def _document_004(spec: TenantSpec, surroundings: Surroundings, secrets: TenantSecrets) -> dict[str, str]:
    terms = spec.terms
    return {
        "CLIENT_ID": spec.id,
        "INSTANCE_NAME": spec.instance_name,
        "CLIENT_NAME": spec.name,
        "CLIENT_SIRET": spec.siret,
        "CLIENT_ADDRESS": spec.address,
        "CLIENT_PHONE": spec.phone,
        "CLIENT_EMAIL": spec.email,
        "CLIENT_LOGO": spec.logo,
        "CLIENT_COLOR": spec.color,
        "SUBSCRIPTION_PLAN": spec.plan,
        "MAX_USERS": str(terms.max_users),
        "MAX_CASES": str(terms.max_cases),
        "AI_MODEL": terms.ai_model,
        "PREDICTION_THRESHOLD": str(terms.prediction_threshold),
        "MAX_ANALYSIS_MONTHLY": str(terms.max_analysis_monthly),
        "ADVANCED_FEATURES": "true" if terms.advanced_features else "false",
        "DATA_DIR": str(surroundings.data_dir),
        "PORT": str(spec.port),
        "SECRET_KEY": secrets.secret_key.get_secret_value(),
        "OPERATOR_KEY": secrets.operator_key.get_secret_value(),
    }


def _limits(spec: TenantSpec, host: HostSettings) -> dict[str, str]:
    terms = spec.terms
    return {
        "PUBLIC_URL": host.public_url(spec.hostname),
        "MAX_REQUESTS_MONTHLY": _limit(terms.max_requests_monthly),
        "MAX_REQUESTS_PER_MINUTE": str(terms.max_requests_per_minute),
        "MAX_API_KEYS": _limit(terms.max_api_keys),
        "MAX_UPLOAD_MB": str(terms.max_upload_mb),
        "MAX_STORAGE_MB": str(terms.max_storage_mb),
        "MAX_QUESTION_CHARS": str(terms.max_question_chars),
        "THREADS": str(terms.threads),
        "PRICE_CENTS": str(terms.price_cents),
        "PLAN_EXPIRES_ON": spec.expires_on.isoformat() if spec.expires_on else "",
        "SUPPORT_LEVEL": terms.support_level,
        "SUPPORT_CONTACT": host.vendor.email,
    }


def _assistant(spec: TenantSpec) -> dict[str, str]:
    assistant = spec.assistant
    return {
        "ASSISTANT": spec.assistant_name,
        "ASSISTANT_PROMPT": assistant.prompt,
        "ASSISTANT_QUESTIONS": _json([question.model_dump() for question in assistant.questions]),
        "ASSISTANT_VOCABULARY": _json(assistant.vocabulary),
    }


def _servers(spec: TenantSpec, host: HostSettings, surroundings: Surroundings) -> dict[str, str]:
    profile = spec.profile
    key = surroundings.openai_api_key
    return {
        "LLM_MODEL": profile.llm_model,
        "RETRIEVAL_DEPTH": str(profile.retrieval_depth),
        "PROFILE_PROMPT": profile.prompt,
        "EMBEDDING_SOCKET": str(surroundings.embedding_socket),
        "EMBEDDING_MODEL": host.embedding_model,
        "OPENAI_BASE_URL": surroundings.openai_base_url,
        "OPENAI_API_KEY": key.get_secret_value() if key else "",
        "LLM_TIMEOUT_SECONDS": str(host.llm_timeout_seconds),
        "LLM_PRICE_IN_PER_MILLION": str(profile.price_in_per_million),
        "LLM_PRICE_OUT_PER_MILLION": str(profile.price_out_per_million),
        "LANGUAGE_DEFAULT": host.language_default,
    }


def _path(path: Path | None) -> str:
    return "" if path is None else str(path)


def _limit(value: int | None) -> str:
    return "" if value is None else str(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def env_text(values: Mapping[str, str]) -> str:
    """Return the text of a `.env` file with these keys in this order."""
    return render("templates/env.j2", environment=values)


def nginx_site(spec: TenantSpec, host: HostSettings, access_log: Path | None) -> str:
    """Return the nginx server of one tenant; None leaves the access log to the application."""
    return render(
        "nginx/tenant.conf.j2",
        listen=listen_address(host),
        server_names=spec.server_names,
        upstream=f"127.0.0.1:{spec.port}",
        access_log=_path(access_log),
        body_bytes=spec.terms.max_upload_mb * 1_000_000 + FORM_OVERHEAD_BYTES,
    )


def admin_site(host: HostSettings, upstream: str, access_log: Path | None) -> str:
    """Return the nginx server of the dashboard; `upstream` is `http://address:port` or `http://unix:/path`."""
    return render(
        "nginx/admin.conf.j2",
        listen=listen_address(host),
        server_name=f"admin.{host.base_domain}",
        upstream=upstream,
        access_log=_path(access_log),
    )


def nginx_shared(host: HostSettings, sites: str, access_log: Path | None) -> str:
    """Return what all sites share inside http {}; `sites` is a pattern relative to nginx.conf."""
    return render(
        "nginx/http.conf.j2", listen=listen_address(host), sites=sites, access_log=_path(access_log)
    )


def local_nginx(layout: Layout, worker_user: str) -> str:
    """Return the whole nginx.conf of the local driver; it includes `tenantry/http.conf` beside it.

    `worker_user` is only for an nginx started by root; "" otherwise.
    """
    return render(
        "nginx/nginx.conf.j2",
        worker_user=worker_user,
        pid=str(layout.run / "nginx" / "nginx.pid"),
        temporary=str(layout.run / "nginx"),
    )


def listen_address(host: HostSettings) -> str:
    """Where nginx listens: names under `localhost` lead here only, so nobody else is let in."""
    if host.base_domain == "localhost" or host.base_domain.endswith(".localhost"):
        return f"127.0.0.1:{host.http_port}"
    return str(host.http_port)


def supervisord(layout: Layout) -> str:
    """Return the local driver's supervisord.conf; it includes `supervisor.d/*.conf` beside it."""
    return render(
        "templates/supervisor/supervisord.conf.j2",
        log=str(layout.logs / "supervisord.log"),
        logs=str(layout.logs),
        pid=str(layout.run / "supervisord.pid"),
        socket=str(layout.run / "supervisord.sock"),
        programs=str(layout.run / "supervisor.d" / "*.conf"),
    )


def supervisor_program(program: Program) -> str:
    """Return one program's part of supervisord's configuration."""
    return render(
        "templates/supervisor/program.conf.j2",
        **{**asdict(program), "directory": str(program.directory), "log": str(program.log)},
    )


def socket_drop_in(spec: TenantSpec) -> str:
    """Return what tenant@<id>.socket has of its own: the port."""
    return render("systemd/tenant.socket.conf.j2", port=spec.port)


def service_drop_in(spec: TenantSpec, layout: Layout, program: UnitProgram, embedding_group: str) -> str:
    """Return what tenant@<id>.service has of its own."""
    return render(
        "systemd/tenant.service.conf.j2",
        **program.words(),
        root=str(layout.root),
        data_dir=str(layout.data(spec.id)),
        env_file=str(layout.env_file(spec.id)),
        user=spec.system_user,
        embedding_group=embedding_group,
        memory_bytes=spec.terms.memory_mb * 1_000_000,
        cpu_percent=spec.terms.cpu_percent,
        tasks=spec.terms.tasks,
    )


def embeddings_unit(program: UnitProgram, group: str) -> str:
    """Return the embedding server's unit; it runs as the user, and gives its socket to the group, `group`."""
    return render("systemd/tenantry-embeddings.service.j2", **program.words(), group=group)


def admin_unit(layout: Layout, program: UnitProgram, user: str, read_group: str) -> str:
    """Return the dashboard's unit; `read_group` may read the registry and the usage files."""
    return render(
        "systemd/tenantry-admin.service.j2",
        **program.words(),
        user=user,
        read_group=read_group,
        admin_dir=str(layout.admin),
    )


def admin_socket(socket: Path, nginx_group: str) -> str:
    """Return the unit of the dashboard's socket, which nginx's group may use."""
    return render("systemd/tenantry-admin.socket.j2", socket=str(socket), nginx_group=nginx_group)


def log_rotation(layout: Layout) -> str:
    """Return logrotate's part for the access logs of all clients of a root of plain characters."""
    return render("nginx/logrotate.j2", root=str(layout.root))


def render(template: str, **values: object) -> str:
    """Render a shipped template, named by its path such as `nginx/tenant.conf.j2`.

    Raises jinja2.UndefinedError for a missing value and ValueError for one that cannot be quoted.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    # Not HTML: every value is quoted for its own format, which `_printable` makes sure of.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(shipped("templates").parent),
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    return environment


def _printable(value: Any) -> Any:
    if isinstance(value, (Quoted, Undefined)) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError(f"a template prints {value!r}, which no filter has quoted")
