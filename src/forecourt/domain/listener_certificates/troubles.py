"""What people are told of managed server certificates that are in trouble, in sentences."""

from __future__ import annotations

from datetime import datetime

from forecourt.domain.listener_certificates.model import FAST_LIMIT, Member, Wish
from forecourt.domain.listener_certificates.timing import SHORT_LIFE


def unfit_life(member: Member, wish: Wish, *, ends: datetime, now: datetime) -> str | None:
    """Why what was put in place lives too short or too long, or None."""
    if ends - now < SHORT_LIFE:
        sentence = f"The server certificate {member.name!r} is good until {ends:%Y-%m-%d %H:%M} UTC only, which is"
        return f"{sentence} too short to be renewed in peace; set up the authority."
    if wish.is_fast and ends - now > FAST_LIMIT:
        sentence = f"The server certificate {member.name!r} shall expire within a day (A00.FR.701), and its authority"
        return f"{sentence} gave one until {ends:%Y-%m-%d %H:%M} UTC; set up the authority."
    return None


def failed(member: Member, sentence: str, again: datetime) -> str:
    """There is no new one, and why."""
    what = f"No new server certificate {member.name!r} ({_in_place(member)}): {sentence}"
    return f"{what} It is tried again at {again:%Y-%m-%d %H:%M} UTC."


def late(member: Member) -> str:
    """It should be there by now."""
    why = member.reason or "Its authority has not answered yet; see its signing request."
    how = "is not there yet" if member.placed_at is None else "was not renewed in time"
    return f"The server certificate {member.name!r} {how} ({_in_place(member)}). {why}"


def _in_place(member: Member) -> str:
    if member.not_after is None:
        return "none is in place"
    return f"the one in place ends at {member.not_after:%Y-%m-%d %H:%M} UTC"
