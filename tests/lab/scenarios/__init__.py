# SPDX-License-Identifier: Apache-2.0
"""All scenarios, one file a family.

A scenario is a generator function `def name(lab)` marked with @scenario; its name is the scenario's name. It yields
model.Case values and starts nothing. Whether a stack is installed is not its business: the runner skips by name.

Scenarios say "www.example.com" where any name will do. Each such case is a site of its own, as its address is: it and
its companions get a name of their own, since else what one server does would be held against a name that a thousand
others have. The certificates of private authorities, in contrast, are those of one site (_SITES): an authority that
nobody knows, and whose certificates one network sees for many names, is what an inspecting proxy looks like.
"""
import dataclasses
import importlib
import string

from net import rules

FAMILIES = ("success", "versions", "offers", "certificates", "client_certificates", "names", "ending", "tcp",
            "path", "forged", "tunnels", "mirrors", "not_tls", "starttls", "overload")

# The certificates have *.example.com.
_NAME, _SITE = "www.example.com", "%s.example.com"
_SITES = {"unknown_ca": "intranet.example.com", "self_signed": "device.example.com"}
# Servers that know only their own name, or say it themselves.
_NAMED_ROLES, _NAMED_STACKS = ("reject_unknown_name", "servername_fatal", "strict_sni"), ("prosody",)

_scenarios = {}


def scenario(function):
    _scenarios[function.__name__] = function
    return function


def scenario_names():
    _import_all()
    return list(_scenarios)


def load(lab):
    """All cases in the order of the families. Two cases of one name are a mistake of the scenario."""
    _import_all()
    cases = {}
    for name, function in _scenarios.items():
        for case in function(lab):
            case = _at_its_own_site(dataclasses.replace(case, scenario=name), len(cases))
            if case.name in cases:
                raise ValueError("two cases are named " + case.name)
            cases[case.name] = case
    return list(cases.values())


def _at_its_own_site(case, number):
    server = case.server
    if server is not None and (server.role in _NAMED_ROLES or server.stack in _NAMED_STACKS):
        return case
    if any(_NAME in word for word in rules.words(case)):
        return case
    site = _SITES.get(server.identity if server else None, _SITE % _letters(number))

    def renamed(client):
        return dataclasses.replace(client, server_name=site) if client.server_name == _NAME else client

    before, after = (tuple(dataclasses.replace(one, client=renamed(one.client)) for one in companions)
                     for companions in (case.before, case.after))
    return dataclasses.replace(case, client=renamed(case.client), before=before, after=after)


def _letters(number):
    """Three of them, so that names are as long as the one that they stand for. None begins with a, because
    api.example.com is somebody else; www would be the 14791st."""
    letters = string.ascii_lowercase
    return letters[number // 676 + 1] + letters[number // 26 % 26] + letters[number % 26]


def _import_all():
    for family in FAMILIES:
        importlib.import_module("scenarios." + family)
