"""Sign-in with an OpenID provider: the code flow with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from forecourt.clock import Clock
from forecourt.domain.access.arrivals import Vouched
from forecourt.domain.access.permissions import Role
from forecourt.web.language import gettext as _

WELL_KNOWN: Final = "/.well-known/openid-configuration"
PROOFS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""How an ID token may be signed: by a key that the provider publishes. Neither unsigned (``none``) nor by the secret
that both sides know."""
LEEWAY_SECONDS: Final = 60
"""How far the clocks of both sides may differ."""
TIMEOUT: Final = (4.0, 8.0)
"""Seconds to connect, and for anything to come."""
KNOWN_SECONDS: Final = 3600.0
"""How long is believed what the provider publishes of itself; an unknown key has it asked again at once."""
AT_ONCE: Final = 4
MAX_WAITING: Final = 16
MAX_SUBJECT_CHARACTERS: Final = 255
"""OpenID Connect Core 1.0 §2."""

_log = structlog.get_logger(__name__)

Claims = Mapping[str, Any]  # Any: what is JSON
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Provider:
    """Who is asked, and what is made of the answers."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    redirect_uri: str
    scopes: str = "openid profile email"
    role_claim: str = ""
    """The claim that says what somebody is; points lead into objects. Empty: the provider does not decide."""
    roles: Sequence[tuple[str, Role]] = ()
    """What its values mean; of several the first that is listed here counts."""
    name_claim: str = "preferred_username"
    button: str = "OpenID Connect"
    roots: Path | None = None
    """Who vouches for its TLS, as PEM; None for those whom everybody trusts."""


class ProviderTrouble(Exception):
    """The provider does not vouch for anybody now. ``str()`` is a sentence for whoever wants to sign in."""


class _Known(NamedTuple):
    document: dict[str, Any]  # Any: what is JSON
    keys: dict[str, Any]  # Any: what is JSON
    until: float


class OpenId:
    """Asks one provider. Everything of one sign-in comes from one secret, which only the browser keeps."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self.provider = provider
        self._clock = clock
        self._known: _Known | None = None
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="openid")
        self._waiting = 0

    async def address(self, secret: str) -> str:
        """Where the browser is sent to sign in. Raises ProviderTrouble."""
        return await self._asked(lambda: self._address(secret))

    async def identity(self, secret: str, answer: Mapping[str, str]) -> Vouched:
        """Who came back, by the parameters of the address that the provider sent the browser to.
        Raises ProviderTrouble."""
        if not hmac.compare_digest(answer.get("state", "").encode(), derived(secret, "state").encode()):
            raise ProviderTrouble(_("This sign-in was begun in another browser, or is too old. Begin it again."))
        if answer.get("iss", self.provider.issuer) != self.provider.issuer:  # RFC 9207 §2.4
            raise ProviderTrouble(_("The answer comes from another provider than the one that was asked."))
        if "error" in answer or not answer.get("code"):
            _log.warning("openid_refused", error=answer.get("error"), description=answer.get("error_description"))
            raise ProviderTrouble(_("The provider did not sign you in: %(reason)s.") % {"reason": _reason(answer)})
        return await self._asked(lambda: self._identity(secret, answer["code"]))

    async def _asked(self, work: Callable[[], Found]) -> Found:
        if self._waiting >= MAX_WAITING:
            raise ProviderTrouble(_("Too many are waiting for the provider; try again in a moment."))
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
            _log.warning("openid_answer_refused", issuer=self.provider.issuer, reason=repr(error))
            sentence = _("What the provider answered cannot be believed; the log of the system says why.")
            raise ProviderTrouble(sentence) from error
        except requests.RequestException as error:
            _log.warning("openid_provider_silent", issuer=self.provider.issuer, reason=str(error))
            raise ProviderTrouble(_("The provider cannot be reached at the moment; try again later.")) from error
        finally:
            self._waiting -= 1

    # In a thread

    def _address(self, secret: str) -> str:
        document = self._published().document
        with self._session(document) as session:
            address, _state = session.create_authorization_url(
                _endpoint(document, "authorization_endpoint", self.provider.issuer),
                state=derived(secret, "state"),
                nonce=derived(secret, "nonce"),
                code_verifier=derived(secret, "verifier"),
            )
        return str(address)

    def _identity(self, secret: str, code: str) -> Vouched:
        document = self._published().document
        with self._session(document) as session:
            token = session.fetch_token(
                _endpoint(document, "token_endpoint", self.provider.issuer),
                code=code,
                code_verifier=derived(secret, "verifier"),
                grant_type="authorization_code",
                allow_redirects=False,
            )
            claims: Claims = self._checked(token, nonce=derived(secret, "nonce"))
            if self._is_lacking(claims) and "userinfo_endpoint" in document:
                claims = self._with_userinfo(session, document, claims)
        return self._read(claims)

    def _session(self, document: Claims) -> Any:  # Any: the library has no types
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        session = OAuth2Session(
            self.provider.client_id,
            self.provider.client_secret,
            token_endpoint_auth_method=method if self.provider.client_secret else "none",
            scope=self.provider.scopes,
            redirect_uri=self.provider.redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT,
        )
        session.verify = True if self.provider.roots is None else str(self.provider.roots)
        return session

    def _published(self, *, is_anew: bool = False) -> _Known:
        """What the provider says of itself (OpenID Connect Discovery 1.0 §4), and its keys."""
        now = self._clock.monotonic()
        if self._known is None or is_anew or self._known.until <= now:
            issuer = self.provider.issuer
            with requests.Session() as session:
                session.verify = True if self.provider.roots is None else str(self.provider.roots)
                document = _json(session, issuer.rstrip("/") + WELL_KNOWN)
                if document.get("issuer") != issuer:
                    raise ValueError(f"the document of {issuer} says that it is that of {document.get('issuer')!r}")
                keys = _json(session, _endpoint(document, "jwks_uri", issuer))
            self._known = _Known(document, keys, now + KNOWN_SECONDS)
        return self._known

    def _checked(self, token: Claims, *, nonce: str) -> Claims:
        """The claims of the ID token (OpenID Connect Core 1.0 §3.1.3.7)."""
        try:
            found = self._decoded(token["id_token"], self._published())
        except InvalidKeyIdError:
            found = self._decoded(token["id_token"], self._published(is_anew=True))
        claims = CodeIDToken(
            found.claims,
            found.header,
            {
                "iss": {"essential": True, "value": self.provider.issuer},
                "aud": {"essential": True, "value": self.provider.client_id},
                "sub": {"essential": True},
            },
            {"nonce": nonce, "client_id": self.provider.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(self._clock.now().timestamp()), leeway=LEEWAY_SECONDS)
        checked: Claims = claims
        return checked

    def _decoded(self, text: str, known: _Known) -> jwt.Token:
        keys = KeySet.import_key_set(known.keys)  # type: ignore[arg-type]  # read from the provider, and checked there
        registry = JWSRegistry(algorithms=list(PROOFS), strict_check_header=False)
        return jwt.decode(text, keys, registry=registry)

    def _is_lacking(self, claims: Claims) -> bool:
        wanted = [self.provider.name_claim, *([self.provider.role_claim] if self.provider.role_claim else [])]
        return any(_claim(claims, name) is None for name in wanted)

    def _with_userinfo(self, session: Any, document: Claims, claims: Claims) -> Claims:  # Any: without types
        answer = session.get(_endpoint(document, "userinfo_endpoint", self.provider.issuer), allow_redirects=False)
        answer.raise_for_status()
        told = answer.json()
        if not isinstance(told, dict) or told.get("sub") != claims["sub"]:  # OpenID Connect Core 1.0 §5.3.2
            raise ValueError("the userinfo is about somebody else")
        return {**told, **claims}

    def _read(self, claims: Claims) -> Vouched:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS:
            raise ValueError("the subject is no text of 1 to 255 characters")
        name = _claim(claims, self.provider.name_claim)
        shown = _claim(claims, "name")
        return Vouched(
            issuer=self.provider.issuer,
            subject=subject,
            name=name if isinstance(name, str) else "",
            shown_name=shown if isinstance(shown, str) else "",
            role=role_in(claims, self.provider),
        )


def role_in(claims: Claims, provider: Provider) -> Role | None:
    """What somebody is by the claim of roles: a text, or a list of texts."""
    if not provider.role_claim:
        return None
    value = _claim(claims, provider.role_claim)
    values = value if isinstance(value, list) else [value]
    return next((role for word, role in provider.roles if word in values), None)


def derived(secret: str, purpose: str) -> str:
    """A value of its own for each purpose, from which neither the secret nor another value can be told: 43 characters,
    as many as a code verifier needs (RFC 7636 §4.1)."""
    made = hmac.new(secret.encode("utf-8", "surrogatepass"), purpose.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _claim(claims: Claims, name: str) -> object:
    """A claim by its name; where there is none of it, points lead into objects, such as ``realm_access.roles``."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _endpoint(document: Claims, name: str, issuer: str) -> str:
    """An address that the provider publishes; behind TLS where the provider itself is."""
    address = document[name]
    if not isinstance(address, str) or urlsplit(address).scheme not in ("https", urlsplit(issuer).scheme):
        raise ValueError(f"{name} is {address!r}")
    return address


def _json(session: requests.Session, address: str) -> dict[str, Any]:  # Any: what is JSON
    answer = session.get(address, timeout=TIMEOUT, allow_redirects=False, headers={"Accept": "application/json"})
    answer.raise_for_status()
    found = answer.json()
    if answer.status_code != requests.codes.ok or not isinstance(found, dict):
        raise ValueError(f"{address} answers with {answer.status_code}, and no JSON object")
    return found


def _reason(answer: Mapping[str, str]) -> str:
    """Why, in the provider's words: those of its description, or the code of the error (RFC 6749 §4.1.2.1)."""
    words = answer.get("error_description") or answer.get("error") or _("it sent no code")
    return "".join(letter for letter in words if letter.isprintable())[:200].rstrip(". ")
