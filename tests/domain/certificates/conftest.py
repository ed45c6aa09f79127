"""A workshop, and a station in it that uses a certificate."""

from __future__ import annotations

import pytest

from forecourt.pki.certificate import Certificate
from tests.domain.certificates.workshop import Workshop


@pytest.fixture
def shop() -> Workshop:
    return Workshop()


@pytest.fixture
def old(shop: Workshop) -> Certificate:
    """The certificate that the station uses."""
    return shop.uses()
