#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules of this tree that a compiler cannot check. Usage: tidy.py [ROOT]

- Includes point one way: a folder of the path includes only folders before it, the two processes never include
  each other, and include/shakedown includes nothing but itself, the standard library and Boost.
- The folders that every packet passes do not allocate, lock, print or throw.
- Every counter that is declared is counted somewhere.
- Every source file names its licence; RFCs are cited in one form, `RFC 8446 §5.1`, so that they can be searched.

Prints one line for each violation; exit status 1 when there are any.
"""
import pathlib
import re
import sys

# Folders in the order of the path. Equal numbers may include each other.
PATH = {
    "dataplane": {"packet": 1, "flow": 2, "stream": 3, "tls": 4, "service": 4, "path": 4, "handshake": 5, "emit": 6,
                  "overload": 6, "port": 7},
    "control": {"cli": 0, "ingest": 1, "enrich": 2, "diagnose": 3, "aggregate": 4, "patterns": 5,
                "store": 6, "export": 6, "api": 6, "report": 6},
}
# Vocabulary that any step of its process may use, wherever it lies: it includes nothing of the path.
SHARED = {"control/export/code_names.h", "control/export/tls_names.h", "control/export/text.h",
          "control/export/service_names.h", "control/export/path_words.h"}

HOT = ["packet", "flow", "stream", "tls", "handshake", "emit", "overload"]
FORBIDDEN = {
    r"\b(?:m|c|re)alloc\s*\(": "malloc",
    r"\bnew\s+[A-Za-z_:]": "new",
    r"\bstd::string\b": "std::string",
    r"\bstd::vector\b": "std::vector",
    r"\bprintf\s*\(": "printf",
    r"\bthrow\b": "throw",
    r"\bstd::mutex\b": "std::mutex",
}

SOURCES = {".cc", ".h", ".def", ".c", ".py", ".sh"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
RFC_WRONG = re.compile(
    r"\b(?:rfc ?\d+(?!_)\b|RFC-?\d+|RFC \d+,? (?:[Ss]ection|[Ss]ec\.?|[Cc]hapter|sect\.?)\b|RFC \d+(?:§|, ?§| § ))")


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.violations = []
        self.text = {}
        for path in sorted(self.root.rglob("*")):
            parts = path.relative_to(self.root).parts
            if parts[0].startswith((".", "build")) or path.suffix not in SOURCES or not path.is_file():
                continue
            self.text["/".join(parts)] = path.read_text(encoding="utf-8")

    def report(self, name, offset, sentence):
        line = self.text[name].count("\n", 0, offset) + 1
        self.violations.append("%s:%d: %s" % (name, line, sentence))

    def code(self, name):
        """The text with comments and strings blanked out, so that offsets stay."""
        return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), self.text[name])

    def in_folder(self, folder, suffixes=(".cc", ".h")):
        return [name for name in self.text if name.startswith(folder + "/") and name.endswith(suffixes)]

    # --- includes ------------------------------------------------------------------------------------
    def resolve(self, name, included):
        """What a quoted include of `name` means: a file of this tree, or None."""
        process = name.split("/")[0]
        folder = name.rsplit("/", 1)[0]
        for candidate in ("include/" + included, process + "/" + included, folder + "/" + included):
            if candidate in self.text:
                return candidate
        # What a program in the kernel shares with its loader is named from the top.
        return included if included.startswith("bpf/") and included in self.text else None

    def place(self, name, seen=()):
        """Where in the path a file stands: its folder's place; for a file beside the folders, the last one it uses."""
        parts = name.split("/")
        if len(parts) > 2 or name in seen:
            return PATH[parts[0]].get(parts[1], 0) if len(parts) > 2 else 0
        targets = [self.resolve(name, found[2]) for found in INCLUDE.finditer(self.text[name]) if found[1] == '"']
        return max([self.place(target, (*seen, name)) for target in targets
                    if target and target.startswith(parts[0])], default=0)

    def check_contract_includes(self):
        for name in self.in_folder("include/shakedown", (".h", ".def")):
            for found in INCLUDE.finditer(self.text[name]):
                quoted, target = found[1] == '"', found[2]
                good = target.startswith("shakedown/") if quoted else (
                    target.startswith("boost/") or not re.search(r"[./]", target))
                if not good:
                    self.report(name, found.start(), "the contract may not include %s" % target)

    def check_path_includes(self):
        for process, places in PATH.items():
            for name in self.in_folder(process):
                parts = name.split("/")
                for found in INCLUDE.finditer(self.text[name]):
                    if found[1] != '"':
                        continue
                    target = self.resolve(name, found[2])
                    if target is None:
                        self.report(name, found.start(), "%s is not in %s/ or include/" % (found[2], process))
                    elif (len(parts) > 2 and parts[1] in places and target.startswith(process)
                          and target not in SHARED and self.place(target) > places[parts[1]]):
                        self.report(name, found.start(), "%s comes later in the path" % found[2])

    # --- words ---------------------------------------------------------------------------------------
    def check_hot_folders(self):
        for folder in HOT:
            for name in self.in_folder("dataplane/" + folder):
                code = self.code(name)
                for pattern, word in FORBIDDEN.items():
                    for found in re.finditer(pattern, code):
                        self.report(name, found.start(), "%s in a folder that every packet passes" % word)

    def check_counters(self):
        declared = "include/shakedown/counters.def"
        if declared not in self.text:
            return
        used = "\n".join(self.code(name) for name in self.in_folder("dataplane"))
        for found in re.finditer(r"^SHAKEDOWN_(?:FATE|COUNTER)\((\w+)", self.text[declared], re.MULTILINE):
            if not re.search(r"\b%s\b" % found[1], used):
                self.report(declared, found.start(), "the counter %s is never counted" % found[1])

    def check_licences(self):
        for name, text in self.text.items():
            if not re.search(r"SPDX-License-Identifier: \S", "\n".join(text.split("\n")[:3])):
                self.report(name, 0, "no SPDX-License-Identifier in the first three lines")

    def check_citations(self):
        for name, text in self.text.items():
            if name.startswith("tests/tidy/"):
                continue  # holds the wrong forms
            for found in RFC_WRONG.finditer(text):
                self.report(name, found.start(), "cite as `RFC 8446 §5.1`, not '%s'" % found.group())

    def check_all(self):
        self.check_contract_includes()
        self.check_path_includes()
        self.check_hot_folders()
        self.check_counters()
        self.check_licences()
        self.check_citations()
        return self.violations


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    violations = Tree(root).check_all()
    for violation in violations:
        print(violation)
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
