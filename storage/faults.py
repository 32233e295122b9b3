"""What can go wrong before the product runs, each as one clear sentence in Chinese and in English.

No sentence holds a password, a name or a number. The command line prints it and ends; nobody has to read a stack trace.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import ArgumentError, DBAPIError

SENTENCES: dict[str, tuple[str, str]] = {
    "lexicon_faulty": (
        "词库文件不能用：\n{reason}",
        "The file of own words cannot be used.",
    ),
    "already_running": (
        "返校（{duty}）已在运行，数据目录为 {home}。请先停止它，或用 FANXIAO_HOME 指定另一个目录。",
        "fanxiao ({duty}) is already running on {home}. Stop it first, or choose another folder with FANXIAO_HOME.",
    ),
    "port_taken": (
        "端口 {port} 已被占用或无权使用。请用 --port 另选一个。",
        "Port {port} is taken or not allowed. Choose another with --port.",
    ),
    "home_unusable": (
        "无法写入数据目录 {home}（{reason}）。请检查目录权限，或用 FANXIAO_HOME 指定另一个目录。",
        "The data folder {home} cannot be written ({reason}). Check its permissions, or choose another with FANXIAO_HOME.",
    ),
    "disk_full": (
        "磁盘已满（{where}），数据库无法写入。请腾出空间后重新启动；已保存的数据没有丢失。",
        "The disk is full ({where}) and the database cannot write. Free some space and start again; what was saved is not lost.",
    ),
    "server_failed": (
        "自带数据库未能启动，原因见日志 {log}。",
        "The embedded database did not start; its log says why: {log}.",
    ),
    "server_other_version": (
        "数据目录 {home} 由 PostgreSQL {found} 建立，本程序自带的是 {expected}。请用建立它的版本打开。",
        "The data in {home} was made by PostgreSQL {found}, this program carries {expected}. Open it with the release that made it.",
    ),
    "server_too_old": (
        "数据库服务器是 PostgreSQL {found}，至少需要 {expected}。",
        "The database server is PostgreSQL {found}; at least {expected} is needed.",
    ),
    "url_unreadable": (
        "无法识别数据库地址 {variable}。格式应为 postgresql://用户:密码@主机:端口/数据库。",
        "{variable} cannot be read as a database address. It should look like postgresql://user:password@host:port/database.",
    ),
    "url_unreachable": (
        "无法连接数据库 {where}。请检查它是否在运行；若使用 DATABASE_URL，还请检查其中的主机和端口。",
        "The database {where} cannot be reached. Check that it is running and, with DATABASE_URL, host and port in it.",
    ),
    "url_password": (
        "数据库 {where} 拒绝登录：用户名或密码不对。",
        "The database {where} refused the log-in: wrong user or password.",
    ),
    "url_database": (
        "服务器上没有这个数据库：{where}。请先建立它，或改正 DATABASE_URL。",
        "There is no such database: {where}. Create it first, or correct DATABASE_URL.",
    ),
    "database_newer": (
        "数据库是由更新版本的返校程序建立的（{revision}）。请升级程序；旧程序不会改动它。",
        "The database was made by a newer release of fanxiao ({revision}). Upgrade the program; this one leaves it untouched.",
    ),
    "database_in_use": (
        "数据库要先升级（{revision}），但还有别的程序正在使用它（{users}）。数据库没有任何改动。"
        "请先停止所有返校进程（web、worker、正在运行的命令）和备份，再重新启动。",
        "The database has to be upgraded first ({revision}), but other programs are using it ({users}). Nothing has been changed. "
        "Stop all processes of fanxiao (web, worker, commands that run) and backups, then start again.",
    ),
    "processes_running": (
        "还有返校进程在使用数据库（{users}），没有任何改动。请先停止所有返校进程（web、worker、正在运行的命令），再运行这个命令。",
        "Processes of fanxiao are using the database ({users}). Nothing has been changed. "
        "Stop them all (web, worker, commands that run), then repeat this command.",
    ),
    "right_missing": (
        "数据库用户 {user} 缺少权限。请由管理员执行：ALTER ROLE {user} CREATEROLE; ALTER DATABASE {database} OWNER TO {user};"
        "（或用 FANXIAO_WORKER_URL 和 FANXIAO_WEB_URL 给出已建好的用户）。",
        "The database user {user} lacks rights. Have an administrator run: ALTER ROLE {user} CREATEROLE; "
        "ALTER DATABASE {database} OWNER TO {user}; (or name log-ins made by hand in FANXIAO_WORKER_URL and FANXIAO_WEB_URL).",
    ),
    "plan_missing": (
        "找不到计划文件 {file}。请改正 FANXIAO_PLAN 或命令中的文件名。",
        "There is no plan file {file}. Correct FANXIAO_PLAN, or the name given to the command.",
    ),
    "plan_unreadable": (
        "无法读取计划文件 {file}（{reason}）。",
        "The plan file {file} cannot be read ({reason}).",
    ),
    "plan_not_utf8": (
        "计划文件 {file} 不是 UTF-8 编码。请另存为 UTF-8。",
        "The plan file {file} is not encoded in UTF-8. Save it as UTF-8.",
    ),
    "plan_faulty": (
        "计划文件 {file} 有 {count} 处问题，没有启用：{zh}。用 fanxiao check plan 查看全部。",
        "The plan file {file} has {count} problems and was not put in force: {en}. `fanxiao check plan` lists them all.",
    ),
    "templates_faulty": (
        "消息模板有错误：{reason}。请改正后重新启动，用 fanxiao check templates 检查。",
        "The message templates are faulty: {reason}. Mend them and start again; `fanxiao check templates` looks at them all.",
    ),
    "codes_faulty": (
        "模板编号文件 {file} 第 {line} 行 {field}：{zh}。请改正后重新启动。",
        "The file of template codes {file}, line {line}, {field}: {en}. Mend it and start again.",
    ),
    "setting_wrong": (
        "环境变量 {names} 的值不对，请改正。",
        "{names} cannot be read: correct what the environment sets.",
    ),
    "key_missing": (
        "使用 DATABASE_URL 时必须用环境变量 FANXIAO_KEYS 给出密钥。可用 fanxiao admin new-key 生成一个，并妥善保管。",
        "With DATABASE_URL the keys must be given in FANXIAO_KEYS. `fanxiao admin new-key` makes one; keep it safe.",
    ),
    "key_unreadable": (
        "{source} 中的密钥格式不对：每个密钥应为 44 个字符，用逗号分隔。",
        "The keys in {source} cannot be read: each has 44 characters, separated by commas.",
    ),
    "other_keys_in_use": (
        "还有返校进程是用别的最新密钥启动的（{users}），没有重新加密任何内容。"
        "请先给所有进程（web、worker）设好同样的密钥并重新启动，再运行这个命令。",
        "Processes of fanxiao run that were started with another newest key ({users}). Nothing was encrypted again. "
        "Give all processes (web, worker) the same keys, start them again, then repeat this command.",
    ),
    "value_unreadable": (
        "{where} 中编号 {row} 的内容用现有的密钥都读不出来（已损坏，或缺少当时的密钥），重新加密到此为止。"
        "请补上缺少的密钥再运行；在此之前任何旧密钥都不要去掉。",
        "None of the keys reads the value of {where} in row {row} (it is damaged, or its key is missing). Encrypting again ended there. "
        "Add the key that is missing and repeat this command; until then retire no older key.",
    ),
    "key_wrong": (
        "密钥不对：{source} 中没有加密这个数据库所用的密钥。请使用当初的密钥；没有它就无法读取已加密的号码。",
        "Wrong key: {source} lacks a key that this database was encrypted with. Use the one it began with; no other reads them.",
    ),
}


class StartFault(Exception):
    """Why the product cannot start, said so that whoever started it can act: `.zh` and `.en`."""

    def __init__(self, kind: str, **facts: object) -> None:
        self.kind = kind
        self.zh, self.en = (sentence.format(**facts) for sentence in SENTENCES[kind])
        super().__init__(f"{self.zh}\n{self.en}")


@contextmanager
def clearly(where: str, *, user: str = "", database: str = "") -> Iterator[None]:
    """Turns what a database, a driver or a disk raises inside into a `StartFault`; anything else goes through."""
    try:
        yield
    except DBAPIError as error:
        original = error.orig if isinstance(error.orig, BaseException) else error
        raise _named(original, where, user, database) or error from error
    except (psycopg.Error, OSError) as error:
        raise _named(error, where, user, database) or error from error
    except ArgumentError as error:
        raise StartFault("url_unreadable", variable="DATABASE_URL") from error


def _named(error: BaseException, where: str, user: str, database: str) -> StartFault | None:
    if isinstance(error, OSError):
        return StartFault("disk_full", where=where) if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    if isinstance(error, psycopg.errors.DiskFull):
        return StartFault("disk_full", where=where)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return StartFault("right_missing", user=user, database=database)
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return _refusal(str(error), where, user, database)
    return None


def _refusal(said: str, where: str, user: str, database: str) -> StartFault:
    """While connecting the driver gives no code, only the server's words (perhaps in Chinese)."""
    if "permission denied" in said or "权限不够" in said:
        return StartFault("right_missing", user=user, database=database)
    if "authentication failed" in said or "认证失败" in said or "no password supplied" in said:
        return StartFault("url_password", where=where)
    if 'role "' in said or "角色" in said:
        return StartFault("url_password", where=where)
    if 'database "' in said or "数据库 " in said:
        return StartFault("url_database", where=where)
    return StartFault("url_unreachable", where=where)
