"""What looks wrong about an id tag that an operator asks something for. It is asked all the same."""

from __future__ import annotations

from datetime import datetime

from forecourt.domain.authorization.model import AuthorizationStatus, IdToken, judge
from forecourt.domain.authorization.service import Authorization
from forecourt.domain.errors import DomainError


def find_token(authorization: Authorization, id_token: str) -> IdToken | None:
    """The tag's entry in the register. An operator who names a tag is no station that saw one: nothing is recorded."""
    try:
        return authorization.get(id_token)
    except DomainError:
        return None


def warnings_about(id_token: str, token: IdToken | None, now: datetime) -> tuple[str, ...]:
    """Sentences about an id tag and its entry in the register, None when it has none."""
    match judge(token, now).status:
        case AuthorizationStatus.INVALID:
            return (f"The id tag {id_token!r} is not registered; when the station asks, it is answered Invalid.",)
        case AuthorizationStatus.BLOCKED:
            return (f"The id tag {id_token!r} is blocked; when the station asks, it is answered Blocked.",)
        case AuthorizationStatus.EXPIRED:
            return (f"The id tag {id_token!r} has expired; when the station asks, it is answered Expired.",)
        case _:
            return ()
