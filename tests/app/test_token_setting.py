"""Keys of CAs go into a token only where the settings name one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from forecourt.app.database import open_database
from forecourt.config import Config, Pkcs11Config
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Services


def put_keys_into_the_token(services: Services) -> bool:
    policy = replace(services.own_ca.policy(), keys_in_token=True)
    return services.own_ca.set_policy(policy, asked_by="test").keys_in_token


def test_the_settings_decide_whether_there_is_a_token(tmp_path: Path) -> None:
    async def wanted(pkcs11: Pkcs11Config) -> bool:
        async with open_database(Config(data=tmp_path, pkcs11=pkcs11)) as (workspace, _):
            return await workspace.write(put_keys_into_the_token)

    with pytest.raises(DomainError, match=r"\[pkcs11\]"):
        asyncio.run(wanted(Pkcs11Config()))
    assert asyncio.run(wanted(Pkcs11Config(module="/usr/lib/token.so", token="forecourt")))
