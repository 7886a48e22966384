"""Specification → files, pure: the same specification always renders the same text."""

from provisioner.render.egress import CLIENT_BASE_URL, egress_client, egress_nginx, egress_provider
from provisioner.render.environment import Surroundings, env_text, environment
from provisioner.render.nginx import (
    CUSTOM,
    acme_challenge,
    admin_site,
    listen_address,
    local_nginx,
    log_rotation,
    nginx_shared,
    nginx_site,
    suspended_site,
)
from provisioner.render.supervision import Program, supervisor_program, supervisord
from provisioner.render.templates import render
from provisioner.render.units import (
    UnitProgram,
    actions_socket,
    actions_unit,
    admin_socket,
    admin_unit,
    egress_unit,
    embeddings_unit,
    service_drop_in,
    socket_drop_in,
    timed_unit,
)

__all__ = [
    "CLIENT_BASE_URL",
    "CUSTOM",
    "Program",
    "Surroundings",
    "UnitProgram",
    "acme_challenge",
    "actions_socket",
    "actions_unit",
    "admin_site",
    "admin_socket",
    "admin_unit",
    "egress_client",
    "egress_nginx",
    "egress_provider",
    "egress_unit",
    "embeddings_unit",
    "env_text",
    "environment",
    "listen_address",
    "local_nginx",
    "log_rotation",
    "nginx_shared",
    "nginx_site",
    "render",
    "service_drop_in",
    "socket_drop_in",
    "supervisor_program",
    "supervisord",
    "suspended_site",
    "timed_unit",
]
