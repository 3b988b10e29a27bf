// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A small world of authorities, and judges that trust some of them.
// Units:     none
// Ownership: Values.
// Threading: One thread.
// Limits:    none
// Failure:   What cannot be set up fails the test.
// RFC:       none
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "certificate_builder.h"
#include "enrich/chain_judge.h"

namespace shakedown::enrich::test {

/// A folder of its own for each test, gone with it.
class Folder {
 public:
  Folder() {
    std::string pattern = testing::TempDir() + "/enrich_XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  std::string write(const std::string& name, const std::string& content) const {
    const std::string file = path_ + "/" + name;
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  std::string path_;
};

inline TrustStore trust_in(const std::vector<Made>& roots,
                           const std::vector<std::string>& crls = {}) {
  const Folder folder;
  TrustSettings settings{.system_roots = false, .roots = {}, .crls = {}};
  std::string all;
  for (const Made& root : roots) all += root.pem();
  if (!roots.empty()) settings.roots = {folder.write("roots.pem", all)};
  for (const std::string& crl : crls) {
    settings.crls.push_back(
        folder.write("crl" + std::to_string(settings.crls.size()) + ".pem", crl));
  }
  TrustStore::Loaded loaded;
  TrustStore store = TrustStore::load(settings, loaded);
  EXPECT_TRUE(loaded.errors.empty()) << loaded.errors.front();
  return store;
}

/// A root, an intermediate of it, and a server's certificate of that one, valid in 2024.
struct World {
  Made root = self_signed(authority("Root"));
  Made intermediate = issue(authority("Intermediate"), root);
  Made leaf = issue(server("DNS:example.com,DNS:*.example.com"), intermediate);

  [[nodiscard]] ChainJudge judge(const std::vector<std::string>& crls = {}) const {
    return ChainJudge(trust_in({root}, crls));
  }
};

inline Assessment assess(ChainJudge& judge, const std::vector<Made>& sent, UnixNanos at = moment(),
                         std::string_view name = "example.com", Bytes response = {},
                         Purpose purpose = Purpose::server) {
  const ChainPointer chain = judge.chain_of(chain_body(sent));
  EXPECT_NE(chain, nullptr);
  return chain == nullptr ? Assessment{} : judge.assess(*chain, purpose, at, name, response);
}

}  // namespace shakedown::enrich::test
