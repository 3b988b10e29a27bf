// SPDX-License-Identifier: Apache-2.0
//
// Writes large captures with known truth: the same file for the same arguments, on every machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mixer.h"
#include "pcap_writer.h"
#include "showcase.h"
#include "traffic.h"

namespace shakedown::generator {
namespace {

using test_support::CaptureFileFormat;
using test_support::CaptureFileOptions;
using test_support::CaptureFileWriter;
using test_support::kMicrosecond;
using test_support::kMillisecond;

enum class Kind : uint8_t { handshake_heavy, bulk_heavy, syn_flood, lossy, showcase };

struct Settings {
  Kind kind = Kind::handshake_heavy;
  uint64_t connections = 0;  // 0 = what suits the kind
  uint64_t size_mib = 0;     // 0 = no limit
  uint64_t concurrent = 0;
  double fail_percent = 5;
  double loss_percent = 1;
  uint64_t seed = 1;
  bool pcapng = false;
  bool nanoseconds = false;
  std::string out;
  std::string truth;
  std::string expect;
};

void set_defaults(Settings& settings) {
  struct Defaults {
    uint64_t connections;
    uint64_t concurrent;
  };
  static const std::map<Kind, Defaults> kDefaults{{Kind::handshake_heavy, {20'000, 1300}},
                                                  {Kind::bulk_heavy, {2'000, 200}},
                                                  {Kind::syn_flood, {1'000'000, 1300}},
                                                  {Kind::lossy, {20'000, 1300}},
                                                  {Kind::showcase, {0, 1}}};
  const Defaults& defaults = kDefaults.at(settings.kind);
  if (settings.connections == 0) {
    settings.connections = settings.size_mib != 0 ? UINT64_MAX : defaults.connections;
  }
  if (settings.concurrent == 0) {
    settings.concurrent = defaults.concurrent;
  }
}

/// A text file that may be left out.
class LineFile {
 public:
  explicit LineFile(const std::string& path)
      : wanted_(!path.empty()),
        file_(wanted_ ? std::fopen(path.c_str(), "w") : nullptr, &std::fclose) {}

  void write(const std::string& line) {
    if (file_ != nullptr) {
      std::fprintf(file_.get(), "%s\n", line.c_str());
    }
  }
  [[nodiscard]] bool close() {
    if (!wanted_) {
      return true;
    }
    if (file_ == nullptr) {
      return false;
    }
    const bool complete = std::ferror(file_.get()) == 0 && std::fflush(file_.get()) == 0;
    return std::fclose(file_.release()) == 0 && complete;
  }

 private:
  bool wanted_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

class Generator {
 public:
  explicit Generator(const Settings& settings)
      : settings_(settings),
        capture_(settings.out,
                 settings.pcapng ? CaptureFileFormat::pcapng : CaptureFileFormat::pcap,
                 CaptureFileOptions{.nanoseconds = settings.nanoseconds}),
        truth_(settings.truth),
        expect_(settings.expect) {}

  void run() {
    if (settings_.kind == Kind::showcase) {
      for (Flow& flow : showcase_flows()) {
        add(std::move(flow));
      }
    } else {
      run_traffic();
    }
    while (!mixer_.empty()) {
      write_next();
    }
  }

  [[nodiscard]] bool close() {
    bool complete = capture_.close();
    complete &= truth_.close();
    complete &= expect_.close();
    return complete;
  }

  void report() const {
    fmt::print(
        "{}: {} flows, {} TLS connections, {} frames, {:.1f} MiB, {:.1f} s of traffic, "
        "at most {} flows open\n",
        settings_.out, flows_, connections_, frames_,
        static_cast<double>(capture_.bytes_written()) / (1 << 20),
        static_cast<double>(last_ns_ - test_support::kDefaultStart) / 1e9, most_open_);
  }

 private:
  void run_traffic() {
    TrafficShares shares;
    shares.failing = settings_.fail_percent / 100;
    shares.lost_frames = settings_.kind == Kind::lossy ? settings_.loss_percent / 100 : 0;
    Traffic traffic(settings_.seed, shares);
    uint64_t start_ns = test_support::kDefaultStart;
    while (flows_ < settings_.connections && !is_full()) {
      if (!mixer_.empty() && mixer_.next_time_ns() <= start_ns) {
        write_next();
        continue;
      }
      add(next_flow(traffic, start_ns));
      start_ns += interval_ns();
    }
  }

  [[nodiscard]] Flow next_flow(Traffic& traffic, uint64_t start_ns) const {
    switch (settings_.kind) {
      case Kind::bulk_heavy:
        return traffic.bulk(start_ns);
      case Kind::syn_flood:
        return traffic.flood(start_ns);
      case Kind::handshake_heavy:
      case Kind::lossy:
      case Kind::showcase:
        break;
    }
    return traffic.handshake(start_ns);
  }

  /// The rate at which new flows keep the wanted number of them open, by the mean duration of those
  /// so far. Silent ones are left out of the mean: they are few and last long.
  [[nodiscard]] uint64_t interval_ns() const {
    if (settings_.kind == Kind::syn_flood) {
      return kMicrosecond;
    }
    return duration_sum_ns_ / duration_count_ / settings_.concurrent;
  }

  [[nodiscard]] bool is_full() const {
    const uint64_t bytes = capture_bytes_ + mixer_.held_bytes();
    return settings_.size_mib != 0 && bytes >= settings_.size_mib << 20;
  }

  void add(Flow flow) {
    constexpr uint64_t kLongestOfMean = 5'000 * kMillisecond;
    ++flows_;
    if (flow.truth) {
      ++connections_;
      truth_.write(json_line(*flow.truth));
      expect_.write(expect_line(*flow.truth));
    }
    if (!flow.frames.empty()) {
      const uint64_t duration_ns = flow.frames.back().time_ns - flow.frames.front().time_ns;
      if (duration_ns < kLongestOfMean) {
        duration_sum_ns_ += duration_ns;
        ++duration_count_;
      }
    }
    mixer_.add(std::move(flow.frames));
    most_open_ = std::max(most_open_, mixer_.open_count());
  }

  void write_next() {
    constexpr uint64_t kFrameHeaderSize = 16;
    mixer_.pop([&](const test_support::TimedFrame& frame) {
      capture_.write(frame.time_ns, frame.bytes);
      capture_bytes_ += frame.bytes.size() + kFrameHeaderSize;
      last_ns_ = frame.time_ns;
      ++frames_;
    });
  }

  Settings settings_;
  CaptureFileWriter capture_;
  LineFile truth_;
  LineFile expect_;
  Mixer mixer_;
  uint64_t flows_ = 0;
  uint64_t connections_ = 0;
  uint64_t frames_ = 0;
  uint64_t capture_bytes_ = 0;
  uint64_t last_ns_ = test_support::kDefaultStart;
  size_t most_open_ = 0;
  uint64_t duration_sum_ns_ = 200 * kMillisecond;
  uint64_t duration_count_ = 1;
};

int parse(int argc, char** argv, Settings& settings) {
  const std::map<std::string, Kind> kinds{{"handshake-heavy", Kind::handshake_heavy},
                                          {"bulk-heavy", Kind::bulk_heavy},
                                          {"syn-flood", Kind::syn_flood},
                                          {"lossy", Kind::lossy},
                                          {"showcase", Kind::showcase}};
  CLI::App app("Writes captures of TLS traffic with known truth, the same for the same arguments.");
  app.add_option("--kind", settings.kind, "what the capture holds")
      ->transform(CLI::CheckedTransformer(kinds).description(
          "handshake-heavy | bulk-heavy | syn-flood | lossy | showcase"));
  app.add_option("--connections", settings.connections, "flows to begin");
  app.add_option("--size-mib", settings.size_mib,
                 "begin no more flows at this size of the capture");
  app.add_option("--concurrent", settings.concurrent, "flows that are open at once, about");
  app.add_option("--fail-percent", settings.fail_percent, "share of failing handshakes")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--loss-percent", settings.loss_percent,
                 "share of frames missing from a lossy one")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--seed", settings.seed, "the same seed gives the same capture")
      ->capture_default_str();
  app.add_flag("--pcapng", settings.pcapng, "write pcapng instead of classic pcap");
  app.add_flag("--nanoseconds", settings.nanoseconds, "write nanosecond time stamps");
  app.add_option("--out", settings.out, "the capture file")->required();
  app.add_option("--truth", settings.truth, "one JSON line for each TLS connection");
  app.add_option("--expect", settings.expect, "one plain line for each TLS connection");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? -1 : 2;
  }
  return 0;
}

}  // namespace
}  // namespace shakedown::generator

int main(int argc, char** argv) {
  shakedown::generator::Settings settings;
  if (const int stop = shakedown::generator::parse(argc, argv, settings); stop != 0) {
    return stop < 0 ? 0 : stop;
  }
  shakedown::generator::set_defaults(settings);
  shakedown::generator::Generator generator(settings);
  generator.run();
  if (!generator.close()) {
    std::fprintf(stderr, "make_capture: could not write everything to %s or its truth\n",
                 settings.out.c_str());
    return 2;
  }
  generator.report();
  return 0;
}
