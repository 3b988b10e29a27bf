// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Every encapsulation that decode() opens, as something to wrap a packet in, with the
//            options that its RFC allows chosen at random.
// Units:     Bytes.
// Ownership: Values.
// Threading: None.
// Limits:    None.
// Failure:   None.
// RFC:       RFC 2784, RFC 2890, RFC 2637, draft-foschiano-erspan, RFC 7348, draft-ietf-nvo3-vxlan-gpe,
//            RFC 8926, 3GPP TS 29.281, RFC 2003, RFC 2473, RFC 4213, RFC 2516, RFC 3032, RFC 4448;
//            IEEE 802.1Q, 802.1ad, 802.1ah, 802.1BR.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "byte_writer.h"
#include "deterministic_random.h"
#include "packet_builder.h"
#include "shakedown/handshake_record.h"
#include "shakedown/limits.h"

namespace shakedown::test_support {

/// 32 bits a call.
class Random {
 public:
  explicit Random(std::uint64_t seed) : source_(seed) {}
  std::uint32_t operator()() { return static_cast<std::uint32_t>(source_.next() >> 32); }

 private:
  DeterministicRandom source_;
};

/// An Ethernet frame or an IP packet.
struct Content {
  bool is_ethernet = false;
  Bytes bytes;

  [[nodiscard]] bool is_ipv6() const { return !is_ethernet && bytes[0] >> 4 == 6; }
};

struct Encapsulation {
  std::string name;
  TunnelKind kind;  ///< none: the record does not name it
  std::uint32_t id_mask;
  bool takes_ethernet;  ///< else IP
  std::function<Content(Random&, const Content&, std::uint32_t id)> wrap;
};

[[nodiscard]] inline bool one_in(Random& random, unsigned n) { return random() % n == 0; }

/// An IP packet of either version with options or extension headers in front of `content`.
[[nodiscard]] inline Content carrier(Random& random, std::uint8_t protocol, const Bytes& content) {
  IpHeader ip;
  if (one_in(random, 2)) {
    if (one_in(random, 3)) ip.options = Bytes(4 * (1 + random() % 10), 1);
    return {false, ip_packet(address("10.0.0.1"), address("10.0.0.2"), protocol, content, ip)};
  }
  for (unsigned i = random() % 3; i != 0; --i) {
    ip.extension_headers.push_back({.type = 60, .body = Bytes(6 + 8 * (random() % 4), 0)});
  }
  return {false, ip_packet(address("2001:db8::a"), address("2001:db8::b"), protocol, content, ip)};
}

[[nodiscard]] inline Content udp_carrier(Random& random, std::uint16_t port, const Bytes& content) {
  const Bytes header = ByteWriter().u16(random()).u16(port).u16(content.size() + 8).u16(0).take();
  return carrier(random, 17, concatenate({header, content}));
}

[[nodiscard]] inline std::uint16_t ether_type_of(const Content& content) {
  return content.is_ipv6() ? 0x86dd : 0x0800;
}

/// In an Ethernet frame with up to two VLAN tags, or behind LLC and SNAP.
[[nodiscard]] inline Content in_ethernet(Random& random, std::uint16_t type, const Bytes& content) {
  LinkHeader link;
  for (unsigned i = random() % 3; i != 0; --i) {
    constexpr std::array<std::uint16_t, 3> kTpids{0x8100, 0x88a8, 0x9100};
    link.vlan_tags.push_back({.id = static_cast<std::uint16_t>(1 + random() % 4094),
                              .priority = static_cast<std::uint8_t>(random() % 8),
                              .tpid = kTpids[random() % kTpids.size()]});
  }
  if (content.size() < 1400 && one_in(random, 4)) {
    const Bytes llc = ByteWriter().u24(0xaaaa03).u24(0).u16(type).bytes(content).take();
    return {true, ethernet_frame(link, static_cast<std::uint16_t>(llc.size()), llc)};
  }
  return {true, ethernet_frame(link, type, content)};
}
[[nodiscard]] inline Content in_ethernet(Random& random, const Content& content) {
  return content.is_ethernet ? content : in_ethernet(random, ether_type_of(content), content.bytes);
}

[[nodiscard]] inline Content gre(Random& random, std::uint16_t protocol, std::uint32_t key,
                                 const Bytes& content) {
  const bool checksum = one_in(random, 2);
  const bool sequence = one_in(random, 2);
  ByteWriter writer;
  writer.u16((checksum ? 0x8000 : 0) | (key != 0 ? 0x2000 : 0) | (sequence ? 0x1000 : 0))
      .u16(protocol);
  if (checksum) writer.u16(random()).u16(0);
  if (key != 0) writer.u32(key);
  if (sequence) writer.u32(random());
  return carrier(random, 47, writer.bytes(content).take());
}

[[nodiscard]] inline Content erspan(Random& random, unsigned type, std::uint32_t session,
                                    const Content& content) {
  ByteWriter writer;
  const auto vlan = static_cast<std::uint16_t>(random() % 4096);
  writer.u16(type == 1 ? 0 : 0x1000).u16(type == 3 ? 0x22eb : 0x88be);
  if (type != 1) writer.u32(random());
  // Class of service, encapsulation kind and the truncation flag stand above the session id.
  if (type != 1) writer.u16((type - 1) << 12 | vlan).u16((random() % 64) << 10 | session);
  if (type == 2) writer.u32(random() & 0xfffff);
  if (type == 3) {
    const bool platform = one_in(random, 2);
    const unsigned frame_type = content.is_ethernet ? 0 : 2;
    writer.u32(random()).u16(random());
    writer.u16((random() % 2) << 15 | frame_type << 10 | (random() % 512) << 1 |
               (platform ? 1 : 0));
    if (platform) writer.u64(random());
  }
  return carrier(random, 47, writer.bytes(content.bytes).take());
}

[[nodiscard]] inline Bytes geneve(Random& random, std::uint16_t protocol, std::uint32_t id,
                                  const Bytes& content) {
  const unsigned words = one_in(random, 2) ? 0 : random() % 64;
  ByteWriter writer;
  writer.u8(words).u8(one_in(random, 2) ? 0x40 : 0).u16(protocol).u24(id).u8(0);
  return writer.fill(words * 4, 0x5a).bytes(content).take();
}

[[nodiscard]] inline Bytes gtp_u(Random& random, std::uint32_t id, const Bytes& content) {
  const unsigned flags = random() % 8;
  ByteWriter writer;
  writer.u8(0x30 | flags).u8(255).u16(content.size()).u32(id);
  if (flags != 0) {
    const bool extensions = (flags & 4) != 0 && one_in(random, 2);
    writer.u16(random()).u8(0).u8(extensions ? 0x85 : 0);
    if (extensions) writer.u8(1).u16(9).u8(0x32).u8(2).u32(0).u16(0).u8(0);
  }
  return writer.bytes(content).take();
}

/// Up to all labels that are opened, the last of which is `label`.
[[nodiscard]] inline Bytes mpls(Random& random, std::uint32_t label, const Bytes& content) {
  ByteWriter writer;
  for (unsigned i = random() % kMplsLabelCountMax; i != 0; --i) {
    writer.u32((random() & 0xfffff) << 12 | 64);
  }
  return writer.u32(label << 12 | 0x100 | 64).bytes(content).take();
}

[[nodiscard]] inline Bytes ppp(Random& random, const Content& content) {
  ByteWriter writer;
  const std::uint8_t protocol = content.is_ipv6() ? 0x57 : 0x21;
  if (one_in(random, 2)) {
    writer.u16(protocol);
  } else {
    writer.u8(protocol);  // compressed
  }
  return writer.bytes(content.bytes).take();
}

[[nodiscard]] inline const std::vector<Encapsulation>& encapsulations() {
  using Kind = TunnelKind;
  static const std::vector<Encapsulation> all{
      {"GRE", Kind::gre, 0xffffffff, false,
       [](Random& r, const Content& c, std::uint32_t id) {
         return gre(r, ether_type_of(c), id, c.bytes);
       }},
      {"GRE with Ethernet", Kind::gre, 0xffffffff, true,
       [](Random& r, const Content& c, std::uint32_t id) { return gre(r, 0x6558, id, c.bytes); }},
      {"PPTP", Kind::gre, 0xffff, false,
       [](Random& r, const Content& c, std::uint32_t id) {
         ByteWriter writer;
         const bool acknowledges = one_in(r, 2);
         const Bytes content = ppp(r, c);
         writer.u16(acknowledges ? 0x3081 : 0x3001).u16(0x880b).u16(content.size()).u16(id).u32(1);
         if (acknowledges) writer.u32(2);
         return carrier(r, 47, writer.bytes(content).take());
       }},
      {"ERSPAN I", Kind::erspan, 0, true,
       [](Random& r, const Content& c, std::uint32_t) { return erspan(r, 1, 0, c); }},
      {"ERSPAN II", Kind::erspan, 0x3ff, true,
       [](Random& r, const Content& c, std::uint32_t id) { return erspan(r, 2, id, c); }},
      {"ERSPAN III", Kind::erspan, 0x3ff, true,
       [](Random& r, const Content& c, std::uint32_t id) { return erspan(r, 3, id, c); }},
      {"ERSPAN III with IP", Kind::erspan, 0x3ff, false,
       [](Random& r, const Content& c, std::uint32_t id) { return erspan(r, 3, id, c); }},
      {"VXLAN", Kind::vxlan, 0xffffff, true,
       [](Random& r, const Content& c, std::uint32_t id) {
         const bool policy = one_in(r, 2);
         ByteWriter writer;
         writer.u8(policy ? 0x88 : 0x08).u24(policy ? r() & 0xffffff : 0).u24(id).u8(0);
         return udp_carrier(r, one_in(r, 2) ? 4789 : 8472, writer.bytes(c.bytes).take());
       }},
      {"VXLAN-GPE", Kind::vxlan, 0xffffff, false,
       [](Random& r, const Content& c, std::uint32_t id) {
         ByteWriter writer;
         writer.u8(0x0c).u16(0).u8(c.is_ipv6() ? 2 : 1).u24(id).u8(0);
         return udp_carrier(r, 4790, writer.bytes(c.bytes).take());
       }},
      {"VXLAN-GPE with Ethernet", Kind::vxlan, 0xffffff, true,
       [](Random& r, const Content& c, std::uint32_t id) {
         const bool named = one_in(r, 2);
         ByteWriter writer;
         writer.u8(named ? 0x0e : 0x08).u16(0).u8(named ? 3 : 0).u24(id).u8(0);
         return udp_carrier(r, 4790, writer.bytes(c.bytes).take());
       }},
      {"GENEVE", Kind::geneve, 0xffffff, true,
       [](Random& r, const Content& c, std::uint32_t id) {
         return udp_carrier(r, 6081, geneve(r, 0x6558, id, c.bytes));
       }},
      {"GENEVE with IP", Kind::geneve, 0xffffff, false,
       [](Random& r, const Content& c, std::uint32_t id) {
         return udp_carrier(r, 6081, geneve(r, ether_type_of(c), id, c.bytes));
       }},
      {"GTP-U", Kind::gtp_u, 0xffffffff, false,
       [](Random& r, const Content& c, std::uint32_t id) {
         return udp_carrier(r, 2152, gtp_u(r, id, c.bytes));
       }},
      {"PPPoE", Kind::pppoe, 0xffff, false,
       [](Random& r, const Content& c, std::uint32_t id) {
         const Bytes content = ppp(r, c);
         ByteWriter writer;
         writer.u16(0x1100).u16(id).u16(content.size()).bytes(content);
         return in_ethernet(r, 0x8864, writer.take());
       }},
      {"MPLS", Kind::mpls, 0xfffff, false,
       [](Random& r, const Content& c, std::uint32_t id) {
         return in_ethernet(r, one_in(r, 2) ? 0x8847 : 0x8848, mpls(r, id, c.bytes));
       }},
      {"MPLS over IP", Kind::mpls, 0xfffff, false,
       [](Random& r, const Content& c, std::uint32_t id) {
         return carrier(r, 137, mpls(r, id, c.bytes));
       }},
      {"MPLS pseudowire", Kind::mpls, 0xfffff, true,
       [](Random& r, const Content& c, std::uint32_t id) {
         ByteWriter writer;
         if (one_in(r, 2)) writer.u16(0).u16(r());
         return in_ethernet(r, 0x8847, mpls(r, id, writer.bytes(c.bytes).take()));
       }},
      {"MAC in MAC", Kind::none, 0, true,
       [](Random& r, const Content& c, std::uint32_t) {
         return in_ethernet(r, 0x88e7, ByteWriter().u32(r()).bytes(c.bytes).take());
       }},
  };
  return all;
}

/// IP in IP has no header of its own; the kind depends on the two versions.
[[nodiscard]] inline Content ip_in_ip(Random& random, const Content& content, TunnelKind& kind) {
  const Content out = carrier(random, content.is_ipv6() ? 41 : 4, content.bytes);
  kind = content.is_ipv6() && !out.is_ipv6() ? TunnelKind::six_in_four : TunnelKind::ip_in_ip;
  return out;
}

/// A packet in `depth` encapsulations chosen at random, and what the record has to say of it.
struct Stack {
  Content content;
  TunnelKind kind = TunnelKind::none;
  std::uint32_t id = 0;
  std::string names;
};

[[nodiscard]] inline Stack wrapped(Random& random, Content innermost, unsigned depth) {
  Stack stack;
  stack.content = std::move(innermost);
  for (unsigned i = 0; i < depth; ++i) {
    TunnelKind kind = TunnelKind::none;
    std::uint32_t id = 0;
    const std::size_t choice = random() % (encapsulations().size() + 1);
    if (choice == encapsulations().size() && !stack.content.is_ethernet) {
      stack.content = ip_in_ip(random, stack.content, kind);
      stack.names += "IP in IP, ";
    } else {
      const Encapsulation& encapsulation = encapsulations()[choice % encapsulations().size()];
      if (!encapsulation.takes_ethernet && stack.content.is_ethernet) {
        --i;
        continue;
      }
      kind = encapsulation.kind;
      id = random() & encapsulation.id_mask;
      if (encapsulation.takes_ethernet) stack.content = in_ethernet(random, stack.content);
      stack.content = encapsulation.wrap(random, stack.content, id);
      stack.names += encapsulation.name + ", ";
    }
    // The innermost that has a name.
    if (stack.kind == TunnelKind::none) {
      stack.kind = kind;
      stack.id = kind == TunnelKind::none ? 0 : id;
    }
  }
  return stack;
}

}  // namespace shakedown::test_support
