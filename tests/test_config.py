"""Settings: where they may stand, what they mean, and what is derived from them."""

from __future__ import annotations

import dataclasses
import ipaddress
from datetime import timedelta
from pathlib import Path

import pytest

from forecourt.config import (
    CertificateHeader,
    Config,
    FilesConfig,
    GatewayConfig,
    KeptMessages,
    LogConfig,
    LogLevel,
    MailConfig,
    MailTls,
    OidcConfig,
    Pkcs11Config,
    ProxiesConfig,
    SignInRole,
    WebhooksConfig,
)
from forecourt.loading import read
from forecourt.settings import Address, Network, Secret
from tests.settings_desk import A_PASSWORD, A_URL, Desk, toml_of
from tests.support.vault import SECRET_KEY

Value = (
    tuple[tuple[str, SignInRole], ...]
    | Path
    | Address
    | KeptMessages
    | SignInRole
    | CertificateHeader
    | LogLevel
    | MailTls
    | tuple[Network, ...]
    | str
    | bool
    | int
    | float
)


# setting, as text in TOML, as text in the environment, value
SETTINGS: list[tuple[str, str, str, Value]] = [
    ("data", '"/var/lib/forecourt"', "/var/lib/forecourt", Path("/var/lib/forecourt")),
    ("database", f'"{A_URL}"', A_URL, A_URL),
    ("stations", '"0.0.0.0:9001"', "0.0.0.0:9001", Address("0.0.0.0", 9001)),
    ("stations_tls", '"0.0.0.0:9443"', "0.0.0.0:9443", Address("0.0.0.0", 9443)),
    ("console", '"[::1]:8081"', "[::1]:8081", Address("::1", 8081)),
    ("admin_password", f'"{A_PASSWORD}"', A_PASSWORD, A_PASSWORD),
    ("secret_key", f'"{SECRET_KEY}"', SECRET_KEY, SECRET_KEY),
    ("node", '"north"', "north", "north"),
    ("pki_url", '"http://pki.example:8080"', "http://pki.example:8080", "http://pki.example:8080"),
    ("console_url", '"https://console.example"', "https://console.example", "https://console.example"),
    ("oidc.issuer", '"https://id.example"', "https://id.example", "https://id.example"),
    ("oidc.client_id", '"north"', "north", "north"),
    ("oidc.client_secret", f'"{A_PASSWORD}"', A_PASSWORD, A_PASSWORD),
    ("oidc.scopes", '"openid groups"', "openid groups", "openid groups"),
    ("oidc.role_claim", '"groups"', "groups", "groups"),
    (
        "oidc.role_of",
        '{ "a=b" = "admin", north = "securityOfficer" }',
        "a=b=admin, north = securityofficer",
        (("a=b", SignInRole.ADMIN), ("north", SignInRole.SECURITY_OFFICER)),
    ),
    ("oidc.name_claim", '"email"', "email", "email"),
    ("oidc.button", '"the office"', "the office", "the office"),
    ("oidc.roots", '"/etc/hostname"', "/etc/hostname", Path("/etc/hostname")),
    ("events_keep_days", "7.5", "7.5", 7.5),
    ("audit_keep_days", "30", "30", 30),
    ("command_line_role", '"viewer"', "viewer", SignInRole.VIEWER),
    ("mail.host", '"mail.example"', "mail.example", "mail.example"),
    ("mail.port", "465", "465", 465),
    ("mail.tls", '"tls"', "tls", MailTls.TLS),
    ("mail.username", '"forecourt"', "forecourt", "forecourt"),
    ("mail.password", f'"{A_PASSWORD}"', A_PASSWORD, A_PASSWORD),
    ("mail.sender", '"forecourt@example.com"', "forecourt@example.com", "forecourt@example.com"),
    ("mail.roots", '"/etc/hostname"', "/etc/hostname", Path("/etc/hostname")),
    ("webhooks.roots", '"/etc/hostname"', "/etc/hostname", Path("/etc/hostname")),
    ("pkcs11.module", '"/usr/lib/token.so"', "/usr/lib/token.so", "/usr/lib/token.so"),
    ("pkcs11.token", '"north"', "north", "north"),
    ("pkcs11.pin", f'"{A_PASSWORD}"', A_PASSWORD, A_PASSWORD),
    ("gateway.heartbeat_seconds", "300", "300", 300),
    ("gateway.retry_seconds", "61", "61", 61),
    ("gateway.auto_register", "true", "true", True),
    ("gateway.ping_seconds", "12.5", "12.5", 12.5),
    ("gateway.pong_seconds", "5", "5", 5.0),
    ("gateway.header_seconds", "3", "3", 3.0),
    ("gateway.frame_bytes", "4096", "4096", 4096),
    ("gateway.hard_frame_bytes", "8192", "8192", 8192),
    ("gateway.bad_frames", "0", "0", 0),
    ("gateway.messages_per_second", "0", "0", 0.0),
    ("gateway.open_requests", "1", "1", 1),
    ("gateway.answer_seconds", "0.5", "0.5", 0.5),
    ("gateway.call_seconds", "90", "90", 90.0),
    ("gateway.upgrades_per_second", "50", "50", 50.0),
    ("gateway.upgrades_waiting", "0", "0", 0),
    ("gateway.tls_handshake_seconds", "2.5", "2.5", 2.5),
    ("gateway.handshakes_at_once", "50", "50", 50),
    ("gateway.drain_seconds", "0", "0", 0.0),
    ("gateway.quiet", "true", "yes", True),
    ("gateway.configuration_hours", "0.5", "0.5", 0.5),
    ("gateway.messages", '"failures"', "failures", KeptMessages.FAILURES),
    ("gateway.messages_most", "5000", "5000", 5000),
    ("gateway.messages_days", "7", "7", 7.0),
    (
        "proxies.addresses",
        '["10.0.0.5", "2001:db8::/32"]',
        "10.0.0.5, 2001:db8::/32",
        (ipaddress.ip_network("10.0.0.5"), ipaddress.ip_network("2001:db8::/32")),
    ),
    ("proxies.certificate_header", '"rfc9440"', "rfc9440", CertificateHeader.RFC9440),
    ("proxies.certificate_header_name", '"X-Cert"', "X-Cert", "X-Cert"),
    ("files.http", '"0.0.0.0:9012"', "0.0.0.0:9012", Address("0.0.0.0", 9012)),
    ("files.tls", '"0.0.0.0:9013"', "0.0.0.0:9013", Address("0.0.0.0", 9013)),
    ("files.ftp", '"0.0.0.0:2121"', "0.0.0.0:2121", Address("0.0.0.0", 2121)),
    ("files.url", '"https://files.example:8443"', "https://files.example:8443", "https://files.example:8443"),
    ("files.ftp_url", '"ftps://files.example:990"', "ftps://files.example:990", "ftps://files.example:990"),
    ("files.folder", '"/srv/files"', "/srv/files", Path("/srv/files")),
    ("files.max_upload_bytes", "1000", "1000", 1000),
    ("files.max_firmware_bytes", "2000", "2000", 2000),
    ("files.keep_days", "0", "0", 0),
    ("files.keep_free_bytes", "0", "0", 0),
    ("files.idle_seconds", "5.5", "5.5", 5.5),
    ("files.transfer_seconds", "60", "60", 60.0),
    ("files.transfers_at_once", "7", "7", 7),
    ("files.ftp_passive_ports", '"50000-50100"', "50000-50100", "50000-50100"),
    ("files.ftp_passive_address", '"192.0.2.7"', "192.0.2.7", "192.0.2.7"),
    ("files.ftp_tls_only", "false", "off", False),
    ("log.level", '"debug"', "debug", LogLevel.DEBUG),
    ("log.json", "true", "1", True),
]


NAMES = [name for name, *_ in SETTINGS]
_TOKEN = {"FORECOURT_PKCS11_MODULE": "a.so", "FORECOURT_PKCS11_TOKEN": "a", "FORECOURT_PKCS11_PIN": "1234"}
_PROVIDER = {
    "FORECOURT_CONSOLE_URL": "https://a.example",
    "FORECOURT_OIDC_ISSUER": "https://b.example",
    "FORECOURT_OIDC_CLIENT_ID": "a",
}
BESIDE = {
    "oidc.issuer": {name: value for name, value in _PROVIDER.items() if not name.endswith("ISSUER")},
    "oidc.client_id": {name: value for name, value in _PROVIDER.items() if not name.endswith("ID")},
    "oidc.role_claim": {**_PROVIDER, "FORECOURT_OIDC_ROLE_OF": "a=viewer"},
    "oidc.role_of": {**_PROVIDER, "FORECOURT_OIDC_ROLE_CLAIM": "groups"},
    "pkcs11.module": {name: value for name, value in _TOKEN.items() if not name.endswith("MODULE")},
    "pkcs11.token": {name: value for name, value in _TOKEN.items() if not name.endswith("TOKEN")},
    "pkcs11.pin": {name: value for name, value in _TOKEN.items() if not name.endswith("PIN")},
    "mail.host": {"FORECOURT_MAIL_SENDER": "forecourt@example.com"},
    "mail.username": {"FORECOURT_MAIL_PASSWORD": A_PASSWORD},
    "mail.password": {"FORECOURT_MAIL_USERNAME": "forecourt"},
    "files.ftp_url": {"FORECOURT_FILES_FTP": "0.0.0.0:21"},
    "proxies.certificate_header": {"FORECOURT_PROXIES_ADDRESSES": "10.0.0.5"},
    "proxies.certificate_header_name": {
        "FORECOURT_PROXIES_ADDRESSES": "10.0.0.5",
        "FORECOURT_PROXIES_CERTIFICATE_HEADER": "xfcc",
    },
}

"""What a setting needs beside it."""


def variable_of(name: str) -> str:
    return "FORECOURT_" + name.replace(".", "_").upper()


def value_of(config: Config, name: str) -> object:
    value: object = config
    for part in name.split("."):
        value = getattr(value, part)
    return value.reveal() if isinstance(value, Secret) else value


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_table_of_these_tests_has_every_setting() -> None:
    flat = {field.name for field in dataclasses.fields(Config)} - {
        "gateway",
        "pkcs11",
        "listeners",
        "log",
        "proxies",
        "files",
        "oidc",
        "mail",
        "webhooks",
    }
    flat |= {f"gateway.{field.name}" for field in dataclasses.fields(GatewayConfig)}
    flat |= {f"proxies.{field.name}" for field in dataclasses.fields(ProxiesConfig)}
    flat |= {f"files.{field.name}" for field in dataclasses.fields(FilesConfig)}
    flat |= {f"pkcs11.{field.name}" for field in dataclasses.fields(Pkcs11Config)}
    flat |= {f"oidc.{field.name}" for field in dataclasses.fields(OidcConfig)}
    flat |= {f"log.{field.name}" for field in dataclasses.fields(LogConfig)}
    flat |= {f"mail.{field.name}" for field in dataclasses.fields(MailConfig)}
    flat |= {f"webhooks.{field.name}" for field in dataclasses.fields(WebhooksConfig)}

    assert set(NAMES) == flat


@pytest.mark.parametrize(("name", "toml", "_text", "value"), SETTINGS, ids=NAMES)
def test_every_setting_may_stand_in_the_file(desk: Desk, name: str, toml: str, _text: str, value: Value) -> None:
    found = value_of(desk.reads(toml_of(name, toml), **BESIDE.get(name, {})), name)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("name", "_toml", "text", "value"), SETTINGS, ids=NAMES)
def test_every_setting_may_stand_in_the_environment(desk: Desk, name: str, _toml: str, text: str, value: Value) -> None:
    found = value_of(desk.reads(**{variable_of(name): text, **BESIDE.get(name, {})}), name)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("name", "_toml", "_text", "value"), SETTINGS, ids=NAMES)
def test_no_value_of_these_tests_is_the_default(desk: Desk, name: str, _toml: str, _text: str, value: Value) -> None:
    assert value_of(desk.reads(), name) != value


def test_the_environment_wins_over_the_file(desk: Desk) -> None:
    config = desk.reads(
        'node = "file"\n[gateway]\nheartbeat_seconds = 100\nretry_seconds = 200\n',
        FORECOURT_NODE="environment",
        FORECOURT_GATEWAY_RETRY_SECONDS="300",
    )

    assert config.node == "environment"
    assert (config.gateway.heartbeat_seconds, config.gateway.retry_seconds) == (100, 300)


def test_everything_has_a_usable_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = read({})

    assert config == Config()
    assert str(config.stations) == "127.0.0.1:9000"
    assert str(config.console) == "127.0.0.1:8080"
    assert config.database_url == f"sqlite:///{tmp_path}/data/forecourt.db"
    assert config.node_name


def test_a_file_in_the_working_folder_is_read_when_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forecourt.toml").write_text('node = "found"', "utf-8")

    assert read({}).node == "found"


def test_a_named_file_is_read_in_its_place(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forecourt.toml").write_text('node = "found"', "utf-8")

    assert desk.reads('node = "named"').node == "named"


def test_what_is_derived_follows_the_settings(desk: Desk) -> None:
    config = desk.reads('data = "/var/lib/forecourt"\nnode = "north"')

    assert config.database_url == "sqlite:////var/lib/forecourt/forecourt.db"
    assert config.node_name == "north"
    assert desk.reads(FORECOURT_DATABASE=A_URL).database_url == A_URL


@pytest.mark.parametrize(
    ("toml", "age"),
    [
        ("", timedelta(hours=24)),
        ("configuration_hours = 0.5", timedelta(minutes=30)),
        ("configuration_hours = 0", None),
        ("quiet = true", None),
        ("quiet = true\nconfiguration_hours = 1", None),
        ("configuration_hours = 1e300", timedelta(days=36600)),
    ],
)
def test_a_quiet_system_never_reads_a_configuration_unasked(desk: Desk, toml: str, age: timedelta | None) -> None:
    assert desk.reads(f"[gateway]\n{toml}").gateway.configuration_age == age


@pytest.mark.parametrize("text", ["true", "TRUE", "1", "yes", "On"])
def test_many_words_mean_true(desk: Desk, text: str) -> None:
    assert desk.reads(FORECOURT_LOG_JSON=text).log.json


@pytest.mark.parametrize("text", ["false", "False", "0", "no", "OFF"])
def test_many_words_mean_false(desk: Desk, text: str) -> None:
    assert not desk.reads("[log]\njson = true", FORECOURT_LOG_JSON=text).log.json


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("debug", LogLevel.DEBUG),
        ("info", LogLevel.INFO),
        ("warning", LogLevel.WARNING),
        ("error", LogLevel.ERROR),
        ("ERROR", LogLevel.ERROR),
    ],
)
def test_the_levels_of_the_log(desk: Desk, text: str, level: LogLevel) -> None:
    assert desk.reads(FORECOURT_LOG_LEVEL=text).log.level is level


@pytest.mark.parametrize("text", ["sqlite:///data/forecourt.db", "sqlite:////var/f.db", "postgresql://db.example/x"])
def test_these_databases_are_taken(desk: Desk, text: str) -> None:
    assert desk.reads(FORECOURT_DATABASE=text).database_url == text


# Addresses


@pytest.mark.parametrize(
    ("address", "text"),
    [(Address("127.0.0.1", 9000), "127.0.0.1:9000"), (Address("::1", 80), "[::1]:80"), (Address("a.b", 0), "a.b:0")],
)
def test_an_address_is_written_as_it_is_read(desk: Desk, address: Address, text: str) -> None:
    assert str(address) == text
    assert desk.reads(FORECOURT_STATIONS=text).stations == address


@pytest.mark.parametrize(
    ("host", "reachable"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("10.0.0.5", "10.0.0.5"), ("::1", "::1")]
)
def test_what_listens_everywhere_is_reached_at_the_loopback(host: str, reachable: str) -> None:
    assert Address(host, 80).reachable_host == reachable
