"""A small client for the REST door, independent of the system's own code."""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

Json: TypeAlias = Any  # answers are indexed and compared as they came, and no narrower type allows that

Query: TypeAlias = dict[str, str | int]
_DEADLINE_SECONDS = 30.0
_PAGE = 1000


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

    def get(self, path: str, query: Query | None = None) -> Json:
        return _checked(self._client.get(path, params=query)).json()

    def post(self, path: str, body: Json) -> Json:
        return self._send("POST", path, body)

    def delete(self, path: str) -> None:
        _checked(self._client.delete(path))

    def _send(self, method: str, path: str, body: Json) -> Json:
        return _checked(self._client.request(method, path, json=body)).json()

    def _text(self, path: str, query: Query) -> str:
        return _checked(self._client.get(path, params=query)).text


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise RestRefused(response)
    return response


def _segment(text: str) -> str:
    return quote(text, safe="")
