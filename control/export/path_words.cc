// SPDX-License-Identifier: Apache-2.0
#include "export/path_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "export/text.h"

namespace shakedown::exporting {

namespace {

namespace evidence = path_evidence;

constexpr std::uint8_t kRst = 0x04;

// In the order of the enumerations.
constexpr std::array<std::string_view, kTamperingSignatureCount> kSignatures{
    "",
    "SYN -> nothing",
    "SYN -> RST",
    "SYN -> RST+ACK",
    "SYN -> RST;RST+ACK",
    "SYN;ACK -> nothing",
    "SYN;ACK -> RST",
    "SYN;ACK -> RST;RST",
    "SYN;ACK -> RST+ACK",
    "SYN;ACK -> RST+ACK;RST+ACK",
    "PSH+ACK -> nothing",
    "PSH+ACK -> RST",
    "PSH+ACK -> RST+ACK",
    "PSH+ACK -> RST;RST+ACK",
    "PSH+ACK -> RST+ACK;RST+ACK",
    "PSH+ACK -> RST=RST",
    "PSH+ACK -> RST!=RST",
    "PSH+ACK -> RST;RST0",
    "PSH+ACK;Data -> RST",
    "PSH+ACK;Data -> RST+ACK"};

constexpr std::array<std::string_view, 4> kConfidences{"none", "possible", "likely", "certain"};

struct IcmpWords {
  std::string_view name;
  std::string_view text;
};
constexpr std::array<IcmpWords, kIcmpErrorCount> kIcmpErrors{{
    {"none", "no error"},
    {"network_unreachable", "network unreachable"},
    {"host_unreachable", "host unreachable"},
    {"port_unreachable", "port unreachable"},
    {"prohibited", "administratively prohibited"},
    {"packet_too_big", "packet too big"},
    {"time_exceeded", "time exceeded on the way"},
    {"other", "another error"},
}};

constexpr std::array<std::string_view, kPathEvidenceCount> kEvidence{
    "reset_too_early",
    "data_after_reset",
    "data_after_fin",
    "ttl_differs",
    "ip_id_differs",
    "window_differs",
    "options_differ",
    "payload_in_reset",
    "resets_disagree",
    "both_sides_reset",
    "icmp_error",
    "large_segments_lost_to_client",
    "large_segments_lost_to_server"};
static_assert(evidence::large_segments_lost_to_server == 1u << (kPathEvidenceCount - 1));

template <std::size_t size>
std::string_view name_in(const std::array<std::string_view, size>& names, std::size_t index) {
  return index < size ? names[index] : std::string_view("unknown");
}

std::string_view party(Party side) {
  switch (side) {
    case Party::client:
      return "the client";
    case Party::server:
      return "the server";
    case Party::path:
      return "the path";
    case Party::none:
      break;
  }
  return "that side";
}

/// `0.4 ms`, `38.2 ms`, `1,200 ms`: more places the shorter the time, because the round trips of a
/// datacenter are.
std::string milliseconds(std::uint32_t micros) {
  if (micros >= 1'000'000) return fmt::format("{} ms", grouped(micros / 1000));
  const double value = static_cast<double>(micros) / 1000.0;
  return micros < 100 ? fmt::format("{:.3f} ms", value) : fmt::format("{:.1f} ms", value);
}

std::string range(unsigned low, unsigned high) {
  return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
}

std::string_view plural(unsigned count) { return count == 1 ? "" : "s"; }

class Sentences {
 public:
  explicit Sentences(const HandshakeRecord& record)
      : record_(record),
        path_(record.path),
        ending_((record.ending.tcp_flags & kRst) != 0 || record.ending.tcp_flags == 0 ? "reset"
                                                                                      : "FIN"),
        side_(party(record.ending.from)) {}

  [[nodiscard]] std::string of(std::uint32_t bit) const {
    switch (bit) {
      case evidence::reset_too_early:
        return too_early();
      case evidence::data_after_reset:
        return data_after_reset();
      case evidence::data_after_fin:
        return fmt::format("data came from {} after its FIN", side_);
      case evidence::ttl_differs:
        return ttl();
      case evidence::ip_id_differs:
        return fmt::format("the {}'s IP ID is {}, {}'s packet before it had {}", ending_,
                           record_.ending.ip_id, side_, path_.side_ip_id);
      case evidence::window_differs:
        return fmt::format("the {}'s window is {}, {}'s packet before it had {}", ending_,
                           record_.ending.window, side_, path_.side_window);
      case evidence::options_differ:
        return fmt::format("the {}'s TCP options are not those of {}'s packets before it", ending_,
                           side_);
      case evidence::payload_in_reset:
        return fmt::format("{} byte{} of payload in the reset",
                           grouped(record_.ending.payload_length),
                           plural(record_.ending.payload_length));
      case evidence::resets_disagree:
        return disagreement();
      case evidence::both_sides_reset:
        return fmt::format(
            "each end was reset in the other's name ({} from the client, {} from the "
            "server), and neither reset answers the other",
            record_.ending.rst_count_client, record_.ending.rst_count_server);
      case evidence::icmp_error:
        return icmp();
      case evidence::large_segments_lost_to_client:
        return stalled("client");
      case evidence::large_segments_lost_to_server:
        return stalled("server");
      default:
        return {};
    }
  }

 private:
  [[nodiscard]] std::string too_early() const {
    const bool after_hello =
        record_.outcome.stage == Stage::client_hello && record_.ending.from == Party::server;
    std::string text = fmt::format("the {} came {} after the {} that it acknowledges", ending_,
                                   milliseconds(path_.ending_delay_micros),
                                   after_hello ? "ClientHello" : "packet");
    if (path_.round_trip_micros != 0) {
      fmt::format_to(std::back_inserter(text), "; {} has never answered in less than {}", side_,
                     milliseconds(path_.round_trip_micros));
    }
    return text;
  }

  [[nodiscard]] std::string data_after_reset() const {
    const unsigned count = record_.ending.data_after_rst;
    if (count == 0) return fmt::format("data came from {} after its reset", side_);
    return fmt::format("{} segment{} of data came from {} after its reset", count, plural(count),
                       side_);
  }

  [[nodiscard]] std::string ttl() const {
    return fmt::format("the {}'s {} is {}, {}'s packets before it had {}", ending_,
                       record_.family == IpFamily::ipv6 ? "hop limit" : "TTL", record_.ending.ttl,
                       side_, range(path_.side_ttl_min, path_.side_ttl_max));
  }

  [[nodiscard]] std::string disagreement() const {
    const unsigned count = record_.ending.from == Party::client ? record_.ending.rst_count_client
                                                                : record_.ending.rst_count_server;
    return fmt::format("{} resets came from {}, and their numbers cannot all be its own",
                       count < 2 ? std::string("several") : grouped(count), side_);
  }

  [[nodiscard]] std::string icmp() const {
    const auto index = static_cast<std::size_t>(path_.icmp);
    const IcmpWords& words =
        kIcmpErrors[index < kIcmpErrors.size() ? index
                                               : static_cast<std::size_t>(IcmpError::other)];
    std::string text = record_.family == IpFamily::ipv6 ? "ICMPv6" : "ICMP";
    if (record_.icmp_sender != IpAddress{}) {
      text += " from " + address_text(record_.icmp_sender, record_.family);
    }
    fmt::format_to(std::back_inserter(text), ": {}", words.text);
    if (path_.icmp == IcmpError::other) {
      fmt::format_to(std::back_inserter(text), " (type {}, code {})", path_.icmp_type,
                     path_.icmp_code);
    }
    if (path_.icmp_mtu != 0) {
      fmt::format_to(std::back_inserter(text), ", at most {} bytes pass", path_.icmp_mtu);
    }
    if (path_.icmp_count > 1) {
      fmt::format_to(std::back_inserter(text), " ({} times)", path_.icmp_count);
    }
    return text;
  }

  [[nodiscard]] std::string stalled(std::string_view receiver) const {
    if (path_.stalled_segment_count == 0) {
      return fmt::format(
          "the large segments that the {0} still asks for never came by here, while smaller ones "
          "did: large packets are lost on the path to the {0}",
          receiver);
    }
    const std::string what =
        path_.stalled_segment_bytes == 0
            ? std::string("a large segment")
            : fmt::format("a segment of {} bytes", path_.stalled_segment_bytes);
    const std::string often = fmt::format("{} times", path_.stalled_segment_count);
    return fmt::format(
        "{} to the {} was sent {} and never acknowledged, while smaller ones passed: "
        "large packets are lost on the path to the {}",
        what, receiver, often, receiver);
  }

  const HandshakeRecord& record_;
  const PathFacts& path_;
  std::string_view ending_;
  std::string_view side_;
};

}  // namespace

std::string_view tampering_signature_name(TamperingSignature signature) {
  return name_in(kSignatures, static_cast<std::size_t>(signature));
}

std::string_view path_confidence_name(PathConfidence confidence) {
  return name_in(kConfidences, static_cast<std::size_t>(confidence));
}

std::string_view icmp_error_name(IcmpError error) {
  const auto index = static_cast<std::size_t>(error);
  return index < kIcmpErrors.size() ? kIcmpErrors[index].name : std::string_view("unknown");
}

std::string_view path_evidence_name(unsigned index) { return name_in(kEvidence, index); }

std::vector<std::string> path_sentences(const HandshakeRecord& record) {
  std::vector<std::string> sentences;
  const Sentences words(record);
  for (unsigned index = 0; index < kPathEvidenceCount; ++index) {
    const std::uint32_t bit = 1u << index;
    if ((record.path.evidence & bit) != 0) sentences.push_back(words.of(bit));
  }
  return sentences;
}

}  // namespace shakedown::exporting
