"""A small charging site to look at: a few stations that charge quickly and tell what happens in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from forecourt_simulator.driver import Rhythm
from forecourt_simulator.naming import station_names
from forecourt_simulator.note import Note
from forecourt_simulator.run import Fleet, run_fleet

PREFIX: Final = "DEMO-"

LIVELY: Final = Rhythm(
    arrival=(0.0, 900.0), charging=(1_800.0, 7_200.0), pause=(300.0, 1_800.0), fumbling=(60.0, 180.0)
)
"""At 60 simulated seconds per second the first cars come within a quarter of a minute."""

_STORIES: Final[dict[str, str]] = {
    "connected": "{station} is on line",
    "disconnected": "{station} lost the central system; {waiting} messages of transactions wait",
    "connection_refused": "{station} was refused with HTTP status {status}; is it registered?",
    "profile_taken": "{station} signs in with security profile {profile} from now on",
    "profile_given_up": "{station} goes back to security profile {profile}",
    "connection_failed": "{station} could not connect: {reason}",
    "waits_to_connect": "{station} tries again in {seconds} s",
    "boot_answered": "{station} said who it is and was answered {status}",
    "plugged_in": "{station}/{connector}: a car with {soc_percent} % plugs in",
    "unplugged": "{station}/{connector}: the car drives away",
    "tag_answered": "{station}/{connector}: tag {id_tag} is {status}",
    "transaction_started": "{station}/{connector}: charging begins at {meter_wh} Wh",
    "transaction_numbered": "{station}/{connector}: this is transaction {transaction_id} ({status})",
    "metered": "{station}/{connector}: {power_w} W, battery at {soc_percent} %, meter at {energy_wh} Wh",
    "transaction_stopped": "{station}/{connector}: charging ended ({reason}) after {energy_wh} Wh",
    "asked": "{station}: the central system asks for {action} (supported: {supported})",
    "call_failed": "{station}: {action} failed: {code} {reason}",
    "restarted": "{station} restarts",
}
"""Event → its sentence. What is not here is not worth a line."""


def demo_stations(count: int = 5, *, prefix: str = PREFIX) -> list[str]:
    """The identities that have to be registered before :func:`run_site`."""
    return station_names(prefix, count)


def tell_story(note: Note) -> str | None:
    """An event as a sentence, or None when it is not worth one."""
    story = _STORIES.get(note.event)
    if story is None:
        return None
    return story.format(station=note.station, connector=note.connector_id, **note.details)


async def run_site(
    url: str,
    count: int = 5,
    tag: str = "DEMO",
    *,
    prefix: str = PREFIX,
    connectors: int = 2,
    speed: float = 60.0,
    seed: int | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Run the site until cancelled. The tag needs no limit of active transactions: all drivers share it."""

    def tell(note: Note) -> None:
        story = tell_story(note)
        if story is not None:
            say(story)

    fleet = Fleet(
        url=url,
        names=demo_stations(count, prefix=prefix),
        tags=[tag],
        connectors=connectors,
        speed=speed,
        seed=seed,
        rhythm=LIVELY,
    )
    await run_fleet(fleet, tell=tell)
