"""Certificates and stations that the pages of this room show."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.authorities.model import AuthorityKind
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.signing.model import Issued, Waiting
from forecourt.domain.trust.model import Origin, Purpose
from forecourt.pki.certificate import Certificate
from tests.support.authority import OPERATOR, Authority
from tests.support.clock import NOON
from tests.support.signings import a_csr, a_wanted, for_server, leaf_for
from tests.web.door import Pages, Shown

ROOT: Final = Authority.root(now=NOON)
NEXT: Final = Authority.root("Next Root", now=NOON)
CA: Final = ROOT.sub()
SERVER: Final = CA.leaf("csms.example.com", dns=["csms.example.com"])
HOSTILE: Final = Authority.root('<script>alert("x")</script>', now=NOON)


def a_station(pages: Pages, identity: str = "CP-1", *, profile: int = 0, group: str = "") -> Station:
    draft = StationDraft(identity=identity, security_profile=SecurityProfile(profile), group=group)
    return pages.services.provisioning.add(draft, "ada").station


def trust(pages: Pages, *roots: Authority, purpose: Purpose = Purpose.STATION) -> None:
    for root in roots:
        pages.services.trust.add(root.certificate, frozenset({purpose}), None, Origin.OPERATOR, "ada")


def serve(pages: Pages, name: str = "main", *, root: Authority = CA, is_enabled: bool = True) -> None:
    server = root.leaf("csms.example.com", dns=["csms.example.com"])
    pages.services.trust.put_server_certificate(
        name, chain_pem=server.chain_pem, key_pem=server.key_pem, is_enabled=is_enabled, asked_by="ada"
    )


def with_name(pages: Pages) -> None:
    """The operator has said what he is called."""
    pages.services.trust.change_policy(lambda known: replace(known, cpo_name=OPERATOR), asked_by="ada")


def ordered(pages: Pages) -> Certificate:
    """CP-1 of the group north has a certificate that it ordered, and shows it; CP-2 has asked for one."""
    services = pages.services
    with_name(pages)
    for number, group in ((1, "north"), (2, "")):
        station = a_station(pages, f"CP-{number}", profile=2, group=group)
        services.admissions.change(station, serial_number=f"SN-{number}", asked_by="ada")
        assert services.certificates.receive_csr(station, a_csr(f"SN-{number}").pem)
    assignment, _ = services.signing.claim("clerk", 2)
    leaf = leaf_for(CA, assignment.wanted)
    assert services.signing.ended(assignment.number, "clerk", Issued((leaf, *CA.presented)))
    services.certificates.presented(services.provisioning.get_station("CP-1"), leaf)
    return leaf


def requested(pages: Pages) -> None:
    """Of the authority city request 1 waits; request 2 of the own one was refused."""
    services = pages.services
    services.authorities.add("city", AuthorityKind.EST, {"url": "https://est.example.com"}, asked_by="ada")
    services.signing.ask(a_wanted("CP-1"), "city")
    services.signing.ask(for_server(), "own")
    first, second = (one.number for one in services.signing.claim("a", 10))
    services.signing.ended(first, "a", Waiting("order", 60, "An officer <looks> at it."))
    services.signing.refused(second, "a", "Not for you.")


def actions(page: Shown) -> set[str]:
    """Where the forms of a page lead."""
    return set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', page.html.partition("<main")[2]))
