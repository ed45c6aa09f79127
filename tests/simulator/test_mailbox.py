"""Messages of transactions keep their order and are tried until they are answered (OCPP 1.6 §3.7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.dialects.v16.messages.heartbeat import HEARTBEAT, HeartbeatRequest
from forecourt.dialects.v16.messages.start_transaction import START_TRANSACTION, StartTransactionRequest
from forecourt.dialects.v16.messages.stop_transaction import STOP_TRANSACTION, StopTransactionRequest
from forecourt_simulator.connector import Transaction
from forecourt_simulator.mailbox import Letter, Mailbox
from tests.simulator.worlds import START


def a_transaction() -> tuple[Letter, Letter]:
    """StartTransaction and StopTransaction of one transaction."""
    transaction = Transaction(1, "TAG", 0, START)
    start = StartTransactionRequest(connector_id=1, id_tag="TAG", meter_start=0, timestamp=START)
    stop = StopTransactionRequest(meter_stop=9, timestamp=START, transaction_id=-1)
    return (
        Letter(START_TRANSACTION, start, 1, transaction),
        Letter(STOP_TRANSACTION, stop, 1, transaction),
    )


def a_heartbeat() -> Letter:
    return Letter(HEARTBEAT, HeartbeatRequest())


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(attempts=3, retry_seconds=10.0)


def test_the_stop_waits_until_the_start_was_answered(mailbox: Mailbox) -> None:
    start, stop = a_transaction()
    mailbox.post(start)
    mailbox.post(stop)
    assert mailbox.find_next(START, is_admitted=True) is start
    assert mailbox.find_next(START, is_admitted=True) is start
    mailbox.settle(start)
    assert mailbox.find_next(START, is_admitted=True) is stop


def test_the_stop_leaves_with_the_number_that_the_start_learnt() -> None:
    start, stop = a_transaction()
    assert start.transaction is not None
    start.transaction.transaction_id = 42
    words = stop.to_send()
    assert isinstance(words, StopTransactionRequest)
    assert (words.transaction_id, words.meter_stop) == (42, 9)


def test_other_messages_overtake_those_of_transactions(mailbox: Mailbox) -> None:
    start, _ = a_transaction()
    heartbeat = a_heartbeat()
    mailbox.post(start)
    mailbox.post(heartbeat)
    assert mailbox.find_next(START, is_admitted=True) is heartbeat
    assert mailbox.find_next(START, is_admitted=True) is start


def test_nothing_but_what_comes_first_leaves_before_admission(mailbox: Mailbox) -> None:
    start, _ = a_transaction()
    first = a_heartbeat()
    mailbox.post(start)
    mailbox.post(a_heartbeat())
    assert mailbox.find_next(START, is_admitted=False) is None
    mailbox.post_first(first)
    assert mailbox.find_next(START, is_admitted=False) is first


def test_the_loss_of_the_link_forgets_only_what_does_not_last(mailbox: Mailbox) -> None:
    start, stop = a_transaction()
    for letter in (a_heartbeat(), start, stop):
        mailbox.post(letter)
    mailbox.post_first(a_heartbeat())
    mailbox.go_offline()
    assert mailbox.waiting == [start, stop]
    assert mailbox.find_next(START, is_admitted=True) is start


def test_a_refused_message_waits_longer_each_time_and_is_given_up_in_the_end(mailbox: Mailbox) -> None:
    start, stop = a_transaction()
    mailbox.post(start)
    mailbox.post(stop)
    assert not mailbox.refuse(start, START)
    assert mailbox.find_next(START + timedelta(seconds=9), is_admitted=True) is None
    assert mailbox.find_next(START + timedelta(seconds=10), is_admitted=True) is start
    assert not mailbox.refuse(start, START)
    assert mailbox.find_next(START + timedelta(seconds=19), is_admitted=True) is None
    assert mailbox.find_next(START + timedelta(seconds=20), is_admitted=True) is start
    assert mailbox.refuse(start, START)
    assert mailbox.find_next(START, is_admitted=True) is stop
