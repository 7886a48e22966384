"""Certificates of an ACME authority: ordered by certbot, and the authority's reason when there is none."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

from provisioner import filesystem
from provisioner.apply.tools import Tools, Undo
from provisioner.commands import certbot
from provisioner.errors import ProvisionError
from provisioner.runner import Finished
from provisioner.steps import OrderCertificate

_UNREACHED: Final = frozenset({"dns", "connection", "unauthorized"})


class OrderRefused(ProvisionError):
    """There is no certificate: the authority or certbot says why. What was there before still is."""

    code = "certificate-refused"


def order_certificate(step: OrderCertificate, tools: Tools) -> Undo | None:
    """Order it; what an order that was cut off has left goes before, and what was ordered when undone."""
    _erase(step.places)
    try:
        finished = tools.runner.attempt(step.command)
        if finished.status != 0:
            raise _refused(step, finished)
    except ProvisionError:
        _erase(step.places)
        raise
    finally:
        _erase(step.copies)
    return partial(_erase, step.places) if step.places else None


def _erase(places: Iterable[Path]) -> None:
    for place in places:
        filesystem.remove_tree(place)


def _refused(step: OrderCertificate, finished: Finished) -> OrderRefused:
    said = f"{finished.stdout}\n{finished.stderr}"
    found = certbot.problems(said)
    if not found:
        return OrderRefused(_sentence(certbot.last_words(finished.stderr)), _mend(step, said))
    reasons = " ".join(_sentence(f"{one.name}: {one.detail}") for one in found)
    unreached = all(one.kind in _UNREACHED for one in found)
    return OrderRefused(reasons, step.mend if unreached else _mend(step, said))


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _mend(step: OrderCertificate, said: str) -> str:
    if "executable certbot" in said:
        return "`apt install certbot`, then run the command again."
    if "ateLimited" in said or "too many" in said:
        return "Wait as long as it says, then run the command again; dns-01 needs one certificate for all."
    return f"The last file of {step.log} says more; correct it and run the command again."
