// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the configuration says in its sections, one struct for each. Words and numbers
//            stay as they go on to the command lines of the programs; `diagnosis` is control's alone.
// Units:     Seconds as text; processors and ports as numbers; of `diagnosis`, nanoseconds.
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
#include "shakedown/units.h"

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
/// Trust anchors and revocation lists: names of files or folders, which hold any number.
inline constexpr std::size_t kTrustPathCountMax = 100;
/// Below it nothing is left to compare with; above it, memory is for something else.
inline constexpr unsigned kRememberedCountMin = 16;
inline constexpr unsigned kRememberedCountMax = 1u << 22;

/// What a time may be.
struct DurationRange {
  std::int64_t low_nanos = 0;
  std::int64_t high_nanos = 0;
  const char* text = "";  ///< the same in words: "0 to 30s"
};
/// While it lasts, everything that may need an event is held in memory (RecordHold).
inline constexpr DurationRange kDiagnosisWaitRange{0, 30 * kNanosPerSecond, "0 to 30s"};
inline constexpr DurationRange kExpiresSoonRange{0, 365 * 86'400 * kNanosPerSecond, "0 to 365d"};
inline constexpr DurationRange kHalfLifeRange{60 * kNanosPerSecond, 365 * 86'400 * kNanosPerSecond,
                                              "1m to 365d"};

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

struct DiagnosisSettings {
  std::optional<std::int64_t> wait_nanos;
  std::optional<bool> system_roots;
  std::vector<std::string> roots;       ///< files or folders, from where the programs run
  std::vector<std::string> crls;        ///< likewise
  std::optional<std::string> profiles;  ///< path from where the programs run
  std::optional<unsigned> server_profiles;
  std::optional<unsigned> name_profiles;
  std::optional<unsigned> clients;
  std::optional<std::int64_t> expires_soon_nanos;
  std::optional<std::int64_t> half_life_nanos;

  bool operator==(const DiagnosisSettings&) const = default;
};

}  // namespace shakedown::config
