"""Settings that cannot be used are refused, all at once and without their secrets."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from forecourt.loading import origins, read, settings_file
from forecourt.settings import ConfigError, Secret
from tests.settings_desk import A_PASSWORD, A_URL, Desk, toml_of


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


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


@pytest.mark.parametrize("text", ["mysql://db/x", "sqlite://relative.db", "/var/lib/forecourt.db", "postgres", ""])
def test_only_two_kinds_of_database_are_taken(desk: Desk, text: str) -> None:
    assert desk.mistakes(FORECOURT_DATABASE=text) == ["FORECOURT_DATABASE: must begin with sqlite:/// or postgresql://"]


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


# The console, and the provider to sign in with


@pytest.mark.parametrize(
    "url", ["console.example", "ftp://console.example", "https://", "https://a.example/path", "https://a@b.example"]
)
def test_the_consoles_address_is_a_scheme_and_a_host(desk: Desk, url: str) -> None:
    assert desk.mistakes(FORECOURT_CONSOLE_URL=url) == [
        "console_url: must be https://HOST or http://HOST:PORT, without a path"
    ]


PROVIDER = {
    "FORECOURT_CONSOLE_URL": "https://console.example",
    "FORECOURT_OIDC_ISSUER": "https://id.example/realms/staff",
    "FORECOURT_OIDC_CLIENT_ID": "forecourt",
}


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"FORECOURT_OIDC_ISSUER": "http://id.example"}, "oidc.issuer: must be https://"),
        ({"FORECOURT_OIDC_ISSUER": "https://id.example?a=b"}, "oidc.issuer: must be https://"),
        ({"FORECOURT_OIDC_ISSUER": "https://["}, "oidc.issuer: must be https://"),
        ({"FORECOURT_OIDC_ISSUER": ""}, "oidc.client_id: must have oidc.issuer"),
        ({"FORECOURT_OIDC_CLIENT_ID": ""}, "oidc.client_id: must be set"),
        ({"FORECOURT_CONSOLE_URL": ""}, "oidc.issuer: must have console_url"),
        ({"FORECOURT_OIDC_SCOPES": "profile"}, "oidc.scopes: must hold openid"),
        ({"FORECOURT_OIDC_ROLE_CLAIM": "groups"}, "oidc.role_claim: must be set together with oidc.role_of"),
        ({"FORECOURT_OIDC_ROLE_OF": "a=viewer"}, "oidc.role_claim: must be set together with oidc.role_of"),
        ({"FORECOURT_OIDC_ROLE_OF": "a=king"}, "FORECOURT_OIDC_ROLE_OF: must be one of viewer, operator"),
        ({"FORECOURT_OIDC_ROLE_OF": "admin"}, "FORECOURT_OIDC_ROLE_OF: must be pairs"),
        ({"FORECOURT_OIDC_ROOTS": "/no/such/file"}, "oidc.roots: /no/such/file is no file"),
    ],
)
def test_a_provider_that_cannot_be_used_is_told(desk: Desk, changes: dict[str, str], mistake: str) -> None:
    (found,) = desk.mistakes(**PROVIDER | changes)
    assert found.startswith(mistake)


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8081", "http://localhost:8081/realms/a", "http://[::1]:8081"])
def test_a_provider_on_this_machine_needs_no_tls(desk: Desk, issuer: str) -> None:
    assert desk.reads(**PROVIDER | {"FORECOURT_OIDC_ISSUER": issuer}).oidc.is_on


def test_roles_are_a_table_of_texts(desk: Desk) -> None:
    for toml in ("5", "[1]", "{ a = 5 }"):
        (mistake,) = desk.mistakes(toml_of("oidc.role_of", toml))
        assert mistake.startswith("oidc.role_of: must be a table such as")


# Where settings come from


def test_where_settings_come_from_is_told(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('node = "a"\n[gateway]\nquiet = true\nping_seconds = 3\n', "utf-8")
    environment = {"FORECOURT_CONFIG": str(file), "FORECOURT_GATEWAY_QUIET": "false"}

    assert origins(environment) == {
        "node": "node",
        "gateway.quiet": "FORECOURT_GATEWAY_QUIET",
        "gateway.ping_seconds": "gateway.ping_seconds",
    }
    assert settings_file(environment) == str(file)
    assert settings_file({"FORECOURT_CONFIG": ""}) == settings_file({})
