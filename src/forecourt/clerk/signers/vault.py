"""Authorities that are the PKI engine of HashiCorp Vault or OpenBao, which have one interface."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote

import msgspec

from forecourt.clerk.signers.http import HttpAnswer, HttpTalk, trusting
from forecourt.clerk.signers.outside import Answered
from forecourt.clerk.signers.statuses import not_good, read_json, rubbish
from forecourt.domain.signing.model import Assignment, OpenedAuthority, SigningUnavailable, Use, Wanted
from forecourt.settings import read_ip

MOUNT: Final = "pki"
"""Where the engine is mounted, unless it is said."""

_BAD_REQUEST: Final = 400


class VaultAuthority:
    """An Outside. The role must let the organization through, and the key usage of what it signs for."""

    def obtain(self, assignment: Assignment) -> Answered:
        authority = assignment.authority
        context = trusting(authority.settings.get("roots"))
        with HttpTalk(context, secrets=authority.secrets.values()) as talk:
            answer = talk.ask(
                "POST",
                _address(authority),
                body=json.dumps(_asked(assignment.wanted)).encode(),
                headers=_headers(authority),
            )
            if _has_no_role(answer):
                role = authority.settings["role"]
                sentence = f"The authority {authority.name!r} has no role {role!r}. Set one that it has."
                raise SigningUnavailable(sentence, needs_person=True)
            if not answer.is_good:
                raise not_good(authority.name, answer, talk, _words)
            signed = read_json(answer, _Signed)
            if signed is None:
                raise rubbish(authority.name, answer, talk, "signed certificate of Vault")
        data = signed.data
        above = data.ca_chain or ([data.issuing_ca] if data.issuing_ca else [])
        return Answered("\n".join([data.certificate, *above]))


class _Data(msgspec.Struct, frozen=True):
    certificate: str
    issuing_ca: str = ""
    ca_chain: list[str] | None = None


class _Signed(msgspec.Struct, frozen=True):
    data: _Data


class _Errors(msgspec.Struct, frozen=True):
    errors: list[str]


def _address(authority: OpenedAuthority) -> str:
    base = authority.settings["address"].rstrip("/")
    mount = authority.settings.get("mount", MOUNT).strip("/") or MOUNT
    return f"{base}/v1/{quote(mount)}/sign/{quote(authority.settings['role'], safe='')}"


def _headers(authority: OpenedAuthority) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "X-Vault-Request": "true",
        "X-Vault-Token": authority.secrets.get("token", ""),
    }
    namespace = authority.settings.get("namespace")
    return headers | ({"X-Vault-Namespace": namespace} if namespace else {})


def _asked(wanted: Wanted) -> dict[str, object]:
    asked: dict[str, object] = {"csr": wanted.csr.pem, "common_name": wanted.common_name, "format": "pem"}
    if wanted.days is not None:
        asked["ttl"] = f"{round(wanted.days * 86_400)}s"
    if wanted.use is Use.STATION:
        return asked | {"exclude_cn_from_sans": True}
    addresses = [name for name in wanted.host_names if read_ip(name) is not None]
    names = [name for name in wanted.host_names if name not in addresses]
    return asked | {"alt_names": ",".join(names), "ip_sans": ",".join(addresses)}


def _has_no_role(answer: HttpAnswer) -> bool:
    """The engine says it with the status of a request that it refuses, though no request can be put right."""
    return answer.status == _BAD_REQUEST and _words(answer).startswith("unknown role")


def _words(answer: HttpAnswer) -> str:
    told = read_json(answer, _Errors)
    return "" if told is None else " ".join(told.errors)
