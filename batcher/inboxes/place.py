"""Where an inbox is, as the config has it. No secret is in here: `batcher.storage` is given it beside."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Login(StrEnum):
    """How a user is known to an SFTP server."""

    KEY = "key"
    """A private key of its own file."""
    PASSWORD = "password"  # noqa: S105 - the name of the way, no password
    AGENT = "agent"
    """The keys of the ssh agent."""


class Cloud(StrEnum):
    """Whose buckets these are."""

    S3 = "s3"
    GCS = "gs"
    AZURE = "az"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPlace:
    """A folder of this machine."""

    path: Path

    @property
    def label(self) -> str:
        """How people are told of it."""
        return str(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpPlace:
    """A folder of an SFTP server."""

    host: str
    port: int
    user: str
    path: str
    """Absolute, or relative to the folder that the server opens with."""
    known_hosts: Path
    """The file of the host keys that are believed."""
    login: Login

    @property
    def label(self) -> str:
        """How people are told of it."""
        port = "" if self.port == 22 else f":{self.port}"
        path = self.path if self.path.startswith("/") else f"/~/{self.path}"
        return f"sftp://{self.user}@{self.host}{port}{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlace:
    """A bucket, or what in one begins alike."""

    cloud: Cloud
    bucket: str
    """Azure calls it a container."""
    prefix: str
    """Without a slash at either end; empty for the bucket itself."""
    endpoint_url: str | None = None
    """Where the service answers, if that is not the cloud's own address."""
    region: str | None = None
    profile: str | None = None
    """Of the AWS configuration."""
    account: str | None = None
    """The storage account, on Azure."""

    @property
    def label(self) -> str:
        """How people are told of it."""
        return f"{self.cloud}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")


Place = FolderPlace | SftpPlace | BucketPlace
