// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/profile_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "profile_traffic.h"

namespace shakedown::diagnose {
namespace {

using test::chain_with;
using test::RandomVisits;
using test::Visit;
using testing::HasSubstr;
using testing::IsEmpty;

class ProfileFileTest : public testing::Test {
 protected:
  ProfileFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "profiles-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    path = folder + "/profiles.db";
  }
  ~ProfileFileTest() override { std::filesystem::remove_all(folder); }

  /// With another program's means.
  void execute(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(database);
  }
  std::int64_t number(const std::string& sql) {
    std::int64_t value = -1;
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    const auto take = [](void* out, int, char** values, char**) {
      *static_cast<std::int64_t*>(out) = std::stoll(values[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), take, &value, nullptr), SQLITE_OK);
    sqlite3_close(database);
    return value;
  }
  void save(ServerProfiles& profiles) {
    ProfileFile file;
    ASSERT_THAT(file.open(path), IsEmpty());
    ASSERT_THAT(file.finish(profiles), IsEmpty());
  }
  std::uint64_t load(ServerProfiles& profiles) {
    ProfileFile file;
    EXPECT_THAT(file.open(path), IsEmpty());
    EXPECT_THAT(file.load(profiles, judge), IsEmpty());
    return file.unreadable_count();
  }
  std::string open_error() {
    ProfileFile file;
    const std::string error = file.open(path);
    EXPECT_FALSE(file.is_open());
    return error;
  }

  std::string folder;
  std::string path;
  enrich::ChainJudge judge;
};

TEST_F(ProfileFileTest, AnEmptyFileGivesNothing) {
  ServerProfiles profiles;
  EXPECT_EQ(load(profiles), 0u);
  EXPECT_EQ(profiles.endpoint_count(), 0u);
}

TEST_F(ProfileFileTest, ViewsAreTheSameAfterARestart) {
  const ProfileSettings settings{.endpoint_count_max = 8, .name_count_max = 33};
  for (unsigned seed = 0; seed < 4; ++seed) {
    std::filesystem::remove(path);
    ServerProfiles before(settings);
    RandomVisits visits(seed, judge);
    std::vector<Visit> asked;
    for (int i = 0; i < 2000; ++i) {
      Visit visit = visits.next();
      before.learn(visit.handshake());
      if (i >= 1950) asked.push_back(std::move(visit));
    }
    save(before);
    ServerProfiles after(settings);
    ASSERT_EQ(load(after), 0u);
    EXPECT_EQ(after.endpoint_count(), before.endpoint_count());
    EXPECT_EQ(after.name_count(), before.name_count());
    for (const Visit& visit : asked) {
      test::expect_same(before.view(visit.handshake()), after.view(visit.handshake()));
    }
    // And so is everything that is learnt from then on, what is forgotten included.
    for (int i = 0; i < 300; ++i) {
      const Visit visit = visits.next();
      before.learn(visit.handshake());
      after.learn(visit.handshake());
      test::expect_same(before.view(visit.handshake()), after.view(visit.handshake()));
      ASSERT_FALSE(HasFailure()) << seed << " " << i;
    }
  }
}

TEST_F(ProfileFileTest, SavesOnlyWhatHasChanged) {
  ServerProfiles profiles;
  ProfileFile file;
  ASSERT_THAT(file.open(path), IsEmpty());
  profiles.learn(Visit(0).server(1).handshake());
  profiles.learn(Visit(1).server(2).handshake());
  EXPECT_EQ(file.save(profiles), 4u);
  EXPECT_THAT(file.finish(profiles), IsEmpty());
  EXPECT_EQ(file.save(profiles), 0u);
  profiles.learn(Visit(2).server(1).tcp_only(OutcomeKind::refused).handshake());
  EXPECT_EQ(file.save(profiles), 1u);
}

TEST_F(ProfileFileTest, BoundsWhatOneTurnTakes) {
  ServerProfiles profiles;
  for (std::size_t i = 0; i < kProfilesPerSave; ++i) {
    Visit visit(0);
    visit.record.server_port = static_cast<std::uint16_t>(i + 1);
    profiles.learn(visit.handshake());
  }
  {
    ProfileFile file;
    ASSERT_THAT(file.open(path), IsEmpty());
    EXPECT_EQ(file.save(profiles), kProfilesPerSave);
    EXPECT_THAT(file.finish(profiles), IsEmpty());
  }
  ServerProfiles after;
  EXPECT_EQ(load(after), 0u);
  EXPECT_EQ(after.endpoint_count(), kProfilesPerSave);
  EXPECT_EQ(after.name_count(), kProfilesPerSave);
}

TEST_F(ProfileFileTest, DeletesWhatWasForgotten) {
  ServerProfiles profiles({.endpoint_count_max = 4, .name_count_max = 4});
  for (std::uint8_t i = 0; i < 4; ++i) profiles.learn(Visit(i).server(i).handshake());
  save(profiles);
  EXPECT_EQ(number("SELECT count(*) FROM endpoint"), 4);
  for (std::uint8_t i = 10; i < 13; ++i) profiles.learn(Visit(i).server(i).handshake());
  save(profiles);
  EXPECT_EQ(number("SELECT count(*) FROM endpoint"), 4);
  EXPECT_EQ(number("SELECT count(*) FROM name"), 4);
}

TEST_F(ProfileFileTest, KeepsChainsAndOffersOnce) {
  ServerProfiles profiles;
  for (std::uint8_t i = 0; i < 20; ++i) {
    Visit visit = Visit(i).server(i);
    visit.chain = chain_with(judge, 1);
    visit.offer = test::offer_with(7);
    profiles.learn(visit.handshake());
  }
  save(profiles);
  EXPECT_EQ(number("SELECT count(*) FROM chain"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM offer"), 1);
}

TEST_F(ProfileFileTest, SkipsAndCountsEntriesThatAreDamaged) {
  ServerProfiles profiles;
  for (std::uint8_t i = 0; i < 5; ++i) profiles.learn(Visit(i).server(i).handshake());
  save(profiles);
  execute(
      "UPDATE endpoint SET profile = x'0102' WHERE used = 1;"
      "UPDATE endpoint SET profile = x'' WHERE used = 2;"
      "UPDATE endpoint SET key = x'00' WHERE used = 3;"
      "UPDATE name SET profile = substr(profile, 1, length(profile) - 1) WHERE used = 4;"
      "INSERT INTO offer(digest, body) VALUES (5, x'ff');");
  ServerProfiles after;
  EXPECT_EQ(load(after), 5u);
  EXPECT_EQ(after.endpoint_count(), 2u);
  EXPECT_EQ(after.name_count(), 4u);
}

TEST_F(ProfileFileTest, SaysThatItIsNotADatabase) {
  std::ofstream(path) << "These are the minutes of the last meeting, and no database at all.\n";
  EXPECT_THAT(open_error(), HasSubstr("is not a database; name another file"));
  EXPECT_GT(std::filesystem::file_size(path), 60u);
}

TEST_F(ProfileFileTest, SaysThatItIsAnotherPrograms) {
  execute("CREATE TABLE invoices(id INTEGER)");
  EXPECT_THAT(open_error(), HasSubstr("a database of another program; name another file"));
  EXPECT_EQ(number("SELECT count(*) FROM invoices"), 0);
}

TEST_F(ProfileFileTest, SaysThatANewerVersionWroteIt) {
  ServerProfiles profiles;
  save(profiles);
  execute("PRAGMA user_version = 2");
  EXPECT_THAT(open_error(), HasSubstr("written by a newer version of shakedown (schema 2"));
}

TEST_F(ProfileFileTest, SaysThatTheFolderIsMissing) {
  path = folder + "/nowhere/profiles.db";
  EXPECT_THAT(open_error(), HasSubstr("there is no folder " + folder + "/nowhere; make it"));
}

TEST_F(ProfileFileTest, SaysThatItIsAFolder) {
  path = folder;
  EXPECT_THAT(open_error(), HasSubstr("is a folder; name a file in it"));
}

TEST_F(ProfileFileTest, SaysThatItIsInUse) {
  ProfileFile first;
  ASSERT_THAT(first.open(path), IsEmpty());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ProfileFile second;
    const std::string error = second.open(path);
    ::_exit(error.find("in use by another process; stop it") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(ProfileFileTest, SaysThatItMayNotBeWritten) {
  ServerProfiles profiles;
  save(profiles);
  ::chmod(path.c_str(), 0444);
  ::chmod(folder.c_str(), 0555);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // Root may write everything; nobody may not.
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    ProfileFile file;
    const std::string error = file.open(path);
    if (error.find("give this user the right") == std::string::npos) ::_exit(1);
    ProfileFile other;
    const std::string missing = other.open(folder + "/other.db");
    ::_exit(missing.find("give this user the right") == std::string::npos ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::chmod(folder.c_str(), 0755);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(ProfileFileTest, SaysThatAFileIsDamaged) {
  ServerProfiles profiles;
  for (std::uint8_t i = 0; i < 200; ++i) profiles.learn(Visit(i).server(i).handshake());
  save(profiles);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8192);
    for (int i = 0; i < 8192; ++i) file.put(static_cast<char>(i * 37));
  }
  EXPECT_THAT(open_error(), HasSubstr("is damaged; move it away"));
}

TEST_F(ProfileFileTest, TriesAgainWhatCouldNotBeWritten) {
  ServerProfiles profiles;
  auto file = std::make_unique<ProfileFile>();
  ASSERT_THAT(file->open(path), IsEmpty());
  for (std::uint8_t i = 0; i < 200; ++i) profiles.learn(Visit(i).server(i).handshake());
  // No file of this process may grow: what a full disk does, without one.
  (void)::signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
  const rlimit none{.rlim_cur = 4096, .rlim_max = usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  const std::string error = file->finish(profiles);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &usual), 0);
  EXPECT_THAT(error, HasSubstr("look at the disk and its limits"));
  EXPECT_THAT(file->error(), IsEmpty()) << "it was told";
  EXPECT_THAT(file->finish(profiles), IsEmpty());
  file.reset();
  ServerProfiles after;
  EXPECT_EQ(load(after), 0u);
  EXPECT_EQ(after.endpoint_count(), 200u);
}

TEST_F(ProfileFileTest, IsUsableAfterItsWriterWasKilled) {
  for (unsigned round = 0; round < 8; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ServerProfiles profiles;
      ProfileFile file;
      if (!file.open(path).empty() || !file.load(profiles, judge).empty()) ::_exit(1);
      RandomVisits visits(round, judge);
      for (;;) {
        for (int i = 0; i < 50; ++i) profiles.learn(visits.next().handshake());
        (void)file.save(profiles);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(40 + 17 * round));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    ServerProfiles after;
    ASSERT_EQ(load(after), 0u);
  }
  ServerProfiles after;
  EXPECT_EQ(load(after), 0u);
  EXPECT_GT(after.endpoint_count(), 0u);
}

}  // namespace
}  // namespace shakedown::diagnose
