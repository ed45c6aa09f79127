"""How stations are told to reach the door for files."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from forecourt.config import Config, FilesConfig
from forecourt.domain.files.model import FilePolicy
from forecourt.settings import Address

_MOST_DAYS: Final = 366 * 100


def file_policy(config: Config) -> FilePolicy:
    """What the business is to know of the settings."""
    files = config.files
    own = [
        *([("http", files.http)] if files.http else []),
        *([("https", files.tls)] if files.tls else []),
    ]
    ftp = [("ftps" if files.ftp_tls_only else "ftp", files.ftp)] if files.ftp else []
    places = (
        *([files.url] if files.url else [_base(scheme, address) for scheme, address in own]),
        *(_by_ftp(files, files.ftp_url or _base(*ftp[0])) if ftp else []),
    )
    told = [] if files.url else own
    told += [] if files.ftp_url else ftp
    is_here = any(Address(address.reachable_host, address.port).is_local for _, address in told)
    return FilePolicy(
        places=places,
        is_out_of_reach=is_here and _is_open(config),
        max_upload_bytes=files.max_upload_bytes,
        keep=timedelta(days=min(files.keep_days, _MOST_DAYS)) if files.keep_days else None,
    )


def _by_ftp(files: FilesConfig, url: str) -> list[str]:
    """FTPS is on the same port as FTP. Where FTP is offered, FTPS is beside it if HTTPS shows that the operator has a
    certificate: a station that is told of FTPS does not fall back to FTP."""
    if files.ftp_tls_only or not files.tls:
        return [url]
    return [url, f"ftps{url.removeprefix('ftp')}"]


def _base(scheme: str, address: Address) -> str:
    return f"{scheme}://{Address(address.reachable_host, address.port)}"


def _is_open(config: Config) -> bool:
    """Whether stations come from other machines, by themselves or through proxies."""
    return bool(config.proxies.addresses) or any(not one.address.is_local for one in config.all_listeners)
