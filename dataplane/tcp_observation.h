// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The TCP facts of a record, kept up to date packet by packet. Uses PacketView; sets
//            TcpFacts, EndingPacket and the identity of a HandshakeRecord.
// Units:     As in handshake_record.h.
// Ownership: References only.
// Threading: One worker.
// Limits:    Counters saturate.
// Failure:   none
// RFC:       RFC 9293 §3.1, §3.2.
#pragma once

#include "flow/embryo.h"
#include "handshake/direction.h"
#include "packet/packet_view.h"
#include "shakedown/handshake_record.h"

namespace shakedown {

/// Endpoints, family, VLANs, tunnel and port of the mirror, as this packet has them.
void describe_endpoints(HandshakeRecord& record, const packet::PacketView& view,
                        handshake::Direction direction) noexcept;

/// The same from an embryo and the link of the mirror that it was seen on.
void describe_endpoints(HandshakeRecord& record, const flow::Embryo& embryo,
                        const flow::MirrorLink& link) noexcept;

/// Times and facts of the TCP handshake.
void adopt_embryo(HandshakeRecord& record, const flow::Embryo& embryo) noexcept;

/// A SYN that the mirror showed late.
void adopt_syn(HandshakeRecord& record, const packet::PacketView& view) noexcept;

/// Counts the packet for its side. The first packet of a side fills what identifies its stack.
void observe_packet(HandshakeRecord& record, const packet::PacketView& view,
                    handshake::Direction direction) noexcept;

/// Remembers the first RST, else the first FIN, and counts resets.
void observe_ending(HandshakeRecord& record, const packet::PacketView& view,
                    handshake::Direction direction) noexcept;

}  // namespace shakedown
