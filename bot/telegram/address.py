"""The address of a webhook."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Address:
    """Where Telegram calls, and who may.

    `url` is what Telegram is told; `host` and `port` are listened on. `sources` are Telegram's networks, `proxies`
    those whose X-Forwarded-For is believed.
    """

    url: str
    secret: str
    host: str
    port: int
    sources: tuple[Network, ...]
    proxies: tuple[Network, ...]
