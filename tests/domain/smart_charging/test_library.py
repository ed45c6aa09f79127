"""Tests of the library of charging profiles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.smart_charging.model import ProfileDraft, ProfileFilter
from forecourt.domain.smart_charging.rules import ProfileRefused
from tests.domain.smart_charging.profiles import DEFAULT, MAX, a_draft, a_profile
from tests.domain.world import ALL, World, refused


def test_a_profile_gets_a_number_that_is_never_used_again() -> None:
    library = World().services.smart_charging
    first = library.add_profile(a_draft())
    assert first.profile.profile_id == first.number
    library.remove_profile(first.number)
    assert library.add_profile(a_draft()).number > first.number


def test_a_profile_that_breaks_rules_is_not_kept() -> None:
    library = World().services.smart_charging
    kept = library.add_profile(a_draft())
    wrong = a_draft(a_profile(level=-1))
    with pytest.raises(ProfileRefused):
        library.add_profile(wrong)
    with pytest.raises(ProfileRefused):
        library.change_profile(kept.number, wrong)
    assert library.list_profiles(ProfileFilter(), ALL).items == [kept]


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (a_draft(name=" "), "name"),
        (a_draft(name="x" * 256), "name"),
        (a_draft(name="a\0b"), "name"),
        (a_draft(description="x" * 1001), "description"),
    ],
)
def test_texts_have_limits(draft: ProfileDraft, field: str) -> None:
    with refused(Kind.INVALID, field=field):
        World().services.smart_charging.add_profile(draft)


def test_what_is_not_there_is_said() -> None:
    library = World().services.smart_charging
    for act in (library.get_profile, library.remove_profile, library.where):
        with refused(Kind.NOT_FOUND, about="no charging profile 7"):
            act(7)
    with refused(Kind.NOT_FOUND):
        library.change_profile(7, a_draft())


def test_profiles_are_found_by_text_and_purpose() -> None:
    library = World().services.smart_charging
    night = library.add_profile(a_draft(a_profile(DEFAULT), name="Night 100%"))
    grid = library.add_profile(a_draft(a_profile(MAX), name="Grid", description="not at NIGHT"))

    def found(wanted: ProfileFilter) -> list[int]:
        return [one.number for one in library.list_profiles(wanted, ALL).items]

    assert found(ProfileFilter(search="night")) == [night.number, grid.number]
    assert found(ProfileFilter(search="0%")) == [night.number]
    assert found(ProfileFilter(purpose=MAX)) == [grid.number]


def test_a_changed_profile_keeps_its_number() -> None:
    library = World().services.smart_charging
    kept = library.add_profile(a_draft())
    changed = library.change_profile(kept.number, replace(a_draft(a_profile(MAX)), name="Other"))
    assert (changed.number, changed.name, changed.profile.purpose) == (kept.number, "Other", MAX)
    assert changed.profile.profile_id == kept.number
