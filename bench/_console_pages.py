"""Every page of the console, with the address at which each of four officials opens it over the bench's prefecture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

from fastapi.routing import APIRoute

from bench._county import NOW, County, phone
from cases.access.codes import hashed
from console import entering
from console.pages import ROUTERS
from console.sought import FIELDS, Seal, Sought

COUNTY, TOWNSHIP = "622901", "622901001"
VIEWERS = ("prefecture", "county", "township", "principal")
POSTS = {
    "prefecture": "role = 'prefecture_officer'", "county": f"role = 'county_officer' and area_code = '{COUNTY}'",
    "township": f"role = 'township_officer' and area_code = '{TOWNSHIP}'",
    "principal": f"role = 'principal' and area_code = '{TOWNSHIP}'",
}  # fmt: skip
SEEN = {
    "prefecture": "true", "county": f"starts_with({{0}}, '{COUNTY}')", "township": f"starts_with({{0}}, '{TOWNSHIP}')",
    "principal": "{1} = {school}",
}  # fmt: skip
FILES = re.compile(r"\.(xlsx|pdf)$")
"""Addresses that give a file: made on purpose, and no page that somebody waits for; measured beside the pages."""
ELSEWHERE = {
    "/login/code": "only on the way in", "/login/second": "only on the way in",
    "/import/{job_id}/bad-rows.xlsx": "only of a file with faults", "/photos/{photo_id}": "only where one was handed in",
}  # fmt: skip
"""Addresses that the bench's prefecture has nothing for, and why."""


@dataclass(frozen=True)
class Viewer:
    """Somebody who is logged in."""

    name: str
    person_id: int
    school_id: int | None

    @property
    def cookie(self) -> str:
        return f"bench-{self.name}"


@dataclass(frozen=True)
class Look:
    """One address as one viewer opens it. `route`: which of the console's pages it is.

    `path`: with the words that are looked for, as it is told; `address`: with these sealed for the viewer's session, as it is opened.
    """

    route: str
    path: str
    address: str

    @property
    def is_file(self) -> bool:
        return FILES.search(self.path.partition("?")[0]) is not None


def enter(county: County) -> list[Viewer]:
    """Opens a session for one person of each post."""
    viewers = []
    for name in VIEWERS:
        query = f"select id, person_id, school_id from responsibility where {POSTS[name]} order by id limit 1"
        post_id, person_id, school_id = county.rows(query)[0]
        viewer = Viewer(name, person_id, school_id)
        county.rows("delete from console_session where token_hash = %s", hashed(viewer.cookie))
        county.rows(
            "insert into console_session (token_hash, person_id, responsibility_id, is_strong, agent, created_at, seen_at, expires_at)"
            " values (%s, %s, %s, true, 'bench', %s, %s, %s)",
            hashed(viewer.cookie), person_id, post_id, NOW, NOW, NOW + timedelta(hours=12),
        )  # fmt: skip
        viewers.append(viewer)
    return viewers


def looks(county: County, viewer: Viewer) -> list[Look]:
    """Everything that this viewer opens: each list, its searches and filters, one row of each, every export."""
    found = _lists(viewer.name)
    for table, routes in _details().items():
        row = county.rows(_one(table, viewer))
        found += [(route, route.replace("{}", str(row[0][0]))) for route in routes if row]
    seal = Seal(county.cipher, viewer.cookie)
    return [Look(_route(route), path, _sealed(path, seal)) for route, path in found]


def _sealed(path: str, seal: Seal) -> str:
    """As the page's form leads to it."""
    page, _, query = path.partition("?")
    fields = dict(parse_qsl(query))
    sealed = {name: value for name, value in fields.items() if name not in FIELDS} | seal.close(Sought.among(fields))
    return f"{page}?{urlencode(sealed)}" if sealed else page


def _route(named: str) -> str:
    return named.partition("?")[0]


def _lists(viewer: str) -> list[tuple[str, str]]:
    plain = [
        "/", "/today", "/tasks", "/ledger", "/areas", "/notices", "/reports", "/students", "/registers", "/enrolment", "/people", "/triage",
        "/referrals", "/aid", "/campaigns", "/campaigns/new", "/activities", "/supervision", "/import", "/plan", "/deliveries",
        "/templates", "/record", "/settings", "/templates/absence_question", "/login",
        "/ledger/export.xlsx", "/registers/export.xlsx?category=left_behind", "/reports/export.xlsx", "/activities/export.xlsx",
    ]  # fmt: skip
    narrowed = [
        "/ledger?q=马龙英", "/ledger?q=malong", "/ledger?late=true", "/ledger?state=all&page=20", "/ledger?area=622901001",
        "/students?q=马龙英", "/students?q=malongying", "/students?q=2026-00113", f"/students?q={phone(40_000).removeprefix('+86')}",
        "/students?q=77小", "/students?q=zhang", "/people?q=马", "/people?q=malong", "/people?role=principal", "/registers?category=poor",
        "/registers?category=left_behind&q=马", "/reports?kind=monthly", "/notices?state=all", "/aid?state=paid", "/referrals?state=all",
        "/record?case=00113", "/record?actor=马龙英", "/record?action=case_closed", "/deliveries?days=31", "/enrolment?late=true",
    ]  # fmt: skip
    above = [f"/supervision?view={view}" for view in ("times&per=school", "times&per=township", "year", "sample", "commend")]
    files = ["/aid/export.xlsx", "/supervision/export.xlsx"]
    complaints = ["/complaints", "/complaints/export.xlsx", "/keys"]
    wide = viewer in {"prefecture", "county"}
    kept = [*plain, *narrowed, *(above if wide else ()), *(files if wide else ()), *(complaints if wide else ())]
    return [(path, path) for path in kept] + ([("/areas/{code}", f"/areas/{COUNTY}")] if viewer == "prefecture" else [])


def _details() -> Mapping[str, Sequence[str]]:
    return {
        "case_file": ("/cases/{}",), "student": ("/students/{}",), "notice": ("/notices/{}",), "report": ("/reports/{}",),
        "referral": ("/referrals/{}", "/referrals/{}/letter.pdf"), "aid_request": ("/aid/{}", "/aid/{}/letter.pdf"),
        "school": ("/areas/schools/{}",), "campaign": ("/campaigns/{}?only=failed", "/campaigns/{}/outcome.xlsx"),
        "draft": ("/campaigns/{}",), "complaint": ("/complaints/{}",), "task": ("/triage/{}",), "inspection_sample":
        ("/supervision/samples/{}",), "own": ("/tasks/{}/hand-on?q=马",), "import_job": ("/import/{}",), "area": ("/areas/{}",),
    }  # fmt: skip


def _one(table: str, viewer: Viewer) -> str:
    """A row that the viewer sees: the one with the longest story."""

    def seen(area: str, school: str = "0") -> str:
        return SEEN[viewer.name].format(area, school, school=viewer.school_id or -1)

    child = seen("c.school_area_code", "c.school_id")
    return {
        "case_file": f"select id from case_file c where {child} and state = 'open' order by level desc, id limit 1",
        "student": f"select student_id from case_file c where {child} order by level desc, id limit 1",
        "notice": f"select n.id from notice n join case_file c on c.id = n.case_id where {child} order by n.id limit 1",
        "report": f"select id from report where {seen('area_code', 'school_id')} order by of = 'county' desc, id desc limit 1",
        "referral": f"select id from referral where {seen('area_code')} and state = 'approved' order by id limit 1",
        "aid_request": "select a.id from aid_request a join student c on c.id = a.student_id"
        f" where {seen('a.area_code', 'c.school_id')} and decided_at is not null order by a.id limit 1",
        "school": f"select id from school where {seen('area_code', 'id')} order by id limit 1",
        "campaign": f"select id from campaign where {seen('area_code')} and state = 'done' order by id limit 1",
        "draft": f"select id from campaign where {seen('area_code')} and state = 'draft' order by id limit 1",
        "complaint": f"select number from complaint where {seen('area_code')} order by id limit 1",
        "task": f"select id from task where kind = 'triage' and {seen('area_code')} order by id limit 1",
        "inspection_sample": f"select id from inspection_sample where {seen('area_code')} order by id limit 1",
        "import_job": f"select id from import_job where person_id = {viewer.person_id} order by id limit 1",
        "own": f"select t.id from task t join task_holder h on h.task_id = t.id where h.person_id = {viewer.person_id}"
        " and t.state in ('open', 'acknowledged') order by t.id limit 1",
        "area": f"select code from area where {seen('code')} and level = 'township' order by code limit 1",
    }[table]


def unlooked(found: Sequence[Look]) -> list[str]:
    """The console's pages that nobody opens in this bench."""
    routers = (entering.router, *ROUTERS)
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute) and "GET" in route.methods]
    paths = [look.path.partition("?")[0] for look in found]
    return [route.path for route in routes if route.path not in ELSEWHERE and not any(route.path_regex.match(path) for path in paths)]
