# SPDX-License-Identifier: Apache-2.0
"""An HTTP server with TLS from Python's ssl module: one line per connection, CONNECTED or FAILED and its own words.

Arguments are key=value: port, chain, key; client_ca, client_certificates (request, require); min, max (TLSv1_2 ...);
ciphers; dh (file); alpn (comma separated); tickets=no. Everything else comes from OPENSSL_CONF.
"""
import socket
import ssl
import sys
import threading

PATIENCE_SECONDS = 15
ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


def context_of(arguments):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for key, limit in (("min", "minimum_version"), ("max", "maximum_version")):
        if key in arguments:
            setattr(context, limit, ssl.TLSVersion[arguments[key]])
    if "ciphers" in arguments:
        context.set_ciphers(arguments["ciphers"])
    if "dh" in arguments:
        context.load_dh_params(arguments["dh"])
    if "alpn" in arguments:
        context.set_alpn_protocols(arguments["alpn"].split(","))
    if arguments.get("tickets") == "no":
        context.options |= ssl.OP_NO_TICKET
    if "client_ca" in arguments:
        context.load_verify_locations(arguments["client_ca"])
        require = arguments["client_certificates"] == "require"
        context.verify_mode = ssl.CERT_REQUIRED if require else ssl.CERT_OPTIONAL
    context.load_cert_chain(arguments["chain"], arguments["key"])
    return context


def say(word, text):
    print(word, " ".join(str(text).split()), flush=True)


def serve(context, connection):
    with connection:
        connection.settimeout(PATIENCE_SECONDS)
        try:
            with context.wrap_socket(connection, server_side=True) as tls:
                request = tls.recv(65536)
                if not request:
                    say("FAILED", "closed without a request")
                    return
                tls.sendall(ANSWER)
                say("CONNECTED", tls.version())
                tls.unwrap()
        except OSError as error:
            say("FAILED", error)


def main():
    arguments = dict(word.split("=", 1) for word in sys.argv[1:])
    context = context_of(arguments)
    with socket.create_server(("::", int(arguments["port"])), family=socket.AF_INET6, dualstack_ipv6=True,
                              backlog=128) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(context, connection), daemon=True).start()


if __name__ == "__main__":
    main()
