// SPDX-License-Identifier: Apache-2.0
#include "enrich/watchlist.h"

#include <hs/hs.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "enrich/watchlist_pattern.h"

namespace shakedown::enrich {

namespace {

/// The patterns for Hyperscan, as its interface wants them. One id per list: it then reports each
/// list once.
struct Expressions {
  struct Origin {
    std::size_t list = 0;
    std::size_t pattern = 0;
  };
  std::vector<std::string> texts;
  std::vector<unsigned> ids;
  std::vector<Origin> origins;

  void add(std::size_t list, std::size_t pattern, std::string_view text) {
    texts.push_back(whole_name_expression(text));
    ids.push_back(static_cast<unsigned>(list));
    origins.push_back({list, pattern});
  }
};

/// The database, or null and what Hyperscan says about one of the patterns.
hs_database* compile_expressions(const Expressions& expressions, Watchlists::Refusal& refusal) {
  std::vector<const char*> texts;
  texts.reserve(expressions.texts.size());
  for (const std::string& text : expressions.texts) texts.push_back(text.c_str());
  const std::vector<unsigned> flags(texts.size(), pattern_flags());
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const hs_error_t result = hs_compile_multi(texts.data(), flags.data(), expressions.ids.data(),
                                             static_cast<unsigned>(texts.size()), HS_MODE_BLOCK,
                                             nullptr, &database, &error);
  if (result == HS_SUCCESS) return database;
  // Negative: it is about all of them; the first then stands for all.
  const std::size_t index = error->expression < 0 ? 0u : static_cast<unsigned>(error->expression);
  refusal = {expressions.origins[index].list, expressions.origins[index].pattern, error->message};
  hs_free_compile_error(error);
  while (refusal.reason.ends_with('.')) refusal.reason.pop_back();
  return nullptr;
}

}  // namespace

void Watchlists::FreeDatabase::operator()(hs_database* database) const {
  hs_free_database(database);
}

void Watchlists::FreeScratch::operator()(hs_scratch* scratch) const { hs_free_scratch(scratch); }

std::variant<Watchlists, Watchlists::Refusal> Watchlists::compile(
    const std::vector<Watchlist>& lists) {
  assert(lists.size() <= kWatchlistCountMax);
  Watchlists compiled;
  Expressions expressions;
  for (std::size_t list = 0; list < lists.size(); ++list) {
    compiled.names_.push_back(lists[list].name);
    for (std::size_t i = 0; i < lists[list].patterns.size(); ++i) {
      const std::string& text = lists[list].patterns[i].text;
      auto name = as_name(text);
      if (!name) {
        expressions.add(list, i, text);
        continue;
      }
      const auto index = static_cast<ListIndex>(list);
      if (name->itself) compiled.itself_[name->name].push_back(index);
      if (!name->below) continue;
      compiled.below_size_max_ = std::max(compiled.below_size_max_, name->name.size());
      compiled.below_[std::move(name->name)].push_back(index);
    }
  }
  if (expressions.texts.empty()) return compiled;

  Refusal refusal;
  compiled.database_.reset(compile_expressions(expressions, refusal));
  if (!compiled.database_) return refusal;
  hs_scratch_t* scratch = nullptr;
  if (hs_alloc_scratch(compiled.database_.get(), &scratch) != HS_SUCCESS) {
    const Expressions::Origin& first = expressions.origins.front();
    return Refusal{first.list, first.pattern, "no memory for matching"};
  }
  compiled.scratch_.reset(scratch);
  return compiled;
}

std::span<const std::string_view> Watchlists::match(std::string_view server_name) {
  if (server_name.ends_with('.')) server_name.remove_suffix(1);
  if (server_name.empty() || names_.empty()) return {};
  hits_.clear();
  match_names(server_name);
  match_expressions(server_name);
  if (hits_.empty()) return {};

  std::ranges::sort(hits_);
  hits_.erase(std::unique(hits_.begin(), hits_.end()), hits_.end());
  matched_.clear();
  for (const ListIndex list : hits_) matched_.emplace_back(names_[list]);
  return matched_;
}

void Watchlists::match_names(std::string_view name) {
  lower_.assign(name);
  for (char& byte : lower_) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + ('a' - 'A'));
  }
  const std::string_view whole = lower_;
  if (const auto found = itself_.find(whole); found != itself_.end()) note(found->second);
  if (below_.empty()) return;
  for (std::size_t dot = whole.find('.'); dot != std::string_view::npos;
       dot = whole.find('.', dot + 1)) {
    const std::string_view parent = whole.substr(dot + 1);
    // Names come from strangers; what is longer than any of ours is not worth a hash.
    if (parent.size() > below_size_max_) continue;
    if (const auto found = below_.find(parent); found != below_.end()) note(found->second);
  }
}

void Watchlists::match_expressions(std::string_view name) {
  if (!database_) return;
  const auto on_match = [](unsigned list, unsigned long long, unsigned long long, unsigned,
                           void* hits) noexcept {
    static_cast<std::vector<ListIndex>*>(hits)->push_back(static_cast<ListIndex>(list));
    return 0;
  };
  // Hyperscan 5.4 reads up to a vector register behind its input on processors with AVX-512 VBMI.
  constexpr std::size_t kReadBehindMax = 64;
  padded_.assign(name);
  padded_.append(kReadBehindMax, '\0');
  [[maybe_unused]] const hs_error_t result =
      hs_scan(database_.get(), padded_.data(), static_cast<unsigned>(name.size()), 0,
              scratch_.get(), on_match, &hits_);
  assert(result == HS_SUCCESS);
}

}  // namespace shakedown::enrich
