"""Which of our messages Aliyun has approved, under which code: a YAML file that an officer fills in (`ALIYUN_SMS_TEMPLATES`).

```yaml
absence_question:
  code: SMS_123456789   # empty while it has not been approved
  text: ${p1}家长您好，…   # as registered
```
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import yaml

from bot.channels.base import Trouble
from bot.rendering import Catalogue, load_once
from bot.rendering.frames import all_candidates, frames, mute, words
from storage.faults import StartFault

CODE = re.compile(r"SMS_\d+")
CODES, TEXT = "code", "text"


@dataclass(frozen=True)
class Entry:
    """One message. `code` is empty while it has not been approved."""

    code: str
    text: str


@cache
def texts_of_ours() -> dict[str, str]:
    """The text to register for each frame, and for each message of today's catalogue that can be registered."""
    return {one.template.id: one.registered.text for one in all_candidates(_catalogue()) if one.registered is not None}


@cache
def _catalogue() -> Catalogue:
    with as_file(files("templates")) as folder:
        return load_once(folder)


def outdated(codes: Mapping[str, Entry]) -> frozenset[str]:
    """Those whose words have changed since they were approved: until they are again, they are said in pieces."""
    return frozenset(template_id for template_id, entry in codes.items() if texts_of_ours().get(template_id) != entry.text)


def lacking(codes: Collection[str]) -> list[Trouble]:
    """What a county with these codes cannot say: messages that would become a person's step, and frames that keep them from it."""
    frames_without = [frame.id for frame in frames() if frame.id not in codes]
    found = [Trouble("frames_missing", "、".join(frames_without))] if frames_without else []
    unsaid = mute(_catalogue(), codes)
    return [*found, Trouble("messages_mute", f"{len(unsaid)}：{'、'.join(unsaid)}")] if unsaid else found


def approved(path: Path) -> dict[str, Entry]:
    """Template id → what Aliyun knows it as, without those that still lack a code. Raises StartFault."""
    return {template_id: entry for template_id, entry in entries(path).items() if entry.code}


def entries(path: Path) -> dict[str, Entry]:
    """All that the file names. StartFault says line, field and reason."""
    return _File(path).entries()


def written(found: Mapping[str, Entry]) -> str:
    """The file, with what to do in front."""
    header = "".join(f"# {line}\n" for line in words()["header"].splitlines())
    rows = {template_id: {CODES: entry.code, TEXT: entry.text} for template_id, entry in found.items()}
    return header + yaml.safe_dump(rows, allow_unicode=True, sort_keys=False, width=1000)


class _File:
    """Reads by nodes, which know their lines."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> dict[str, Entry]:
        try:
            root = yaml.compose(self._path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            mark = getattr(error, "problem_mark", None)
            raise self._fault(mark.line + 1 if mark else 1, "", "unreadable") from error
        found: dict[str, Entry] = {}
        for template_id, node in self._fields(root, "") if root is not None else ():
            found[template_id] = self._entry(template_id, node, {entry.code for entry in found.values() if entry.code})
        return found

    def _entry(self, template_id: str, node: yaml.Node, taken: set[str]) -> Entry:
        fields = dict(self._fields(node, template_id))
        for name in (CODES, TEXT):
            if name not in fields:
                raise self._fault(_line(node), f"{template_id}.{name}", "missing")
        if unknown := fields.keys() - {CODES, TEXT}:
            name = min(unknown)
            raise self._fault(_line(fields[name]), f"{template_id}.{name}", "unknown_field")
        code, text = (self._scalar(fields[name], f"{template_id}.{name}") for name in (CODES, TEXT))
        self._check_code(code, fields[CODES], f"{template_id}.{CODES}", taken)
        if not text:
            raise self._fault(_line(fields[TEXT]), f"{template_id}.{TEXT}", "missing")
        return Entry(code, text)

    def _check_code(self, code: str, node: yaml.Node, field: str, taken: set[str]) -> None:
        if code and not CODE.fullmatch(code):
            raise self._fault(_line(node), field, "code")
        if code in taken:
            raise self._fault(_line(node), field, "code_twice")

    def _fields(self, node: yaml.Node, field: str) -> Iterator[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self._fault(_line(node), field, "not_mapping")
        seen: set[str] = set()
        for key, value in node.value:
            name = self._scalar(key, field)
            if name in seen:
                raise self._fault(_line(key), f"{field}.{name}".lstrip("."), "twice")
            seen.add(name)
            yield name, value

    def _scalar(self, node: yaml.Node, field: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._fault(_line(node), field, "not_mapping")
        return "" if node.tag == "tag:yaml.org,2002:null" else str(node.value).strip()

    def _fault(self, line: int, field: str, reason: str) -> StartFault:
        said = words()["file"][reason]
        return StartFault("codes_faulty", file=self._path.name, line=line, field=field, zh=said["zh"], en=said["en"])


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
