# SPDX-License-Identifier: Apache-2.0
"""Compares what should have been seen with what was seen, and says so in tables."""
