"""One place in an S3-compatible store: files go up in parts, and are read back before they count as kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from pydantic import SecretStr

from provisioner.errors import ProvisionError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Store

_PIECE: Final = 16 * 1024 * 1024
_SMALLEST_PART: Final = 8 * 1024 * 1024
_MOST_PARTS: Final = 9_000
"""S3 takes 10,000 parts of 5 MiB at least (Amazon S3 User Guide, multipart upload limits)."""
_PARTS_AT_ONCE: Final = 4
_REASON: Final = re.compile(r"<Code>(.{1,100}?)</Code>.*?(?:<Message>(.{1,300}?)</Message>|$)", re.DOTALL)


class StoreFailed(ProvisionError):
    """The store did not do what was asked: it does not answer, or refuses."""

    code = "store-failed"


@dataclass(frozen=True)
class ObjectStore:
    """A bucket and a prefix (without slashes at its ends) of it, and who may write there."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    access_key: SecretStr
    secret_key: SecretStr

    @property
    def address(self) -> str:
        """The place as it is written in host.yaml."""
        return f"s3://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    def put(self, file: Path, name: str) -> None:
        """Have a file there under a name, the same byte for byte; raises StoreFailed.

        Each part carries its SHA-256, and all of it is read back afterwards.
        """
        import obstore  # noqa: PLC0415 - only hosts with such a store pay for it

        part = max(_SMALLEST_PART, file.stat().st_size // _MOST_PARTS)
        with file.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        with self._told(f"put {name}"), file.open("rb") as stream:
            obstore.put(self._store, name, stream, chunk_size=part, max_concurrency=_PARTS_AT_ONCE)
        if self.sha256(name) != sha256:
            raise StoreFailed(f"{self.address}/{name} is not what was put there.", "Look at the store.")

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the names right below a folder, and their sizes in bytes; raises StoreFailed."""
        import obstore  # noqa: PLC0415 - see put

        below = f"{folder}/"
        with self._told(f"list {folder}"):
            found = [one for batch in obstore.list(self._store, prefix=below) for one in batch]
        sizes = {one["path"].removeprefix(below): one["size"] for one in found}
        return {name: size for name, size in sizes.items() if "/" not in name}

    def folders(self) -> Sequence[str]:
        """Return the names of the folders there are; raises StoreFailed."""
        import obstore  # noqa: PLC0415 - see put

        with self._told("list it"):
            return sorted(obstore.list_with_delimiter(self._store)["common_prefixes"])

    def fetch(self, name: str, target: BinaryIO) -> None:
        """Write what is there under a name to a stream; raises StoreFailed."""
        for piece in self._pieces(name):
            target.write(piece)

    def text(self, name: str) -> str:
        """Return what is there under a name, a few lines; raises StoreFailed."""
        return b"".join(self._pieces(name)).decode("utf-8", "replace")

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of what is there under a name; raises StoreFailed."""
        digest = hashlib.sha256()
        for piece in self._pieces(name):
            digest.update(piece)
        return digest.hexdigest()

    def erase(self, name: str) -> None:
        """Have nothing there under a name; raises StoreFailed."""
        import obstore  # noqa: PLC0415 - see put

        with self._told(f"erase {name}"):
            obstore.delete(self._store, name)

    def _pieces(self, name: str) -> Iterator[bytes]:
        """In parts, each with its own time limit: the whole may take hours."""
        import obstore  # noqa: PLC0415 - see put

        with self._told(f"read {name}"):
            size = obstore.head(self._store, name)["size"]
            for start in range(0, size, _PIECE):
                end = min(start + _PIECE, size)
                yield bytes(obstore.get_range(self._store, name, start=start, end=end))

    @cached_property
    def _store(self) -> S3Store:
        from obstore.store import S3Store  # noqa: PLC0415 - see put

        config: S3Config = {
            "region": self.region,
            "access_key_id": self.access_key.get_secret_value(),
            "secret_access_key": self.secret_key.get_secret_value(),
            "virtual_hosted_style_request": False,
            "checksum_algorithm": "sha256",
        }
        if self.endpoint:
            config["endpoint"] = self.endpoint
        client: ClientConfig = {
            "allow_http": self.endpoint.startswith("http://"),
            "connect_timeout": "10s",
            "timeout": "600s",
        }
        retry: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(minutes=1)}
        return S3Store(
            self.bucket, prefix=self.prefix or None, config=config, client_options=client, retry_config=retry
        )

    @contextmanager
    def _told(self, act: str) -> Iterator[None]:
        """Tell whatever the library raises in a `with` block as StoreFailed."""
        from obstore.exceptions import BaseError  # noqa: PLC0415 - see put

        try:
            yield
        except (BaseError, OSError) as error:
            mend = "`backup_target` and the s3_ settings of host.yaml say where it is."
            raise StoreFailed(f"{self.address}: could not {act}: {_reason(error)}.", mend) from error


def _reason(error: Exception) -> str:
    """Return what the store said, or the first line of what the library says."""
    text = str(error)
    if found := _REASON.search(text):
        return f"{found[1]} ({found[2] or ''})"
    if "error sending request" in text or "operation timed out" in text:
        return "it does not answer"
    return text.partition("\n")[0][:300].rstrip(". ")
