// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Wraps messages into TLS records, honestly or cut and glued in any way that is legal.
// Units:     sizes are bytes.
// Ownership: every function returns bytes of its own.
// Threading: none.
// Limits:    `record` writes the low 16 bits of the size; nothing checks 2^14.
// Failure:   none.
// RFC:       RFC 8446 §5.1, §5.2, §6; RFC 5246 §6.2, §7.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "byte_writer.h"

namespace shakedown::test_support {

inline constexpr uint16_t kTls12 = 0x0303;

[[nodiscard]] Bytes record(Code8 content_type, BytesView fragment, Code16 version = kTls12);

[[nodiscard]] Bytes handshake_record(BytesView messages, Code16 version = kTls12);
[[nodiscard]] Bytes alert_record(Code8 level, Code8 description, Code16 version = kTls12);
[[nodiscard]] Bytes change_cipher_spec_record(Code16 version = kTls12);
[[nodiscard]] Bytes application_data_record(size_t size, uint64_t seed = 1,
                                            Code16 version = kTls12);
/// A record of any type whose body looks encrypted: an encrypted Finished is (22, 40), an encrypted
/// alert of TLS 1.2 is (21, 26), one of TLS 1.3 is (23, 19).
[[nodiscard]] Bytes encrypted_record(Code8 content_type, size_t size, uint64_t seed = 1,
                                     Code16 version = kTls12);

/// Several messages in one record.
[[nodiscard]] Bytes coalesced_record(const std::vector<Bytes>& messages, Code16 version = kTls12);
/// The same bytes in records of at most `fragment_size` each.
[[nodiscard]] Bytes split_over_records(BytesView messages, size_t fragment_size,
                                       Code16 version = kTls12);
/// The same bytes cut at these offsets; offsets must rise and lie inside.
[[nodiscard]] Bytes split_over_records_at(BytesView messages, const std::vector<size_t>& cuts,
                                          Code16 version = kTls12);
/// Each message in a record of its own.
[[nodiscard]] Bytes separate_records(const std::vector<Bytes>& messages, Code16 version = kTls12);

}  // namespace shakedown::test_support
