"""What became of a campaign, as a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cases.campaign_outcome import Outcome, Recipient
from cases.publicity_texts import library
from papers.workbook import Column, Sheet, workbook
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Campaign

COLUMNS = (("name", 14), ("area", 16), ("outcome", 14), ("why", 18), ("channel", 14))


def outcome_book(
    campaign: Campaign, plan: Plan, found: Outcome, people: Sequence[Recipient], areas: Mapping[str, str]
) -> bytes:  # fmt: skip
    """The same as a workbook: totals, and a row a person. `areas`: code → name."""
    book, labels, calendar = library(), library().labels["outcomes"], Calendar(plan)
    said = book.labels["outcome_sheet"]
    counts = [(labels[outcome]["zh"], count) for outcome, count in found.totals.items()]
    columns_of_totals = [Column(said["outcome"], 16), Column(said["people"], 12, "count")]
    spent = said["no_price" if found.cost is None else "cost"].format(parts=found.parts, cost=found.cost)
    totals = Sheet(
        said["totals"], said["totals_title"].format(campaign=campaign.name), columns_of_totals, counts,
        notes=[spent], sums=(said["totals"], sum(found.totals.values())),
    )  # fmt: skip
    columns = [Column(said[name], width) for name, width in COLUMNS] + [Column(said["sent"], 18, "moment")]
    rows = [
        (
            one.name, areas.get(one.area_code, one.area_code), labels[one.outcome]["zh"], book.reason(one.why) if one.why else "",
            book.channel(one.channel), calendar.local(one.sent_at) if one.sent_at else None,
        )
        for one in people
    ]  # fmt: skip
    return workbook([totals, Sheet(said["list"], said["list_title"].format(campaign=campaign.name), columns, rows)])
