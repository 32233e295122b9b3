"""What only we can make: ids for our messages, and keys for the addresses that Aliyun calls. It does not sign its calls."""

from __future__ import annotations

import hashlib
import hmac

HOOKS = ("report", "inbound")


class Keys:
    """Made from one secret (`ALIYUN_HOOK_SECRET`) that nobody else has, Aliyun included."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def own_id(self, message_id: int) -> str:
        """The id that a message bears at Aliyun. The second half tells it from what others send from the same account."""
        return f"{message_id}-{self._mac(f'message {message_id}')[:12]}"

    def is_own_id(self, text: str) -> bool:
        number = text.partition("-")[0]
        return number.isascii() and number.isdecimal() and hmac.compare_digest(text.encode(), self.own_id(int(number)).encode())

    def mark(self, number: str) -> str:
        """What tells a telephone number from others and does not show it."""
        return self._mac(f"number {number}")[:8]

    def opens(self, hook: str, key: str) -> bool:
        """Whether a call of this hook bears its key."""
        return hmac.compare_digest(key.encode(), self._hook_key(hook).encode())

    def callbacks(self, hooks: str) -> dict[str, str]:
        """Hook → the address to enter at Aliyun. Whoever knows it may call."""
        return {hook: f"{hooks}/{hook}?key={self._hook_key(hook)}" for hook in HOOKS}

    def _hook_key(self, hook: str) -> str:
        return self._mac(f"hook {hook}")

    def _mac(self, text: str) -> str:
        return hmac.new(self._secret.encode(), text.encode(), hashlib.sha256).hexdigest()
