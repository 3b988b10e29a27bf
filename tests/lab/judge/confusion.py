# SPDX-License-Identifier: Apache-2.0
"""How well TLS 1.3 hides from the sensor who rejected whom.

Truth is the verdict of the case, from configuration and from what the programs reported. The prediction follows from
the event alone. Only connections that ended up in TLS 1.3 count; those whose case did not ask the certificate
question (an abort, a crash) are shown as a row of their own and count for nothing.
"""
import collections

from model import CLASSES, CLIENT_REJECTED, ESTABLISHED, SERVER_REJECTED, TLS13

NONE = "none"                 # no event, or one that says neither
NOT_ASKED = "(not asked)"
PRECISION_MIN, RECALL_MIN = 0.99, 0.95

# The order in which a full handshake reaches them.
STAGES = ("tcp", "client_hello", "hello_retry_request", "server_hello", "certificate", "certificate_request",
          "server_hello_done", "client_certificate", "client_key_exchange", "client_finished", "server_finished",
          "established")
_ENDINGS = ("reset", "closed", "alert", "encrypted_alert")


def _reached(stage, least):
    return stage in STAGES and STAGES.index(stage) >= STAGES.index(least)


def prediction(seen):
    """What a reader of the event would say about the certificate question."""
    if seen is None:
        return NONE
    if seen.kind == "established":
        return CLIENT_REJECTED if seen.rejection else ESTABLISHED
    if seen.kind in _ENDINGS and seen.by == "client" and _reached(seen.stage, "server_hello"):
        return CLIENT_REJECTED
    if seen.kind in _ENDINGS and seen.by == "server" and _reached(seen.stage, "client_certificate"):
        return SERVER_REJECTED
    return NONE


def _is_tls13(pair):
    """By configuration; by the event where the configuration left it open."""
    if pair.expected.version is not None:
        return pair.expected.version == TLS13
    return pair.seen is not None and pair.seen.version == TLS13


class Confusion:
    """Counts of (truth, prediction) of one observer, in all and for each stack whose verdict it was."""

    def __init__(self):
        self.counts = collections.Counter()
        self.by_stack = collections.defaultdict(collections.Counter)

    @classmethod
    def of(cls, verdicts):
        made = cls()
        for verdict in verdicts:
            for pair in verdict.pairs:
                if pair.expected is not None and _is_tls13(pair):
                    made.add(verdict.played, prediction(pair.seen))
        return made

    def add(self, played, predicted):
        truth = played.verdict or NOT_ASKED
        self.counts[truth, predicted] += 1
        if truth == NOT_ASKED:
            return
        # The one who judged is the one whose behaviour had to be recognised.
        server = played.case.server
        by_server = truth == SERVER_REJECTED and server is not None
        stack = "server " + server.stack if by_server else "client " + played.case.client.stack
        self.by_stack[stack][truth, predicted] += 1

    def of_truth(self, truth):
        return sum(count for (true, _), count in self.counts.items() if true == truth)

    def precision(self, name):
        """None where nothing was predicted so."""
        predicted = sum(self.counts[truth, name] for truth in CLASSES)
        return self.counts[name, name] / predicted if predicted else None

    def recall(self, name):
        """None where there was no such case."""
        total = self.of_truth(name)
        return self.counts[name, name] / total if total else None

    def faults(self, all_classes):
        """Sentences about what is not good enough. `all_classes`: a class without a single case is a fault as well."""
        sentences = []
        for name in CLASSES:
            if not self.of_truth(name):
                if all_classes:
                    sentences.append("no TLS 1.3 case of class %s" % name)
                continue
            precision, recall = self.precision(name), self.recall(name)
            if precision is None or precision < PRECISION_MIN:
                sentences.append("precision of %s is %s, wanted %.2f" % (name, share(precision), PRECISION_MIN))
            if recall < RECALL_MIN:
                sentences.append("recall of %s is %s, wanted %.2f" % (name, share(recall), RECALL_MIN))
        return sentences

    def lines(self):
        columns = CLASSES + (NONE,)
        yield ("%-18s" % "truth \\ seen" + "".join("%17s" % name for name in columns)
               + "%11s%8s" % ("precision", "recall"))
        for truth in CLASSES:
            yield ("%-18s" % truth + "".join("%17d" % self.counts[truth, name] for name in columns)
                   + "%11s%8s" % (share(self.precision(truth)), share(self.recall(truth))))
        if self.of_truth(NOT_ASKED):
            yield "%-18s" % NOT_ASKED + "".join("%17d" % self.counts[NOT_ASKED, name] for name in columns)

    def stack_lines(self):
        """Each stack: how many of its verdicts were recognised, and what the others were taken for."""
        for stack in sorted(self.by_stack):
            counts = self.by_stack[stack]
            words = []
            for truth in CLASSES:
                total = sum(count for (true, _), count in counts.items() if true == truth)
                if total:
                    words.append("%s %d/%d" % (truth, counts[truth, truth], total))
            wrong = ["%s as %s %d" % (*key, count) for key, count in sorted(counts.items()) if key[0] != key[1]]
            yield "%-18s %s%s" % (stack, ", ".join(words), "; wrong: " + ", ".join(wrong) if wrong else "")

    def as_json(self):
        return {"counts": [{"truth": truth, "seen": name, "count": count}
                           for (truth, name), count in sorted(self.counts.items())],
                "precision": {name: self.precision(name) for name in CLASSES},
                "recall": {name: self.recall(name) for name in CLASSES}}


def share(value):
    return "-" if value is None else "%.3f" % value
