"""What the local driver gives a client and what it does not, said plainly."""

from __future__ import annotations

from provisioner.drivers.local_users import LocalUsers
from provisioner.drivers.protocol import Finding, Promise


def promises(users: LocalUsers) -> tuple[Promise, ...]:
    """Return every promise, kept or not."""
    own_user = (
        "Every client has its own system user."
        if users.separate
        else f"All clients run {_together(users)}: {_reason(users)}."
    )
    return (
        Promise("own-process", "Every client has its own process, restarted when it ends.", kept=True),
        Promise("own-user", own_user, kept=users.separate),
        _unprivileged_nginx(users),
        Promise("network-isolation", "Clients share the host's network.", kept=False),
        Promise(
            "provider-key",
            "The key of the provider of language models is in every client's settings.",
            kept=False,
        ),
        Promise("hard-limits", "A client's memory, CPU and tasks are not limited.", kept=False),
        Promise("sleep", "Idle clients stay in memory.", kept=False),
        Promise("boot", "After a reboot, `provision host init` starts everything again.", kept=False),
    )


def _unprivileged_nginx(users: LocalUsers) -> Promise:
    if users.web_worker:
        sentence = f"nginx is this root's own, and runs as {users.web_worker} (uid 0) like everything else."
        return Promise("unprivileged-nginx", sentence, kept=False)
    return Promise("unprivileged-nginx", "nginx is this root's own and runs without root.", kept=True)


def notices(users: LocalUsers) -> tuple[str, ...]:
    """Return what must be known before trusting this host with clients, with the mend."""
    return () if users.separate else (f"{_danger(users)} {_mend(users)}",)


def findings(users: LocalUsers) -> tuple[Finding, ...]:
    """Return what is wrong with how clients are kept apart."""
    if users.separate and users.why_not:
        problem = f"Clients have their own system users, but {users.why_not}."
        return (Finding("users", problem, "Open the way again, or their programs cannot start."),)
    return () if users.separate else (Finding("users", _danger(users), _mend(users)),)


def _danger(users: LocalUsers) -> str:
    reached = "has the whole host" if users.all_as_root else "can read the others' data"
    together = f"All clients run {_together(users)} ({_reason(users)})"
    return f"{together}: a client that breaks out of its program {reached}."


def _together(users: LocalUsers) -> str:
    return "as root (uid 0)" if users.all_as_root else "as one system user"


def _mend(users: LocalUsers) -> str:
    if users.all_as_root:
        return (
            "Put Tenantry, Python and the root directory where other users can reach them, such as /opt and"
            " /var/lib, and begin a new root; or run it as an ordinary user, never as root."
        )
    return "Begin a root as root, where other users can reach the root directory, Python and the code."


def _reason(users: LocalUsers) -> str:
    return users.why_not or "this root was begun that way"
