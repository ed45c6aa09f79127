"""A station that has a certificate made and delivered, step by step, with every order of events in the test's hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from forecourt.domain.admission.model import Entry, Leniency, SecurityProfile, needs_record
from forecourt.domain.alarms.model import Alarm, AlarmFilter, Topic
from forecourt.domain.certificates.model import (
    CalendarEntry,
    CalendarFilter,
    CertificateOrder,
    OrderFilter,
    OrderState,
    Taken,
)
from forecourt.domain.errands.model import Errand
from forecourt.domain.security_log.model import Kind, NoteFilter
from forecourt.domain.signing.model import Assignment, Issued
from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import SigningRequest
from tests.domain.world import ALL
from tests.support.authority import OPERATOR, Authority, Validity
from tests.support.carrying import Carried, Carrying, Json
from tests.support.clock import NOON
from tests.support.signings import a_csr, leaf_for
from tests.support.workspace import PlainHasher, services_over

SERIAL = "SN-1"
YEAR = Validity(timedelta(hours=-1), timedelta(days=365))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CLERK = "clerk"
ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
TRIGGER = ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
ROOT = Authority.root(now=NOON)
ISSUING = ROOT.sub(validity=Validity(timedelta(days=-1), timedelta(days=3000)))

USED, INSTALLED, DOUBTFUL, DELIVERING = (
    OrderState.USED,
    OrderState.INSTALLED,
    OrderState.DOUBTFUL,
    OrderState.DELIVERING,
)


class Workshop(Carried):
    """CP-1, on line, with profile 2, the serial number SN-1 and the operator's name known. An authority outside
    signs when the test lets it."""

    def __init__(self, *, is_online: bool = True) -> None:
        super().__init__(is_online=is_online)
        self.authority = ISSUING
        self.services.trust.change_policy(lambda known: replace(known, cpo_name=OPERATOR), asked_by="admin")
        self.decides(SecurityProfile.TLS_BASIC)
        self.services.admissions.change(self.station, serial_number=SERIAL, asked_by="admin")

    def decides(self, profile: SecurityProfile) -> None:
        self.services.admissions.set_profile(self.station, profile, may_lower=True, asked_by="admin")

    def forgets(self, what: str) -> None:
        """What certificates have to name is not known any more: the ``serial`` number, or the name of the operator."""
        if what == "serial":
            self.services.admissions.change(self.station, serial_number=None, asked_by="admin")
        else:
            self.services.trust.change_policy(lambda known: replace(known, cpo_name=None), asked_by="admin")

    def excuses(self, *leniencies: Leniency) -> None:
        self.services.admissions.change(self.station, leniencies=frozenset(leniencies), asked_by="admin")

    def knows_the_station_anew(self) -> None:
        """Somebody changed it."""
        self.station = self.services.provisioning.get_station(self.station.identity)
        self.carrying = Carrying(self.services, self.station)

    def restarts(self) -> None:
        """The process ends and another one begins; what was sent stays out."""
        sent = self.carrying.sent if self.carrying.has_sent else None
        self.services = services_over(self.unit, self.clock, PlainHasher())
        self.carrying = Carrying(self.services, self.station)
        if sent is not None:
            self.carrying.goes_on_with(sent)

    # Asking

    def renews(self) -> Errand:
        """An operator asks, and the station says that it will send a request."""
        errand = self.asks("RenewCertificate")
        assert self.sends() == TRIGGER
        self.answers(**ACCEPTED)
        return errand

    def requests(self, request: SigningRequest | None = None) -> SigningRequest:
        """The station sends a request, which is taken."""
        request = request or a_csr(SERIAL)
        assert self.sends_request(request) == ACCEPTED
        return request

    def sends_request(self, request: SigningRequest) -> Json:
        return self.says("SignCertificate", csr=request.pem)

    # Signing

    def signs(self, validity: Validity = YEAR) -> Certificate:
        """The authority signs the one request that waits."""
        [assignment] = self.services.signing.claim(CLERK, 10)
        return self.signed(assignment, validity)

    def signed(self, assignment: Assignment, validity: Validity = YEAR) -> Certificate:
        """The authority signs one that was claimed."""
        issuing = replace(self.authority, now=self.clock.now())
        leaf = leaf_for(issuing, assignment.wanted, validity=validity)
        assert self.services.signing.ended(assignment.number, CLERK, Issued((leaf, *issuing.presented)))
        return leaf

    def is_refused_by_the_authority(self, sentence: str = "Not for you.") -> None:
        [assignment] = self.services.signing.claim(CLERK, 10)
        assert self.services.signing.refused(assignment.number, CLERK, sentence)

    def is_issued(self, validity: Validity = YEAR) -> Certificate:
        """The station asked, and an errand brings what was issued."""
        self.requests()
        return self.signs(validity)

    # Delivering

    def is_sent(self) -> Json:
        """The certificate is sent; the payload."""
        action, payload = self.sends()
        assert action == "CertificateSigned"
        return payload

    def takes(self, validity: Validity = YEAR) -> Certificate:
        """The station asked for a certificate and took it."""
        leaf = self.is_issued(validity)
        self.is_sent()
        self.answers(**ACCEPTED)
        return leaf

    def shows(self, certificate: Certificate, profile: SecurityProfile = SecurityProfile.TLS_CERTIFICATE) -> bool:
        """The station connects with a certificate; False when the door refuses it because it is revoked."""
        if self.is_revoked(certificate):
            return False
        self.decides(profile)
        self.is_let_in(certificate, profile)
        self.comes_back(certificate)
        return True

    def is_let_in(self, certificate: Certificate, profile: SecurityProfile = SecurityProfile.TLS_CERTIFICATE) -> None:
        """It is recorded that the station is let in with a certificate; it may never learn of it."""
        caller = self.services.admissions.find(self.station.identity)
        assert caller is not None
        entry = Entry(profile=profile, is_tls=True, fingerprint=certificate.fingerprint, certificate=certificate)
        if needs_record(caller.access, entry):
            self.services.admissions.admitted(self.station, entry)

    def stays(self) -> None:
        """The station stays connected for a while."""
        self.passes(timedelta(seconds=20))

    def uses(self, validity: Validity = YEAR) -> Certificate:
        """The station has a certificate that was ordered here, and connected with it."""
        leaf = self.takes(validity)
        assert self.shows(leaf)
        return leaf

    def comes_back(self, certificate: Certificate | None = None) -> None:
        """It is on line over a new link, on which it showed this certificate or none."""
        self.carrying.leaves()
        self.carrying.comes()
        shown = None if certificate is None else certificate.fingerprint
        self.unit.execute("UPDATE link SET fingerprint = ? WHERE station_key = ?", (shown, self.station.key))

    def boots(self) -> None:
        self.says("BootNotification", chargePointVendor="V", chargePointModel="M", chargePointSerialNumber=SERIAL)

    # Time

    def passes(self, duration: timedelta) -> None:
        """Time passes, and what is due is done."""
        self.clock.advance(duration)
        for room in (self.services.errands, self.services.certificates, self.services.signing):
            if room.is_due():
                room.settle()

    # What is known

    @property
    def orders(self) -> list[CertificateOrder]:
        """Oldest first."""
        return list(reversed(self.services.certificates.orders(OrderFilter(), ALL).items))

    @property
    def order(self) -> CertificateOrder:
        """The newest."""
        return self.orders[-1]

    @property
    def states(self) -> list[OrderState]:
        return [order.state for order in self.orders]

    @property
    def known(self) -> tuple[OrderState, Taken]:
        """Of the newest order."""
        return self.order.state, self.order.taken

    def is_revoked(self, certificate: Certificate) -> bool:
        return self.services.trust.is_revoked(certificate.issuer_hash, certificate.serial)

    def alarms(self, topic: Topic = Topic.CERTIFICATE_ORDER) -> Sequence[Alarm]:
        """The open ones of the station."""
        wanted = AlarmFilter(topics=frozenset({topic}), is_open=True)
        return self.services.alarms.list(wanted, ALL).items

    def notes(self, kind: Kind) -> list[str]:
        found = self.services.security_log.list(NoteFilter(kinds=frozenset({kind})), ALL).items
        return [stored.note.reason for stored in found]

    def calendar(self) -> CalendarEntry:
        [entry] = self.services.certificates.calendar(CalendarFilter(), ALL).items
        return entry


def is_asked(shop: Workshop) -> bool:
    """The station is asked for a request now, and says that it will send one."""
    if not shop.has_something_to_send:
        return False
    assert shop.sends() == TRIGGER
    shop.answers(**ACCEPTED)
    return True
