"""Valid payloads made from an official schema: the smallest, the fullest, and random ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from tests.schemas.official import Json, Schema, an_object, properties_of, required_of

A_MOMENT = "2026-03-29T01:59:59.250Z"


def smallest(schema: Schema) -> Json:
    """A valid value with the required fields only."""
    return _example(schema, only_required=True)


def fullest(schema: Schema) -> Json:
    """A valid value with every field."""
    return _example(schema, only_required=False)


def _example(schema: Schema, *, only_required: bool) -> Json:
    match schema:
        case {"type": "object"}:
            names = required_of(schema) if only_required else set(properties_of(schema))
            return {
                name: _example(field, only_required=only_required)
                for name, field in properties_of(schema).items()
                if name in names
            }
        case {"type": "array", "items": dict() as item}:
            return [_example(item, only_required=only_required)]
        case {"enum": [str() as first, *_]}:
            return first
        case {"format": "date-time"}:
            return A_MOMENT
        case {"format": "uri"}:
            return "ftp://files.example:2121/cp%201/log.zip"
        case {"type": "string"}:
            return "text"
        case {"type": "integer"}:
            return 7
        case {"type": "number"}:
            return 6.1
        case {"type": "boolean"}:
            return True
    raise AssertionError(f"no example for {schema}")


def valid(schema: Schema) -> st.SearchStrategy[Json]:
    """Random valid values; what is beyond our deliberate limits is left to the systematic tests."""
    match schema:
        case {"type": "object"}:
            fields = {name: valid(field) for name, field in properties_of(schema).items()}
            required = required_of(schema)
            return st.fixed_dictionaries(
                {name: field for name, field in fields.items() if name in required},
                optional={name: field for name, field in fields.items() if name not in required},
            )
        case {"type": "array"}:
            least = schema.get("minItems", 0)
            assert isinstance(least, int)
            return st.lists(valid(an_object(schema["items"])), min_size=least, max_size=3)
        case {"enum": list() as words}:
            return st.sampled_from(words)
        case {"format": "date-time"}:
            return _date_times()
        case {"format": "uri"}:
            host = st.from_regex(r"[a-z0-9.]{1,20}", fullmatch=True)
            path = st.from_regex(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]{0,8}){0,3}", fullmatch=True)
            return st.builds(lambda name, rest: f"ftp://{name}{rest.replace('%', '%20')}", host, path)
        case {"type": "string"}:
            longest = schema.get("maxLength", 2_000)
            assert isinstance(longest, int)
            return st.text(st.characters(exclude_categories=["Cs"]), max_size=longest)
        case {"type": "integer"}:
            return st.integers(min_value=-(2**63), max_value=2**63 - 1)
        case {"type": "number"}:
            return st.integers(min_value=-(10**9), max_value=10**9).map(lambda tenths: tenths / 10)
        case {"type": "boolean"}:
            return st.booleans()
    raise AssertionError(f"no values for {schema}")


def _date_times() -> st.SearchStrategy[Json]:
    zones = st.integers(min_value=-14 * 60, max_value=14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    moments = st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001 - the strategy takes bounds without a zone
        max_value=datetime(9998, 12, 31),  # noqa: DTZ001 - as above
        timezones=st.just(UTC) | zones,
    )
    return moments.map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
