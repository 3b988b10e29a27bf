// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "judged.h"

namespace shakedown::enrich {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TrustStoreTest : public testing::Test {
 protected:
  TrustStore load(const std::vector<std::string>& roots,
                  const std::vector<std::string>& crls = {}) {
    loaded_ = {};
    return TrustStore::load({.system_roots = false, .roots = roots, .crls = crls}, loaded_);
  }
  Folder folder_;
  World world_;
  TrustStore::Loaded loaded_;
};

TEST_F(TrustStoreTest, TrustsNobodyByItself) {
  EXPECT_EQ(TrustStore().root_count(), 0u);
  EXPECT_EQ(load({}).root_count(), 0u);
  EXPECT_THAT(loaded_.errors, IsEmpty());
}

TEST_F(TrustStoreTest, ReadsPemAndDerFilesAndFolders) {
  const Body der = world_.root.der();
  const std::string as_der = folder_.write("root.der", std::string(der.begin(), der.end()));
  EXPECT_EQ(load({as_der}).root_count(), 1u);
  const Made other = self_signed(authority("Other"));
  folder_.write("both.pem", "text before\n" + world_.root.pem() + other.pem());
  EXPECT_EQ(load({folder_.path()}).root_count(), 2u);
  EXPECT_THAT(loaded_.errors, IsEmpty());
  EXPECT_THAT(loaded_.warnings, IsEmpty());
}

TEST_F(TrustStoreTest, GoesOnInAFolderAndSaysWhatItCouldNotUse) {
  folder_.write("README", "these are our roots");
  folder_.write("root.pem", world_.root.pem());
  EXPECT_EQ(load({folder_.path()}).root_count(), 1u);
  EXPECT_THAT(loaded_.errors, IsEmpty());
  EXPECT_THAT(loaded_.warnings, ElementsAre(HasSubstr("README holds no certificate")));
}

TEST_F(TrustStoreTest, RefusesWhatWasNamedAndIsNotThere) {
  const std::string junk = folder_.write("junk.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
  load({folder_.path() + "/missing.pem"});
  EXPECT_THAT(loaded_.errors, ElementsAre(HasSubstr("missing.pem cannot be read: No such file")));
  load({junk});
  EXPECT_THAT(loaded_.errors, ElementsAre(HasSubstr("junk.pem holds no certificate")));
  load({folder_.path()});
  EXPECT_THAT(loaded_.errors, ElementsAre(HasSubstr("the folder")));
  const std::string root = folder_.write("root.pem", world_.root.pem());
  load({}, {root});
  EXPECT_THAT(loaded_.errors, ElementsAre(HasSubstr("holds no revocation list")));
}

TEST_F(TrustStoreTest, WarnsOfACertificateThatIsNoRoot) {
  const std::string path = folder_.write("intermediate.pem", world_.intermediate.pem());
  EXPECT_EQ(load({path}).root_count(), 0u);
  EXPECT_THAT(loaded_.errors, IsEmpty());
  EXPECT_THAT(loaded_.warnings, ElementsAre(HasSubstr("CN=Intermediate is no root")));
}

TEST_F(TrustStoreTest, WarnsOfAListThatIsOutOfDate) {
  const std::string old =
      folder_.write("old.pem", crl_pem(world_.root, {}, "20100101000000Z", "20100201000000Z"));
  EXPECT_EQ(load({}, {old}).crl_count(), 1u);
  EXPECT_THAT(loaded_.warnings, ElementsAre(HasSubstr("out of date since 2010-02-01")));
  const std::string now =
      folder_.write("now.pem", crl_pem(world_.root, {}, "20100101000000Z", "21000201000000Z"));
  EXPECT_EQ(load({}, {now}).crl_count(), 1u);
  EXPECT_THAT(loaded_.warnings, IsEmpty());
}

TEST_F(TrustStoreTest, TakesEachOnce) {
  const std::string path = folder_.write("root.pem", world_.root.pem() + world_.root.pem());
  EXPECT_EQ(load({path, path}).root_count(), 1u);
}

TEST_F(TrustStoreTest, FindsTheSystemsAnchorsWhereOpenSslDoes) {
  const Folder folder;
  const std::string file = folder_.write("system.pem", world_.root.pem());
  folder.write("0a1b2c3d.0", self_signed(authority("In a folder")).pem());
  folder.write("not-by-hash.pem", self_signed(authority("Not read")).pem());
  ASSERT_EQ(setenv("SSL_CERT_FILE", file.c_str(), 1), 0);
  ASSERT_EQ(setenv("SSL_CERT_DIR", (":" + folder.path()).c_str(), 1), 0);
  EXPECT_EQ(TrustStore::load({}, loaded_).root_count(), 2u);
  EXPECT_THAT(loaded_.warnings, IsEmpty());
  ASSERT_EQ(setenv("SSL_CERT_FILE", "/nowhere", 1), 0);
  ASSERT_EQ(setenv("SSL_CERT_DIR", "/nowhere", 1), 0);
  EXPECT_EQ(TrustStore::load({}, loaded_).root_count(), 0u);
  EXPECT_THAT(loaded_.warnings, ElementsAre(HasSubstr("ca-certificates")));
  EXPECT_THAT(loaded_.errors, IsEmpty());
  unsetenv("SSL_CERT_FILE");
  unsetenv("SSL_CERT_DIR");
}

}  // namespace
}  // namespace shakedown::enrich
