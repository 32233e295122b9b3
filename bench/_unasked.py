"""`fanxiao` with a Twilio that cannot be asked what became of a message, as some providers cannot: `python -m bench._unasked worker`."""

from __future__ import annotations

from dataclasses import replace

from bot.channels.twilio_sms import CAPABILITIES, TwilioSms
from fanxiao.cli import main

if __name__ == "__main__":
    TwilioSms.capabilities = replace(CAPABILITIES, can_be_asked=False)
    main()
