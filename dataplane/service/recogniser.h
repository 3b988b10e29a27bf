// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What answered? Names the protocol of a connection that is not, or not yet, TLS by the
//            first bytes of one side. One Hyperscan database for all workers, one scratch space for
//            each.
// Units:     Bytes.
// Ownership: The database is made once, before the workers, and outlives them. A Recogniser owns its
//            scratch.
// Threading: The database is read by all; a Recogniser belongs to one worker.
// Limits:    kRecognisedBytesMax bytes are looked at.
// Failure:   create() returns a sentence. recognise() always has an answer.
// RFC:       The patterns name theirs.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "shakedown/bytes.h"
#include "shakedown/outcome.h"
#include "shakedown/service.h"

namespace shakedown::service {

inline constexpr std::size_t kRecognisedBytesMax = 512;

class Database {
 public:
  Database();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Compiles the patterns. Empty on success, else one sentence.
  [[nodiscard]] std::string create();
  /// What create() takes, and each Recogniser, at most.
  [[nodiscard]] static std::size_t budget_bytes();

 private:
  friend class Recogniser;
  struct Content;
  std::unique_ptr<Content> content_;
};

class Recogniser {
 public:
  explicit Recogniser(const Database& database);
  ~Recogniser();
  Recogniser(const Recogniser&) = delete;
  Recogniser& operator=(const Recogniser&) = delete;

  /// `from` is client or server: they speak differently. `first_bytes` are the first ones of that
  /// side, or those of its reply to a ClientHello. Empty bytes are Service::none. No heap, no lock.
  [[nodiscard]] Recognition recognise(Bytes first_bytes, Party from) noexcept;

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace shakedown::service
