// SPDX-License-Identifier: Apache-2.0
#include "enrich/name_index.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <memory>

#include "enrich/certificate_reader.h"
#include "enrich/chain_judge.h"

namespace shakedown::enrich {

namespace {

/// More common names than any subject has use for.
constexpr int kCommonNameCountMax = 16;
/// U-labels are longer than their A-labels, but not by much.
constexpr std::size_t kUnicodeNameMax = 1024;

constexpr char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// Labels of at least one byte each, of what is visible in ASCII.
bool well_formed(std::string_view name) {
  if (name.empty() || name.size() > kComparableNameMax) return false;
  char before = '.';
  for (const char c : name) {
    if (c <= ' ' || c > '~' || (c == '.' && before == '.')) return false;
    before = c;
  }
  return before != '.';
}

bool is_ascii(std::string_view name) {
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// Empty when it is none (RFC 5891 §5).
std::string a_labels(std::string_view name) {
  if (name.size() > kUnicodeNameMax || name.find('\0') != name.npos) return {};
  const std::string source(name);
  std::uint8_t* out = nullptr;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(source.c_str());
  if (idn2_lookup_u8(bytes, &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) return {};
  const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owner(out, idn2_free);
  return reinterpret_cast<const char*>(out);
}

/// Writes 4 or 16 bytes; 0 when it is no address.
std::size_t parse_address(std::string_view name, std::array<std::uint8_t, 16>& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') {
    name = name.substr(1, name.size() - 2);
  }
  if (name.empty() || name.size() >= text.size()) return 0;
  // Names end in a letter, as no address of IPv4 does, and hold no colon.
  const bool colon = name.find(':') != name.npos;
  if (!colon && (name.back() < '0' || name.back() > '9')) return 0;
  std::copy(name.begin(), name.end(), text.begin());
  if (inet_pton(colon ? AF_INET6 : AF_INET, text.data(), bytes.data()) != 1) return 0;
  return colon ? 16 : 4;
}

}  // namespace

bool ComparableName::set_small(std::string_view name) {
  if (!well_formed(name)) return false;
  std::transform(name.begin(), name.end(), text_.begin(), small);
  size_ = static_cast<std::uint8_t>(name.size());
  return true;
}

ComparableName ComparableName::address(Bytes bytes) {
  ComparableName name;
  name.is_address_ = true;
  if (bytes.size() != 4 && bytes.size() != 16) return name;
  // No name holds a NUL, so that no address equals a name.
  std::copy(bytes.begin(), bytes.end(), name.text_.begin() + 1);
  name.size_ = static_cast<std::uint8_t>(bytes.size() + 1);
  return name;
}

ComparableName ComparableName::asked(std::string_view server_name) {
  if (!server_name.empty() && server_name.back() == '.') server_name.remove_suffix(1);
  std::array<std::uint8_t, 16> bytes{};
  if (const std::size_t size = parse_address(server_name, bytes); size != 0) {
    return address(Bytes(bytes).first(size));
  }
  ComparableName name;
  // A star in a certificate means any label; nobody's name is a star.
  if (server_name.find('*') != server_name.npos) return name;
  const bool good =
      is_ascii(server_name) ? name.set_small(server_name) : name.set_small(a_labels(server_name));
  return good ? name : ComparableName{};
}

ComparableName ComparableName::presented(std::string_view text) {
  ComparableName name;
  const std::size_t star = text.find('*');
  if (star != text.npos) {
    const bool whole_first_label = star == 0 && text.size() > 1 && text[1] == '.';
    const std::string_view rest = whole_first_label ? text.substr(2) : std::string_view{};
    // All of a top-level domain is nobody's.
    if (rest.find('*') != rest.npos || rest.find('.') == rest.npos) return name;
  }
  return name.set_small(text) ? name : ComparableName{};
}

NameIndex::NameIndex(X509& certificate) {
  const GeneralNamesPointer names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  bool dns_name = false;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      dns_name = true;
      const Bytes text = bytes_of(name->d.dNSName);
      add(ComparableName::presented({reinterpret_cast<const char*>(text.data()), text.size()}));
    } else if (name->type == GEN_IPADD) {
      add(ComparableName::address(bytes_of(name->d.iPAddress)));
    }
  }
  if (!dns_name) add_common_names(X509_get_subject_name(&certificate));
  const auto less = [this](const Place& a, const Place& b) { return at(a) < at(b); };
  const auto equal = [this](const Place& a, const Place& b) { return at(a) == at(b); };
  std::sort(places_.begin(), places_.end(), less);
  places_.erase(std::unique(places_.begin(), places_.end(), equal), places_.end());
  places_.shrink_to_fit();
  text_.shrink_to_fit();
}

void NameIndex::add(const ComparableName& name) {
  any_ = true;
  if (name.view().empty()) return;
  places_.push_back(
      {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.view().size())});
  text_ += name.view();
}

void NameIndex::add_common_names(const X509_NAME* subject) {
  int index = -1;
  for (int count = 0; count < kCommonNameCountMax; ++count) {
    index = X509_NAME_get_index_by_NID(subject, NID_commonName, index);
    if (index < 0) return;
    std::uint8_t* text = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
    if (size < 0) continue;
    add(ComparableName::presented(
        {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)}));
    OPENSSL_free(text);
    from_subject_ = true;
  }
}

bool NameIndex::contains(std::string_view name) const {
  const auto found = std::lower_bound(
      places_.begin(), places_.end(), name,
      [this](const Place& place, std::string_view wanted) { return at(place) < wanted; });
  return found != places_.end() && at(*found) == name;
}

NameMatch NameIndex::match(const ComparableName& name) const {
  if (!any_) return NameMatch::no_names;
  const std::string_view text = name.view();
  if (text.empty()) return NameMatch::differs;
  if (contains(text)) return NameMatch::matches;
  const std::size_t dot = text.find('.');
  if (name.is_address() || dot == text.npos || dot == 0) return NameMatch::differs;
  std::array<char, kComparableNameMax + 1> wildcard{'*'};
  const std::size_t size = text.size() - dot + 1;
  std::copy(text.begin() + static_cast<std::ptrdiff_t>(dot), text.end(), wildcard.begin() + 1);
  return contains({wildcard.data(), size}) ? NameMatch::matches : NameMatch::differs;
}

std::size_t NameIndex::bytes() const {
  return text_.capacity() + places_.capacity() * sizeof(Place);
}

bool name_matches(std::string_view name, std::string_view presented) {
  const ComparableName asked = ComparableName::asked(name);
  const ComparableName offered = ComparableName::presented(presented);
  const std::string_view text = asked.view();
  if (text.empty() || asked.is_address() || offered.view().empty()) return false;
  if (text == offered.view()) return true;
  const std::size_t dot = text.find('.');
  return offered.view().front() == '*' && dot != text.npos &&
         text.substr(dot) == offered.view().substr(1);
}

}  // namespace shakedown::enrich
