# SPDX-License-Identifier: Apache-2.0
"""A plan: who attempts what, where and when. Made from a seed alone, so that the same plan can be made again."""
import dataclasses
import random

from model import TLS11, TLS12, TLS13

# The software of the population, by the share of clients that run it, and the newest version that each speaks.
SOFTWARE = {"modern": 0.55, "tls12": 0.30, "old": 0.15}
NEWEST = {"modern": TLS13, "tls12": TLS12, "old": TLS11}
NETWORKS = ("a", "b", "c")
NAMES = ("www.example.com", "api.example.com", "shop.example.com", "files.example.com")


@dataclasses.dataclass(frozen=True)
class Client:
    address: str
    network: str
    software: str
    has_intermediate: bool = False
    clock_offset_days: int = 0


@dataclasses.dataclass
class Attempt:
    """One connection. `planted`: the pattern reaches it, so that it fails, or may; `noise`: it fails for a reason of
    its own."""

    at: float                # seconds after the start
    client: Client
    server: str              # key of the server
    name: str
    planted: bool = False
    noise: bool = False
    hold: float = 0.0        # seconds that the client takes for its request
    says: tuple[str, ...] = ("connected",)   # what the client may report; anything else: the plan did not happen


@dataclasses.dataclass(frozen=True)
class Size:
    clients: int
    attempts: int
    seconds: float


SIZES = {"ci": Size(90, 600, 12.0), "large": Size(3000, 12000, 120.0)}

# One attempt in so many fails without any pattern: a client that trusts nobody, an everyday mishap.
NOISE_PERIOD = 60


def make(seed, size, client_address, servers):
    """(clients, attempts in order of time): every client comes several times, to any server, under any name."""
    random_numbers = random.Random(seed)
    kinds, weights = zip(*SOFTWARE.items())
    clients = []
    for index in range(size.clients):
        network = NETWORKS[index % len(NETWORKS)]
        clients.append(Client(client_address(network), network, random_numbers.choices(kinds, weights)[0],
                              has_intermediate=random_numbers.random() < 0.5))
    attempts = []
    for index in range(size.attempts):
        attempt = Attempt(at=size.seconds * index / size.attempts, client=random_numbers.choice(clients),
                          server=random_numbers.choice(servers), name=random_numbers.choice(NAMES))
        if random_numbers.randrange(NOISE_PERIOD) == 0:
            attempt.noise = True
            attempt.says = ("rejected_peer",)
        attempts.append(attempt)
    return clients, attempts
