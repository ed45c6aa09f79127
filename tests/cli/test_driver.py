"""Commands for drivers."""

from __future__ import annotations

import json

from forecourt.domain.authorization.model import IdToken
from tests.cli.shell import Shell


def test_a_driver_is_added_shown_set_and_forgotten(shell: Shell) -> None:
    shell.read(
        "driver", "add", "--first-name", "Ada", "--last-name", "L", "--email", "a@b", "--phone", "1", "--note", "n"
    )
    shell.read(
        "driver", "set", "1", "--last-name", "Lovelace", "--note", "", "--language", "en", "--address", "Street 1"
    )
    shown = json.loads(shell.read("driver", "show", "1", "--json"))
    assert shown.pop("addedAt")
    assert shown == {
        "number": 1,
        "firstName": "Ada",
        "lastName": "Lovelace",
        "email": "a@b",
        "phone": "1",
        "address": "Street 1",
        "language": "en",
        "note": "",
    }
    shell.read("driver", "forget", "1", "--yes")
    assert shell.refuse("driver", "show", "1")[0] == 3
    assert shell.refuse("driver", "forget", "1", "--yes")[0] == 3


def test_drivers_are_listed_and_searched(shell: Shell) -> None:
    for name in ("Lovelace", "Babbage"):
        shell.read("driver", "add", "--last-name", name)
    listed = [driver["lastName"] for driver in json.loads(shell.read("driver", "list", "--json"))]
    assert listed == ["Babbage", "Lovelace"]
    assert "Babbage" not in shell.read("driver", "list", "--search", "love")
    assert shell.read("driver", "list", "--csv").startswith("number,firstName,lastName,email")


def test_who_has_no_name_is_refused(shell: Shell) -> None:
    code, told = shell.refuse("driver", "add", "--phone", "1")
    assert code == 2
    assert "needs a name or an e-mail address" in told


def test_a_tag_gets_a_driver_and_loses_it(shell: Shell) -> None:
    shell.read("driver", "add", "--last-name", "L")
    shell.read("tag", "add", "A", "--driver", "1")
    assert "A" in shell.read("tag", "list", "--driver", "1")
    assert shell.refuse("tag", "set", "A", "--driver", "2")[0] == 2
    shell.read("tag", "set", "A", "--note", "x")
    assert shell.services.authorization.get("A").driver == 1
    shell.read("tag", "set", "A", "--no-driver", "--note", "")
    assert shell.services.authorization.get("A") == IdToken(id_token="A")
