"""Types that several actions share: limited strings and integers, tag information, keys and certificate hashes."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Message
from forecourt.ocpp.redaction import is_secret_key

Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""The standard sets no limit; ours is what a database column holds: 64 bits with sign.

Ranges such as "greater than 0" are left to whoever acts on the number, because the official schemas do not
check them and a station that is wrong about a connector still has to be answered.
"""

CiString20 = Annotated[str, Meta(max_length=20)]
"""A string whose case does not matter when it is compared (OCPP 1.6 §7.15); lengths count characters."""
CiString25 = Annotated[str, Meta(max_length=25)]
CiString50 = Annotated[str, Meta(max_length=50)]
CiString255 = Annotated[str, Meta(max_length=255)]
CiString500 = Annotated[str, Meta(max_length=500)]

IdToken = CiString20
"""What a driver identifies with, as a rule the UID of a card in hexadecimal (OCPP 1.6 §7.28)."""

Pem = Annotated[str, Meta(max_length=5500)]
"""One certificate or certificate request as PEM (security whitepaper §5)."""

AuthorizationStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]
CertificateUse = Literal["CentralSystemRootCertificate", "ManufacturerRootCertificate"]
HashAlgorithm = Literal["SHA256", "SHA384", "SHA512"]
RemoteStartStopStatus = Literal["Accepted", "Rejected"]
TriggerMessageStatus = Literal["Accepted", "Rejected", "NotImplemented"]


class IdTagInfo(Message, frozen=True, kw_only=True):
    """What the central system knows of a tag (OCPP 1.6 §7.27)."""

    status: Annotated[AuthorizationStatus, Meta(description="Whether the tag may charge.")]
    expiry_date: Annotated[
        datetime | UnsetType, Meta(description="When a local copy of this information ends; absent for no end.")
    ] = UNSET
    parent_id_tag: Annotated[
        IdToken | UnsetType, Meta(description="The group of the tag; members may stop each other's transactions.")
    ] = UNSET

    def __post_init__(self) -> None:
        read_in_utc(self, "expiry_date")


class AuthorizationData(Message, frozen=True, kw_only=True):
    """One entry of a local authorization list (OCPP 1.6 §7.1)."""

    id_tag: Annotated[IdToken, Meta(description="The tag this entry is about.")]
    id_tag_info: Annotated[
        IdTagInfo | UnsetType, Meta(description="What holds for the tag; absent in a differential update to delete it.")
    ] = UNSET


class KeyValue(Message, frozen=True, kw_only=True):
    """One configuration key of a station (OCPP 1.6 §7.29)."""

    key: Annotated[CiString50, Meta(description="Name of the configuration key.")]
    readonly: Annotated[bool, Meta(description="True when ChangeConfiguration cannot change the key.")]
    value: Annotated[
        CiString500 | UnsetType,
        Meta(description="Present value as text; absent when it is not set or may not be read."),
    ] = UNSET

    def secrets(self) -> tuple[str, ...]:
        return ("value",) if is_secret_key(self.key) else ()


class CertificateHashData(Message, frozen=True, kw_only=True):
    """Names one certificate by hashes made as for OCSP (security whitepaper §6.1; RFC 6960 §4.1.1)."""

    hash_algorithm: Annotated[HashAlgorithm, Meta(description="The algorithm of both hashes.")]
    issuer_name_hash: Annotated[
        str, Meta(max_length=128, description="Hash of the DER of the issuer's name, in hexadecimal.")
    ]
    issuer_key_hash: Annotated[
        str, Meta(max_length=128, description="Hash of the issuer's public key, in hexadecimal.")
    ]
    serial_number: Annotated[
        str, Meta(max_length=40, description="Serial number in hexadecimal, without leading zeros.")
    ]
