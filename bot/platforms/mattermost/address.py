"""The address of a reply in Mattermost, as it is stored with a message and its deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class MattermostAddress:
    """One address; what does not apply is empty, and not stored.

    `user`: who is answered. `root_id`: the first post of the thread to answer in ("": flat in the
    channel). `question`: the post that is answered, behind which our answer will stand. `direct`: "1"
    where nobody but this person and us reads the channel. `response_url`: a credential, good for five
    posts in half an hour. `post_id`: the post whose button was pressed. `ephemeral`: "1" where that
    post is shown to this person alone, and cannot be changed.
    """

    user: str = ""
    root_id: str = ""
    question: str = ""
    direct: str = ""
    response_url: str = ""
    post_id: str = ""
    ephemeral: str = ""

    @classmethod
    def from_mapping(cls, stored: Mapping[str, str]) -> MattermostAddress:
        """Read an address of this or another version, which may say more."""
        return cls(**{field.name: stored[field.name] for field in fields(cls) if field.name in stored})

    def to_mapping(self) -> dict[str, str]:
        """The form that is stored: texts by name, of what applies."""
        said = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        return {name: text for name, text in said.items() if text}
