"""What Aliyun's codes mean for us. Its documentation: help.aliyun.com, 短信服务 API错误码 (document 101346) and 回执状态错误码."""

from __future__ import annotations

from bot.channels.base import GATEWAYS, Result

ACCEPTED = "OK"
LONG = 3600.0  # seconds

REFUSALS: dict[str, Result] = {
    "isv.MOBILE_NUMBER_ILLEGAL": Result.BAD_CONTACT,
    "isv.CUSTOMER_REFUSED": Result.BLOCKED,  # its owner has refused us (退订)
    "isv.BUSINESS_LIMIT_CONTROL": Result.RETRY,  # too many to this number, from whomever
    "isv.DAY_LIMIT_CONTROL": Result.RETRY,  # the account's own daily limit
    "isp.SYSTEM_ERROR": Result.RETRY,
    "isp.GATEWAY_ERROR": Result.RETRY,
    "InternalError": Result.RETRY,
    "ServiceUnavailable": Result.RETRY,
    "SignatureNonceUsed": Result.RETRY,
    "isv.MONTH_LIMIT_CONTROL": Result.OUR_FAULT,
    "isp.RAM_PERMISSION_DENY": Result.OUR_FAULT,
    "isv.RAM_PERMISSION_DENY": Result.OUR_FAULT,
    "isv.ACCOUNT_NOT_EXISTS": Result.OUR_FAULT,
    "isv.ACCOUNT_ABNORMAL": Result.OUR_FAULT,
    "isv.SECURITY_FROZEN_ACCOUNT": Result.OUR_FAULT,
    "isv.OUT_OF_SERVICE": Result.OUR_FAULT,
    "isv.AMOUNT_NOT_ENOUGH": Result.OUR_FAULT,
    "isv.PRODUCT_UN_SUBSCRIPT": Result.OUR_FAULT,
    "isv.PRODUCT_UNSUBSCRIBE": Result.OUR_FAULT,
    "isv.DENY_IP_RANGE": Result.OUR_FAULT,  # the server does not stand in mainland China
    "isv.SMS_SIGNATURE_ILLEGAL": Result.OUR_FAULT,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": Result.OUR_FAULT,
    "isv.SMS_SIGN_ILLEGAL": Result.OUR_FAULT,
    "isv.SIGN_STATE_ILLEGAL": Result.OUR_FAULT,
    "isv.SIGN_NAME_ILLEGAL": Result.OUR_FAULT,
    "isv.SIGNATURE_BLACKLIST": Result.OUR_FAULT,
    "isv.SMS_TEST_SIGN_TEMPLATE_LIMIT": Result.OUR_FAULT,
    "isv.SMS_TEST_NUMBER_LIMIT": Result.OUR_FAULT,  # signature and template are for trying out only
    "isv.EXTEND_CODE_ERROR": Result.OUR_FAULT,
    "isv.ONE_CODE_MULTIPLE_SIGN": Result.OUR_FAULT,
    "isv.CODE_EXCEED_LIMIT": Result.OUR_FAULT,
    "isv.CODE_ERROR": Result.OUR_FAULT,
    "isv.INVALID_PARAMETERS": Result.OUR_FAULT,
    "isv.SMS_OVER_LIMIT": Result.OUR_FAULT,
    "isv.BLACK_KEY_CONTROL_LIMIT": Result.NO_ROUTE,  # complained about or opted out somewhere, for good; says nothing of other channels
    # one template or its facts, of which the account's others know nothing
    "isv.SMS_TEMPLATE_ILLEGAL": Result.UNSAYABLE,  # not there, not approved, or of another kind than the signature
    "isv.TEMPLATE_MISSING_PARAMETERS": Result.UNSAYABLE,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": Result.UNSAYABLE,  # a template for abroad
    "isv.PARAM_LENGTH_LIMIT": Result.UNSAYABLE,
    "isv.PARAM_NOT_SUPPORT_URL": Result.UNSAYABLE,
    "isv.TEMPLATE_PARAMS_ILLEGAL": Result.UNSAYABLE,  # a value that does not fit the attribute which the variable was registered with
    "isv.INVALID_JSON_PARAM": Result.UNSAYABLE,
    "isv.SMS_CONTENT_ILLEGAL": Result.UNSAYABLE,
    "isv.UNSUPPORTED_CONTENT": Result.UNSAYABLE,  # a rare or traditional character, in a name perhaps
    "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE": Result.UNSAYABLE,
}
"""By the code in an answer to SendSms."""

STATUSES = {**GATEWAYS, 200: Result.RETRY, 429: Result.RETRY}
"""By HTTP status, when the code says nothing. All others: below 500 our fault, else retry."""

LIMITS: dict[str, float] = {"分钟": 60.0, "小时": LONG, "天": 6 * LONG}
"""Seconds to wait, by the word in a flow-control message (触发小时级流控Permits:5)."""

INACTIVE = frozenset(
    {
        "isv.OUT_OF_SERVICE",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.PRODUCT_UN_SUBSCRIPT",
        "isv.PRODUCT_UNSUBSCRIBE",
        "isv.ACCOUNT_ABNORMAL",
        "isv.SECURITY_FROZEN_ACCOUNT",
    }
)
"""The account is there, but may not send."""

FAILURES: dict[str, Result] = {
    "USER_REJECT": Result.BLOCKED,
    "MOBILE_IN_BLACK": Result.BLOCKED,
    "SIGNATURE_BLACKLIST": Result.OUR_FAULT,
    "CONTENT_KEYWORD": Result.UNSAYABLE,  # a word that carriers let nobody say
    "CONTENT_ERROR": Result.UNSAYABLE,  # publicity without how to refuse it
    "NO_ROUTE": Result.UNSAYABLE,  # no carrier takes texts of this kind
    "PARAMS_ILLEGAL": Result.UNSAYABLE,
    **{code: result for code, result in REFUSALS.items() if result is Result.UNSAYABLE},
}
"""By the code in a status report that says failed; all others (switched off, no such number, which it does not tell apart): another way."""


def refusal(status: int, code: str) -> Result:
    """What a refused SendSms means."""
    if code.startswith("Throttling"):
        return Result.RETRY
    return REFUSALS.get(code) or STATUSES.get(status) or (Result.OUR_FAULT if status < 500 else Result.RETRY)


def pause(code: str, words: str) -> float | None:
    """Seconds that a refusal asks us to wait, where its code or words say so."""
    if code == "isv.BUSINESS_LIMIT_CONTROL":
        return next((seconds for word, seconds in LIMITS.items() if word in words), LONG)
    return LONG if code == "isv.DAY_LIMIT_CONTROL" else None
