#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that each rule of tidy.py can be broken, and that a good tree breaks none."""
import pathlib
import tempfile
import unittest

import tidy

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"

GOOD = {
    "include/shakedown/bytes.h": LICENCE + "#include <span>\n#include <boost/version.hpp>\n",
    "include/shakedown/counters.def": LICENCE + 'SHAKEDOWN_FATE(fate_syn, "a SYN")\n',
    "dataplane/arena.h": LICENCE + '#include "shakedown/bytes.h"\n',
    "dataplane/connection.h": LICENCE + '#include "tls/tls.h"\n',
    "dataplane/packet/packet.h": LICENCE + "// new std::string, as comments may say: RFC 791 §3.1\n",
    "dataplane/flow/flow.cc": LICENCE + '#include "packet/packet.h"\n#include "arena.h"\nint fate_syn;\n',
    "dataplane/tls/tls.h": LICENCE + '#include <string_view>\nstd::string_view name = "throw";\n',
    "dataplane/worker.cc": LICENCE + '#include "flow/flow.h"\n#include "connection.h"\n',
    "dataplane/flow/flow.h": LICENCE,
    "control/ingest/drain.h": LICENCE,
    "control/report/report.cc": LICENCE + '#include "ingest/drain.h"\n',
}


class TidyTest(unittest.TestCase):
    def violations(self, **changed):
        """Of the good tree with some files changed; a name's __ stands for a slash and _dot_ for a dot."""
        with tempfile.TemporaryDirectory() as root:
            files = dict(GOOD)
            files.update({name.replace("__", "/").replace("_dot_", "."): text for name, text in changed.items()})
            for name, text in files.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return tidy.Tree(root).check_all()

    def assert_one(self, violations, *words):
        self.assertEqual(len(violations), 1, violations)
        for word in words:
            self.assertIn(word, violations[0])

    def test_a_good_tree_breaks_no_rule(self):
        self.assertEqual(self.violations(), [])

    def test_an_include_against_the_path(self):
        self.assert_one(self.violations(dataplane__packet__packet_dot_h=LICENCE + '#include "flow/flow.h"\n'),
                        "dataplane/packet/packet.h:2", "flow/flow.h comes later")

    def test_an_include_against_the_path_through_a_file_beside_the_folders(self):
        self.assert_one(self.violations(dataplane__flow__flow_dot_h=LICENCE + '#include "connection.h"\n'),
                        "connection.h comes later")

    def test_a_process_that_includes_the_other(self):
        self.assert_one(self.violations(control__ingest__drain_dot_h=LICENCE + '#include "flow/flow.h"\n'),
                        "flow/flow.h is not in control/")

    def test_a_contract_that_needs_more_than_the_standard_library(self):
        self.assert_one(self.violations(include__shakedown__bytes_dot_h=LICENCE + "#include <rte_mbuf.h>\n"),
                        "rte_mbuf.h")
        self.assert_one(self.violations(include__shakedown__bytes_dot_h=LICENCE + '#include "flow/flow.h"\n'),
                        "flow/flow.h")

    def test_words_that_hot_folders_must_not_use(self):
        for line, word in [("auto* p = new int;", "new"), ("p = malloc(3);", "malloc"), ("std::string s;", "std::string"),
                           ("std::vector<int> v;", "std::vector"), ('printf("x");', "printf"),
                           ("throw 1;", "throw"), ("std::mutex m;", "std::mutex")]:
            self.assert_one(self.violations(dataplane__stream__stream_dot_cc=LICENCE + line + "\n"), word)

    def test_a_counter_that_nobody_counts(self):
        self.assert_one(self.violations(dataplane__flow__flow_dot_cc=LICENCE + "// fate_syn\n"), "fate_syn")

    def test_a_file_without_a_licence(self):
        self.assert_one(self.violations(deploy__x_dot_sh="#!/bin/sh\n"), "deploy/x.sh", "SPDX")

    def test_citations_in_another_form(self):
        for wrong in ["RFC8446", "rfc 8446", "RFC 8446 section 5.1", "RFC 8446, Section 5", "RFC 8446§5"]:
            self.assert_one(self.violations(dataplane__flow__flow_dot_h=LICENCE + "// " + wrong + "\n"), "cite")


if __name__ == "__main__":
    unittest.main()
