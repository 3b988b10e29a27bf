// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include "enrich/chain_verdict.h"

namespace shakedown::enrich {

namespace {

bool good_at(const Route& route, UnixNanos at) {
  return std::none_of(route.begin(), route.end(), [at](const RouteStep& step) {
    return step.expired(at) || step.not_yet_valid(at) || step.revoked(at);
  });
}

/// A client takes whichever path it finds valid.
const Route* route_at(const ChainVerdict& verdict, UnixNanos at) {
  if (verdict.routes.empty()) return nullptr;
  if (!at.known() || verdict.routes.size() == 1) return &verdict.routes.front();
  const auto good = std::find_if(verdict.routes.begin(), verdict.routes.end(),
                                 [at](const Route& route) { return good_at(route, at); });
  return good == verdict.routes.end() ? &verdict.routes.front() : &*good;
}

std::int64_t distance(UnixNanos from, UnixNanos to) {
  std::int64_t nanos = 0;
  if (!__builtin_sub_overflow(to.value, from.value, &nanos)) return nanos;
  return to > from ? std::numeric_limits<std::int64_t>::max()
                   : std::numeric_limits<std::int64_t>::min();
}

void assess_end(UnixNanos leaf_end, UnixNanos end, UnixNanos at, std::int64_t expires_soon_nanos,
                Assessment& assessment) {
  assessment.margin_nanos = distance(at, end);
  assessment.expires_soon =
      !assessment.expired && leaf_end.known() && distance(at, leaf_end) <= expires_soon_nanos;
}

void assess_dates(const Route& route, UnixNanos at, std::int64_t expires_soon_nanos,
                  Assessment& assessment) {
  UnixNanos end = kEndOfTime;
  for (const RouteStep& step : route) {
    assessment.expired |= step.expired(at);
    assessment.not_yet_valid |= step.not_yet_valid(at);
    if (step.valid_until.known()) end = std::min(end, step.valid_until);
  }
  assess_end(route.front().valid_until, end, at, expires_soon_nanos, assessment);
}

}  // namespace

bool RouteStep::revoked(UnixNanos at) const {
  return std::any_of(revocations.begin(), revocations.end(), [at](const Revocation& revocation) {
    // Without a moment, what was ever revoked for good is revoked.
    return at.known() ? revocation.from <= at && at < revocation.until
                      : revocation.until == kEndOfTime;
  });
}

Assessment assess_at(const ChainVerdict& verdict, const Certificate& leaf, Purpose purpose,
                     UnixNanos at, std::int64_t expires_soon_nanos) {
  const Route* route = route_at(verdict, at);
  if (route == nullptr) {
    Assessment assessment = assess_unjudged(leaf, at, expires_soon_nanos);
    assessment.trust = verdict.trust;
    return assessment;
  }
  Assessment assessment;
  assessment.trust = verdict.trust;
  assessment.issuer = verdict.issuer;
  assessment.issuer_from_elsewhere = verdict.trust == Trust::intermediate_missing;
  assessment.out_of_order = verdict.out_of_order >= 0;
  assessment.superfluous = verdict.superfluous >= 0;
  for (const RouteStep& step : *route) {
    assessment.weak_key |= step.weak_key;
    assessment.weak_signature |= step.weak_signature;
    assessment.wrong_usage |= step.misused(purpose);
    assessment.revoked_by_list |= step.revoked(at);
  }
  assessment.revoked = assessment.revoked_by_list;
  if (at.known()) assess_dates(*route, at, expires_soon_nanos, assessment);
  return assessment;
}

Assessment assess_unjudged(const Certificate& leaf, UnixNanos at, std::int64_t expires_soon_nanos) {
  Assessment assessment;
  if (!leaf.readable || !at.known()) return assessment;
  assessment.expired = leaf.valid_until.known() && leaf.valid_until < at;
  assessment.not_yet_valid = leaf.valid_from.known() && at < leaf.valid_from;
  if (leaf.valid_until.known()) {
    assess_end(leaf.valid_until, leaf.valid_until, at, expires_soon_nanos, assessment);
  }
  if (assessment.expired || assessment.not_yet_valid || assessment.expires_soon) {
    assessment.culprit = 0;
  }
  return assessment;
}

void set_culprit(const ChainVerdict& verdict, Purpose purpose, UnixNanos at,
                 Assessment& assessment) {
  const Route* route = route_at(verdict, at);
  if (route == nullptr) {
    assessment.culprit = 0;  // unreadable
    return;
  }
  const auto first = [route](auto is_guilty) -> std::int8_t {
    const auto found = std::find_if(route->begin(), route->end(), is_guilty);
    return found == route->end() ? std::int8_t{0} : found->place;
  };
  if (assessment.revoked) {
    assessment.culprit = first([at](const RouteStep& step) { return step.revoked(at); });
  } else if (verdict.trust == Trust::intermediate_missing) {
    assessment.culprit = -1;
  } else if (verdict.trust != Trust::trusted && verdict.trust != Trust::not_judged) {
    assessment.culprit = route->back().place;
  } else if (assessment.expired || assessment.not_yet_valid) {
    assessment.culprit =
        first([at](const RouteStep& step) { return step.expired(at) || step.not_yet_valid(at); });
  } else if (assessment.name == NameMatch::differs || assessment.name == NameMatch::no_names) {
    assessment.culprit = 0;
  } else if (assessment.wrong_usage) {
    assessment.culprit = first([purpose](const RouteStep& step) { return step.misused(purpose); });
  } else if (assessment.weak_key) {
    assessment.culprit = first(std::mem_fn(&RouteStep::weak_key));
  } else if (assessment.weak_signature) {
    assessment.culprit = first(std::mem_fn(&RouteStep::weak_signature));
  } else if (assessment.staple > Staple::good || assessment.staple_missing ||
             assessment.expires_soon) {
    assessment.culprit = 0;
  } else {
    assessment.culprit = verdict.out_of_order >= 0 ? verdict.out_of_order : verdict.superfluous;
  }
}

}  // namespace shakedown::enrich
