"""What a plan asks of the database for many stations at once: the messages of stations wait for it."""

from __future__ import annotations

from datetime import timedelta

from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.rollovers.model import STATIONS_AT_ONCE, Step, Wanted
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.model import Origin, Purpose
from forecourt.pki.hash_data import hash_data
from forecourt.storage.building import services_on
from forecourt.storage.connection import Parameters, Row
from forecourt.storage.database import Database
from forecourt.storage.unit_of_work import Unit
from tests.storage.committing import PlainHasher, Recorded
from tests.support.authority import Authority
from tests.support.clock import NOON, FakeClock
from tests.support.vault import VAULT

OLD = Authority.root("Old Root", now=NOON)
NEW = Authority.root("New Root", now=NOON)
FEW = STATIONS_AT_ONCE // 2


class Counted(Recorded):
    """A connection that counts what is asked of it."""

    count = 0

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        self.count += 1
        return super().execute(sql, parameters)

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        self.count += 1
        return super().one(sql, parameters)

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        self.count += 1
        return super().all(sql, parameters)


def test_only_errands_are_written_for_each_station(database: Database) -> None:
    """All else is read and written at once, for as many stations as one unit of work sees to."""
    connection, clock = Counted(database.connect(), []), FakeClock()
    unit = Unit(connection)
    services = services_on(clock=clock, policy=BootPolicy(), hasher=PlainHasher(), vault=VAULT)(unit)
    connection.begin()
    for authority in (OLD, NEW):
        services.trust.add(authority.certificate, frozenset({Purpose.SERVER}), None, Origin.OPERATOR, "ada")
    wanted = Wanted(old_root=OLD.certificate.fingerprint, new_root=NEW.certificate.fingerprint)
    number = services.rollovers.plan(wanted, "ada").number
    for name in range(FEW):
        station = services.provisioning.add(StationDraft(identity=f"CP-{name}")).station
        told = [hash_data(OLD.certificate, None, "SHA256")]
        services.roots.reported(station, Use.CENTRAL_SYSTEM_ROOT, told)
        services.rollovers.add_stations(number, [station.identity])
    services.rollovers.begin(number)
    clock.advance(timedelta(seconds=1))
    connection.count = 0
    services.rollovers.settle()
    asked = connection.count
    assert services.rollovers.get(number).counts[Step.INSTALLING] == FEW
    connection.rollback()
    connection.close()
    assert FEW <= asked < 2 * FEW
