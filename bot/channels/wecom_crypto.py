"""WeCom's encrypted callbacks (developer.work.weixin.qq.com/document/path/90968), and the XML inside and around them.

No library: `wechatpy`, the usual one, has had no release since 2022, has no types, and parses the XML for us.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from xml.etree.ElementTree import TreeBuilder, XMLParser

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

KEY_LENGTH = 43  # of EncodingAESKey: 32 bytes in base64 without the last `=`
BLOCK_BITS = 32 * 8
RANDOM_BYTES, LENGTH_BYTES = 16, 4


class Unreadable(ValueError):
    """It is not encrypted, or not written, as WeCom does it."""


class Envelope:
    """What the token and EncodingAESKey of one application's callback can tell."""

    def __init__(self, token: str, aes_key: str, corp_id: str) -> None:
        """Raises ValueError for a key that is not a key; the sentence does not hold it."""
        try:
            self._key = base64.b64decode(aes_key + "=", validate=True) if len(aes_key) == KEY_LENGTH else b""
        except ValueError:
            self._key = b""
        if not self._key:
            raise ValueError(f"WECOM_AES_KEY must be the EncodingAESKey of {KEY_LENGTH} letters and digits")
        self._token = token
        self._corp_id = corp_id.encode()

    def is_signed(self, sealed: str, query: Mapping[str, str]) -> bool:
        """SHA-1 over the sorted token, timestamp, nonce and text, as the query's `msg_signature` says."""
        parts = sorted((self._token, query.get("timestamp", ""), query.get("nonce", ""), sealed))
        signature = hashlib.sha1("".join(parts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
        return hmac.compare_digest(signature.encode(), query.get("msg_signature", "").encode("utf-8", "replace"))

    def opened(self, sealed: str) -> bytes:
        """AES-256-CBC with PKCS #7 in blocks of 32: 16 random bytes, length, text, corp id. Raises Unreadable."""
        try:
            decryptor = Cipher(AES(self._key), CBC(self._key[:16])).decryptor()
            unpadder = PKCS7(BLOCK_BITS).unpadder()
            padded = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
            plain = (unpadder.update(padded) + unpadder.finalize())[RANDOM_BYTES:]
        except ValueError as error:
            raise Unreadable("not encrypted for us") from error
        length = int.from_bytes(plain[:LENGTH_BYTES], "big")
        text, corp_id = plain[LENGTH_BYTES : LENGTH_BYTES + length], plain[LENGTH_BYTES + length :]
        if corp_id != self._corp_id:
            raise Unreadable("of another corporation")
        return text


class _NoDoctype(TreeBuilder):
    """Entities are declared in a document type, so none can be expanded or fetched without one."""

    def doctype(self, *_: object) -> None:
        raise Unreadable("a document type")


def read_fields(document: bytes) -> dict[str, str]:
    """The elements right below the root with their text. Raises Unreadable."""
    parser = XMLParser(target=_NoDoctype())
    try:
        parser.feed(document)
        root = parser.close()
    except (SyntaxError, ValueError, LookupError) as error:
        raise Unreadable("not XML") from error
    return {child.tag: child.text or "" for child in root}
