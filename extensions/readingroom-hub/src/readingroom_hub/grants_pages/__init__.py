"""The pages of access: who was given which study, until when, which guests were invited, and who broke the glass."""

from readingroom_hub.grants_pages.emergencies import BreakGlassPage, BreakGlassReviewPage
from readingroom_hub.grants_pages.grants import GrantChangePage, GrantsPage
from readingroom_hub.grants_pages.guests import GuestsPage
from readingroom_hub.records.base import RecordsHandler

PAGES: dict[str, type[RecordsHandler]] = {
    "grants": GrantsPage,
    "grants/([0-9a-f]{16})/(activate|revoke)": GrantChangePage,
    "guests": GuestsPage,
    "break-glass": BreakGlassPage,
    "break-glass/([0-9a-f]{16})/review": BreakGlassReviewPage,
}
"""The pages below the prefix of the records service."""
