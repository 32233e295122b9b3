"""`fanxiao channels link`, `record` and `language`: whose chat it is, and in whose language a call speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from bot.inbox.receive import normal_phone
from cases.calendar_days import find_place
from cases.contacts import people_at
from cases.home_language import LONGEST, set_language
from cases.linking import LIFE, new_code
from fanxiao.commands.channels_lines import PHONE
from fanxiao.commands.channels_terms import NONE
from fanxiao.commands.once import once, refuse
from fanxiao.engine import load_catalogue
from fanxiao.wiring import Storage
from storage.rows import LARGEST_ID
from storage.tables import Contact, Person, Recording, Sender
from storage.work import Work

TELEGRAM = "telegram"
MOST_ID_DIGITS = 9
"""More digits are a phone number."""
LARGEST = 2 * 1024 * 1024

PersonId = Annotated[int, typer.Argument(metavar="PERSON_ID", max=LARGEST_ID, help="人员编号 · the person's id")]
Language = Annotated[str, typer.Option("--language", help="语言，如 东乡语 · language, as in `channels language`")]


@dataclass(frozen=True)
class Code:
    """What is handed to the person. `bots`: user names."""

    code: str
    person_id: int
    bots: Sequence[str]


def link(
    who: Annotated[str, typer.Argument(metavar="PERSON_ID|PHONE", help="人员编号，或登记的电话 · person's id, or registered phone")],
) -> None:
    """绑定码 · Print a one-time code by which a person makes a Telegram chat their own. Those given before end."""

    async def use(work: Work, storage: Storage) -> Code:
        person_id = await _person(work, storage, who)
        bots = select(Sender.address).where(Sender.channel == TELEGRAM, Sender.state == "open").order_by(Sender.id)
        addresses = (await work.session.scalars(bots)).all()
        return Code(await new_code(work, person_id, storage.cipher), person_id, [address.removeprefix("@") for address in addresses])

    given = once(use)
    typer.echo(f"人员 {given.person_id} 的绑定码，{LIFE.days}天内用一次 / code of person {given.person_id}, once within {LIFE.days} days:")
    typer.echo(given.code)
    for bot in given.bots:
        typer.echo(f"https://t.me/{bot}?start={given.code}")


async def _person(work: Work, storage: Storage, who: str) -> int:
    given = who.strip()
    if given.isascii() and given.isdigit() and len(given) <= MOST_ID_DIGITS:
        person = await work.session.get(Person, int(given))
        return person.id if person else _nobody(given)
    index = storage.cipher.index(normal_phone(given))
    contact_id = await work.session.scalar(select(Contact.id).where(Contact.kind == PHONE, Contact.address_index == index))
    people = await people_at(work, contact_id) if contact_id is not None else []
    if len(people) > 1:
        ids = ", ".join(map(str, people))
        refuse(f"几个人共用这个号码，请写人员编号：{ids}。", f"Several persons share this number; give one of their ids: {ids}.")
    return people[0] if people else _nobody(given)


def _nobody(given: str) -> NoReturn:
    refuse(f"没有找到“{given}”：既不是人员编号，也不是登记的电话。", f"{given} is neither a person's id nor a registered phone number.")


def record(
    template: Annotated[str, typer.Argument(help="消息模板，如 absence_call · message template, like absence_call")],
    file: Annotated[Path, typer.Argument(help="录音文件，mp3 或 wav · sound file, mp3 or wav", exists=True, dir_okay=False)],
    area: Annotated[str, typer.Option("--area", help="区划代码 · code of the area whose families hear it")],
    language: Language,
) -> None:
    """存入录音 · Keep a recording that calls play first to those who speak this language. The same again replaces it."""
    spoken, (media_type, content) = _language(language), _sound(file)
    if template not in load_catalogue().templates:
        refuse(f"没有消息模板“{template}”，见 templates/messages。", f"There is no message template {template}; see templates/messages.")

    async def use(work: Work, _: Storage) -> int:
        if await find_place(work, area=area) is None:
            refuse(f"没有这个区划代码：{area}", f"There is no such area code: {area}")
        row = {"media_type": media_type, "content": content, "recorded_at": work.now}
        made = insert(Recording).values(area_code=area, template=template, language=spoken, **row)
        made = made.on_conflict_do_update(index_elements=["area_code", "template", "language"], set_=row)
        recording_id = (await work.session.scalars(made.returning(Recording.id))).one()
        work.record("recording_stored", f"recording:{recording_id}", area_code=area, actor="operator", template=template)
        return await work.session.scalar(select(func.count()).where(Person.language == spoken, Person.area_code.startswith(area))) or 0

    count = once(use)
    typer.echo(f"已存入 {template} 的{spoken}录音，这里登记说{spoken}的有{count}人 / kept; {count} persons of {area} have this language")


def _sound(file: Path) -> tuple[str, bytes]:
    with file.open("rb") as opened:
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        refuse(f"{file.name} 太大：最多 2 MB。", f"{file.name} is too large: at most 2 MB.")
    media_type = _media_type(content)
    if media_type is None:
        refuse(f"{file.name} 不是 mp3 或 wav 录音。", f"{file.name} is neither an mp3 nor a wav file.")
    return media_type, content


def _media_type(content: bytes) -> str | None:
    """By the first bytes: RIFF/WAVE, an ID3 tag, or the head of an MPEG frame of layer III (ISO/IEC 11172-3, 2.4.1.3)."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "audio/wav"
    is_frame = len(content) > 1 and content[0] == 0xFF and content[1] & 0xE6 == 0xE2
    return "audio/mpeg" if content[:3] == b"ID3" or is_frame else None


def language(
    person_id: PersonId, name: Annotated[str, typer.Argument(metavar="NAME|none", help="语言，none 为不设 · language; none clears it")]
) -> None:
    """家庭语言 · The language that is spoken at a person's home: calls play a recording in it, where there is one."""
    spoken = None if name == NONE else _language(name)

    async def use(work: Work, _: Storage) -> int:
        person = await work.session.get(Person, person_id, with_for_update=True)
        if person is None:
            refuse(f"没有编号为 {person_id} 的人员。", f"There is no person {person_id}.")
        set_language(work, person, spoken, "operator")
        return await work.session.scalar(select(func.count()).where(Recording.language == spoken)) or 0

    recordings = once(use)
    typer.echo(f"人员 {person_id} 的家庭语言 / language of person {person_id}: {spoken or '—'}")
    if spoken and not recordings:
        typer.echo(f"还没有{spoken}的录音，电话里说普通话 / there is no recording in it yet: calls speak Mandarin", err=True)


def _language(given: str) -> str:
    name = given.strip()
    if not name or name == NONE or len(name) > LONGEST:
        refuse(
            f"语言名不对：“{given}”。写一个名称，如 东乡语，最多{LONGEST}个字。",
            f"{given} is no name of a language: at most {LONGEST} characters, like 东乡语.",
        )
    return name


def register(app: typer.Typer) -> None:
    """Puts the commands into the group `channels`."""
    for command in (link, record, language):
        app.command()(command)
