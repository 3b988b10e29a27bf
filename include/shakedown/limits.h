// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Every maximum of the data plane in one place: its reason and what it costs.
// Units:     In the name of each constant.
// Ownership: None.
// Threading: Constants.
// Limits:    This file.
// Failure:   Reaching one of these is an outcome with a counter, never an error of the program.
// RFC:       RFC 8446 §5.1, §5.2 and RFC 5246 §6.2.3 for record sizes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shakedown {

// --- packets
// -------------------------------------------------------------------------------------------
/// Packets taken from a port at once: enough to hide a cache miss behind the others, small enough
/// for L1.
inline constexpr unsigned kBurstSize = 64;
/// Tags stacked in front of IP (QinQ needs two; providers stack a third).
inline constexpr unsigned kVlanTagCountMax = 4;
/// MPLS labels in front of IP.
inline constexpr unsigned kMplsLabelCountMax = 8;
/// Encapsulations that are opened; a deeper packet is counted, not guessed.
inline constexpr unsigned kTunnelDepthMax = 4;
/// IPv6 extension headers walked per packet; RFC 8200 knows six kinds.
inline constexpr unsigned kIpv6ExtensionCountMax = 8;
/// The longest TCP options area (data offset 15).
inline constexpr unsigned kTcpOptionBytesMax = 40;
/// Payload of one packet; captures of offloading hosts carry such super-segments.
inline constexpr std::size_t kPacketBytesMax = 65'535 + 256;

// --- streams
// -------------------------------------------------------------------------------------------
/// Segments held for one direction while an earlier one is missing. Mirrors reorder by a handful.
inline constexpr unsigned kHeldSegmentCountMax = 32;
/// Bytes of one block of the segment pool. A longer segment takes several.
inline constexpr std::size_t kSegmentBlockBytes = 2048;
/// Data ahead of the hole that makes waiting pointless: the hole is a gap.
inline constexpr std::uint32_t kHeldBytesMax = 64 * 1024;
/// How far ahead of the expected number a segment may start and still belong to this connection.
inline constexpr std::uint32_t kSequenceWindowMax = 4 * 1024 * 1024;

// --- TLS
// -----------------------------------------------------------------------------------------------
/// TLSCiphertext.length: RFC 5246 §6.2.3 allows 2^14+2048; RFC 8446 §5.2 2^14+256.
inline constexpr std::size_t kRecordBytesMax = (1u << 14) + 2048;
/// ClientHello that is parsed. Post-quantum shares make about 2 KB; padding experiments reached 8
/// KB.
inline constexpr std::size_t kHelloBytesMax = 16 * 1024;
/// Certificate message that is kept. Larger ones are skipped and the chain is unknown.
inline constexpr std::size_t kCertificateBytesMax = 64 * 1024 - 64;
/// OCSPResponse that is kept. One is 300 bytes to 2 KB, with a signer's certificate in it up to 6
/// KB; a larger one is left out. With the four bytes before it in its message it fits a medium
/// buffer.
inline constexpr std::size_t kOcspResponseBytesMax = 16 * 1024 - 4;
/// Certificates counted in one message; real chains have two to five.
inline constexpr unsigned kCertificateCountMax = 16;
inline constexpr unsigned kCipherSuiteCountMax = 512;
inline constexpr unsigned kExtensionCountMax = 128;
inline constexpr unsigned kNamedGroupCountMax = 128;
inline constexpr unsigned kSignatureSchemeCountMax = 128;
inline constexpr unsigned kSupportedVersionCountMax = 64;
inline constexpr std::size_t kAlpnBytesMax = 512;
/// Records looked at in one segment; beyond it the direction is given up as hostile.
inline constexpr unsigned kRecordsPerSegmentMax = 4096;

// --- message buffers: three sizes, so that a ClientHello does not pay for a certificate chain
// ------------
inline constexpr std::size_t kSmallBufferBytes = 4 * 1024;
inline constexpr std::size_t kMediumBufferBytes = 16 * 1024;
inline constexpr std::size_t kLargeBufferBytes = 64 * 1024;
static_assert(kHelloBytesMax <= kMediumBufferBytes);
static_assert(kOcspResponseBytesMax + 4 <= kMediumBufferBytes);
static_assert(kCertificateBytesMax <= kLargeBufferBytes);

// --- between the processes
// -----------------------------------------------------------------------------
/// Records of one worker's ring: at 100,000 handshakes a second, control may pause for 80 ms.
inline constexpr std::size_t kRecordRingCapacity = 8192;
/// Bytes of one worker's definition ring.
inline constexpr std::size_t kDefinitionRingBytes = 4 * 1024 * 1024;
inline constexpr unsigned kWorkerCountMax = 64;
inline constexpr unsigned kPortCountMax = 64;

}  // namespace shakedown
