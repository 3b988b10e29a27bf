# SPDX-License-Identifier: Apache-2.0
"""The networks that the laboratory runs in."""
