// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the packets tell about the path, in words: the names of path_facts.h, and one
//            sentence with its numbers for each piece of evidence.
// Units:     Milliseconds and bytes in sentences.
// Ownership: Values.
// Threading: Values.
// Limits:    At most kPathEvidenceCount sentences of a record.
// Failure:   A number that is not known is left out of its sentence.
// RFC:       none. Signatures: "Global, Passive Detection of Connection Tampering", SIGCOMM 2023.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shakedown/handshake_record.h"

namespace shakedown::exporting {

/// As the paper writes them, in ASCII and without the brackets: `PSH+ACK -> RST;RST+ACK`,
/// `SYN -> nothing`, `PSH+ACK -> RST!=RST`. Empty for `none`.
[[nodiscard]] std::string_view tampering_signature_name(TamperingSignature signature);
/// `none`, `possible`, `likely`, `certain`.
[[nodiscard]] std::string_view path_confidence_name(PathConfidence confidence);
/// `prohibited`, `packet_too_big` ...
[[nodiscard]] std::string_view icmp_error_name(IcmpError error);
/// The name of path_evidence's bit `index`: `reset_too_early`, `ttl_differs` ...
[[nodiscard]] std::string_view path_evidence_name(unsigned index);

/// One sentence for each bit of record.path.evidence, in the order of the bits.
[[nodiscard]] std::vector<std::string> path_sentences(const HandshakeRecord& record);

}  // namespace shakedown::exporting
