// SPDX-License-Identifier: Apache-2.0
//
// What a worker makes of more than it can do: prints the table of docs/overload.md.
//
//     overload_report [--clients 500000] [--seconds 20] [--ramp 2] [--settling 0] [--slowness 1] [--queue 4096]
//                     [--times 0.8 1.5 2] [--modelled] [--no-shedding]
//     overload_report --costs
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <vector>

#include "experiment.h"

namespace {

using namespace shakedown::overload_test;

void print_head() {
  std::puts(
      "| times | offered/s | missed | missed late | reported | recorded | kept right | all right | "
      "estimate | "
      "failures true | estimated | client bias | exact | max dev | busy | shed | tails | changes "
      "|");
}

void print_row(double times, double rate, const Result& result) {
  const Account& account = result.account;
  double deviation = 0;
  for (const double each : account.class_deviations) {
    deviation = std::fabs(each) > std::fabs(deviation) ? each : deviation;
  }
  const auto percent = [](double share) { return 100.0 * share; };
  const auto part = [](std::uint64_t count, std::uint64_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(count) / static_cast<double>(whole);
  };
  std::printf(
      "| %.2f | %.0f | %.3f %% | %.3f %% | %.2f %% | %.2f %% | %.3f %% | %.3f %% | %+.2f %% | %.2f "
      "%% | %.2f %% | "
      "%+.4f %% | %.2f %% | %+.1f | %.2f | %llu | %llu | %llu |\n",
      times, rate, part(result.missed, result.packets), part(result.missed_late, result.packets),
      percent(account.reported_share), percent(account.recorded_share()),
      percent(account.kept_right_share()), part(account.right, account.recorded),
      percent(account.estimated / static_cast<double>(account.offered) - 1),
      percent(account.offered_failures), percent(account.estimated_failures),
      percent(account.client_bias), percent(account.clients_exact), deviation, result.busy,
      static_cast<unsigned long long>(result.connections_shed),
      static_cast<unsigned long long>(result.tails_shed),
      static_cast<unsigned long long>(result.changes));
  if (!result.broken.empty()) std::printf("broken: %s\n", result.broken.c_str());
  std::printf("    share of 256 every 0.1 s:");
  for (const std::uint32_t share : result.shares) std::printf(" %u", share);
  std::puts("");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"A worker under more load than it can bear"};
  std::uint32_t clients = 500'000;
  Load load{.seconds = 20, .ramp = 2};
  std::vector<double> times{0.8, 1.5, 2};
  bool costs = false;
  bool silent_ports = false;
  bool no_shedding = false;
  app.add_option("--clients", clients, "clients")->check(CLI::Range(100, 1 << 22));
  app.add_option("--seconds", load.seconds, "simulated seconds a row");
  app.add_option("--ramp", load.ramp, "seconds in which the rate rises from nothing");
  app.add_option("--settling", load.settling, "seconds at the beginning that are not judged");
  app.add_option("--slowness", load.slowness, "make the worker so many times slower");
  app.add_option("--queue", load.queue_size, "packets that the port holds");
  app.add_option("--times", times, "rates, as multiples of the sustainable one");
  app.add_option("--seed", load.seed, "of the traffic");
  app.add_flag("--modelled", load.modelled, "time by a model instead of the processor's");
  app.add_flag("--costs", costs, "only what a packet costs that is followed, and one that is not");
  app.add_flag("--silent-ports", silent_ports, "nobody tells how much the ports lose");
  app.add_flag("--no-shedding", no_shedding, "for comparison");
  CLI11_PARSE(app, argc, argv);
  load.ports_tell_losses = !silent_ports;
  load.sheds = !no_shedding;

  const Population population(clients);
  std::printf("%u clients, %.1f packets a connection\n\n", clients,
              population.packets_per_connection());
  if (costs) {
    const PacketCost cost = measure_cost(population, clients);
    std::printf("a packet, of %llu: %.0f ns followed, %.0f ns of clients that are not kept\n",
                static_cast<unsigned long long>(cost.packets), cost.followed_nanos,
                cost.shed_nanos);
    return 0;
  }
  print_head();
  bool good = true;
  for (const double multiple : times) {
    // Just before, because a machine that is shared is faster now and slower then.
    load.rate = multiple * sustainable_rate(population, load.slowness, load.modelled);
    const Result result = run(population, load);
    print_row(multiple, load.rate, result);
    good = good && result.broken.empty();
  }
  return good ? 0 : 1;
}
