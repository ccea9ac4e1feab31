"""Networks given as CIDR blocks (RFC 4632): whether an IP lies in one. The IP is not kept."""

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_address, ip_network

Network = IPv4Network | IPv6Network


def read_network(written: str) -> Network:
    """Raises ValueError, also where bits are set behind the prefix: one of the two is a slip."""
    return ip_network(written)


class Networks:
    """Many blocks, in each of which is looked in a time that hardly grows with their number."""

    def __init__(self, blocks: Iterable[Network]) -> None:
        blocks = list(blocks)
        apart: list[Network] = [
            *collapse_addresses(block for block in blocks if isinstance(block, IPv4Network)),
            *collapse_addresses(block for block in blocks if isinstance(block, IPv6Network)),
        ]
        # An address of either family as one number: (version, value).
        self._firsts = [(block.version, int(block.network_address)) for block in apart]
        self._lasts = [(block.version, int(block.broadcast_address)) for block in apart]

    def __contains__(self, ip: str) -> bool:
        """What is no IP lies in none."""
        if not self._firsts:
            return False
        try:
            address = ip_address(ip)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        key = (address.version, int(address))
        at = bisect_right(self._firsts, key)
        return at > 0 and key <= self._lasts[at - 1]
