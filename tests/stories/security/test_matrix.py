"""Every security profile with everything that a station may show, directly and behind proxies: who is let in?

One installation of two nodes on one database: stations come to the first one directly and through nginx, to the
second one through HAProxy. What is expected stands in one table, written by hand from the security whitepaper.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import pytest

from tests.stories.security.world import CPO, World, first_certificate, host_of, secured_system
from tests.stories.waiting import eventually
from tests.support.haproxy import running_haproxy
from tests.support.nginx import PROXY, ProxyAddresses, running_nginx
from tests.support.postgresql import PostgresqlServer
from tests.support.probes import Answer, Identification, TlsClient, basic, knock

# in   the upgrade is answered with 101, and nothing is noted
# cut  the connection is ended in the TLS handshake: a client sees no HTTP. Proxies let such a certificate pass, so
#      that behind them it is this system that refuses it.
# 40x  the status of the refusal; behind it stands what the security log says.
TABLE: Final = """
profile | over | shows                                    | direct                   | nginx                    | haproxy
--------|------|------------------------------------------|--------------------------|--------------------------|-------------------------
0       | ws   | nothing                                  | in                       | in                       | in
0       | ws   | its password                             | in                       | in                       | in
0       | ws   | a wrong password                         | in                       | in                       | in
0       | wss  | nothing                                  | in                       | in                       | in
0       | wss  | its certificate                          | in                       | in                       | in
0       | wss  | its certificate, resumed                 | in                       | in                       | in
0       | wss  | an expired certificate                   | in                       | in                       | in
0       | wss  | a revoked certificate                    | in                       | in                       | in
0       | wss  | a certificate nobody trusts              | cut tlsRefused           | in                       | in
0       | wss  | a certificate whose root was removed     | cut tlsRefused           | in                       | in
0       | wss  | the same, resumed                        | cut tlsRefused           | in                       | in
0       | wss  | a certificate with a weak key            | cut tlsRefused           | in                       | in
0       | wss  | a certificate of a strange organization  | in                       | in                       | in
0       | wss  | another station's certificate            | in                       | in                       | in
0       | wss  | the certificate of a longer serial       | in                       | in                       | in
0       | wss  | the certificate of a shorter serial      | in                       | in                       | in
1       | ws   | nothing                                  | 401 credentialsMissing   | 401 credentialsMissing   | 401 credentialsMissing
1       | ws   | its password                             | in                       | in                       | in
1       | ws   | its password as hexadecimal text         | in                       | in                       | in
1       | ws   | a wrong password                         | 401 credentialsWrong     | 401 credentialsWrong     | 401 credentialsWrong
1       | ws   | its former password                      | 401 credentialsFormer    | 401 credentialsFormer    | 401 credentialsFormer
1       | ws   | another station's password               | 401 credentialsWrong     | 401 credentialsWrong     | 401 credentialsWrong
1       | ws   | another station's name and password      | 401 credentialsOfAnother | 401 credentialsOfAnother | 401 credentialsOfAnother
1       | ws   | a header that nobody can read            | 400 credentialsMalformed | 400 credentialsMalformed | 400 credentialsMalformed
1       | wss  | its password                             | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
1       | wss  | its certificate                          | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
1       | wss  | its certificate, resumed                 | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
1       | wss  | an expired certificate                   | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
1       | wss  | a revoked certificate                    | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
1       | wss  | a certificate nobody trusts              | cut tlsRefused           | 403 profileMismatch      | 403 profileMismatch
1       | wss  | a certificate whose root was removed     | cut tlsRefused           | 403 profileMismatch      | 403 profileMismatch
1       | wss  | the same, resumed                        | cut tlsRefused           | 403 profileMismatch      | 403 profileMismatch
1       | wss  | a certificate with a weak key            | cut tlsRefused           | 403 profileMismatch      | 403 profileMismatch
1       | wss  | a certificate of a strange organization  | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
1       | wss  | another station's certificate            | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
1       | wss  | the certificate of a longer serial       | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
1       | wss  | the certificate of a shorter serial      | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
2       | ws   | its password                             | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
2       | wss  | nothing                                  | 401 credentialsMissing   | 401 credentialsMissing   | 401 credentialsMissing
2       | wss  | its password                             | in                       | in                       | in
2       | wss  | its password as hexadecimal text         | in                       | in                       | in
2       | wss  | a wrong password                         | 401 credentialsWrong     | 401 credentialsWrong     | 401 credentialsWrong
2       | wss  | its former password                      | 401 credentialsFormer    | 401 credentialsFormer    | 401 credentialsFormer
2       | wss  | another station's password               | 401 credentialsWrong     | 401 credentialsWrong     | 401 credentialsWrong
2       | wss  | another station's name and password      | 401 credentialsOfAnother | 401 credentialsOfAnother | 401 credentialsOfAnother
2       | wss  | a header that nobody can read            | 400 credentialsMalformed | 400 credentialsMalformed | 400 credentialsMalformed
2       | wss  | its certificate                          | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
2       | wss  | its password + its certificate           | in                       | in                       | in
2       | wss  | its password + its certificate, resumed  | in                       | in                       | in
2       | wss  | its password + an expired certificate    | in                       | in                       | in
2       | wss  | its password + a revoked certificate     | in                       | in                       | in
2       | wss  | its password + a certificate nobody trusts | cut tlsRefused         | in                       | in
2       | wss  | its password + a certificate whose root was removed | cut tlsRefused | in                      | in
2       | wss  | its password + the same, resumed         | cut tlsRefused           | in                       | in
2       | wss  | its password + a certificate with a weak key | cut tlsRefused       | in                       | in
2       | wss  | its password + a certificate of a strange organization | in         | in                       | in
2       | wss  | its password + another station's certificate | in                   | in                       | in
2       | wss  | its password + the certificate of a longer serial | in              | in                       | in
2       | wss  | its password + the certificate of a shorter serial | in             | in                       | in
3       | ws   | nothing                                  | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
3       | ws   | its password                             | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
3       | wss  | nothing                                  | 403 certificateMissing   | 403 certificateMissing   | 403 certificateMissing
3       | wss  | its password                             | 403 profileMismatch      | 403 profileMismatch      | 403 profileMismatch
3       | wss  | its certificate                          | in                       | in                       | in
3       | wss  | a wrong password + its certificate       | in                       | in                       | in
3       | wss  | its certificate, resumed                 | in                       | in                       | in
3       | wss  | an expired certificate                   | 403 certificateRefused   | 403 certificateRefused   | 403 certificateRefused
3       | wss  | a revoked certificate                    | 403 certificateRevoked   | 403 certificateRevoked   | 403 certificateRevoked
3       | wss  | a certificate nobody trusts              | cut tlsRefused           | 403 certificateRefused   | 403 certificateRefused
3       | wss  | a certificate whose root was removed     | cut tlsRefused           | 403 certificateRefused   | 403 certificateRefused
3       | wss  | the same, resumed                        | cut tlsRefused           | 403 certificateRefused   | 403 certificateRefused
3       | wss  | a certificate with a weak key            | cut tlsRefused           | 403 certificateRefused   | 403 certificateRefused
3       | wss  | a certificate of a strange organization  | 403 organisationMismatch | 403 organisationMismatch | 403 organisationMismatch
3       | wss  | another station's certificate            | 403 serialMismatch       | 403 serialMismatch       | 403 serialMismatch
3       | wss  | the certificate of a longer serial       | 403 serialMismatch       | 403 serialMismatch       | 403 serialMismatch
3       | wss  | the certificate of a shorter serial      | 403 serialMismatch       | 403 serialMismatch       | 403 serialMismatch
"""  # noqa: E501  # a table is read as a table

WAYS: Final = ("direct", "nginx", "haproxy")
ELSEWHERE: Final = "127.0.0.9"
"""Where sessions are opened that are resumed later; what is noted about this address belongs to no attempt."""
SESSIONS_TRIED: Final = 5
EFFECTIVE_SECONDS: Final = 1.0
"""How long a certificate that was removed may still be taken for a trusted one."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One cell of the table, and the station that exists for it alone."""

    profile: int
    over: str
    shows: str
    way: str
    expected: str
    number: int

    @property
    def identity(self) -> str:
        return f"MX-{self.number}"

    @property
    def serial(self) -> str:
        """No serial number of another station begins with it, except where that is what is tried."""
        return f"SN-{self.number:04}-7"

    @property
    def source(self) -> str:
        """An address of its own, so that the log can be asked what happened, and no attempt counts for another."""
        return f"127.{20 + WAYS.index(self.way)}.{self.number // 250}.{self.number % 250 + 1}"

    @property
    def is_late(self) -> bool:
        """It is made when the root was removed."""
        return "root was removed" in self.shows or "the same, resumed" in self.shows

    @property
    def is_resumed(self) -> bool:
        return "resumed" in self.shows

    def __str__(self) -> str:
        return f"profile {self.profile} over {self.over}, {self.shows}, {self.way}"


def attempts() -> list[Attempt]:
    found: list[Attempt] = []
    for line in TABLE.strip().splitlines()[2:]:
        profile, over, shows, *expected = (cell.strip() for cell in line.split("|"))
        for way, wanted in zip(WAYS, expected, strict=True):
            found.append(Attempt(int(profile), over, shows, way, wanted, len(found) + 1))
    return found


def certificate(world: World, attempt: Attempt) -> Identification | None:
    """The certificate that the attempt shows, if any."""
    made: Mapping[str, Callable[[], Identification]] = {
        "its certificate": lambda: world.own(attempt.serial),
        "its certificate, resumed": lambda: world.own(attempt.serial),
        "an expired certificate": lambda: world.expired(attempt.serial),
        "a revoked certificate": lambda: world.own(attempt.serial),
        "a certificate nobody trusts": lambda: world.strange(attempt.serial),
        "a certificate whose root was removed": lambda: world.leaving(attempt.serial),
        "the same, resumed": lambda: world.leaving(attempt.serial),
        "a certificate with a weak key": lambda: world.weak(attempt.serial),
        "a certificate of a strange organization": lambda: world.own(attempt.serial, organisation=f"Not {CPO}"),
        "another station's certificate": lambda: world.own("SN-ANOTHER"),
        "the certificate of a longer serial": lambda: world.own(attempt.serial + "7"),
        "the certificate of a shorter serial": lambda: world.own(attempt.serial[:-1]),
    }
    found = [made[part]() for part in attempt.shows.split(" + ") if part in made]
    return found[0] if found else None


def credentials(world: World, attempt: Attempt) -> tuple[tuple[str, str], ...]:
    """The headers that the attempt shows. Sets the passwords that they need."""
    rest, identity = world.rest, attempt.identity
    part = attempt.shows.split(" + ")[0]
    if part == "a header that nobody can read":
        return (("Authorization", "Basic !"),)
    if "password" not in part:
        return ()
    own = rest.set_password(identity)
    other, others = world.another
    shown: Mapping[str, Callable[[], tuple[str, str]]] = {
        "its password": lambda: basic(identity, bytes.fromhex(own["authorizationKey"])),
        "its password as hexadecimal text": lambda: basic(identity, own["authorizationKey"].encode()),
        "a wrong password": lambda: basic(identity, b"not the password...."),
        "another station's password": lambda: basic(identity, others),
        "another station's name and password": lambda: basic(other, others),
    }
    if part == "its former password":
        rest.set_password(identity)
        return (basic(identity, bytes.fromhex(own["authorizationKey"])),)
    return (shown[part](),)


class Street:
    """Makes the attempts, one after the other, and keeps what came of each."""

    def __init__(self, world: World, addresses: Mapping[str, ProxyAddresses]) -> None:
        self.world = world
        self._addresses = addresses
        self._prepared: dict[Attempt, tuple[tuple[tuple[str, str], ...], TlsClient]] = {}
        self.answers: dict[Attempt, Answer] = {}

    def prepare(self, attempt: Attempt) -> None:
        """Register the station, give it what it shows, and let it open the session that it will resume."""
        world = self.world
        world.rest.add_station(attempt.identity, securityProfile=attempt.profile)
        world.rest.change_security(attempt.identity, serialNumber=attempt.serial)
        headers, shown = credentials(world, attempt), certificate(world, attempt)
        client = world.client(shown, resumable=attempt.is_resumed)
        self._prepared[attempt] = (headers, client)
        if attempt.is_resumed:
            self._open_session(attempt)
        if "revoked" in attempt.shows and shown is not None:
            world.rest.revoke(first_certificate(shown), "keyCompromise")

    def make(self, attempt: Attempt) -> None:
        """OpenSSL forgets a session whose connection ended roughly: then another one is opened and resumed."""
        for _ in range(SESSIONS_TRIED):
            answer = self._knock(attempt, source=attempt.source, resume=attempt.is_resumed)
            self.answers[attempt] = answer
            if answer.is_resumed or not attempt.is_resumed or attempt.is_late or attempt.way != "direct":
                return
            self._open_session(attempt)

    def _open_session(self, attempt: Attempt) -> None:
        self._knock(attempt, source=ELSEWHERE)

    def make_until(self, attempt: Attempt, deadline: float) -> None:
        """Again and again until it has the expected end; the first attempt after the deadline counts in any case."""
        while True:
            is_last = time.monotonic() > deadline
            self.make(attempt)
            if is_last or shown(self.answers[attempt]) == attempt.expected.split()[0]:
                return

    def _knock(self, attempt: Attempt, *, source: str, resume: bool = False) -> Answer:
        headers, client = self._prepared[attempt]
        addresses = self._addresses[attempt.way]
        url = addresses.tls if attempt.over == "wss" else addresses.plain
        return knock(url, attempt.identity, *headers, tls=client, resume=resume, source=source)


def shown(answer: Answer) -> str:
    match answer.status:
        case None:
            return "cut"
        case 101:
            return "in"
        case status:
            return str(status)


@pytest.fixture(scope="module")
def street(postgresql_server: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    database = postgresql_server.create_database()
    folder = tmp_path_factory.mktemp("matrix")
    behind = {"FORECOURT_PROXIES_ADDRESSES": PROXY}
    named = {**behind, "FORECOURT_PROXIES_CERTIFICATE_HEADER_NAME": "X-Client-Certificate"}
    with ExitStack() as stack:
        first = {**named, "FORECOURT_NODE": "first", "FORECOURT_PROXIES_CERTIFICATE_HEADER": "escaped-pem"}
        world = stack.enter_context(secured_system(folder / "first", database, first))
        second = {**named, "FORECOURT_NODE": "second", "FORECOURT_PROXIES_CERTIFICATE_HEADER": "der-base64"}
        other = stack.enter_context(secured_system(folder / "second", database, second, beside=world))
        rsa, ecdsa = world.server_files
        before_first = running_nginx(folder / "nginx", world.system.stations_port, rsa, ecdsa)
        root = world.root_file
        before_second = running_haproxy(folder / "haproxy", other.system.stations_port, rsa, ecdsa, root)
        addresses = {
            "direct": ProxyAddresses(world.ws, world.wss),
            "nginx": stack.enter_context(before_first),
            "haproxy": stack.enter_context(before_second),
        }
        yield Street(world, addresses)
    postgresql_server.drop_database(database)


def test_every_profile_with_everything_that_a_station_may_show(street: Street) -> None:
    """A00.FR.002, 203, 204, 302, 303, 314, 401–408, 501–503; the status, and what the security log says."""
    world = street.world
    all_of_them = attempts()
    for attempt in all_of_them:
        street.prepare(attempt)
    for attempt in all_of_them:
        if not attempt.is_late:
            street.make(attempt)
    world.remove_leaving_root()
    deadline = time.monotonic() + EFFECTIVE_SECONDS
    for attempt in all_of_them:
        if attempt.is_late:
            street.make_until(attempt, deadline)
    differences = []
    noted = kinds_by_address(world, all_of_them)
    for attempt in all_of_them:
        answer = street.answers[attempt]
        found = " ".join([shown(answer), *noted[attempt.source]])
        if attempt.way == "direct" and attempt.is_resumed and not attempt.is_late and not answer.is_resumed:
            differences.append(f"{attempt}: the session was not resumed, so that nothing was tried")
        if found != attempt.expected:
            differences.append(f"{attempt}: {found}, not {attempt.expected}; {answer.body}{answer.end}")
    assert not differences, f"{len(differences)} of {len(all_of_them)}:\n" + "\n".join(differences)


def kinds_by_address(world: World, made: list[Attempt]) -> dict[str, list[str]]:
    """What the log says of each attempt, once it says as much as is expected: notes are written once a second."""
    sources = {attempt.source: attempt for attempt in made}

    def read() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {source: [] for source in sources}
        for entry in world.rest.security_log():
            if (address := host_of(entry)) in found and entry["kind"] not in found[address]:
                found[address].append(entry["kind"])
        return found

    def is_complete() -> bool:
        noted = read()
        return all(noted[one] for one, attempt in sources.items() if attempt.expected != "in")

    try:
        eventually(is_complete, "every refusal is noted", seconds=5)
    except AssertionError:
        pass  # the comparison with the table names those that are missing
    return read()
