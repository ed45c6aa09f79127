"""Roots at stations, and their replacement, as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from forecourt.api.trust_views import CertificateView, show_certificate
from forecourt.asgi.csv import Cell
from forecourt.domain.errors import in_english
from forecourt.domain.rollovers.model import Progress, RolloverState, StationStep, Step
from forecourt.domain.roots.model import KnownRoots, Learned, RootCount, StationRoot
from forecourt.domain.trust.held import Use


class StationRootView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A root at a station, as the station names it."""

    number: Annotated[int, Meta(description="Names it here, for DeleteRootCertificate.")]
    station_id: Annotated[str, Meta(description="The station.")]
    use: Annotated[Use, Meta(description="What the station has it for.")]
    learned: Annotated[Learned, Meta(description="Whether the station reported it, or took it since and did not.")]
    learned_at: Annotated[datetime, Meta(description="When it did.")]
    hash_algorithm: Annotated[str, Meta(description="The algorithm of both hashes.")]
    issuer_name_hash: Annotated[str, Meta(description="Hash of the issuer's name, to the letter as it was reported.")]
    issuer_key_hash: Annotated[str, Meta(description="Hash of the issuer's key, to the letter as it was reported.")]
    serial_number: Annotated[str, Meta(description="Its serial number, to the letter as it was reported.")]
    certificate: Annotated[
        CertificateView | None, Meta(description="The certificate that this names; null when none is known here.")
    ]


class StationRootsView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What is known of the roots of one station."""

    items: Annotated[Sequence[StationRootView], Meta(description="In the order in which they were learned.")]
    reported_at: Annotated[
        Mapping[str, datetime | None],
        Meta(description="For each use, when the station last told all of its roots; null when it never did."),
    ]


class RootCountView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """At how many stations a root is."""

    use: Annotated[Use, Meta(description="What the stations have it for.")]
    fingerprint: Annotated[
        str | None, Meta(description="Names it; null for all together that fit no certificate that is known here.")
    ]
    subject: Annotated[str | None, Meta(description="Whose it is.")]
    stations: Annotated[int, Meta(description="At so many stations.")]
    reported: Annotated[int, Meta(description="At so many of them by their own report.")]


class RolloverView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The replacement of a root at stations."""

    number: Annotated[int, Meta(description="Names the plan.")]
    state: Annotated[RolloverState, Meta(description="How far the plan is.")]
    paused: Annotated[bool, Meta(description="Whether it stands still.")]
    reason: Annotated[str | None, Meta(description="What it waits for.")]
    old_root: Annotated[CertificateView, Meta(description="The root that goes.")]
    new_root: Annotated[CertificateView, Meta(description="The root that comes.")]
    forms: Annotated[
        Sequence[CertificateView],
        Meta(
            description="Other certificates of the new root's name and key, such as the one that the old root signed."
        ),
    ]
    server_certificates: Annotated[Sequence[str], Meta(description="What is presented after the switch.")]
    switch_percent: Annotated[int | None, Meta(description="When it switches by itself; null waits for an operator.")]
    delete_old: Annotated[bool, Meta(description="Whether stations lose the old root.")]
    total: Annotated[int, Meta(description="Stations of the plan.")]
    ready: Annotated[int, Meta(description="Those that are known to have the new root.")]
    left: Annotated[int, Meta(description="Those that were left without it, by an operator's word.")]
    warnings: Annotated[Sequence[str], Meta(description="What the switch would do besides.")]
    counts: Annotated[Mapping[str, int], Meta(description="How many stations are at each step.")]
    asked_by: Annotated[str, Meta(description="Who asked for it.")]
    asked_at: Annotated[datetime, Meta(description="When.")]
    changed_at: Annotated[datetime, Meta(description="When its state was other last.")]
    switched_at: Annotated[
        datetime | None,
        Meta(
            description="Since when the listeners present the new chain, and nothing of the old root; null otherwise."
        ),
    ]
    ended_at: Annotated[datetime | None, Meta(description="When it was done or cancelled.")]


class RolloverStationView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How far a station of a plan has come."""

    station_id: Annotated[str, Meta(description="The station.")]
    step: Annotated[Step, Meta(description="How far it has come.")]
    ready: Annotated[bool, Meta(description="Whether it has the new root.")]
    reason: Annotated[str | None, Meta(description="Why it is there, or what an operator has to see to.")]
    errand: Annotated[int | None, Meta(description="The errand that is under way, or was the last.")]
    attempts: Annotated[int, Meta(description="How often the present step came to nothing.")]
    again_at: Annotated[datetime | None, Meta(description="When it is tried again.")]
    changed_at: Annotated[datetime, Meta(description="When it came there.")]


def show_root(root: StationRoot) -> StationRootView:
    return StationRootView(
        number=root.number,
        station_id=root.station,
        use=root.use,
        learned=root.learned,
        learned_at=root.learned_at,
        hash_algorithm=root.named.algorithm,
        issuer_name_hash=root.named.issuer_name_hash,
        issuer_key_hash=root.named.issuer_key_hash,
        serial_number=root.named.serial,
        certificate=None if root.certificate is None else show_certificate(root.certificate),
    )


def show_roots(known: Sequence[KnownRoots]) -> StationRootsView:
    return StationRootsView(
        items=[show_root(root) for one in known for root in one.roots],
        reported_at={one.use.value: one.reported_at for one in known},
    )


def show_count(count: RootCount) -> RootCountView:
    return RootCountView(
        use=count.use,
        fingerprint=count.fingerprint,
        subject=count.subject,
        stations=count.stations,
        reported=count.reported,
    )


def show_rollover(progress: Progress) -> RolloverView:
    plan = progress.rollover
    return RolloverView(
        number=plan.number,
        state=plan.state,
        paused=plan.is_paused,
        reason=plan.reason,
        old_root=show_certificate(plan.old_root),
        new_root=show_certificate(plan.new_root),
        forms=[show_certificate(one) for one in progress.forms],
        server_certificates=plan.server_certificates,
        switch_percent=plan.switch_percent,
        delete_old=plan.deletes_old,
        total=progress.total,
        ready=progress.ready,
        left=progress.left,
        warnings=in_english(progress.warnings),
        counts={step.value: count for step, count in progress.counts.items()},
        asked_by=plan.asked_by,
        asked_at=plan.asked_at,
        changed_at=plan.changed_at,
        switched_at=plan.switched_at,
        ended_at=plan.ended_at,
    )


def show_step(step: StationStep) -> RolloverStationView:
    return RolloverStationView(
        station_id=step.station,
        step=step.step,
        ready=step.step.is_ready,
        reason=step.reason,
        errand=step.errand,
        attempts=step.attempts,
        again_at=step.again_at,
        changed_at=step.changed_at,
    )


COUNT_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(RootCountView))
STEP_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(RolloverStationView))
ROOT_COLUMNS: Final = (
    *("number", "stationId", "use", "learned", "learnedAt", "hashAlgorithm", "issuerNameHash", "issuerKeyHash"),
    *("serialNumber", "fingerprint", "subject", "notAfter"),
)


ROLLOVER_COLUMNS: Final = (
    *("number", "state", "paused", "reason", "oldRoot", "newRoot", "serverCertificates", "switchPercent", "deleteOld"),
    *("total", "ready", "left", "failed", "askedBy", "askedAt", "changedAt", "switchedAt", "endedAt"),
)


def rollover_rows(progress: Progress) -> Iterator[Sequence[Cell]]:
    plan = progress.rollover
    yield (
        *(plan.number, plan.state.value, plan.is_paused, plan.reason),
        *(plan.old_root.fingerprint, plan.new_root.fingerprint, " ".join(plan.server_certificates)),
        *(plan.switch_percent, plan.deletes_old, progress.total, progress.ready, progress.left),
        *(progress.counts[Step.FAILED], plan.asked_by, plan.asked_at, plan.changed_at, plan.switched_at, plan.ended_at),
    )


def count_rows(count: RootCount) -> Iterator[Sequence[Cell]]:
    yield count.use.value, count.fingerprint, count.subject, count.stations, count.reported


def step_rows(step: StationStep) -> Iterator[Sequence[Cell]]:
    view = show_step(step)
    cells = (getattr(view, name) for name in view.__struct_fields__)
    yield [cell.value if isinstance(cell, Step) else cell for cell in cells]


def root_rows(root: StationRoot) -> Iterator[Sequence[Cell]]:
    known = root.certificate
    yield (
        *(root.number, root.station, root.use.value, root.learned.value, root.learned_at),
        *(root.named.algorithm, root.named.issuer_name_hash, root.named.issuer_key_hash, root.named.serial),
        None if known is None else known.fingerprint,
        None if known is None else known.subject,
        None if known is None else known.not_after,
    )
