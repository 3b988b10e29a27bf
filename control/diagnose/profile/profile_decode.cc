// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <utility>

#include "diagnose/profile/profile_codec.h"

namespace shakedown::diagnose {

namespace {

/// More than any sum of weights can reach; a number is false in this comparison when it is none.
constexpr float kWeightMax = 1e24f;

/// Reads until something is wrong, and remembers what: the fields of a profile stand in a row, and
/// none is of use without the others.
class Fields {
 public:
  explicit Fields(Bytes bytes) : reader_(bytes) {}

  [[nodiscard]] ParseStatus status() const { return status_; }
  [[nodiscard]] bool ok() const { return status_ == ParseStatus::ok; }
  void require(bool right) {
    if (!right && ok()) status_ = ParseStatus::malformed;
  }
  /// Nothing may follow.
  void end() { require(reader_.empty()); }

  void number(std::uint8_t& out) { short_if(!reader_.read_u8(out)); }
  void number(std::uint16_t& out) { short_if(!reader_.read_u16(out)); }
  void number(std::uint32_t& out) { short_if(!reader_.read_u32(out)); }
  void number(std::uint64_t& out) { short_if(!reader_.read_u64(out)); }
  void number(std::int64_t& out) {
    std::uint64_t bits = 0;
    number(bits);
    out = static_cast<std::int64_t>(bits);
  }
  void time(UnixNanos& out) { number(out.value); }
  /// Weights, sums and ages: finite and never negative.
  void weight(float& out) {
    std::uint32_t bits = 0;
    number(bits);
    out = std::bit_cast<float>(bits);
    require(out >= 0.0f && out <= kWeightMax);
  }
  void age(double& out, double max) {
    std::uint64_t bits = 0;
    number(bits);
    out = std::bit_cast<double>(bits);
    require(out >= 0.0 && out <= max);
  }
  /// How many follow.
  [[nodiscard]] std::size_t count(std::size_t max) {
    std::uint8_t count = 0;
    number(count);
    require(count <= max);
    return ok() ? count : 0;
  }
  void bytes(std::size_t size, Bytes& out) { short_if(!reader_.read_bytes(size, out)); }

  void set(RecentSet& out, std::size_t generation_max) {
    std::uint16_t size = 0;
    std::uint16_t split = 0;
    std::uint32_t since = 0;
    number(size);
    number(split);
    number(since);
    require(split <= size && split <= generation_max &&
            static_cast<std::size_t>(size - split) <= generation_max);
    Bytes body;
    if (ok()) bytes(std::size_t{size} * 4, body);
    if (!ok()) return;
    std::vector<std::uint32_t> items(size);
    ByteReader reader(body);
    for (std::uint32_t& item : items) require(reader.read_u32(item));
    require(out.restore(items, split, since));
  }
  void marks(Marks& out) {
    number(out.first);
    number(out.last);
    const bool none = !out.any() && out.last == 0;
    require(none || (out.first <= out.last && out.last < kNanosPerSecond));
  }

 private:
  void short_if(bool too_short) {
    if (too_short && ok()) status_ = ParseStatus::need_more;
  }

  ByteReader reader_;
  ParseStatus status_ = ParseStatus::ok;
};

template <class Cell>
void check_seconds(Fields& fields, std::span<const Cell> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    fields.require(cells[i].second >= 0 && cells[i].second <= kSecondMax);
    fields.require(i == 0 || cells[i - 1].second < cells[i].second);
  }
}

void read_landmark(Fields& fields, const ProfileClock& clock, std::int64_t& landmark) {
  fields.number(landmark);
  fields.require(landmark >= 0 && landmark <= clock.landmark());
}

void read_load(Fields& fields, const ProfileClock& clock, LoadHistory& load) {
  LoadHistory::Totals totals;
  fields.age(totals.first_watched, clock.watched_seconds());
  fields.age(totals.stamp, clock.watched_seconds());
  for (float* sum :
       {&totals.attempts, &totals.failures, &totals.latency_sum, &totals.latency_weight}) {
    fields.weight(*sum);
  }
  for (UnixNanos* time : {&totals.success_end, &totals.refused_syn, &totals.answered_syn}) {
    fields.time(*time);
  }
  std::vector<LoadSecond> seconds(fields.count(kLoadSecondsMax));
  for (LoadSecond& second : seconds) {
    fields.number(second.second);
    for (float* sum :
         {&second.attempts, &second.successes, &second.failures, &second.unanswered,
          &second.refused, &second.without_hello, &second.latency_sum, &second.latency_weight}) {
      fields.weight(*sum);
    }
    fields.number(second.clients);
    for (Marks* marks :
         {&second.success_end, &second.success_begin, &second.refused_syn, &second.answered_syn}) {
      fields.marks(*marks);
    }
  }
  check_seconds(fields, std::span<const LoadSecond>(seconds));
  if (fields.ok()) load.restore(seconds, totals);
}

void read_hello(Fields& fields, SuccessfulHello& hello) {
  for (std::uint16_t* number : {&hello.max_version, &hello.selected_version, &hello.cipher_suite,
                                &hello.named_group, &hello.length}) {
    fields.number(*number);
  }
  std::uint8_t flags = 0;
  fields.number(flags);
  fields.require(flags < 8);
  hello.server_name_present = (flags & 1u) != 0;
  hello.resumed = (flags & 2u) != 0;
  hello.client_certificate = (flags & 4u) != 0;
  fields.weight(hello.weight);
  fields.time(hello.last);
}

void read_choices(Fields& fields, Row<Choice>& choices) {
  std::array<std::size_t, kChoiceKindCount> of_kind{};
  for (std::size_t left = fields.count(kChoicesMax * kChoiceKindCount); left > 0; --left) {
    Choice choice;
    std::uint8_t kind = 0;
    fields.number(kind);
    fields.number(choice.value);
    fields.weight(choice.weight);
    fields.time(choice.last);
    fields.require(kind < kChoiceKindCount);
    if (!fields.ok()) return;
    fields.require(++of_kind[kind] <= kChoicesMax);
    choice.kind = static_cast<ChoiceKind>(kind);
    choices.push_back(choice, kChoicesMax * kChoiceKindCount);
  }
}

void read_protocols(Fields& fields, Row<Protocol>& protocols) {
  for (std::size_t left = fields.count(kProtocolsMax); left > 0 && fields.ok(); --left) {
    Protocol protocol;
    Bytes name;
    fields.number(protocol.length);
    fields.require(protocol.length >= 1 && protocol.length <= kProtocolBytesMax);
    if (fields.ok()) fields.bytes(protocol.length, name);
    std::copy(name.begin(), name.end(), protocol.text.begin());
    fields.weight(protocol.weight);
    fields.time(protocol.last);
    if (fields.ok()) protocols.push_back(protocol, kProtocolsMax);
  }
}

void keep_hellos(std::vector<Hello>&& read, const std::array<std::uint32_t, kHellosMax>& used,
                 const FindOffer& find, EndpointProfile& profile) {
  for (std::size_t i = 0; i < read.size(); ++i) {
    Hello& hello = read[i];
    hello.facts.offer = find(hello.offer_digest);
    if (hello.facts.offer == nullptr) continue;
    profile.hello_used[profile.hellos.size()] = used[i];
    profile.hello_tags[profile.hellos.size()] =
        Hello::tag(hello.offer_digest, hello.facts.server_name_present);
    profile.hellos.push_back(std::move(hello));
  }
}

void read_version(Fields& fields) {
  std::uint8_t version = 0;
  fields.number(version);
  fields.require(version == kProfileVersion);
}

}  // namespace

ParseStatus referenced_offers(Bytes bytes, std::vector<std::uint64_t>& digests) {
  Fields fields(bytes);
  read_version(fields);
  digests.resize(fields.count(kHellosMax));
  for (std::uint64_t& digest : digests) fields.number(digest);
  if (!fields.ok()) digests.clear();
  return fields.status();
}

ParseStatus referenced_chains(Bytes bytes, std::vector<std::string_view>& digests) {
  Fields fields(bytes);
  read_version(fields);
  digests.resize(fields.count(kChainsMax));
  for (std::string_view& digest : digests) {
    Bytes name;
    fields.bytes(kChainDigestBytes, name);
    digest = {reinterpret_cast<const char*>(name.data()), name.size()};
  }
  if (!fields.ok()) digests.clear();
  return fields.status();
}

ParseStatus decode(Bytes bytes, const ProfileClock& clock, const FindOffer& find,
                   EndpointProfile& profile) {
  Fields fields(bytes);
  read_version(fields);
  EndpointProfile read;
  std::vector<Hello> hellos(fields.count(kHellosMax));
  for (Hello& hello : hellos) fields.number(hello.offer_digest);
  fields.number(read.record_count);
  read_landmark(fields, clock, read.landmark);
  fields.age(read.used_half_lives, clock.half_lives());
  fields.number(read.used);
  for (float* weight :
       {&read.successes, &read.failures, &read.with_name, &read.without_name, &read.resumed}) {
    fields.weight(*weight);
  }
  fields.number(read.failures_since_success);
  fields.number(read.client_certificates);
  fields.number(read.hello_length_max);
  fields.number(read.upgrades);
  fields.time(read.first_seen);
  read_load(fields, clock, read.load);
  std::array<std::uint32_t, kHellosMax> hello_used{};
  for (std::size_t i = 0; i < hellos.size(); ++i) {
    read_hello(fields, hellos[i].facts);
    fields.number(hello_used[i]);
  }
  read_choices(fields, read.choices);
  read_protocols(fields, read.protocols);
  fields.set(read.networks, kNetworksGeneration);
  fields.set(read.fingerprints, kFingerprintsGeneration);
  fields.set(read.names, kNamesGeneration);
  fields.set(read.failed_networks, kNetworksGeneration);
  fields.set(read.failed_clients, kClientsGeneration);
  for (std::uint64_t& name : read.chain_names) fields.number(name);
  fields.end();
  if (!fields.ok()) return fields.status();
  keep_hellos(std::move(hellos), hello_used, find, read);
  read.key = profile.key;
  read.pool = profile.pool;
  profile = std::move(read);
  return ParseStatus::ok;
}

ParseStatus decode(Bytes bytes, const ProfileClock& clock, const FindChain& find,
                   NameProfile& profile) {
  Fields fields(bytes);
  read_version(fields);
  NameProfile read;
  std::vector<std::string_view> digests(fields.count(kChainsMax));
  for (std::string_view& digest : digests) {
    Bytes name;
    fields.bytes(kChainDigestBytes, name);
    digest = {reinterpret_cast<const char*>(name.data()), name.size()};
  }
  read_landmark(fields, clock, read.landmark);
  fields.age(read.used_half_lives, clock.half_lives());
  fields.number(read.used);
  fields.weight(read.successes);
  fields.weight(read.failures);
  fields.time(read.older_success_end);
  for (std::size_t left = fields.count(kNameSecondsMax); left > 0 && fields.ok(); --left) {
    NameSecond second;
    fields.number(second.second);
    fields.marks(second.success_end);
    fields.marks(second.success_begin);
    read.seconds.cells.push_back(second, kNameSecondsMax);
  }
  check_seconds(fields, std::span<const NameSecond>(read.seconds.cells));
  for (const std::string_view digest : digests) {
    KnownChain known;
    fields.time(known.first);
    fields.time(known.last);
    fields.weight(known.accepted);
    fields.weight(known.rejected);
    fields.set(known.networks, kChainNetworksGeneration);
    if (!fields.ok()) return fields.status();
    known.chain = find(digest);
    if (known.chain != nullptr) read.chains.push_back(std::move(known));
  }
  std::uint16_t staple_size = 0;
  Bytes staple;
  fields.number(staple_size);
  fields.require(staple_size <= kStapleBytesMax);
  if (fields.ok()) fields.bytes(staple_size, staple);
  fields.end();
  if (!fields.ok()) return fields.status();
  if (!staple.empty()) {
    read.staple = std::make_shared<const std::vector<std::uint8_t>>(staple.begin(), staple.end());
  }
  read.key = profile.key;
  read.pool = profile.pool;
  profile = std::move(read);
  return ParseStatus::ok;
}

ParseStatus decode_key(Bytes bytes, EndpointKey& key) {
  Fields fields(bytes);
  Bytes address;
  std::uint8_t transport = 0;
  std::uint8_t family = 0;
  EndpointKey read;
  fields.bytes(read.address.bytes.size(), address);
  std::copy(address.begin(), address.end(), read.address.bytes.begin());
  fields.number(read.port);
  fields.number(transport);
  fields.number(family);
  fields.require(transport <= 1 && (family == 0 || family == 4 || family == 6));
  fields.end();
  if (!fields.ok()) return fields.status();
  read.transport = static_cast<Transport>(transport);
  read.family = static_cast<IpFamily>(family);
  key = read;
  return ParseStatus::ok;
}

ParseStatus decode_key(Bytes bytes, NameKey& key) {
  Fields fields(bytes);
  NameKey read;
  fields.number(read.endpoint);
  fields.number(read.name);
  fields.end();
  if (fields.ok()) key = read;
  return fields.status();
}

}  // namespace shakedown::diagnose
