"""The tables of reports hold what the standard says (security whitepaper §6.8, §6.17; OCPP 1.6 §7.22, §7.25)."""

from __future__ import annotations

from typing import get_args

import pytest

from forecourt.dialects.v16.messages.diagnostics_status_notification import DiagnosticsStatus
from forecourt.dialects.v16.messages.firmware_status_notification import FirmwareStatus
from forecourt.dialects.v16.messages.log_status_notification import UploadLogStatus
from forecourt.dialects.v16.messages.signed_firmware_status_notification import SignedFirmwareStatus
from forecourt.domain.jobs.flows import FLOWS, IDLE, Flow
from forecourt.domain.jobs.model import Channel


@pytest.mark.parametrize("flow", FLOWS.values(), ids=[channel.value for channel in FLOWS])
def test_nothing_follows_an_end_and_every_report_can_be_reached(flow: Flow) -> None:
    """Security whitepaper §6.8, §6.17; OCPP 1.6 §7.22, §7.25."""
    ends = flow.good | flow.bad
    reached = {step for following in flow.following.values() for step in following}
    assert ends <= reached
    assert not ends & set(flow.following)
    assert {step for step in flow.following if step is not None} | ends == reached
    assert IDLE not in reached


EDITION_1 = {"CertificateVerified", "InvalidCertificate", "RevokedCertificate"}


@pytest.mark.parametrize(
    ("channel", "statuses"),
    [
        (Channel.DIAGNOSTICS, DiagnosticsStatus),
        (Channel.LOG, UploadLogStatus),
        (Channel.FIRMWARE, FirmwareStatus),
        (Channel.SIGNED_FIRMWARE, SignedFirmwareStatus),
    ],
)
def test_every_status_of_the_standard_has_its_place(channel: Channel, statuses: object) -> None:
    flow = FLOWS[channel]
    known = flow.good | flow.bad | {step for step in flow.following if step is not None}
    assert known == set(get_args(statuses)) - EDITION_1 - {IDLE}
