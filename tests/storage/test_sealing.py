"""The key that the database is sealed with: noticed when it is another, and changed without loss."""

from __future__ import annotations

import pytest

from forecourt.domain.errands.intents import Say, Unreadable
from forecourt.domain.errands.model import Draft, ErrandState, Failure, Order
from forecourt.pki.errors import BadSeal
from forecourt.pki.sealing import Vault
from forecourt.storage.errands import Errands
from forecourt.storage.resealing import reseal
from forecourt.storage.sealed_checks import check_key, forget_key, is_sealed
from tests.storage.bench import Bench
from tests.support.clock import NOON
from tests.support.vault import VAULT

OLD, NEW = Vault.new_key(), Vault.new_key()
SECRET = Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"73656372657421"}')


def an_errand(bench: Bench, vault: Vault, *, ends_unknown: bool | None = None) -> int:
    key = bench.add_station(f"CP-{bench.count('station')}")
    errands = Errands(bench.unit, vault)
    with bench.committed():
        draft = Draft(operation="ChangeConfiguration", intent=SECRET, shown="{}")
        number, _ = errands.add(key, draft, Order(asked_by="t"), expires_at=NOON, at=NOON)
        if ends_unknown is not None:
            failure = Failure("Because.", is_outcome_unknown=ends_unknown)
            errands.finish(number, ErrandState.FAILED, of=ErrandState.QUEUED, at=NOON, failure=failure)
    return number


def intent_of(bench: Bench, vault: Vault, number: int) -> object:
    with bench.reading():
        row = bench.unit.one("SELECT number FROM errand WHERE number = ?", (number,))
        assert row is not None
        claim = Errands(bench.unit, vault).find_claim(row[0])
    assert claim is not None
    return claim.intent


def test_the_first_key_is_the_one_of_the_database(bench: Bench) -> None:
    assert not is_sealed(bench.connection)
    check_key(bench.connection, Vault([OLD]))
    assert is_sealed(bench.connection)
    check_key(bench.connection, Vault([OLD]))
    with pytest.raises(BadSeal):
        check_key(bench.connection, Vault([NEW]))
    check_key(bench.connection, Vault([NEW, OLD]))


def test_a_key_that_is_forgotten_makes_room_for_another(bench: Bench) -> None:
    check_key(bench.connection, Vault([OLD]))
    forget_key(bench.connection)
    assert not is_sealed(bench.connection)
    check_key(bench.connection, Vault([NEW]))


def test_a_secret_cannot_be_found_in_what_is_stored(bench: Bench) -> None:
    number = an_errand(bench, VAULT)
    with bench.reading():
        [row] = bench.connection.all("SELECT * FROM errand")
    assert "73656372657421" not in repr(row)
    assert intent_of(bench, VAULT, number) == SECRET


def test_after_the_key_was_changed_the_old_one_is_needed_no_more(bench: Bench) -> None:
    old, both, new = Vault([OLD]), Vault([NEW, OLD]), Vault([NEW])
    check_key(bench.connection, old)
    queued, doubtful = an_errand(bench, old), an_errand(bench, old, ends_unknown=True)
    assert reseal(bench.connection, newest=new, vault=both) == 3
    check_key(bench.connection, new)
    assert intent_of(bench, new, queued) == intent_of(bench, new, doubtful) == SECRET
    assert reseal(bench.connection, newest=new, vault=both) == 0


def test_a_page_at_a_time_everything_is_sealed_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.storage.resealing._PAGE", 2)
    check_key(bench.connection, Vault([OLD]))
    numbers = [an_errand(bench, Vault([OLD])) for _ in range(5)]
    assert reseal(bench.connection, newest=Vault([NEW]), vault=Vault([NEW, OLD])) == 6
    assert [intent_of(bench, Vault([NEW]), number) for number in numbers] == [SECRET] * 5


def test_what_an_older_version_left_unsealed_is_sealed(bench: Bench) -> None:
    number = an_errand(bench, VAULT)
    plain = '{"kind":"Say","intent":{"action":"Reset","payload":"{}"}}'
    with bench.committed():
        bench.unit.execute("UPDATE errand SET intent = ? WHERE number = ?", (plain, number))
    assert intent_of(bench, VAULT, number) == Say("Reset", "{}")
    reseal(bench.connection, newest=VAULT, vault=VAULT)
    assert intent_of(bench, VAULT, number) == Say("Reset", "{}")
    with bench.reading():
        [(written,)] = bench.connection.all("SELECT intent FROM errand")
    assert "Reset" not in written


@pytest.mark.parametrize("ends_unknown", [None, False, True])
def test_the_first_key_seals_what_was_written_before_even_what_has_ended(
    bench: Bench, *, ends_unknown: bool | None
) -> None:
    number = an_errand(bench, VAULT, ends_unknown=ends_unknown)
    plain = '{"kind":"Say","intent":{"action":"Reset","payload":"{}"}}'
    with bench.committed():
        bench.unit.execute("UPDATE errand SET intent = ? WHERE number = ?", (plain, number))
    assert check_key(bench.connection, VAULT) == 1
    with bench.reading():
        [(written,)] = bench.connection.all("SELECT intent FROM errand")
    assert VAULT.open(written).decode() == plain
    assert check_key(bench.connection, VAULT) == 0


def test_nothing_is_sealed_by_a_key_that_is_not_the_databases(bench: Bench) -> None:
    check_key(bench.connection, Vault([OLD]))
    number = an_errand(bench, VAULT)
    plain = '{"kind":"Say","intent":{"action":"Reset","payload":"{}"}}'
    with bench.committed():
        bench.unit.execute("UPDATE errand SET intent = ? WHERE number = ?", (plain, number))
    with pytest.raises(BadSeal):
        check_key(bench.connection, Vault([NEW]))
    assert intent_of(bench, Vault([OLD]), number) == Say("Reset", "{}")


def test_what_no_key_opens_stays_as_it_is_and_does_not_stop_the_others(bench: Bench) -> None:
    lost, old, new = Vault([Vault.new_key()]), Vault([OLD]), Vault([NEW])
    first, second = an_errand(bench, lost), an_errand(bench, old)
    reseal(bench.connection, newest=new, vault=Vault([NEW, OLD]))
    assert intent_of(bench, new, first) == Unreadable()
    assert intent_of(bench, lost, first) == SECRET
    assert intent_of(bench, new, second) == SECRET
