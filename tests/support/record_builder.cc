// SPDX-License-Identifier: Apache-2.0
#include "record_builder.h"

#include <algorithm>
#include <array>

#include "deterministic_random.h"
#include "shakedown/tls_types.h"

namespace shakedown::test_support {
namespace {

void append_record(ByteWriter& writer, Code8 content_type, Code16 version, BytesView fragment) {
  writer.u8(content_type).u16(version).u16_bytes(fragment);
}

}  // namespace

Bytes record(Code8 content_type, BytesView fragment, Code16 version) {
  ByteWriter writer;
  writer.reserve(fragment.size() + 5);
  append_record(writer, content_type, version, fragment);
  return writer.take();
}

Bytes handshake_record(BytesView messages, Code16 version) {
  return record(ContentType::handshake, messages, version);
}

Bytes alert_record(Code8 level, Code8 description, Code16 version) {
  return record(ContentType::alert, std::array<uint8_t, 2>{level, description}, version);
}

Bytes change_cipher_spec_record(Code16 version) {
  return record(ContentType::change_cipher_spec, std::array<uint8_t, 1>{1}, version);
}

Bytes application_data_record(size_t size, uint64_t seed, Code16 version) {
  return encrypted_record(ContentType::application_data, size, seed, version);
}

Bytes encrypted_record(Code8 content_type, size_t size, uint64_t seed, Code16 version) {
  return record(content_type, opaque_bytes(size, seed), version);
}

Bytes coalesced_record(const std::vector<Bytes>& messages, Code16 version) {
  return handshake_record(concatenate(messages), version);
}

Bytes split_over_records(BytesView messages, size_t fragment_size, Code16 version) {
  ByteWriter writer;
  while (!messages.empty()) {
    const size_t taken = std::min(fragment_size, messages.size());
    append_record(writer, ContentType::handshake, version, messages.first(taken));
    messages = messages.subspan(taken);
  }
  return writer.take();
}

Bytes split_over_records_at(BytesView messages, const std::vector<size_t>& cuts, Code16 version) {
  ByteWriter writer;
  size_t begin = 0;
  for (const size_t cut : cuts) {
    append_record(writer, ContentType::handshake, version, messages.subspan(begin, cut - begin));
    begin = cut;
  }
  append_record(writer, ContentType::handshake, version, messages.subspan(begin));
  return writer.take();
}

Bytes separate_records(const std::vector<Bytes>& messages, Code16 version) {
  ByteWriter writer;
  for (const Bytes& message : messages) {
    append_record(writer, ContentType::handshake, version, message);
  }
  return writer.take();
}

}  // namespace shakedown::test_support
