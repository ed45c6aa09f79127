"""Whose name and number a certificate of a station bears, and whether its request may be granted (A00.FR.509, 511;
A02.FR.11–13)."""

from __future__ import annotations

from dataclasses import dataclass

from forecourt.domain.admission.model import Leniency, SecurityProfile
from forecourt.domain.certificates.neighbours import Rooms
from forecourt.domain.errors import conflict
from forecourt.domain.provisioning.model import Station
from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import SigningRequest, check_csr
from forecourt.pki.wording import quoted

CPO_NAME = "CpoName"
"""The configuration key (security whitepaper §7.1)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the certificate will say."""

    serial_number: str
    """Its common name."""
    organisation: str
    is_set_here: bool
    """Whatever the request has as its subject is passed over."""

    def check(self, request: SigningRequest) -> None:
        """Raises PkiError with a sentence for each fault."""
        check_csr(
            request,
            common_name=self.serial_number,
            organisation=self.organisation,
            checks_subject=not self.is_set_here,
        )

    def check_issued(self, leaf: Certificate) -> None:
        """Raises DomainError CONFLICT when a certificate says something else, because the serial number or the name was
        changed since it was asked for: the station would be refused with it."""
        if leaf.common_names != (self.serial_number,) or leaf.organisations != (self.organisation,):
            raise conflict(
                "The certificate is of {}, and has to name {!r} and {!r} now: it was asked for before that was "
                "changed.",
                quoted(leaf.subject),
                self.serial_number,
                self.organisation,
            )


def subject_of(station: Station, rooms: Rooms) -> Subject:
    """Raises DomainError CONFLICT when it is not known, with what to do about it."""
    access = rooms.accesses.access(station.key)
    serial_number = access.serial_number or rooms.accesses.reported_serial(station.key)
    if not serial_number:
        raise conflict(
            "The serial number that the certificate must name is not known (A00.FR.511): write it down for the "
            "station, or wait until it boots and tells it."
        )
    is_told_only = access.serial_number is None
    other = rooms.accesses.other_with_serial(station.key, serial_number, is_told_enough=is_told_only)
    if other is not None:
        raise conflict(
            "Another station, {!r}, has the serial number {!r} as well, and a certificate must name one station only "
            "(A00.FR.511): write the right ones down for both.",
            other,
            serial_number,
        )
    organisation = rooms.trust.policy().cpo_name or rooms.configuration.value(station, CPO_NAME)
    if not organisation:
        raise conflict(
            "The organization (O) that the certificate must name is not known (A00.FR.509): set cpoName in the "
            "security policy, or set and read CpoName at the station."
        )
    return Subject(serial_number, organisation, Leniency.SUBJECT_SET_BY_US in access.leniencies)


def doubts(station: Station, rooms: Rooms, subject: Subject) -> tuple[str, ...]:
    """What an operator should know who asks for a request, in sentences."""
    found = []
    at_station = rooms.configuration.value(station, CPO_NAME)
    if at_station is not None and at_station != subject.organisation and not subject.is_set_here:
        found.append(
            f"The station's CpoName is {at_station!r}, and its request is refused unless that is"
            f" {subject.organisation!r} (A02.FR.13): set it first."
        )
    if proves_nothing(station, rooms):
        found.append("The station has profile 0: nobody knows who takes the certificate. Give it a password before.")
    return tuple(found)


def proves_nothing(station: Station, rooms: Rooms) -> bool:
    """True for a station that need not prove who it is: whoever knows its identity could have a certificate in its
    name, so that it gets one only when an operator asks for it."""
    return rooms.accesses.access(station.key).profile is SecurityProfile.NONE
