// SPDX-License-Identifier: Apache-2.0
//
// Lets every accident happen to every capture of some folders, and prints what it did to what users
// are told. Exit status 1: something was invented, or a promise was broken.
//
//     accidents_report --captures FOLDER [--captures FOLDER]... [--seeds 50] [--jobs 2]
//                      [--accident PART_OF_NAME] [--seed FIRST]
//     accidents_report --captures FOLDER --list      what the whole captures tell
//     accidents_report --captures FILE --accident NAME --seed N --write OUT.pcap
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "survey.h"

namespace {

using namespace shakedown::accidents;

void print_differences(const Survey& survey) {
  for (const bool defects : {true, false}) {
    for (const auto& [what, difference] : survey.differences) {
      if (is_defect(difference.change) != defects) continue;
      std::printf("\n%s x %llu: %s\n", name_of(difference.change),
                  static_cast<unsigned long long>(difference.count), what.c_str());
      for (const std::string& example : difference.examples) {
        std::printf("    %s\n", example.c_str());
      }
    }
  }
}

int list(const std::vector<std::filesystem::path>& captures) {
  for (const auto& path : captures) {
    const std::optional<Capture> capture = Capture::load(path);
    if (!capture) continue;
    const Verdicts whole = follow(unharmed(*capture), capture->link_type);
    for (const Finding& finding : compare(whole.records, whole.records)) {
      std::printf("%s  %s  %s\n", capture->name.c_str(), finding.connection.c_str(),
                  finding.whole.c_str());
    }
  }
  return 0;
}

int write_one(const std::filesystem::path& path, const std::string& name, std::uint64_t seed,
              const std::filesystem::path& out) {
  std::optional<Capture> capture = Capture::load(path);
  if (!capture) return 2;
  capture->name_senders(follow(unharmed(*capture), capture->link_type).records);
  for (const Accident& accident : all_accidents()) {
    if (accident.name != name) continue;
    Random random(seed_of(capture->name, accident.name, seed));
    return write(accident.happen(*capture, random), capture->link_type, out) ? 0 : 2;
  }
  std::fprintf(stderr, "accidents_report: no accident is called '%s'\n", name.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"What the accidents of mirror ports do to verdicts"};
  std::vector<std::filesystem::path> places;
  SurveyOptions options;
  std::filesystem::path out;
  bool listing = false;
  options.seed_count = 50;
  app.add_option("--captures", places, "folder or file")->required()->check(CLI::ExistingPath);
  app.add_option("--seeds", options.seed_count, "seeds per random accident");
  app.add_option("--seed", options.first_seed, "the first of them");
  app.add_option("--jobs", options.thread_count, "threads")->check(CLI::Range(1, 64));
  app.add_option("--accident", options.accident_filter, "part of an accident's name");
  app.add_flag("--list", listing, "no accident: what the whole captures tell");
  app.add_option("--write", out, "write the capture after this one accident");
  CLI11_PARSE(app, argc, argv);

  if (!out.empty()) return write_one(places[0], options.accident_filter, options.first_seed, out);
  std::vector<std::filesystem::path> captures;
  for (const auto& place : places) {
    if (std::filesystem::is_directory(place)) {
      const auto found = captures_in(place);
      captures.insert(captures.end(), found.begin(), found.end());
    } else {
      captures.push_back(place);
    }
  }
  if (listing) return list(captures);
  const Survey result = survey(captures, options);
  std::printf("%zu captures with %zu connections, %llu seeds\n\n%s", result.capture_count,
              result.connection_count, static_cast<unsigned long long>(options.seed_count),
              table_of(result).c_str());
  print_differences(result);
  for (const std::string& error : result.broken_sums)
    std::printf("\nbroken sum: %s\n", error.c_str());
  for (const std::string& name : result.unreadable) std::printf("\nnot read: %s\n", name.c_str());
  bool defect = !result.broken_sums.empty();
  for (unsigned i = 0; i < kChangeCount; ++i) {
    const auto change = static_cast<Change>(i);
    defect = defect || (is_defect(change) && result.count_of(change) != 0);
  }
  return defect ? 1 : 0;
}
