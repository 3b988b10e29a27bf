// SPDX-License-Identifier: Apache-2.0
//
// Records per second and core through enrich and diagnose, as Control does both: definitions,
// certificates, profiles, memories, causes. 50,000 servers, 100,000 names, 5,000 chains of a root, 16
// intermediates and leaves with 20 names each, 200 offers, 100,000 clients; one handshake in ten
// fails, in eight ways. Servers are asked evenly (nothing is in a cache) or as in life (Zipf).
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "diagnose/diagnoser.h"
#include "enrich/chain_judge.h"
#include "enrich/definition_store.h"
#include "enrich/handshake.h"

namespace {

using namespace shakedown;

constexpr std::size_t kServers = 50'000;
constexpr std::size_t kNames = 100'000;
constexpr std::size_t kChains = 5'000;
constexpr std::size_t kIntermediates = 16;
constexpr std::size_t kOffers = 200;
constexpr std::size_t kClients = 100'000;
constexpr std::size_t kRecords = 400'000;
constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
constexpr std::int64_t kBetween = 3'000;  ///< nanoseconds: some 330,000 handshakes a second
/// What Control holds a failure for, in records of this rate; scaled down to keep memory small.
constexpr std::size_t kHeld = 4'096;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key new_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate issue(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                  bool authority, const std::string& names, long serial) {
  Certificate made(X509_new(), X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), kStart / kNanosPerSecond - 86'400);
  ASN1_TIME_set(X509_getm_notAfter(made.get()), kStart / kNanosPerSecond + 300L * 86'400);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* const by = issuer != nullptr ? issuer : made.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(by));
  X509_set_pubkey(made.get(), key);
  extend(made.get(), by, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!names.empty()) extend(made.get(), by, NID_subject_alt_name, names);
  X509_sign(made.get(), issuer_key, EVP_sha256());
  return made;
}

void append(std::vector<std::uint8_t>& body, X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  for (const int shift : {16, 8, 0}) body.push_back(static_cast<std::uint8_t>(size >> shift));
  body.insert(body.end(), der, der + size);
  OPENSSL_free(der);
}

std::string name_of(std::size_t index) { return fmt::format("host-{}.shop.example", index); }

/// Chains for the store; the root goes into a file for the judge.
std::vector<std::vector<std::uint8_t>> make_chains(const std::string& root_path) {
  const Key root_key = new_key();
  const Certificate root =
      issue("Bench Root", root_key.get(), nullptr, root_key.get(), true, "", 1);
  std::FILE* const file = std::fopen(root_path.c_str(), "w");
  PEM_write_X509(file, root.get());
  std::fclose(file);
  std::vector<Key> keys;
  std::vector<Certificate> intermediates;
  for (std::size_t i = 0; i < kIntermediates; ++i) {
    keys.push_back(new_key());
    intermediates.push_back(issue(fmt::format("Bench CA {}", i), keys.back().get(), root.get(),
                                  root_key.get(), true, "", static_cast<long>(i) + 2));
  }
  const Key leaf_key = new_key();
  std::vector<std::vector<std::uint8_t>> bodies(kChains);
  for (std::size_t c = 0; c < kChains; ++c) {
    std::string names;
    for (std::size_t n = c; n < kNames; n += kChains) {
      names += (names.empty() ? "DNS:" : ",DNS:") + name_of(n);
    }
    const std::size_t by = c % kIntermediates;
    append(bodies[c], issue(name_of(c), leaf_key.get(), intermediates[by].get(), keys[by].get(),
                            false, names, static_cast<long>(c) + 100)
                          .get());
    append(bodies[c], intermediates[by].get());
  }
  return bodies;
}

std::vector<std::uint8_t> make_offer(std::size_t index) {
  std::vector<std::uint8_t> body = {3, 3};
  const auto vector = [&body](const std::vector<std::uint16_t>& codes) {
    const std::size_t size = codes.size() * 2;
    body.push_back(static_cast<std::uint8_t>(size >> 8));
    body.push_back(static_cast<std::uint8_t>(size));
    for (const std::uint16_t code : codes) {
      body.push_back(static_cast<std::uint8_t>(code >> 8));
      body.push_back(static_cast<std::uint8_t>(code));
    }
  };
  const bool old = index % 10 == 9;
  std::vector<std::uint16_t> suites = {0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009c};
  if (!old) suites.insert(suites.begin(), {0x1301, 0x1302, 0x1303});
  suites.push_back(static_cast<std::uint16_t>(0x0100 + index));  // what tells the offers apart
  vector(suites);
  vector({0, 10, 11, 13, 16, 23, 35, 43, 45, 51});
  vector(old ? std::vector<std::uint16_t>{0x0302} : std::vector<std::uint16_t>{0x0304, 0x0303});
  vector({29, 23, 24});
  vector({29});
  vector({0x0403, 0x0804, 0x0401, 0x0503});
  const std::string alpn = "\2h2\10http/1.1";
  body.push_back(0);
  body.push_back(static_cast<std::uint8_t>(alpn.size()));
  body.insert(body.end(), alpn.begin(), alpn.end());
  return body;
}

/// Ids of definitions: kind and index.
std::uint64_t offer_id(std::size_t index) { return 0x1000'0000 + index; }
std::uint64_t chain_id(std::size_t index) { return 0x2000'0000 + index; }

void fail(HandshakeRecord& record, std::size_t way) {
  const auto end = [&record](OutcomeKind kind, Party by, Stage stage) {
    record.outcome = {.kind = kind, .by = by, .stage = stage};
    if (stage < Stage::server_hello) {
      record.server_hello_facts = {};
      record.server_hello = {};
      record.server_chain_definition = 0;
    }
  };
  const auto alert = [&record](AlertDescription description, Party from) {
    record.alerts[0] = {AlertLevel::fatal, description, from, false};
    record.alert_count = 1;
  };
  switch (way % 8) {
    case 0:
      end(OutcomeKind::alert, Party::server, Stage::client_hello);
      return alert(AlertDescription::protocol_version, Party::server);
    case 1:
      end(OutcomeKind::alert, Party::server, Stage::client_hello);
      return alert(AlertDescription::handshake_failure, Party::server);
    case 2:
      end(OutcomeKind::alert, Party::client, Stage::server_hello_done);
      return alert(AlertDescription::unknown_ca, Party::client);
    case 3:
      return end(OutcomeKind::reset, Party::server, Stage::client_hello);
    case 4:
      return end(OutcomeKind::closed, Party::server, Stage::client_hello);
    case 5:
      return end(OutcomeKind::silence, Party::server, Stage::client_hello);
    case 6:
      return end(OutcomeKind::encrypted_alert, Party::client, Stage::server_hello);
    default:
      return end(OutcomeKind::unanswered, Party::server, Stage::tcp);
  }
}

/// Of each server: two names, one chain.
std::vector<HandshakeRecord> make_records(bool even) {
  std::mt19937_64 random(7);
  std::vector<HandshakeRecord> all(kRecords);
  for (std::size_t i = 0; i < kRecords; ++i) {
    HandshakeRecord& record = all[i];
    const double u = static_cast<double>(random() >> 11) * 0x1p-53;
    const std::size_t server =
        even ? random() % kServers
             : std::min(kServers - 1, static_cast<std::size_t>(std::pow(double{kServers}, u)) - 1);
    const std::size_t name = server * 2 + random() % 2;
    const std::size_t client = random() % kClients;
    const std::string text = name_of(name);
    record.family = IpFamily::ipv4;
    record.client_address.bytes = {10, static_cast<std::uint8_t>(client >> 16),
                                   static_cast<std::uint8_t>(client >> 8),
                                   static_cast<std::uint8_t>(client)};
    record.server_address.bytes = {198, static_cast<std::uint8_t>(server >> 16),
                                   static_cast<std::uint8_t>(server >> 8),
                                   static_cast<std::uint8_t>(server)};
    record.client_port = static_cast<std::uint16_t>(1024 + i % 60'000);
    record.server_port = 443;
    const std::int64_t time = kStart + static_cast<std::int64_t>(i) * kBetween;
    record.first_seen = record.syn = record.client_hello = UnixNanos{time};
    record.syn_ack = record.server_hello = UnixNanos{time + 2'000'000};
    record.order_time = record.end = UnixNanos{time + 9'000'000};
    record.sequence = i + 1;
    record.flags = HandshakeRecord::server_seen | HandshakeRecord::client_seen;
    record.offer_definition = offer_id(random() % kOffers);
    record.client_hello_facts.flags = ClientHelloFacts::server_name_present;
    record.client_hello_facts.max_version = 0x0304;
    record.client_hello_facts.length = 512;
    record.client_hello_facts.server_name_length = static_cast<std::uint8_t>(text.size());
    std::copy(text.begin(), text.end(), record.server_name.begin());
    const bool tls12 = random() % 3 == 0;
    record.server_hello_facts.flags = ServerHelloFacts::seen;
    record.server_hello_facts.selected_version = tls12 ? 0x0303 : 0x0304;
    record.server_hello_facts.cipher_suite = tls12 ? 0xc02f : 0x1301;
    record.server_hello_facts.named_group = 29;
    if (tls12) record.server_chain_definition = chain_id(name % kChains);
    record.ja4.present = 1;
    record.ja4.cipher_hash[0] = static_cast<std::uint8_t>(record.offer_definition);
    record.outcome = {.kind = OutcomeKind::established, .stage = Stage::established};
    if (i % 10 == 0) fail(record, random());
  }
  return all;
}

void enrich_and_diagnose(benchmark::State& state) {
  const bool even = state.range(0) == 0;
  std::string folder = "/tmp/diagnose_bench.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return state.SkipWithError("no temporary folder");
  const std::string root_path = folder + "/root.pem";
  const auto chains = make_chains(root_path);
  enrich::TrustStore::Loaded loaded;
  enrich::ChainJudge judge(
      enrich::TrustStore::load({.system_roots = false, .roots = {root_path}, .crls = {}}, loaded));
  std::remove(root_path.c_str());
  rmdir(folder.c_str());

  enrich::DefinitionStore definitions;
  const auto add = [&definitions](std::uint64_t id, DefinitionKind kind,
                                  const std::vector<std::uint8_t>& body) {
    definitions.add({.id = id,
                     .body_size = static_cast<std::uint32_t>(body.size()),
                     .kind = kind,
                     .reserved = 0},
                    body);
  };
  for (std::size_t i = 0; i < kOffers; ++i) {
    add(offer_id(i), DefinitionKind::client_offer, make_offer(i));
  }
  for (std::size_t i = 0; i < kChains; ++i) {
    add(chain_id(i), DefinitionKind::certificate_chain, chains[i]);
  }
  const std::vector<HandshakeRecord> records = make_records(even);
  diagnose::Diagnoser diagnoser(judge);
  std::vector<HandshakeRecord> held;
  held.reserve(kHeld);
  std::size_t causes = 0;
  std::size_t unknown = 0;
  const auto conclude = [&] {
    for (const HandshakeRecord& record : held) {
      const auto diagnosis = diagnoser.diagnose(enrich::resolve(record, definitions, judge));
      ++causes;
      unknown += diagnosis.cause == diagnose::Cause::unknown ? 1 : 0;
    }
    held.clear();
  };
  const auto pass = [&] {
    for (const HandshakeRecord& record : records) {
      const enrich::Handshake handshake = enrich::resolve(record, definitions, judge);
      diagnoser.learn(handshake);
      if (!diagnose::diagnosable(handshake)) continue;
      held.push_back(record);
      if (held.size() == kHeld) conclude();
    }
    conclude();
  };
  pass();  // so that the profiles are full, as those of a sensor are
  causes = unknown = 0;
  for (auto _ : state) pass();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(records.size()));
  state.counters["servers"] = static_cast<double>(diagnoser.profiles().endpoint_count());
  state.counters["names"] = static_cast<double>(diagnoser.names().name_count());
  state.counters["chains"] = static_cast<double>(judge.chain_count());
  state.counters["unknown_share"] = static_cast<double>(unknown) / static_cast<double>(causes);
}
BENCHMARK(enrich_and_diagnose)->ArgName("zipf")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
