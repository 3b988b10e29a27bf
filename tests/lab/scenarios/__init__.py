# SPDX-License-Identifier: Apache-2.0
"""All scenarios, one file a family.

A scenario is a generator function `def name(lab)` marked with @scenario; its name is the scenario's name. It yields
model.Case values and starts nothing. Whether a stack is installed is not its business: the runner skips by name.
"""
import dataclasses
import importlib

FAMILIES = ("success", "versions", "offers", "certificates", "client_certificates", "names", "ending", "tcp",
            "path", "forged", "tunnels", "mirrors", "not_tls", "starttls", "overload")

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
            case = dataclasses.replace(case, scenario=name)
            if case.name in cases:
                raise ValueError("two cases are named " + case.name)
            cases[case.name] = case
    return list(cases.values())


def _import_all():
    for family in FAMILIES:
        importlib.import_module("scenarios." + family)
