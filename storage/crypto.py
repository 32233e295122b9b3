"""Encryption of phone and ID numbers, and the blind index by which they are found again."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

INDEX_BYTES = 16


class Undecipherable(Exception):
    """A value was encrypted with a key that is not among the present ones, or it was damaged."""


class Cipher:
    """Encrypts with the first key and reads with any.

    Index and passwords derive from the last (oldest) key, so that adding a new key in front changes neither:
    the oldest key must stay for as long as the database lives.
    """

    def __init__(self, keys: list[str]) -> None:
        if not keys:
            raise ValueError("at least one key is needed")
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._root = base64.urlsafe_b64decode(keys[-1])
        self._index_key = self.derive("blind index")
        self.fingerprints = [hashlib.sha256(b"fanxiao key " + base64.urlsafe_b64decode(key)).digest()[:8] for key in keys]

    def encrypt(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        return self.decrypt_bytes(token).decode()

    def encrypt_bytes(self, content: bytes) -> bytes:
        return self._fernet.encrypt(content)

    def decrypt_bytes(self, token: bytes) -> bytes:
        """Nothing where what was there has been removed."""
        if not token:
            return b""
        try:
            return self._fernet.decrypt(token)
        except InvalidToken as error:
            raise Undecipherable from error

    def rotate(self, token: bytes) -> bytes:
        """The same text under the newest key; what was removed stays away."""
        if not token:
            return token
        try:
            return self._fernet.rotate(token)
        except InvalidToken as error:
            raise Undecipherable from error

    def index(self, text: str) -> bytes:
        """A keyed hash of 16 bytes: the same text always gives the same, and nothing about the text."""
        return hmac.digest(self._index_key, text.encode(), "sha256")[:INDEX_BYTES]

    def apart(self, purpose: str) -> Cipher:
        """A cipher for one purpose: it reads nothing that was encrypted for another."""
        return Cipher([base64.urlsafe_b64encode(self.derive(purpose)).decode()])

    def derive(self, purpose: str) -> bytes:
        """32 bytes of a key for one purpose, for instance a role's password."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"fanxiao " + purpose.encode()).derive(self._root)
