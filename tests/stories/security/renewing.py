"""A fleet that gets its certificates from the own authority, and whose certificates are renewed while nobody looks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from forecourt_simulator.own_certificate import Own
from forecourt_simulator.renewal import Fault, RenewalPlan, Round, Waiting, renew
from forecourt_simulator.renewal_report import RenewalReport
from forecourt_simulator.security_setup import SecuritySetup
from tests.stories.waiting import eventually
from tests.support.probes import Answer, Identification, TlsClient, knock
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem

CPO: Final = "Forecourt"
"""As simulated stations have it in ``CpoName``."""

NEAR_THEIR_END: Final = {"stationDays": 1 / 24 + 0.001, "backdatedHours": 24}
"""They are good for another hour, and were for a day: more than two thirds of such a life are over, so that they are
due."""
SLACK_SECONDS: Final = 60.0
"""For a round to come to its end when it was given up."""
LAST_WITHIN_SECONDS: Final = 420.0
"""A question that was lost is asked again after two minutes, and once more after four."""
LASTING: Final = {"stationDays": 365, "backdatedHours": 1}


def server_certificate(system: RunningSystem, name: str = "main") -> Sequence[x509.Certificate]:
    """Have the listeners present a certificate of the own authority; the roots that lead to it."""
    rest = system.rest
    rest.change_policy(cpoName=CPO)
    rest.patch("/own-authority/policy", NEAR_THEIR_END)  # no certificate begins before that of its issuer
    rest.put(f"/managed-server-certificates/{name}", {"hostNames": ["localhost", "127.0.0.1"]})

    def is_in_place() -> bool:
        members = rest.get(f"/managed-server-certificates/{name}")["members"]
        return all(member["state"] == "inPlace" for member in members)

    eventually(is_in_place, "the server certificate is in place", seconds=60)
    return own_roots(rest)


def own_roots(rest: Rest) -> list[x509.Certificate]:
    """Of the own authority, as stations have them installed."""
    roots = [one for one in rest.items("/own-authority/certificates", {}) if one["rank"] == "root"]
    texts = [rest.raw("GET", f"/own-authority/certificates/{_fingerprint(one)}/pem").text for one in roots]
    return [x509.load_pem_x509_certificate(text.encode()) for text in texts]


def _fingerprint(own: Json) -> str:
    return str(own["certificate"]["fingerprint"])


@dataclass
class Fleet:
    """Stations of one system, from their first certificate on."""

    system: RunningSystem
    names: Sequence[str]
    roots: Sequence[x509.Certificate]
    folder: Path
    owns: dict[str, Own] = field(default_factory=dict)
    """What each station came with into the newest round."""

    @property
    def rest(self) -> Rest:
        return self.system.rest

    def register(self) -> None:
        """Without passwords, and at first without TLS: what is proved here comes afterwards."""
        for name in self.names:
            self.rest.add_station(name, securityProfile=0, heartbeatInterval=86400)
            self.rest.change_security(name, serialNumber=name)

    def get_first_certificates(self) -> RenewalReport:
        """RenewCertificate for all, as an operator does at the beginning. They end soon."""
        setup = SecuritySetup(roots=self.roots)
        plan = RenewalPlan(
            url=f"{self.system.stations_url}/ocpp",
            names=self.names,
            security=lambda _name: setup,
            is_renewed=lambda one: bool(one.station.security.own.held),
        )
        known = Round()

        def ask() -> None:
            eventually(known.all_came.is_set, "all stations came", seconds=300)
            self.rest.ask_many("RenewCertificate", {"all": True})

        report = run(plan, known, ask)
        self.owns = {name: one.station.security.own.held[-1] for name, one in known.stations.items()}
        return report

    def raise_profiles(self) -> None:
        """From now on only their certificates let them in."""
        for name in self.names:
            self.rest.change_security(name, profile=3)
        self.rest.patch("/own-authority/policy", LASTING)

    def be_renewed(self, *, fault_percent: float, give_up_seconds: float) -> tuple[RenewalReport, Round]:
        """Nobody does anything, and everything is due. The stations stay until their former certificates are revoked:
        those of a station that leaves too early are not before it is back, and stays (A02.FR.09)."""
        setup = SecuritySetup(profile=3, roots=self.roots)
        plan = RenewalPlan(
            url=f"{self.system.stations_tls_url}/ocpp",
            names=self.names,
            security=lambda name: replace(setup, own=self.owns[name]),
            fault_percent=fault_percent,
            away_seconds=10.0,
            give_up_seconds=give_up_seconds,
            stays=True,
        )
        known = Round()

        def stay() -> None:
            try:
                if known.ended.wait(give_up_seconds + SLACK_SECONDS):
                    self.wait_for_the_last(known)
            finally:
                known.may_leave.set()

        return run(plan, known, stay), known

    def wait_for_the_last(self, known: Round) -> None:
        """Until no station that shows a new certificate has a former one that is good, and no order is open; or for
        some minutes, and who is wrong is found afterwards. It asks seldom: the lists are long, and the central system
        has other things to do."""
        renewed = [name for name, one in known.stations.items() if one.own not in (None, one.former)]
        former = {self.owns[name].leaf.serial_number for name in renewed}
        deadline = time.monotonic() + LAST_WITHIN_SECONDS
        while time.monotonic() < deadline:
            if former <= self.revoked_serials() and not self.rest.items("/certificate-orders", {"open": "true"}):
                return
            time.sleep(1.0)

    # What is found

    def orders(self) -> Mapping[str, Json]:
        """The newest order of each station."""
        newest: dict[str, Json] = {}
        for order in self.rest.items("/certificate-orders", {}):
            newest.setdefault(order["stationId"], order)
        return newest

    def revoked_serials(self) -> set[int]:
        return {int(one["serial"], 16) for one in self.rest.items("/own-authority/revocations", {})}

    def knocks(self, name: str, own: Own) -> Answer:
        """An attempt of the station with one of its certificates."""
        roots, chain, key = (self.folder / f"{kind}.pem" for kind in ("roots", "chain", "key"))
        roots.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in self.roots))
        chain.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in own.chain))
        key.write_bytes(own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        client = TlsClient(roots, Identification(chain, key), name="localhost")
        return knock(self.system.stations_tls_url, name, tls=client)


def run(plan: RenewalPlan, known: Round, meanwhile: Callable[[], None]) -> RenewalReport:
    """A round on a loop of its own, beside what an operator does."""
    reports: list[RenewalReport] = []
    failures: list[Exception] = []

    def work() -> None:
        try:
            reports.append(asyncio.run(renew(plan, known=known)))
        except Exception as failed:  # noqa: BLE001  # told where the test can hear it
            failures.append(failed)

    thread = threading.Thread(target=work, name="fleet", daemon=True)
    thread.start()
    meanwhile()
    thread.join(plan.give_up_seconds + SLACK_SECONDS)
    if failures:
        raise failures[0]
    assert reports, "the fleet did not come to an end"
    return reports[0]


def table(fleet: Fleet, known: Round, report: RenewalReport) -> str:
    """How all ended: by fault, with the state of the order, and its reason where it did not succeed."""
    orders = fleet.orders()
    counts: Counter[tuple[str, str, str]] = Counter()
    for name, one in known.stations.items():
        order = orders[name]
        reason = "" if order["state"] == "used" else str(order["reason"])
        counts[one.fault.value, order["state"], reason] += 1
    lines = [f"{'fault':<24} {'order':<10} {'stations':>8}  reason"]
    for (fault, state, reason), count in sorted(counts.items()):
        lines.append(f"{fault:<24} {state:<10} {count:>8}  {reason}")
    done = len(report.renewed_after)
    lines.append(
        f"{report.stations} stations, {done} renewed in {report.seconds:.1f} s, {report.per_second:.1f} certificates/s"
    )
    return "\n".join(lines)


def faulty(known: Round, *faults: Fault) -> list[tuple[str, Waiting]]:
    return [(name, one) for name, one in known.stations.items() if one.fault in faults]
