// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "process.h"

namespace shakedown {
namespace {

struct Parsed {
  ParsedOptions result;
  std::string error;
};

Parsed parse(std::vector<std::string> words) {
  words.insert(words.begin(), "shakedown-dataplane");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  testing::internal::CaptureStderr();
  Parsed parsed;
  parsed.result = parse_options(static_cast<int>(arguments.size()), arguments.data());
  parsed.error = testing::internal::GetCapturedStderr();
  return parsed;
}

void expect_refused(const std::vector<std::string>& words, const std::string& reason) {
  const Parsed parsed = parse(words);
  EXPECT_FALSE(parsed.result.options.has_value()) << reason;
  EXPECT_EQ(parsed.result.exit_code, kExitBadInput);
  EXPECT_NE(parsed.error.find(reason), std::string::npos) << parsed.error;
  EXPECT_EQ(std::count(parsed.error.begin(), parsed.error.end(), '\n'), 1) << parsed.error;
}

TEST(Options, TakeFiles) {
  const Parsed parsed = parse({"--read", "a", "b", "--without-control"});
  ASSERT_TRUE(parsed.result.options.has_value()) << parsed.error;
  EXPECT_EQ(parsed.result.options->files, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(parsed.result.options->ports.empty());
}

TEST(Options, TakePortsInTheirOrder) {
  const Parsed parsed = parse({"--port", "af_xdp:b", "--port", "af_packet:a", "--workers", "2",
                               "--busy-poll", "--socket", "s", "--silence-timeout", "0.5"});
  ASSERT_TRUE(parsed.result.options.has_value()) << parsed.error;
  const Options& options = *parsed.result.options;
  ASSERT_EQ(options.ports.size(), 2u);
  EXPECT_EQ(options.ports[0].name.text(), "af_xdp:b");
  EXPECT_EQ(options.ports[1].name.text(), "af_packet:a");
  EXPECT_TRUE(options.busy_poll);
  EXPECT_TRUE(options.files.empty());
  EXPECT_EQ(options.timeouts.silence_nanos, kNanosPerSecond / 2);
}

TEST(Options, NeedExactlyOneKindOfInput) {
  expect_refused({"--without-control"}, "one of --read FILE and --port DRIVER:IFACE is needed");
  expect_refused({"--without-control", "--read", "a", "--port", "af_xdp:b"}, "exclude each other");
}

TEST(Options, RefuseAPortThatIsNone) {
  expect_refused({"--without-control", "--port", "eth0"}, "af_packet:eth0");
  expect_refused({"--without-control", "--port", "af_xdp:a", "--port", "xdp:b"},
                 "did you mean af_xdp:b?");
}

TEST(Options, RefuseMorePortsThanThereCanBe) {
  std::vector<std::string> words = {"--without-control"};
  for (unsigned i = 0; i < 32; ++i) {
    words.push_back("--port");
    words.push_back("af_packet:e" + std::to_string(i));
  }
  EXPECT_TRUE(parse(words).result.options.has_value());
  words.push_back("--port");
  words.push_back("af_packet:f");
  expect_refused(words, "at most 32 interfaces");
}

TEST(Options, RefuseBusyPollingOfFiles) {
  expect_refused({"--without-control", "--read", "a", "--busy-poll"},
                 "--busy-poll goes with --port");
}

TEST(Options, TakeThePlacesOfThreads) {
  const Parsed parsed =
      parse({"--port", "tap:a,queues=2", "--workers", "2", "--worker-cpus", "5,2-3", "--main-cpu",
             "1", "--distribution", "queues", "--hugepages", "on", "--shed", "off", "--keep-rights",
             "--log-level", "debug", "--without-control"});
  ASSERT_TRUE(parsed.result.options.has_value()) << parsed.error;
  const Options& options = *parsed.result.options;
  EXPECT_EQ(options.ports[0].queues, 2u);
  EXPECT_EQ(options.worker_processors, (std::vector<unsigned>{5, 2, 3}));
  EXPECT_EQ(options.main_processor, 1u);
  EXPECT_EQ(options.distribution, Distribution::queues);
  EXPECT_EQ(options.huge_pages, Choice::on);
  EXPECT_FALSE(options.shed);
  EXPECT_TRUE(options.keep_rights);
  EXPECT_EQ(options.log_level, LogLevel::debug);
}

TEST(Options, LeaveThePlacesOfThreadsOpen) {
  const Parsed parsed = parse({"--port", "tap:a", "--without-control", "--distribution", "auto"});
  ASSERT_TRUE(parsed.result.options.has_value()) << parsed.error;
  const Options& options = *parsed.result.options;
  EXPECT_TRUE(options.worker_processors.empty());
  EXPECT_FALSE(options.main_processor.has_value());
  EXPECT_FALSE(options.distribution.has_value());
  EXPECT_EQ(options.huge_pages, Choice::automatic);
  EXPECT_TRUE(options.shed);
  EXPECT_FALSE(options.keep_rights);
  EXPECT_EQ(options.log_level, LogLevel::unset);
}

TEST(Options, RefusePlacesThatAreNone) {
  const std::vector<std::string> live = {"--without-control", "--port", "tap:a", "--workers", "2"};
  const auto with = [&](const std::string& name, const std::string& value) {
    std::vector<std::string> words = live;
    words.push_back(name);
    words.push_back(value);
    return words;
  };
  expect_refused(with("--worker-cpus", "1"), "1 processors for 2 workers");
  expect_refused(with("--worker-cpus", "1,1"), "without doubles");
  expect_refused(with("--worker-cpus", "a"), "without doubles");
  expect_refused(with("--main-cpu", "-1"), "--main-cpu");
  expect_refused(with("--distribution", "both"), "--distribution");
  expect_refused(with("--hugepages", "yes"), "--hugepages");
  expect_refused(with("--log-level", "loud"), "--log-level");
  expect_refused(with("--port", "tap:b,mtu=1"), "mtu is a number");
}

TEST(Options, KnowWhatCardsNeed) {
  expect_refused({"--without-control", "--port", "pci:3b:00.0", "--hugepages", "off"},
                 "needs huge pages");
  EXPECT_TRUE(parse({"--without-control", "--port", "tap:a", "--hugepages", "off"})
                  .result.options.has_value());
}

TEST(Options, KnowThatFilesHaveNoQueues) {
  expect_refused({"--without-control", "--read", "a", "--distribution", "queues"},
                 "capture files have no queues");
}

TEST(Options, NeedSomebodyToTakeTheRecords) {
  expect_refused({"--port", "af_xdp:a"}, "one of --handoff-fd, --socket and --without-control");
}

}  // namespace
}  // namespace shakedown
