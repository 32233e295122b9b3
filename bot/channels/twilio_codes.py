"""What Twilio's error codes mean for us. Its documentation: twilio.com/docs/api/errors."""

from __future__ import annotations

from bot.channels.base import Result

REFUSALS: dict[int, Result] = {
    20003: Result.OUR_FAULT,  # authentication failed
    20005: Result.OUR_FAULT,  # account not active
    20006: Result.OUR_FAULT,  # access denied
    20429: Result.RETRY,  # too many requests
    14107: Result.RETRY,  # sending rate exceeded
    21211: Result.BAD_CONTACT,  # not a valid number
    21212: Result.OUR_FAULT,  # our own number is not valid
    21214: Result.BAD_CONTACT,  # number cannot be reached
    21217: Result.BAD_CONTACT,  # does not look like a number
    21265: Result.BAD_CONTACT,  # a short code
    21266: Result.BAD_CONTACT,  # it is our own number
    21401: Result.BAD_CONTACT,
    21408: Result.OUR_FAULT,  # the account may not send to that country
    21603: Result.OUR_FAULT,  # no sender given
    21606: Result.OUR_FAULT,  # sender cannot send texts
    21610: Result.BLOCKED,  # its owner opted out with the carrier
    21611: Result.RETRY,  # the sender's queue is full
    21612: Result.BAD_CONTACT,  # no route from our number to that one
    21614: Result.BAD_CONTACT,  # not a mobile number
    21635: Result.BAD_CONTACT,  # a landline
    21659: Result.OUR_FAULT,  # sender is not the account's number
    21660: Result.OUR_FAULT,
    30001: Result.RETRY,  # queue overflow
    30002: Result.OUR_FAULT,  # account suspended
}
"""By the code in a refusal of `create`."""

STATUSES: dict[int, Result] = {
    400: Result.RETRY,
    401: Result.OUR_FAULT,
    403: Result.OUR_FAULT,
    404: Result.OUR_FAULT,
    408: Result.UNKNOWN,
    429: Result.RETRY,
    502: Result.UNKNOWN,  # a gateway answered for it: the request may have gone through
    504: Result.UNKNOWN,
}
"""By HTTP status, when the code says nothing. All others of 500 and above: retry."""

FAILURES: dict[str, Result] = {
    "30002": Result.OUR_FAULT,  # account suspended
    "30004": Result.BLOCKED,  # the phone's owner or operator blocks us
    "30005": Result.BAD_CONTACT,  # unknown or no longer in service
    "30006": Result.BAD_CONTACT,  # landline, or an operator that cannot be reached
    "30003": Result.RETRY,  # switched off or out of reach
    "30007": Result.RETRY,  # filtered by the operator
    "30008": Result.RETRY,  # no reason given
    "21610": Result.BLOCKED,
}
"""By the code in a status report that says failed or undelivered."""

REPORTS: dict[str, str] = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
"""Twilio's message states in our words."""


def refusal(status: int, code: int | None) -> Result:
    """What a refused `create` means."""
    return REFUSALS.get(code or 0) or STATUSES.get(status, Result.RETRY)
