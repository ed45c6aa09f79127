"""The security posture: how stations come in, what is weak in it, and where each is mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from litestar import Controller, Response, get

from forecourt.asgi.paths import to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import AccessCount, Leniency, SecurityProfile
from forecourt.domain.alarms.model import OpenAlarms
from forecourt.domain.certificates.model import CalendarEntry, CalendarFilter
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkCount
from forecourt.domain.security_log.model import REFUSALS, Kind, NoteFilter, StoredNote
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Policy, RevocationMode, ServerChain
from forecourt.web.language import gettext as _
from forecourt.web.language import ngettext
from forecourt.web.pages.security.lists import SOON
from forecourt.web.visit import Visiting
from forecourt.web.wording import label

OLD_TLS: Final = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
REFUSED_WITHIN: Final = timedelta(days=1)
NOTES: Final = 500
"""So many refusals are looked at; when there are more, the newest count."""
ENDING: Final = 10
"""So many certificates that end soon are named."""
LOOKED_AT: Final = 100
"""Among so many of the calendar, where stations that wait for their first one come first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as safe as it can be, what to do about it, and where."""

    tone: str
    sentence: str
    advice: str
    link: str
    link_text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the posture is judged by."""

    access: Sequence[AccessCount]
    links: Sequence[LinkCount]
    policy: Policy
    served: Sequence[ServerChain]
    ending: Sequence[CalendarEntry]
    alarms: OpenAlarms
    refusals: Sequence[StoredNote]

    @property
    def profiles(self) -> Mapping[SecurityProfile, int]:
        counted = dict.fromkeys(SecurityProfile, 0)
        for one in self.access:
            counted[one.profile] += one.stations
        return counted

    @property
    def leniencies(self) -> Mapping[Leniency, int]:
        counted: Counter[Leniency] = Counter()
        for one in self.access:
            counted.update(dict.fromkeys(one.leniencies, one.stations))
        return counted

    @property
    def bare(self) -> int:
        """Stations that have not shown a certificate of their own."""
        return sum(one.stations for one in self.access if not one.has_own_certificate)

    @property
    def reasons(self) -> Sequence[tuple[Kind, int]]:
        counted: Counter[Kind] = Counter()
        for stored in self.refusals:
            counted[stored.note.kind] += stored.note.count
        return counted.most_common()


class PosturePage(Controller):
    @get("/security", permission=Permission.VIEW)
    async def show(self, visit: Visiting) -> Response[str]:
        now, may_audit = visit.house.clock.now(), visit.may(Permission.AUDIT)
        refused = NoteFilter(kinds=REFUSALS, since=now - REFUSED_WITHIN)

        def read(services: Services) -> Facts:
            return Facts(
                access=services.admissions.counts(),
                links=services.presence.counts(),
                policy=services.trust.policy(),
                served=[one for one in services.trust.server_certificates() if one.is_enabled],
                ending=_ending(services, now),
                alarms=services.alarms.open_counts(),
                refusals=services.security_log.list(refused, PageRequest(NOTES)).items if may_audit else (),
            )

        facts = await visit.read(read)
        found = [*findings(facts)]
        return visit.show(
            "security/posture.html",
            facts=facts,
            findings=found,
            old_tls=OLD_TLS,
            total=sum(facts.profiles.values()),
            now=now,
        )


def _ending(services: Services, now: datetime) -> Sequence[CalendarEntry]:
    page = services.certificates.calendar(CalendarFilter(expires_before=now + SOON), PageRequest(LOOKED_AT))
    return [one for one in page.items if one.sheet.covered_until is not None][:ENDING]


def findings(facts: Facts) -> Iterator[Finding]:
    """What is worst comes first."""
    yield from sorted(
        (*_of_stations(facts), *_of_links(facts), *_of_certificates(facts), *_of_policy(facts)), key=_rank
    )


def _rank(finding: Finding) -> int:
    return 0 if finding.tone == "bad" else 1


def _of_stations(facts: Facts) -> Iterator[Finding]:
    profiles = facts.profiles
    if number := profiles[SecurityProfile.NONE]:
        yield Finding(
            "bad",
            ngettext(
                "%(num)d station proves nothing of who it is (profile 0).",
                "%(num)d stations prove nothing of who they are (profile 0).",
                number,
            )
            % {"num": number},
            _("Give them passwords and raise their profile; anybody who knows a name can pretend to be the station."),
            "/profile-upgrades?fromProfile=0",
            _("Raise them"),
        )
    if number := profiles[SecurityProfile.BASIC]:
        yield Finding(
            "warn",
            ngettext(
                "%(num)d station sends its password without TLS (profile 1).",
                "%(num)d stations send their passwords without TLS (profile 1).",
                number,
            )
            % {"num": number},
            _("Only a network that is closed otherwise protects it (A00.FR.201): raise them to profile 2 or 3."),
            "/profile-upgrades?fromProfile=1",
            _("Raise them"),
        )
    for leniency, number in sorted(facts.leniencies.items(), key=lambda pair: pair[0].value):
        example = next(one.example for one in facts.access if leniency in one.leniencies)
        yield Finding(
            "warn",
            ngettext(
                "“%(what)s” is excused in %(num)d station: %(station)s.",
                "“%(what)s” is excused in %(num)d stations, such as %(station)s.",
                number,
            )
            % {"what": label(leniency), "num": number, "station": example},
            _("Take it back once the station can do without it."),
            f"/stations/{to_path(example)}/security",
            _("Look at it"),
        )


def _of_links(facts: Facts) -> Iterator[Finding]:
    for one in facts.links:
        if one.tls_version in OLD_TLS:
            yield Finding(
                "bad",
                ngettext(
                    "%(num)d station is connected by %(version)s at the listener %(listener)s: %(station)s.",
                    "%(num)d stations are connected by %(version)s at the listener %(listener)s, such as %(station)s.",
                    one.stations,
                )
                % {
                    "num": one.stations,
                    "version": one.tls_version,
                    "listener": one.listener,
                    "station": one.example,
                },
                _("That version is broken (A00.FR.312): update the firmware of the station."),
                f"/stations/{to_path(one.example)}",
                _("Look at it"),
            )


def _of_certificates(facts: Facts) -> Iterator[Finding]:
    bare = [
        one for one in facts.access if one.profile is SecurityProfile.TLS_CERTIFICATE and not one.has_own_certificate
    ]
    if number := sum(one.stations for one in bare):
        yield Finding(
            "warn",
            ngettext(
                "%(num)d station of profile 3 has not shown a certificate of the operator: %(station)s.",
                "%(num)d stations of profile 3 have not shown a certificate of the operator, such as %(station)s.",
                number,
            )
            % {"num": number, "station": bare[0].example},
            _("Until they have one, their maker's is accepted, or they do not come in at all: order one."),
            f"/stations/{to_path(bare[0].example)}/upgrade",
            _("Order one"),
        )
    if facts.ending:
        yield Finding(
            "warn",
            _("Certificates of stations end within 30 days, the first is that of %(station)s.")
            % {"station": facts.ending[0].station},
            _("See whether each is renewed by itself."),
            "/certificates?expires=30",
            _("See which"),
        )
    if not facts.served:
        yield Finding(
            "bad",
            _("No server certificate is presented."),
            _("Without one no station can connect by TLS, and profiles 2 and 3 are out of reach."),
            "/server-certificates",
            _("Have one managed"),
        )


def _of_policy(facts: Facts) -> Iterator[Finding]:
    policy = facts.policy
    mend = "/security-policy", _("Change the policy")
    if policy.new_station_profile is SecurityProfile.NONE:
        advice = _("Let new stations begin with profile 1 or higher.")
        yield Finding("warn", _("New stations need not prove who they are."), advice, *mend)
    if policy.cpo_name is None:
        advice = _("Say it: no certificate of a station can be ordered before.")
        yield Finding("warn", _("The operator's name (CpoName) is not set."), advice, *mend)
    if policy.revocation is RevocationMode.OFF:
        advice = _("A certificate that its authority has revoked still opens the door: choose soft or hard.")
        yield Finding("warn", _("Lists and responders of outside authorities are not asked."), advice, *mend)
    if facts.alarms.total:
        yield Finding(
            "warn",
            ngettext("%(num)d alarm is open.", "%(num)d alarms are open.", facts.alarms.total)
            % {"num": facts.alarms.total},
            _("Each says what to do."),
            "/alarms",
            _("See the alarms"),
        )
