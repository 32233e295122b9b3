"""Where the keys come from, and whether they are the ones that the database began with."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet

from storage.crypto import Cipher
from storage.faults import StartFault

KEY_FILE = "key"
VARIABLE = "FANXIAO_KEYS"


def new_key() -> str:
    """A fresh random key, as text of 44 characters."""
    return Fernet.generate_key().decode()


def cipher_from(text: str, source: str = VARIABLE) -> Cipher:
    """Keys separated by commas, newest first."""
    keys = [key.strip() for key in text.split(",") if key.strip()]
    try:
        return Cipher(keys)
    except ValueError as error:
        raise StartFault("key_unreadable", source=source) from error


def cipher_of_home(home: Path) -> Cipher:
    """The home's own key file, made on the first start and readable by its owner only."""
    path = home / KEY_FILE
    if not path.exists():
        _create(path)
    return cipher_from(path.read_text(), str(path))


def _create(path: Path) -> None:
    """Two processes may start at once: the file appears whole, and the first one wins."""
    draft = path.with_name(f".{KEY_FILE}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(new_key() + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def check(connection: psycopg.Connection, cipher: Cipher, source: str = VARIABLE) -> None:
    """Refuses keys that lack one in use; remembers the newest one as used from now on."""
    used = {(row[0], bytes(row[1])) for row in connection.execute("select purpose, fingerprint from key_check")}
    index = {fingerprint for purpose, fingerprint in used if purpose == "index"}
    encryption = {fingerprint for purpose, fingerprint in used if purpose == "encryption"}
    if index - {cipher.fingerprints[-1]} or encryption - set(cipher.fingerprints):
        raise StartFault("key_wrong", source=source)
    for purpose, fingerprint in (("index", cipher.fingerprints[-1]), ("encryption", cipher.fingerprints[0])):
        connection.execute("insert into key_check (purpose, fingerprint) values (%s, %s) on conflict do nothing", [purpose, fingerprint])
