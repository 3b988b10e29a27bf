// SPDX-License-Identifier: Apache-2.0
#include "port/capture_probe.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace shakedown::port {
namespace {

struct PcapCloser {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using PcapHandle = std::unique_ptr<pcap_t, PcapCloser>;

/// A file name may hold what a terminal would obey.
std::string printable(std::string_view text) {
  std::string out(text);
  for (char& letter : out) {
    const auto code = static_cast<unsigned char>(letter);
    if (code < 0x20 || code == 0x7f) letter = '?';
  }
  return out;
}

ProbeResult refuse(const std::string& name, ProbeStatus status, std::string_view reason) {
  ProbeResult result;
  result.status = status;
  result.sentence = "cannot read " + printable(name) + ": " + printable(reason);
  return result;
}

ProbeResult refuse_errno(const std::string& name, int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return refuse(name, ProbeStatus::missing, "no such file");
    case EACCES:
    case EPERM:
      return refuse(name, ProbeStatus::no_permission, "permission denied");
    default:
      return refuse(name, ProbeStatus::unreadable, std::strerror(error));
  }
}

bool starts_with(const std::array<unsigned char, 8>& head, std::string_view magic) {
  return std::memcmp(head.data(), magic.data(), magic.size()) == 0;
}

/// The name of a compression that captures are often kept in; empty when it is none of them.
std::string_view compression_of(const std::array<unsigned char, 8>& head) {
  if (starts_with(head, "\x1f\x8b")) return "gzip";
  if (starts_with(head, "\x28\xb5\x2f\xfd")) return "zstd";
  if (starts_with(head,
                  "\xfd"
                  "7zXZ"))
    return "xz";
  if (starts_with(head, "BZh")) return "bzip2";
  if (starts_with(head, "\x04\x22\x4d\x18")) return "lz4";
  return {};
}

bool has_capture_magic(const std::array<unsigned char, 8>& head) {
  // pcap in both byte orders, in micro- and nanoseconds and in the modified form of old Linux
  // kernels; pcapng.
  for (const std::string_view magic :
       {"\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x4d\x3c\xb2\xa1",
        "\xa1\xb2\xcd\x34", "\x34\xcd\xb2\xa1", "\x0a\x0d\x0d\x0a"}) {
    if (starts_with(head, magic)) return true;
  }
  return false;
}

std::string describe_link_type(int dlt) {
  std::string text = "link type " + std::to_string(dlt);
  const char* const name = pcap_datalink_val_to_name(dlt);
  const char* const description = pcap_datalink_val_to_description(dlt);
  if (name != nullptr) text += std::string(" (") + name + ")";
  if (description != nullptr) text += std::string(", ") + description + ",";
  return text + " is not supported";
}

/// The part that needs no libpcap. Leaves the descriptor in `file`.
ProbeResult open_regular_file(const std::string& name) {
  if (name == "-") {
    return refuse("standard input", ProbeStatus::standard_input,
                  "a capture must be a file; save it to one first");
  }
  // Without O_NONBLOCK a pipe that nobody writes to would hold us here.
  FileDescriptor descriptor(open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!descriptor.is_open()) return refuse_errno(name, errno);
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0) return refuse_errno(name, errno);
  if (S_ISDIR(status.st_mode)) return refuse(name, ProbeStatus::directory, "it is a directory");
  if (!S_ISREG(status.st_mode)) {
    return refuse(name, ProbeStatus::not_a_file,
                  "it is a pipe or a device; a capture must be a file, save it to one first");
  }
  if (status.st_size == 0) return refuse(name, ProbeStatus::empty, "the file is empty");

  std::array<unsigned char, 8> head{};
  if (pread(descriptor.get(), head.data(), head.size(), 0) < 0) return refuse_errno(name, errno);
  if (const std::string_view compression = compression_of(head); !compression.empty()) {
    return refuse(name, ProbeStatus::compressed,
                  "it is compressed with " + std::string(compression) + "; unpack it first");
  }
  if (!has_capture_magic(head)) {
    return refuse(name, ProbeStatus::not_a_capture, "it is not a pcap or pcapng capture");
  }
  ProbeResult result;
  result.file.name = printable(name);
  result.file.descriptor = std::move(descriptor);
  result.file.size_bytes = static_cast<std::uint64_t>(status.st_size);
  return result;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::string CaptureFile::path_to_reopen() const {
  return "/proc/self/fd/" + std::to_string(descriptor.get());
}

ProbeResult probe_capture(const std::string& name) {
  ProbeResult result = open_regular_file(name);
  if (result.status != ProbeStatus::ok) return result;

  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const PcapHandle pcap(pcap_open_offline(result.file.path_to_reopen().c_str(), error.data()));
  if (pcap == nullptr) {
    if (std::strstr(error.data(), "truncated") != nullptr) {
      return refuse(name, ProbeStatus::not_a_capture, "the file is cut inside its header");
    }
    // libpcap may begin with the name that we opened, which means nothing to the user.
    std::string reason = error.data();
    const std::string own_name = result.file.path_to_reopen() + ": ";
    if (reason.starts_with(own_name)) reason.erase(0, own_name.size());
    return refuse(name, ProbeStatus::unreadable, reason);
  }

  const int dlt = pcap_datalink(pcap.get());
  result.file.dlt = static_cast<std::uint32_t>(dlt);
  result.file.link_type = packet::link_type_from_dlt(dlt);
  if (result.file.link_type == packet::LinkType::unsupported) {
    return refuse(name, ProbeStatus::link_type_unsupported, describe_link_type(dlt));
  }
  result.file.snap_length = static_cast<std::uint32_t>(pcap_snapshot(pcap.get()));

  // The interfaces of a pcapng file are met on the way to its first packet. Other errors here mean
  // a file that is cut early: the port reads what there is, and says so.
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  if (pcap_next_ex(pcap.get(), &header, &bytes) != PCAP_ERROR) return result;
  const char* const reason = pcap_geterr(pcap.get());
  if (std::strstr(reason, "from the type of the first interface") != nullptr) {
    return refuse(name, ProbeStatus::interfaces_differ,
                  "its interfaces have different link types; split it by interface first");
  }
  if (std::strstr(reason, "from the snapshot length of the first interface") != nullptr) {
    return refuse(name, ProbeStatus::interfaces_differ,
                  "its interfaces have different snapshot lengths; convert it to pcap first "
                  "(editcap -F pcap)");
  }
  return result;
}

}  // namespace shakedown::port
