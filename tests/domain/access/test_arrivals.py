"""People who come from an OpenID provider, and the accounts that are theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forecourt.domain.access.account import Account
from forecourt.domain.access.accounts import Accounts
from forecourt.domain.access.arrivals import Vouched, account_of
from forecourt.domain.access.permissions import Role
from forecourt.domain.errors import DomainError, Kind
from tests.support.workspace import MemoryWorkspace

ADA = Vouched("https://id.example", "0815", "ada", "Ada", Role.OPERATOR)


@pytest.fixture
def accounts() -> Accounts:
    return MemoryWorkspace().services.accounts


def arrive(accounts: Accounts, who: Vouched, *, is_role_told: bool = True) -> Account:
    return account_of(accounts, who, is_role_told=is_role_told)


def test_an_account_is_made_once(accounts: Accounts) -> None:
    made = arrive(accounts, ADA)

    assert (made.name, made.shown_name, made.role, made.has_password) == ("ada", "Ada", Role.OPERATOR, False)
    assert arrive(accounts, replace(ADA, name="ada@elsewhere")) == made  # by the subject, whatever the name


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("ada l", "ada-l"),
        ("a/b:c", "a-b-c"),
        ("ada@id.example", "ada@id.example"),
        ("", "somebody"),
        ("\x00\n", "somebody"),
        ("x" * 500, "x" * 96),
    ],
)
def test_a_name_is_made_to_fit(accounts: Accounts, name: str, made: str) -> None:
    assert arrive(accounts, replace(ADA, name=name)).name == made


def test_namesakes_get_numbers(accounts: Accounts) -> None:
    names = [arrive(accounts, replace(ADA, subject=str(number))).name for number in range(3)]
    assert names == ["ada", "ada-2", "ada-3"]


def test_a_name_that_differs_in_case_only_is_taken_too(accounts: Accounts) -> None:
    accounts.add("ADA", role=Role.VIEWER)
    assert arrive(accounts, ADA).name == "ada-2"


def test_the_same_subject_of_another_issuer_is_somebody_else(accounts: Accounts) -> None:
    arrive(accounts, ADA)
    assert arrive(accounts, replace(ADA, issuer="https://other.example")).name == "ada-2"


def test_role_and_name_follow_the_provider(accounts: Accounts) -> None:
    arrive(accounts, ADA)
    changed = arrive(accounts, replace(ADA, role=Role.VIEWER, shown_name="Ada\x00 L"))
    assert (changed.role, changed.shown_name) == (Role.VIEWER, "Ada L")


def test_where_it_tells_no_roles_they_stay(accounts: Accounts) -> None:
    arrive(accounts, ADA)
    accounts.change("ada", role=Role.VIEWER)
    assert arrive(accounts, replace(ADA, role=None), is_role_told=False).role is Role.VIEWER


@pytest.mark.parametrize("is_role_told", [True, False])
def test_nobody_without_a_role_gets_an_account(accounts: Accounts, is_role_told: bool) -> None:
    with pytest.raises(DomainError, match="nothing gives you a role here") as refused:
        arrive(accounts, replace(ADA, role=None), is_role_told=is_role_told)
    assert refused.value.kind is Kind.REFUSED
    assert accounts.find("ada") is None


def test_whoever_lost_the_role_stays_outside(accounts: Accounts) -> None:
    arrive(accounts, ADA)
    with pytest.raises(DomainError, match="says nothing of a role here"):
        arrive(accounts, replace(ADA, role=None))


def test_a_disabled_account_stays_outside(accounts: Accounts) -> None:
    arrive(accounts, ADA)
    accounts.change("ada", is_enabled=False)
    with pytest.raises(DomainError, match="is disabled here"):
        arrive(accounts, ADA)


def test_the_last_administrator_does_not_become_something_else(accounts: Accounts) -> None:
    arrive(accounts, replace(ADA, role=Role.ADMIN))
    with pytest.raises(DomainError, match="last enabled administrator"):
        arrive(accounts, ADA)
