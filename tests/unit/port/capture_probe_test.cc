// SPDX-License-Identifier: Apache-2.0
#include "port/capture_probe.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "packet_builder.h"
#include "pcap_writer.h"
#include "tcp_conversation.h"

namespace shakedown::port {
namespace {

namespace support = shakedown::test_support;

class CaptureProbe : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "probeXXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  /// Writes a file of these bytes and probes it.
  ProbeResult probe(const support::Bytes& bytes, const std::string& name = "capture") {
    std::ofstream(path(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return probe_capture(path(name));
  }

  static support::Frames frames() {
    support::TimedFrame frame;
    frame.time_ns = 1'000'000'000;
    frame.bytes = support::Bytes(60, 0);
    return {frame, frame};
  }

  std::string folder_;
};

support::Bytes text(std::string_view letters) { return {letters.begin(), letters.end()}; }

TEST_F(CaptureProbe, AcceptsPcapInEveryResolutionAndByteOrder) {
  for (const bool nanoseconds : {false, true}) {
    for (const bool big_endian : {false, true}) {
      const auto bytes =
          support::capture_file_bytes(frames(), support::CaptureFileFormat::pcap,
                                      {.nanoseconds = nanoseconds, .big_endian = big_endian});
      const ProbeResult result = probe(bytes);
      EXPECT_EQ(result.status, ProbeStatus::ok) << result.sentence;
      EXPECT_EQ(result.file.size_bytes, bytes.size());
      EXPECT_EQ(result.file.link_type, packet::LinkType::ethernet);
    }
  }
}

TEST_F(CaptureProbe, AcceptsPcapng) {
  const ProbeResult result =
      probe(support::capture_file_bytes(frames(), support::CaptureFileFormat::pcapng));
  EXPECT_EQ(result.status, ProbeStatus::ok) << result.sentence;
}

TEST_F(CaptureProbe, AcceptsEverySupportedLinkType) {
  using support::LinkType;
  for (const LinkType type :
       {LinkType::null, LinkType::ethernet, LinkType::ppp, LinkType::raw, LinkType::loop,
        LinkType::linux_sll, LinkType::ipv4, LinkType::ipv6, LinkType::linux_sll2}) {
    const ProbeResult result = probe(support::capture_file_bytes(
        frames(), support::CaptureFileFormat::pcap, {.link_type = type}));
    EXPECT_EQ(result.status, ProbeStatus::ok) << result.sentence;
    EXPECT_NE(result.file.link_type, packet::LinkType::unsupported);
  }
}

TEST_F(CaptureProbe, AcceptsACaptureWithoutPackets) {
  EXPECT_EQ(probe(support::capture_file_bytes({})).status, ProbeStatus::ok);
}

TEST_F(CaptureProbe, AcceptsACaptureCutInItsFirstPacket) {
  auto bytes = support::capture_file_bytes(frames());
  bytes.resize(24 + 5);
  EXPECT_EQ(probe(bytes).status, ProbeStatus::ok);
}

TEST_F(CaptureProbe, AcceptsNamesWithEveryCharacter) {
  const ProbeResult result =
      probe(support::capture_file_bytes(frames()), "a,b=c \"d\" 'e'\n(f)[g].pcap");
  EXPECT_EQ(result.status, ProbeStatus::ok) << result.sentence;
  EXPECT_EQ(result.file.name.find('\n'), std::string::npos);
}

TEST_F(CaptureProbe, ReopensTheProbedFileAfterItsNameIsGone) {
  const ProbeResult result = probe(support::capture_file_bytes(frames()));
  ASSERT_EQ(result.status, ProbeStatus::ok);
  std::filesystem::remove(path("capture"));
  EXPECT_TRUE(std::ifstream(result.file.path_to_reopen()).good());
}

TEST_F(CaptureProbe, RefusesAMissingFile) {
  const ProbeResult result = probe_capture(path("nothing"));
  EXPECT_EQ(result.status, ProbeStatus::missing);
  EXPECT_EQ(result.sentence, "cannot read " + path("nothing") + ": no such file");
}

TEST_F(CaptureProbe, RefusesAFileBelowAFile) {
  std::ofstream(path("file")) << "x";
  EXPECT_EQ(probe_capture(path("file/below")).status, ProbeStatus::missing);
}

TEST_F(CaptureProbe, RefusesAFolder) {
  EXPECT_EQ(probe_capture(folder_).status, ProbeStatus::directory);
}

TEST_F(CaptureProbe, RefusesAFileWithoutPermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  static_cast<void>(probe(support::capture_file_bytes(frames())));
  ASSERT_EQ(chmod(path("capture").c_str(), 0), 0);
  EXPECT_EQ(probe_capture(path("capture")).status, ProbeStatus::no_permission);
}

TEST_F(CaptureProbe, RefusesAPipeWithoutWaitingForItsWriter) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(probe_capture(path("pipe")).status, ProbeStatus::not_a_file);
}

TEST_F(CaptureProbe, RefusesADevice) {
  EXPECT_EQ(probe_capture("/dev/null").status, ProbeStatus::not_a_file);
}

TEST_F(CaptureProbe, RefusesStandardInput) {
  EXPECT_EQ(probe_capture("-").status, ProbeStatus::standard_input);
}

TEST_F(CaptureProbe, RefusesAnEmptyFile) { EXPECT_EQ(probe({}).status, ProbeStatus::empty); }

TEST_F(CaptureProbe, RefusesWhatIsNoCapture) {
  EXPECT_EQ(probe(text("x")).status, ProbeStatus::not_a_capture);
  EXPECT_EQ(probe(text("This is a letter, not a capture.")).status, ProbeStatus::not_a_capture);
}

TEST_F(CaptureProbe, RefusesAHeaderThatIsCut) {
  const auto whole = support::capture_file_bytes(frames());
  for (std::size_t size = 4; size < 24; ++size) {
    const ProbeResult result = probe({whole.begin(), whole.begin() + static_cast<long>(size)});
    EXPECT_EQ(result.status, ProbeStatus::not_a_capture) << size << ": " << result.sentence;
  }
}

TEST_F(CaptureProbe, NamesTheCompression) {
  const ProbeResult gzip = probe({0x1f, 0x8b, 8, 0, 0, 0, 0, 0});
  EXPECT_EQ(gzip.status, ProbeStatus::compressed);
  EXPECT_NE(gzip.sentence.find("gzip"), std::string::npos);
  EXPECT_EQ(probe({0x28, 0xb5, 0x2f, 0xfd, 0}).status, ProbeStatus::compressed);
  EXPECT_EQ(probe({0xfd, '7', 'z', 'X', 'Z', 0}).status, ProbeStatus::compressed);
}

TEST_F(CaptureProbe, NamesALinkTypeThatIsNotSupported) {
  auto bytes = support::capture_file_bytes(frames());
  bytes[20] = 105;
  const ProbeResult result = probe(bytes);
  EXPECT_EQ(result.status, ProbeStatus::link_type_unsupported);
  EXPECT_NE(result.sentence.find("105 (IEEE802_11)"), std::string::npos) << result.sentence;
}

/// An interface description without options: block type, length, link type, reserved, snap length,
/// length.
support::Bytes interface_block(std::uint8_t link_type, std::uint8_t snap_length_high) {
  return {1, 0, 0, 0, 20, 0, 0, 0, link_type, 0, 0, 0, 0, 0, snap_length_high, 0, 20, 0, 0, 0};
}

support::Bytes section_block() {
  return {0x0a, 0x0d, 0x0d, 0x0a, 28,   0,    0,    0,    0x4d, 0x3c, 0x2b, 0x1a, 1, 0,
          0,    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28,   0,    0, 0};
}

TEST_F(CaptureProbe, AcceptsInterfacesThatAreAlike) {
  const ProbeResult result =
      probe(support::concatenate({section_block(), interface_block(1, 4), interface_block(1, 4)}));
  EXPECT_EQ(result.status, ProbeStatus::ok) << result.sentence;
}

TEST_F(CaptureProbe, RefusesInterfacesWithDifferentLinkTypes) {
  const ProbeResult result = probe(
      support::concatenate({section_block(), interface_block(1, 4), interface_block(113, 4)}));
  EXPECT_EQ(result.status, ProbeStatus::interfaces_differ) << result.sentence;
}

TEST_F(CaptureProbe, RefusesInterfacesWithDifferentSnapLengths) {
  const ProbeResult result =
      probe(support::concatenate({section_block(), interface_block(1, 4), interface_block(1, 2)}));
  EXPECT_EQ(result.status, ProbeStatus::interfaces_differ) << result.sentence;
}

}  // namespace
}  // namespace shakedown::port
