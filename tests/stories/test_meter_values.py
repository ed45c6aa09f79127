"""What is measured during a transaction, and that every export says the same (OCPP 1.6 §4.7, §7.31-7.45)."""

from __future__ import annotations

import csv
import io

import pytest

from tests.stories.builders import a_station, a_tag
from tests.stories.moments import ago
from tests.stories.wire import Wire
from tests.support.peer import Peer
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem


def a_transaction(peer: Peer, rest: Rest, *, connector: int = 1) -> int:
    transaction_id: int = peer.start(connector, a_tag(rest), 0, ago(hours=1))["transactionId"]
    return transaction_id


def sample(value: str, **more: str) -> Json:
    return {"value": value, **more}


def reading(at: str, *samples: Json) -> Json:
    return {"timestamp": at, "sampledValue": list(samples)}


POWER = "Power.Active.Import"
REGISTER = "Energy.Active.Import.Register"


@pytest.mark.parametrize(
    ("samples", "energy", "power", "soc"),
    [
        ([sample("1234")], 1234, None, None),
        ([sample("1.5", unit="kWh")], 1500, None, None),
        ([sample("7", measurand=REGISTER, unit="Wh"), sample("80", measurand="SoC", unit="Percent")], 7, None, 80),
        ([sample(str(1000 + n), measurand=POWER, phase=f"L{n}", unit="W") for n in (1, 2, 3)], None, 3006, None),
        ([sample("11.04", measurand=POWER, unit="kW")], None, 11040, None),
        ([sample("16", measurand="Current.Import", phase="L1", unit="A")], None, None, None),
        ([sample("230.1", measurand="Voltage", phase="L1-N", unit="V")], None, None, None),
        ([sample("21.5", measurand="Temperature", unit="Celsius", location="Body")], None, None, None),
        ([sample("50.01", measurand="Frequency")], None, None, None),
        ([sample("AB" * 5000, format="SignedData", context="Transaction.End")], None, None, None),
        ([sample("not a number")], None, None, None),
        ([sample("NaN"), sample("1e999", measurand=POWER), sample("", measurand="SoC")], None, None, None),
        ([sample("-12", measurand="Energy.Active.Export.Register")], None, None, None),
    ],
)
def test_a_reading_is_kept_as_sent_and_its_figures_are_shown(
    system: RunningSystem,
    rest: Rest,
    samples: list[Json],
    energy: float | None,
    power: float | None,
    soc: float | None,
) -> None:
    at = ago(minutes=5)
    with Peer(system.stations_url, a_station(rest)) as peer:
        transaction_id = a_transaction(peer, rest)
        assert peer.meter_values(1, [reading(at, *samples)], transaction_id) == {}
    [stored] = rest.meter_values(transaction_id)
    figures = [stored.pop(name) for name in ("energyWh", "powerW", "soc")]
    assert figures == [wanted if wanted is None else pytest.approx(wanted) for wanted in (energy, power, soc)]
    assert stored == {
        "timestamp": at,
        "connectorId": 1,
        "transactionId": transaction_id,
        "sampledValue": samples,
    }


def test_a_reading_without_samples_is_answered(system: RunningSystem, rest: Rest) -> None:
    """OCPP 1.6 §4.7: always answered, also when sanity checks fail."""
    with Wire(system.stations_url, a_station(rest)) as wire:
        assert wire.ask("MeterValues", {"connectorId": 1, "meterValue": [reading(ago(minutes=1))]}) == {}


@pytest.mark.parametrize("spelling", ["Celsius", "Celcius"])
def test_both_spellings_of_celsius_are_taken(system: RunningSystem, rest: Rest, spelling: str) -> None:
    """OCPP-J 1.6 errata 2.1."""
    values = [reading(ago(minutes=1), sample("20", measurand="Temperature", unit=spelling))]
    with Wire(system.stations_url, a_station(rest)) as wire:
        assert wire.ask("MeterValues", {"connectorId": 0, "meterValue": values}) == {}


def test_readings_of_many_moments_come_back_oldest_first(system: RunningSystem, rest: Rest) -> None:
    moments = [ago(minutes=minutes) for minutes in (50, 40, 30, 20, 10)]
    with Peer(system.stations_url, a_station(rest)) as peer:
        transaction_id = a_transaction(peer, rest)
        late = [reading(at, sample(str(number))) for number, at in enumerate(moments)]
        assert peer.meter_values(1, late[3:], transaction_id) == {}
        assert peer.meter_values(1, late[:3], transaction_id) == {}
        assert peer.stop(transaction_id, 99, ago(minutes=1), data=[reading(ago(minutes=1), sample("99"))]) == {}
    stored = rest.meter_values(transaction_id)
    assert [entry["timestamp"] for entry in stored][:5] == moments
    assert [entry["energyWh"] for entry in stored] == [0, 1, 2, 3, 4, 99]


def test_readings_for_no_known_transaction_are_answered(system: RunningSystem, rest: Rest) -> None:
    """OCPP 1.6 §4.7: always answered, also when sanity checks fail."""
    with Peer(system.stations_url, a_station(rest)) as peer:
        for transaction in (None, -1, 0, 2**31 - 1):
            for number in (0, 1, 77):
                assert peer.meter_values(number, [reading(ago(minutes=1), sample("5"))], transaction) == {}


def test_readings_of_one_transaction_are_not_shown_for_another(system: RunningSystem, rest: Rest) -> None:
    with Peer(system.stations_url, a_station(rest)) as peer:
        first, second = a_transaction(peer, rest), a_transaction(peer, rest, connector=2)
        peer.meter_values(1, [reading(ago(minutes=2), sample("1"))], first)
        peer.meter_values(2, [reading(ago(minutes=2), sample("2"))], second)
        peer.meter_values(1, [reading(ago(minutes=2), sample("3"))])
    assert [entry["energyWh"] for entry in rest.meter_values(first)] == [1]
    assert [entry["energyWh"] for entry in rest.meter_values(second)] == [2]


def cell(value: Json) -> str:
    """A JSON value as a cell of a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(value)
    return str(value)


def test_the_table_of_transactions_equals_the_list(system: RunningSystem, rest: Rest) -> None:
    identity = a_station(rest)
    with Peer(system.stations_url, identity) as peer:
        ids = [a_transaction(peer, rest, connector=number) for number in (1, 2, 3)]
        peer.stop(ids[0], 70, ago(minutes=1), reason="Other")
        peer.stop(ids[1], -5, ago(hours=2))
    table = list(csv.DictReader(io.StringIO(rest.transactions_csv(stationId=identity))))
    listed = rest.transactions(stationId=identity)
    assert [{name: row[name] for name in entry if name in row} for row, entry in zip(table, listed, strict=True)] == [
        {name: cell(value) for name, value in entry.items() if name != "operatorStop"} for entry in listed
    ]
    assert len(table) == 3
    active = list(csv.DictReader(io.StringIO(rest.transactions_csv(stationId=identity, active="true"))))
    assert [row["transactionId"] for row in active] == [str(ids[2])]


def test_the_table_of_readings_has_a_row_for_every_sample(system: RunningSystem, rest: Rest) -> None:
    with Peer(system.stations_url, a_station(rest)) as peer:
        transaction_id = a_transaction(peer, rest)
        first = reading(ago(minutes=2), sample("1.5", unit="kWh"), sample("3", measurand=POWER, phase="L1", unit="kW"))
        peer.meter_values(1, [first, reading(ago(minutes=1), sample("=2+3", location="Body"))], transaction_id)
    table = list(csv.DictReader(io.StringIO(rest.meter_values_csv(transaction_id))))
    fields = ("value", "context", "format", "measurand", "phase", "location", "unit")
    rows = [
        {name: cell(entry[name]) for name in entry if name != "sampledValue"}
        | {name: cell(one.get(name)) for name in fields}
        for entry in rest.meter_values(transaction_id)
        for one in entry["sampledValue"]
    ]
    assert len(rows) == 3
    assert rows[2]["value"] == "=2+3"
    rows[2]["value"] = "'=2+3"  # a spreadsheet must not run what a station sends
    assert table == rows
