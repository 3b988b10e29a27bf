// SPDX-License-Identifier: Apache-2.0
#include "port/queue_plan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shakedown::port {
namespace {

Interface interface_of(const std::string& text) {
  Interface interface;
  interface.spec = parse_port_spec(text).spec.value();
  return interface;
}

TEST(Distribution, IsNoneForOneWorker) {
  const std::vector<PortQueues> ports = {{"tap:a", 4, RssStatus::symmetric}};
  EXPECT_EQ(choose_distribution(ports, 1, std::nullopt).distribution, Distribution::single);
  EXPECT_EQ(choose_distribution(ports, 1, Distribution::queues).distribution, Distribution::single);
}

TEST(Distribution, GivesWorkersQueuesThatKeepConnectionsTogether) {
  const std::vector<PortQueues> ports = {{"tap:a", 2, RssStatus::symmetric},
                                         {"tap:b", 2, RssStatus::symmetric}};
  const DistributionChoice choice = choose_distribution(ports, 2, std::nullopt);
  EXPECT_EQ(choice.distribution, Distribution::queues);
  EXPECT_EQ(choice.reason, "");
}

TEST(Distribution, HandsOutWhatQueuesWouldPart) {
  const std::vector<PortQueues> ports = {{"tap:a", 2, RssStatus::symmetric},
                                         {"af_xdp:b", 2, RssStatus::no_table}};
  const DistributionChoice choice = choose_distribution(ports, 2, std::nullopt);
  EXPECT_EQ(choice.distribution, Distribution::distributor);
  EXPECT_NE(choice.reason.find("af_xdp:b"), std::string::npos) << choice.reason;
}

TEST(Distribution, NeedsAQueueForEachWorkerAtEveryPort) {
  const std::vector<PortQueues> few = {{"tap:a", 1, RssStatus::symmetric}};
  EXPECT_EQ(choose_distribution(few, 2, std::nullopt).distribution, Distribution::distributor);
  const DistributionChoice asked = choose_distribution(few, 2, Distribution::queues);
  EXPECT_NE(asked.refusal.find("1 of the 2 queues"), std::string::npos) << asked.refusal;
  const std::vector<PortQueues> uneven = {{"tap:a", 2, RssStatus::symmetric},
                                          {"tap:b", 4, RssStatus::symmetric}};
  EXPECT_EQ(choose_distribution(uneven, 2, std::nullopt).distribution, Distribution::distributor);
  EXPECT_NE(choose_distribution(uneven, 2, Distribution::queues).refusal, "");
}

TEST(Distribution, GivesEachWorkerAsMuch) {
  for (unsigned count = 2; count < 9; ++count) {
    const std::vector<PortQueues> ports = {{"nic:a", count, RssStatus::symmetric}};
    const auto expected = count % 2 == 0 ? Distribution::queues : Distribution::distributor;
    EXPECT_EQ(choose_distribution(ports, 2, std::nullopt).distribution, expected) << count;
    EXPECT_EQ(choose_distribution(ports, 2, Distribution::queues).distribution,
              Distribution::queues);
  }
}

TEST(Distribution, IsWhatTheUserSays) {
  const std::vector<PortQueues> good = {{"tap:a", 2, RssStatus::symmetric}};
  EXPECT_EQ(choose_distribution(good, 2, Distribution::distributor).distribution,
            Distribution::distributor);
  const std::vector<PortQueues> unknown = {{"af_xdp:a", 2, RssStatus::no_table}};
  EXPECT_EQ(choose_distribution(unknown, 2, Distribution::queues).distribution,
            Distribution::queues);
}

TEST(Distribution, ReadsEachQueueOnceAndTheSameEverywhere) {
  std::vector<unsigned> counts(3);
  for (unsigned queue = 0; queue < 6; ++queue) ++counts[worker_of_queue(queue, 3)];
  EXPECT_EQ(counts, (std::vector<unsigned>{2, 2, 2}));
}

TEST(ExpectedRss, TrustsTapsAndCardsUnlessToldNotTo) {
  EXPECT_EQ(expected_rss(interface_of("tap:a")), RssStatus::symmetric);
  EXPECT_EQ(expected_rss(interface_of("tap:a,rss=off")), RssStatus::not_asked);
  EXPECT_EQ(expected_rss(interface_of("pci:3b:00.0")), RssStatus::symmetric);
  EXPECT_NE(expected_rss(interface_of("af_xdp:a")), RssStatus::symmetric);
  EXPECT_NE(expected_rss(interface_of("af_packet:a")), RssStatus::symmetric);
}

TEST(WorkerProcessors, ComeFromThePortsUnlessTheyAreNamed) {
  const std::vector<Interface> interfaces = {interface_of("tap:a,cpus=4;6"), interface_of("tap:b")};
  EXPECT_EQ(choose_processors(interfaces, {}, 2).processors, (std::vector<unsigned>{4, 6}));
  EXPECT_EQ(choose_processors(interfaces, {1, 2}, 2).processors, (std::vector<unsigned>{1, 2}));
  EXPECT_TRUE(choose_processors({}, {}, 2).processors.empty());
}

TEST(WorkerProcessors, AreTheSameForAllPorts) {
  const std::vector<Interface> same = {interface_of("tap:a,cpus=1-2"),
                                       interface_of("tap:b,cpus=1;2")};
  EXPECT_EQ(choose_processors(same, {}, 2).refusal, "");
  const std::vector<Interface> different = {interface_of("tap:a,cpus=1-2"),
                                            interface_of("tap:b,cpus=2;1")};
  EXPECT_NE(choose_processors(different, {}, 2).refusal, "");
  EXPECT_NE(choose_processors(same, {}, 3).refusal, "");
}

}  // namespace
}  // namespace shakedown::port
