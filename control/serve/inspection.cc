// SPDX-License-Identifier: Apache-2.0
#include "serve/inspection.h"

#include <algorithm>
#include <utility>

namespace shakedown::serve {

namespace {

/// Who follows a connection knows more of it than who remembers that it is over.
int weight(Followed followed) {
  switch (followed) {
    case Followed::connection:
      return 3;
    case Followed::embryo:
      return 2;
    case Followed::decided:
      return 1;
    case Followed::unknown:
      break;
  }
  return 0;
}

Finding copy(const InspectionAnswer& answer, unsigned worker) {
  return {.worker = worker,
          .followed = answer.followed,
          .client_certain = answer.client_certain,
          .deadline = UnixNanos{answer.deadline},
          .held_bytes = answer.held_bytes,
          .record = answer.record};
}

}  // namespace

void Inspection::ask(SegmentHeader& segment, const Endpoint& first, const Endpoint& second,
                     Clock::time_point now) {
  InspectionQuestion& question = segment.control.question;
  question.family = first.family;
  question.first_address = first.address;
  question.first_port = first.port;
  question.second_address = second.address;
  question.second_port = second.port;
  // An earlier control may have asked as well. Zero would mean that nobody has.
  sequence_ = question.sequence.load(std::memory_order_relaxed) + 1;
  if (sequence_ == 0) sequence_ = 1;
  question.sequence.store(sequence_, std::memory_order_release);
  deadline_ = now + kAnswerPatience;
  open_ = true;
}

std::optional<Findings> Inspection::poll(SegmentHeader& segment, Clock::time_point now) {
  if (!open_) return std::nullopt;
  Findings findings;
  for (unsigned i = 0; i < segment.worker_count; ++i) {
    const InspectionAnswer& answer = worker_area(&segment, i)->answer;
    if (answer.sequence.load(std::memory_order_acquire) != sequence_) {
      findings.silent.push_back(i);
    } else if (answer.followed != Followed::unknown) {
      findings.found.push_back(copy(answer, i));
    }
  }
  if (!findings.silent.empty() && now < deadline_) return std::nullopt;
  open_ = false;
  std::ranges::stable_sort(findings.found, std::greater<>(),
                           [](const Finding& finding) { return weight(finding.followed); });
  return findings;
}

}  // namespace shakedown::serve
