"""The settings of every kind of authority, declared once for REST, the command line and the signers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from forecourt.domain.authorities.model import AuthorityKind
from forecourt.domain.errors import Sentence, invalid
from forecourt.pki.certificate import Unreadable, read_bundle
from forecourt.pki.errors import PkiError

MAX_VALUE: Final = 100_000
"""Characters of a setting: enough for some roots as PEM."""


_THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""Where nobody listens to what is not encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that is said about an authority."""

    name: str
    description: str
    is_secret: bool = False
    is_required: bool = False
    choices: tuple[str, ...] = ()
    """Any text when there are none."""
    check: Callable[[str], Sentence | str | None] | None = None
    """Says why a value cannot be used."""


def _url_fault(value: str) -> Sentence | None:
    try:
        parts = urlsplit(value)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
        is_good = is_safe and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_good, parts = False, urlsplit("")
    if not is_good or not value.isascii() or not value.isprintable() or " " in value:
        return Sentence(
            "It must be an address that begins with https://, such as https://ca.example.com/acme/directory."
        )
    if parts.username is not None or parts.password is not None:
        return Sentence("The address may not hold a name and password; there are settings for those.")
    return None


def _roots_fault(value: str) -> Sentence | str | None:
    try:
        found = read_bundle(value)
    except PkiError as error:
        return str(error)
    bad = next((one for one in found if isinstance(one, Unreadable)), None)
    return None if bad is None else Sentence("Certificate {} cannot be read: {}", bad.position, bad.reason)


def _key_fault(value: str) -> Sentence | None:
    """Nothing of the value is repeated: it is a secret."""
    try:
        read = json.loads(value)
    except ValueError:
        read = None
    if isinstance(read, dict) and "kty" in read:
        return None
    return Sentence("It must be a private key as a JSON Web Key (RFC 7517).")


_ROOTS: Final = Setting(
    name="roots",
    description="Certificates as PEM that its own server certificate leads to; absent, those of the operating system.",
    check=_roots_fault,
)

KINDS: Final[Mapping[AuthorityKind, tuple[Setting, ...]]] = {
    AuthorityKind.OWN: (),
    AuthorityKind.ACME: (
        Setting(
            name="directory",
            description="Address of its directory (RFC 8555 §7.1.1).",
            is_required=True,
            check=_url_fault,
        ),
        Setting(name="contact", description="Electronic mail address that it may write to."),
        Setting(
            name="hosts",
            description="Other hosts, with spaces between them, to which its directory may lead; absent, none.",
        ),
        Setting(name="eabKeyId", description="Identifier of the key for external account binding (RFC 8555 §7.3.4)."),
        Setting(name="eabKey", description="That key, in base64url.", is_secret=True),
        _ROOTS,
    ),
    AuthorityKind.EST: (
        Setting(
            name="url",
            description="Address of the server, without /.well-known/est (RFC 7030 §3.2.2).",
            is_required=True,
            check=_url_fault,
        ),
        Setting(name="label", description="Label of the CA, when the server has several (RFC 7030 §3.2.2)."),
        Setting(name="username", description="Name for HTTP authentication (RFC 7030 §3.2.3)."),
        Setting(name="password", description="Password for HTTP authentication.", is_secret=True),
        Setting(
            name="clientCertificate", description="Certificate and its issuers as PEM, for TLS.", check=_roots_fault
        ),
        Setting(name="clientKey", description="Private key of that certificate as PEM, not encrypted.", is_secret=True),
        _ROOTS,
    ),
    AuthorityKind.VAULT: (
        Setting(name="address", description="Address of the server.", is_required=True, check=_url_fault),
        Setting(name="mount", description="Path of the PKI engine; absent, pki."),
        Setting(name="role", description="Name of the role that signs.", is_required=True),
        Setting(name="namespace", description="Namespace, where the server has some."),
        Setting(name="token", description="Token that may sign with the role.", is_secret=True, is_required=True),
        _ROOTS,
    ),
    AuthorityKind.STEP: (
        Setting(name="url", description="Address of the server.", is_required=True, check=_url_fault),
        Setting(name="provisioner", description="Name of the JWK provisioner.", is_required=True),
        Setting(
            name="key",
            description="Private key of the provisioner, decrypted, as a JSON Web Key.",
            is_secret=True,
            is_required=True,
            check=_key_fault,
        ),
        Setting(
            name="fingerprint",
            description="SHA-256 of its root, in hexadecimal, by which the root is fetched; instead of roots.",
        ),
        _ROOTS,
    ),
}
"""What can be said, and must be, by kind."""

OUTSIDE: Final[tuple[AuthorityKind, ...]] = tuple(kind for kind in AuthorityKind if kind is not AuthorityKind.OWN)
"""Kinds that an operator can add."""


def settings_of(kind: AuthorityKind) -> Sequence[Setting]:
    return KINDS[kind]


def check_settings(kind: AuthorityKind, given: Mapping[str, str]) -> None:
    """Raises DomainError INVALID, which repeats no secret. An empty value is an absent one."""
    known = {setting.name: setting for setting in KINDS[kind]}
    for name, value in given.items():
        setting = known.get(name)
        if setting is None:
            raise invalid(
                "An authority of the kind {} has no setting {!r}; it has {}.",
                kind.value,
                name,
                ", ".join(known),
                field=f"settings.{name}",
            )
        if value and (fault := _fault(setting, value)) is not None:
            raise invalid("The setting {} cannot be used: {}", name, fault, field=f"settings.{name}")
    for setting in known.values():
        if setting.is_required and not given.get(setting.name):
            raise invalid(
                "An authority of the kind {} needs the setting {}: {}",
                kind.value,
                setting.name,
                Sentence(setting.description),
                field=f"settings.{setting.name}",
            )


def _fault(setting: Setting, value: str) -> Sentence | str | None:
    if len(value) > MAX_VALUE:
        return Sentence("It has {:,} characters, and at most {:,} are kept.", len(value), MAX_VALUE)
    if "\0" in value:
        return Sentence("It may not hold the character U+0000.")
    if setting.choices and value not in setting.choices:
        return Sentence("It must be one of {}.", ", ".join(setting.choices))
    return None if setting.check is None else setting.check(value)


def split(kind: AuthorityKind, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What may be shown, and what is secret."""
    secret = {setting.name for setting in KINDS[kind] if setting.is_secret}
    shown = {name: value for name, value in given.items() if name not in secret}
    return shown, {name: value for name, value in given.items() if name in secret}
