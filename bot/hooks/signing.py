"""How a hook's receiver knows that a call is ours, and new."""

from __future__ import annotations

import hashlib
import hmac

ID, TIMESTAMP, SIGNATURE = "Fanxiao-Id", "Fanxiao-Timestamp", "Fanxiao-Signature"


def sign(secret: str, call_id: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over `ID.TIMESTAMP.BODY`, in hexadecimal; `timestamp`: seconds since 1970."""
    signed = f"{call_id}.{timestamp}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def headers(secret: str, call_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What stands above the body."""
    return {ID: call_id, TIMESTAMP: str(timestamp), SIGNATURE: sign(secret, call_id, timestamp, body), "Content-Type": "application/json"}
