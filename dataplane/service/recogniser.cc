// SPDX-License-Identifier: Apache-2.0
#include "service/recogniser.h"

#include <hs/hs.h>

#include <algorithm>
#include <array>
#include <new>
#include <span>
#include <string_view>

#include "service/patterns.h"

namespace shakedown::service {
namespace {

struct HyperscanFree {
  void operator()(hs_database_t* database) const noexcept { hs_free_database(database); }
  void operator()(hs_scratch_t* scratch) const noexcept { hs_free_scratch(scratch); }
  void operator()(hs_compile_error_t* error) const noexcept { hs_free_compile_error(error); }
};
using OwnedDatabase = std::unique_ptr<hs_database_t, HyperscanFree>;
using OwnedScratch = std::unique_ptr<hs_scratch_t, HyperscanFree>;

/// Which rows of a table matched: bit i stands for row i.
using Matches = std::uint64_t;
static_assert(kPatternCountMax <= 64);

/// Both databases together take 290 KiB with Hyperscan 5.4, and a scratch space 10 KiB; other
/// versions and processors differ. create() checks.
constexpr std::size_t kBudgetBytes = 1024 * 1024;

/// Hyperscan 5.4 reads up to a vector beyond the end of what it is given on processors with AVX-512
/// VBMI (VectorCamp/vectorscan issue 322 has the cause). What it scans is therefore a copy with
/// some room behind it, so that it never leaves the memory that packets lie in.
constexpr std::size_t kReadBeyondBytesMax = 64;

/// The first line decides between text and binary if it is at least so long; shorter ones may be
/// chance, and then all bytes must be text.
constexpr std::size_t kBannerBytesMin = 8;

unsigned flags_of(const Pattern& pattern) {
  return HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | (pattern.any_case ? HS_FLAG_CASELESS : 0U);
}

std::string compile(Party from, OwnedDatabase& out) {
  const std::span<const Pattern> patterns = patterns_of(from);
  std::array<const char*, kPatternCountMax> expressions{};
  std::array<unsigned, kPatternCountMax> flags{};
  std::array<unsigned, kPatternCountMax> ids{};
  for (unsigned i = 0; i < patterns.size(); ++i) {
    expressions[i] = patterns[i].expression;
    flags[i] = flags_of(patterns[i]);
    ids[i] = i;
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                       static_cast<unsigned>(patterns.size()), HS_MODE_BLOCK, nullptr, &database,
                       &error) != HS_SUCCESS) {
    const std::unique_ptr<hs_compile_error_t, HyperscanFree> owned(error);
    return std::string("Hyperscan cannot compile the patterns of services: ") +
           (error != nullptr ? error->message : "no reason given") + ".";
  }
  out.reset(database);
  return {};
}

int note_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* matches) {
  *static_cast<Matches*>(matches) |= Matches{1} << id;
  return 0;
}

bool is_digit(std::uint8_t byte) { return byte >= '0' && byte <= '9'; }

/// Three digits at `offset`, or zero.
std::uint16_t code_at(Bytes bytes, std::size_t offset) {
  if (bytes.size() < offset + 3) return 0;
  const Bytes digits = bytes.subspan(offset, 3);
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return 0;
  return static_cast<std::uint16_t>((digits[0] - '0') * 100 + (digits[1] - '0') * 10 +
                                    (digits[2] - '0'));
}

std::uint16_t code_of(Service service, Bytes bytes) {
  switch (service) {
    case Service::http:
    case Service::block_page: {
      constexpr std::string_view kStart = "HTTP/";
      if (bytes.size() < kStart.size() || !std::equal(kStart.begin(), kStart.end(), bytes.begin()))
        return 0;
      const auto space = std::find(bytes.begin(), bytes.end(), std::uint8_t{' '});
      if (space == bytes.end()) return 0;
      return code_at(bytes, static_cast<std::size_t>(space - bytes.begin()) + 1);
    }
    case Service::smtp:
    case Service::ftp:
      return code_at(bytes, 0);
    default:
      return 0;
  }
}

/// Which of the things that filters say were said.
struct FilterWords {
  bool redirect = false;
  bool name = false;
  bool block = false;
  bool policy = false;
};

/// A filter sends the client to its own page; or it names its product and does not grant the
/// request; or it says that something was blocked by a policy. A name alone is not enough, because
/// proxies of these products also sign what they let through, and their makers have web sites.
bool is_block_page(FilterWords words, std::uint16_t code) {
  constexpr std::uint16_t kClientErrorMin = 400;
  return words.redirect || (words.name && (words.block || code >= kClientErrorMin)) ||
         (words.block && words.policy);
}

Recognition recognition_of(std::span<const Pattern> patterns, Matches matches, Bytes bytes) {
  Recognition result;
  FilterWords words;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if ((matches >> i & 1) == 0) continue;
    switch (patterns[i].role) {
      case PatternRole::service:
        if (result.service == Service::none) result.service = patterns[i].service;
        break;
      case PatternRole::filter_redirect:
        words.redirect = true;
        break;
      case PatternRole::filter_name:
        words.name = true;
        break;
      case PatternRole::filter_block:
        words.block = true;
        break;
      case PatternRole::filter_policy:
        words.policy = true;
        break;
    }
  }
  result.code = code_of(result.service, bytes);
  if (result.service == Service::http && is_block_page(words, result.code)) {
    result.service = Service::block_page;
  }
  return result;
}

/// Printable ASCII and white space.
bool is_plain(std::uint8_t byte) {
  return (byte >= ' ' && byte < 0x7f) || byte == '\t' || byte == '\r' || byte == '\n';
}

/// How many bytes must follow this first byte of a letter beyond ASCII; zero: it is none.
unsigned bytes_after(std::uint8_t lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  if (lead >= 0xf0 && lead <= 0xf4) return 3;
  return 0;
}

/// RFC 3629 §4, but for a few forms that are too long; the last letter may be cut.
bool is_text(Bytes bytes) {
  const auto line_end = std::find(bytes.begin(), bytes.end(), std::uint8_t{'\n'});
  const auto line_size = static_cast<std::size_t>(line_end - bytes.begin());
  unsigned due = 0;
  for (const std::uint8_t byte : line_size < kBannerBytesMin ? bytes : bytes.first(line_size)) {
    if (due > 0) {
      if (byte < 0x80 || byte > 0xbf) return false;
      --due;
    } else if (!is_plain(byte)) {
      due = bytes_after(byte);
      if (due == 0) return false;
    }
  }
  return true;
}

}  // namespace

struct Database::Content {
  OwnedDatabase client;
  OwnedDatabase server;
  /// The one that those of the workers are copied from: fits both databases.
  OwnedScratch scratch;
};

Database::Database() = default;
Database::~Database() = default;

std::string Database::create() {
  if (hs_valid_platform() != HS_SUCCESS) return "Hyperscan needs a processor with SSSE3.";
  auto content = std::make_unique<Content>();
  std::string failure = compile(Party::client, content->client);
  if (failure.empty()) failure = compile(Party::server, content->server);
  if (!failure.empty()) return failure;

  hs_scratch_t* scratch = nullptr;
  const bool allocated = hs_alloc_scratch(content->client.get(), &scratch) == HS_SUCCESS &&
                         hs_alloc_scratch(content->server.get(), &scratch) == HS_SUCCESS;
  content->scratch.reset(scratch);
  if (!allocated) return "There is no memory for the scratch space of Hyperscan.";

  std::size_t client_bytes = 0;
  std::size_t server_bytes = 0;
  std::size_t scratch_bytes = 0;
  if (hs_database_size(content->client.get(), &client_bytes) != HS_SUCCESS ||
      hs_database_size(content->server.get(), &server_bytes) != HS_SUCCESS ||
      hs_scratch_size(content->scratch.get(), &scratch_bytes) != HS_SUCCESS ||
      client_bytes + server_bytes + scratch_bytes > kBudgetBytes) {
    return "Hyperscan takes more memory for the patterns of services than is set aside for them.";
  }
  content_ = std::move(content);
  return {};
}

std::size_t Database::budget_bytes() { return kBudgetBytes; }

struct Recogniser::Scratch {
  const hs_database_t* client = nullptr;
  const hs_database_t* server = nullptr;
  OwnedScratch space;
  alignas(64) std::array<std::uint8_t, kRecognisedBytesMax + kReadBeyondBytesMax> copy{};

  [[nodiscard]] Matches scan(const hs_database_t* database, Bytes bytes) noexcept {
    const auto end = std::copy(bytes.begin(), bytes.end(), copy.begin());
    std::fill_n(end, kReadBeyondBytesMax, std::uint8_t{0});
    Matches matches = 0;
    hs_scan(database, reinterpret_cast<const char*>(copy.data()),
            static_cast<unsigned>(bytes.size()), 0, space.get(), note_match, &matches);
    return matches;
  }
};

Recogniser::Recogniser(const Database& database) : scratch_(std::make_unique<Scratch>()) {
  if (database.content_ == nullptr) return;
  scratch_->client = database.content_->client.get();
  scratch_->server = database.content_->server.get();
  hs_scratch_t* space = nullptr;
  if (hs_clone_scratch(database.content_->scratch.get(), &space) != HS_SUCCESS) {
    throw std::bad_alloc();
  }
  scratch_->space.reset(space);
}

Recogniser::~Recogniser() = default;

Recognition Recogniser::recognise(Bytes first_bytes, Party from) noexcept {
  if (first_bytes.empty()) return {};
  const Bytes bytes = first_bytes.first(std::min(first_bytes.size(), kRecognisedBytesMax));
  const hs_database_t* database = from == Party::client ? scratch_->client : scratch_->server;
  const Matches matches = database != nullptr ? scratch_->scan(database, bytes) : 0;
  Recognition result = recognition_of(patterns_of(from), matches, bytes);
  if (result.service == Service::none) {
    result.service = is_text(bytes) ? Service::banner : Service::binary;
  }
  return result;
}

}  // namespace shakedown::service
