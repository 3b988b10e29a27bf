// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/profile_database.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "diagnose/profile/offer_digest.h"
#include "diagnose/profile/profile_codec.h"

namespace shakedown::diagnose {

namespace {

constexpr const char* kTableNames[] = {"endpoint", "name"};
/// A predecessor that is just being stopped still holds the file for a moment.
constexpr int kLockWaitMillis = 1000;

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

/// A prepared statement; freed with its scope.
class ProfileDatabase::Statement {
 public:
  Statement(sqlite3* connection, const std::string& sql) {
    code_ = sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement_, nullptr);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  [[nodiscard]] int code() const { return code_; }
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
  void bind(int index, double value) { sqlite3_bind_double(statement_, index, value); }
  void bind(int index, Bytes value) {
    sqlite3_bind_blob64(statement_, index, value.data(), value.size(), SQLITE_STATIC);
  }
  [[nodiscard]] int step() { return code_ == SQLITE_OK ? sqlite3_step(statement_) : code_; }
  /// Once, for a statement without rows; ready for the next time then.
  [[nodiscard]] int execute() {
    const int code = step();
    sqlite3_reset(statement_);
    return code == SQLITE_DONE ? SQLITE_OK : code;
  }
  /// Calls `visit()` at each row.
  template <class Visit>
  [[nodiscard]] int each(Visit&& visit) {
    int code = step();
    for (; code == SQLITE_ROW; code = step()) visit();
    return code == SQLITE_DONE ? SQLITE_OK : code;
  }
  [[nodiscard]] std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] double real(int column) { return sqlite3_column_double(statement_, column); }
  [[nodiscard]] Bytes bytes(int column) {
    const void* const data = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return {static_cast<const std::uint8_t*>(data),
            data == nullptr ? 0 : static_cast<std::size_t>(size)};
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int code_ = SQLITE_OK;
};

ProfileDatabase::ProfileDatabase() = default;
ProfileDatabase::~ProfileDatabase() { close(); }

void ProfileDatabase::close() {
  sqlite3_close_v2(connection_);
  connection_ = nullptr;
}

std::string ProfileDatabase::sentence(int code) const {
  const std::string name = fmt::format("the profiles in {}", path_);
  switch (code & 0xff) {
    case SQLITE_OK:
      return {};
    case SQLITE_NOTADB:
      return fmt::format(
          "{} is not a database; name another file for the profiles, or move this one away", path_);
    case SQLITE_CORRUPT:
      return fmt::format("{} is damaged; move it away, and the profiles will be learnt anew",
                         path_);
    case SQLITE_FULL:
      return fmt::format("{} cannot be saved because the disk is full; free some space", name);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fmt::format("{} are in use by another process; stop it, or name another file", name);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return fmt::format(
          "{} cannot be written; give this user the right to write the file and its folder", path_);
    case SQLITE_CANTOPEN: {
      struct stat status {};
      const std::string folder = folder_of(path_);
      if (::stat(folder.c_str(), &status) != 0 && errno == ENOENT) {
        return fmt::format("{} cannot be made because there is no folder {}; make it", path_,
                           folder);
      }
      if (::stat(path_.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        return fmt::format("{} is a folder; name a file in it for the profiles", path_);
      }
      return fmt::format(
          "{} cannot be opened; give this user the right to read and write it and its folder",
          path_);
    }
    case SQLITE_IOERR: {
      const int reason = connection_ == nullptr ? 0 : sqlite3_system_errno(connection_);
      return fmt::format("{} cannot be read or written{}{}; look at the disk and its limits", path_,
                         reason == 0 ? "" : ": ", reason == 0 ? "" : std::strerror(reason));
    }
    default:
      return fmt::format(
          "{} cannot be used ({}); move it away, and the profiles will be learnt anew", path_,
          sqlite3_errstr(code));
  }
}

int ProfileDatabase::run(const char* sql) {
  return sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
}

int ProfileDatabase::number(const char* sql, std::int64_t& out) {
  Statement statement(connection_, sql);
  return statement.each([&] { out = statement.number(0); });
}

std::string ProfileDatabase::open(const std::string& path) {
  close();
  path_ = path;
  chains_.clear();
  offers_.clear();
  int code =
      sqlite3_open_v2(path.c_str(), &connection_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  // Where it may not be written, SQLite opens it for reading and says nothing.
  if (code == SQLITE_OK && sqlite3_db_readonly(connection_, "main") == 1) code = SQLITE_READONLY;
  std::string error = sentence(code);
  if (error.empty()) {
    sqlite3_busy_timeout(connection_, kLockWaitMillis);
    bool fresh = false;
    error = check_ours(fresh);
    if (error.empty()) error = prepare_schema(fresh);
  }
  if (!error.empty()) close();
  return error;
}

/// Only reads: a file that is not ours is left as it is.
std::string ProfileDatabase::check_ours(bool& fresh) {
  std::int64_t application = 0;
  std::int64_t version = 0;
  std::int64_t tables = 0;
  // The file stays locked from here on, so that nobody else writes to what is in memory here.
  int code = run("PRAGMA locking_mode = EXCLUSIVE");
  if (code == SQLITE_OK) code = number("SELECT count(*) FROM sqlite_master", tables);
  if (code == SQLITE_OK) code = number("PRAGMA application_id", application);
  if (code == SQLITE_OK) code = number("PRAGMA user_version", version);
  if (code != SQLITE_OK) return sentence(code);
  fresh = application == 0 && version == 0 && tables == 0;
  if (fresh) return {};
  if (application != kProfileApplicationId) {
    return fmt::format("{} is a database of another program; name another file for the profiles",
                       path_);
  }
  if (version > kProfileSchemaVersion) {
    return fmt::format(
        "{} was written by a newer version of shakedown (schema {}, this one knows {}); use that "
        "version, or name another file for the profiles",
        path_, version, kProfileSchemaVersion);
  }
  bool sound = false;
  Statement check(connection_, "PRAGMA quick_check(1)");
  code = check.each([&] {
    const Bytes text = check.bytes(0);
    sound = std::string_view(reinterpret_cast<const char*>(text.data()), text.size()) == "ok";
  });
  if (code == SQLITE_OK && !sound) code = SQLITE_CORRUPT;
  return sentence(code);
}

std::string ProfileDatabase::prepare_schema(bool fresh) {
  // With a write-ahead log a commit is one append; without a sync at each, loss of power may take
  // the last ones back, and never damages the file.
  int code = run("PRAGMA journal_mode = WAL");
  if (code == SQLITE_OK) code = run("PRAGMA synchronous = NORMAL");
  if (code == SQLITE_OK) code = run("BEGIN IMMEDIATE");
  if (code == SQLITE_OK && fresh) {
    const std::string schema = fmt::format(
        "CREATE TABLE endpoint(key BLOB PRIMARY KEY, used INTEGER NOT NULL, proven INTEGER NOT "
        "NULL,"
        " profile BLOB NOT NULL);"
        "CREATE INDEX endpoint_used ON endpoint(proven, used);"
        "CREATE TABLE name(key BLOB PRIMARY KEY, used INTEGER NOT NULL, proven INTEGER NOT NULL,"
        " profile BLOB NOT NULL);"
        "CREATE INDEX name_used ON name(proven, used);"
        "CREATE TABLE chain(digest BLOB PRIMARY KEY, body BLOB NOT NULL);"
        "CREATE TABLE offer(digest INTEGER PRIMARY KEY, body BLOB NOT NULL);"
        "CREATE TABLE clock(id INTEGER PRIMARY KEY CHECK (id = 1), half_lives REAL NOT NULL,"
        " watched_seconds REAL NOT NULL, last INTEGER NOT NULL, learnt_count INTEGER NOT NULL,"
        " last_order INTEGER NOT NULL, last_first_seen INTEGER NOT NULL);"
        "PRAGMA application_id = {}; PRAGMA user_version = {};",
        kProfileApplicationId, kProfileSchemaVersion);
    code = run(schema.c_str());
  }
  if (code == SQLITE_OK) code = run("COMMIT");
  return sentence(code);
}

std::string ProfileDatabase::write(const ProfileJob& job) {
  int code = run("BEGIN IMMEDIATE");
  if (code == SQLITE_OK) code = write_shared(job);
  if (code == SQLITE_OK) code = write_rows(ProfileTable::endpoint, job);
  if (code == SQLITE_OK) code = write_rows(ProfileTable::name, job);
  if (code == SQLITE_OK) code = write_clock(job.clock);
  if (code == SQLITE_OK && added_ > kUnnamedMax) code = delete_unnamed();
  if (code == SQLITE_OK) code = run("COMMIT");
  if (code == SQLITE_OK) return {};
  const std::string error = sentence(code);
  // What this transaction has added is not there: which that is, is found out by trying again.
  (void)run("ROLLBACK");
  chains_.clear();
  offers_.clear();
  return error;
}

int ProfileDatabase::write_shared(const ProfileJob& job) {
  Statement chain(connection_, "INSERT OR IGNORE INTO chain(digest, body) VALUES (?, ?)");
  for (const enrich::ChainPointer& pointer : job.chains) {
    if (chains_.contains(pointer->digest)) continue;
    chain.bind(1, Bytes(reinterpret_cast<const std::uint8_t*>(pointer->digest.data()),
                        pointer->digest.size()));
    chain.bind(2, Bytes(pointer->body));
    if (const int code = chain.execute(); code != SQLITE_OK) return code;
    chains_.insert(pointer->digest);
    ++added_;
  }
  Statement offer(connection_, "INSERT OR IGNORE INTO offer(digest, body) VALUES (?, ?)");
  for (const auto& [digest, pointer] : job.offers) {
    if (offers_.contains(digest)) continue;
    const std::vector<std::uint8_t> body = encode_offer(*pointer);
    offer.bind(1, static_cast<std::int64_t>(digest));
    offer.bind(2, Bytes(body));
    if (const int code = offer.execute(); code != SQLITE_OK) return code;
    offers_.insert(digest);
    ++added_;
  }
  return SQLITE_OK;
}

int ProfileDatabase::write_rows(ProfileTable table, const ProfileJob& job) {
  const auto index = static_cast<unsigned>(table);
  Statement insert(connection_,
                   fmt::format("INSERT INTO {}(key, used, proven, profile) VALUES (?, ?, ?, ?)"
                               " ON CONFLICT(key) DO UPDATE SET used = excluded.used,"
                               " proven = excluded.proven, profile = excluded.profile",
                               kTableNames[index]));
  for (const ProfileRow& row : job.rows[index]) {
    insert.bind(1, Bytes(row.key));
    insert.bind(2, static_cast<std::int64_t>(row.used));
    insert.bind(3, std::int64_t{row.proven});
    insert.bind(4, Bytes(row.profile));
    if (const int code = insert.execute(); code != SQLITE_OK) return code;
  }
  Statement remove(connection_,
                   fmt::format("DELETE FROM {} WHERE proven = ? AND used < ?", kTableNames[index]));
  for (const std::int64_t proven : {0, 1}) {
    remove.bind(1, proven);
    remove.bind(2, static_cast<std::int64_t>(job.keep_from[index][proven]));
    if (const int code = remove.execute(); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int ProfileDatabase::write_clock(const SavedClock& clock) {
  Statement statement(connection_,
                      "INSERT OR REPLACE INTO clock(id, half_lives, watched_seconds, last,"
                      " learnt_count, last_order, last_first_seen) VALUES (1, ?, ?, ?, ?, ?, ?)");
  statement.bind(1, clock.half_lives);
  statement.bind(2, clock.watched_seconds);
  statement.bind(3, clock.last.value);
  statement.bind(4, static_cast<std::int64_t>(clock.learnt_count));
  statement.bind(5, clock.last_order.value);
  statement.bind(6, clock.last_first_seen.value);
  return statement.execute();
}

/// Chains and offers that no row names any more.
int ProfileDatabase::delete_unnamed() {
  std::unordered_set<std::string> chains;
  std::unordered_set<std::uint64_t> offers;
  std::vector<std::string_view> digests;
  Statement names(connection_, "SELECT profile FROM name");
  int code = names.each([&] {
    if (referenced_chains(names.bytes(0), digests) != ParseStatus::ok) return;
    for (const std::string_view digest : digests) chains.emplace(digest);
  });
  if (code != SQLITE_OK) return code;
  std::vector<std::uint64_t> numbers;
  Statement endpoints(connection_, "SELECT profile FROM endpoint");
  code = endpoints.each([&] {
    if (referenced_offers(endpoints.bytes(0), numbers) != ParseStatus::ok) return;
    offers.insert(numbers.begin(), numbers.end());
  });
  if (code != SQLITE_OK) return code;

  std::vector<std::string> old_chains;
  Statement all_chains(connection_, "SELECT digest FROM chain");
  code = all_chains.each([&] {
    const Bytes digest = all_chains.bytes(0);
    std::string text(digest.begin(), digest.end());
    if (!chains.contains(text)) old_chains.push_back(std::move(text));
  });
  if (code != SQLITE_OK) return code;
  std::vector<std::int64_t> old_offers;
  Statement all_offers(connection_, "SELECT digest FROM offer");
  code = all_offers.each([&] {
    const std::int64_t digest = all_offers.number(0);
    if (!offers.contains(static_cast<std::uint64_t>(digest))) old_offers.push_back(digest);
  });
  if (code != SQLITE_OK) return code;

  Statement remove_chain(connection_, "DELETE FROM chain WHERE digest = ?");
  for (const std::string& digest : old_chains) {
    remove_chain.bind(1,
                      Bytes(reinterpret_cast<const std::uint8_t*>(digest.data()), digest.size()));
    if (code = remove_chain.execute(); code != SQLITE_OK) return code;
  }
  Statement remove_offer(connection_, "DELETE FROM offer WHERE digest = ?");
  for (const std::int64_t digest : old_offers) {
    remove_offer.bind(1, digest);
    if (code = remove_offer.execute(); code != SQLITE_OK) return code;
  }
  chains_ = std::move(chains);
  offers_ = std::move(offers);
  added_ = 0;
  return SQLITE_OK;
}

std::string ProfileDatabase::read_clock(SavedClock& clock, bool& found) {
  found = false;
  Statement statement(connection_,
                      "SELECT half_lives, watched_seconds, last, learnt_count, last_order,"
                      " last_first_seen FROM clock WHERE id = 1");
  return sentence(statement.each([&] {
    clock = {.half_lives = statement.real(0),
             .watched_seconds = statement.real(1),
             .last = UnixNanos{statement.number(2)},
             .learnt_count = static_cast<std::uint64_t>(statement.number(3)),
             .last_order = UnixNanos{statement.number(4)},
             .last_first_seen = UnixNanos{statement.number(5)}};
    found = true;
  }));
}

std::string ProfileDatabase::read_chains(const VisitBody& visit) {
  Statement statement(connection_, "SELECT digest, body FROM chain ORDER BY digest");
  return sentence(statement.each([&] {
    visit(statement.bytes(0), statement.bytes(1));
    ++added_;
  }));
}

std::string ProfileDatabase::read_offers(const VisitOffer& visit) {
  Statement statement(connection_, "SELECT digest, body FROM offer ORDER BY digest");
  return sentence(statement.each([&] {
    visit(static_cast<std::uint64_t>(statement.number(0)), statement.bytes(1));
    ++added_;
  }));
}

std::string ProfileDatabase::read_rows(ProfileTable table, const VisitRow& visit) {
  Statement statement(connection_, fmt::format("SELECT key, proven, profile FROM {} ORDER BY used",
                                               kTableNames[static_cast<unsigned>(table)]));
  return sentence(statement.each(
      [&] { visit(statement.bytes(0), statement.number(1) != 0, statement.bytes(2)); }));
}

}  // namespace shakedown::diagnose
