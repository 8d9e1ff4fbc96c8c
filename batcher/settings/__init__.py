"""What a person can set: one TOML file, variables of the environment above it, and the API key apart from both.

    sections    every key with its default, its bounds and its sentence; `config.example.toml` is drawn from it
    addresses   the two kinds of URL, normalised, so that one place has one name
    load        file and variables to `Settings`; every problem at once, in words
    words       what is wrong, in sentences
    wiring      what follows: the environment and the ledger's file
    api_key     where the API key comes from, and that it never shows
    webhook_secret  the same for the secret of Runa's webhooks
    inbox_secret    the same for what lets us into an inbox
    secret_places   the file and the keyring in which either lies

Nothing here reads the environment of the process: it is an argument.
"""

from batcher.settings.api_key import load_api_key
from batcher.settings.inbox_secret import load_inbox_secret
from batcher.settings.load import load_settings
from batcher.settings.sections import Settings
from batcher.settings.webhook_secret import load_webhook_secret
from batcher.settings.wiring import environment, ledger_path, ledger_url

__all__ = [
    "Settings",
    "environment",
    "ledger_path",
    "ledger_url",
    "load_api_key",
    "load_inbox_secret",
    "load_settings",
    "load_webhook_secret",
]
