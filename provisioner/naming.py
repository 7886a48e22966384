"""The names one tenant goes by: its id, system user, host name and instance name.

Everything here is a pure function of the id. An id is accepted whole or refused with the
reason; nothing is ever stripped, folded or completed.
"""

import hashlib
import re
from typing import Final, NewType

from provisioner.errors import InvalidRequest

TenantId = NewType("TenantId", str)

_SHAPE: Final = re.compile(r"[a-z][a-z0-9-]{1,30}")
_USER_NAME_LENGTH: Final = 32  # Linux: useradd and utmp know no longer name

_HOST_NAMES: Final = """
    admin api app assets autoconfig autodiscover cdn default dns egress embeddings ftp imap internal
    localhost mail mx ns ns1 ns2 pop pop3 postmaster root smtp static tenantry webmail www
"""
_COMMAND_WORDS: Final = """
    admin all apply backup backups charge clone completion diff doctor domain events export help host import
    ingest invoice key list logs new notice option package packages plan prove-isolation purge remove restart
    restore resume role rotate set show start status stop suspend upgrade usage user verify-backup version
"""
#: Names that already mean a host of ours or of the outside world under the base domain.
RESERVED_HOST_NAMES: Final = frozenset(_HOST_NAMES.split())
#: The command line's own words: `provision show list` must never be a question of luck.
RESERVED_COMMAND_WORDS: Final = frozenset(_COMMAND_WORDS.split())
RESERVED_NAMES: Final = RESERVED_HOST_NAMES | RESERVED_COMMAND_WORDS


def parse_tenant_id(text: str) -> TenantId:
    """Return `text` as a tenant id, or raise InvalidRequest saying which rule it breaks."""
    if not _SHAPE.fullmatch(text):
        raise _refused(text, "it must be 2 to 31 of a-z, 0-9 and '-', beginning with a letter")
    if text.endswith("-") or "--" in text:
        raise _refused(text, "a hyphen may neither end it nor follow another hyphen")
    if text in RESERVED_NAMES:
        raise _refused(text, "it is reserved for a host name or a command of Tenantry itself")
    return TenantId(text)


def system_user(tenant: TenantId) -> str:
    """Return the tenant's own system user, `tn-<id>`; the two longest ids' names end in a digest.

    Digested names begin with `tnx-`, so that they can never be another tenant's plain name.
    """
    plain = f"tn-{tenant}"
    if len(plain) <= _USER_NAME_LENGTH:
        return plain
    digest = hashlib.sha256(tenant.encode()).hexdigest()[:12]
    return f"tnx-{tenant[:15].rstrip('-')}-{digest}"


def instance_name(tenant: TenantId) -> str:
    """Return document 004's INSTANCE_NAME: `<id>-prod`."""
    return f"{tenant}-prod"


def hostname(tenant: TenantId, base_domain: str) -> str:
    """Return the host name the tenant answers on: `<id>.<base domain>`."""
    return f"{tenant}.{base_domain}"


def _refused(text: str, reason: str) -> InvalidRequest:
    return InvalidRequest(
        field="ID",
        reason=f"{text!r} cannot name a tenant: {reason}.",
        mend="Choose an id such as 'dupont' or 'cabinet-dupont'.",
    )
