"""A host, a catalogue and requests such as operators type them."""

from datetime import date
from pathlib import Path

from pydantic import SecretStr

from provisioner.host import HostSettings
from provisioner.plans import Catalogue, load_catalogue
from provisioner.render import Surroundings, environment
from provisioner.resources import plans_file
from provisioner.spec import TenantRequest, TenantSecrets, TenantSpec, build_spec

ROOT = Path("/srv/tenantry")
SECRETS = TenantSecrets(SecretStr("s" * 64), SecretStr("o" * 64))
CATALOGUE: Catalogue = load_catalogue(plans_file())

#: Texts that end up as commands, directives or variables where quoting is forgotten.
HOSTILE_TEXTS = (
    'Cabinet "Dupont" & Fils',
    "L'Étude d'à côté",
    "Durand; DROP TABLE clients",
    "a { b } c",
    "100 % garanti %n %i %%",
    "$HOME $(id) `id`",
    "{{7*7}} {% raw %}",
    "C:\\temp\\nouveau \\n \\t \\\\.",
    "avant # après",
    "avant ; après",
    "#tout un commentaire",
    "a=b=c",
    "fin d'espace\u00a0!",
    "日本語 🙂 العربية",
    "\\\" \\' \\$",
)


def host(root: Path = ROOT, **settings: object) -> HostSettings:
    return HostSettings.model_validate({"root": root, **settings})


def request(**fields: object) -> TenantRequest:
    asked = {"id": "dupont", "plan": "professional", "started_on": date(2026, 11, 21), **fields}
    return TenantRequest.model_validate(asked)


def spec(**fields: object) -> TenantSpec:
    return build_spec(request(**fields), CATALOGUE, host(), 5001)


def env(of: TenantSpec, at: HostSettings | None = None) -> dict[str, str]:
    layout = host().layout
    return environment(of, at or host(), Surroundings(layout.data(of.id), Path("/run/e.sock")), SECRETS)
