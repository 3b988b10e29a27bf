// SPDX-License-Identifier: Apache-2.0
#include "serve/answers.h"

namespace shakedown::serve {

std::string_view name_of(ProcessState state) {
  switch (state) {
    case ProcessState::waiting:
      return "waiting";
    case ProcessState::starting:
      return "starting";
    case ProcessState::running:
      return "running";
    case ProcessState::ending:
      return "ending";
  }
  return "unknown";
}

std::string_view name_of(LinkState state) {
  switch (state) {
    case LinkState::up:
      return "up";
    case LinkState::down:
      return "down";
    case LinkState::unknown:
      break;
  }
  return "unknown";
}

std::string_view name_of(Distribution distribution) {
  switch (distribution) {
    case Distribution::single:
      return "single";
    case Distribution::queues:
      return "queues";
    case Distribution::distributor:
      return "distributor";
  }
  return "unknown";
}

std::string_view name_of(OverloadLevel level) {
  switch (level) {
    case OverloadLevel::none:
      return "none";
    case OverloadLevel::tails:
      return "tails";
    case OverloadLevel::clients:
      return "clients";
  }
  return "unknown";
}

std::string_view name_of(Followed followed) {
  switch (followed) {
    case Followed::embryo:
      return "embryo";
    case Followed::connection:
      return "connection";
    case Followed::decided:
      return "decided";
    case Followed::unknown:
      break;
  }
  return "unknown";
}

}  // namespace shakedown::serve
