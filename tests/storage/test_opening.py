"""What an inbox needs is imported for an inbox of its kind alone, and what is missing is told with how to get it."""

import subprocess
import sys

import pytest

_HEAVY = ("asyncssh", "fsspec", "s3fs", "gcsfs", "azure", "aiohttp", "botocore", "google")
_PLACES = {
    "asyncssh": (
        "SftpPlace(host='h', port=22, user='u', path='/in', known_hosts=Path('k'), login=Login.AGENT)",
        "An inbox on SFTP needs a package that is not installed: asyncssh.",
        "pip install 'batcher[sftp]'",
    ),
    "s3fs": (
        "BucketPlace(cloud=Cloud.S3, bucket='b', prefix='')",
        "An inbox on S3 needs a package that is not installed: s3fs.",
        "pip install 'batcher[s3]'",
    ),
    "gcsfs": (
        "BucketPlace(cloud=Cloud.GCS, bucket='b', prefix='')",
        "An inbox on Google Cloud Storage needs a package that is not installed: gcsfs.",
        "pip install 'batcher[gcs]'",
    ),
    "azure": (
        "BucketPlace(cloud=Cloud.AZURE, bucket='b', prefix='', account='a')",
        "An inbox on Azure needs a package that is not installed: azure.",
        "pip install 'batcher[azure]'",
    ),
}


def run(code: str) -> str:
    imports = "import sys\nfrom pathlib import Path\nfrom batcher.inboxes import *\nfrom batcher.storage import *\n"
    done = subprocess.run([sys.executable, "-c", imports + code], capture_output=True, text=True, check=True)
    return done.stdout


def test_a_folder_needs_none_of_them() -> None:
    code = f"""
import batcher.cli, batcher.assembly.stores
open_store(FolderPlace(path=Path("/")), None, {{}})
print([name for name in {_HEAVY!r} if name in sys.modules])
"""
    assert run(code).strip() == "[]"


@pytest.mark.parametrize("package", list(_PLACES))
def test_a_package_that_is_missing_is_told(package: str) -> None:
    place, message, fix = _PLACES[package]
    code = f"""
from batcher.errors import BatcherError
sys.modules[{package!r}] = None
try:
    open_store({place}, None, {{}})
except BatcherError as error:
    print(error.exit_code, error)
"""
    assert run(code).strip() == f"2 {message} Install it with: {fix}"
