// SPDX-License-Identifier: Apache-2.0
#include "serve/service.h"

#include <utility>
#include <variant>

#include "log.h"
#include "wall_clock.h"

namespace shakedown::serve {

namespace {

template <class... Handlers>
struct Cases : Handlers... {
  using Handlers::operator()...;
};

std::string nothing_kept() {
  return refusal_line({"not_possible", "this sensor keeps no events that it could explain"});
}

std::string no_dataplane() {
  return refusal_line({"not_possible", "no data plane is attached just now: the sensor is blind"});
}

}  // namespace

Service::Service(int listening_fd, Hooks hooks, ServerLimits limits)
    : hooks_(std::move(hooks)),
      server_(
          listening_fd,
          [this](const Request& request, Server::Reply reply) {
            answer(request, std::move(reply));
          },
          limits) {}

void Service::turn(Clock::time_point now) {
  if (now < due_) return;
  due_ = now + kServicePeriod;
  SegmentHeader* segment = hooks_.segment();
  rates_.update(segment, now);
  server_.poll();
  ask_workers(segment, now);
}

void Service::answer(const Request& request, Server::Reply reply) {
  SegmentHeader* segment = hooks_.segment();
  const auto with_segment = [&](std::string (*render)(SegmentHeader&)) {
    reply(segment != nullptr ? render(*segment) : no_dataplane());
  };
  std::visit(
      Cases{[&](const StatusRequest&) {
              reply(status_answer(hooks_.facts(), segment, rates_.get(), hooks_.supervisor,
                                  wall_clock()));
            },
            [&](const CountersRequest&) { with_segment(counters_answer); },
            [&](const PortsRequest&) { with_segment(ports_answer); },
            [&](const QueuesRequest&) { with_segment(queues_answer); },
            [&](const ConnectionRequest& about) {
              questions_.push_back({about, std::move(reply)});
            },
            [&](const LogLevelRequest& asked) {
              hooks_.set_log_level(asked.level);
              reply(log_level_answer(asked.level));
            },
            [&](const ExplainRequest& about) {
              reply(hooks_.recent_events == nullptr
                        ? nothing_kept()
                        : explain_answer(about.subject, *hooks_.recent_events, hooks_.profile_of));
            },
            [&](const ReloadRequest&) {
              if (hooks_.reload()) {
                waiting_for_reload_.push_back(std::move(reply));
              } else {
                reply(refusal_line({"busy", "a reload is going on already"}));
              }
            }},
      request);
}

void Service::ask_workers(SegmentHeader* segment, Clock::time_point now) {
  while (!questions_.empty()) {
    Question& question = questions_.front();
    const bool lost =
        inspection_.open() && (segment == nullptr || segment->boot_generation != asked_generation_);
    std::string line;
    if (segment == nullptr || lost) {
      inspection_.forget();
      line = no_dataplane();
    } else {
      if (!inspection_.open()) {
        inspection_.ask(*segment, question.about.client, question.about.server, now);
        asked_generation_ = segment->boot_generation;
      }
      const auto findings = inspection_.poll(*segment, now);
      if (!findings) return;
      line = connection_answer(*findings, *segment, hooks_.write_record);
    }
    const Server::Reply reply = std::move(question.reply);
    questions_.pop_front();
    reply(std::move(line));
  }
}

void Service::reloaded(const ReloadResult& result) {
  const std::string line = reload_answer(result);
  for (const Server::Reply& reply : std::exchange(waiting_for_reload_, {})) reply(line);
}

}  // namespace shakedown::serve
