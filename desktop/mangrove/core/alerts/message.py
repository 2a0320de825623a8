"""The words of alerts: one message for everything that one look found to tell."""

from collections.abc import Sequence

from mangrove.core.alerts.alert import Announcement, Occasion, Severity
from mangrove.core.alerts.delivery import Message
from mangrove.core.explain import duration_text
from mangrove.core.wording import counted

NAME = "Mangrove"
_LEADS = {
    Occasion.OPENED: "",
    Occasion.WORSE: "worse: ",
    Occasion.AGAIN: "still: ",
    Occasion.RECOVERED: "over: ",
}
TEST_MESSAGE = Message(
    f"{NAME}: a test message",
    "This is a test. Alerts about your backups will arrive here.\nNothing is wrong.",
    Severity.NOTE,
    is_good_news=True,
)


def message_of(announcements: Sequence[Announcement], workstation: str = "") -> Message:
    """Write one message: the most urgent first, what is over last.

    Args:
        announcements: At least one.
        workstation: The name of this machine, for people who have several.
    """
    ordered = sorted(announcements, key=_urgency)
    bad = [item for item in ordered if item.occasion is not Occasion.RECOVERED]
    worst = max((i.alert.severity for i in bad), key=lambda s: s.rank, default=Severity.NOTE)
    paragraphs = [_paragraph(item) for item in ordered]
    if workstation:
        paragraphs.append(f"From {workstation}.")
    return Message(_title(ordered, bad), "\n\n".join(paragraphs), worst, is_good_news=not bad)


def _urgency(item: Announcement) -> tuple[bool, int, str]:
    is_over = item.occasion is Occasion.RECOVERED
    return is_over, -item.alert.severity.rank, item.alert.key


def _title(ordered: Sequence[Announcement], bad: Sequence[Announcement]) -> str:
    first = ordered[0]
    title = f"{NAME}: {_LEADS[first.occasion]}{first.alert.trouble.title}"
    more = len(ordered) - 1
    if not more:
        return title
    if not bad:
        return f"{NAME}: {counted(len(ordered), 'alert')} over"
    return f"{title}, and {more} more"


def _paragraph(item: Announcement) -> str:
    alert = item.alert
    trouble = alert.trouble
    if item.occasion is Occasion.RECOVERED:
        end = alert.recovered_at or alert.seen_at
        lasted = duration_text(end - alert.opened_at)
        return f"Over, after {lasted}: {trouble.title}."
    lead = _LEADS[item.occasion]
    sentence = _as_sentence(f"{lead}{trouble.sentence}")
    since = f"Since {alert.opened_at:%Y-%m-%d %H:%M} UTC."
    hint = _as_sentence(f"what to do: {trouble.hint}") if trouble.hint else ""
    marked = f"{alert.severity.value.capitalize()}. {sentence}"
    return "\n".join(part for part in (marked, since, hint) if part)


def _as_sentence(text: str) -> str:
    start = text[:1].upper() + text[1:]
    return start if start.endswith((".", "?", "!")) else f"{start}."
