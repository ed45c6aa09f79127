"""Which authorities there are, and which one is asked for what."""

from __future__ import annotations

import pytest

from forecourt.domain.authorities.kinds import KINDS, OUTSIDE
from forecourt.domain.authorities.model import OWN, AuthorityKind, Choice
from forecourt.domain.authorities.service import Authorities
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.signing.model import Use
from tests.support.authority import Authority
from tests.support.clock import NOON
from tests.support.signings import a_wanted
from tests.support.workspace import MemoryWorkspace

DIRECTORY = "https://ca.example/directory"
SECRET = "kept-under-lock-and-key"
GOOD = {
    AuthorityKind.ACME: {"directory": DIRECTORY, "eabKey": SECRET},
    AuthorityKind.EST: {"url": "https://est.example", "password": SECRET},
    AuthorityKind.VAULT: {"address": "https://vault.example", "role": "stations", "token": SECRET},
    AuthorityKind.STEP: {"url": "https://step.example", "provisioner": "p", "key": f'{{"kty": "EC", "d": "{SECRET}"}}'},
}


@pytest.fixture
def workspace() -> MemoryWorkspace:
    return MemoryWorkspace()


@pytest.fixture
def authorities(workspace: MemoryWorkspace) -> Authorities:
    return workspace.services.authorities


def add(authorities: Authorities, name: str = "city", kind: AuthorityKind = AuthorityKind.ACME, **more: str) -> None:
    authorities.add(name, kind, {**GOOD[kind], **more}, asked_by="test")


def refused(work: object, *arguments: object, **options: object) -> DomainError:
    assert callable(work)
    with pytest.raises(DomainError) as found:
        work(*arguments, **options)
    return found.value


@pytest.mark.parametrize("kind", OUTSIDE)
def test_an_authority_is_kept_and_its_secrets_are_for_signers_only(
    workspace: MemoryWorkspace, authorities: Authorities, kind: AuthorityKind
) -> None:
    add(authorities, kind=kind)
    known = authorities.get("city")
    secret = {setting.name for setting in KINDS[kind] if setting.is_secret} & GOOD[kind].keys()
    assert known.secrets_set == secret
    assert not known.settings.keys() & secret
    assert SECRET not in repr(authorities.list())
    assert SECRET not in str(workspace.unit.all("SELECT * FROM authority"))
    opened = authorities.opened("city")
    assert {**opened.settings, **opened.secrets} == GOOD[kind]
    assert SECRET not in repr(opened)


def test_the_own_one_is_always_there(authorities: Authorities) -> None:
    assert [one.name for one in authorities.list()] == [OWN]
    assert authorities.opened(OWN).kind == AuthorityKind.OWN.value
    assert refused(authorities.remove, OWN, asked_by="test").kind is Kind.CONFLICT
    assert refused(authorities.change, OWN, {}, asked_by="test").kind is Kind.CONFLICT
    assert refused(authorities.add, "mine", AuthorityKind.OWN, {}, asked_by="test").field == "kind"
    assert refused(authorities.add, OWN, AuthorityKind.ACME, GOOD[AuthorityKind.ACME], asked_by="test").field == "name"


@pytest.mark.parametrize("name", ["", " city", "a\nb", "x" * 101])
def test_a_bad_name_is_refused(authorities: Authorities, name: str) -> None:
    assert refused(add, authorities, name).field == "name"


@pytest.mark.parametrize(
    ("kind", "settings", "field"),
    [
        (AuthorityKind.ACME, {}, "directory"),
        (AuthorityKind.ACME, {"directory": "http://ca.example"}, "directory"),
        (AuthorityKind.ACME, {"directory": "https://user:pw@ca.example"}, "directory"),
        (AuthorityKind.ACME, {"directory": DIRECTORY, "color": "red"}, "color"),
        (AuthorityKind.ACME, {"directory": DIRECTORY, "roots": "nonsense"}, "roots"),
        (AuthorityKind.VAULT, {"address": "https://vault.example", "role": "r"}, "token"),
        (AuthorityKind.STEP, {**GOOD[AuthorityKind.STEP], "key": SECRET}, "key"),
        (AuthorityKind.EST, {"url": "https://est.example", "password": "a\0b"}, "password"),
        (AuthorityKind.EST, {"url": "https://est.example", "password": "x" * 100_001}, "password"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_by_name_and_not_repeated(
    authorities: Authorities, kind: AuthorityKind, settings: dict[str, str], field: str
) -> None:
    error = refused(authorities.add, "city", kind, settings, asked_by="test")
    assert error.field == f"settings.{field}"
    assert SECRET not in error.sentence


def test_one_on_this_machine_may_do_without_tls(authorities: Authorities) -> None:
    add(authorities, kind=AuthorityKind.VAULT, address="http://127.0.0.1:8200")
    add(authorities, "roots", roots=Authority.root(now=NOON).pem)


def test_a_change_keeps_what_is_not_named_and_takes_away_what_is_empty(authorities: Authorities) -> None:
    add(authorities, contact="mailto:a@example")
    authorities.change("city", {"contact": "", "eabKeyId": "k1"}, asked_by="test")
    opened = authorities.opened("city")
    assert opened.settings == {"directory": DIRECTORY, "eabKeyId": "k1"}
    assert opened.secrets == {"eabKey": SECRET}
    assert refused(authorities.change, "city", {"directory": ""}, asked_by="test").field == "settings.directory"


def test_one_that_is_disabled_is_not_asked(authorities: Authorities) -> None:
    add(authorities)
    authorities.change("city", is_enabled=False, asked_by="test")
    assert refused(authorities.opened, "city").kind is Kind.UNAVAILABLE
    authorities.change("city", is_enabled=True, asked_by="test")
    assert authorities.opened("city").name == "city"


def test_who_signs_is_chosen_by_use_and_by_group(authorities: Authorities) -> None:
    add(authorities, "city")
    add(authorities, "lake")
    assert authorities.authority_for(Use.STATION, "north") == OWN
    chosen = authorities.choose(
        Choice(defaults={Use.SERVER: "city", Use.STATION: "lake"}, by_group={"north": OWN}), asked_by="test"
    )
    assert any("import its root" in str(warning) for warning in chosen.warnings)
    assert authorities.authority_for(Use.SERVER, "north") == "city"
    assert authorities.authority_for(Use.STATION, "north") == OWN
    assert authorities.authority_for(Use.STATION, "south") == "lake"
    assert authorities.choice() == chosen.choice
    assert refused(authorities.choose, Choice(defaults={Use.SERVER: "none"}), asked_by="test").field == "defaults"
    assert refused(authorities.choose, Choice(by_group={"": OWN}), asked_by="test").field == "byGroup"


def test_one_that_is_chosen_or_waited_for_is_not_removed(workspace: MemoryWorkspace, authorities: Authorities) -> None:
    add(authorities)
    authorities.choose(Choice(by_group={"north": "city"}), asked_by="test")
    assert "chosen" in refused(authorities.remove, "city", asked_by="test").sentence
    authorities.choose(Choice(), asked_by="test")
    number = workspace.services.signing.ask(a_wanted(), "city")
    assert "wait" in refused(authorities.remove, "city", asked_by="test").sentence
    workspace.services.signing.cancel(number)
    authorities.remove("city", asked_by="test")
    assert refused(authorities.get, "city").kind is Kind.NOT_FOUND


def test_secrets_that_cannot_be_opened_are_given_once_more(
    workspace: MemoryWorkspace, authorities: Authorities
) -> None:
    add(authorities)
    workspace.unit.execute("UPDATE authority SET sealed_secrets = 'lost'")
    assert "cannot be opened" in refused(authorities.opened, "city").sentence
    assert "once more" in refused(authorities.change, "city", {"contact": "a"}, asked_by="test").sentence
    authorities.change("city", {"eabKey": "new"}, asked_by="test")
    assert authorities.opened("city").secrets == {"eabKey": "new"}


def test_what_was_done_is_in_the_security_log_without_secrets(
    workspace: MemoryWorkspace, authorities: Authorities
) -> None:
    add(authorities)
    authorities.change("city", {"eabKey": SECRET + "2"}, asked_by="test")
    authorities.remove("city", asked_by="test")
    notes = [row[0] for row in workspace.unit.all("SELECT reason FROM security_log ORDER BY number")]
    assert ["added" in notes[0], "changed" in notes[1], "removed" in notes[2]] == [True] * 3
    assert SECRET not in str(notes)
