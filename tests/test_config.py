"""Settings: where they come from, which wins, and what is said of mistakes."""

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
    ListenerConfig,
    LogConfig,
    LogLevel,
    Pkcs11Config,
    ProxiesConfig,
    Tls,
)
from forecourt.loading import read
from forecourt.settings import Address, ConfigError, Network, Secret, read_ip
from tests.support.vault import SECRET_KEY

Value = Path | Address | CertificateHeader | LogLevel | tuple[Network, ...] | str | bool | int | float

A_PASSWORD = "hunter2-hunter2"
A_URL = f"postgresql://user:{A_PASSWORD}@db.example/forecourt"

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

BESIDE = {
    "pkcs11.module": {name: value for name, value in _TOKEN.items() if not name.endswith("MODULE")},
    "pkcs11.token": {name: value for name, value in _TOKEN.items() if not name.endswith("TOKEN")},
    "pkcs11.pin": {name: value for name, value in _TOKEN.items() if not name.endswith("PIN")},
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


def toml_of(name: str, text: str) -> str:
    section, _, key = name.rpartition(".")
    return f"[{section}]\n{key} = {text}\n" if section else f"{key} = {text}\n"


class Desk:
    """A folder with a file of settings."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "settings.toml"

    def reads(self, toml: str = "", **environment: str) -> Config:
        self._file.write_text(toml, "utf-8")
        return read({"FORECOURT_CONFIG": str(self._file), **environment})

    def mistakes(self, toml: str = "", **environment: str) -> list[str]:
        with pytest.raises(ConfigError) as refused:
            self.reads(toml, **environment)
        assert all(mistake in str(refused.value) for mistake in refused.value.mistakes)
        return refused.value.mistakes


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
    }
    flat |= {f"gateway.{field.name}" for field in dataclasses.fields(GatewayConfig)}
    flat |= {f"proxies.{field.name}" for field in dataclasses.fields(ProxiesConfig)}
    flat |= {f"files.{field.name}" for field in dataclasses.fields(FilesConfig)}
    flat |= {f"pkcs11.{field.name}" for field in dataclasses.fields(Pkcs11Config)}
    flat |= {f"log.{field.name}" for field in dataclasses.fields(LogConfig)}

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


# Listeners


def test_the_listeners_are_the_simple_ones_and_further_ones_those_without_tls_first(desk: Desk) -> None:
    config = desk.reads(
        """
        stations_tls = "0.0.0.0:9443"
        [[listeners]]
        name = "old"
        address = "0.0.0.0:9444"
        tls = "legacy"
        [[listeners]]
        name = "behind-haproxy"
        address = "10.0.0.1:9001"
        proxy_protocol = true
        [proxies]
        addresses = "10.0.0.5"
        """
    )

    assert config.all_listeners == (
        ListenerConfig("ws", Address("127.0.0.1", 9000)),
        ListenerConfig("behind-haproxy", Address("10.0.0.1", 9001), proxy_protocol=True),
        ListenerConfig("wss", Address("0.0.0.0", 9443), Tls.MODERN),
        ListenerConfig("old", Address("0.0.0.0", 9444), Tls.LEGACY),
    )
    assert [one.scheme for one in config.all_listeners] == ["ws", "ws", "wss", "wss"]


@pytest.mark.parametrize(
    ("said", "is_believed"),
    [
        ("", True),
        ("proxy_headers = false", False),
        ("proxy_protocol = true", False),
        ('tls = "modern"', False),
        ('tls = "legacy"', False),
        ('tls = "modern"\nproxy_headers = true', True),
    ],
)
def test_headers_of_proxies_are_believed_without_tls_and_where_that_is_said(
    desk: Desk, said: str, is_believed: bool
) -> None:
    config = desk.reads(
        f"""
        [[listeners]]
        name = "other"
        address = "127.0.0.1:9445"
        {said}
        [proxies]
        addresses = "10.0.0.5"
        """
    )
    assert config.listeners[0].believes_headers is is_believed


def test_by_default_there_is_one_listener_which_is_reached_from_this_machine_only() -> None:
    [listener] = Config().all_listeners
    assert (listener.name, listener.tls, listener.address.is_local) == ("ws", Tls.NONE, True)


@pytest.mark.parametrize("word", ["off", "OFF"])
def test_a_simple_listener_may_be_off(desk: Desk, word: str) -> None:
    config = desk.reads(FORECOURT_STATIONS=word, FORECOURT_STATIONS_TLS="127.0.0.1:9443")
    assert [one.name for one in config.all_listeners] == ["wss"]
    assert desk.reads(FORECOURT_STATIONS_TLS=word).stations_tls is None


def test_all_mistakes_of_listeners_and_proxies_are_told_at_once(desk: Desk) -> None:
    mistakes = desk.mistakes(
        """
        stations = "off"
        [[listeners]]
        name = "old"
        address = "0.0.0.0:9444"
        tls = "ancient"
        port = 1
        [[listeners]]
        name = "old"
        proxy_protocol = true
        [[listeners]]
        name = "re-encrypted"
        address = "127.0.0.1:9445"
        tls = "modern"
        proxy_headers = true
        [[listeners]]
        name = "both"
        address = "127.0.0.1:9446"
        proxy_headers = true
        proxy_protocol = true
        [[listeners]]
        name = "Upper Case"
        address = "0.0.0.0:9444"
        [[listeners]]
        name = "ws"
        address = "127.0.0.1:8080"
        [proxies]
        certificate_header = "xfcc"
        certificate_header_name = "a b"
        """
    )

    assert sorted(mistakes) == [
        "listeners[1].port: no such setting",
        "listeners[1].tls: must be one of none, modern, legacy, not 'ancient'",
        "listeners[2].address: must be set, for example 0.0.0.0:9443",
        "listeners[2].name: 'old' is the name of listeners[1] already",
        "listeners[2].proxy_protocol: must have proxies.addresses beside it: nobody else is believed",
        "listeners[3].proxy_headers: must have proxies.addresses beside it: nobody else is believed",
        "listeners[4].proxy_headers: must be off beside proxy_protocol: there the headers are the station's own",
        "listeners[5].address: 0.0.0.0:9444 is the address of listeners[1].address already",
        "listeners[5].name: must be 1 to 40 small letters, digits, dots, underscores and dashes",
        "listeners[6].address: 127.0.0.1:8080 is the address of console already",
        "listeners[6].name: 'ws' is the name of stations already",
        "proxies.certificate_header: must have proxies.addresses beside it: nobody else is believed",
        "proxies.certificate_header_name: must be the name of a header, for example X-SSL-Cert",
    ]


@pytest.mark.parametrize(
    ("toml", "mistake"),
    [
        ('stations = "off"', "stations: is off, and so is every other listener; no station could connect"),
        ('stations_tls = "127.0.0.1:9000"', "stations_tls: 127.0.0.1:9000 is the address of stations already"),
        ('listeners = "0.0.0.0:9444"', "listeners: must be tables, each under [[listeners]]"),
        ("listeners = [1]", "listeners: must be tables, each under [[listeners]]"),
        ('[listeners]\nname = "a"', "listeners: must be tables, each under [[listeners]]"),
        (
            '[proxies]\ncertificate_header_name = "X-Cert"',
            "proxies.certificate_header_name: must have proxies.certificate_header beside it",
        ),
    ],
)
def test_what_does_not_fit_together_is_told(desk: Desk, toml: str, mistake: str) -> None:
    assert desk.mistakes(toml) == [mistake]


def test_many_listeners_may_choose_their_ports_themselves(desk: Desk) -> None:
    config = desk.reads(FORECOURT_STATIONS="127.0.0.1:0", FORECOURT_STATIONS_TLS="127.0.0.1:0")
    assert len(config.all_listeners) == 2


@pytest.mark.parametrize("text", ["", " , "])
def test_there_may_be_no_proxies(desk: Desk, text: str) -> None:
    assert desk.reads(FORECOURT_PROXIES_ADDRESSES=text).proxies.addresses == ()


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("10.0.0.5", True),
        ("::ffff:10.0.0.5", True),
        ("10.0.0.6", False),
        ("192.168.7.200", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("proxy.example", False),
        ("", False),
    ],
)
def test_a_proxy_is_known_by_its_address(desk: Desk, address: str, is_one: bool) -> None:
    proxies = desk.reads(FORECOURT_PROXIES_ADDRESSES="10.0.0.5, 192.168.7.0/24, 2001:db8::/32").proxies
    assert proxies.has(address) is is_one
    assert not ProxiesConfig().has(address)


@pytest.mark.parametrize(
    ("text", "found"),
    [("10.0.0.5", "10.0.0.5"), ("::ffff:10.0.0.5", "10.0.0.5"), ("fe80::1%eth0", "fe80::1"), ("10.0.0", None)],
)
def test_an_address_is_read_as_it_is_compared(text: str, found: str | None) -> None:
    assert read_ip(text) == (None if found is None else ipaddress.ip_address(found))


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)],
)
def test_an_address_says_whether_others_can_reach_it(host: str, is_local: bool) -> None:
    assert Address(host, 80).is_local is is_local


# Mistakes


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read({"FORECOURT_CONFIG": str(tmp_path / "absent.toml")})


@pytest.mark.parametrize("content", [b"node = ", b"[gateway", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(content)

    with pytest.raises(ConfigError, match=r"bad\.toml"):
        read({"FORECOURT_CONFIG": str(file)})


def test_all_mistakes_are_told_at_once_with_their_paths(desk: Desk) -> None:
    mistakes = desk.mistakes(
        'nodes = 1\nnode = 5\nlog = 3\n[gateway]\nheartbeat = 1\nheartbeat_seconds = "often"\nframe_bytes = 10\n',
        FORECOURT_CONSOLE="localhost",
        FORECOURT_GATEWAY_AUTO_REGISTER="maybe",
    )

    assert sorted(mistakes) == [
        "FORECOURT_CONSOLE: must be host:port, for example 127.0.0.1:9000, not 'localhost'",
        "FORECOURT_GATEWAY_AUTO_REGISTER: must be true or false, not 'maybe'",
        "gateway.frame_bytes: must be at least 1024, not 10",
        "gateway.heartbeat: no such setting",
        "gateway.heartbeat_seconds: must be a whole number, not 'often'",
        "log: must be a table",
        "node: must be a text in quotes",
        "nodes: no such setting",
    ]


def test_a_wrong_database_is_told_together_with_other_mistakes(desk: Desk) -> None:
    mistakes = desk.mistakes(FORECOURT_DATABASE="mysql://db/x", FORECOURT_LOG_JSON="maybe")

    assert [mistake.partition(":")[0] for mistake in sorted(mistakes)] == ["FORECOURT_DATABASE", "FORECOURT_LOG_JSON"]


@pytest.mark.parametrize(
    ("name", "toml"),
    [
        ("data", "5"),
        ("stations", "9000"),
        ("stations", '"9000"'),
        ("stations", '":9000"'),
        ("stations", '"localhost:"'),
        ("stations", '"localhost:65536"'),
        ("stations", '"localhost:-1"'),
        ("gateway.auto_register", "2"),
        ("gateway.auto_register", '"ja"'),
        ("gateway.heartbeat_seconds", "0"),
        ("gateway.heartbeat_seconds", "true"),
        ("gateway.heartbeat_seconds", "[1]"),
        ("gateway.heartbeat_seconds", '""'),
        ("gateway.heartbeat_seconds", "1.5"),
        ("gateway.heartbeat_seconds", "nan"),
        ("gateway.heartbeat_seconds", "inf"),
        ("gateway.open_requests", "0"),
        ("gateway.bad_frames", "-1"),
        ("gateway.ping_seconds", "0.05"),
        ("gateway.ping_seconds", "-1"),
        ("gateway.ping_seconds", "nan"),
        ("gateway.ping_seconds", '"soon"'),
        ("gateway.ping_seconds", "1" + "0" * 400),
        ("gateway.messages_per_second", "-0.5"),
        ("gateway.handshakes_at_once", "0"),
        ("gateway.tls_handshake_seconds", "0"),
        ("stations_tls", '"0.0.0.0"'),
        ("proxies.addresses", "10"),
        ("proxies.addresses", "[10]"),
        ("proxies.addresses", '["10.0.0.5/8"]'),
        ("proxies.addresses", '"proxy.example"'),
        ("proxies.addresses", '["10.0.0.5", "0.0.0.0/0"]'),
        ("proxies.addresses", '"::/0"'),
        ("proxies.certificate_header", '"pem"'),
        ("log.level", '"loud"'),
        ("log.level", "10"),
        ("log.json", '"{}"'),
    ],
)
def test_a_wrong_value_is_refused_under_its_path(desk: Desk, name: str, toml: str) -> None:
    [mistake] = desk.mistakes(toml_of(name, toml))

    assert mistake.startswith(f"{name}: must be ")


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


@pytest.mark.parametrize("text", ["mysql://db/x", "sqlite://relative.db", "/var/lib/forecourt.db", "postgres", ""])
def test_only_two_kinds_of_database_are_taken(desk: Desk, text: str) -> None:
    assert desk.mistakes(FORECOURT_DATABASE=text) == ["FORECOURT_DATABASE: must begin with sqlite:/// or postgresql://"]


@pytest.mark.parametrize("text", ["sqlite:///data/forecourt.db", "sqlite:////var/f.db", "postgresql://db.example/x"])
def test_these_databases_are_taken(desk: Desk, text: str) -> None:
    assert desk.reads(FORECOURT_DATABASE=text).database_url == text


# Secrets


def test_a_secret_shows_itself_only_when_it_is_revealed() -> None:
    secret = Secret(A_PASSWORD)

    assert secret.reveal() == A_PASSWORD
    assert A_PASSWORD not in f"{secret} {secret!r} {[secret]} {secret!s:>20}"


def test_no_secret_shows_itself_in_the_settings(desk: Desk) -> None:
    config = desk.reads(FORECOURT_DATABASE=A_URL, FORECOURT_ADMIN_PASSWORD=A_PASSWORD)

    assert A_PASSWORD not in f"{config} {config!r}"
    assert A_PASSWORD not in str(dataclasses.asdict(config))


@pytest.mark.parametrize(
    ("toml", "environment"),
    [
        (f'database = "mysql://user:{A_PASSWORD}@db/x"', {}),
        ("", {"FORECOURT_DATABASE": f"mysql://user:{A_PASSWORD}@db/x"}),
        (f'database = ["{A_URL}"]', {}),
        (f'[database]\nurl = "{A_URL}"', {}),
        (f'admin_password = ["{A_PASSWORD}"]', {}),
        (f'admin_password = {{ value = "{A_PASSWORD}" }}', {}),
        (f'admin_pasword = "{A_PASSWORD}"', {}),
        (f'node = 5\ndatabase = "{A_URL}"\nadmin_password = "{A_PASSWORD}"', {}),
        (f'admin_password = "{A_PASSWORD}', {}),
    ],
)
def test_no_secret_shows_itself_in_a_mistake(desk: Desk, toml: str, environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        desk.reads(toml, **environment)

    assert A_PASSWORD not in str(refused.value)


def test_a_password_of_digits_does_not_show_itself_in_a_mistake(desk: Desk) -> None:
    """Without quotes it is a number to TOML."""
    [mistake] = desk.mistakes("admin_password = 31415926")

    assert mistake.startswith("admin_password: must be ")
    assert "31415926" not in mistake


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


@pytest.mark.parametrize(
    ("name", "value", "mistake"),
    [
        ("url", "ftp://h:1", "must be http://HOST:PORT or https://HOST:PORT"),
        ("url", "https://me:pw@h", "without a user"),
        ("url", "https://h/?q", "without a query"),
        ("url", "https://h/", "must be http"),
        ("url", "https:///x", "must be http"),
        ("url", "https://h:99999", "must be http"),
        ("ftp_url", "http://h", "must be ftp://HOST:PORT or ftps://HOST:PORT"),
        ("ftp_url", "ftps://h", "must have files.ftp beside it"),
        ("ftp_url", "ftp://h", "must begin with ftps://"),
        ("ftp_passive_ports", "50100-50000", "must be two ports"),
        ("ftp_passive_ports", "20-30", "must be two ports"),
        ("ftp_passive_ports", "many", "must be two ports"),
        ("ftp_passive_address", "files.example", "must be an IPv4 address"),
        ("ftp_passive_address", "::1", "must be an IPv4 address"),
    ],
)
def test_a_mistake_in_how_files_are_reached_is_told(desk: Desk, name: str, value: str, mistake: str) -> None:
    assert any(
        one.startswith(f"files.{name}: ") and mistake in one
        for one in desk.mistakes(toml_of(f"files.{name}", f'"{value}"'))
    )


def test_ftps_is_promised_or_ftp_is_allowed_and_not_both(desk: Desk) -> None:
    door = '[files]\nftp = "0.0.0.0:2121"\n'
    assert desk.mistakes(f'{door}ftp_url = "ftps://h"\nftp_tls_only = false') == [
        "files.ftp_tls_only: must not be false beside an ftp_url with ftps://, which promises TLS"
    ]
    assert desk.mistakes(f'{door}ftp_url = "ftp://h"') == [
        "files.ftp_url: must begin with ftps://; for FTP without TLS set files.ftp_tls_only to false"
    ]


def test_files_and_stations_do_not_share_an_address(desk: Desk) -> None:
    assert desk.mistakes('[files]\nhttp = "127.0.0.1:9000"') == [
        "files.http: 127.0.0.1:9000 is the address of stations already"
    ]
