# SPDX-License-Identifier: Apache-2.0
"""The laboratory's certificates: authorities, server and client identities, OCSP responses, NSS databases.

Everything is made anew with the `openssl` command (3.0) in a folder of the laboratory, in about two seconds, and
dated around the moment of making. The chain is what public sites use: root > intermediate > leaf, RSA 2048 with
SHA-256. Leaves whose algorithm is not the point have P-256 keys, which are quick to make. No certificate has an AIA
extension: a missing intermediate stays missing.

    authority = Authority("/run/lab/pki")
    authority.certificate("good"), authority.chain("good"), authority.key("good"), authority.pkcs12("good")
    authority.root, authority.intermediate, authority.client_root       PEM files
    authority.staple("good", "revoked")                                 DER file
    authority.nss_database("root+cache+client_good")                    folder, see there
    authority.short_lived(20)                                           name of a new identity, 20 seconds from its end

All results are paths. PKCS #12 files are protected by PASSWORD; private keys and NSS databases by nothing. All
methods may be called from any thread; what is made on demand is made once.
"""
import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import subprocess
import threading
import time

from model import LabError

PASSWORD = "shakedown"
NAMES = ("www.example.com", "*.example.com", "example.com", "api.example.com")
RSA, WEAK_RSA, ECDSA = "rsa:2048", "rsa:1024", "ec"
DAY = 86400
AUTHORITY_LIFE = (-5 * 365, 10 * 365)  # days from now
LEAF_LIFE = (-30, 60)


@dataclasses.dataclass(frozen=True)
class Identity:
    """One certificate to be made. `life` is its first and its last moment, in days from now."""

    common_name: str = "www.example.com"
    names: tuple[str, ...] = NAMES
    issuer: str | None = "intermediate"  # None: it signs itself
    key: str = ECDSA
    digest: str = "sha256"
    life: tuple[float, float] = LEAF_LIFE
    usage: str | None = "serverAuth"     # None: an authority
    sends_chain: bool = True


def _authority(common_name, issuer=None, key=RSA):
    return Identity(common_name, (), issuer, key, life=AUTHORITY_LIFE, usage=None)


def _client(common_name, issuer="client_root", **others):
    return Identity(common_name, (), issuer, usage="clientAuth", **others)


AUTHORITIES = {
    "root": _authority("Example Lab Root"),
    "intermediate": _authority("Example Lab Issuing CA", "root"),
    "client_root": _authority("Example Lab Client Root"),
    "unknown_root": _authority("Example Private Root", key=ECDSA),
    "unknown_intermediate": _authority("Example Private Issuing CA", "unknown_root", key=ECDSA),
    "unknown_client_root": _authority("Example Private Client Root", key=ECDSA),
    "inspection": _authority("Example Inspection CA", key=ECDSA),
}
SERVERS = {
    "good": Identity(key=RSA),
    "good_ecdsa": Identity(),
    "expired": Identity(life=(-490, -400)),
    "not_yet_valid": Identity(life=(200, 290)),
    "wrong_name": Identity("other.example.net", ("other.example.net",)),
    "self_signed": Identity(issuer=None),
    "unknown_ca": Identity(issuer="unknown_intermediate"),
    "missing_intermediate": Identity(sends_chain=False),
    "revoked": Identity(),
    "weak_key": Identity(key=WEAK_RSA),
    "weak_signature": Identity(digest="sha1"),
    "wrong_usage": Identity(usage="clientAuth"),
    "intercepting": Identity(issuer="inspection"),
}
CLIENTS = {
    "client_good": _client("Good Client"),
    "client_expired": _client("Expired Client", life=(-490, -400)),
    "client_unknown": _client("Unknown Client", "unknown_client_root"),
    "client_weak": _client("Weak Client", key=WEAK_RSA),
}

_CONFIGURATION = """
[ca]
default_ca = lab
[lab]
database = {folder}/index
new_certs_dir = {folder}
unique_subject = no
rand_serial = yes
preserve = yes
policy = any
x509_extensions = extensions
[any]
organizationName = optional
commonName = supplied
[extensions]
{extensions}
"""


class Authority:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._identities = {**AUTHORITIES, **SERVERS, **CLIENTS}
        self._guard = threading.Lock()
        self._locks = collections.defaultdict(threading.Lock)
        self._count = 0
        with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(self._make_request, self._identities))
            roots = [name for name, authority in AUTHORITIES.items() if authority.issuer is None]
            others = [name for name in AUTHORITIES if name not in roots]
            for generation in (roots, others, [*SERVERS, *CLIENTS]):
                list(pool.map(self._sign, generation))

    # -- certificates ---------------------------------------------------------------------------------------------

    root = property(lambda self: self.certificate("root"))
    intermediate = property(lambda self: self.certificate("intermediate"))
    client_root = property(lambda self: self.certificate("client_root"))

    def certificate(self, identity):
        """The PEM file of the certificate alone; any authority of AUTHORITIES may be asked for, too."""
        return self._existing(identity, "crt")

    def chain(self, identity):
        """The PEM file of what the owner sends: its certificate and the intermediates."""
        return self._existing(identity, "chain")

    def key(self, identity):
        return self._existing(identity, "key")

    def pkcs12(self, identity):
        """Key and chain, under the friendly name `identity`."""
        target = self.folder / (identity + ".p12")
        return self._once(target, lambda: _openssl(
            "pkcs12", "-export", "-inkey", self.key(identity), "-in", self.chain(identity), "-name", identity,
            "-passout", "pass:" + PASSWORD, "-out", str(target)))

    def short_lived(self, seconds):
        """A new server identity like `good_ecdsa`, which expires so many seconds from now; returns its name."""
        with self._guard:
            self._count += 1
            name = "short_lived_%d" % self._count
            self._identities[name] = Identity(life=(-30, seconds / DAY))
        self._make_request(name)
        self._sign(name)
        return name

    def _existing(self, identity, suffix):
        if identity not in self._identities:
            raise LabError("no identity is called %r; there are: %s" % (identity, ", ".join(self._identities)))
        return str(self.folder / ("%s.%s" % (identity, suffix)))

    def _once(self, target, make):
        with self._guard:
            lock = self._locks[target]
        with lock:
            if not target.exists():
                make()
        return str(target)

    def _make_request(self, name):
        identity = self._identities[name]
        algorithm = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if identity.key == ECDSA else [identity.key]
        _openssl("req", "-new", "-nodes", "-newkey", *algorithm, "-subj", "/O=Shakedown/CN=" + identity.common_name,
                 "-keyout", self.key(name), "-out", str(self.folder / (name + ".csr")))

    def _sign(self, name):
        identity = self._identities[name]
        folder = self.folder / ("ca_" + name)
        folder.mkdir()
        (folder / "index").touch()
        configuration = folder / "openssl.cnf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, extensions=_extensions(identity)))
        now = time.time()
        signer = (["-selfsign", "-keyfile", self.key(name)] if identity.issuer is None else
                  ["-cert", self.certificate(identity.issuer), "-keyfile", self.key(identity.issuer)])
        first, last = (_moment(now + days * DAY) for days in identity.life)
        _openssl("ca", "-batch", "-notext", "-config", str(configuration), "-md", identity.digest,
                 "-startdate", first, "-enddate", last, *signer, "-in", str(self.folder / (name + ".csr")),
                 "-out", self.certificate(name))
        issuers = []
        issuer = identity.issuer if identity.sends_chain else None
        while issuer and self._identities[issuer].issuer:
            issuers.append(issuer)
            issuer = self._identities[issuer].issuer
        pathlib.Path(self.chain(name)).write_text(
            "".join(pathlib.Path(self.certificate(each)).read_text() for each in (name, *issuers)))

    # -- what is made on demand -----------------------------------------------------------------------------------

    def staple(self, identity, status):
        """A DER OCSP response about `identity`, signed by its issuer; `status` is "good" or "revoked"."""
        if status not in ("good", "revoked"):
            raise LabError("an OCSP status is good or revoked, not %r" % status)
        target = self.folder / ("%s.%s.ocsp" % (identity, status))
        return self._once(target, lambda: self._make_staple(identity, status, target))

    def _make_staple(self, identity, status, target):
        serial = _openssl("x509", "-in", self.certificate(identity), "-noout", "-serial").strip().split("=")[1]
        revoked = _moment(time.time() - 2 * DAY)[2:] if status == "revoked" else ""
        index = target.with_suffix(".index")
        end = _moment(time.time() + 60 * DAY)[2:]
        index.write_text("%s\t%s\t%s\t%s\tunknown\t/CN=%s\n" % (
            "R" if revoked else "V", end, revoked, serial, self._identities[identity].common_name))
        issuer = self._identities[identity].issuer or identity
        _openssl("ocsp", "-index", str(index), "-CA", self.certificate(issuer), "-rsigner", self.certificate(issuer),
                 "-rkey", self.key(issuer), "-issuer", self.certificate(issuer), "-cert", self.certificate(identity),
                 "-ndays", "7", "-no_nonce", "-respout", str(target))

    def nss_database(self, kind):
        """A folder with an NSS database ("sql:" + folder), without password, with what the words of `kind` name.

        Words are joined by "+": "root" (trusted for servers), "cache" (the intermediate), "client_root" (trusted for
        clients), any identity (key and chain, nickname = identity); "nothing" adds nothing. So "root+cache" and
        "root+client_good" are a client's, "good+client_root" is a server's.
        """
        target = self.folder / ("nss_" + kind)
        return self._once(target, lambda: self._make_nss_database(kind, target))

    def _make_nss_database(self, kind, target):
        building = target.with_name(target.name + ".part")
        building.mkdir()
        database = ["-d", "sql:%s" % building]
        _run("certutil", "-N", "--empty-password", *database)
        trusted = {"root": ("root", "C,,"), "cache": ("intermediate", ",,"), "client_root": ("client_root", "T,,")}
        for word in kind.split("+"):
            if word in trusted:
                name, flags = trusted[word]
                _run("certutil", "-A", "-n", name, "-t", flags, "-i", self.certificate(name), *database)
            elif word != "nothing":
                _run("pk12util", "-i", self.pkcs12(word), "-W", PASSWORD, "-K", "", *database)
        building.rename(target)


def _extensions(identity):
    lines = ["subjectKeyIdentifier = hash"]
    if identity.issuer:
        lines.append("authorityKeyIdentifier = keyid")
    if identity.usage is None:
        lines += ["basicConstraints = critical, CA:TRUE", "keyUsage = critical, keyCertSign, cRLSign, digitalSignature"]
    else:
        encipherment = "" if identity.key == ECDSA else ", keyEncipherment"
        lines += ["basicConstraints = critical, CA:FALSE", "keyUsage = critical, digitalSignature" + encipherment,
                  "extendedKeyUsage = " + identity.usage]
    if identity.names:
        lines.append("subjectAltName = " + ", ".join("DNS:" + name for name in identity.names))
    return "\n".join(lines)


def _moment(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def _openssl(*arguments):
    return _run("openssl", *arguments)


def _run(*argv):
    # NSS stretches even an empty password over many rounds; for a database without one that is wasted time.
    environment = {**os.environ, "NSS_MAX_MP_PBE_ITERATION_COUNT": "1", "OPENSSL_CONF": "/dev/null"}
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise LabError("%s: %s" % (" ".join(argv), (done.stderr or done.stdout).strip()))
    return done.stdout
