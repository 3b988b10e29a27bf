// SPDX-License-Identifier: Apache-2.0
#include "enrich/trust_files.h"

#include <fmt/format.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "enrich/trust_store.h"

namespace shakedown::enrich {

namespace fs = std::filesystem;

namespace {

struct PemBlock {
  char* name = nullptr;
  char* header = nullptr;
  std::uint8_t* data = nullptr;
  long size = 0;

  PemBlock() = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
};

bool is_new(Bytes der, KnownCertificates* known) {
  return known == nullptr || known->insert(sha256(der)).second;
}

void add_block(const PemBlock& block, TrustFile& file, KnownCertificates* known) {
  const std::string_view name(block.name);
  if (!is_new(Bytes(block.data, static_cast<std::size_t>(block.size)), known)) return;
  const std::uint8_t* cursor = block.data;
  if (name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD) {
    if (X509Pointer read{d2i_X509(nullptr, &cursor, block.size)})
      file.certificates.push_back(std::move(read));
  } else if (name == PEM_STRING_X509_TRUSTED) {
    if (X509Pointer read{d2i_X509_AUX(nullptr, &cursor, block.size)})
      file.certificates.push_back(std::move(read));
  } else if (name == PEM_STRING_X509_CRL) {
    if (CrlPointer read{d2i_X509_CRL(nullptr, &cursor, block.size)})
      file.crls.push_back(std::move(read));
  }
}

void read_pem(const std::string& content, TrustFile& file, KnownCertificates* known) {
  const BioPointer bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  if (bio == nullptr) return;
  for (;;) {
    PemBlock block;
    if (PEM_read_bio(bio.get(), &block.name, &block.header, &block.data, &block.size) != 1) return;
    add_block(block, file, known);
  }
}

void read_der(const std::string& content, TrustFile& file) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(content.data());
  const long size = static_cast<long>(content.size());
  const std::uint8_t* cursor = begin;
  if (X509Pointer read{d2i_X509(nullptr, &cursor, size)}) {
    file.certificates.push_back(std::move(read));
    return;
  }
  cursor = begin;
  if (CrlPointer read{d2i_X509_CRL(nullptr, &cursor, size)}) file.crls.push_back(std::move(read));
}

std::string why(int number) { return std::generic_category().message(number); }

/// As `openssl rehash` names them: eight hexadecimal digits, a dot, a number.
bool has_hash_name(const std::string& name) {
  if (name.size() < 10 || name[8] != '.') return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto hex = [&](char c) { return digit(c) || (c >= 'a' && c <= 'f'); };
  return std::all_of(name.begin(), name.begin() + 8, hex) &&
         std::all_of(name.begin() + 9, name.end(), digit);
}

std::string from_environment(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : otherwise;
}

void add_hashed_files(const std::string& folder, std::vector<std::string>& files) {
  for (const std::string& file : list_trust_path(folder).files) {
    if (has_hash_name(fs::path(file).filename())) files.push_back(file);
  }
}

}  // namespace

TrustFile read_trust_file(const std::string& path, KnownCertificates* known) {
  const QuietErrors quiet;
  TrustFile file;
  std::error_code status;
  const std::uintmax_t size = fs::file_size(path, status);
  if (status) {
    file.error = fmt::format("{} cannot be read: {}", path, status.message());
    return file;
  }
  if (size > kTrustFileBytesMax) {
    file.error =
        fmt::format("{} has {} MiB, and {} MiB are read at most: split it into several files", path,
                    size >> 20, kTrustFileBytesMax >> 20);
    return file;
  }
  std::string content(size, '\0');
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  in.read(content.data(), static_cast<std::streamsize>(size));
  if (!in.is_open() || in.bad()) {
    file.error = fmt::format("{} cannot be read: {}", path, why(errno == 0 ? EIO : errno));
    return file;
  }
  content.resize(static_cast<std::size_t>(in.gcount()));
  read_pem(content, file, known);
  if (file.certificates.empty() && file.crls.empty()) read_der(content, file);
  return file;
}

TrustPath list_trust_path(const std::string& path) {
  TrustPath found;
  std::error_code status;
  found.is_folder = fs::is_directory(path, status);
  if (!found.is_folder) {
    found.files.push_back(path);
    return found;
  }
  for (fs::directory_iterator entry(path, status), end; !status && entry != end;
       entry.increment(status)) {
    std::error_code ignored;
    if (fs::is_regular_file(entry->path(), ignored)) found.files.push_back(entry->path());
  }
  if (status) found.error = fmt::format("{} cannot be read: {}", path, status.message());
  std::sort(found.files.begin(), found.files.end());
  if (found.files.size() > kTrustFileCountMax) {
    found.error = fmt::format("{} holds {} files, and {} are read at most: put them together", path,
                              found.files.size(), kTrustFileCountMax);
  }
  return found;
}

std::vector<std::string> system_trust_files() {
  std::vector<std::string> files;
  const std::string file =
      from_environment(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  std::error_code ignored;
  if (fs::is_regular_file(file, ignored)) files.push_back(file);
  std::string folders =
      from_environment(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  while (!folders.empty()) {
    const std::size_t colon = folders.find(':');
    if (const std::string folder = folders.substr(0, colon); !folder.empty()) {
      add_hashed_files(folder, files);
    }
    folders = colon == folders.npos ? std::string{} : folders.substr(colon + 1);
  }
  return files;
}

}  // namespace shakedown::enrich
