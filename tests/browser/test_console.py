"""The console in a real browser: each role's main path, both languages, phone width, no error, no serious fault of access."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyotp
import pytest
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import select, update

from bot.publicity import draft_campaign
from cases.campaign_drafts import Draft
from cases.referrals import propose_referral
from cases.reports.preparing import prepare
from console.importing import real_now
from console.pages import MENU
from plan.periods import Period
from storage.tables import AidRequest, Campaign, CaseFile, ImportJob, Referral, Report, StudentCategory
from storage.work import working
from tests.console.conftest import county
from tests.console.officers import console_of
from tests.fakes.serving import serving
from tests.stories.county import County

__all__ = ["county"]
pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).with_name("axe.min.js")
PICTURES = Path(os.environ.get("FANXIAO_PICTURES", "artefacts"))
LARGEST = 200_000
"""Bytes of a page with all that it loads."""
WIDTHS = {"wide": (1280, 800), "phone": (360, 740)}
SERIOUS = {"serious", "critical"}
ROLES = ("class_teacher", "principal", "township_officer", "county_officer", "township_head", "village_committee", "attendance_officer")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


class Desk:
    """One person at one browser; whatever went wrong on a page is kept."""

    def __init__(self, county: County, page: Page, url: str) -> None:
        self.county, self.page, self.url = county, page, url
        self.faults: list[str] = []
        self.bytes = 0
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)

    async def enters(self, role: str) -> None:
        page = self.page
        await page.goto(f"{self.url}/login?lang=zh")
        await page.fill("[name=phone]", self.county.phones[role].number.removeprefix("+86"))
        await page.click("button.primary")
        await page.wait_for_url("**/login/code")
        await self.county.stage.settle()
        texts = [message.body for message in await self.county.phones[role].inbox()]
        await page.fill("[name=code]", re.findall(r"验证码(\d{6})", texts[-1])[0])
        await page.click("button.primary")
        await page.wait_for_load_state()
        if page.url.endswith("/second"):
            await self.picture("second", "zh", "wide")
            secret = (await page.inner_text("code")).replace(" ", "")
            await page.fill("[name=password]", pyotp.TOTP(secret).at(await self.county.stage.now()))
            await page.click("button.primary")
        await page.wait_for_url("**/today")

    async def looks_for(self, said: str) -> None:
        """In the box that every page has, by the keyboard."""
        await self.page.keyboard.press("/")
        await self.page.keyboard.type(said)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_url("**/students?find=*")

    async def picture(self, name: str, language: str, width: str) -> None:
        await self.page.screenshot(path=PICTURES / f"{name}-{language}-{width}.png", full_page=True)

    async def checks(self, name: str) -> None:
        """axe finds nothing serious, and nothing sticks out sideways."""
        if not await self.page.evaluate("() => Boolean(window.axe)"):
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
        bad = [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in SERIOUS]
        assert not bad, f"{name}: {bad}"
        wide = await self.page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{name} is {wide}px too wide"


@pytest.fixture
async def office(county: County) -> County:
    await county.begin("2026-11-02 08:25", roles=ROLES)
    await county.student("马小龙", guardians=["father"])
    await county.others(2)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.to("2026-11-02 09:00")
    await county.phones["father"].replies("家里没钱，娃娃不念了")
    await county.after_outage("2026-11-05 12:01")
    async with working(county.database, await county.stage.now()) as work:
        await prepare(work, "weekly", Period(date(2026, 11, 2), date(2026, 11, 8)), "")
        work.session.add(StudentCategory(student_id=county.students["马小龙"], category="left_behind", since=date(2026, 9, 1)))
    await county.stage.settle()
    return county


async def pages(county: County) -> dict[str, str]:
    """Every page by the name of its picture."""
    case = await county.case("马小龙")
    aid, campaign, referral = await prepared(county)
    return {
        **{entry.name: entry.path for entry in MENU}, "case": f"/cases/{case.id}", "student": f"/students/{case.student_id}",
        "notice": f"/notices/{(await county.notices())[0].id}", "report": f"/reports/{await _report(county)}",
        "school": f"/areas/schools/{county.school_id}",
        "template": "/templates/absence_question", "settings": "/settings",
        "referral": f"/referrals/{referral}", "aid_request": f"/aid/{aid}",
        "campaign": f"/campaigns/{campaign}", "campaign_new": "/campaigns/new", "activities": "/activities",
    }  # fmt: skip


async def _report(county: County) -> int:
    async with county.database.session() as session:
        return (await session.scalars(select(Report.id))).first() or 0


async def prepared(county: County) -> tuple[int, int, int]:
    """The family's request for aid, a campaign that is drafted, a referral that waits: the id of each."""
    async with county.database.session() as session:
        is_new = await session.scalar(select(Referral.id)) is None
    if is_new:
        async with working(county.database, await county.stage.now()) as work:
            officer, catalogue = county.people["county_officer"], county.settings.catalogue
            draft = Draft("有难处找学校", "help", "622926100")
            await draft_campaign(work, catalogue, draft, county.people["township_officer"])
            case = await work.session.get_one(CaseFile, (await county.case("马小龙")).id)
            await propose_referral(work, case, department="human_resources", by=officer, reason="疑似在外务工")
    async with county.database.session() as session:
        found = [await session.scalar(select(table.id).order_by(table.id).limit(1)) for table in (AidRequest, Campaign, Referral)]
    aid, campaign, referral = (number or 0 for number in found)
    return aid, campaign, referral


async def test_every_page_in_both_languages_at_both_widths(office: County) -> None:
    async with serving(console_of(office)) as url, chromium() as browser:
        for width, (across, down) in WIDTHS.items():
            context = await browser.new_context(viewport={"width": across, "height": down}, locale="zh-CN", bypass_csp=True)
            desk = Desk(office, await context.new_page(), url)
            await desk.page.goto(f"{url}/login?lang=zh")
            await desk.checks("login")
            await desk.picture("login", "zh", width)
            await desk.enters("township_officer")
            for language in ("zh", "en"):
                for name, path in (await pages(office)).items():
                    await desk.page.goto(url + path)
                    await desk.checks(f"{name} {language} {width}")
                    assert await _sent(desk.page) < LARGEST, name
                    await desk.picture(name, language, width)
                await desk.looks_for("同学")
                await desk.checks(f"found {language} {width}")
                await desk.picture("found", language, width)
                await desk.page.goto(f"{url}/settings")
                await desk.page.click("#live form[action='/settings/language'] button")
                await desk.page.wait_for_load_state()
            assert desk.faults == []
            await context.close()


async def test_each_role_opens_its_morning_and_the_county_its_second_factor(office: County) -> None:
    async with serving(console_of(office)) as url, chromium() as browser:
        for role in ("class_teacher", "principal", "county_officer"):
            context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
            desk = Desk(office, await context.new_page(), url)
            await desk.enters(role)
            await desk.picture(f"today-{role}", "zh", "wide")
            await desk.page.goto(f"{url}/cases/{(await office.case('马小龙')).id}")
            assert "马小龙" in await desk.page.inner_text("h1")
            assert desk.faults == []
            await context.close()


async def test_an_officer_acts_opens_a_number_hears_news_and_uses_the_keys(office: County) -> None:
    app = console_of(office)
    news = _parts(app).news
    async with news.listening(office.web), serving(app) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
        desk = Desk(office, await context.new_page(), url)
        page = desk.page
        await desk.enters("township_officer")
        await page.keyboard.press("g")
        await page.keyboard.press("m")
        await page.wait_for_url("**/tasks")
        task = await office.task("issue_notice")
        card = page.locator(f"#task-{task.id}")
        await card.locator("summary").first.click()
        await card.locator("textarea").fill("签发")
        await card.locator("form[action$='/done'] button").first.click()
        await page.wait_for_url("**/tasks?said=done")
        assert (await office.notices())[0].issued_at is not None
        await page.goto(f"{url}/cases/{task.case_id}")
        await page.click("[data-open]")
        await page.wait_for_function("() => /^139\\d{8}$/.test(document.querySelector('.masked-text').textContent)")
        await page.goto(f"{url}/cases/{task.case_id}")
        await office.phones["father"].replies("明天送娃娃来")
        await page.wait_for_function("() => document.querySelector('.thread').textContent.includes('明天送娃娃来')", timeout=15_000)
        assert await _sent(page) < LARGEST
        await page.goto(f"{url}/templates/absence_question")
        await page.click("details.card > summary")
        await page.fill("[name=text_sms]", "【{{ signature }}】{{ child }}今天没来。" + "请回电话。" * 20)
        seen = "() => document.getElementById('previews').textContent.includes('小龙今天没来。请回电话。')"
        await page.wait_for_function(seen, timeout=10_000)
        assert "2 条短信" in await page.inner_text("#previews")
        assert desk.faults == []


@pytest.mark.parametrize("script", [True, False])
async def test_a_search_is_gone_back_to_and_reloaded_and_no_address_tells_its_words(office: County, script: bool) -> None:
    async with serving(console_of(office)) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", java_script_enabled=script)
        desk = Desk(office, await context.new_page(), url)
        page, child = desk.page, "马小龙"
        asked: list[str] = []
        page.on("request", lambda one: asked.append(f"{one.url} {one.headers.get('referer', '')}"))
        await desk.enters("township_officer")
        if script:
            await desk.looks_for(child)
        else:
            await page.fill("#find", child)
            await page.press("#find", "Enter")
        await page.wait_for_url("**/students?find=*")
        await page.click(f"#live a:has-text('{child}')")
        await page.wait_for_url(f"**/students/{office.students[child]}")
        await page.go_back()
        assert child in await page.inner_text("table")
        await page.reload()
        assert child in await page.inner_text("table")
        await page.goto(f"{url}/ledger")
        await page.fill(".filters [name=q]", child)
        await page.select_option(".filters [name=state]", "all")
        await page.click(".filters .primary")
        await page.wait_for_url("**/ledger?state=all&find=*")
        assert child in await page.inner_text("table")
        await page.click("form[action='/settings/language'] button")
        await page.wait_for_url("**/ledger?state=all&find=*")
        assert child in await page.inner_text("table")
        assert await page.input_value(".filters [name=q]") == child
        async with page.expect_download() as download:
            await page.click(".filters a[href*='.xlsx']")
        assert (await download.value).suggested_filename.startswith("ledger-")
        assert len(asked) > 10
        assert not [one for one in asked if child in unquote(one) or "%E9%A9%AC" in one]
        assert desk.faults == []
        await context.close()


async def test_progress_moves_while_somebody_looks(office: County) -> None:
    """The page itself looks how far an import is; of a batch its answer tells, and then where to go."""
    async with serving(console_of(office)) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", bypass_csp=True)
        desk = Desk(office, await context.new_page(), url)
        await desk.enters("county_officer")
        job = await _import_at(office, 120)
        await desk.page.goto(f"{url}/import/{job}")
        assert "120 / 400 行" in await desk.page.inner_text("#live")
        assert await desk.page.get_attribute("#live progress", "value") == "120"
        await desk.checks("import at work")
        await desk.picture("import-at-work", "zh", "wide")
        await _import_at(office, 260, job)
        await desk.page.wait_for_function("() => document.querySelector('#live progress').value === 260", timeout=10_000)
        await _import_at(office, 400, job, state="refused")
        await desk.page.wait_for_function("() => !document.querySelector('#live progress')", timeout=10_000)
        await context.close()

        context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN")
        desk = Desk(office, await context.new_page(), url)
        await desk.enters("township_officer")
        await desk.page.goto(f"{url}/notices?state=draft")
        await desk.page.evaluate(SEEN)
        desk.page.on("dialog", lambda dialog: dialog.accept())
        await desk.page.check("[name=ids]")
        await desk.page.click("[formaction='/notices/issue']")
        await desk.page.wait_for_url("**/notices?said=issued")
        assert (await office.notices())[0].issued_at is not None
        assert "1 / 1" in await desk.page.evaluate("() => sessionStorage.getItem('far')")
        assert desk.faults == []
        await context.close()


SEEN = """() => new MutationObserver(() => sessionStorage.setItem("far", document.getElementById("work").innerText))
    .observe(document.getElementById("work"), {subtree: true, childList: true, attributes: true})"""


async def _import_at(county: County, done: int, job_id: int | None = None, state: str = "taking") -> int:
    """An import by the county's officer, so far; new without `job_id`."""
    async with county.database.session() as session, session.begin():
        if job_id is not None:
            await session.execute(
                update(ImportJob).where(ImportJob.id == job_id).values(done=done, state=state, beaten_at=await real_now())
            )
            return job_id
        job = ImportJob(
            kind="roster", file_name="名册.xlsx", area_code="622926", person_id=county.people["county_officer"], state=state, done=done,
            total=400, created_at=await county.stage.now(), beaten_at=await real_now(),
        )  # fmt: skip
        session.add(job)
        await session.flush()
        return job.id


def _parts(app: Any) -> Any:
    """Beneath everything that guards the pages."""
    inner = app.app._pages
    while not hasattr(inner, "state"):
        inner = inner._app
    return inner.state.parts


async def _sent(page: Page) -> int:
    """Bytes that came over the line, headers not counted: static files are compressed."""
    script = "() => performance.getEntries().reduce((sum, one) => sum + (one.encodedBodySize || 0), 0)"
    return int(await page.evaluate(script))
