"""What Twilio's error codes mean for us.

From its error dictionary, twilio.com/docs/api/errors (all of it: twilio.com/docs/api/errors/twilio-error-codes.json).
A message that goes through a Messaging Service is accepted first and refused afterwards, so that the same code may stand
in the refusal of a call or in a status report. What is about one number or country stops no sender.
"""

from __future__ import annotations

from bot.channels.base import GATEWAYS, SHUT, Result

CODES: dict[int, Result] = {
    # the account and its key
    10001: Result.OUR_FAULT,  # account not active
    20003: Result.OUR_FAULT,  # authentication failed
    20005: Result.OUR_FAULT,  # account not active
    20006: Result.OUR_FAULT,  # access denied
    20010: Result.OUR_FAULT,  # action disabled for the account
    20403: Result.OUR_FAULT,  # account suspended or closed
    21607: Result.OUR_FAULT,  # a trial account sends only from its sandbox number
    30002: Result.OUR_FAULT,  # account suspended
    30037: Result.OUR_FAULT,  # sending is disabled for the account
    # our number or Messaging Service
    21205: Result.OUR_FAULT,  # the address of the words to be spoken is not valid
    21210: Result.OUR_FAULT,  # our number is not verified
    21212: Result.OUR_FAULT,  # our number is not valid
    21213: Result.OUR_FAULT,  # no number of ours given
    21267: Result.OUR_FAULT,  # a name as sender on a trial account
    21601: Result.OUR_FAULT,  # not an SMS number of the account
    21603: Result.OUR_FAULT,  # no sender given
    21606: Result.OUR_FAULT,  # sender cannot send texts
    21609: Result.OUR_FAULT,  # the address for reports is not valid
    21616: Result.OUR_FAULT,  # sender matches several numbers
    21626: Result.OUR_FAULT,  # events of reports are not valid
    21659: Result.OUR_FAULT,  # sender is not the account's number
    21660: Result.OUR_FAULT,  # sender belongs to another account
    21661: Result.OUR_FAULT,  # sender cannot do SMS
    21701: Result.OUR_FAULT,  # the service does not exist
    21702: Result.OUR_FAULT,  # the service is not available
    21704: Result.OUR_FAULT,  # the service has no numbers
    21705: Result.OUR_FAULT,  # the service is not valid
    21708: Result.OUR_FAULT,  # a name is wanted as sender
    21709: Result.OUR_FAULT,  # the name is not allowed as sender
    21711: Result.OUR_FAULT,  # sender is not in the service
    30032: Result.OUR_FAULT,  # toll-free number not verified
    30042: Result.OUR_FAULT,  # sender blocked as too general
    # no way from this sender to that number: only this message goes another way
    13224: Result.NO_ROUTE,  # none of Twilio's partners can call it
    13225: Result.NO_ROUTE,  # Twilio lets nobody call it
    13227: Result.NO_ROUTE,  # the account may not call that country
    21203: Result.NO_ROUTE,  # calls abroad are not enabled
    21214: Result.NO_ROUTE,  # cannot be called
    21215: Result.NO_ROUTE,  # the account may not call that country
    21216: Result.NO_ROUTE,  # Twilio lets nobody call it
    21219: Result.NO_ROUTE,  # a trial account calls only verified numbers
    21401: Result.NO_ROUTE,  # not valid between these two, as number or as sender
    21408: Result.NO_ROUTE,  # the account may not send to that country, or nobody can
    21608: Result.NO_ROUTE,  # a trial account, or one without an approved profile, sends only to verified numbers
    21612: Result.NO_ROUTE,  # no route from our number to that one
    21657: Result.NO_ROUTE,  # that country does not take this sender id
    21703: Result.NO_ROUTE,  # the service has no sender for this message
    30018: Result.NO_ROUTE,  # that country wants registered senders
    30024: Result.NO_ROUTE,  # our number is not set up with that operator
    30033: Result.NO_ROUTE,  # messages to the USA: registered campaign suspended
    30034: Result.NO_ROUTE,  # messages to the USA: sender not registered
    30035: Result.NO_ROUTE,  # messages to the USA: sender still being set up
    30040: Result.NO_ROUTE,  # that country wants registered senders
    30041: Result.NO_ROUTE,  # that country wants registered senders
    # the other number
    13226: Result.BAD_CONTACT,  # no such country
    21202: Result.BAD_CONTACT,  # a premium number
    21211: Result.BAD_CONTACT,  # not a valid number
    21217: Result.BAD_CONTACT,  # does not look like a number
    21265: Result.BAD_CONTACT,  # a short code
    21266: Result.BAD_CONTACT,  # it is our own number
    21268: Result.BAD_CONTACT,  # a premium or information number
    21614: Result.BAD_CONTACT,  # not a mobile number
    21635: Result.BAD_CONTACT,  # a landline
    30005: Result.BAD_CONTACT,  # unknown or no longer in service
    30006: Result.BAD_CONTACT,  # landline, or an operator that cannot be reached
    21610: Result.BLOCKED,  # its owner opted out with the provider
    30004: Result.BLOCKED,  # the phone's owner or operator blocks us
    30630: Result.BLOCKED,  # its owner opted out with the provider
    # for a while
    14107: Result.RETRY,  # too many between these two numbers
    20429: Result.RETRY,  # too many requests
    21611: Result.RETRY,  # the sender's queue is full
    30001: Result.RETRY,  # queue overflow
    30003: Result.RETRY,  # switched off or out of reach
    30007: Result.RETRY,  # filtered by the operator
    30008: Result.RETRY,  # no reason given
    30017: Result.RETRY,  # operator overloaded
    30022: Result.RETRY,  # faster than the registered campaign may
    30023: Result.RETRY,  # the day's messages are used up
    30027: Result.RETRY,  # the day's messages to one operator are used up
    30036: Result.RETRY,  # not delivered within its time
    30410: Result.RETRY,  # operator did not answer; Twilio does not try again
    30450: Result.RETRY,  # blocked for the moment
    30453: Result.RETRY,  # cannot be delivered for the moment
    30454: Result.RETRY,  # the account's limit is reached
    30485: Result.RETRY,  # cannot be delivered for the moment
    30500: Result.RETRY,  # Twilio's own error
}

STATUSES = {**SHUT, **GATEWAYS, 400: Result.RETRY, 429: Result.RETRY}
"""By HTTP status, when the code says nothing. All others of 500 and above: retry."""

FAILURES: dict[str, Result] = {str(code): result for code, result in CODES.items()}
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
"""Twilio's message states in our words (twilio.com/docs/messaging/api/message-resource#message-status-values)."""

CALLS: dict[str, str] = {
    "queued": "queued",
    "initiated": "queued",
    "ringing": "queued",
    "in-progress": "sent",
    "busy": "failed",
    "no-answer": "failed",
    "canceled": "failed",
    "failed": "failed",
    "machine": "failed",  # ours: completed, with an answering machine
    "human": "delivered",  # ours: completed, and Twilio heard a person
    "no-key": "failed",  # ours: completed, and nothing proves that a person heard it: a key, when one is pressed, is told of by itself
}
"""Twilio's call states in our words (twilio.com/docs/voice/api/call-resource#call-status-values)."""

CALL_FAILURES: dict[str, Result] = FAILURES | {
    "busy": Result.NOT_REACHED,
    "no_answer": Result.NOT_REACHED,
    "canceled": Result.NOT_REACHED,
    "machine": Result.NOT_REACHED,
    "no_key": Result.NOT_REACHED,
    "sip_408": Result.NOT_REACHED,  # no answer in time
    "sip_480": Result.NOT_REACHED,  # not available at the moment
    "sip_487": Result.NOT_REACHED,  # given up while it rang
    "sip_404": Result.BAD_CONTACT,  # no such number
    "sip_484": Result.BAD_CONTACT,  # the number lacks digits
    "sip_604": Result.BAD_CONTACT,  # exists nowhere
}
"""By the code in a report of a call that failed; SIP codes as in RFC 3261, 21."""


def refusal(status: int, code: int | None) -> Result:
    """What a refused `create` means."""
    return CODES.get(code or 0) or STATUSES.get(status, Result.RETRY)
