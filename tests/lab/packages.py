# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of packages.txt: which belong to the core set, and what is installed of them."""
import pathlib
import subprocess

import clients
import servers

FILE = pathlib.Path(__file__).with_name("packages.txt")


def read(text):
    """({core packages}, {optional packages})"""
    core_set, optional = set(), set()
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        if line.startswith("optional:"):
            optional.add(line.removeprefix("optional:").strip())
        elif line:
            core_set.add(line)
    return core_set, optional


def core():
    return frozenset(read(FILE.read_text(encoding="utf-8"))[0])


def installed(names):
    """{package: version} of those that are installed; empty where this is no Debian."""
    try:
        done = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package}\t${Version}\t${db:Status-Status}\n", *sorted(names)],
            capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return {}
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 3 and row[2] == "installed"}


def core_missing():
    """None, or a sentence that names the packages of the core set which are not installed."""
    absent = sorted(core() - installed(core()).keys())
    if not absent:
        return None
    return "packages of the core set are missing (as root, deploy/test.sh installs them): " + " ".join(absent)


def program_versions():
    """{(side, stack): "package version"} for the index of the fixtures; (side, stack, role) where each role has its
    own program."""
    packages = {(side, stack): adapter.PACKAGE for side, adapters in (("client", clients.ADAPTERS),
                                                                      ("server", servers.ADAPTERS))
                for stack, adapter in adapters.items()}
    for stack, adapter in clients.ADAPTERS.items():
        for role, package in getattr(adapter, "PACKAGE_OF_ROLE", {}).items():
            packages["client", stack, role] = package
    versions = installed(set(packages.values()))
    return {key: "%s (%s %s)" % (key[-1], package, versions[package]) if package in versions else key[-1]
            for key, package in packages.items()}
