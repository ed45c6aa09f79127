"""WaterPlants, an action that no version of OCPP has: words and nothing else."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.ocpp.action import Action, Message, Sender


class Can(Message, frozen=True, kw_only=True):
    """What to water with."""

    litres: Annotated[float, Meta(description="How much is in it.", gt=0, le=10)]
    rose: Annotated[bool | UnsetType, Meta(description="Whether it has a rose.")] = UNSET


class WaterPlantsRequest(Message, frozen=True, kw_only=True):
    plant: Annotated[Literal["Fern", "Palm"], Meta(description="Which plant.")]
    priority: Annotated[Annotated[int, Meta(ge=1, le=3)] | UnsetType, Meta(description="Which plant first.")] = UNSET
    can: Annotated[Can | UnsetType, Meta(description="With what.")] = UNSET
    rooms: Annotated[list[str] | UnsetType, Meta(description="Where the plants are.")] = UNSET
    cans: Annotated[list[Can] | UnsetType, Meta(description="With what else.")] = UNSET


class WaterPlantsResponse(Message, frozen=True, kw_only=True):
    status: Literal["Accepted", "Rejected"]


WATER_PLANTS = Action(
    name="WaterPlants",
    sender=Sender.CSMS,
    profile="Garden",
    request=WaterPlantsRequest,
    response=WaterPlantsResponse,
    summary="Waters the plants beside a station.",
)
