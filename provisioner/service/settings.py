"""`set`: change what one client was asked to be, and bring it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from provisioner.registry.models import State
from provisioner.service import logos
from provisioner.service.context import Context
from provisioner.service.convergence import FileReport, change_request, require_no_hand_edit
from provisioner.service.operations import perform
from provisioner.service.releases import require_present
from provisioner.service.tenants import require_state, spec_of
from provisioner.service.transaction import changing


def change(context: Context, tenant_id: str, settings: Mapping[str, str]) -> list[FileReport]:
    """Set identity fields and plan limits of one client; an empty value goes back to the default.

    A logo may be a picture file of this machine. Returns what happened to each of the client's files. Raises
    InvalidRequest before anything is touched, and WrongState when a file that must change was edited by hand:
    it would be kept. When bringing the client there fails, the settings are as before.
    """
    logo, picture = logos.take(settings.get("logo"))
    if picture:
        settings = {**settings, "logo": logo or ""}
    with changing(context, f"set {tenant_id} {' '.join(settings)}", tenant_id) as transaction:
        before = transaction.registry.get(tenant_id)
        require_state(before, (State.RUNNING, State.STOPPED, State.SUSPENDED), "set")
        require_present(context, before)
        request = before.request.with_settings(settings)
        spec_of(context, request, before.port)  # what is wrong is refused before anything is touched
        require_no_hand_edit(context, transaction, before, replace(before, request=request))
        if before.state == State.RUNNING:
            transaction.prepare_host()
        if picture:
            perform(context, before, "logo", logos.payload(picture))
        return change_request(context, transaction, before, request)
