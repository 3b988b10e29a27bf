// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the configuration says about a live run, one struct per section. Words and numbers
//            stay as they go on to the command lines of the programs.
// Units:     Seconds as text; processors and ports as numbers.
// Ownership: Values.
// Threading: Pure.
// Limits:    Those given here and in limits.h.
// Failure:   What is not set has no value: its default belongs to the program that uses it.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/port_settings.h"

namespace shakedown::config {

/// What the kernel can number (CPU_SETSIZE - 1).
inline constexpr unsigned kProcessorMax = 1023;
/// The longest name that DNS knows, and a little more than a host can have.
inline constexpr std::size_t kSensorNameSizeMax = 255;
/// sockaddr_un::sun_path less its NUL.
inline constexpr std::size_t kSocketPathSizeMax = 107;
/// What useradd makes.
inline constexpr std::size_t kAccountNameSizeMax = 32;
/// They are one word of a command line.
inline constexpr std::size_t kWatchPortCountMax = 1000;
/// Per worker; their memory is taken at the start.
inline constexpr unsigned kFollowedCountMax = 1u << 24;

struct SensorSettings {
  std::optional<std::string> name;

  bool operator==(const SensorSettings&) const = default;
};

struct WorkerSettings {
  std::optional<unsigned> count;
  std::vector<unsigned> cpus;  ///< of the first worker, the second, ...; empty: any
  std::optional<unsigned> main_cpu;
  std::optional<std::string> distribution;  ///< auto, queues, distributor
  std::optional<bool> busy_poll;

  bool operator==(const WorkerSettings&) const = default;
};

struct HandshakeSettings {
  std::optional<std::string> silence_timeout;
  std::optional<std::string> syn_timeout;
  std::vector<std::uint16_t> watch_ports;  ///< empty: the default ones
  std::optional<unsigned> followed_max;

  bool operator==(const HandshakeSettings&) const = default;
};

struct OverloadSettings {
  std::optional<bool> shed;

  bool operator==(const OverloadSettings&) const = default;
};

struct MemorySettings {
  std::optional<std::string> hugepages;  ///< auto, on, off

  bool operator==(const MemorySettings&) const = default;
};

struct OutputSettings {
  std::optional<std::string> events;  ///< path from where the programs run, or "-"
  std::optional<bool> all;
  std::optional<std::string> health;  ///< as `events`

  bool operator==(const OutputSettings&) const = default;
};

struct ControlSettings {
  std::optional<std::string> user;
  std::optional<std::string> socket;  ///< path from where the programs run, or "off"
  std::optional<std::string> socket_group;
  std::optional<std::string> log_level;  ///< error, warning, info, debug

  bool operator==(const ControlSettings&) const = default;
};

}  // namespace shakedown::config
