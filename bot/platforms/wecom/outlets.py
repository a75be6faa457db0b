"""The configured outlets of WeCom, and the one that leads to a channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain import Channel
from bot.platforms.wecom.address import WecomAddress
from bot.platforms.wecom.app_api import AppApi
from bot.platforms.wecom.response_url import ResponseAddresses
from bot.platforms.wecom.robot_api import RobotApi
from bot.platforms.wecom.webhook import Webhook


@dataclass(frozen=True)
class Outlets:
    """The configured outlets by their names, and the channels that they belong to.

    `robots_by_id`: connected robots by their bot id. `apps_by_id`: applications by corp id
    and agent id. `webhooks_by_channel`: webhooks by the key of the group that they are in.
    """

    later: Mapping[str, ResponseAddresses] = field(default_factory=dict)
    connected: Mapping[str, RobotApi] = field(default_factory=dict)
    apps: Mapping[str, AppApi] = field(default_factory=dict)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    robots_by_id: Mapping[str, str] = field(default_factory=dict)
    apps_by_id: Mapping[tuple[str, str], str] = field(default_factory=dict)
    webhooks_by_channel: Mapping[str, str] = field(default_factory=dict)

    def default_address(self, channel: Channel) -> WecomAddress:
        """The address of what nobody asked for; empty where a channel cannot be spoken to."""
        kind, _, rest = channel.id.partition(":")
        agent, _, user = rest.partition(":")
        if kind == "app" and (channel.tenant, agent) in self.apps_by_id:
            return WecomAddress(app=self.apps_by_id[channel.tenant, agent], user=user)
        if channel.tenant in self.robots_by_id:
            return WecomAddress(robot=self.robots_by_id[channel.tenant])
        if channel.key in self.webhooks_by_channel:
            return WecomAddress(webhook=self.webhooks_by_channel[channel.key])
        return WecomAddress()
