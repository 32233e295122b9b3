"""Classes, phones, dates and numbers in the spellings that offices use."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.imports.classes import read_class
from cases.imports.dates import read_birth_date, read_date
from cases.imports.numbers import check_character, has_valid_check_digit, read_citizen_number, read_number, read_school_code
from cases.imports.numerals import read_numeral, write_digit
from cases.imports.phones import read_phones
from cases.imports.texts import Unreadable
from cases.imports.words import read_ethnicity, read_group, read_relation, read_sex, read_yes

YEAR = 2026


@pytest.mark.parametrize(
    ("grade", "written", "name"),
    [
        ("", "三年级二班", "三(2)班"), ("", "三年级(2)班", "三(2)班"), ("", "三年级（2）班", "三(2)班"), ("", "3.2班", "三(2)班"),
        ("", 3.2, "三(2)班"), ("", "三(2)班", "三(2)班"), ("", "３．２班", "三(2)班"), ("", "三 年级 2 班", "三(2)班"),
        ("", date(2026, 3, 2), "三(2)班"), ("", datetime(2026, 3, 2), "三(2)班"), ("", "301班", "三(1)班"), ("", "三二班", "三(2)班"),
        ("", "三·二班", "三(2)班"), ("", "3-2", "三(2)班"), ("", "三年级十二班", "三(12)班"), ("", "初一(3)班", "七(3)班"),
        ("", "七年级3班", "七(3)班"), ("", "初三1班", "九(1)班"), ("", "初中二年级4班", "八(4)班"), ("八年级", "一班", "八(1)班"),
        ("初三", "02", "九(2)班"), ("三年级", "二班", "三(2)班"), ("3", "2", "三(2)班"), (3.0, 2.0, "三(2)班"), ("三", "(2)班", "三(2)班"),
        ("小学2024级", "2", "三(2)班"), ("初中2025级", "1班", "八(1)班"), ("", "小学2024级3班", "三(3)班"), ("", "2401班", "三(1)班"),
        ("2024级", "3班", "三(3)班"), ("三年级二班", "", "三(2)班"), ("三年级", "甲班", "三(甲)班"), ("", "启智班", "启智班"),
        ("五年级", "启智班", "五(启智)班"),
    ],
)  # fmt: skip
def test_a_class_is_read_in_any_spelling(grade: Any, written: Any, name: str) -> None:
    found, agree = read_class(grade, written, stage="primary", year=YEAR)
    assert (found.name, agree) == (name, True)


@pytest.mark.parametrize(
    ("grade", "written", "code"),
    [("三年级", "", "class_missing"), ("", "3班", "grade_missing"), ("", "", "class_missing"), ("小学2012级", "1", "grade_out_of_range")],
)
def test_what_does_not_place_a_child_is_said(grade: str, written: str, code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        read_class(grade, written, stage="primary", year=YEAR)


def test_an_enrolment_year_without_a_stage_is_not_guessed_in_a_nine_year_school() -> None:
    with pytest.raises(Unreadable, match="grade_ambiguous"):
        read_class("2024级", "1班", stage="nine_year", year=YEAR)


def test_where_grade_and_class_differ_the_grade_counts_and_it_is_said() -> None:
    found, agree = read_class("四年级", "三(2)班", stage="primary", year=YEAR)
    assert (found.grade, found.number, agree) == (4, "2", False)


@given(
    st.integers(1, 9),
    st.integers(1, 30),
    st.sampled_from(["{c}年级{n}班", "{c}({n})班", "{c}（{n}）班", "{g}.{n}班", "{c}年级({n})班", "{g}年级{n}班"]),
)
def test_every_class_comes_back_from_every_spelling(grade: int, number: int, spelling: str) -> None:
    written = spelling.format(c=write_digit(grade), g=grade, n=number)
    found, _ = read_class("", written, stage=None, year=YEAR)
    assert (found.grade, found.number) == (grade, str(number))
    assert read_class("", found.name, stage=None, year=YEAR) == (found, True)


@given(st.text(max_size=12), st.text(max_size=12))
def test_no_text_breaks_the_reading_of_classes(grade: str, written: str) -> None:
    try:
        found, _ = read_class(grade, written, stage="primary", year=YEAR)
    except Unreadable:
        return
    assert found.grade in range(10)
    assert found.number


@pytest.mark.parametrize(
    ("cell", "good"),
    [
        ("13893012345", ["+8613893012345"]), (13893012345, ["+8613893012345"]), (1.3893012345e10, ["+8613893012345"]),
        ("1.3893012345E10", ["+8613893012345"]), ("138 9301 2345", ["+8613893012345"]), ("+86 138-9301-2345", ["+8613893012345"]),
        ("008613893012345", ["+8613893012345"]), ("１３８９３０１２３４５", ["+8613893012345"]), ("0930-7121234", ["+869307121234"]),
        ("13893012345/15293012345", ["+8613893012345", "+8615293012345"]),
        ("13893012345 15293012345", ["+8613893012345", "+8615293012345"]),
        ("13893012345、15293012345", ["+8613893012345", "+8615293012345"]), ("13893012345（父）", ["+8613893012345"]),
    ],
)  # fmt: skip
def test_a_phone_is_read_in_any_spelling(cell: Any, good: list[str]) -> None:
    phones = read_phones(cell)
    assert (list(phones.good), phones.bad) == (good, False)


@pytest.mark.parametrize("cell", ["1389301234", "7121234", "11111111111", "138930123456", "家里没有电话", "13893012345/123"])
def test_what_is_no_number_is_bad(cell: str) -> None:
    assert read_phones(cell).bad


@pytest.mark.parametrize("cell", ["", None, "无", "/", "-", "#N/A", "没有"])
def test_nothing_is_not_bad(cell: Any) -> None:
    assert read_phones(cell) == read_phones("")


@given(
    st.sampled_from(["138", "139", "152", "187", "199"]),
    st.integers(0, 99_999_999),
    st.sampled_from(["", " ", "-"]),
    st.sampled_from(["", "+86", "0086", "86 "]),
)
def test_every_mobile_comes_back_from_every_spelling(series: str, rest: int, gap: str, country: str) -> None:
    digits = f"{series}{rest:08d}"
    written = f"{country}{digits[:3]}{gap}{digits[3:7]}{gap}{digits[7:]}"
    assert read_phones(written).good == (f"+86{digits}",)


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers()))
def test_no_cell_breaks_the_reading_of_phones(cell: Any) -> None:
    assert all(number.startswith("+") for number in read_phones(cell).good)


@pytest.mark.parametrize(
    "cell",
    [
        "20140305",
        20140305,
        20140305.0,
        "2014-3-5",
        "2014年3月5日",
        "2014.3.5",
        "2014/03/05",
        41703,
        "41703",
        date(2014, 3, 5),
        datetime(2014, 3, 5, 8),
    ],
)
def test_a_date_is_read_in_any_spelling(cell: Any) -> None:
    assert read_date(cell) == date(2014, 3, 5)


@pytest.mark.parametrize("cell", ["20140230", "2014", "去年", "14.3.5"])
def test_what_is_no_date_is_said(cell: str) -> None:
    with pytest.raises(Unreadable, match="date_unreadable"):
        read_date(cell)


def test_a_child_is_not_born_yesterday() -> None:
    with pytest.raises(Unreadable, match="birth_date_implausible"):
        read_birth_date("20261101", date(2026, 11, 24))


@given(st.dates(date(2005, 1, 1), date(2020, 1, 1)), st.integers(0, 999))
def test_the_check_digit_finds_a_wrong_digit(born: date, serial: int) -> None:
    body = f"622926{born:%Y%m%d}{serial:03d}"
    number = body + check_character(body)
    assert has_valid_check_digit(number)
    wrong = number[:9] + str((int(number[9]) + 1) % 10) + number[10:]
    assert not has_valid_check_digit(wrong)


def test_numbers_survive_spreadsheets() -> None:
    assert read_school_code(62003452.0) == "0062003452"
    assert read_school_code("'2162003451") == "2162003451"
    assert read_number(" g62292620140305001x ") == "G62292620140305001X"
    assert read_citizen_number("H1234567", "港澳居民来往内地通行证") == "H1234567"
    with pytest.raises(Unreadable, match="number_rounded"):
        read_citizen_number(6.22926201403050012e17, "")


def test_words_have_one_meaning() -> None:
    assert [read_sex(cell) for cell in ("男", "女性", 1, "2", "")] == ["male", "female", "male", "female", None]
    assert [read_yes(cell) for cell in ("是", "√", "无", "否", True, "")] == [True, True, False, False, True, None]
    assert [read_ethnicity(cell) for cell in ("东乡", "东乡族", "26", "汉", "保安族")] == ["东乡族", "东乡族", "东乡族", "汉族", "保安族"]
    assert [read_relation(cell) for cell in ("父亲", "外婆", "邻居")] == ["father", "grandmother", "other"]
    assert read_group("left_behind", "双亲留守儿童") == (True, "双亲留守儿童")
    assert read_group("left_behind", "非留守儿童") == (False, None)
    assert read_group("disabled", "听力残疾") == (True, "听力残疾")
    with pytest.raises(Unreadable):
        read_group("disabled", "不清楚吗"[2:])


@pytest.mark.parametrize(("text", "value"), [("十", 10), ("十二", 12), ("二十", 20), ("三十一", 31), ("07", 7), ("百", None), ("", None)])
def test_numerals(text: str, value: int | None) -> None:
    assert read_numeral(text) == value
