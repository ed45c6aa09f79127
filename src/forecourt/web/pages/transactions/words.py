"""What a transaction's facts mean, in words."""

from __future__ import annotations

from typing import Final

from forecourt.domain.transactions.metering import ENERGY_REGISTER, POWER, STATE_OF_CHARGE
from forecourt.domain.transactions.model import Doubt
from forecourt.web.language import gettext
from forecourt.web.language import mark as _

_DOUBTS: Final = {
    Doubt.UNKNOWN_TRANSACTION: _("The stop names a transaction that this station never had."),
    Doubt.STOPPED_AGAIN: _("The transaction was stopped before, with other figures. The first stop counts."),
    Doubt.STOP_BEFORE_START: _("The stop lies before the start: the station's clock was wrong."),
    Doubt.METER_DECREASED: _("The register is lower at the stop than at the start, so the energy is not known."),
    Doubt.OTHER_TOKEN: _("It was stopped with an id tag that is neither the one of the start nor of its group."),
    Doubt.NO_EVSE: _("It was started at connector 0, which is the station and no place to charge."),
    Doubt.FROM_THE_FUTURE: _("A time of the station lies more than five minutes ahead: its clock was wrong."),
    Doubt.RESERVED_FOR_OTHER: _("The start names a reservation that was for another id tag and another group."),
}

_REASONS: Final = {
    "DeAuthorized": _("The central system did not accept the id tag."),
    "EmergencyStop": _("The emergency stop was pressed."),
    "EVDisconnected": _("The cable was unplugged from the vehicle."),
    "HardReset": _("The station was reset hard."),
    "Local": _("It was stopped at the station."),
    "Other": _("For another reason."),
    "PowerLoss": _("The station lost its power."),
    "Reboot": _("The station restarted."),
    "Remote": _("It was stopped from here."),
    "SoftReset": _("The station was reset."),
    "UnlockCommand": _("The connector was unlocked from here."),
}

_MEASURANDS: Final = {
    POWER: _("Power"),
    ENERGY_REGISTER: _("Energy charged"),
    STATE_OF_CHARGE: _("State of charge"),
    "Current.Import": _("Current"),
    "Voltage": _("Voltage"),
    "Temperature": _("Temperature"),
    "Current.Offered": _("Current offered"),
    "Power.Offered": _("Power offered"),
    "Frequency": _("Frequency"),
}


def doubt_in_words(doubt: Doubt) -> str:
    return gettext(_DOUBTS[doubt])


def reason_in_words(reason: str) -> str:
    """A reason of OCPP 1.6 §7.36; a station's own stays as it was sent, and has no words."""
    known = _REASONS.get(reason)
    return "" if known is None else gettext(known)


def measurand_in_words(measurand: str) -> str:
    """What is not often measured keeps its name of OCPP 1.6 §7.31."""
    known = _MEASURANDS.get(measurand)
    return measurand if known is None else gettext(known)
