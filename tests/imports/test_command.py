"""`fanxiao import` and `fanxiao demo-data` as an officer types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fanxiao.cli import app
from tests.imports.conftest import AREAS
from tests.imports.files import ROSTER, SCHOOL_ROWS, SCHOOLS, child, write_xlsx


def test_files_go_in_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANXIAO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    terminal = CliRunner()
    schools = write_xlsx(tmp_path / "s.xlsx", [SCHOOLS, *SCHOOL_ROWS])
    roster = write_xlsx(tmp_path / "r.xlsx", [ROSTER, child("马小龙"), child("马二", 成员1联系电话="1"), child("", 学籍号="L3")])
    assert terminal.invoke(app, ["import", "areas", str(AREAS)]).exit_code == 0
    assert terminal.invoke(app, ["import", "schools", str(schools)]).exit_code == 0
    dry = terminal.invoke(app, ["import", "roster", str(roster), "--dry-run", "--json"])
    done = terminal.invoke(app, ["import", "roster", str(roster), "--json", "--errors", str(tmp_path / "bad.xlsx")])
    assert dry.exit_code == done.exit_code == 1
    assert [json.loads(run.stdout)["new"] for run in (dry, done)] == [2, 2]
    assert [error["column"] for error in json.loads(done.stdout)["errors"]] == ["姓名"]
    assert (tmp_path / "bad.xlsx").exists()
    again = terminal.invoke(app, ["import", "roster", str(roster)])
    assert "没有姓名 / the name is missing" in again.stdout
    assert "请填写姓名" in again.stdout


def test_demo_data_is_written(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo-data", "--schools", "2", "--seed", "5", "--students-per-class", "3", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"areas.csv", "schools.xlsx", "people.xlsx", "roster.xlsx"}


def test_an_unknown_township_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo-data", "--townships", "999999999", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "999999999" in done.stderr
