"""Authorities that speak ACME (RFC 8555): host names are proved over HTTP, and each step is one call.

The address of the order is the progress of a request: whoever goes on with it, here or after a restart, begins there.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any, Final, TypeVar

import acme.client
import acme.errors
import requests
from acme import challenges, messages
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from josepy.errors import Error as JoseError
from josepy.json_util import encode_b64jose
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from forecourt.clerk.signers.http import HttpTalk, origin, retry_seconds, trusting, unreachable
from forecourt.clerk.signers.outside import Answered
from forecourt.clerk.signers.statuses import is_passing
from forecourt.clerk.work import Memory
from forecourt.domain.signing.model import (
    Assignment,
    OpenedAuthority,
    SigningRefused,
    SigningUnavailable,
    Use,
    Waiting,
)
from forecourt.domain.signing.notes import is_token
from forecourt.settings import read_ip

SOON_SECONDS: Final = 1.0
"""To look again while an authority looks at host names or issues."""

MAX_PROOFS: Final = 100
"""Of one order; an authority wants one for a name, or a few."""

_NOT_FOUND: Final = 404
_LATER_SECONDS: Final = 60.0
"""For an authority that limits how often it is asked and does not say for how long (RFC 8555 §6.6)."""

_PASSING: Final = frozenset({"badNonce", "serverInternal", "orderNotReady"})
"""Errors that say nothing of the request (RFC 8555 §6.7)."""

_OF_THE_ACCOUNT: Final = frozenset({"externalAccountRequired", "userActionRequired", "invalidContact", "unauthorized"})
"""Errors that an operator has to put right; the last one is of an account that was deactivated (RFC 8555 §7.3.6)."""

Result = TypeVar("Result")


class AcmeAuthority:
    """An Outside. It keeps its accounts between two calls, and finds them again when it has lost them."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._accounts: dict[str, str] = {}
        """The address of an account, by the fingerprint of its key."""

    def obtain(self, assignment: Assignment) -> Answered | Waiting:
        wanted, authority = assignment.wanted, assignment.authority
        if wanted.use is not Use.SERVER:
            sentence = "An ACME authority signs for host names only; choose another authority for stations."
            raise SigningRefused(sentence)
        context = trusting(authority.settings.get("roots"))
        with HttpTalk(context, secrets=authority.secrets.values(), places=_places(authority)) as talk:
            step = functools.partial(self._step, talk, assignment)
            try:
                return _said_plainly(talk, authority, step)
            except _AccountForgotten:  # as after a restart of an authority that keeps nothing
                self._accounts.clear()
            try:
                return _said_plainly(talk, authority, step)
            except _AccountForgotten as error:
                sentence = f"The authority {authority.name!r} does not know the account that it has just opened."
                raise SigningUnavailable(sentence) from error

    # The account

    def _client(self, talk: HttpTalk, authority: OpenedAuthority) -> acme.client.ClientV2:
        directory_url = authority.settings["directory"]
        key = self._key(authority)
        network = acme.client.ClientNetwork(key, alg=ES256, user_agent="Forecourt")
        network.session.close()
        network.session = talk.session
        directory = acme.client.ClientV2.get_directory(directory_url, network)
        client = acme.client.ClientV2(directory, network)
        known = _thumbprint(key)
        address = self._accounts.get(known)
        if address is None:
            address = _register(client, authority, key)
            self._accounts[known] = address
        network.account = messages.RegistrationResource(body=messages.Registration(), uri=address)
        return client

    def _key(self, authority: OpenedAuthority) -> JWKEC:
        """The key of the account, made once for a directory and kept sealed."""
        digest = hashlib.sha256(authority.settings["directory"].encode()).hexdigest()
        name = f"account {digest}"
        kept = self._memory.recall(authority.name, name)
        if kept is None:
            made = ec.generate_private_key(ec.SECP256R1())
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
            kept = self._memory.remember(authority.name, name, pem)
        return JWKEC(key=load_pem_private_key(kept.encode(), None))

    # One order goes its way

    def _step(self, talk: HttpTalk, assignment: Assignment) -> Answered | Waiting:
        client = self._client(talk, assignment.authority)
        if assignment.progress is None:
            return Waiting(_ordered(client, assignment), 0.0, "The order was placed.")
        address = assignment.progress
        response = _found(talk, client, assignment)
        order = messages.Order.from_json(response.json())
        if order.status == messages.STATUS_PENDING:
            return self._prove(talk, client, order, address)
        if order.status == messages.STATUS_READY:
            client.net.post(
                order.finalize,
                messages.CertificateRequest(csr=assignment.wanted.csr.x509),
                new_nonce_url=client.directory["newNonce"],
            )
            return Waiting(address, SOON_SECONDS, "The authority issues the certificate.")
        if order.status == messages.STATUS_PROCESSING:
            seconds = retry_seconds(response.headers.get("Retry-After"), SOON_SECONDS)
            return Waiting(address, seconds, "The authority issues the certificate.")
        if order.status == messages.STATUS_VALID and order.certificate:
            return Answered(_look(client, order.certificate).content)
        raise SigningRefused(_why_invalid(talk, client, order))

    def _prove(self, talk: HttpTalk, client: acme.client.ClientV2, order: messages.Order, address: str) -> Waiting:
        seconds = SOON_SECONDS
        for url in _proofs(order):
            response = _look(client, url)
            found = messages.Authorization.from_json(response.json())
            if found.status == messages.STATUS_VALID:
                continue
            if found.status != messages.STATUS_PENDING:
                raise SigningRefused(_why_unproved(talk, found))
            challenge = _over_http(found)
            if challenge.status == messages.STATUS_PENDING:
                answer, content = challenge.chall.response_and_validation(client.net.key)
                self._memory.put_challenge(_token(challenge), content)
                client.net.post(challenge.uri, answer, new_nonce_url=client.directory["newNonce"])
            seconds = max(seconds, retry_seconds(response.headers.get("Retry-After"), SOON_SECONDS))
        return Waiting(address, seconds, "The authority looks whether the host names are this system's.")


class _AccountForgotten(Exception):
    """The authority does not know the account any more."""


def _places(authority: OpenedAuthority) -> frozenset[str]:
    """Where its directory is, and the hosts that an operator named: whatever addresses it gives, nobody else is
    asked. They are encrypted unless it is on this machine."""
    home = origin(authority.settings["directory"])
    schemes = ("https", "http") if home.startswith("http:") else ("https",)
    named = authority.settings.get("hosts", "").split()
    return frozenset({home, *(origin(f"{scheme}://{host}") for scheme in schemes for host in named)})


def _ordered(client: acme.client.ClientV2, assignment: Assignment) -> str:
    """The address of a new order, for the names that are wanted and nothing else."""
    names = [
        messages.Identifier(
            typ=messages.IDENTIFIER_FQDN if read_ip(name) is None else messages.IDENTIFIER_IP, value=name
        )
        for name in assignment.wanted.host_names
    ]
    order = messages.NewOrder(identifiers=names)
    response = client.net.post(client.directory["newOrder"], order, new_nonce_url=client.directory["newNonce"])
    address = response.headers.get("Location")
    if not address:
        sentence = f"The authority {assignment.authority.name!r} took an order and did not say where it is"
        raise SigningUnavailable(f"{sentence} (RFC 8555 §7.4).")
    return str(address)


def _register(client: acme.client.ClientV2, authority: OpenedAuthority, key: JWKEC) -> str:
    """The address of the account, which is made if there is none with this key."""
    wanted = messages.NewRegistration.from_data(
        email=authority.settings.get("contact") or None,
        terms_of_service_agreed=True,
        external_account_binding=_binding(client, authority, key),
    )
    try:
        return str(client.new_account(wanted).uri)
    except acme.errors.ConflictError as known:
        return str(known.location)
    except messages.Error as error:
        if error.code in _PASSING or error.code == "rateLimited":
            raise
        raise _AccountRefused(error) from error


def _binding(client: acme.client.ClientV2, authority: OpenedAuthority, key: JWKEC) -> dict[str, Any] | None:
    """To an account that the authority knows from elsewhere (RFC 8555 §7.3.4)."""
    key_id, secret = authority.settings.get("eabKeyId"), authority.secrets.get("eabKey")
    if not key_id or not secret:
        return None
    try:
        return messages.ExternalAccountBinding.from_data(
            account_public_key=key.public_key(), kid=key_id, hmac_key=secret, directory=client.directory
        )
    except (JoseError, ValueError, TypeError) as error:
        sentence = "The key for external account binding cannot be used: it must be base64url."
        raise SigningUnavailable(sentence, needs_person=True) from error


class _AccountRefused(Exception):
    def __init__(self, problem: messages.Error) -> None:
        super().__init__()
        self.problem = problem


def _look(client: acme.client.ClientV2, url: str) -> requests.Response:
    """POST-as-GET (RFC 8555 §6.3)."""
    return client.net.post(url, None, new_nonce_url=client.directory["newNonce"])


def _found(talk: HttpTalk, client: acme.client.ClientV2, assignment: Assignment) -> requests.Response:
    try:
        return _look(client, assignment.progress or "")
    except (messages.Error, acme.errors.ClientError) as error:
        if talk.session.last_status == _NOT_FOUND:
            sentence = (
                f"The authority {assignment.authority.name!r} does not know the order any more; a new one is placed."
            )
            raise SigningUnavailable(sentence, begins_anew=True) from error
        raise


def _over_http(found: messages.Authorization) -> messages.ChallengeBody:
    for challenge in found.challenges:
        if isinstance(challenge.chall, challenges.HTTP01):
            return challenge
    name = found.identifier.value
    raise SigningRefused(f"The authority does not offer to look at {name!r} over HTTP (http-01).")


def _proofs(order: messages.Order) -> list[str]:
    """Where it is to be looked whether the names are proved."""
    found = list(order.authorizations or ())
    if len(found) > MAX_PROOFS:
        raise ValueError("There is no end to what is to be proved.")  # as whatever else is not ACME
    return found


def _token(challenge: messages.ChallengeBody) -> str:
    token = str(challenge.chall.encode("token"))
    if not is_token(token):
        raise ValueError("It is no token.")  # the same
    return token


def _why_unproved(talk: HttpTalk, found: messages.Authorization) -> str:
    problems = [challenge.error for challenge in found.challenges if challenge.error is not None]
    reason = _told(talk, problems[0]) if problems else f"it is {found.status.name}"
    return f"The authority did not find {found.identifier.value!r} to be this system's: {reason}"


def _why_invalid(talk: HttpTalk, client: acme.client.ClientV2, order: messages.Order) -> str:
    for url in _proofs(order):
        found = messages.Authorization.from_json(_look(client, url).json())
        if any(challenge.error is not None for challenge in found.challenges):
            return _why_unproved(talk, found)
    return f"The authority ended the order: {_told(talk, order.error) if order.error else 'it gave no reason.'}"


def _told(talk: HttpTalk, problem: messages.Error) -> str:
    """Whatever kind of JSON its words are."""
    details = [str(sub.detail) for sub in problem.subproblems or () if sub.detail]
    told = str(problem.detail or problem.title or "no reason was given")
    return talk.said(f"{' '.join([told, *details])} ({problem.code or problem.typ})")


def _said_plainly(talk: HttpTalk, authority: OpenedAuthority, work: Callable[[], Result]) -> Result:
    """What the library raises, as this system's errors."""
    name = authority.name
    try:
        return work()
    except _AccountRefused as refused:
        sentence = f"The authority {name!r} does not open an account: {_told(talk, refused.problem)}"
        raise SigningUnavailable(sentence, needs_person=True) from refused
    except messages.Error as problem:
        raise _of_problem(talk, name, problem) from problem
    except requests.exceptions.InvalidJSONError as error:
        raise _not_acme(talk, name) from error
    except requests.RequestException as error:
        url = authority.settings["directory"] if error.request is None else str(error.request.url)
        raise unreachable(url, error) from error
    except (acme.errors.Error, JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _not_acme(talk, name) from error


def _not_acme(talk: HttpTalk, name: str) -> SigningUnavailable:
    status = talk.session.last_status
    sentence = f"The authority {name!r} answered with something that is not ACME (RFC 8555), and status {status}."
    needs_person = status is None or not is_passing(status)
    again = retry_seconds(talk.session.last_retry_after, 0.0)
    return SigningUnavailable(sentence, needs_person=needs_person, again_seconds=again)


def _of_problem(talk: HttpTalk, name: str, problem: messages.Error) -> Exception:
    told, header = _told(talk, problem), talk.session.last_retry_after
    if problem.code == "accountDoesNotExist":
        return _AccountForgotten()
    if problem.code == "rateLimited":
        sentence = f"The authority {name!r} limits how often it is asked: {told}"
        return SigningUnavailable(sentence, again_seconds=retry_seconds(header, _LATER_SECONDS))
    if problem.code in _PASSING or problem.code is None or is_passing(talk.session.last_status or 0):
        sentence = f"The authority {name!r} did not take what it was asked: {told}"
        return SigningUnavailable(sentence, again_seconds=retry_seconds(header, 0.0))
    if problem.code in _OF_THE_ACCOUNT:
        return SigningUnavailable(f"The authority {name!r} does not let us ask: {told}", needs_person=True)
    return SigningRefused(f"The authority {name!r} refused: {told}")


def _thumbprint(key: JWKEC) -> str:
    return str(encode_b64jose(key.thumbprint()))
