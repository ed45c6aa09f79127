"""The one place where certificates are signed."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID

from forecourt.pki.certificate import Certificate, tolerance
from forecourt.pki.chain import is_issued_by
from forecourt.pki.drafts import Draft
from forecourt.pki.errors import CannotSign, PkiError
from forecourt.pki.lints import Linted
from forecourt.pki.names import general_name
from forecourt.pki.wording import in_short, quoted

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
"""Anything that keeps to one of the library's two interfaces: the key itself may be in a token."""

_NEED: Final = "Nothing was issued."


def sign(linted: Linted, key: SigningKey, *, uses_pss: bool = False) -> Certificate:
    """The certificate, signed with the key of its issuer, or with its own for one that signs itself.

    RSA signs with SHA256 and PKCS#1 v1.5, which the test tool and stations take, or with RSASSA-PSS as A00.FR.505 has
    it; a curve of 384 bits or more with SHA384. ``uses_pss`` is passed over for keys on curves. What was made is read
    back and verified. A key in a token may raise errors of its own. Raises CannotSign.
    """
    draft = linted.draft
    _check_key(draft, key)
    made = _signed(_built(draft), key, uses_pss=uses_pss)
    issuer = made if draft.issuer is None else draft.issuer
    if not is_issued_by(made, issuer):
        raise CannotSign(f"The signature that was made does not hold against {quoted(issuer.subject)}. {_NEED}")
    if spki(made.x509.public_key()) != spki(draft.public_key):
        raise CannotSign(f"What was made is not for the key that it was made for. {_NEED}")
    return made


def hash_for(key: SigningKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> hashes.SHA256 | hashes.SHA384:
    """With which hash a key signs here (A00.FR.506): as strong as the key."""
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) and key.curve.key_size >= 384:
        return hashes.SHA384()
    return hashes.SHA256()


def padding_for(key: SigningKey, *, uses_pss: bool) -> padding.PSS | padding.PKCS1v15 | None:
    """How an RSA key signs; None for keys on curves."""
    if not isinstance(key, rsa.RSAPrivateKey):
        return None
    if uses_pss:
        return padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    return padding.PKCS1v15()


def spki(key: object) -> bytes:
    """A public key of the library in DER; raises CannotSign for what is none that is issued for here."""
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise CannotSign(f"Keys are RSA or on an elliptic curve. {_NEED}")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _check_key(draft: Draft, key: SigningKey) -> None:
    wanted = draft.public_key if draft.issuer is None else draft.issuer.x509.public_key()
    if spki(key.public_key()) != spki(wanted):
        who = "the certificate" if draft.issuer is None else quoted(draft.issuer.subject)
        raise CannotSign(f"The key to sign with is not that of {who}. {_NEED}")


def _signed(builder: x509.CertificateBuilder, key: SigningKey, *, uses_pss: bool) -> Certificate:
    try:
        with tolerance():
            return Certificate.of(builder.sign(key, hash_for(key), rsa_padding=padding_for(key, uses_pss=uses_pss)))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CannotSign(f"The certificate could not be signed: {in_short(error)}. {_NEED}") from error
    except PkiError as error:
        raise CannotSign(f"What was signed cannot be read. {error} {_NEED}") from error


def _built(draft: Draft) -> x509.CertificateBuilder:
    try:
        builder = x509.CertificateBuilder(
            issuer_name=draft.subject if draft.issuer is None else draft.issuer.x509.subject,
            subject_name=draft.subject,
            public_key=draft.public_key,
        )
        builder = builder.serial_number(draft.serial)
        builder = builder.not_valid_before(draft.not_before).not_valid_after(draft.not_after)
        for extension, is_critical in _extensions(draft):
            builder = builder.add_extension(extension, critical=is_critical)
    except (ValueError, TypeError) as error:
        raise CannotSign(f"No certificate can say this: {in_short(error)}. {_NEED}") from error
    return builder


def _extensions(draft: Draft) -> list[tuple[x509.ExtensionType, bool]]:
    profile, public_key = draft.profile, draft.public_key
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=profile.is_authority, path_length=profile.path_length), True),
        (profile.key_usage(public_key), True),
    ]
    if profile.extended:
        found.append((x509.ExtendedKeyUsage(profile.extended), False))
    if draft.host_names:
        found.append((x509.SubjectAlternativeName([general_name(name) for name in draft.host_names]), False))
    found.append((x509.SubjectKeyIdentifier.from_public_key(public_key), False))
    if draft.issuer is not None:
        found.append((authority_key_identifier(draft.issuer), False))
    if profile.is_never_checked:
        found.append((x509.OCSPNoCheck(), False))
    return found + _places(draft)


def authority_key_identifier(issuer: Certificate) -> x509.AuthorityKeyIdentifier:
    """What names the key of an issuer (RFC 5280 §4.2.1.1): as its own certificate names it, if it does."""
    try:
        own = issuer.x509.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        key = issuer.x509.public_key()
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise CannotSign(f"The key of {quoted(issuer.subject)} is none to sign with here. {_NEED}") from None
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _places(draft: Draft) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if draft.crl_url is not None and not draft.profile.is_never_checked:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(draft.crl_url)], None, None, None)
        found.append((x509.CRLDistributionPoints([point]), False))
    ways = (
        (AuthorityInformationAccessOID.OCSP, None if draft.profile.is_never_checked else draft.ocsp_url),
        (AuthorityInformationAccessOID.CA_ISSUERS, draft.issuer_url),
    )
    access = [x509.AccessDescription(way, x509.UniformResourceIdentifier(url)) for way, url in ways if url is not None]
    if access:
        found.append((x509.AuthorityInformationAccess(access), False))
    return found
