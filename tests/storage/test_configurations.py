"""Tests of the configuration of stations in the database, against the promises of ConfigurationStore."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.configuration.model import BootNote, Desired, Setting, Snapshot, fold
from forecourt.domain.errands.intents import ReadSettings
from forecourt.domain.errands.model import Claim, Draft, ErrandState, Line, Order
from forecourt.domain.presence.model import LinkId
from forecourt.storage.configurations import Configurations
from forecourt.storage.connection import Parameters, Row
from forecourt.storage.errands import Errands
from tests.storage.bench import UNUSUAL_TEXTS, Bench
from tests.support.clock import NOON
from tests.support.scratch import ScratchUnit
from tests.support.vault import VAULT

REFRESH = "RefreshConfiguration"
LATER = NOON + timedelta(hours=1)
NOTHING = BootNote(None, is_unsettled=False, is_being_read=False)


class Explaining(ScratchUnit):
    """A unit of work that writes down how each single row is looked for."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: list[str] = []

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        self.plans.append("\n".join(str(step[3]) for step in self.all(f"EXPLAIN QUERY PLAN {sql}", parameters)))
        return super().one(sql, parameters)


def put(bench: Bench, key: int, *settings: Setting) -> None:
    with bench.committed():
        Configurations(bench.unit).put(key, settings)


def snapshot(bench: Bench, key: int) -> Snapshot:
    with bench.reading():
        return Configurations(bench.unit).snapshot(key)


def note(bench: Bench, key: int, operation: str | None = REFRESH) -> BootNote:
    with bench.reading():
        return Configurations(bench.unit).note_at_boot(key, operation)


def settings(*texts: str) -> list[Setting]:
    return [Setting(name=f"{number}{text[:40]}", value=text, learned_at=NOON) for number, text in enumerate(texts)]


def test_settings_are_kept_exactly(bench: Bench) -> None:
    key = bench.add_station()
    wanted = [
        *settings(*UNUSUAL_TEXTS),
        Setting(name="Nothing", learned_at=NOON),
        Setting(name="Coming", is_read_only=True, awaits_restart=True, coming="x", learned_at=LATER),
        Setting(name="Unknown", is_unknown=True, learned_at=NOON),
    ]
    put(bench, key, *wanted)

    assert snapshot(bench, key) == Snapshot({fold(one.name): one for one in wanted}, None)


def test_a_setting_replaces_the_one_of_the_same_name_in_any_case(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    put(bench, key, Setting(name="Name", value="1", learned_at=NOON), Setting(name="B", learned_at=NOON))
    put(bench, other, Setting(name="Name", value="other", learned_at=NOON))
    put(bench, key, Setting(name="NAME", value="2", learned_at=LATER))

    with bench.reading():
        store = Configurations(bench.unit)
        assert store.setting(key, "name") == Setting(name="NAME", value="2", learned_at=LATER)
        assert store.setting(key, "none") is None
        assert store.snapshot(other).value("name") == "other"
    assert len(snapshot(bench, key).settings) == 2


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_any_number_of_settings_is_replaced_at_once(bench: Bench, count: int) -> None:
    key = bench.add_station()
    put(bench, key, Setting(name="Old", learned_at=NOON))
    wanted = settings(*map(str, range(count)))
    with bench.committed():
        store = Configurations(bench.unit)
        store.replace(key, wanted)
        store.complete(key, NOON)
        store.complete(key, LATER)
        assert store.snapshot(key) == Snapshot({fold(one.name): one for one in wanted}, LATER)  # within the unit too


def test_what_matters_at_boot_is_found_in_one_look(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    assert note(bench, key) == NOTHING
    put(bench, key, Setting(name="A", value="1", awaits_restart=True, coming="2", learned_at=NOON))
    put(bench, other, Setting(name="A", value="1", awaits_restart=True, coming=None, learned_at=NOON))
    draft = Draft(operation=REFRESH, intent=ReadSettings(), shown=None)
    with bench.committed():
        Configurations(bench.unit).complete(key, NOON)
        number, _ = Errands(bench.unit, VAULT).add(key, draft, Order(asked_by="t"), expires_at=LATER, at=NOON)
    assert note(bench, key) == BootNote(NOON, is_unsettled=True, is_being_read=True)
    assert note(bench, key, "ApplyConfiguration") == BootNote(NOON, is_unsettled=True, is_being_read=False)
    assert note(bench, key, None) == BootNote(NOON, is_unsettled=True, is_being_read=False)
    assert note(bench, other) == BootNote(None, is_unsettled=True, is_being_read=False)

    with bench.committed():
        Configurations(bench.unit).restarted(key)
        claim = Claim(number, key, REFRESH, ReadSettings(), 0)
        line = Line("node", LinkId(1))
        Errands(bench.unit, VAULT).send(
            claim, line=line, action="A", shown="{}", kept=claim.intent, at=NOON, answer_by=LATER
        )
    assert note(bench, key) == BootNote(NOON, is_unsettled=True, is_being_read=True)  # its value is not confirmed
    assert snapshot(bench, key).find("A") == Setting(name="A", value="1", coming="2", learned_at=NOON)

    put(bench, key, Setting(name="A", value="2", learned_at=NOON))
    with bench.committed():
        Errands(bench.unit, VAULT).finish(number, ErrandState.ANSWERED, of=ErrandState.SENT, at=NOON)
    assert note(bench, key) == BootNote(NOON, is_unsettled=False, is_being_read=False)
    assert note(bench, other).is_unsettled
    assert note(bench, 999) == note(bench, 999, None) == NOTHING


def test_what_matters_at_boot_is_found_without_reading_the_errands_of_the_station() -> None:
    """It is asked in every BootNotification. Only what is queued and what is out is looked at, by their indexes."""
    unit = Explaining()
    for operation in (REFRESH, None):
        Configurations(unit).note_at_boot(1, operation)
    loud, quiet = unit.plans

    assert "SEARCH e USING INDEX errand_queued (station_key=?)" in loud
    assert "SEARCH e USING INDEX errand_out (station_key=?)" in loud
    assert "errand_of_station" not in loud
    assert "SCAN" not in loud
    assert "errand" not in quiet


def test_desired_values_are_kept_replaced_and_removed(bench: Bench) -> None:
    key = bench.add_station()
    texts = [text for text in UNUSUAL_TEXTS if text]
    wanted = [Desired(f"K{number}", text, text, NOON) for number, text in enumerate(texts)]
    with bench.committed():
        store = Configurations(bench.unit)
        for one in reversed(wanted):
            store.put_desired(key, one)
        store.put_desired(key, Desired("k0", "new", "other", LATER))
    with bench.committed():
        store = Configurations(bench.unit)
        assert store.desired(key) == [Desired("k0", "new", "other", LATER), *wanted[1:]]
        assert store.remove_desired(key, "K0")
        assert not store.remove_desired(key, "k0")
        assert store.desired(key + 1) == []


@pytest.mark.parametrize(
    ("setting", "is_suspect"),
    [
        (None, True),
        (Setting(name="A", is_unknown=True, learned_at=NOON), True),
        (Setting(name="A", value="1", learned_at=NOON), True),
        (Setting(name="A", value="2", learned_at=NOON), False),
        (Setting(name="A", value="1", awaits_restart=True, coming="2", learned_at=NOON), False),
        (Setting(name="A", value="2", awaits_restart=True, coming="1", learned_at=NOON), True),
        (Setting(name="A", value="1", coming="2", learned_at=NOON), False),
        (Setting(name="A", value="2", coming="1", learned_at=NOON), True),
        (Setting(name="A", value="2", awaits_restart=True, coming=None, learned_at=NOON), True),
        (Setting(name="A", value=None, learned_at=NOON), True),
    ],
)
def test_stations_that_may_drift(bench: Bench, setting: Setting | None, *, is_suspect: bool) -> None:
    key, _ = bench.add_station("CP-1"), bench.add_station("CP-2")
    if setting is not None:
        put(bench, key, setting)
    with bench.committed():
        Configurations(bench.unit).put_desired(key, Desired("a", "2", "t", NOON))
    with bench.reading():
        assert Configurations(bench.unit).suspects(None, 10) == ([("CP-1", key)] if is_suspect else [])


def test_suspects_come_page_by_page_without_removed_stations(bench: Bench) -> None:
    keys = {f"CP-{number}": bench.add_station(f"CP-{number}") for number in range(4)}
    with bench.committed():
        for key in keys.values():
            Configurations(bench.unit).put_desired(key, Desired("a", "2", "t", NOON))
        bench.stations.remove(keys["CP-1"], NOON)
    with bench.reading():
        store = Configurations(bench.unit)
        assert store.suspects(None, 2) == [("CP-0", keys["CP-0"]), ("CP-2", keys["CP-2"])]
        assert store.suspects("CP-2", 2) == [("CP-3", keys["CP-3"])]
