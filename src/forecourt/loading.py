"""The settings of this process, read and checked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from forecourt.config import (
    CertificateHeader,
    Config,
    FilesConfig,
    ListenerConfig,
    MailConfig,
    MailTls,
    ProxiesConfig,
)
from forecourt.settings import DEFAULT_FILE, FILE_VARIABLE, PREFIX, Address, ConfigError, Reading, read_ip

_LONGEST_BASE: Final = 200
"""Characters."""

_LISTENER_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_MAIL_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?"
)
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def load() -> Config:
    """Read the settings. Raises ConfigError with everything that is wrong."""
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Config:
    """Settings from the file that ``FORECOURT_CONFIG`` names (or ``forecourt.toml``, if there), and from the
    environment, which wins."""
    reading = Reading(environment)
    config: Config = reading.section(Config, reading.file(), PREFIX, "")
    if config.database is not None:
        reading.mistakes += _check_database(config.database.reveal())
    reading.mistakes += _check_listeners(config)
    reading.mistakes += _check_proxies(config)
    reading.mistakes += _check_own_authority(config)
    reading.mistakes += _check_files(config.files)
    reading.mistakes += _check_mail(config.mail)
    reading.mistakes += _check_console(config)
    if reading.mistakes:
        raise ConfigError(reading.mistakes)
    return config


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that are named as settings are, and are none: mistyped, or of an older version. They are not mistakes,
    because Kubernetes sets such ones (``FORECOURT_PORT``) beside a service that is named ``forecourt``."""
    reading = Reading({})
    reading.section(Config, {}, PREFIX, "")
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in reading.variables)


def settings_file(environment: Mapping[str, str] = os.environ) -> str:
    """The file of settings that is read, whole; empty for none."""
    named = environment.get(FILE_VARIABLE)
    path = Path(named or DEFAULT_FILE)
    return str(path.resolve()) if named or path.exists() else ""


def origins(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Where the settings that have no default value now were found: path → variable, or path in the file."""
    reading = Reading(environment)
    reading.section(Config, reading.file(), PREFIX, "")
    return reading.origins


def _check_listeners(config: Config) -> list[str]:
    mistakes = []
    if not config.all_listeners:
        mistakes.append("stations: is off, and so is every other listener; no station could connect")
    taken: dict[str, str] = {str(config.console): "console"}
    simple = [(name, getattr(config, name)) for name in ("stations", "stations_tls") if getattr(config, name)]
    simple += [(f"files.{name}", address) for name, address in config.files.addresses]
    further = [(f"listeners[{number}]", one) for number, one in enumerate(config.listeners, start=1)]
    names = {"ws": "stations", "wss": "stations_tls"}
    for path, listener in further:
        if not _LISTENER_NAME.fullmatch(listener.name):
            mistakes.append(f"{path}.name: must be 1 to 40 small letters, digits, dots, underscores and dashes")
        elif listener.name in names:
            mistakes.append(f"{path}.name: {listener.name!r} is the name of {names[listener.name]} already")
        names.setdefault(listener.name, path)
        if not listener.address.host:
            mistakes.append(f"{path}.address: must be set, for example 0.0.0.0:9443")
        mistakes += [f"{path}.{mistake}" for mistake in _check_trust(listener, config.proxies)]
    for path, address in (*simple, *((f"{path}.address", one.address) for path, one in further if one.address.host)):
        other = taken.setdefault(str(address), path)
        if other != path and address.port:
            mistakes.append(f"{path}: {address} is the address of {other} already")
    return mistakes


def _check_trust(listener: ListenerConfig, proxies: ProxiesConfig) -> list[str]:
    if listener.proxy_headers and listener.proxy_protocol:
        return ["proxy_headers: must be off beside proxy_protocol: there the headers are the station's own"]
    if proxies.addresses:
        return []
    asked = [name for name in ("proxy_protocol", "proxy_headers") if getattr(listener, name)]
    return [f"{name}: must have proxies.addresses beside it: nobody else is believed" for name in asked]


def _check_proxies(config: Config) -> list[str]:
    proxies, mistakes = config.proxies, []
    is_none = proxies.certificate_header is CertificateHeader.NONE
    if not is_none and not proxies.addresses:
        mistakes.append("proxies.certificate_header: must have proxies.addresses beside it: nobody else is believed")
    if proxies.certificate_header_name:
        if is_none:
            mistakes.append("proxies.certificate_header_name: must have proxies.certificate_header beside it")
        if not _HEADER_NAME.fullmatch(proxies.certificate_header_name):
            mistakes.append("proxies.certificate_header_name: must be the name of a header, for example X-SSL-Cert")
    return mistakes


def _check_mail(mail: MailConfig) -> list[str]:
    mistakes = []
    if mail.host and not mail.sender:
        mistakes.append("mail.sender: must be set beside mail.host: mails are from somebody")
    if mail.sender and not _MAIL_ADDRESS.fullmatch(mail.sender):
        mistakes.append("mail.sender: must be an address such as forecourt@example.com")
    if not mail.port <= 65535:
        mistakes.append("mail.port: must be at most 65535")
    if bool(mail.username) != (mail.password is not None):
        mistakes.append("mail: must have username and password, or neither of them")
    if mail.username and mail.tls is MailTls.NONE and not Address(mail.host, 0).is_local:
        mistakes.append("mail.tls: must not be none beside a password, which everybody on the way could read")
    return mistakes


def _check_files(files: FilesConfig) -> list[str]:
    mistakes = []
    for name, schemes in (("url", ("http", "https")), ("ftp_url", ("ftp", "ftps"))):
        url = getattr(files, name)
        if url and not _is_base(url, schemes):
            forms = " or ".join(f"{scheme}://HOST:PORT" for scheme in schemes)
            mistakes.append(f"files.{name}: must be {forms}, without a user and without a query")
    if files.ftp_passive_ports and not _is_ports(files.ftp_passive_ports):
        mistakes.append("files.ftp_passive_ports: must be two ports such as 50000-50100")
    if files.ftp_passive_address:
        found = read_ip(files.ftp_passive_address)
        if found is None or found.version != 4:
            mistakes.append("files.ftp_passive_address: must be an IPv4 address such as 192.0.2.7")
    if files.ftp_url.startswith("ftps:") and not files.ftp_tls_only:
        mistakes.append("files.ftp_tls_only: must not be false beside an ftp_url with ftps://, which promises TLS")
    if files.ftp_url.startswith("ftp:") and files.ftp_tls_only:
        mistakes.append("files.ftp_url: must begin with ftps://; for FTP without TLS set files.ftp_tls_only to false")
    if files.ftp_url and files.ftp is None:
        mistakes.append("files.ftp_url: must have files.ftp beside it: nobody listens there")
    return mistakes


def _is_base(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether a URL is good for others to be made of it; the longest of them must fit in a location."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    is_bare = not (parts.query or parts.fragment or "@" in url or url.endswith("/")) and url.isascii()
    return is_whole and is_bare and url.isprintable() and parts.scheme in schemes and len(url) <= _LONGEST_BASE


def _is_ports(text: str) -> bool:
    first, _, last = text.partition("-")
    return first.isdecimal() and last.isdecimal() and 1024 <= int(first) <= int(last) <= 65535


def _check_console(config: Config) -> list[str]:
    """The pages' own address, and the provider that people may sign in with."""
    mistakes, oidc = [], config.oidc
    if config.console_url and not _is_origin(config.console_url):
        mistakes.append("console_url: must be https://HOST or http://HOST:PORT, without a path")
    if not oidc.is_on:
        named = [name for name in ("client_id", "role_claim") if getattr(oidc, name)]
        return mistakes + [f"oidc.{name}: must have oidc.issuer beside it" for name in named]
    if not _is_issuer(oidc.issuer):
        mistakes.append(
            "oidc.issuer: must be https://…, without a query; http:// is for a provider on this machine only"
        )
    if not oidc.client_id:
        mistakes.append("oidc.client_id: must be set beside oidc.issuer")
    if not config.console_url:
        mistakes.append("oidc.issuer: must have console_url beside it: the provider sends people back there")
    if "openid" not in oidc.scopes.split():
        mistakes.append("oidc.scopes: must hold openid")
    if bool(oidc.role_claim) != bool(oidc.role_of):
        mistakes.append("oidc.role_claim: must be set together with oidc.role_of")
    if oidc.roots is not None and not oidc.roots.is_file():
        mistakes.append(f"oidc.roots: {oidc.roots} is no file")
    return mistakes


def _is_origin(url: str) -> bool:
    return _is_base(url, ("http", "https")) and not urlsplit(url).path


def _is_issuer(url: str) -> bool:
    """OpenID Connect Core 1.0 §1.2: an https URL without a query. Without TLS only this machine is believed."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and Address(host, 0).is_local)
    is_bare = not (parts.query or parts.fragment or "@" in parts.netloc)
    return bool(host) and is_safe and is_bare and url.isprintable() and url.isascii()


def _check_own_authority(config: Config) -> list[str]:
    mistakes = []
    if config.pki_url and not _is_base(config.pki_url, ("http",)):
        mistakes.append("pki_url: must be http://HOST:PORT, because what it serves is needed before TLS can be trusted")
    token = config.pkcs11
    if (token.module, token.token) != ("", "") and not (token.module and token.token and token.pin):
        mistakes.append("pkcs11: must have module, token and pin, or none of them")
    return mistakes


def _check_database(url: str) -> list[str]:
    scheme = urlsplit(url).scheme
    if scheme in ("postgresql", "sqlite") and (scheme != "sqlite" or url.startswith("sqlite:///")):
        return []
    return ["FORECOURT_DATABASE: must begin with sqlite:/// or postgresql://"]  # the URL may hold a password
