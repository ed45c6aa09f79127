"""The business, by name, and where its work is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from forecourt.domain.access.accounts import Accounts
from forecourt.domain.access.service import Access
from forecourt.domain.access.sessions import Sessions
from forecourt.domain.admission.passwords import Passwords
from forecourt.domain.admission.profile_upgrades import ProfileUpgrades
from forecourt.domain.admission.service import Admissions
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.audit.service import Audit
from forecourt.domain.authorities.own_ca import OwnCa
from forecourt.domain.authorities.service import Authorities
from forecourt.domain.authorization.service import Authorization
from forecourt.domain.availability.service import Availability
from forecourt.domain.certificates.service import Certificates
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.data_transfer.service import DataTransfer
from forecourt.domain.diagnostics.service import Diagnostics
from forecourt.domain.drivers.service import Drivers
from forecourt.domain.errands.service import Errands
from forecourt.domain.events.service import Events
from forecourt.domain.events.watch import Watch
from forecourt.domain.files.service import Files
from forecourt.domain.firmware.images import FirmwareImages
from forecourt.domain.firmware.keys import FirmwareKeys
from forecourt.domain.firmware.service import Firmware
from forecourt.domain.jobs.service import Jobs
from forecourt.domain.listener_certificates.service import ListenerCertificates
from forecourt.domain.local_list.service import LocalLists
from forecourt.domain.message_log.service import MessageLog
from forecourt.domain.notifications.dispatch import Dispatch
from forecourt.domain.notifications.service import Notifications
from forecourt.domain.overview.service import Overview
from forecourt.domain.presence.service import Presence
from forecourt.domain.provisioning.service import Provisioning
from forecourt.domain.pulse.service import Pulse
from forecourt.domain.remote_control.service import RemoteControl
from forecourt.domain.reservation.service import Reservations
from forecourt.domain.rollovers.service import Rollovers
from forecourt.domain.roots.service import Roots
from forecourt.domain.security.service import Security
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.signing.service import SigningDesk
from forecourt.domain.smart_charging.service import SmartCharging
from forecourt.domain.transactions.service import Transactions
from forecourt.domain.trust.service import Trust


class Timed(Protocol):
    """Something that ends by itself when its time has come."""

    def is_due(self) -> bool:
        """True when there is something to settle. Asked every second, so it is cheap; it changes nothing."""
        ...

    def settle(self) -> None:
        """Do what is due."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Every domain service. What is called on them belongs to the unit of work in which they are handed out."""

    provisioning: Provisioning
    authorization: Authorization
    drivers: Drivers
    transactions: Transactions
    availability: Availability
    overview: Overview
    files: Files
    firmware: Firmware
    firmware_images: FirmwareImages
    firmware_keys: FirmwareKeys
    diagnostics: Diagnostics
    data_transfer: DataTransfer
    presence: Presence
    pulse: Pulse
    access: Access
    accounts: Accounts
    sessions: Sessions
    audit: Audit
    alarms: Alarms
    authorities: Authorities
    own_ca: OwnCa
    certificates: Certificates
    signing: SigningDesk
    listener_certificates: ListenerCertificates
    admissions: Admissions
    passwords: Passwords
    profile_upgrades: ProfileUpgrades
    errands: Errands
    events: Events
    watch: Watch
    notifications: Notifications
    dispatch: Dispatch
    jobs: Jobs
    security: Security
    security_log: SecurityLog
    trust: Trust
    configuration: Configuration
    local_lists: LocalLists
    message_log: MessageLog
    remote_control: RemoteControl
    reservations: Reservations
    roots: Roots
    rollovers: Rollovers
    smart_charging: SmartCharging

    def timed(self) -> Sequence[Timed]:
        """Everything in which time passes, to be looked at every second."""
        return (
            self.errands,
            self.remote_control,
            self.reservations,
            self.files,
            self.signing,
            self.rollovers,
            self.listener_certificates,
            self.certificates,
            self.trust,
            self.message_log,
            self.watch,
        )


Result = TypeVar("Result")


class Workspace(Protocol):
    """Where doors have units of work done. A work is a function of the services; it must not keep them."""

    async def write(self, work: Callable[[Services], Result]) -> Result:
        """Do it in a unit of work; when this returns, it is on disk.

        Raises what the work raised, after which nothing of it is stored, or DomainError UNAVAILABLE when the
        database did not take it.
        """
        ...

    async def read(self, work: Callable[[Services], Result]) -> Result:
        """Answer a question from what is committed, without waiting for writers."""
        ...
