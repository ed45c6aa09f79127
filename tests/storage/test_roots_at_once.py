"""Several who see to the same stations or plans at once, in both databases."""

from __future__ import annotations

import contextlib
import threading
from functools import partial

from forecourt.domain.errands.model import ErrandFilter, ErrandState
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.rollovers.model import RolloverNumber, RolloverState, Step, StepFilter, Wanted
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.model import Origin, Purpose
from forecourt.pki.hash_data import hash_data
from forecourt.storage.database import Database
from tests.storage.committing import Storage
from tests.support.authority import Authority
from tests.support.clock import NOON

OLD = Authority.root("Old Root", now=NOON)
NEW = Authority.root("New Root", now=NOON)
CENTRAL = Use.CENTRAL_SYSTEM_ROOT


def furnished(services: Services) -> RolloverNumber:
    """A plan for twenty stations that has begun."""
    for authority, name in ((OLD, "former"), (NEW, "next")):
        services.trust.add(authority.certificate, frozenset({Purpose.SERVER}), None, Origin.OPERATOR, "ada")
        server = authority.leaf("csms.example", dns=["csms.example"])
        services.trust.put_server_certificate(
            name, chain_pem=server.chain_pem, key_pem=server.key_pem, is_enabled=authority is OLD, asked_by="ada"
        )
    names = [f"CP-{number}" for number in range(20)]
    for name in names:
        services.provisioning.add(StationDraft(identity=name))
    wanted = Wanted(
        old_root=OLD.certificate.fingerprint, new_root=NEW.certificate.fingerprint, server_certificates=("next",)
    )
    number = services.rollovers.plan(wanted, "ada").number
    services.rollovers.add_stations(number, names)
    services.rollovers.begin(number)
    return number


def test_two_nodes_that_settle_at_once_ask_each_station_once(database: Database) -> None:
    storages = [Storage(database) for _ in range(3)]
    number = storages[0].submit(furnished).result()
    barrier = threading.Barrier(3)

    def settles(storage: Storage) -> None:
        for _ in range(3):
            barrier.wait(20)
            storage.submit(lambda services: services.rollovers.settle()).result()

    threads = [threading.Thread(target=settles, args=(storage,)) for storage in storages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    asked = storages[0].submit(lambda services: services.errands.list(ErrandFilter(), PageRequest(1000)).items).result()
    progress = storages[0].submit(lambda services: services.rollovers.get(number)).result()
    for storage in storages:
        storage.close()
    assert sorted(one.station for one in asked) == sorted(f"CP-{n}" for n in range(20))
    assert progress.counts[Step.INSTALLING] == 20


def test_two_switches_at_once_are_one(database: Database) -> None:
    storages = [Storage(database) for _ in range(2)]
    number = storages[0].submit(furnished).result()

    def switch(services: Services) -> RolloverState:
        return services.rollovers.switch(number, "ada", despite=True).rollover.state

    waiting = [storage.submit(switch) for storage in storages]
    ends = [one.error for one in waiting]
    for storage in storages:
        storage.close()
    assert sum(error is None for error in ends) == 1
    assert "there is nothing to switch" in str(next(error for error in ends if error is not None))


def test_reports_at_once_leave_one_set(database: Database) -> None:
    """Whichever comes last holds, and holds whole."""
    storages = [Storage(database) for _ in range(2)]

    def add(services: Services) -> Station:
        for root in (OLD, NEW):
            services.trust.add(root.certificate, frozenset({Purpose.SERVER}), None, Origin.OPERATOR, "ada")
        station = services.provisioning.add(StationDraft(identity="CP-1")).station
        services.roots.reported(station, CENTRAL, [])
        return station

    station = storages[0].submit(add).result()
    meeting = threading.Barrier(2)

    def reports(services: Services, root: Authority) -> None:
        services.roots.reported(station, CENTRAL, [hash_data(root.certificate, None, "SHA256")])
        with contextlib.suppress(threading.BrokenBarrierError):  # the other one has to wait for the commit
            meeting.wait(0.5)

    waiting = [storage.submit(partial(reports, root=root)) for storage, root in zip(storages, (OLD, NEW), strict=True)]
    for one in waiting:
        one.result()
    known = storages[0].submit(lambda services: services.roots.known(station, CENTRAL)).result()
    for storage in storages:
        storage.close()
    assert len(known.roots) == 1


def test_a_root_is_in_one_plan_even_when_two_are_made_at_once(database: Database) -> None:
    storages = [Storage(database) for _ in range(2)]
    number = storages[0].submit(furnished).result()
    storages[0].submit(lambda services: services.rollovers.cancel(number, "ada")).result()
    wanted = Wanted(old_root=OLD.certificate.fingerprint, new_root=NEW.certificate.fingerprint)
    meeting = threading.Barrier(2)

    def plan(services: Services) -> RolloverNumber:
        made = services.rollovers.plan(wanted, "ada").number
        with contextlib.suppress(threading.BrokenBarrierError):  # the other one has to wait for the commit
            meeting.wait(0.5)
        return made

    waiting = [storage.submit(plan) for storage in storages]
    ends = [one.error for one in waiting]
    for storage in storages:
        storage.close()
    assert sum(error is None for error in ends) == 1
    assert "about one of these roots already" in str(next(error for error in ends if error is not None))


def test_another_device_is_not_asked_by_a_plan_that_went_on_meanwhile(database: Database) -> None:
    """What the plan writes while somebody says that another device came is taken back as well."""
    storages = [Storage(database) for _ in range(2)]
    number = storages[0].submit(furnished).result()
    has_settled, is_replaced = threading.Event(), threading.Event()

    def settles(services: Services) -> None:
        services.rollovers.settle()
        has_settled.set()
        is_replaced.wait(0.5)  # in vain: the other one has to wait for the commit

    def replaces(services: Services) -> None:
        services.rollovers.forget(services.provisioning.get_station("CP-1"))
        is_replaced.set()

    settling = storages[0].submit(settles)
    assert has_settled.wait(20)
    replacing = storages[1].submit(replaces)
    settling.result()
    replacing.result()
    step = storages[0].submit(
        lambda services: services.rollovers.stations(StepFilter(rollover=number), PageRequest(100)).items
    )
    [mine] = [one for one in step.result() if one.station == "CP-1"]
    wanted = ErrandFilter(station="CP-1", states=frozenset({ErrandState.QUEUED}))
    waiting = storages[0].submit(lambda services: services.errands.list(wanted, PageRequest(100)).items).result()
    for storage in storages:
        storage.close()
    assert (mine.step, waiting) == (Step.PENDING, [])
