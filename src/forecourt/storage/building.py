"""How the services are built over the stores of one unit of work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from forecourt.clock import Clock
from forecourt.domain.access.accounts import Accounts
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.access.service import Access
from forecourt.domain.access.sessions import Sessions
from forecourt.domain.admission.ledger import Ledger
from forecourt.domain.admission.passwords import Passwords
from forecourt.domain.admission.profile_upgrades import ProfileUpgrades
from forecourt.domain.admission.service import Admissions
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.audit.service import KEPT as AUDIT_KEPT
from forecourt.domain.audit.service import Audit
from forecourt.domain.authorities.model import OWN
from forecourt.domain.authorities.own_ca import OwnCa
from forecourt.domain.authorities.own_part import Neighbours
from forecourt.domain.authorities.service import Authorities
from forecourt.domain.authorization.service import Authorization
from forecourt.domain.availability.service import Availability
from forecourt.domain.certificates.neighbours import Rooms
from forecourt.domain.certificates.revoking import Revoker
from forecourt.domain.certificates.service import Certificates
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.data_transfer.service import DataTransfer
from forecourt.domain.diagnostics.service import Diagnostics
from forecourt.domain.drivers.service import Drivers
from forecourt.domain.errands.service import Errands as ErrandService
from forecourt.domain.events.service import Events
from forecourt.domain.events.watch import Watch
from forecourt.domain.files.model import FilePolicy
from forecourt.domain.files.service import Files
from forecourt.domain.files.shelf import Area
from forecourt.domain.firmware.images import FirmwareImages
from forecourt.domain.firmware.keys import FirmwareKeys
from forecourt.domain.firmware.service import Firmware
from forecourt.domain.jobs.service import Jobs as JobService
from forecourt.domain.listener_certificates.service import ListenerCertificates
from forecourt.domain.local_list.service import LocalLists
from forecourt.domain.message_log.model import MessagePolicy
from forecourt.domain.message_log.service import MessageLog
from forecourt.domain.notifications.dispatch import Dispatch
from forecourt.domain.notifications.service import Notifications
from forecourt.domain.overview.service import Overview
from forecourt.domain.presence.service import Presence
from forecourt.domain.provisioning.service import BootPolicy, Provisioning
from forecourt.domain.pulse.service import Pulse
from forecourt.domain.remote_control.service import RemoteControl
from forecourt.domain.reservation.service import Reservations
from forecourt.domain.rollovers.service import Rollovers
from forecourt.domain.roots.service import Roots
from forecourt.domain.security.service import Security
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.services import Services
from forecourt.domain.signing.service import SigningDesk, SigningStores
from forecourt.domain.smart_charging.service import SmartCharging
from forecourt.domain.transactions.service import Transactions
from forecourt.domain.trust.service import Trust
from forecourt.domain.trust.store import TrustStores
from forecourt.pki.sealing import Vault
from forecourt.storage.access import AccessRecords
from forecourt.storage.accounts import AccountRecords
from forecourt.storage.admission import AdmissionRecords
from forecourt.storage.alarms import AlarmRecords
from forecourt.storage.audit import AuditRecords
from forecourt.storage.authorities import AuthorityRecords
from forecourt.storage.availability import AvailabilityRecords
from forecourt.storage.certificates import CertificateRecords
from forecourt.storage.configurations import Configurations
from forecourt.storage.drivers import DriverRecords
from forecourt.storage.errands import Errands
from forecourt.storage.events import EventRecords, WatchRecords
from forecourt.storage.files import FileRecords
from forecourt.storage.firmware import ImageRecords
from forecourt.storage.firmware_keys import FirmwareKeyRecords
from forecourt.storage.held_certificates import HeldRecords
from forecourt.storage.id_tokens import IdTokens
from forecourt.storage.issued_certificates import RegisterRecords
from forecourt.storage.job_statuses import JobStatuses
from forecourt.storage.jobs import Jobs
from forecourt.storage.links import Links
from forecourt.storage.listener_certificates import ListenerCertificateRecords
from forecourt.storage.local_lists import LocalListRecords
from forecourt.storage.messages import MessageRecords
from forecourt.storage.notifications import SubscriptionRecords
from forecourt.storage.overview import OverviewRecords
from forecourt.storage.own_ca import OwnRecords
from forecourt.storage.pulse import PulseRecords
from forecourt.storage.remote_requests import RemoteRequests
from forecourt.storage.reservations import ReservationRecords
from forecourt.storage.revocations import ParsedCrls, RevocationRecords
from forecourt.storage.rollovers import RolloverRecords
from forecourt.storage.roots import RootRecords
from forecourt.storage.security_events import SecurityRecords
from forecourt.storage.security_log import SecurityLogRecords
from forecourt.storage.security_policy import PolicyRecords
from forecourt.storage.server_certificates import KeyRing, ServerCertificateRecords
from forecourt.storage.sessions import SessionRecords
from forecourt.storage.signer_notes import SignerNotes
from forecourt.storage.signing import SigningRecords
from forecourt.storage.smart_charging import SmartChargingRecords
from forecourt.storage.stations import Stations
from forecourt.storage.transactions import TransactionRecords
from forecourt.storage.trust import TrustRecords
from forecourt.storage.unit_of_work import Unit
from forecourt.storage.vendor_messages import VendorMessages


def services_on(
    *,
    clock: Clock,
    policy: BootPolicy,
    hasher: PasswordHasher,
    vault: Vault,
    file_policy: FilePolicy = FilePolicy(),  # noqa: B008  # a frozen value
    is_quiet: bool = False,
    has_token: bool = True,
    message_policy: MessagePolicy = MessagePolicy(),  # noqa: B008  # a frozen value
    audit_kept: timedelta | None = AUDIT_KEPT,
) -> Callable[[Unit], Services]:
    """How the services are built over the stores of one unit of work. The vault seals what nobody may read there.
    ``is_quiet`` renews nothing by itself; ``audit_kept`` is how long it is known who did what, None for ever."""
    keys = KeyRing(vault)
    own_keys = KeyRing(vault)
    crls = ParsedCrls()

    def build(unit: Unit) -> Services:
        changes = UnitChanges(unit)
        outbox = EventRecords(unit)
        events = Events(outbox, clock, changes)
        errands = ErrandService(Errands(unit, vault), clock, changes, events=events)
        authorization = Authorization(IdTokens(unit), clock)
        configuration = Configuration(Configurations(unit), errands, clock, refresh_after=policy.refresh_after)
        remote_control = RemoteControl(RemoteRequests(unit), errands, authorization, clock)
        reservations = Reservations(ReservationRecords(unit), errands, authorization, clock, events=events)
        transactions = Transactions(
            TransactionRecords(unit), authorization, remote_control, reservations, clock, events=events
        )
        security = Security(SecurityRecords(unit), clock, changes, events=events)
        security_log = SecurityLog(SecurityLogRecords(unit), clock, changes, events=events)
        alarms = Alarms(AlarmRecords(unit), clock, changes, events=events)
        subscriptions = SubscriptionRecords(unit, vault)
        sessions = Sessions(SessionRecords(unit), clock)
        trust = Trust(
            TrustStores(
                certificates=TrustRecords(unit),
                revocations=RevocationRecords(unit, crls),
                server_certificates=ServerCertificateRecords(unit, keys),
                policy=PolicyRecords(unit),
                held=HeldRecords(unit),
            ),
            security_log,
            clock,
            changes,
        )
        authorities = Authorities(
            AuthorityRecords(unit, vault),
            security_log,
            clock,
            changes,
            requests=SigningRecords(unit),
            notes=SignerNotes(unit, vault),
            alarms=alarms,
        )
        signing = SigningDesk(
            SigningStores(SigningRecords(unit), RegisterRecords(unit), SignerNotes(unit, vault)),
            clock,
            changes,
            alarms=alarms,
            opened=authorities.opened,
        )
        roots = Roots(RootRecords(unit), clock, trust=trust, errands=errands)
        own_ca = OwnCa(
            OwnRecords(unit, own_keys),
            Neighbours(
                trust=trust,
                alarms=alarms,
                log=security_log,
                requests=SigningRecords(unit),
                register=RegisterRecords(unit),
            ),
            clock,
            changes,
            has_token=has_token,
        )
        trust.tell(own_ca)
        signing.vet(OWN, own_ca.fault_of)
        listener_certificates = ListenerCertificates(
            ListenerCertificateRecords(unit, vault),
            clock,
            changes,
            signing=signing,
            authorities=authorities,
            trust=trust,
            alarms=alarms,
        )
        ledger = Ledger(AdmissionRecords(unit), security_log, changes)
        admissions = Admissions(ledger, errands, trust)
        provisioning = Provisioning(
            Stations(unit),
            clock,
            changes,
            policy=policy,
            configuration=configuration,
            errands=errands,
            admissions=admissions,
            events=events,
        )
        certificates = Certificates(
            CertificateRecords(unit),
            clock,
            Rooms(
                errands=errands,
                admissions=admissions,
                signing=signing,
                authorities=authorities,
                alarms=alarms,
                security_log=security_log,
                trust=trust,
                accesses=AdmissionRecords(unit),
                configuration=configuration,
                revoking=Revoker(own_ca, trust),
            ),
            is_quiet=is_quiet,
        )
        availability = Availability(AvailabilityRecords(unit), clock)
        jobs = JobService(Jobs(unit), JobStatuses(unit), errands, clock, events=events)
        files = Files(FileRecords(unit), configuration, security_log, clock, policy=file_policy)
        firmware_images = FirmwareImages(ImageRecords(unit), trust, security_log, clock)
        files.keep(Area.FIRMWARE, firmware_images.known)
        rollovers = Rollovers(
            RolloverRecords(unit),
            clock,
            roots=roots,
            trust=trust,
            errands=errands,
            alarms=alarms,
            log=security_log,
            events=events,
        )
        admissions.watch_devices(rollovers.forget)  # first: plans are held before the roots of a station
        admissions.watch_devices(roots.forget)
        return Services(
            authorities=authorities,
            own_ca=own_ca,
            certificates=certificates,
            signing=signing,
            listener_certificates=listener_certificates,
            provisioning=provisioning,
            authorization=authorization,
            drivers=Drivers(DriverRecords(unit), clock),
            transactions=transactions,
            availability=availability,
            overview=Overview(OverviewRecords(unit), availability, clock),
            files=files,
            firmware=Firmware(jobs, errands, provisioning, security, clock, images=firmware_images, files=files),
            firmware_images=firmware_images,
            firmware_keys=FirmwareKeys(FirmwareKeyRecords(unit, vault), trust, security_log, clock),
            diagnostics=Diagnostics(jobs, errands, provisioning, security, files),
            data_transfer=DataTransfer(VendorMessages(unit), clock),
            pulse=Pulse(PulseRecords(unit)),
            presence=Presence(Links(unit), clock, changes, events=events),
            access=Access(AccessRecords(unit), clock, hasher, sessions),
            accounts=Accounts(AccountRecords(unit, vault), clock, sessions),
            sessions=sessions,
            audit=Audit(AuditRecords(unit), clock, kept=audit_kept),
            alarms=alarms,
            admissions=admissions,
            passwords=Passwords(ledger, errands, hasher, clock),
            profile_upgrades=ProfileUpgrades(
                ledger,
                clock,
                admissions=admissions,
                errands=errands,
                trust=trust,
                configuration=configuration,
                roots=roots,
            ),
            errands=errands,
            events=events,
            watch=Watch(WatchRecords(unit), clock, events=events, batches=errands),
            notifications=Notifications(subscriptions, clock, changes, events=events, alarms=alarms),
            dispatch=Dispatch(subscriptions, outbox, clock, events=events, alarms=alarms),
            jobs=jobs,
            security=security,
            security_log=security_log,
            trust=trust,
            configuration=configuration,
            message_log=MessageLog(MessageRecords(unit), clock, message_policy),
            local_lists=LocalLists(LocalListRecords(unit), configuration, errands, clock),
            remote_control=remote_control,
            reservations=reservations,
            roots=roots,
            rollovers=rollovers,
            smart_charging=SmartCharging(SmartChargingRecords(unit), errands, transactions, configuration, clock),
        )

    return build


class UnitChanges:
    """Passes on what changed once the unit of work is committed."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def station_changed(self, identity: str) -> None:
        self._unit.ring(f"station {identity}")

    def errand_written(self, identity: str) -> None:
        self._unit.ring(f"errand {identity}")

    def errand_changed(self, number: int) -> None:
        self._unit.ring(f"result {number}")

    def trust_changed(self) -> None:
        self._unit.ring("trust")

    def security_noted(self) -> None:
        self._unit.ring("security")

    def signing_wanted(self) -> None:
        self._unit.ring("signing")

    def event_told(self) -> None:
        self._unit.ring("outbox")
