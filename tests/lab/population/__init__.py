# SPDX-License-Identifier: Apache-2.0
"""Many clients, healthy for the most part, and one planted pattern: what pattern finding is measured on.

plan.py says who attempts what and when, loader.py attempts it with real TLS, patterns.py plants, population.py runs
one pattern in front of the sensors and writes the truth.
"""
