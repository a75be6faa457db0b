"""The right to see a channel. Asked anew with every request, so a right that is taken away is gone.

An admin sees every channel of their workspace or bot; anybody else those in which they asked
something, and who does not belong to the organisation (any more) none. Who sits at the machine itself
sees all. What a person may *change* in a channel is not decided here: that is the command's own business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from bot.domain import Channel, Person

MACHINE = "terminal"
OWN_ROOM = Channel(MACHINE, "local", "terminal")


class Rights:
    def __init__(
        self,
        *,
        channels: Callable[[], Sequence[Channel]],
        takes_part_in: Callable[[Person], Collection[str]],
        named_admins: Collection[str],
        is_enrolled: Callable[[Person], bool],
        is_member: Callable[[Person], bool],
    ) -> None:
        self._is_member = is_member
        self._channels = channels
        self._takes_part_in = takes_part_in
        self._named_admins = frozenset(named_admins)
        self._is_enrolled = is_enrolled

    def is_operator(self, person: Person) -> bool:
        """Whether they came by the machine's own terminal: whoever has that has everything."""
        return person.platform == MACHINE

    def is_admin(self, person: Person) -> bool:
        return (
            self.is_operator(person)
            or person.key in self._named_admins
            or (self._is_enrolled(person) and self._is_member(person))
        )

    def channels_of(self, person: Person) -> tuple[Channel, ...]:
        """The channels that this person may see, by their keys."""
        every = self._channels()
        if self.is_operator(person):
            # The machine's own room is there before anybody said a word in it.
            return tuple(every) if OWN_ROOM in every else (*every, OWN_ROOM)
        if not (person.key in self._named_admins or self._is_member(person)):
            return ()
        here = [
            channel
            for channel in every
            if (channel.platform, channel.tenant) == (person.platform, person.tenant)
        ]
        if self.is_admin(person):
            return tuple(here)
        own = self._takes_part_in(person)
        return tuple(channel for channel in here if channel.key in own)

    def channel(self, person: Person, key: str) -> Channel | None:
        """The channel of this key; None where it is another's business or is not at all."""
        return next((channel for channel in self.channels_of(person) if channel.key == key), None)
