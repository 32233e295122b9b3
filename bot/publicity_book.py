"""What became of a campaign, as a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cases.campaign_outcome import Outcome, Recipient
from cases.publicity_texts import library
from papers.workbook import Column, Sheet, workbook
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Campaign


def outcome_book(
    campaign: Campaign, plan: Plan, found: Outcome, people: Sequence[Recipient], areas: Mapping[str, str]
) -> bytes:  # fmt: skip
    """The same as a workbook: totals, and a row a person. `areas`: code → name."""
    book, labels, calendar = library(), library().labels["outcomes"], Calendar(plan)
    totals = Sheet(
        "合计", f"{campaign.name}：发送结果合计", [Column("结果", 16), Column("人数", 12, "count")],
        [(labels[outcome]["zh"], count) for outcome, count in found.totals.items()],
        notes=[f"短信{found.parts}条，费用{found.cost:.2f}元"], sums=("合计", sum(found.totals.values())),
    )  # fmt: skip
    columns = [
        Column("姓名", 14),
        Column("地区", 16),
        Column("结果", 14),
        Column("原因", 18),
        Column("渠道", 14),
        Column("发出", 18, "moment"),
    ]
    rows = [
        (
            one.name, areas.get(one.area_code, one.area_code), labels[one.outcome]["zh"], book.reason(one.why) if one.why else "",
            book.channel(one.channel), calendar.local(one.sent_at) if one.sent_at else None,
        )
        for one in people
    ]  # fmt: skip
    return workbook([totals, Sheet("名单", f"{campaign.name}：发送结果名单", columns, rows)])
