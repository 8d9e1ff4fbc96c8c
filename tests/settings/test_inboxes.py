"""`[inboxes.NAME]`: where an inbox is, what lets us in, and that no secret stands in the config or is repeated."""

from pathlib import Path

import pytest

from batcher.errors import UsageError
from batcher.inboxes import BucketPlace, Cloud, FolderPlace, Login, SftpPlace
from batcher.settings import load_inbox_secret, load_settings
from batcher.settings.inboxes import Inbox
from batcher.settings.sections import SEVERAL

SECRET = "hunter2-hunter2"


def load(folder: Path, text: str, name: str = "sheets") -> Inbox:
    (folder / "batcher.toml").write_text(f"[inboxes.{name}]\n{text}", encoding="utf-8")
    return load_settings(folder / "batcher.toml", {}).inboxes[name]


def refused(folder: Path, text: str, name: str = "sheets") -> str:
    with pytest.raises(UsageError) as caught:
        load(folder, text, name)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_relative_folder_starts_at_the_config_file(tmp_path: Path) -> None:
    assert load(tmp_path, 'url = "inbox"').place == FolderPlace(path=tmp_path / "inbox")
    assert load(tmp_path, 'url = "/srv/inbox"').place == FolderPlace(path=Path("/srv/inbox"))


def test_an_sftp_address_is_taken_apart(tmp_path: Path) -> None:
    place = load(tmp_path, 'url = "sftp://batcher@Files.Example.com:2222/in/sheets/"\nkey_file = "key"').place
    known = Path("~/.ssh/known_hosts").expanduser()
    assert place == SftpPlace(
        host="files.example.com", port=2222, user="batcher", path="/in/sheets", known_hosts=known, login=Login.KEY
    )
    assert place.label == "sftp://batcher@files.example.com:2222/in/sheets"


def test_an_sftp_folder_may_be_one_of_the_users_home(tmp_path: Path) -> None:
    place = load(tmp_path, 'url = "sftp://b@h/~/inbox"\nknown_hosts_file = "hosts"\npassword_file = "pw"').place
    assert place == SftpPlace(
        host="h", port=22, user="b", path="inbox", known_hosts=tmp_path / "hosts", login=Login.PASSWORD
    )
    assert place.label == "sftp://b@h/~/inbox"


def test_without_a_key_or_a_password_the_agent_is_asked(tmp_path: Path) -> None:
    place = load(tmp_path, 'url = "sftp://b@h/inbox"').place
    assert isinstance(place, SftpPlace)
    assert place.login == Login.AGENT


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            'url = "s3://acme-payouts/in/sheets"\nregion = "eu-west-2"\nprofile = "payouts"',
            BucketPlace(
                cloud=Cloud.S3, bucket="acme-payouts", prefix="in/sheets", region="eu-west-2", profile="payouts"
            ),
        ),
        (
            'url = "s3://acme-payouts"\nendpoint_url = "http://127.0.0.1:9000/"',
            BucketPlace(cloud=Cloud.S3, bucket="acme-payouts", prefix="", endpoint_url="http://127.0.0.1:9000"),
        ),
        ('url = "gs://acme_payouts/inbox/"', BucketPlace(cloud=Cloud.GCS, bucket="acme_payouts", prefix="inbox")),
        (
            'url = "az://payouts/inbox"\naccount = "acme"',
            BucketPlace(cloud=Cloud.AZURE, bucket="payouts", prefix="inbox", account="acme"),
        ),
    ],
)
def test_a_bucket_is_taken_apart(tmp_path: Path, text: str, place: BucketPlace) -> None:
    assert load(tmp_path, text).place == place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('url = "ftp://h/inbox"', "url in .* must be a folder, or an address"),
        ('url = "file:///srv/inbox"', "must be a folder, or an address"),
        ('url = " "', "must be a path"),
        ('url = "sftp://files.example.com/inbox"', "must be an address with user and folder"),
        ('url = "sftp://b@files.example.com"', "must be an address with user and folder"),
        ('url = "sftp://b@h:0/inbox"', "must be an address with user and folder"),
        ('url = "sftp://b@h:99999/inbox"', "must be an address with user and folder"),
        ('url = "sftp://b@127.1/inbox"', "must be a host and nothing else"),
        ('url = "s3://A/inbox"', "must be an address with the name of a bucket"),
        ('url = "s3://bucket/../other"', "folders have names"),
        ('url = "s3://bucket/a//b"', "folders have names"),
        ('url = "s3://bucket/%2e%2e"', "must be a plain address"),
        ('url = "s3://bucket"\nendpoint_url = "http://example.com"', "plain http is for this machine only"),
        ('url = "s3://bucket"\nendpoint_url = "ftp://127.0.0.1"', "plain http is for this machine only"),
        ('url = "inbox"\nregion = "eu"', r"\[inboxes.sheets\] An inbox has region, which is for s3://.* for folders"),
        ('url = "s3://bucket"\nkey_file = "key"', "key_file, which is for sftp://"),
        ('url = "sftp://b@h/in"\nkey_file = "k"\npassword_file = "p"', "has key_file and password_file"),
        ('url = "az://payouts"', "needs account or connection_string_file"),
        ('url = "az://payouts"\naccount = "a"\nconnection_string_file = "c"', "one of them, not both"),
        ('urll = "inbox"', "no setting inboxes.sheets.urll .* did you mean url"),
        ('region = "eu"', "inboxes.sheets.url is missing"),
        ("url = 5", "url is 5 .* must be text in quotes"),
    ],
)
def test_what_is_broken_is_told_by_its_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        f'url = "sftp://batcher:{SECRET}@files.example.com/inbox"',
        f'url = "s3://AKIA:{SECRET}@bucket/inbox"',
        f'url = "s3://{SECRET}@bucket/inbox"',
        f'url = "https://acme.blob.core.windows.net/c?sig={SECRET}"',
        f'url = "az://payouts/inbox?sig={SECRET}"',
        f'url = "s3://bucket/[{SECRET}"\nendpoint_url = "https://u:{SECRET}@example.com"',
        f'url = "s3://[{SECRET}/bucket"',
        f'url = "sftp://b@h/in"\npassword = "{SECRET}"',
        f'url = "sftp://b@h/in"\nkey_file = "-----BEGIN OPENSSH PRIVATE KEY-----{SECRET}"',
        f'url = "az://c/in"\nconnection_string_file = "AccountName=a;AccountKey={SECRET}"',
        f'url = "gs://bucket"\ntoken_file = \'{{"private_key": "{SECRET}"}}\'',
    ],
)
def test_a_secret_in_the_config_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    assert "hunter2" not in refused(tmp_path, text)


def test_a_password_in_the_config_is_told_where_it_belongs(tmp_path: Path) -> None:
    sentence = refused(tmp_path, f'url = "sftp://b@h/in"\npassword = "{SECRET}"')
    assert "inboxes.sheets.password in" in sentence
    assert "name that as key_file, password_file" in sentence


def test_an_inbox_has_a_name_and_is_written_in_the_file_alone(tmp_path: Path) -> None:
    assert "no name for an inbox" in refused(tmp_path, 'url = "inbox"', '"Sheets of HR"')
    (tmp_path / "batcher.toml").write_text('[inboxes]\nurl = "inbox"\n')
    with pytest.raises(UsageError, match=r"inboxes.url .* is no inbox: write a section \[inboxes.url\] with url"):
        load_settings(tmp_path / "batcher.toml", {})
    with pytest.raises(UsageError, match="inboxes are written in the config file"):
        load_settings(None, {"BATCHER_INBOXES__URL": "inbox"}, places=())


def test_several_inboxes_and_schedules_live_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "batcher.toml").write_text('[inboxes.a]\nurl = "a"\n[inboxes.b]\nurl = "b"\n')
    settings = load_settings(tmp_path / "batcher.toml", {})
    assert [inbox.place.label for inbox in settings.inboxes.values()] == [str(tmp_path / "a"), str(tmp_path / "b")]


def test_the_secret_is_what_the_file_holds_and_others_may_not_read_it(tmp_path: Path) -> None:
    inbox = load(tmp_path, 'url = "sftp://b@h/in"\npassword_file = "pw"')
    (tmp_path / "pw").write_text(f"{SECRET}\n")
    (tmp_path / "pw").chmod(0o644)
    with pytest.raises(UsageError, match=r"pw \(\[inboxes.sheets\] password_file\) can be used by others"):
        load_inbox_secret("sheets", inbox)
    (tmp_path / "pw").chmod(0o600)
    secret = load_inbox_secret("sheets", inbox)
    assert secret is not None
    assert secret.get_secret_value() == SECRET
    assert "hunter2" not in f"{secret} {secret!r} {inbox!r}"
    assert load_inbox_secret("sheets", load(tmp_path, 'url = "inbox"')) is None


def test_every_key_has_its_sentence_and_an_example() -> None:
    for key, field in SEVERAL["inboxes"].model_fields.items():
        assert (field.description or "").endswith("."), key
        assert field.examples, key
