"""Tests of API tokens, accounts and the record of deeds in the database, against the promises of their stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.access.account import Account, Credentials, Identity
from forecourt.domain.access.model import ApiToken
from forecourt.domain.access.permissions import EVERYTHING, Permission, Role
from forecourt.domain.access.second_factor import Totp
from forecourt.domain.audit.model import AuditFilter, Deed, Via
from forecourt.domain.paging import PageRequest
from forecourt.storage.accounts import AccountRecords
from forecourt.storage.audit import AuditRecords
from tests.storage.bench import Bench, all_pages
from tests.support.clock import NOON
from tests.support.vault import VAULT


def add(bench: Bench, token: ApiToken, digest: str) -> bool:
    with bench.committed():
        return bench.access.add_token(token, digest)


@pytest.mark.parametrize("expires_at", [None, NOON, datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)])
def test_a_token_is_found_by_its_digest_alone(bench: Bench, expires_at: datetime | None) -> None:
    token = ApiToken("it's 🔌 100%_\\", NOON, expires_at, EVERYTHING)
    assert add(bench, token, "d1")
    with bench.reading():
        assert bench.access.find_token("d1") == token
        assert bench.access.find_token("D1") is None
        assert bench.access.find_token(token.name) is None


def test_a_name_is_taken_once(bench: Bench) -> None:
    assert add(bench, ApiToken("ci", NOON, None, EVERYTHING), "d1")
    assert not add(bench, ApiToken("ci", NOON, None, EVERYTHING), "d2")
    with bench.reading():
        assert bench.access.find_token("d1") is not None
        assert bench.access.find_token("d2") is None


def test_a_token_can_be_removed_once_and_its_name_used_again(bench: Bench) -> None:
    add(bench, ApiToken("ci", NOON, None, EVERYTHING), "d1")
    with bench.committed():
        assert bench.access.remove_token("ci")
        assert not bench.access.remove_token("ci")
    assert add(bench, ApiToken("ci", NOON, None, EVERYTHING), "d2")
    with bench.reading():
        assert bench.access.find_token("d1") is None


def test_tokens_are_listed_by_name_page_by_page(bench: Bench) -> None:
    wanted = [ApiToken(f"t{number}", NOON, None, EVERYTHING) for number in range(5)]
    for number, token in enumerate(reversed(wanted)):
        add(bench, token, str(number))
    with bench.reading():
        assert all_pages(bench.access.tokens, 2) == wanted


@pytest.mark.parametrize("scopes", [frozenset({Permission.VIEW}), EVERYTHING])
def test_scopes_are_kept(bench: Bench, scopes: frozenset[Permission]) -> None:
    token = ApiToken("ci", NOON, None, scopes)
    assert add(bench, token, "d1")
    with bench.reading():
        assert bench.access.find_token("d1") == token


def test_a_token_of_an_older_version_may_do_everything_and_unknown_scopes_are_none(bench: Bench) -> None:
    add(bench, ApiToken("old", NOON, None, frozenset({Permission.VIEW})), "d1")
    add(bench, ApiToken("newer", NOON, None, frozenset({Permission.VIEW})), "d2")
    with bench.committed():
        bench.unit.execute("UPDATE api_token SET scopes = NULL WHERE name = 'old'")
        bench.unit.execute("UPDATE api_token SET scopes = 'fly view' WHERE name = 'newer'")
    with bench.reading():
        old, newer = bench.access.find_token("d1"), bench.access.find_token("d2")
    assert old is not None
    assert newer is not None
    assert old.scopes == EVERYTHING
    assert newer.scopes == {Permission.VIEW}


def test_the_newest_password_of_the_administrator_counts(bench: Bench) -> None:
    for hashed in ("first", "second"):
        with bench.committed():
            bench.access.put_admin("admin", hashed, NOON)
    with bench.reading():
        assert bench.access.find_password("admin") == "second"
        assert bench.access.find_password("Admin") is None
        assert bench.access.has_admin()


# Accounts


def accounts(bench: Bench) -> AccountRecords:
    return AccountRecords(bench.unit, VAULT)


def an_account(bench: Bench, name: str = "ann", role: Role = Role.VIEWER, *, is_enabled: bool = True) -> Account:
    account = Account(name=name, shown_name="Ann 🔌", role=role, created_at=NOON, is_enabled=is_enabled)
    with bench.committed():
        assert accounts(bench).add(account, "hash")
    return account


def test_an_account_is_found_as_it_was_added(bench: Bench) -> None:
    added = an_account(bench)
    with bench.reading():
        assert accounts(bench).find("ann") == replace(added, has_password=True)
        assert accounts(bench).find_credentials("ann") == Credentials("ann", Role.VIEWER, "hash", False)
        assert accounts(bench).find("bob") is None


def test_names_that_differ_in_case_only_are_the_same(bench: Bench) -> None:
    an_account(bench)
    with bench.committed():
        assert not accounts(bench).add(Account(name="ANN", shown_name="", role=Role.ADMIN), "x")


def test_credentials_are_those_of_enabled_accounts_with_passwords_only(bench: Bench) -> None:
    an_account(bench, "off", is_enabled=False)
    with bench.committed():
        accounts(bench).add(Account(name="elsewhere", shown_name="", role=Role.VIEWER), None)
    with bench.reading():
        assert accounts(bench).find_credentials("off") is None
        assert accounts(bench).find_credentials("elsewhere") is None
        assert bench.access.find_password("elsewhere") is None


def test_an_identity_is_linked_to_one_account(bench: Bench) -> None:
    an_account(bench, "ann")
    an_account(bench, "bob")
    identity = Identity("https://id.example", "42")
    with bench.committed():
        assert accounts(bench).link("ann", identity)
        assert accounts(bench).link("ann", identity)
        assert not accounts(bench).link("bob", identity)
    with bench.reading():
        found = accounts(bench).find_linked(identity)
        assert found is not None
        assert found.name == "ann"
        assert accounts(bench).find_linked(replace(identity, issuer="https://other.example")) is None
    with bench.committed():
        assert accounts(bench).link("ann", None)
        assert accounts(bench).link("bob", identity)


def test_a_second_factor_is_sealed_and_a_step_is_used_once(bench: Bench) -> None:
    an_account(bench)
    with bench.committed():
        store = accounts(bench)
        store.offer_totp("ann", "SECRET")
        assert store.find_offered_totp("ann") == "SECRET"
        assert store.find_totp("ann") is None
        store.put_totp("ann", Totp("SECRET", 7))
        assert store.find_offered_totp("ann") is None
        store.put_recovery_codes("ann", ["a", "b"])
    with bench.reading():
        assert "SECRET" not in repr(bench.unit.all("SELECT * FROM account"))
        found = accounts(bench).find("ann")
        assert found is not None
        assert (found.has_second_factor, found.recovery_codes) == (True, 2)
    with bench.committed():
        store = accounts(bench)
        assert [store.use_step("ann", step) for step in (7, 8, 8, 6)] == [False, True, False, False]
        assert [store.use_recovery_code("ann", code) for code in ("a", "a", "c")] == [True, False, False]
        assert store.remove_totp("ann")
        assert not store.remove_totp("ann")
    with bench.reading():
        assert bench.unit.all("SELECT * FROM recovery_code") == []


def test_only_enabled_administrators_are_counted(bench: Bench) -> None:
    an_account(bench, "ann", Role.ADMIN)
    an_account(bench, "bob", Role.ADMIN, is_enabled=False)
    an_account(bench, "eve", Role.SECURITY_OFFICER)
    with bench.committed():
        assert accounts(bench).hold_admins() == 1


def test_accounts_are_listed_by_name_page_by_page(bench: Bench) -> None:
    for name in ("c", "a", "b"):
        an_account(bench, name)
    with bench.reading():
        assert [one.name for one in all_pages(accounts(bench).list, 2)] == ["a", "b", "c"]


# The record of who did what


def test_entries_are_listed_newest_first_and_sifted(bench: Bench) -> None:
    deeds = [
        Deed(who="ann", via=Via.PAGE, action="/stations/{station}", subject="CP1", detail="x"),
        Deed(who="token ci", via=Via.REST, action="addStation", subject="", detail="it's 🔌"),
        Deed(who="ann", via=Via.COMMAND_LINE, action="station add", subject="CP2"),
    ]
    for n, deed in enumerate(deeds):
        with bench.committed():
            AuditRecords(bench.unit).add(deed, NOON + timedelta(minutes=n))
    store = AuditRecords(bench.unit)
    with bench.reading():
        found = all_pages(lambda page: store.list(AuditFilter(), page), 2)
        assert [entry.deed for entry in found] == deeds[::-1]
        assert [entry.at for entry in found] == [NOON + timedelta(minutes=n) for n in (2, 1, 0)]
        for wanted, which in (
            (AuditFilter(who="ann"), [2, 0]),
            (AuditFilter(via=Via.REST), [1]),
            (AuditFilter(action="station add"), [2]),
            (AuditFilter(subject="CP1"), [0]),
            (AuditFilter(since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=2)), [1]),
        ):
            assert [entry.deed for entry in store.list(wanted, PageRequest()).items] == [deeds[n] for n in which]


def test_old_entries_and_the_oldest_failures_are_forgotten(bench: Bench) -> None:
    with bench.committed():
        for n, action in enumerate(("old", "failed", "failed", "failed", "new")):
            deed = Deed(who=str(n), via=Via.PAGE, action=action)
            AuditRecords(bench.unit).add(deed, NOON + timedelta(days=n))
    with bench.committed():
        store = AuditRecords(bench.unit)
        store.prune_all_but({"failed"}, 2)
        store.prune(NOON + timedelta(hours=1))
    with bench.reading():
        left = AuditRecords(bench.unit).list(AuditFilter(), PageRequest()).items
        assert [entry.deed.who for entry in left] == ["4", "3", "2"]
