"""The key of the provider of language models, from the file host.yaml names."""

from __future__ import annotations

import re
from typing import Final

from pydantic import SecretStr

from provisioner.errors import InvalidConfiguration
from provisioner.filesystem import read_text
from provisioner.host import HostSettings

_SHAPE: Final = re.compile(r"[A-Za-z0-9._~+/=:-]{1,500}")
"""What may follow `Bearer` (RFC 6750, 2.1), and colons."""


def provider_key(host: HostSettings) -> SecretStr | None:
    """Return the key; None when host.yaml names no file, because a service of one's own may need none.

    Raises InvalidConfiguration when the file is missing, empty, or holds what is no key; never with the text.
    """
    file = host.llm_api_key_file
    if file is None:
        return None
    key = read_text(file)
    if not key or not key.strip():
        raise InvalidConfiguration(
            "llm_api_key_file", f"{file} is missing or empty.", "Put the provider's key in it."
        )
    if not _SHAPE.fullmatch(key.strip()):
        raise InvalidConfiguration(
            "llm_api_key_file",
            f"{file} holds something else than one key: letters, digits and . _ ~ + / = : - on one line.",
            "Put the provider's key in it, and nothing else.",
        )
    return SecretStr(key.strip())
