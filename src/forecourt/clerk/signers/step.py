"""Authorities that are a step-ca with a JWK provisioner: every request brings a token that is good once."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Final

import msgspec
from josepy.errors import Error as JoseError
from josepy.json_util import encode_b64jose
from josepy.jwa import ES256, ES384, ES512, RS256, JWASignature
from josepy.jwk import JWK, JWKEC, JWKRSA
from josepy.jws import JWS

from forecourt.clerk.signers.http import HttpAnswer, HttpTalk, fetch_from_anybody, trusting
from forecourt.clerk.signers.outside import Answered
from forecourt.clerk.signers.statuses import is_passing, not_good, read_json, rubbish
from forecourt.clock import Clock
from forecourt.domain.signing.model import Assignment, OpenedAuthority, SigningUnavailable
from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import PkiError

TOKEN_SECONDS: Final = 300
"""How long a token is good; step-ca takes no longer ones by default."""

BACK_SECONDS: Final = 60
"""How far its beginning is set back, because clocks differ."""

_ALGORITHMS: Final = {"P-256": ES256, "P-384": ES384, "P-521": ES512}


class StepAuthority:
    """An Outside. A root that is known by its fingerprint is fetched once in a process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._roots: dict[tuple[str, str], Certificate] = {}

    def obtain(self, assignment: Assignment) -> Answered:
        authority = assignment.authority
        root = self._root(authority)
        context = trusting(authority.settings.get("roots") if root is None else root.pem)
        with HttpTalk(context, secrets=authority.secrets.values()) as talk:
            address = f"{_base(authority)}/1.0/sign"
            token = self._token(assignment, address)
            talk.hide(token)
            body = json.dumps(_asked(assignment, token)).encode()
            answer = talk.ask("POST", address, body=body, headers={"Content-Type": "application/json"})
            if not answer.is_good:
                raise not_good(authority.name, answer, talk, _words)
            signed = read_json(answer, _Signed)
            if signed is None:
                raise rubbish(authority.name, answer, talk, "signed certificate of step-ca")
        chain = signed.chain or [signed.crt, signed.ca]
        return Answered("\n".join(one for one in chain if one), () if root is None else (root,))

    def _token(self, assignment: Assignment, audience: str) -> str:
        authority, wanted = assignment.authority, assignment.wanted
        key = _key(authority)
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": authority.settings["provisioner"],
            "aud": audience,
            "sub": wanted.common_name,
            "sans": list(wanted.host_names) or [wanted.common_name],
            "iat": now,
            "nbf": now - BACK_SECONDS,
            "exp": now + TOKEN_SECONDS,
            "jti": secrets.token_hex(32),
        }
        try:
            signed = JWS.sign(
                json.dumps(claims).encode(),
                key=key,
                alg=_algorithm(key),
                include_jwk=False,
                protect=frozenset({"alg", "kid", "typ"}),
                kid=_key_id(authority, key),
                typ="application/JWT",  # shortened to JWT when it is written
            )
        except (JoseError, ValueError, TypeError) as error:
            raise _bad_key() from error
        return signed.to_compact().decode("ascii")

    def _root(self, authority: OpenedAuthority) -> Certificate | None:
        """By its fingerprint: whoever gives it out, it is the right one. None when there is no fingerprint."""
        fingerprint = authority.settings.get("fingerprint", "").replace(":", "").strip().lower()
        if not fingerprint or authority.settings.get("roots"):
            return None
        known = (_base(authority), fingerprint)
        if known not in self._roots:
            self._roots[known] = _fetched(authority, fingerprint)
        return self._roots[known]


class _Signed(msgspec.Struct, frozen=True):
    crt: str
    ca: str = ""
    chain: list[str] | None = msgspec.field(name="certChain", default=None)


class _Root(msgspec.Struct, frozen=True):
    ca: str


class _Error(msgspec.Struct, frozen=True):
    message: str


def _asked(assignment: Assignment, token: str) -> dict[str, object]:
    asked: dict[str, object] = {"csr": assignment.wanted.csr.pem, "ott": token}
    if assignment.wanted.days is not None:
        asked["notAfter"] = f"{round(assignment.wanted.days * 86_400)}s"
    return asked


def _base(authority: OpenedAuthority) -> str:
    return authority.settings["url"].rstrip("/")


def _fetched(authority: OpenedAuthority, fingerprint: str) -> Certificate:
    answer = fetch_from_anybody(f"{_base(authority)}/root/{fingerprint}")
    if is_passing(answer.status):
        sentence = f"The authority {authority.name!r} is out of order or has too much to do (status {answer.status})."
        raise SigningUnavailable(sentence, again_seconds=answer.retry_seconds(0.0))
    wrong = f"The authority {authority.name!r} does not give out a root with the fingerprint that is set."
    told = read_json(answer, _Root)
    try:
        root = read_certificate("" if told is None else told.ca)
    except PkiError as error:
        raise SigningUnavailable(wrong, needs_person=True) from error
    if hashlib.sha256(root.der).hexdigest() != fingerprint:
        raise SigningUnavailable(wrong, needs_person=True)
    return root


def _key(authority: OpenedAuthority) -> JWK:
    try:
        key = JWK.from_json(json.loads(authority.secrets.get("key", "")))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _bad_key() from error
    if not isinstance(key, JWK):
        raise _bad_key()
    return key


def _bad_key() -> SigningUnavailable:
    sentence = "The provisioner's key cannot be used: it must be a private key as JSON Web Key, EC or RSA, decrypted."
    return SigningUnavailable(sentence, needs_person=True)


def _algorithm(key: JWK) -> JWASignature:
    if isinstance(key, JWKEC):
        return _ALGORITHMS[key.to_partial_json()["crv"]]
    if isinstance(key, JWKRSA):
        return RS256
    raise _bad_key()


def _key_id(authority: OpenedAuthority, key: JWK) -> str:
    """As it is written in the key, or as step-ca makes it (RFC 7638)."""
    written = json.loads(authority.secrets["key"]).get("kid")
    return written if isinstance(written, str) else encode_b64jose(key.thumbprint())


def _words(answer: HttpAnswer) -> str:
    told = read_json(answer, _Error)
    return "" if told is None else told.message
