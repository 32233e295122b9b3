"""What the app SMS Gateway for Android tells us: texts that came to the phone, and what became of ours.

Source: docs.sms-gate.app, Webhooks, and Frequently asked questions, Errors.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from android_sms_gateway import WebhookEvent  # type: ignore[import-untyped]

from bot.channels.base import Heard, Incoming, Result, Status

FAILURES: dict[str, Result] = {
    "invalid_number": Result.BAD_CONTACT,
    "RESULT_ERROR_SHORT_CODE_NOT_ALLOWED": Result.BAD_CONTACT,
    "RESULT_ERROR_SHORT_CODE_NEVER_ALLOWED": Result.BAD_CONTACT,
    "no_sim": Result.OUR_FAULT,
    "RESULT_RIL_SIM_ABSENT": Result.OUR_FAULT,
    "RESULT_NO_DEFAULT_SMS_APP": Result.OUR_FAULT,
    "RESULT_ERROR_FDN_CHECK_FAILURE": Result.OUR_FAULT,  # the SIM may only write to fixed numbers
}
"""By the code in a report that says failed; no service, no credit, limits and the like: another way is tried."""

REASONS = {
    "TTL expired": "expired",
    "Invalid phone number": "invalid_number",
    "did not seem to be a phone number": "invalid_number",
    "No SIMs found": "no_sim",
}
"""Failures that the app tells in words."""
ANDROID_RESULT = re.compile(r"\bRESULT_[A-Z_]+")
DELIVERY_RESULT = re.compile(r"^Delivery result.*: (\d+)$")

REPORTS: dict[str, tuple[str, str]] = {
    WebhookEvent.SMS_SENT.value: ("sent", "sentAt"),
    WebhookEvent.SMS_DELIVERED.value: ("delivered", "deliveredAt"),
    WebhookEvent.SMS_FAILED.value: ("failed", "failedAt"),
}
"""Events in our words, and where each says when it was."""
WRITTEN: dict[str, tuple[str, ...]] = {
    WebhookEvent.SMS_RECEIVED.value: ("message",),
    WebhookEvent.MMS_RECEIVED.value: ("subject",),
    WebhookEvent.MMS_DOWNLOADED.value: ("subject", "body"),
}
"""Events of something that came to the phone, and where its words stand. Before an MMS (彩信) is downloaded, only its subject is known."""
HOOKS = dict.fromkeys(WRITTEN, "inbound") | dict.fromkeys(REPORTS, "status")


def read_call(call: Any) -> Heard:
    """What one call of the app brings; events that we did not ask for bring nothing. Raises KeyError, TypeError, AttributeError."""
    event, payload = _words(call, "event"), call["payload"]
    if event in WRITTEN:
        # An MMS is told of twice, perhaps under one id and time: what was downloaded must not pass for what was announced.
        device = ":".join((_words(call, "deviceId"), *(("mms",) if event == WebhookEvent.MMS_DOWNLOADED.value else ())))
        body = _body(event, payload)
        has_been_told = event == WebhookEvent.MMS_DOWNLOADED.value and not body  # pictures alone were announced already
        return Heard(incoming=() if has_been_told else (_text(device, payload, body),))
    if event in REPORTS:
        return Heard(statuses=(_report(event, payload),))
    return Heard()


def _body(event: str, payload: Any) -> str:
    """Of an MMS subject and words; many phones make the subject of the first words."""
    if event == WebhookEvent.SMS_RECEIVED.value:
        return _words(payload, "message")
    subject, *rest = (str(payload.get(name) or "").strip() for name in WRITTEN[event])
    body = "\n".join(rest)
    return body if body.startswith(subject) else "\n".join(filter(None, (subject, body)))


def _text(device: str, payload: Any, body: str) -> Incoming:
    # Not the client's own type: apps before 2026 name the writer in `phoneNumber` alone, and no text may be lost for that.
    sender = _words(payload, "sender" if payload.get("sender") else "phoneNumber")
    # `messageId` is a short hash of writer, time and words; a call's own id differs when two webhooks bring the same text.
    provider_id = ":".join((device, _words(payload, "messageId"), _words(payload, "receivedAt")))
    return Incoming(provider_id=provider_id, sender=sender, to=payload.get("recipient") or "", body=body)


def _report(event: str, payload: Any) -> Status:
    status, when = REPORTS[event]
    code = failure_code(str(payload.get("reason"))) if status == "failed" else None
    return Status(_words(payload, "messageId"), status, code, at=_time(payload.get(when)))


def _words(fields: Any, name: str) -> str:
    found = fields[name]
    if not isinstance(found, str):
        raise TypeError(name)
    return found


def _time(written: Any) -> datetime | None:
    """A time that cannot be read is no reason to miss the report."""
    try:
        at = datetime.fromisoformat(written)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else None


def failure_code(reason: str) -> str:
    """A short code for the app's sentence, which may name numbers. `delivery_…`: TP-Status of 3GPP TS 23.040, 9.2.3.15."""
    if found := ANDROID_RESULT.search(reason):
        return found[0]
    if found := DELIVERY_RESULT.search(reason):
        return f"delivery_{found[1]}"
    return next((code for words, code in REASONS.items() if words in reason), "not_told")
