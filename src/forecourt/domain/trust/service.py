"""The store of trust: who is trusted for what, who is revoked, what is presented, and the policy (A00.FR.403–428).

Every change raises the version in the same commit, so that whoever works from a snapshot learns of it by one cheap
read, rung for or not: what was disabled or removed counts at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.held_certificates import HeldCertificates
from forecourt.domain.trust.model import ChangedPolicy, Policy, ServerCertificate, Snapshot, Trusted, Unusable
from forecourt.domain.trust.policy import check_policy, warnings_of
from forecourt.domain.trust.revocations import Revocations
from forecourt.domain.trust.server_certificates import ServerCertificates
from forecourt.pki.revocation import Crl

_NO_POLICY: Final = Policy()


class Trust(HeldCertificates, Revocations, ServerCertificates):
    """Everything that can happen in the store of trust. Its parts are its bases, one for each thing it keeps."""

    def version(self) -> int:
        """One cheap read."""
        return self._stores.certificates.version()

    def snapshot(self) -> Snapshot:
        """All that is in force. For gateways only: it opens the keys of server certificates."""
        stores = self._stores
        trusted = stores.certificates.enabled()
        served = stores.server_certificates.opened()
        crls = stores.revocations.crls()
        return Snapshot(
            version=stores.certificates.version(),
            certificates=tuple(one for one in trusted if isinstance(one, Trusted)),
            revoked=stores.revocations.all_pairs(),
            crls=tuple(one for one in crls if isinstance(one, Crl)),
            server_certificates=tuple(one for one in served if isinstance(one, ServerCertificate)),
            policy=self.policy(),
            unusable=tuple(one for one in (*trusted, *served, *crls) if isinstance(one, Unusable)),
            distrusted=stores.certificates.disabled(),
        )

    def unusable(self) -> Sequence[Unusable]:
        """What the store has and cannot be read any more, enabled or not; it can only be removed or given again. Keys
        of server certificates are not looked at."""
        stores = self._stores
        others = (*stores.server_certificates.all(), *stores.revocations.crls())
        return [*stores.certificates.unusable(), *(one for one in others if isinstance(one, Unusable))]

    def policy(self) -> Policy:
        return self._stores.policy.find() or _NO_POLICY

    def set_policy(self, policy: Policy, *, asked_by: str) -> ChangedPolicy:
        """It counts from the next handshake on. Raises DomainError INVALID."""
        return self.change_policy(lambda _: policy, asked_by=asked_by)

    def change_policy(self, change: Callable[[Policy], Policy], *, asked_by: str) -> ChangedPolicy:
        """Make the policy what ``change`` makes of the one that holds now. Raises DomainError INVALID."""
        with self._writing() as writing:
            known = writing.policy.find() or _NO_POLICY
            policy = change(known)
            check_policy(policy)
            if policy == known:
                writing.changes_nothing()
                return ChangedPolicy(known)
            writing.policy.put(policy)
            self._note(Kind.POLICY_CHANGED, _difference(known, policy), asked_by=asked_by)
            return ChangedPolicy(policy, tuple(warnings_of(known, policy)))


def _difference(old: Policy, new: Policy) -> str:
    before, after = _told(old), _told(new)
    changes = [f"{name} is {after[name]} and was {before[name]}" for name in after if after[name] != before[name]]
    return f"The security policy was changed: {'; '.join(changes)}."


def _told(policy: Policy) -> dict[str, str]:
    listeners = (
        f"{name}: {' '.join(str(int(profile)) for profile in sorted(profiles))}"
        for name, profiles in sorted(policy.listeners.items())
    )
    return {
        "newStationProfile": str(int(policy.new_station_profile)),
        "revocation": policy.revocation.value,
        "cpoName": repr(policy.cpo_name),
        "listeners": f"[{', '.join(listeners)}]",
        "trustedOrganisations": repr(list(policy.trusted_organisations)),
        "renewBeforeDays": str(policy.renew_before_days),
        "renewalsPerMinute": str(policy.renewals_per_minute),
    }
