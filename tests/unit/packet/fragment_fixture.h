// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A FragmentTable behind decode(), fed as a worker feeds it.
// Units:     Nanoseconds since the first packet.
// Ownership: The view's payload points into the bytes last seen, or into the table.
// Threading: None.
// Limits:    One at a time in a process, as FragmentTable.
// Failure:   After every packet the counters must add up.
// RFC:       None.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "decode_support.h"
#include "dpdk.h"
#include "fragment_support.h"
#include "packet/follow_fragment.h"
#include "packet/fragment_table.h"

namespace shakedown::packet {

inline constexpr std::int64_t kBegin = 1'000 * kNanosPerSecond;

inline void start_dpdk() {
  static port::Dpdk instance(0, 24 * 1024 * 1024, 1024);
  static_cast<void>(instance);
}

/// A packet as a worker would treat it: decoded, and put together as often as it takes.
class Fragments : public testing::Test {
 protected:
  void SetUp() override {
    start_dpdk();
    counters_ = std::make_unique<CounterBlock>();
    table_ = std::make_unique<FragmentTable>(*counters_, 7);
    ASSERT_EQ(table_->create(), "");
  }
  void TearDown() override { expect_conservation(); }

  DecodeStatus see(const ts::Bytes& captured, std::int64_t nanos = 0,
                   LinkType link_type = LinkType::raw_ip) {
    clock_.value = std::max(clock_.value, kBegin + nanos);
    table_->forget_whole_packets();
    DecodeStatus status = decode(link_type, captured, view_);
    Bytes whole;
    if (status == DecodeStatus::ip_fragment) {
      status = follow_fragment(*table_, clock_, view_, whole);
    }
    expect_conservation();
    return status;
  }
  DecodeStatus see_frame(const ts::Bytes& frame) { return see(frame, 0, LinkType::ethernet); }

  /// The status after the last of them; all before it are expected to be absorbed.
  DecodeStatus see_all(const ts::Pieces& pieces) {
    DecodeStatus status = DecodeStatus::ip_fragment;
    for (const ts::Bytes& piece : pieces) {
      EXPECT_EQ(status, DecodeStatus::ip_fragment);
      status = see(piece);
    }
    return status;
  }

  [[nodiscard]] std::uint64_t get(Counter counter) const { return counters_->get(counter); }
  [[nodiscard]] std::string payload() const { return {view_.payload.begin(), view_.payload.end()}; }

  void expect_conservation() const {
    EXPECT_EQ(get(Counter::fragments_received),
              get(Counter::fragments_reassembled) + get(Counter::fragments_duplicated) +
                  get(Counter::fragments_expired) + get(Counter::fragments_refused) +
                  get(Counter::fragments_held));
  }

  std::unique_ptr<CounterBlock> counters_;
  std::unique_ptr<FragmentTable> table_;
  PacketView view_;
  UnixNanos clock_;
};

inline std::string text_of(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('!' + i * 7 % 90);
  return text;
}

inline ts::Bytes packet_of(const std::string& text, bool is_ipv6 = false,
                           const ts::IpHeader& ip = {}) {
  return without_ethernet(ts::tcp_frame(is_ipv6 ? kClient6 : kClient, is_ipv6 ? kServer6 : kServer,
                                        {.sequence = 7}, ts::bytes_of(text), ip));
}

}  // namespace shakedown::packet
