#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes corpus/chain and corpus/ocsp afresh, with the openssl command (3.0 or later).

They are committed, because new keys give new bytes; the keys are thrown away. Usage: make_certificate_corpus.py
"""
import pathlib
import subprocess
import tempfile

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
AUTHORITY = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign",
             "subjectKeyIdentifier=hash"]
SERVER = ["subjectAltName=DNS:example.com,DNS:*.example.com,IP:192.0.2.1", "extendedKeyUsage=serverAuth"]


class Workshop:
    """Certificates by name, in a folder of their own. Each is `name.pem` with its key `name.key`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.serial = 1000

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, check=False)
        if done.returncode != 0:
            raise SystemExit("openssl %s: %s" % (" ".join(arguments), done.stderr.decode()))
        return done.stdout

    def key(self, name, *options):
        if not (self.folder / (name + ".key")).exists():
            self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", *options,
                         "-out", name + ".key")

    def certificate(self, name, issuer=None, extensions=(), subject=None, key=None, digest="sha256", options=()):
        """DER of a certificate that `issuer` signed, or that signed itself."""
        key = key or name
        self.key(key, *options)
        self.serial += 1
        (self.folder / "ext.cnf").write_text("\n".join(extensions) + "\n")
        self.openssl("req", "-new", "-key", key + ".key", "-subj", subject or "/CN=" + name, "-out", "request.pem")
        signer = ["-CA", issuer + ".pem", "-CAkey", issuer + ".key"] if issuer else ["-signkey", key + ".key"]
        self.openssl("x509", "-req", "-in", "request.pem", *signer, "-set_serial", str(self.serial), "-days", "7000",
                     "-" + digest, "-extfile", "ext.cnf", "-out", name + ".pem")
        return self.openssl("x509", "-in", name + ".pem", "-outform", "DER")

    def staple(self, leaf, issuer, signer, revoked=False):
        state = "R\t450101000000Z\t240101000000Z" if revoked else "V\t450101000000Z\t"
        number = self.openssl("x509", "-in", leaf + ".pem", "-noout", "-serial").decode().strip().split("=")[1]
        (self.folder / "index.txt").write_text("%s\t%s\tunknown\t/CN=%s\n" % (state, number, leaf))
        self.openssl("ocsp", "-issuer", issuer + ".pem", "-cert", leaf + ".pem", "-no_nonce", "-reqout", "request.der")
        self.openssl("ocsp", "-index", "index.txt", "-rsigner", signer + ".pem", "-rkey", signer + ".key", "-CA",
                     issuer + ".pem", "-reqin", "request.der", "-respout", "response.der", "-ndays", "7")
        return (self.folder / "response.der").read_bytes()


def chain(*certificates):
    return b"".join(len(der).to_bytes(3, "big") + der for der in certificates)


def write(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(folder)
        root = shop.certificate("Root", extensions=AUTHORITY)
        intermediate = shop.certificate("Intermediate", "Root", AUTHORITY)
        leaf = shop.certificate("leaf", "Intermediate", SERVER + ["tlsfeature=status_request"])
        write("chain", "whole", chain(leaf, intermediate, root))
        write("chain", "out_of_order", chain(leaf, root, intermediate))
        write("chain", "alone", chain(leaf))
        write("chain", "cut", chain(leaf, intermediate)[:-9])
        write("chain", "garbage_behind_the_leaf", chain(leaf, b"\x30" * 40, intermediate, root))
        write("chain", "bytes_behind_the_leaf", chain(leaf + b"\0", intermediate))
        write("chain", "self_signed", chain(shop.certificate("self", extensions=SERVER)))
        write("chain", "no_names", chain(shop.certificate("none", extensions=["keyUsage=digitalSignature"],
                                                          subject="/O=Nobody")))
        loop = [shop.certificate("loop%d" % i, extensions=AUTHORITY, subject="/CN=Loop", key="loop") for i in range(5)]
        write("chain", "all_signed_each_other", chain(*loop))
        write("chain", "old_digest", chain(shop.certificate("old", "Root", SERVER, digest="sha1"), root))
        explicit = shop.certificate("explicit", extensions=SERVER, options=["-pkeyopt", "ec_param_enc:explicit"])
        write("chain", "curve_spelled_out", chain(explicit))
        many = ["nameConstraints=permitted;" + ",permitted;".join("DNS:n%d.example" % i for i in range(40))]
        shop.certificate("Constrained", "Root", AUTHORITY + many)
        names = ["subjectAltName=" + ",".join("DNS:a.n%d.example" % i for i in range(40))]
        write("chain", "name_constraints", chain(shop.certificate("constrained", "Constrained", names),
                                                 shop.openssl("x509", "-in", "Constrained.pem", "-outform", "DER"),
                                                 root))
        pair = chain(leaf, intermediate)
        good = shop.staple("leaf", "Intermediate", "Intermediate")
        shop.certificate("Responder", "Intermediate", ["extendedKeyUsage=OCSPSigning"])
        write("ocsp", "good", pair + good)
        write("ocsp", "revoked", pair + shop.staple("leaf", "Intermediate", "Intermediate", revoked=True))
        write("ocsp", "one_in_charge", pair + shop.staple("leaf", "Intermediate", "Responder"))
        write("ocsp", "another_certificate", chain(root, root) + good)
        write("ocsp", "byte_too_many", pair + good + b"\0")
        write("ocsp", "cut", pair + good[:-1])
        write("ocsp", "try_later", pair + bytes.fromhex("30030a0103"))
        write("ocsp", "nothing", pair)


if __name__ == "__main__":
    main()
