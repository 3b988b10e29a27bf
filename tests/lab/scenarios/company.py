# SPDX-License-Identifier: Apache-2.0
"""Who else comes to a server, so that its sensor knows it: what scenarios have in common about it.

Nobody is here to give an answer away. Each is somebody whom the sensor of a real network would have seen at such a
server: clients for whom it works, older ones of TLS 1.2, to whom it shows its certificate in the clear, and others
who fail as well. The clients are the cheapest ones, since they prove nothing about stacks.
"""
import dataclasses

from model import TLS12, ClientSpec, Companion, ServerSpec, TlsSettings, says

WWW, OTHER_NAME = "www.example.com", "api.example.com"
OLDER = TlsSettings.only(TLS12)
CUT_OFF = says("got_close", "got_reset")


def guest(network="b", tls=TlsSettings(), name=WWW, server=None, stack="openssl", trust="all", expects=("connected",),
          same_client=False, elsewhere=False, **client):
    return Companion(ClientSpec(stack, tls, server_name=name, trust=trust, network=network, **client), server,
                     says(*expects), same_client, elsewhere)


def shown(server, network="b", **others):
    """To a client of TLS 1.2, who is content with it. Most servers of TLS 1.3 still speak that."""
    return guest(network, OLDER, server=dataclasses.replace(server, tls=OLDER), **others)


def healthy(place="server", tls=TlsSettings()):
    """What the raw server of a case is when nothing is wrong with it."""
    return ServerSpec("raw", tls, place=place)


def served(network="b", place="server", **others):
    """It worked before, for this name."""
    return guest(network, server=healthy(place), **others)


def cut_off(network="c", **others):
    """It ends others in the same way."""
    return guest(network, expects=("got_close", "got_reset"), **others)
