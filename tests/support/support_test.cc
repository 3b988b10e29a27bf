// SPDX-License-Identifier: Apache-2.0
//
// Guards what other tests rely on without looking: lengths, checksums, sequence numbers, file
// formats.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cstdio>
#include <memory>
#include <string>

#include "certificates.h"
#include "deterministic_random.h"
#include "handshake_scripts.h"
#include "pcap_writer.h"
#include "record_builder.h"

namespace shakedown::test_support {
namespace {

constexpr size_t kEthernetSize = 14;

uint32_t read_number(BytesView bytes, size_t offset, size_t width) {
  uint32_t value = 0;
  for (size_t i = 0; i < width; ++i) {
    value = value << 8 | bytes[offset + i];
  }
  return value;
}

/// Zero when the checksum over pseudo-header and segment is right.
uint16_t transport_check(const Endpoint& source, const Endpoint& destination, uint8_t protocol,
                         BytesView segment) {
  uint32_t sum = checksum_add(source.address.view());
  sum = checksum_add(destination.address.view(), sum);
  sum += protocol + static_cast<uint32_t>(segment.size());
  return checksum_finish(checksum_add(segment, sum));
}

std::vector<NamedDialogue> all_dialogues() {
  std::vector<NamedDialogue> all = dialogues_with_hello();
  all.push_back({"no_hello", no_hello()});
  return all;
}

/// TCP payload of an Ethernet and IPv4 frame.
BytesView payload_of(const TimedFrame& frame) {
  return BytesView(frame.bytes).last(frame.payload_size);
}

Bytes payload_from(const Frames& frames, Side side) {
  Bytes all;
  for (const TimedFrame& frame : only_from(frames, side)) {
    const BytesView payload = payload_of(frame);
    all.insert(all.end(), payload.begin(), payload.end());
  }
  return all;
}

TEST(ByteWriter, FillsInNestedLengths) {
  ByteWriter writer;
  writer.u24_vector([](ByteWriter& outer) {
    outer.u8(0xaa).u16_vector([](ByteWriter& inner) { inner.u8_bytes(Bytes{1, 2}); });
  });
  EXPECT_EQ(writer.take(), (Bytes{0, 0, 6, 0xaa, 0, 3, 2, 1, 2}));
}

TEST(HelloBuilder, ExtensionsEndWhereTheMessageEnds) {
  const Bytes body = ClientHelloBuilder::tls13("a.example").body();
  size_t offset = 2 + 32;
  offset += size_t{1} + body[offset];
  offset += 2 + read_number(body, offset, 2);
  offset += size_t{1} + body[offset];
  ASSERT_EQ(offset + 2 + read_number(body, offset, 2), body.size());
  offset += 2;
  while (offset < body.size()) {
    ASSERT_LE(offset + 4, body.size());
    offset += 4 + read_number(body, offset + 2, 2);
  }
  EXPECT_EQ(offset, body.size());
}

TEST(HelloBuilder, PadsToTheExactSize) {
  EXPECT_EQ(ClientHelloBuilder::tls12().padding_to(512).build().size(), 512U);
}

TEST(HelloBuilder, LeavesOutTheExtensionsBlockUnlessAsked) {
  ClientHelloBuilder hello;
  const size_t bare = hello.body().size();
  EXPECT_EQ(hello.with_empty_extensions_block().body().size(), bare + 2);
}

TEST(HelloBuilder, SetsTheLengthBitOfAnSslv2Record) {
  const Bytes hello = sslv2_client_hello(0x0301, {0x00002f, 0x010080});
  EXPECT_EQ(read_number(hello, 0, 2), 0x8000U | (hello.size() - 2));
  EXPECT_EQ(hello[2], 1);
}

TEST(RecordBuilder, SplitAndWholeCarryTheSameMessage) {
  const Bytes message = certificate(rsa_chain());
  Bytes joined;
  const Bytes records = split_over_records(message, 100);
  for (size_t offset = 0; offset < records.size();) {
    const size_t size = read_number(records, offset + 3, 2);
    ASSERT_LE(size, 100U);
    const BytesView fragment = BytesView(records).subspan(offset + 5, size);
    joined.insert(joined.end(), fragment.begin(), fragment.end());
    offset += 5 + size;
  }
  EXPECT_EQ(joined, message);
}

TEST(PacketBuilder, ChecksumsOfIpv4AreRight) {
  const Endpoint source = endpoint("192.0.2.1", 1024);
  const Endpoint destination = endpoint("198.51.100.2", 443);
  IpHeader ip;
  ip.options = {7, 7, 4, 0, 0, 0, 0};
  const Bytes frame = tcp_frame(source, destination, {}, bytes_of("odd"), ip);
  const BytesView packet = BytesView(frame).subspan(kEthernetSize);
  ASSERT_EQ(packet[0], 0x47);
  EXPECT_EQ(checksum_finish(checksum_add(packet.first(28))), 0);
  EXPECT_EQ(read_number(packet, 2, 2), packet.size());
  EXPECT_EQ(transport_check(source, destination, 6, packet.subspan(28)), 0);
}

TEST(PacketBuilder, ChecksumsOfIpv6AreRightBehindExtensionHeaders) {
  const Endpoint source = endpoint("2001:db8::1", 1024);
  const Endpoint destination = endpoint("2001:db8::2", 443);
  IpHeader ip;
  ip.extension_headers = {{0, {5, 2, 0, 0}}, {60, Bytes(10, 0)}};
  const Bytes frame = udp_frame(source, destination, bytes_of("odd"), ip);
  const BytesView packet = BytesView(frame).subspan(kEthernetSize);
  EXPECT_EQ(read_number(packet, 4, 2), packet.size() - 40);
  EXPECT_EQ(packet[40], 60);
  EXPECT_EQ(packet[48], 17);
  EXPECT_EQ(transport_check(source, destination, 17, packet.subspan(40 + 8 + 16)), 0);
}

TEST(TcpConversation, SequenceNumbersWrap) {
  auto options = TcpConversationOptions::ipv4();
  options.client.initial_sequence = 0xfffffff0;
  TcpConversation tcp(options);
  tcp.handshake().send_in_segments(Side::client, opaque_bytes(64), 32);
  const Frames& frames = tcp.frames();
  const size_t second = data_frame(frames, Side::client, 1);
  ASSERT_LT(second, frames.size());
  EXPECT_EQ(read_number(frames[second].bytes, kEthernetSize + 20 + 4, 4), 0x11U);
}

TEST(TcpConversation, CopiesKeepTimeInOrder) {
  Frames frames = play(tls12_full());
  duplicate_frame(frames, data_frame(frames, Side::server), 50 * kMillisecond);
  swap_frames(frames, 5, 6);
  for (size_t i = 1; i < frames.size(); ++i) {
    EXPECT_LE(frames[i - 1].time_ns, frames[i].time_ns);
  }
}

TEST(HandshakeScripts, FramesCarryWhatTheDialogueSays) {
  for (const auto& [name, dialogue] : all_dialogues()) {
    for (const bool piggyback : {false, true}) {
      auto options = TcpConversationOptions::ipv4();
      options.piggyback_acks = piggyback;
      const Frames frames = play(dialogue, options);
      EXPECT_EQ(payload_from(frames, Side::client), dialogue.bytes_from(Side::client)) << name;
      EXPECT_EQ(payload_from(frames, Side::server), dialogue.bytes_from(Side::server)) << name;
    }
  }
}

TEST(HandshakeScripts, RecordSizesAreThoseOfRealStacks) {
  const auto has_record = [](const Bytes& stream, uint8_t type, size_t size) {
    for (size_t offset = 0; offset + 5 <= stream.size();) {
      const size_t length = read_number(stream, offset + 3, 2);
      if (stream[offset] == type && length == size) {
        return true;
      }
      offset += 5 + length;
    }
    return false;
  };
  EXPECT_TRUE(has_record(tls13_full().bytes_from(Side::client), 23, 53));
  EXPECT_TRUE(has_record(tls13_encrypted_alert().bytes_from(Side::client), 23, 19));
  EXPECT_TRUE(has_record(tls12_full().bytes_from(Side::client), 22, 40));
  auto sha384 = HandshakeParameters::tls13();
  sha384.cipher_suite = 0x1302;
  EXPECT_TRUE(has_record(tls13_full(sha384).bytes_from(Side::client), 23, 69));
  auto tls10 = HandshakeParameters::tls12();
  tls10.version = 0x0301;
  tls10.cipher_suite = 0x002f;
  EXPECT_TRUE(has_record(tls12_full(tls10).bytes_from(Side::client), 22, 48));
}

class CaptureFile : public testing::TestWithParam<std::tuple<CaptureFileFormat, bool, bool>> {};

TEST_P(CaptureFile, IsReadBackByLibpcap) {
  const auto [format, nanoseconds, big_endian] = GetParam();
  const Frames frames = play(tls13_full());
  Bytes file = capture_file_bytes(
      frames, format, {.nanoseconds = nanoseconds, .big_endian = big_endian, .snap_length = 200});
  std::FILE* stream = fmemopen(file.data(), file.size(), "r");
  ASSERT_NE(stream, nullptr);
  char error[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> capture(
      pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error),
      &pcap_close);
  ASSERT_NE(capture, nullptr) << error;
  EXPECT_EQ(pcap_datalink(capture.get()), 1);
  for (const TimedFrame& frame : frames) {
    pcap_pkthdr* header = nullptr;
    const uint8_t* data = nullptr;
    ASSERT_EQ(pcap_next_ex(capture.get(), &header, &data), 1);
    EXPECT_EQ(header->len, frame.bytes.size());
    EXPECT_EQ(header->caplen, std::min<size_t>(frame.bytes.size(), 200));
    const uint64_t time_ns = static_cast<uint64_t>(header->ts.tv_sec) * kSecond +
                             static_cast<uint64_t>(header->ts.tv_usec);
    EXPECT_EQ(time_ns, nanoseconds ? frame.time_ns : frame.time_ns / 1000 * 1000);
    EXPECT_TRUE(std::equal(data, data + header->caplen, frame.bytes.begin()));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, CaptureFile,
                         testing::Combine(testing::Values(CaptureFileFormat::pcap,
                                                          CaptureFileFormat::pcapng),
                                          testing::Bool(), testing::Bool()));

}  // namespace
}  // namespace shakedown::test_support
