"""Makes what the own authority needs: keys, CA certificates, responders and lists. No database is open meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypedDict

import structlog

from forecourt.clerk.own_keys import NewKey, OwnKeys
from forecourt.clerk.signers.pkcs11 import KeyLost, TokenTrouble
from forecourt.domain.authorities.model import KeyFamily, OpenedOwn, OwnCertificate, OwnPolicy
from forecourt.domain.authorities.own_ca import MadeCa, MadeList, MadeResponder
from forecourt.domain.authorities.own_plan import RESPONDER_LIFE, MakeIssuing, MakeList, MakeResponder, MakeRoot
from forecourt.pki.certificate import Certificate
from forecourt.pki.drafts import Draft, draft, draft_cross
from forecourt.pki.issuing import SigningKey, sign
from forecourt.pki.lints import lint
from forecourt.pki.listing import make_crl
from forecourt.pki.names import MAX_NAME
from forecourt.pki.profiles import ISSUING_CA, OCSP_RESPONDER, ROOT_CA
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import Crl

_NAMES: Final = {KeyFamily.RSA: "RSA", KeyFamily.ECDSA: "ECDSA"}
_DIGITS: Final = 8
"""Of the key, in the name of a CA: no two have the same name, so that a name and a serial number name a certificate."""

_log = structlog.get_logger(__name__)

Entry = tuple[int, datetime, Reason]


class Urls(TypedDict):
    """Arguments of `forecourt.pki.drafts.draft`."""

    crl_url: str | None
    ocsp_url: str | None
    issuer_url: str | None


@dataclass(frozen=True, slots=True)
class Places:
    """The public address of the console as relying parties reach it; empty when they cannot, and then certificates
    name no places."""

    base: str = ""

    def of(self, issuer: OwnCertificate) -> Urls:
        """For certificates of an issuer."""
        if not self.base:
            return Urls(crl_url=None, ocsp_url=None, issuer_url=None)
        start = f"{self.base.rstrip('/')}/pki"
        return Urls(
            crl_url=f"{start}/{issuer.address}.crl",
            ocsp_url=f"{start}/ocsp/{issuer.address}",
            issuer_url=f"{start}/{issuer.address}.cer",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What making something needs besides the task, as of one moment."""

    keys: OwnKeys
    places: Places
    policy: OwnPolicy
    organisation: str
    at: datetime


def make_root(shop: Workshop, task: MakeRoot, previous: OpenedOwn | None) -> tuple[MadeCa, NewKey]:
    """A root; when it is to follow another one, with what that one says of it. Raises PkiError, TokenTrouble."""
    policy = shop.policy
    voucher = None if previous is None else _voucher(shop, previous)
    with _new_key(shop, task.family) as key:
        certificate = _signed(
            shop,
            draft(
                ROOT_CA,
                key.public,
                common_name=_ca_name(shop, task.family, "Root CA", key),
                organisation=shop.organisation[:MAX_NAME],
                issuer=None,
                not_before=shop.at - policy.backdated,
                not_after=shop.at + timedelta(days=policy.root_days),
            ),
            key.signing,
        )
        cross = None
        if previous is not None and voucher is not None:
            urls = shop.places.of(previous.own)
            crossed = draft_cross(
                certificate,
                previous.own.certificate,
                not_before=shop.at - policy.backdated,
                not_after=previous.own.certificate.not_after,
                crl_url=urls["crl_url"],
                issuer_url=urls["issuer_url"],
            )
            cross = _signed(shop, crossed, voucher)
        crl = _list(shop, certificate, key.signing, (), number=1)
    return MadeCa(task=task, certificate=certificate, key_id=key.key_id, key=key.private, crl=crl, cross=cross), key


def _voucher(shop: Workshop, previous: OpenedOwn) -> SigningKey | None:
    """None when the token has lost the key: the next root does without, and an alarm says so as long as it waits."""
    try:
        return shop.keys.signing(previous.key)
    except KeyLost as error:
        _log.warning("root_not_crossed", root=previous.own.fingerprint[:16], reason=str(error))
        return None


@contextlib.contextmanager
def _new_key(shop: Workshop, family: KeyFamily) -> Iterator[NewKey]:
    """A key for a CA, which is not left behind in a token when nothing comes of it."""
    key = shop.keys.new_ca_key(family, in_token=shop.policy.keys_in_token)
    try:
        yield key
    except Exception:
        with contextlib.suppress(TokenTrouble):
            shop.keys.destroy(key)
        raise


def make_issuing(shop: Workshop, task: MakeIssuing, root: OpenedOwn) -> tuple[MadeCa, NewKey]:
    """An issuing CA. Raises PkiError, TokenTrouble."""
    policy, signing = shop.policy, shop.keys.signing(root.key)
    with _new_key(shop, task.family) as key:
        drafted = draft(
            ISSUING_CA,
            key.public,
            common_name=_ca_name(shop, task.family, "Issuing CA", key),
            organisation=shop.organisation[:MAX_NAME],
            issuer=root.own.certificate,
            not_before=shop.at - policy.backdated,
            not_after=shop.at + timedelta(days=policy.issuing_days),
            **shop.places.of(root.own),
        )
        certificate = _signed(shop, drafted, signing)
        crl = _list(shop, certificate, key.signing, (), number=1)
    return MadeCa(task=task, certificate=certificate, key_id=key.key_id, key=key.private, crl=crl), key


def make_responder(shop: Workshop, task: MakeResponder, issuer: OpenedOwn) -> MadeResponder:
    """An OCSP responder, whose key is never in a token: it answers often. Raises PkiError, TokenTrouble."""
    key = shop.keys.new_responder_key(task.issuer.family)
    drafted = draft(
        OCSP_RESPONDER,
        key.public,
        common_name=f"OCSP {task.issuer.address} {shop.at:%Y-%m-%d}",
        organisation=shop.organisation[:MAX_NAME],
        issuer=issuer.own.certificate,
        not_before=shop.at - shop.policy.backdated,
        not_after=shop.at + RESPONDER_LIFE,
    )
    certificate = _signed(shop, drafted, shop.keys.signing(issuer.key))
    assert key.private is not None  # noqa: S101  # it was not made in the token
    return MadeResponder(task=task, certificate=certificate, key_id=key.key_id, key=key.private)


def make_list(shop: Workshop, task: MakeList, issuer: OpenedOwn, entries: Sequence[Entry], *, covers: int) -> MadeList:
    """The list of what a CA has revoked. Raises PkiError, TokenTrouble."""
    key = shop.keys.signing(issuer.key)
    certificate = issuer.own.certificate
    end = certificate.not_after if task.is_last else None
    crl = _list(shop, certificate, key, entries, number=task.number, since=task.since, end=end)
    return MadeList(task=task, crl=crl, covers=covers)


def _list(
    shop: Workshop,
    issuer: Certificate,
    key: SigningKey,
    entries: Sequence[Entry],
    *,
    number: int,
    since: datetime | None = None,
    end: datetime | None = None,
) -> Crl:
    """It begins no earlier than its issuer and the list before."""
    at = shop.at.replace(microsecond=0)
    this_update = max(at - shop.policy.set_back, issuer.not_before, since or issuer.not_before)
    return make_crl(
        issuer,
        key,
        entries,
        number=number,
        this_update=this_update,
        next_update=end or at + timedelta(hours=shop.policy.crl_hours),
        uses_pss=shop.policy.uses_pss,
    )


def _signed(shop: Workshop, drafted: Draft, key: SigningKey) -> Certificate:
    return sign(lint(drafted), key, uses_pss=shop.policy.uses_pss)


def _ca_name(shop: Workshop, family: KeyFamily, what: str, key: NewKey) -> str:
    end = f" {_NAMES[family]} {what} {key.key_id[:_DIGITS].upper()}"
    return f"{shop.organisation[: MAX_NAME - len(end)].rstrip()}{end}"
