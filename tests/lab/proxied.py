# SPDX-License-Identifier: Apache-2.0
"""What a client of the laboratory's proxies asks them for: a TLS server that nobody else can reach.

Each proxy has one of its own, on an address of the loopback that follows from the proxy's port, so that the client
knows it, too. No packet of it is on the mirror.
"""
import shlex

PORT = 443

# The proxy comes last, so that both are there when it listens.
_BOTH = """%(server)s </dev/null &
for attempt in $(seq 200); do
  [ -n "$(%(listens)s)" ] && exec %(proxy)s
  sleep 0.05
done"""


def address(proxy_port):
    return "127.77.%d.%d" % (proxy_port >> 8, proxy_port & 0xFF)


def beside(spec, lab, port, argv):
    """The command line of a proxy, with that server in the same process group."""
    server = ["openssl", "s_server", "-quiet", "-www", "-accept", "%s:%d" % (address(port), PORT), "-cert",
              lab.pki.certificate(spec.identity), "-cert_chain", lab.pki.chain(spec.identity), "-key",
              lab.pki.key(spec.identity)]
    return ["sh", "-c", _BOTH % {"server": shlex.join(map(str, server)), "proxy": shlex.join(map(str, argv)),
                                 "listens": "ss -Hltn src %s:%d" % (address(port), PORT)}]
