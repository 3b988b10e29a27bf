// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Is a certificate for this name? All names of a certificate, sorted once, so that a
//            certificate of thousands of names answers as fast as one of two.
// Units:     none
// Ownership: Values.
// Threading: Values.
// Limits:    Names of at most kComparableNameMax bytes; what is longer matches nothing. The index
//            is never larger than the DER it was made of, and some.
// Failure:   A presented name that no client would accept (a star within a label, a NUL, a star in
//            front of a single label) is left out.
// RFC:       RFC 6125 §6.4 (§6.4.3: whole left-most labels only, as browsers do; §6.4.4: the common
//            name counts only where there is no DNS name), RFC 5890 (A-labels), RFC 5280 §4.2.1.6
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "enrich/chain.h"
#include "enrich/openssl_types.h"

namespace shakedown::enrich {

/// A domain name has at most 253 bytes (RFC 1035 §3.1).
inline constexpr std::size_t kComparableNameMax = 253;

/// A name, or an address, in the form in which equal ones are equal bytes.
class ComparableName {
 public:
  /// Empty: nothing that a certificate could be for.
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }
  [[nodiscard]] bool is_address() const { return is_address_; }

  /// What a client asked for. A dot at its end is passed over, letters are made small, U-labels
  /// become A-labels.
  [[nodiscard]] static ComparableName asked(std::string_view server_name);
  /// What a certificate presents as a DNS name or as common name.
  [[nodiscard]] static ComparableName presented(std::string_view name);
  [[nodiscard]] static ComparableName address(Bytes bytes);

 private:
  [[nodiscard]] bool set_small(std::string_view name);

  std::array<char, kComparableNameMax> text_{};
  std::uint8_t size_ = 0;
  bool is_address_ = false;
};

class NameIndex {
 public:
  NameIndex() = default;
  explicit NameIndex(X509& certificate);

  /// `name` is not empty text.
  [[nodiscard]] NameMatch match(const ComparableName& name) const;
  /// There is no DNS name, so that only clients that look at the common name can find it there.
  [[nodiscard]] bool from_subject() const { return from_subject_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Place {
    std::uint32_t offset;
    std::uint32_t size;
  };
  [[nodiscard]] std::string_view at(const Place& place) const {
    return std::string_view(text_).substr(place.offset, place.size);
  }
  void add(const ComparableName& name);
  void add_common_names(const X509_NAME* subject);
  [[nodiscard]] bool contains(std::string_view name) const;

  std::string text_;
  std::vector<Place> places_;  ///< sorted by what lies there, no two equal
  bool any_ = false;           ///< it presents something, usable or not
  bool from_subject_ = false;
};

}  // namespace shakedown::enrich
