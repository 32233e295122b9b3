"""What WeCom's error codes mean for us. Its documentation: developer.work.weixin.qq.com/document/path/90313 (全局错误码)."""

from __future__ import annotations

from bot.channels.base import GATEWAYS, SHUT, Result

STALE_TOKEN = frozenset({40014, 42001})
"""The access token is no longer valid: one more try with a new one."""

REFUSALS: dict[int, Result] = {
    -1: Result.RETRY,  # 系统繁忙
    6000: Result.RETRY,  # 数据版本冲突
    40001: Result.OUR_FAULT,  # 不合法的secret参数
    40003: Result.BAD_CONTACT,  # 无效的UserID
    40013: Result.OUR_FAULT,  # 不合法的CorpID
    40031: Result.BAD_CONTACT,  # 不合法的UserID列表
    40056: Result.OUR_FAULT,  # 不合法的agentid
    40091: Result.OUR_FAULT,  # secret不合法
    41001: Result.OUR_FAULT,  # 缺少access_token参数
    41002: Result.OUR_FAULT,  # 缺少corpid参数
    41004: Result.OUR_FAULT,  # 缺少secret参数
    41011: Result.OUR_FAULT,  # 缺少agentid
    43004: Result.BAD_CONTACT,  # 指定的userid未绑定微信或未关注微工作台
    45009: Result.RETRY,  # 接口调用超过限制
    45033: Result.RETRY,  # 接口并发调用超过限制
    46004: Result.BAD_CONTACT,  # 指定的用户不存在
    48002: Result.OUR_FAULT,  # API接口无权限调用
    50002: Result.BAD_CONTACT,  # 成员不在权限范围
    50003: Result.OUR_FAULT,  # 应用已禁用
    60011: Result.BAD_CONTACT,  # 指定的成员/部门/标签参数无权限
    60020: Result.OUR_FAULT,  # 访问ip不在白名单之中
    60021: Result.BAD_CONTACT,  # userid不在应用可见范围内
    60111: Result.BAD_CONTACT,  # UserID不存在
    81013: Result.BAD_CONTACT,  # UserID、部门ID、标签ID全部非法或无权限
    82001: Result.BAD_CONTACT,  # 指定的成员/部门/标签全部无效
    301002: Result.OUR_FAULT,  # 无权限操作指定的应用
}
"""By `errcode`. All others: retry, until the message is no longer worth it."""

STATUSES = {**SHUT, **GATEWAYS}
"""By HTTP status, where something between WeCom and us answered: WeCom itself says 200. All others: retry."""

IP_NOT_ALLOWED = 60020
NO_SUCH_AGENT = frozenset({40056, 301002})
REFUSED_ACCOUNT = frozenset({40001, 40013, 40091, 41002, 41004})
NO_SUCH_MEDIA = frozenset({40004, 40007})
"""A media id that is unknown or older than three days."""
