"""What somebody sees who types `fanxiao`: results, or one clear sentence, never a stack trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.keys import new_key


def fanxiao(*words: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own, with nothing set but what is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FANXIAO", "DATABASE", "TWILIO"))}
    return subprocess.run(
        [sys.executable, "-m", "fanxiao", *words],
        env=kept | {"FANXIAO_HOME": str(home), "PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def refused(result: subprocess.CompletedProcess[str], chinese: str, english: str) -> None:
    assert result.returncode == 2
    assert result.stdout == ""
    first, second = result.stderr.strip().splitlines()
    assert chinese in first
    assert english in second


def test_status_of_a_new_home(home: Path) -> None:
    found = json.loads(fanxiao("admin", "status", "--json", home=home).stdout)
    assert found["revision"] == found["latest_revision"]
    assert found["roles"] == {"fanxiao_owner": True, "fanxiao_worker": True, "fanxiao_web": True}
    assert found["queues"] == {"inbound": 0}
    assert not (home / "postgres" / "postmaster.pid").exists()


def test_another_key_than_the_first_time(home: Path) -> None:
    assert fanxiao("admin", "status", home=home).returncode == 0
    refused(fanxiao("admin", "status", home=home, FANXIAO_KEYS=new_key()), "密钥不对", "Wrong key")


@pytest.mark.parametrize(
    ("url", "chinese", "english"),
    [
        ("postgresql://u:secret@127.0.0.1:9/x", "无法连接数据库 127.0.0.1:9/x", "cannot be reached"),
        ("what is this", "无法识别数据库地址", "cannot be read as a database address"),
    ],
)
def test_a_wrong_address(url: str, chinese: str, english: str, home: Path) -> None:
    result = fanxiao("admin", "status", home=home, DATABASE_URL=url, FANXIAO_KEYS=new_key())
    refused(result, chinese, english)
    assert "secret" not in result.stderr


BAD_PLANS = {  # what is in the file: (what is said of it)
    None: ("找不到计划文件", "There is no plan file"),
    b"name: x\n": ("处问题，没有启用：title：缺少这一项", "title: this entry is missing"),
    "name: 临夏".encode("gb18030"): ("不是 UTF-8 编码", "not encoded in UTF-8"),
}


@pytest.mark.parametrize(
    ("command", "content"),
    [(("worker",), b"name: x\n"), (("import", "areas", "no.csv"), "name: 临夏".encode("gb18030")), (("demo", "--no-browser"), None)],
)
def test_a_plan_that_cannot_be_used(command: tuple[str, ...], content: bytes | None, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    if content is not None:
        file.write_bytes(content)
    result = fanxiao(*command, home=home, FANXIAO_PLAN=str(file))
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    chinese, english = result.stderr.strip().splitlines()
    assert (BAD_PLANS[content][0] in chinese, BAD_PLANS[content][1] in english) == (True, True)


def test_a_new_key_can_be_used(home: Path) -> None:
    key = fanxiao("admin", "new-key", home=home).stdout.strip()
    assert fanxiao("admin", "status", home=home, FANXIAO_KEYS=key).returncode == 0
    later = f"{new_key()},{key}"
    assert fanxiao("admin", "rotate-keys", home=home, FANXIAO_KEYS=later).stdout.startswith("0 ")
    assert "向能查询的服务商核实" in fanxiao("admin", "restored", home=home, FANXIAO_KEYS=later).stdout


def test_an_unknown_command_is_explained_without_a_trace(home: Path) -> None:
    result = fanxiao("nonsense", home=home)
    assert result.returncode == 2
    assert "No such command" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_setting_that_cannot_be_read_is_named_without_its_value(home: Path) -> None:
    result = fanxiao("admin", "status", home=home, FANXIAO_SIMULATOR="perhaps")
    refused(result, "FANXIAO_SIMULATOR", "FANXIAO_SIMULATOR cannot be read")
    assert "secret" not in result.stderr
