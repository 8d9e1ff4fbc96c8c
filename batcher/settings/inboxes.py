"""`[inboxes.NAME]`: the places where sheets arrive. There may be several of them, each with its own name.

What a kind of place needs is a key of its own, and one that belongs to another kind is told: it would do nothing.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from batcher.inboxes import BucketPlace, Cloud, FolderPlace, Login, Place, SftpPlace
from batcher.settings.addresses import NotShown, is_loopback, normalised_host
from batcher.settings.kinds import SecretFile, Section, Text, has_control_characters, not_blank, plain_path

INBOX_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""How inboxes are called."""

_SCHEMES = ("sftp", *Cloud)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,221}[a-z0-9]")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}")
_KINDS = {"sftp": "sftp://", Cloud.S3: "s3://", Cloud.GCS: "gs://", Cloud.AZURE: "az://", "": "folders"}
_BELONGS: Mapping[str, tuple[str, ...]] = {
    "key_file": ("sftp",),
    "password_file": ("sftp",),
    "known_hosts_file": ("sftp",),
    "endpoint_url": (Cloud.S3, Cloud.GCS),
    "region": (Cloud.S3,),
    "profile": (Cloud.S3,),
    "token_file": (Cloud.GCS,),
    "account": (Cloud.AZURE,),
    "connection_string_file": (Cloud.AZURE,),
}
SECRET_FILES = ("key_file", "password_file", "token_file", "connection_string_file")
"""The keys that name a file with a secret in it."""

_EXAMPLES = 'a folder, or an address such as "sftp://user@host/folder", "s3://bucket/folder", "gs://…" or "az://…"'
_SECRET_ITSELF = ("\n", "-----BEGIN", "AccountKey=", "SharedAccessSignature=", '"private_key"')


def _url(value: str) -> str:
    if "://" not in value:
        return str(_folder(value))
    if has_control_characters(value) or set(value) & set("?#%\\") or len(value) > 1024:
        raise NotShown("must be a plain address, without a query, a fragment, % or a backslash.")
    try:
        parts = urlsplit(value)
        secret = parts.password is not None or (parts.scheme != "sftp" and "@" in parts.netloc)
    except ValueError:
        raise NotShown(f"must be {_EXAMPLES}.") from None
    if secret:
        raise NotShown("holds a user or a password, and is not repeated: a secret goes into a file of its own.")
    if parts.scheme not in _SCHEMES:
        raise NotShown(f"must be {_EXAMPLES}.")
    if any(part in {"", ".", ".."} for part in parts.path.strip("/").split("/") if parts.path.strip("/")):
        raise ValueError("an address whose folders have names: no //, no . and no ..")
    _sftp(parts) if parts.scheme == "sftp" else _bucket(parts)
    return value


def _folder(value: str) -> Path:
    path = plain_path(Path(value))
    if not path.is_absolute():
        raise ValueError("an absolute path")
    return path


def _sftp(parts: SplitResult) -> tuple[str, str, int]:
    """User, host and port."""
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or not _USER.fullmatch(parts.username or "") or not parts.path.strip("/"):
        raise ValueError('an address with user and folder, such as "sftp://user@host:22/folder" ("/~/folder" at home)')
    return parts.username or "", normalised_host(parts.hostname or ""), port or 22


def _bucket(parts: SplitResult) -> str:
    if not _BUCKET.fullmatch(parts.netloc):
        raise ValueError(f'an address with the name of a bucket, such as "{parts.scheme}://payouts/inbox"')
    return parts.netloc


def _endpoint(value: str) -> str:
    try:
        parts = urlsplit(value)
        odd = "@" in parts.netloc or parts.port == 0
    except ValueError:
        odd = True
    if odd or not value.isascii() or not value.isprintable() or set(value) & set(" ?#\\") or not parts.hostname:
        raise NotShown("must be an https:// address without user, password or query.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(value)):
        raise NotShown("must be an https:// address; plain http is for this machine only.")
    return value.rstrip("/")


def _no_secret(value: object) -> object:
    if isinstance(value, str) and any(sign in value for sign in _SECRET_ITSELF):
        raise NotShown("names a file, and what stands there looks like the secret itself: put that into one.")
    return value


_SecretFile = Annotated[SecretFile, BeforeValidator(_no_secret)]


class Inbox(Section):
    """A place where sheets arrive: one section for each. No secret has a place in this file."""

    url: Annotated[str, BeforeValidator(not_blank), AfterValidator(_url)] = Field(
        examples=["inbox"],
        description="A folder, where a relative path starts at this file's folder; or s3://BUCKET/FOLDER, "
        "gs://BUCKET/FOLDER, az://CONTAINER/FOLDER or sftp://USER@HOST:PORT/FOLDER (/~/FOLDER below the user's home), "
        "each with an extra of its own: batcher[s3], [gcs], [azure], [sftp].",
    )
    key_file: _SecretFile | None = Field(
        default=None,
        examples=["~/.ssh/batcher"],
        description="SFTP: a private key without a passphrase, which only its owner can read (chmod 600). Without it "
        "and password_file the ssh agent is asked, and the usual keys in ~/.ssh.",
    )
    password_file: _SecretFile | None = Field(
        default=None,
        examples=["~/.config/batcher/sftp-password"],
        description="SFTP: a file with nothing in it but the password, which only its owner can read (chmod 600).",
    )
    known_hosts_file: Annotated[Path, BeforeValidator(not_blank), AfterValidator(plain_path)] | None = Field(
        default=None,
        examples=["~/.ssh/known_hosts"],
        description="SFTP: the host keys that are believed; ~/.ssh/known_hosts without it. A server whose key is not "
        "in it is refused.",
    )
    endpoint_url: Annotated[str, AfterValidator(_endpoint)] | None = Field(
        default=None,
        examples=["https://s3.example.com"],
        description="S3, Google: where the service answers, if not at the cloud's own address. https, or plain http on "
        "this machine.",
    )
    region: Text | None = Field(
        default=None, examples=["eu-west-2"], description="S3: the bucket's region, if the AWS configuration has none."
    )
    profile: Text | None = Field(
        default=None,
        examples=["payouts"],
        description="S3: the profile of the AWS configuration; without it AWS's usual chain finds the credentials.",
    )
    token_file: _SecretFile | None = Field(
        default=None,
        examples=["~/.config/batcher/google.json"],
        description="Google: the key of a service account as JSON, which only its owner can read (chmod 600). Without "
        "it Google's default credentials are used.",
    )
    account: Text | None = Field(
        default=None,
        examples=["acmepayouts"],
        description="Azure: the storage account, if the string below is not used.",
    )
    connection_string_file: _SecretFile | None = Field(
        default=None,
        examples=["~/.config/batcher/azure"],
        description="Azure: a file with the account's connection string, which only its owner can read (chmod 600). "
        "Without it Azure's default credentials are used.",
    )

    @model_validator(mode="after")
    def _each_key_does_something(self) -> Self:
        kind = _kind(self.url)
        for key, kinds in _BELONGS.items():
            if getattr(self, key) is not None and kind not in kinds:
                others = " and ".join(_KINDS[one] for one in kinds)
                raise ValueError(f"An inbox has {key}, which is for {others}, and its url is one for {_KINDS[kind]}.")
        if self.key_file is not None and self.password_file is not None:
            raise ValueError("An inbox has key_file and password_file; name the one that its server takes.")
        if kind == Cloud.AZURE and (self.account is None) == (self.connection_string_file is None):
            raise ValueError("An inbox on az:// needs account or connection_string_file: one of them, not both.")
        return self

    @property
    def secret_file(self) -> tuple[str, Path] | None:
        """The key that names a file with a secret, and that file."""
        named: Iterable[tuple[str, Path | None]] = ((key, getattr(self, key)) for key in SECRET_FILES)
        return next(((key, path) for key, path in named if path is not None), None)

    @property
    def place(self) -> Place:
        """The same, as it is worked with."""
        kind = _kind(self.url)
        if not kind:
            return FolderPlace(path=Path(self.url))
        parts = urlsplit(self.url)
        if kind == "sftp":
            user, host, port = _sftp(parts)
            path = parts.path.rstrip("/")
            return SftpPlace(
                host=host,
                port=port,
                user=user,
                path=path.removeprefix("/~/"),
                known_hosts=self.known_hosts_file or Path("~/.ssh/known_hosts").expanduser(),
                login=Login.KEY if self.key_file else Login.PASSWORD if self.password_file else Login.AGENT,
            )
        return BucketPlace(
            cloud=Cloud(kind),
            bucket=_bucket(parts),
            prefix=parts.path.strip("/"),
            endpoint_url=self.endpoint_url,
            region=self.region,
            profile=self.profile,
            account=self.account,
        )


def _kind(url: str) -> str:
    """The scheme of a checked address; empty for a folder."""
    return url.partition("://")[0] if "://" in url else ""
