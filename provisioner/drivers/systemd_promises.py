"""What the systemd driver gives a client and what it does not, said plainly."""

from __future__ import annotations

from typing import Final

from provisioner.drivers.protocol import Promise

PROMISES: Final = (
    Promise("own-process", "Every client has its own process, restarted when it ends.", kept=True),
    Promise(
        "own-user", "Every client has its own system user, and sees no other client's folder.", kept=True
    ),
    Promise(
        "sealed-settings", "A client can neither read its settings file nor change its limits.", kept=True
    ),
    Promise("network-isolation", "A client has no network but the port it serves.", kept=True),
    Promise("hard-limits", "A client's memory, CPU and tasks are limited by its plan.", kept=True),
    Promise("boot", "After a reboot every client is back: its first request starts it.", kept=True),
    Promise(
        "provider-key",
        "No client holds the key of the provider of language models: each asks through a socket of its own, "
        "at the rate of its plan.",
        kept=True,
    ),
    Promise(
        "sleep",
        "A client idle for the minutes of its plan leaves memory; its next request wakes it.",
        kept=True,
    ),
)
