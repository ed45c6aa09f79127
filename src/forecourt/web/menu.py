"""What the navigation offers. An entry that somebody may not open is not shown to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from forecourt.domain.access.permissions import Permission
from forecourt.web.language import mark as _


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the navigation. The label is translated where it is shown."""

    path: str
    label: str
    icon: str
    permission: Permission = Permission.VIEW


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    entries: Sequence[Entry]


MENU: Final = (
    Group(
        "",
        (
            Entry("/", _("Overview"), "home"),
            Entry("/stations", _("Stations"), "charging-pile"),
            Entry("/connectors", _("Connectors"), "plug"),
            Entry("/unknown-stations", _("Unknown stations"), "question-mark"),
            Entry("/alarms", _("Alarms"), "bell"),
        ),
    ),
    Group(
        _("Charging and tags"),
        (
            Entry("/transactions", _("Transactions"), "bolt"),
            Entry("/reservations", _("Reservations"), "calendar-event"),
            Entry("/id-tags", _("Id tags"), "id"),
            Entry("/drivers", _("Drivers"), "users"),
            Entry("/charging-profiles", _("Charging profiles"), "chart-line"),
            Entry("/local-lists", _("Local lists"), "list-details"),
        ),
    ),
    Group(
        _("Operations"),
        (
            Entry("/operations", _("Operations"), "tool"),
            Entry("/errands", _("Errands"), "checklist"),
            Entry("/jobs", _("Logs and updates"), "file-text"),
            Entry("/files", _("Files"), "files"),
            Entry("/firmware", _("Firmware"), "stack-2"),
        ),
    ),
    Group(
        _("Security"),
        (
            Entry("/security", _("Posture"), "shield-check"),
            Entry("/security-events", _("Security events"), "shield-x"),
            Entry("/security-log", _("Security log"), "file-text", Permission.AUDIT),
            Entry("/certificates", _("Station certificates"), "certificate"),
            Entry("/signed-certificates", _("Signed certificates"), "check"),
            Entry("/installed-certificates", _("Installed certificates"), "download"),
            Entry("/roll-overs", _("Root roll-overs"), "rotate-clockwise"),
            Entry("/trust", _("Trust store"), "shield-lock"),
            Entry("/server-certificates", _("Server certificates"), "server"),
            Entry("/ca", _("Own authority"), "affiliate"),
            Entry("/authorities", _("Outside authorities"), "world"),
            Entry("/security-policy", _("Security policy"), "adjustments"),
        ),
    ),
    Group(
        _("Administration"),
        (
            Entry("/people", _("People"), "user", Permission.ADMINISTER),
            Entry("/tokens", _("API tokens"), "key", Permission.ADMINISTER),
            Entry("/audit", _("Audit trail"), "history", Permission.AUDIT),
            Entry("/notifications", _("Notifications"), "mail", Permission.ADMINISTER),
            Entry("/settings", _("Settings"), "settings", Permission.ADMINISTER),
            Entry("/about", _("About"), "info-circle"),
        ),
    ),
)
