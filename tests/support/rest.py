"""A small client for the REST door, independent of the system's own code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

Json: TypeAlias = Any  # answers are indexed and compared as they came, and no narrower type allows that

Query: TypeAlias = Mapping[str, str | int | Sequence[str]]
_DEADLINE_SECONDS = 30.0
_PAGE = 1000
_WAIT_SECONDS = 20


class RestRefused(Exception):
    """The door answered with an error; `problem` is its problem document."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.request.method} {response.request.url}: {response.status_code} {response.text}")
        self.status = response.status_code
        self.problem: Json = response.json() if response.text.startswith("{") else None


class Rest:
    """The routes under /api/v1, with one token."""

    def __init__(self, console_url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=f"{console_url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_DEADLINE_SECONDS,
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    # Stations

    def add_station(self, identity: str, **fields: Json) -> Json:
        return self.post("/stations", {"id": identity, **fields})

    def station(self, identity: str) -> Json:
        return self.get(f"/stations/{_segment(identity)}")

    def change_station(self, identity: str, **fields: Json) -> Json:
        return self._send("PATCH", f"/stations/{_segment(identity)}", fields)

    def remove_station(self, identity: str) -> None:
        self.delete(f"/stations/{_segment(identity)}")

    def stations(self, **query: str | int) -> list[Json]:
        return self.items("/stations", query)

    def connectors(self, identity: str) -> Json:
        return self.get(f"/stations/{_segment(identity)}/connectors")

    def status_history(self, identity: str, **query: str | int) -> list[Json]:
        return self.items(f"/stations/{_segment(identity)}/status-history", query)

    def unknown_stations(self) -> list[Json]:
        return self.items("/unknown-stations", {})

    def connections(self) -> list[Json]:
        return self.items("/connections", {})

    def close_connection(self, identity: str) -> None:
        self.delete(f"/connections/{_segment(identity)}")

    # Id tags

    def add_tag(self, id_tag: str, **fields: Json) -> Json:
        return self.post("/id-tags", {"idTag": id_tag, **fields})

    def change_tag(self, id_tag: str, **fields: Json) -> Json:
        return self._send("PATCH", f"/id-tags/{_segment(id_tag)}", fields)

    def remove_tag(self, id_tag: str) -> None:
        self.delete(f"/id-tags/{_segment(id_tag)}")

    def unknown_tags(self) -> list[Json]:
        return self.items("/unknown-id-tags", {})

    # Transactions

    def transactions(self, **query: str | int) -> list[Json]:
        return self.items("/transactions", query)

    def transaction(self, transaction_id: int) -> Json:
        return self.get(f"/transactions/{transaction_id}")

    def meter_values(self, transaction_id: int) -> list[Json]:
        return self.items(f"/transactions/{transaction_id}/meter-values", {})

    def transactions_csv(self, **query: str | int) -> str:
        return self._text("/transactions.csv", query)

    def meter_values_csv(self, transaction_id: int) -> str:
        return self._text(f"/transactions/{transaction_id}/meter-values.csv", {})

    def doubtful_stops(self) -> list[Json]:
        return self.items("/doubtful-stops", {})

    # Vendors

    def put_vendor(self, vendor_id: str, message_ids: list[str] | None) -> Json:
        body = {"vendorId": vendor_id, "messageIds": message_ids}
        return self._send("PUT", f"/data-transfer/vendors/{_segment(vendor_id)}", body)

    def vendor_messages(self) -> list[Json]:
        return self.items("/data-transfer/messages", {})

    # Operations

    def ask(self, identity: str, operation: str, /, parameters: Json = None, **query: str | int) -> Json:
        """Ask for an operation and do not wait for its end. The errand."""
        return self._ask(f"/stations/{_segment(identity)}/operations/{operation}", parameters or {}, query)

    def operate(self, identity: str, operation: str, /, parameters: Json = None, **query: str | int) -> Json:
        """The errand of an operation, once it has ended."""
        return self.ask(identity, operation, parameters, **{"wait": _WAIT_SECONDS, **query})

    def ask_many(self, operation: str, selection: Json, parameters: Json = None, **query: str | int) -> Json:
        """Ask many stations at once. The batch."""
        body = {"selection": selection, "parameters": parameters or {}}
        return self._ask(f"/operations/{operation}", body, query)

    def _ask(self, path: str, body: Json, query: Query) -> Json:
        """Raises AssertionError unless the status says whether it has ended, and Location leads to it."""
        response = _checked(self._client.post(path, json=body, params=query))
        answer = response.json()
        kind = "errand" if "errand" in answer else "batch"
        has_ended = answer["finished"] if kind == "batch" else answer["endedAt"] is not None
        assert response.status_code == (200 if has_ended and "wait" in query else 202), answer
        home = f"/api/v1/{'errands' if kind == 'errand' else 'batches'}/{answer[kind]}"
        assert response.headers["Location"] == home, response.headers
        return answer

    def errand(self, number: int) -> Json:
        return self.get(f"/errands/{number}")

    def errands(self, **query: str | int | Sequence[str]) -> list[Json]:
        return self.items("/errands", query)

    def cancel_errand(self, number: int) -> Json:
        return self._send("DELETE", f"/errands/{number}", None)

    def batch(self, number: int) -> Json:
        return self.get(f"/batches/{number}")

    @contextmanager
    def events(self, path: str, **query: str | int) -> Iterator[Iterator[tuple[str, Json]]]:
        """Server-sent events as (event, data) until the stream ends; the connection is open when this returns."""
        with self._client.stream("GET", path, params=query) as response:
            if response.is_error:
                response.read()
            assert _checked(response).headers["Content-Type"].startswith("text/event-stream")
            yield _events(response.iter_lines())

    # What came of them

    def configuration(self, identity: str) -> list[Json]:
        """The settings that are known of a station, those that somebody wants included."""
        settings: list[Json] = self.get(f"/stations/{_segment(identity)}/configuration")["items"]
        return settings

    def desire(self, identity: str, key: str, value: str) -> Json:
        return self.put(f"/stations/{_segment(identity)}/configuration/{_segment(key)}", {"value": value})

    def local_list(self, identity: str) -> Json:
        return self.get(f"/stations/{_segment(identity)}/local-list")

    def put_local_list(self, identity: str, **wanted: Json) -> Json:
        return self.put(f"/stations/{_segment(identity)}/local-list", wanted)

    def remote_request(self, errand: int) -> Json:
        return self.get(f"/remote-requests/{errand}")

    def remote_requests(self, **query: str | int) -> list[Json]:
        return self.items("/remote-requests", query)

    def reservations(self, **query: str | int) -> list[Json]:
        return self.items("/reservations", query)

    def jobs(self, **query: str | int) -> list[Json]:
        return self.items("/jobs", query)

    def job(self, number: int) -> Json:
        """The job with its reports."""
        return self.get(f"/jobs/{number}")

    def add_charging_profile(self, profile: Json) -> Json:
        return self.post("/charging-profiles", profile)

    def charging_profiles(self, identity: str) -> list[Json]:
        """Those that a station is believed to have, or had."""
        return self.items(f"/stations/{_segment(identity)}/charging-profiles", {})

    def schedules(self, identity: str) -> list[Json]:
        """Those that a station told."""
        schedules: list[Json] = self.get(f"/stations/{_segment(identity)}/schedules")["items"]
        return schedules

    def security_events(self, **query: str | int) -> list[Json]:
        return self.items("/security-events", query)

    # Firmware that is kept

    def upload_firmware(self, content: bytes, **words: str) -> Json:
        """Keep an image, known by these words. The image and the warnings."""
        headers = {"Content-Type": "application/octet-stream"}
        return _checked(self._client.put("/firmware/images", params=words, content=content, headers=headers)).json()

    def download_firmware(self, number: int) -> bytes:
        return _checked(self._client.get(f"/firmware/images/{number}/content")).content

    # How a station proves who it is

    def security(self, identity: str) -> Json:
        return self.get(f"/stations/{_segment(identity)}/security")

    def change_security(self, identity: str, **fields: Json) -> Json:
        return self._send("PATCH", f"/stations/{_segment(identity)}/security", fields)

    def set_password(self, identity: str, **given: Json) -> Json:
        """Without a `password` or an `authorizationKey`, one is made; the answer is the only one that shows it."""
        return self.put(f"/stations/{_segment(identity)}/password", given)

    def settle_password(self, identity: str, number: int, how: str) -> Json:
        """`keep` or `drop` a password of which it is not known whether the station took it."""
        return self.post(f"/stations/{_segment(identity)}/passwords/{number}/{how}", {})

    def preconditions(self, identity: str, profile: int) -> list[Json]:
        """What has to be there before a station can use a profile."""
        path = f"/stations/{_segment(identity)}/security/preconditions"
        listed: list[Json] = self.get(path, {"profile": profile})["items"]
        return listed

    def held(self, identity: str) -> list[Json]:
        """The certificates that are known to be at a station."""
        return self.items(f"/stations/{_segment(identity)}/certificates", {})

    # Whom the system trusts, and what it shows

    def trust(self, bundle: str, *purposes: str, role: str | None = None) -> list[Json]:
        """Bring certificates into the store. What became of each."""
        body = {"bundle": bundle, "purposes": list(purposes), **({} if role is None else {"role": role})}
        outcomes: list[Json] = self.post("/trust/certificates", body)["outcomes"]
        return outcomes

    def trusted(self, **query: str | int) -> list[Json]:
        return self.items("/trust/certificates", query)

    def change_trusted(self, fingerprint: str, **fields: Json) -> Json:
        return self._send("PATCH", f"/trust/certificates/{fingerprint}", fields)

    def distrust(self, fingerprint: str) -> None:
        self.delete(f"/trust/certificates/{fingerprint}")

    def put_crl(self, crl: str) -> Json:
        return self.post("/trust/crls", {"crl": crl})

    def revoke(self, certificate: str, reason: str) -> Json:
        return self.post("/trust/revocations", {"certificate": certificate, "reason": reason})

    def revocations(self) -> list[Json]:
        return self.items("/trust/revocations", {})

    def unrevoke(self, issuer_hash: str, serial: str) -> None:
        self.delete(f"/trust/revocations/{issuer_hash}/{serial}")

    def put_server_certificate(self, name: str, chain: str, key: str) -> Json:
        return self.put(f"/server-certificates/{_segment(name)}", {"chain": chain, "privateKey": key})

    def server_certificates(self) -> list[Json]:
        return self.items("/server-certificates", {})

    def remove_server_certificate(self, name: str) -> None:
        self.delete(f"/server-certificates/{_segment(name)}")

    def policy(self) -> Json:
        return self.get("/security-policy")

    def change_policy(self, **fields: Json) -> Json:
        """Everything else stays as it is."""
        return self.put("/security-policy", {**self.policy(), **fields})

    def security_log(self, **query: str | int | Sequence[str]) -> list[Json]:
        """The newest entry first."""
        return self.items("/security-log", query)

    # Any route

    def items(self, path: str, query: Query) -> list[Json]:
        """All items of a list, page after page."""
        items: list[Json] = []
        asked: Query = {"limit": _PAGE, **query}
        while True:
            page = self.get(path, asked)
            items += page["items"]
            if page["next"] is None:
                return items
            asked = {**asked, "cursor": page["next"]}

    def text(self, path: str) -> str:
        return self._text(path, {})

    def get(self, path: str, query: Query | None = None) -> Json:
        return _checked(self._client.get(path, params=query)).json()

    def post(self, path: str, body: Json) -> Json:
        return self._send("POST", path, body)

    def put(self, path: str, body: Json) -> Json:
        return self._send("PUT", path, body)

    def patch(self, path: str, body: Json) -> Json:
        return self._send("PATCH", path, body)

    def delete(self, path: str) -> None:
        _checked(self._client.delete(path))

    def raw(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        """Whatever the door answers to these bytes, which are said to be JSON."""
        return self._client.request(method, path, content=body, headers={"Content-Type": "application/json"})

    def _send(self, method: str, path: str, body: Json) -> Json:
        response = _checked(self._client.request(method, path, json=body))
        return response.json() if response.content else None

    def _text(self, path: str, query: Query) -> str:
        return _checked(self._client.get(path, params=query)).text


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise RestRefused(response)
    return response


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Json]]:
    """What the lines of a stream of events say (HTML Living Standard §9.2.6)."""
    name, data = "message", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not line and data:
            yield name, json.loads("\n".join(data))
            name, data = "message", []


def _segment(text: str) -> str:
    return quote(text, safe="")
