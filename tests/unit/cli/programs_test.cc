// SPDX-License-Identifier: Apache-2.0
#include "cli/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace shakedown::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FindPrograms : public ::testing::Test {
 protected:
  FindPrograms() {
    std::string pattern = (fs::temp_directory_path() / "shakedown-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~FindPrograms() override { fs::remove_all(root_); }

  void put(const fs::path& folder, const char* name, bool executable = true) const {
    fs::create_directories(root_ / folder);
    std::ofstream{root_ / folder / name} << "#!/bin/sh\n";
    if (executable) fs::permissions(root_ / folder / name, fs::perms::owner_all);
  }
  void put_both(const fs::path& folder) const {
    put(folder, "shakedown-dataplane");
    put(folder, "shakedown-control");
  }

  fs::path root_;
};

TEST_F(FindPrograms, TakesThemBesideItselfFirst) {
  put_both("bin");
  put_both("libexec/shakedown");
  const Programs found = find_programs(nullptr, root_ / "bin");
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.dataplane, root_ / "bin/shakedown-dataplane");
  EXPECT_EQ(found.control, root_ / "bin/shakedown-control");
}

TEST_F(FindPrograms, TakesThemFromLibexecOfAnInstallation) {
  put_both("libexec/shakedown");
  EXPECT_EQ(find_programs(nullptr, root_ / "bin").dataplane,
            root_ / "libexec/shakedown/shakedown-dataplane");
}

TEST_F(FindPrograms, LooksNowhereElseWhenToldWhere) {
  put_both("bin");
  put("other", "shakedown-dataplane");
  const std::string other = root_ / "other";
  EXPECT_THAT(find_programs(other.c_str(), root_ / "bin").error,
              HasSubstr("shakedown-control is missing; looked in " + other));
}

TEST_F(FindPrograms, TakesAnEmptyOverrideForNone) {
  put_both("bin");
  EXPECT_EQ(find_programs("", root_ / "bin").error, "");
}

TEST_F(FindPrograms, PassesOverFilesThatCannotBeRun) {
  put("bin", "shakedown-dataplane", false);
  put_both("libexec/shakedown");
  EXPECT_EQ(find_programs(nullptr, root_ / "bin").dataplane,
            root_ / "libexec/shakedown/shakedown-dataplane");
}

TEST(CommandLines, NameOnlyWhatTheUserAskedFor) {
  ReadCommand read;
  read.files = {"a.pcap"};
  EXPECT_THAT(dataplane_words("d", read), ElementsAre("d", "--read", "a.pcap"));
  EXPECT_THAT(control_words("c", read), ElementsAre("c"));
}

TEST(CommandLines, GiveEachProgramTheOptionsItKnows) {
  RunCommand run;
  run.ports = {"af_packet:eth1", "af_xdp:eth2"};
  run.worker_count = 2;
  run.syn_timeout = "3";
  run.config = "s.yaml";
  run.events = "-";
  run.health = "h.ndjson";
  run.busy_poll = true;
  run.quiet = true;
  EXPECT_THAT(dataplane_words("d", run),
              ElementsAre("d", "--workers", "2", "--embryo-timeout", "3", "--quiet", "--busy-poll",
                          "--port", "af_packet:eth1", "--port", "af_xdp:eth2"));
  EXPECT_THAT(control_words("c", run), ElementsAre("c", "--config", "s.yaml", "--events", "-",
                                                   "--health", "h.ndjson", "--quiet"));
}

TEST(CommandLines, TellControlWhatADiagnosisRestsOn) {
  RunCommand run;
  run.roots = {"/a.pem", "/b"};
  run.crls = {"/c"};
  run.no_system_roots = true;
  run.profiles = "/p.db";
  run.diagnosis_wait = "5s";
  EXPECT_THAT(dataplane_words("d", run), ElementsAre("d"));
  EXPECT_THAT(control_words("c", run),
              ElementsAre("c", "--roots", "/a.pem", "--roots", "/b", "--no-system-roots", "--crls",
                          "/c", "--profiles", "/p.db", "--diagnosis-wait", "5s"));
}

TEST(CommandLines, TellTheDataPlaneHowToRun) {
  RunCommand run;
  run.ports = {"af_xdp:eth1,queues=2"};
  run.worker_count = 2;
  run.worker_cpus = "2-3";
  run.main_cpu = 0;
  run.distribution = "queues";
  run.hugepages = "off";
  run.shed = "off";
  run.keep_rights = true;
  run.log_level = "debug";
  EXPECT_THAT(
      dataplane_words("d", run),
      ElementsAre("d", "--workers", "2", "--worker-cpus", "2-3", "--main-cpu", "0",
                  "--distribution", "queues", "--hugepages", "off", "--shed", "off",
                  "--keep-rights", "--log-level", "debug", "--port", "af_xdp:eth1,queues=2"));
}

TEST(CommandLines, StartAWorkerForEachProcessor) {
  RunCommand run;
  run.ports = {"af_xdp:eth1"};
  run.worker_cpus = "2-4,8";
  EXPECT_THAT(dataplane_words("d", run), ElementsAre("d", "--workers", "4", "--worker-cpus",
                                                     "2-4,8", "--port", "af_xdp:eth1"));
}

TEST(CommandLines, TellControlWhoItIs) {
  RunCommand run;
  run.all = true;
  run.sensor_name = "rack 7";
  run.log_level = "warning";
  run.user = "nobody";
  run.control_socket = "/run/s";
  EXPECT_THAT(control_words("c", run),
              ElementsAre("c", "--all", "--sensor", "rack 7", "--log-level", "warning"));
}

TEST(CommandLines, ProtectFilesThatLookLikeOptions) {
  ReadCommand read;
  read.files = {"--all"};
  read.config = "-c.yaml";
  EXPECT_THAT(dataplane_words("d", read), ElementsAre("d", "--read", "./--all"));
  EXPECT_THAT(control_words("c", read), ElementsAre("c", "--config", "./-c.yaml"));
}

}  // namespace
}  // namespace shakedown::cli
