// SPDX-License-Identifier: Apache-2.0
#include "cli/identity.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace shakedown::cli {
namespace {

/// Root's files and those of others: events may go, and captures and lists may be read, where only
/// root can.
constexpr std::array<int, 2> kKeptByRoot = {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH};

bool is_kept(int capability) {
  for (const int kept : kKeptByRoot) {
    if (kept == capability) return true;
  }
  return false;
}

/// What root may ever gain by executing a program: exec gives root the whole bounding set, so what is
/// dropped here is gone after it. A right that cannot be dropped (CAP_SETPCAP is missing in some
/// containers) is one that a restricted root keeps, which is no reason not to start.
void trim_bounding_set() {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    if (!is_kept(capability)) prctl(PR_CAPBSET_DROP, capability);
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

}  // namespace

IdentityChoice find_identity(const std::string& user) {
  if (user.empty()) return {{.kind = Identity::Kind::trimmed}, {}};
  errno = 0;
  const passwd* const entry = getpwnam(user.c_str());
  if (entry == nullptr) {
    return {{},
            fmt::format("there is no user '{0}' for the control plane; make one: useradd --system "
                        "--no-create-home --shell /usr/sbin/nologin {0}",
                        user)};
  }
  Identity identity{.kind = Identity::Kind::user, .uid = entry->pw_uid, .gid = entry->pw_gid};
  if (identity.uid == geteuid()) {
    identity.kind = Identity::Kind::trimmed;
    return {identity, {}};
  }
  if (geteuid() != 0) {
    return {
        {},
        fmt::format("only root can start the control plane as the user '{}'; leave the user out, "
                    "or start as root",
                    user)};
  }
  int count = static_cast<int>(kGroupCountMax);
  identity.groups.resize(kGroupCountMax);
  if (getgrouplist(user.c_str(), identity.gid, identity.groups.data(), &count) < 0) {
    return {{}, fmt::format("the user '{}' is in more than {} groups", user, kGroupCountMax)};
  }
  identity.groups.resize(static_cast<std::size_t>(count));
  return {identity, {}};
}

gid_t find_group(const std::string& name, std::string& error) {
  if (const group* const entry = getgrnam(name.c_str())) return entry->gr_gid;
  char* end = nullptr;
  const unsigned long number = std::strtoul(name.c_str(), &end, 10);
  if (!name.empty() && name[0] >= '0' && name[0] <= '9' && *end == '\0') {
    return static_cast<gid_t>(number);
  }
  error = fmt::format(
      "there is no group '{0}' for the control socket; make one: groupadd --system "
      "{0}",
      name);
  return static_cast<gid_t>(-1);
}

IdentityStep take_identity(const Identity& identity) noexcept {
  if (identity.kind == Identity::Kind::as_it_is) return IdentityStep::done;
  // As long as we may: after the change of user we could not.
  if (geteuid() == 0) trim_bounding_set();
  if (identity.kind == Identity::Kind::user) {
    if (setgroups(identity.groups.size(), identity.groups.data()) != 0) return IdentityStep::groups;
    if (setresgid(identity.gid, identity.gid, identity.gid) != 0) return IdentityStep::group;
    // From root to another user, all capabilities go with this.
    if (setresuid(identity.uid, identity.uid, identity.uid) != 0) return IdentityStep::user;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return IdentityStep::no_new_privileges;
  return IdentityStep::done;
}

const char* describe(IdentityStep step) {
  switch (step) {
    case IdentityStep::done:
      return "";
    case IdentityStep::groups:
      return "its groups cannot be set";
    case IdentityStep::group:
      return "its group cannot be set";
    case IdentityStep::user:
      return "its user cannot be set";
    case IdentityStep::no_new_privileges:
      return "it cannot be kept from gaining rights";
  }
  return "it cannot be restricted";
}

}  // namespace shakedown::cli
