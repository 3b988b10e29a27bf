# SPDX-License-Identifier: Apache-2.0
"""What watches: the sensor, the capture, the reading of captures, and the events of both."""
