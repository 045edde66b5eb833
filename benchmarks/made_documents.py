"""Incident reports in any number, for measuring: the same seed gives the same texts."""

from __future__ import annotations

import random
from collections.abc import Iterator

from sample_library.markup import Source, parse

_SYSTEMS = (
    "loyalty-api|voucher|redemption requests", "search-index|catalogue|product updates",
    "mail-gateway|newsletter|outgoing mails", "route-planner|delivery|tour calculations",
    "stock-ledger|warehouse|stock movements", "price-import|supplier|price lists",
    "image-resizer|media|thumbnails", "session-store|login|session lookups",
    "invoice-renderer|billing|invoices", "fleet-tracker|telemetry|positions",
)  # fmt: skip
_CAUSES = (
    "a connection pool of {n} was shared by two services and the slower one took all of it",
    "a certificate of the load balancer ran out at midnight and clients retried without a pause",
    "a cron job started {n} times at once after the clocks of two hosts had drifted apart",
    "an index was missing after a schema change, so each lookup read the whole table",
    "the queue's consumer acknowledged messages before it had handled them",
    "a feature flag was switched on for all shops instead of for {n} per cent of them",
    "a DNS entry kept pointing to a host that had been taken out the week before",
    "a thread pool waited for itself, as a task asked for another task of the same pool",
    "a third party limited us to {n} calls a minute without saying so in its errors",
    "a batch of {n} thousand rows held a lock for longer than the time limit of its readers",
)
_SIGNS = (
    "error rate at {n} per cent", "latency of the slowest hundredth at {n} seconds", "queue length above {n} thousand",
    "{n} alarms in one minute", "memory of the pods at {n} per cent", "retries at {n} times the usual number",
)  # fmt: skip
_STEPS = (
    "{who} looks at the dashboards of {system} and sees {sign}.",
    "{who} rolls back the release of the morning; nothing changes.",
    "{who} doubles the number of replicas of {system}. It takes the load for {n} minutes.",
    "{who} finds the first error in the log of {system}, {n} minutes before the alarm.",
    "Customers of {area} report that their {things} are late.",
    "{who} switches the traffic of {area} to the second data centre.",
    "The vendor answers and confirms the limit of {n}.",
    "{who} stops the retries and {system} recovers within {n} seconds.",
)
_REMEDIES = (
    "{system} got a pool of its own, limited to {n} connections.",
    "Retries wait twice as long each time, up to {n} seconds.",
    "The alarm compares {things} of this hour with those of last week.",
    "The release was repeated with {n} per cent of the traffic first.",
    "A job that finds another one running ends at once.",
    "Reads that take more than {n} seconds are cut off and told to the owner.",
)
_WHO = ("The on-call", "A developer", "The database engineer", "The duty manager", "A colleague of the web team")
_LESSONS = (
    "What is shared breaks for all who share it.", "Say the limit before somebody else finds it.",
    "An alarm that nobody can act on is noise.", "Look for what changed before looking for what is slow.",
    "The second deploy is the one to be careful with.", "Numbers without a usual value tell nothing.",
)  # fmt: skip


def reports(seed: int) -> Iterator[Source]:
    """Reports without end, each of two pages or so."""
    dice = random.Random(seed)
    number = 0
    while True:
        number += 1
        yield parse(_report(number, dice))


def _report(number: int, dice: random.Random) -> str:
    system, area, things = dice.choice(_SYSTEMS).split("|")
    day = f"20{dice.randint(19, 24)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"

    def said(texts: tuple[str, ...], count: int) -> list[str]:
        chosen = [dice.choice(texts) for _ in range(count)]
        return [_filled(text, dice, system=system, area=area, things=things) for text in chosen]

    hour, minute = dice.randint(0, 20), dice.randint(0, 9)
    times = [f"{hour + at // 4:02d}:{minute + at % 4 * 13:02d}" for at in range(16)]
    rows = [f"| {time} | {step} |" for time, step in zip(times, said(_STEPS, len(times)), strict=True)]
    actions = [
        f"| {n} | {text} | {area} team | {day} | done |" for n, text in enumerate(said(_REMEDIES, 5), 1)
    ]  # fmt: skip
    cause, other = said(_CAUSES, 2)
    paragraphs = [
        f"---\nid: INC-{number:04d}\ntitle: {system}: late {things}\ndate: {day}\nseverity: SEV-3\n---",
        f"## Summary\n\nOn {day} {things} of {area} were late because {cause}. {' '.join(said(_STEPS, 6))}",
        "## Impact\n\n" + "\n".join(f"- {text}" for text in said(_STEPS, 5)),
        f"## Detection\n\n{' '.join(said(_STEPS, 7))}",
        "## Timeline\n\n| Time (UTC) | What happened |\n| --- | --- |\n" + "\n".join(rows),
        f"## Root cause\n\nIn {system} {cause}. Beside that, {other}. {' '.join(said(_STEPS, 8))}",
        f"## Resolution\n\n{' '.join(said(_REMEDIES, 7))}",
        "## What did not help\n\n" + "\n".join(f"- {text}" for text in said(_STEPS, 5)),
        "## Action items\n\n| # | Action | Owner | Due | Status |\n| --- | --- | --- | --- | --- |\n"
        + "\n".join(actions),
        "## Lessons\n\n" + "\n".join(f"- {text}" for text in said(_LESSONS, 4)),
    ]
    return "\n\n".join(paragraphs).replace("---\n\n##", "---\n##", 1)


def _filled(text: str, dice: random.Random, **names: str) -> str:
    sign = dice.choice(_SIGNS).replace("{n}", str(dice.randint(3, 95)))
    return text.format(n=dice.randint(2, 90), who=dice.choice(_WHO), sign=sign, **names)
