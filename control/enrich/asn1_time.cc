// SPDX-License-Identifier: Apache-2.0
#include "enrich/asn1_time.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <limits>

namespace shakedown::enrich {

namespace {

/// Seconds since 1970. Years of four digits cannot overflow it.
bool unix_seconds(const ASN1_TIME* time, std::int64_t& seconds) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return false;
  using namespace std::chrono;
  const year_month_day date(year(parts.tm_year + 1900),
                            month(static_cast<unsigned>(parts.tm_mon + 1)),
                            day(static_cast<unsigned>(parts.tm_mday)));
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  seconds = days * 86'400 + parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec;
  return true;
}

UnixNanos nanos_of(std::int64_t seconds) {
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(seconds, kNanosPerSecond, &nanos)) {
    return seconds > 0 ? kEndOfTime : UnixNanos{std::numeric_limits<std::int64_t>::min()};
  }
  return UnixNanos{nanos};
}

}  // namespace

UnixNanos unix_nanos(const ASN1_TIME* time) {
  std::int64_t seconds = 0;
  return unix_seconds(time, seconds) ? nanos_of(seconds) : UnixNanos{};
}

UnixNanos last_unix_nanos(const ASN1_TIME* time) {
  std::int64_t seconds = 0;
  return unix_seconds(time, seconds) ? add_saturating(nanos_of(seconds), kNanosPerSecond - 1)
                                     : UnixNanos{};
}

std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace shakedown::enrich
