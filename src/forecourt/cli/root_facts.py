"""Roots at stations, and their replacement, as commands print them."""

from __future__ import annotations

from typing import Final

from forecourt.cli.output import Facts
from forecourt.domain.errors import in_english
from forecourt.domain.rollovers.model import Progress, StationStep
from forecourt.domain.roots.model import KnownRoots, RootCount, StationRoot

ROOT_COLUMNS: Final = (
    *("number", "stationId", "use", "learned", "learnedAt", "hashAlgorithm", "issuerNameHash", "issuerKeyHash"),
    *("serialNumber", "fingerprint", "subject", "notAfter"),
)
ROOT_SHOWN: Final = ("number", "use", "learned", "subject", "notAfter", "serialNumber")
REPORTED_COLUMNS: Final = (*ROOT_COLUMNS, "reportedAt")
REPORTED_SHOWN: Final = (*ROOT_SHOWN, "reportedAt")
HOLDER_SHOWN: Final = ("stationId", "use", "learned", "learnedAt")
COUNT_COLUMNS: Final = ("use", "fingerprint", "subject", "stations", "reported")
ROLLOVER_COLUMNS: Final = (
    *(
        "number",
        "state",
        "paused",
        "ready",
        "total",
        "left",
        "failed",
        "reason",
        "warnings",
        "oldRoot",
        "newRoot",
        "serverCertificates",
    ),
    *("switchPercent", "deleteOld", "askedBy", "askedAt", "changedAt", "switchedAt", "endedAt"),
)
ROLLOVER_SHOWN: Final = ("number", "state", "paused", "ready", "total", "failed", "reason")
STEP_COLUMNS: Final = ("stationId", "step", "ready", "reason", "errand", "attempts", "againAt", "changedAt")
STEP_SHOWN: Final = ("stationId", "step", "reason", "errand", "changedAt")


def reported_facts(known: KnownRoots, root: StationRoot) -> Facts:
    """With the time of the report that it is compared with."""
    return {**root_facts(root), "reportedAt": known.reported_at}


def root_facts(root: StationRoot) -> Facts:
    known = root.certificate
    return {
        "number": root.number,
        "stationId": root.station,
        "use": root.use.value,
        "learned": root.learned.value,
        "learnedAt": root.learned_at,
        "hashAlgorithm": root.named.algorithm,
        "issuerNameHash": root.named.issuer_name_hash,
        "issuerKeyHash": root.named.issuer_key_hash,
        "serialNumber": root.named.serial,
        "fingerprint": None if known is None else known.fingerprint,
        "subject": None if known is None else known.subject,
        "notAfter": None if known is None else known.not_after,
    }


def count_facts(count: RootCount) -> Facts:
    return {
        "use": count.use.value,
        "fingerprint": count.fingerprint,
        "subject": count.subject,
        "stations": count.stations,
        "reported": count.reported,
    }


def rollover_facts(progress: Progress) -> Facts:
    plan = progress.rollover
    counts = {step.value: count for step, count in progress.counts.items()}
    return {
        "number": plan.number,
        "state": plan.state.value,
        "paused": plan.is_paused,
        "ready": progress.ready,
        "left": progress.left,
        "warnings": in_english(progress.warnings),
        "total": progress.total,
        "failed": counts["failed"],
        "reason": plan.reason,
        "oldRoot": plan.old_root.subject,
        "newRoot": plan.new_root.subject,
        "serverCertificates": list(plan.server_certificates),
        "switchPercent": plan.switch_percent,
        "deleteOld": plan.deletes_old,
        "askedBy": plan.asked_by,
        "askedAt": plan.asked_at,
        "changedAt": plan.changed_at,
        "switchedAt": plan.switched_at,
        "endedAt": plan.ended_at,
    }


def step_facts(step: StationStep) -> Facts:
    return {
        "stationId": step.station,
        "step": step.step.value,
        "ready": step.step.is_ready,
        "reason": step.reason,
        "errand": step.errand,
        "attempts": step.attempts,
        "againAt": step.again_at,
        "changedAt": step.changed_at,
    }
