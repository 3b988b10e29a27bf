// SPDX-License-Identifier: Apache-2.0
//
// Method:  The first byte chooses the kind. Then come turns: a byte whose highest bit is the side
//          and whose lower seven are a length, and so many bytes; a length of zero is a gap. The
//          turns are taken whole and byte by byte, and everything that a caller may read must
//          agree; what is decided stays decided.
// Reaches: on_bytes and on_gap of every kind.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "service/dialogue.h"

namespace {

using shakedown::ByteReader;
using shakedown::Bytes;
using shakedown::Party;
using shakedown::StartTls;
using shakedown::service::Dialogue;
using shakedown::service::kDialogueBytesMax;
using shakedown::service::on_bytes;
using shakedown::service::on_gap;
using shakedown::service::Progress;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_decided(Progress progress) {
  return progress == Progress::accepted || progress == Progress::refused ||
         progress == Progress::over;
}

void require_same(const Dialogue& left, const Dialogue& right) {
  require(left.kind == right.kind);
  require(left.progress == right.progress);
  require(left.code == right.code);
  require(left.client_bytes == right.client_bytes);
  require(left.server_bytes == right.server_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto kind = static_cast<StartTls>(data[0] % shakedown::kStartTlsCount);
  Dialogue whole{.kind = kind};
  Dialogue single{.kind = kind};
  ByteReader reader(Bytes(data + 1, size - 1));
  std::uint8_t head = 0;
  while (reader.read_u8(head)) {
    const Party from = (head & 0x80) != 0 ? Party::server : Party::client;
    const std::size_t length = std::min<std::size_t>(head & 0x7f, reader.remaining());
    Bytes bytes;
    if (!reader.read_bytes(length, bytes)) return 0;
    if (length == 0) {
      on_gap(whole, from);
      on_gap(single, from);
    }
    const Progress before = whole.progress;
    require(on_bytes(whole, from, bytes) == whole.progress);
    for (const std::uint8_t byte : bytes) on_bytes(single, from, Bytes(&byte, 1));
    require_same(whole, single);
    if (is_decided(before)) require(whole.progress == before);
    require(whole.client_bytes <= kDialogueBytesMax && whole.server_bytes <= kDialogueBytesMax);
    require(whole.client_held <= whole.client_line.size());
    require(whole.server_held <= whole.server_line.size());
  }
  return 0;
}
