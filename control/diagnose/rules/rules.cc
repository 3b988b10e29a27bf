// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "diagnose/rule.h"

namespace shakedown::diagnose {

std::span<const Rule> rules() {
  // Between equally sure findings the earlier family is preferred: what the packets themselves show,
  // then what one end has said, then what comparing shows, and last what is left to say.
  static const std::vector<Rule> all = [] {
    std::vector<Rule> list;
    for (const std::span<const Rule> family :
         {path_rules(), connection_rules(), retry_rules(), offer_rules(), name_rules(),
          client_certificate_rules(), trust_rules(), certificate_rules(), protocol_rules(),
          server_rules(), client_rules()}) {
      list.insert(list.end(), family.begin(), family.end());
    }
    return list;
  }();
  return all;
}

}  // namespace shakedown::diagnose
