// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Reads certificate chains and judges them as a careful client would: is there a path to
//            a trust anchor, is the name right, the date, the usage, the strength, is it revoked.
//            What does not depend on the moment or the name is found out once per chain.
// Units:     As in chain.h.
// Ownership: Owns the trust store, the chains that it keeps, and the intermediates that it learnt.
// Threading: One thread.
// Limits:    Settings. A chain costs at most kSignatureCheckCountMax signature checks, none of them
//            with a key of more than kKeyBitsMax bits; kJudgementsPerSecond new chains a second of
//            the records' time, with a burst of kJudgementBurst (one that takes more than four
//            signature checks counts for one more each): a flood of chains that never repeat is
//            counted and not judged. New staples count as chains.
// Failure:   Hostile input gives an Assessment like any other. OpenSSL's error queue is left empty.
// RFC:       RFC 5280 §6, RFC 6125 §6, RFC 5890 (IDN), RFC 6960
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "enrich/chain.h"
#include "enrich/trust_store.h"
#include "shakedown/bytes.h"
#include "shakedown/units.h"

namespace shakedown::enrich {

inline constexpr unsigned kSignatureCheckCountMax = 24;
inline constexpr unsigned kKeyBitsMax = 8192;
inline constexpr std::size_t kJudgementsPerSecond = 1000;
inline constexpr std::size_t kJudgementBurst = 10'000;

struct ChainJudgeSettings {
  std::size_t chain_count_max = 32'768;
  std::size_t chain_bytes_max = 128u << 20;   ///< bodies and what was read of them
  std::size_t intermediate_count_max = 4096;  ///< learnt from chains that lead to a trust anchor
  std::int64_t expires_soon_nanos = 14 * 86'400 * kNanosPerSecond;
};

class ChainJudge {
 public:
  explicit ChainJudge(TrustStore store = {}, ChainJudgeSettings settings = {});
  ~ChainJudge();
  ChainJudge(ChainJudge&&) noexcept;
  ChainJudge& operator=(ChainJudge&&) noexcept;

  /// The chain of this definition body, from memory when it was seen before; null when there is
  /// nothing in it.
  [[nodiscard]] ChainPointer chain_of(Bytes body);

  /// `server_name`: empty when none was sent (NameMatch::not_asked). `staple`: the OCSPResponse, or
  /// nothing. Cheap for what was asked before: less than a microsecond.
  [[nodiscard]] Assessment assess(const Chain& chain, Purpose purpose, UnixNanos at,
                                  std::string_view server_name, Bytes staple = {});

  /// Replaces the trust store; everything is judged anew at its next use.
  void set_trust(TrustStore store);
  void set_expires_soon(std::int64_t nanos);

  [[nodiscard]] std::size_t chain_count() const;
  [[nodiscard]] std::size_t intermediate_count() const;
  [[nodiscard]] std::uint64_t not_judged_count() const;
  /// The most that it can come to hold, in bytes.
  [[nodiscard]] static std::size_t memory_max(const ChainJudgeSettings& settings);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// RFC 6125 §6.4: `name` as in the SNI (any case, a dot at its end passed over, U-labels allowed)
/// against one DNS name of a certificate, wildcards in the left-most label only.
[[nodiscard]] bool name_matches(std::string_view name, std::string_view presented);

}  // namespace shakedown::enrich
