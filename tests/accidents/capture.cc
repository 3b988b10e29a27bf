// SPDX-License-Identifier: Apache-2.0
#include "capture.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "packet/decode.h"

namespace shakedown::accidents {

namespace {

constexpr std::uint64_t kNanosPerSecondUnsigned = 1'000'000'000;

void describe(Packet& packet, packet::LinkType link_type) {
  packet::PacketView view;
  const auto status = packet::decode(link_type, packet.bytes, view);
  packet.is_tcp = status == packet::DecodeStatus::tcp;
  packet.source.address = view.source;
  packet.destination.address = view.destination;
  if (!packet.is_tcp) return;
  packet.source.port = view.source_port;
  packet.destination.port = view.destination_port;
  packet.sequence_end = view.seq.plus(view.payload_length()).value;
  packet.has_payload = view.payload_length() != 0;
  packet.has_fin = view.has(packet::tcp_flag::fin);
  const bool syn = view.has(packet::tcp_flag::syn);
  if (syn) packet.sender = view.has(packet::tcp_flag::ack) ? Sender::server : Sender::client;
}

/// The number of the file format, for writing.
int dlt_of(packet::LinkType type) {
  using packet::LinkType;
  if (type == LinkType::raw_ip) return DLT_RAW;
  if (type == LinkType::linux_sll) return DLT_LINUX_SLL;
  if (type == LinkType::linux_sll2) return 276;
  if (type == LinkType::null_loopback) return DLT_NULL;
  if (type == LinkType::ppp) return DLT_PPP;
  if (type == LinkType::pppoe) return 51;
  return DLT_EN10MB;
}

}  // namespace

std::optional<Capture> Capture::load(const std::filesystem::path& path) {
  char error[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> pcap(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, error),
      &pcap_close);
  if (pcap == nullptr) return std::nullopt;
  Capture capture;
  capture.name = path.filename().string();
  capture.link_type = packet::link_type_from_dlt(pcap_datalink(pcap.get()));
  if (capture.link_type == packet::LinkType::unsupported) return std::nullopt;

  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  std::map<Endpoints, std::uint32_t> places;
  while (pcap_next_ex(pcap.get(), &header, &data) == 1) {
    Packet packet;
    packet.time_ns = static_cast<std::uint64_t>(header->ts.tv_sec) * kNanosPerSecondUnsigned +
                     static_cast<std::uint64_t>(header->ts.tv_usec);
    packet.bytes.assign(data, data + header->caplen);
    describe(packet, capture.link_type);
    packet.place = places[Endpoints::of(packet.source, packet.destination)]++;
    capture.packets.push_back(std::move(packet));
  }
  return capture;
}

void Capture::name_senders(const std::vector<HandshakeRecord>& records) {
  std::map<Endpoints, Endpoint> clients;
  for (const Packet& packet : packets) {
    if (!packet.is_tcp || packet.sender == Sender::nobody) continue;
    clients.try_emplace(Endpoints::of(packet.source, packet.destination),
                        packet.sender == Sender::client ? packet.source : packet.destination);
  }
  std::set<IpAddress> client_addresses;
  std::set<IpAddress> server_addresses;
  for (const HandshakeRecord& record : records) {
    const Endpoint client{record.client_address, record.client_port};
    const Endpoint server{record.server_address, record.server_port};
    clients[Endpoints::of(client, server)] = client;
    client_addresses.insert(client.address);
    server_addresses.insert(server.address);
  }
  for (Packet& packet : packets) {
    if (!packet.is_tcp) {
      // A fragment knows no ports, and an ICMP error is the word of the side it comes from.
      const bool from_client = client_addresses.contains(packet.source.address);
      const bool from_server = server_addresses.contains(packet.source.address);
      packet.sender = from_client == from_server ? Sender::nobody
                      : from_client              ? Sender::client
                                                 : Sender::server;
      continue;
    }
    const auto known = clients.find(Endpoints::of(packet.source, packet.destination));
    const bool from_client = known != clients.end() ? known->second == packet.source
                                                    : packet.source.port > packet.destination.port;
    packet.sender = from_client ? Sender::client : Sender::server;
  }
}

std::vector<std::filesystem::path> captures_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".pcap" || extension == ".pcapng" || extension == ".cap") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool write(const Replay& replay, packet::LinkType link_type, const std::filesystem::path& path) {
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> pcap(
      pcap_open_dead_with_tstamp_precision(dlt_of(link_type), 262'144, PCAP_TSTAMP_PRECISION_NANO),
      &pcap_close);
  const std::unique_ptr<pcap_dumper_t, decltype(&pcap_dump_close)> file(
      pcap_dump_open(pcap.get(), path.c_str()), &pcap_dump_close);
  if (file == nullptr) return false;
  for (const Arrival& arrival : replay.arrivals) {
    pcap_pkthdr header{};
    header.ts.tv_sec = static_cast<time_t>(arrival.time_ns / kNanosPerSecondUnsigned);
    header.ts.tv_usec = static_cast<suseconds_t>(arrival.time_ns % kNanosPerSecondUnsigned);
    header.caplen = static_cast<bpf_u_int32>(arrival.bytes.size());
    header.len = header.caplen;
    pcap_dump(reinterpret_cast<u_char*>(file.get()), &header, arrival.bytes.data());
  }
  return true;
}

}  // namespace shakedown::accidents
