"""A list of contacts outside school and government, with the purpose and the basis of each: all of it goes in, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cases.consents import keep_refusals
from cases.imports.intake import common_area, person_key, phone_key, pinyin
from cases.imports.phones import read_phones
from cases.imports.sheets import FileRefused, open_sheets
from cases.publicity_texts import library
from storage.crypto import Cipher
from storage.tables import Area, Contact, ListedContact, Person, PersonContact
from storage.work import Work

COLUMNS = ("单位", "类型", "联系人", "手机", "地区", "来源")


class ListRefused(Exception):
    """Nothing went in; `row` as the spreadsheet counts, `column` and what is wrong with it (templates/campaigns.yaml, list_faults)."""

    def __init__(self, reason: str, row: int = 0, column: str = "", said: str = "") -> None:
        self.reason, self.row, self.column, self.said = reason, row, column, said
        super().__init__(reason)


@dataclass(frozen=True)
class Entry:
    """One row."""

    organisation: str
    purpose: str
    name: str
    phone: str
    area_code: str
    basis: str


async def import_listed(work: Work, cipher: Cipher, path: Path, by: int) -> tuple[int, int]:
    """(new, all) entries of the file; the same file again changes nothing. Raises ListRefused."""
    areas = set(await work.session.scalars(select(Area.code)))
    entries = [_entry(row, cells, areas) for row, cells in _rows(path)]
    if not entries:
        raise ListRefused("empty")
    new = sum([await _store(work, cipher, entry) for entry in entries])
    await keep_refusals(work)
    area = common_area([entry.area_code for entry in entries])
    work.record("contacts_listed", "listed", area_code=area, actor=f"person:{by}", new=new, rows=len(entries))
    return new, len(entries)


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        sheet = open_sheets(path)[0]
    except (FileRefused, IndexError) as error:
        raise ListRefused("no_table", said=path.name) from error
    titles: list[str] = []
    for number, cells in sheet.rows():
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
        if not titles:
            titles = texts if set(COLUMNS) <= set(texts) else []
        elif any(texts):
            yield number, dict(zip(titles, texts, strict=False))
    if not titles:
        raise ListRefused("no_header", said="、".join(COLUMNS))


def _entry(row: int, cells: Mapping[str, str], areas: set[str]) -> Entry:
    for column in COLUMNS:
        if not cells.get(column):
            raise ListRefused("missing", row, column)
    purpose = library().purpose_named(cells["类型"])
    if purpose is None:
        raise ListRefused("purpose", row, "类型", cells["类型"])
    phones = read_phones(cells["手机"])
    if phones.bad or len(phones.good) != 1:
        raise ListRefused("phone", row, "手机")
    area = cells["地区"].removesuffix(".0")
    if area not in areas:
        raise ListRefused("area", row, "地区", area)
    return Entry(cells["单位"], purpose, cells["联系人"], phones.good[0], area, cells["来源"])


async def _store(work: Work, cipher: Cipher, entry: Entry) -> bool:
    """Whether it is new."""
    key = person_key(cipher, entry.name, entry.phone)
    person_id = await work.session.scalar(select(Person.id).where(Person.identity_index == key))
    if person_id is None:
        person = Person(name=entry.name, name_pinyin=pinyin(entry.name), identity_index=key, area_code=entry.area_code)
        work.session.add(person)
        await work.session.flush()
        person_id = person.id
    await _reach(work, cipher, person_id, entry.phone)
    row = insert(ListedContact).values(
        person_id=person_id, purpose=entry.purpose, organisation=entry.organisation, basis=entry.basis, area_code=entry.area_code,
        listed_at=work.now,
    )  # fmt: skip
    stored = row.on_conflict_do_nothing(index_elements=["person_id", "purpose"]).returning(ListedContact.id)
    return await work.session.scalar(stored) is not None


async def _reach(work: Work, cipher: Cipher, person_id: int, phone: str) -> None:
    index = phone_key(cipher, phone)
    contact_id = await work.session.scalar(select(Contact.id).where(Contact.kind == "phone", Contact.address_index == index))
    if contact_id is None:
        contact = Contact(kind="phone", address_encrypted=cipher.encrypt(phone), address_index=index)
        work.session.add(contact)
        await work.session.flush()
        contact_id = contact.id
    link = insert(PersonContact).values(person_id=person_id, contact_id=contact_id)
    await work.session.execute(link.on_conflict_do_nothing())
