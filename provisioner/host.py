"""The host's settings: `<root>/host.yaml`, each value overridable by the environment.

Every field `x` can be given as `TENANTRY_X`, one of the vendor's as `TENANTRY_VENDOR_X`. A wrong or
unknown key is refused with its path in the file; a wrong variable is refused by its name. A missing file
means all defaults.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
    model_validator,
)

from provisioner.acme import Acme
from provisioner.alerting.settings import Alerts
from provisioner.backups.sealing import check_recipient
from provisioner.errors import InvalidConfiguration, InvalidRequest
from provisioner.fields import check_email, check_host_name, check_line
from provisioner.filesystem import read_text
from provisioner.layout import Layout
from provisioner.resources import shipped

_PREFIX: Final = "TENANTRY_"
_RANGE: Final = re.compile(r"(\d{4,5})-(\d{4,5})")
_HTTP_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?")
_TARGET: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_LOOPBACK: Final = re.compile(r"http://(localhost|127\.0\.0\.1)(:\d{1,5})?")
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}")
_SMTP_URL: Final = re.compile(r"smtps?://[^\s/@]*@?[A-Za-z0-9.-]+(:\d{1,5})?")


class PortRange(BaseModel):
    """The loopback ports tenants are given, both ends included; written `5001-5999`."""

    model_config = ConfigDict(frozen=True)

    first: Annotated[int, Field(ge=1024, le=65535)]
    last: Annotated[int, Field(ge=1024, le=65535)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError("the first port is above the last")
        return self

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def _read_range(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _RANGE.fullmatch(value)
    if not found:
        raise ValueError("write it as two ports, such as 5001-5999")
    return {"first": int(found[1]), "last": int(found[2])}


def _host_name(text: str) -> str:
    return _checked(text, check_host_name)


def _email(text: str) -> str:
    return _checked(text, check_email) if text else text


def _line(text: str) -> str:
    return _checked(text, lambda field, value: check_line(field, value, 300)) if text else text


def _checked(text: str, check: Any) -> str:
    """Run a check of `fields`, whose refusals pydantic does not know, inside a pydantic validator."""
    try:
        check("value", text)
    except InvalidRequest as error:
        raise ValueError(error.reason) from error
    return text


def _iban(text: str) -> str:
    """Take an IBAN without spaces whose check digits are right (ISO 13616)."""
    turned = "".join(str(int(one, 36)) for one in text[4:] + text[:4]) if _IBAN.fullmatch(text) else "0"
    if text and int(turned) % 97 != 1:
        raise ValueError("it is no IBAN, or a digit of it is wrong; write it without spaces")
    return text


def _http_url(text: str) -> str:
    if text and not _HTTP_URL.fullmatch(text):
        raise ValueError("write it as https://host[:port][/path], without user, query or fragment")
    return text.rstrip("/")


def _smtp_url(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value() and not _SMTP_URL.fullmatch(secret.get_secret_value()):
        raise ValueError("write it as smtp://[user:password@]host[:port] or smtps://…")
    return secret


def _target(text: str) -> str:
    if text and not (Path(text).is_absolute() or _TARGET.fullmatch(text)):
        raise ValueError("give a folder by its absolute path, or write it as s3://bucket[/prefix]")
    return text


def _s3_endpoint(text: str) -> str:
    if text.startswith("http:") and not _LOOPBACK.fullmatch(text):
        raise ValueError("backups travel over https only, except to this host itself")
    return _http_url(text)


def _split(value: object) -> object:
    """Take a list from a variable of the environment, its members separated by commas."""
    if not isinstance(value, str):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _absolute(path: Path | None) -> Path | None:
    if path is not None and not path.is_absolute():
        raise ValueError("give an absolute path")
    return path


Line = Annotated[str, AfterValidator(_line)]
Recipient = Annotated[str, AfterValidator(check_recipient)]


class Vendor(BaseModel):
    """Who sells the assistants: the legal identity on mails, packages and invoices.

    `rcs` is the entry in the trade register, as an invoice shows it. With `vat_franchise` no VAT is charged
    (CGI, article 293 B). `payment_days` from the invoice's date: 60 at most (code de commerce, article
    L441-10).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Line = ""
    legal_form: Line = ""
    address: Line = ""
    siret: Annotated[str, Field(pattern=r"^(\d{14})?$")] = ""
    vat_number: Annotated[str, Field(pattern=r"^([A-Z]{2}[0-9A-Z]{2,13})?$")] = ""
    email: Annotated[str, AfterValidator(_email)] = ""
    phone: Line = ""
    rcs: Line = ""
    vat_franchise: bool = False
    vat_rate: Annotated[Decimal, Field(gt=0, lt=100, decimal_places=2, allow_inf_nan=False)] = Decimal(20)
    iban: Annotated[str, AfterValidator(_iban)] = ""
    bic: Annotated[str, Field(pattern=r"^([A-Z]{6}[0-9A-Z]{2}([0-9A-Z]{3})?)?$")] = ""
    payment_days: Annotated[int, Field(ge=0, le=60)] = 30
    invoice_series: Annotated[str, Field(pattern=r"^([A-Z][A-Z0-9]{0,7}-)?$")] = ""
    late_payment_rate: Line = "trois fois le taux d'intérêt légal"


_MODEL: Final = r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}"
_OPTIONAL_MODEL: Final = f"^({_MODEL})?$"
ModelName = Annotated[str, Field(pattern=f"^{_MODEL}$")]


Prefix = Annotated[str, Field(pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]{0,300}$")]
"""Put before a text as it stands, blanks at its end included; a line feed may be in it."""


class EmbeddingPrefixes(BaseModel):
    """What the embedding model wants before a question and before a passage; empty for nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Prefix
    passage: Prefix


def _read_prefixes(value: object) -> object:
    """Take the prefixes from a variable of the environment, written as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError('write it as {"question": "query: ", "passage": "passage: "}') from error


class HostSettings(BaseModel):
    """One host's settings; `root` is where everything of this host stands and is not in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: Path
    base_domain: Annotated[str, AfterValidator(_host_name)] = "localhost"
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8080
    https_port: Annotated[int, Field(ge=1, le=65535)] = 443
    tls_certificates: Annotated[Path | None, AfterValidator(_absolute)] = None
    acme: Acme | None = None
    port_range: Annotated[PortRange, BeforeValidator(_read_range), PlainSerializer(str)] = PortRange(
        first=5001, last=5999
    )
    embedding_model: ModelName = "all-MiniLM-L6-v2"
    embedding_prefixes: Annotated[EmbeddingPrefixes | None, BeforeValidator(_read_prefixes)] = None
    former_embedding_models: Annotated[tuple[ModelName, ...], BeforeValidator(_split)] = ()
    rerank_model: Annotated[str, Field(pattern=_OPTIONAL_MODEL)] = ""
    llm_base_url: Annotated[str, AfterValidator(_http_url)] = ""
    llm_api_key_file: Annotated[Path | None, AfterValidator(_absolute)] = None
    llm_timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    language_default: Annotated[str, Field(pattern="^(fr|en)$")] = "fr"
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] = SecretStr("")
    backup_recipients: Annotated[tuple[Recipient, ...], BeforeValidator(_split)] = ()
    backup_passphrase_file: Annotated[Path | None, AfterValidator(_absolute)] = None
    backup_target: Annotated[str, AfterValidator(_target)] = ""
    s3_endpoint: Annotated[str, AfterValidator(_s3_endpoint)] = ""
    s3_region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = "us-east-1"
    s3_credentials_file: Annotated[Path | None, AfterValidator(_absolute)] = None
    alerts: Alerts = Alerts()
    vendor: Vendor = Vendor()

    @property
    def sends_mail(self) -> bool:
        """Whether letters go out: there is a mail server, and somebody whom they come from."""
        return bool(self.smtp_url.get_secret_value() and self.vendor.email)

    @property
    def backup_folder(self) -> Path | None:
        """The folder that backups go to instead of the root's own; None when host.yaml names none."""
        return Path(self.backup_target) if self.backup_target.startswith("/") else None

    @property
    def backups_go_to_s3(self) -> bool:
        """Whether backups go to an S3-compatible store."""
        return self.backup_target.startswith("s3://")

    @property
    def embedding_options(self) -> tuple[str, ...]:
        """The models as the embedding server's command line takes them."""
        former = (option for name in self.former_embedding_models for option in ("--also", name))
        reranking = ("--rerank-model", self.rerank_model) if self.rerank_model else ()
        return ("--model", self.embedding_model, *former, *reranking)

    @property
    def layout(self) -> Layout:
        """Where things stand under this root."""
        return Layout(self.root)

    @property
    def serves_tls(self) -> bool:
        """Whether clients are reached over TLS only."""
        return self.tls_certificates is not None or self.acme is not None

    @property
    def acme_challenges(self) -> Path | None:
        """The folder that http-01's tokens are served from over plain HTTP; None without that challenge."""
        by_http = self.acme is not None and self.acme.challenge == "http-01"
        return self.layout.acme_challenges if by_http else None

    @property
    def admin_name(self) -> str:
        """The dashboard's host name."""
        return f"admin.{self.base_domain}"

    def public_url(self, hostname: str) -> str:
        """The address clients type for one of this host's names."""
        scheme, port, usual = (
            ("https", self.https_port, 443) if self.serves_tls else ("http", self.http_port, 80)
        )
        return f"{scheme}://{hostname}" + ("" if port == usual else f":{port}")


def load_host(root: Path, environ: Mapping[str, str]) -> HostSettings:
    """Read the settings of `root` (absolute), the environment winning over the file.

    Raises InvalidConfiguration naming the key in the file, or the variable.
    """
    file = Layout(root).host_file
    written = _read_yaml(file)
    given = {field: environ[_variable(field)] for field in _fields() if _variable(field) in environ}
    try:
        return HostSettings.model_validate({**_overridden(written, given), "root": root})
    except ValidationError as error:
        raise _explain(error, file, given) from error


_Field = tuple[str, ...]
"""Where a value stands in host.yaml: its key, below `vendor` and `acme` two."""

_GROUPS: Final[Mapping[str, type[BaseModel]]] = {"vendor": Vendor, "acme": Acme, "alerts": Alerts}


def _fields() -> tuple[_Field, ...]:
    simple = ((name,) for name in HostSettings.model_fields if name != "root" and name not in _GROUPS)
    return (*simple, *((group, name) for group, model in _GROUPS.items() for name in model.model_fields))


def _variable(field: _Field) -> str:
    return _PREFIX + "_".join(field).upper()


def _overridden(written: Mapping[str, Any], given: Mapping[_Field, str]) -> dict[str, Any]:
    """Put what the environment gives over the file; a group that is no mapping is refused as it is."""
    simple: dict[str, Any] = {field[0]: value for field, value in given.items() if len(field) == 1}
    for group in _GROUPS:
        inside = {field[1]: value for field, value in given.items() if field[0] == group}
        below = written.get(group) or {}
        if inside and isinstance(below, dict):
            simple[group] = {**below, **inside}
    return {**written, **simple}


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        text = read_text(file)
    except OSError as error:
        raise InvalidConfiguration(
            str(file),
            f"it cannot be read: {error.strerror}",
            "Run the command as the user whose root it is; `sudo` for root's.",
        ) from error
    if text is None:
        return {}
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidConfiguration(str(file), f"it is not YAML: {error}", "Correct the file.") from error
    if content is None:
        return {}
    if not isinstance(content, dict) or "root" in content:
        raise InvalidConfiguration(str(file), "it must be a mapping of settings, without `root`.")
    return content


def _explain(error: ValidationError, file: Path, given: Mapping[_Field, str]) -> InvalidConfiguration:
    first = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    variable = next((_variable(field) for field in given if first["loc"][: len(field)] == field), None)
    where = f"${variable}" if variable else f"{file}: {path}"
    reason = str(first["msg"]).removeprefix("Value error, ")
    return InvalidConfiguration(where, f"{reason}.", "`provision host init` writes a commented example.")


def starting_text(settings: HostSettings) -> str:
    """The host.yaml that `host init` writes: every setting with its meaning, defaults commented out."""
    return (
        shipped("templates", "host.yaml")
        .read_text("utf-8")
        .format(
            base_domain=settings.base_domain, http_port=settings.http_port, port_range=settings.port_range
        )
    )
