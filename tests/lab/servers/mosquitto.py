# SPDX-License-Identifier: Apache-2.0
"""Mosquitto, the MQTT broker, without TLS. Its only role is "mqtt"; it closes what does not begin with a CONNECT."""
import model
from model import Said
from servers import base

PACKAGE = "mosquitto"
PROFILE = model.Profile()  # it speaks no TLS here

_judge = base.rules_judge((r"protocol error|malformed|Protocol error", Said.not_tls),)


def available():
    return base.missing("mosquitto")


def start(spec, lab, port):
    base.only(spec, ("mqtt",))
    folder = base.scratch(lab, spec)
    configuration = folder / "mosquitto.conf"
    configuration.write_text("listener %d\nallow_anonymous true\nlog_dest stderr\nlog_type all\n" % port)
    return base.launch(spec, lab, port, folder, ["mosquitto", "-c", configuration], _judge)
