"""The register of id tags over REST."""

from __future__ import annotations

import httpx
import pytest

from tests.api.door import Door, faults, problem


def test_a_new_id_tag_is_answered_in_full(door: Door) -> None:
    response = door.ask("POST", "/id-tags", {"idTag": "Abc"})
    assert response.status_code == 201
    assert response.json() == {
        "idTag": "Abc",
        "parentIdTag": None,
        "expiryDate": None,
        "blocked": False,
        "maxActiveTransactions": 1,
        "note": "",
        "driver": None,
    }


def test_id_tags_are_found_in_either_case(door: Door) -> None:
    door.a_tag("Abc")
    assert door.get("/id-tags/aBC")["idTag"] == "Abc"
    assert "idTag" in faults(door.ask("POST", "/id-tags", {"idTag": "ABC"}), 409)


def test_times_are_kept_in_utc(door: Door) -> None:
    body = {"idTag": "A", "expiryDate": "2026-06-01T02:00:00.5+02:00"}
    assert door.ask("POST", "/id-tags", body).json()["expiryDate"] == "2026-06-01T00:00:00.500000Z"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"idTag": "A", "expiryDate": "2026-06-01T00:00:00"}, "expiryDate"),
        ({"idTag": "A", "expiryDate": "tomorrow"}, "expiryDate"),
        ({"idTag": "A", "expiryDate": 5}, "expiryDate"),
        ({"idTag": "A", "expiryDate": "0001-01-01T00:00:00+23:00"}, "expiryDate"),
        ({"idTag": "A", "blocked": "yes"}, "blocked"),
        ({"idTag": "A", "maxActiveTransactions": -1}, "maxActiveTransactions"),
        ({"idTag": "A", "maxActiveTransactions": 2**31}, "maxActiveTransactions"),
        ({"parentIdTag": "G"}, "idTag"),
    ],
)
def test_a_body_of_the_wrong_shape_names_the_field(door: Door, body: object, field: str) -> None:
    assert field in faults(door.ask("POST", "/id-tags", body))


@pytest.mark.parametrize("body", [{"idTag": "A" * 21}, {"idTag": ""}, {"idTag": "A", "parentIdTag": "G" * 21}])
def test_a_tag_that_ocpp_cannot_carry_is_a_422(door: Door, body: object) -> None:
    assert faults(door.ask("POST", "/id-tags", body), 422)


def test_a_change_keeps_what_is_absent_and_clears_what_is_null(door: Door) -> None:
    everything = {
        "idTag": "A",
        "parentIdTag": "G",
        "expiryDate": "2030-01-01T00:00:00Z",
        "blocked": True,
        "maxActiveTransactions": 3,
        "note": "lent out",
        "driver": door.ask("POST", "/drivers", {"lastName": "L"}).json()["number"],
    }
    assert door.ask("POST", "/id-tags", everything).json() == everything
    assert door.ask("PATCH", "/id-tags/a", {}).json() == everything
    assert door.ask("PATCH", "/id-tags/a", {"blocked": False}).json() == {**everything, "blocked": False}
    cleared = {"parentIdTag": None, "expiryDate": None, "maxActiveTransactions": None, "note": None, "driver": None}
    shown = door.ask("PATCH", "/id-tags/a", cleared).json()
    assert shown == {**cleared, "idTag": "A", "blocked": False, "note": ""}
    assert "blocked" in faults(door.ask("PATCH", "/id-tags/a", {"blocked": None}))


def test_a_removed_id_tag_is_gone_at_once(door: Door) -> None:
    door.a_tag("A")
    assert door.ask("DELETE", "/id-tags/a").status_code == 204
    problem(door.ask("GET", "/id-tags/A"), 404)


def test_an_id_tag_may_hold_a_slash(door: Door) -> None:
    door.a_tag("a/b")
    assert door.get("/id-tags/a%2Fb")["idTag"] == "a/b"
    problem(door.ask("GET", "/id-tags/a/b"), 404)
    assert door.ask("DELETE", "/id-tags/A%2fB").status_code == 204


def test_id_tags_are_searched_and_paged(door: Door) -> None:
    for name in ("C", "a", "B"):
        door.a_tag(name, note="fleet" if name != "B" else "")
    first = door.get("/id-tags?limit=1&search=FLEET")
    second = door.get(f"/id-tags?limit=1&search=FLEET&cursor={first['next']}")
    assert [tag["idTag"] for tag in first["items"] + second["items"]] == ["a", "C"]
    assert second["next"] is None


def test_every_item_of_a_batch_is_taken_or_refused_by_itself(door: Door) -> None:
    items = [{"idTag": "A"}, {"idTag": "a"}, {"idTag": "B", "expiryDate": "2026-06-01T00:00:00"}, {"idTag": "C"}]
    body = door.ask("POST", "/id-tags/batch", {"items": items}).json()
    assert body["created"] == ["A", "C"]
    assert [(one["index"], one["id"]) for one in body["refused"]] == [(1, "a"), (2, "B")]
    assert "expiryDate" in body["refused"][1]["reason"]


def test_many_id_tags_are_changed_and_removed_each_by_itself(door: Door) -> None:
    for id_tag in ("A", "B"):
        assert door.ask("POST", "/id-tags", {"idTag": id_tag}).status_code == 201
    items = [
        {"idTag": "a", "blocked": True, "expiryDate": "2030-01-01T01:00:00+01:00"},
        {"idTag": "B", "expiryDate": "2030-01-01T00:00:00"},
        {"idTag": "NOBODY", "blocked": True},
    ]
    body = door.ask("PATCH", "/id-tags", {"items": items}).json()
    assert body["changed"] == ["A"]
    assert [(one["index"], one["id"]) for one in body["refused"]] == [(1, "B"), (2, "NOBODY")]
    changed = door.get("/id-tags/A")
    assert (changed["blocked"], changed["expiryDate"]) == (True, "2030-01-01T00:00:00Z")
    assert door.get("/id-tags/B")["expiryDate"] is None

    body = door.ask("POST", "/id-tags/removals", {"items": [{"idTag": "B"}, {"idTag": "B"}]}).json()
    assert body["removed"] == ["B"]
    assert [one["index"] for one in body["refused"]] == [1]
    assert [tag["idTag"] for tag in door.get("/id-tags")["items"]] == ["A"]


# Of a file


def import_file(door: Door, content: str | bytes, kind: str = "text/csv; charset=utf-8") -> httpx.Response:
    own = {"Authorization": f"Bearer {door.token}", "Content-Type": kind}
    sent = content.encode() if isinstance(content, str) else content
    return door.ask("POST", "/id-tags/import", content=sent, headers=own)


def test_a_file_is_registered_whole(door: Door) -> None:
    lines = ["idTag;parent;expiresAt;maxActiveTransactions;blocked", "A;G;2030-01-01T00:00:00;;yes", "B;;;2;"]
    assert import_file(door, "\n".join(lines)).json() == {"registered": 2}
    first, second = door.get("/id-tags/A"), door.get("/id-tags/B")
    assert (first["parentIdTag"], first["blocked"], first["maxActiveTransactions"]) == ("G", True, None)
    assert first["expiryDate"] == "2030-01-01T00:00:00Z"  # UTC, for want of a zone
    assert (second["parentIdTag"], second["blocked"], second["maxActiveTransactions"]) == (None, False, 2)


def test_the_downloaded_list_can_be_imported_again(door: Door) -> None:
    door.a_tag("=A", note="@work")
    before = door.get("/id-tags/%3DA")
    listed = "idTag,parentIdTag,expiryDate,blocked,maxActiveTransactions,note,driver\n'=A,,,false,,'@work,\n"
    door.ask("DELETE", "/id-tags/%3DA")
    assert import_file(door, listed).status_code == 200
    assert door.get("/id-tags/%3DA") == before


def test_a_file_with_faults_is_not_taken_at_all_and_its_lines_are_named(door: Door) -> None:
    door.a_tag("Known")
    response = import_file(door, f"idTag,driver\nGood,\n{'x' * 30},\nknown,\nGood,\nB,9\n")
    told = faults(response, 422)
    assert set(told) == {"line 3", "line 4", "line 5", "line 6"}
    assert told["line 4"] == "An id tag 'known' is registered already."
    assert "4 faults" in response.json()["detail"]
    assert door.ask("GET", "/id-tags/Good").status_code == 404


@pytest.mark.parametrize("content", [b"", b"idTag\n\xff", b"idTag\n", "idTag\n" + "\n".join(map(str, range(5001)))])
def test_a_file_that_is_none_is_refused_as_a_whole(door: Door, content: str | bytes) -> None:
    assert "file" in faults(import_file(door, content), 422)


def test_only_a_file_of_a_good_size_is_read(door: Door) -> None:
    assert "Content-Type: text/csv" in problem(import_file(door, "idTag\nA", "application/json"), 415)["detail"]
    assert import_file(door, b"idTag,note\nA," + b"x" * 3 * 1024 * 1024).status_code == 413
    assert door.ask("GET", "/id-tags/A").status_code == 404
