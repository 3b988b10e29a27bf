// SPDX-License-Identifier: Apache-2.0
//
// Events as `shakedown read --events` writes them, of which a test changes what it is about.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace shakedown::explain::test {

/// A failure that a certificate of last year has caused, at a second of one minute.
inline boost::json::value a_failure(std::string_view client = "192.0.2.7", unsigned second = 5) {
  boost::json::value event = boost::json::parse(R"({
    "@timestamp":"2025-11-20T14:05:00.123456Z",
    "event":{"kind":"event","dataset":"shakedown.handshake","id":"00112233445566aa","outcome":"failure",
             "action":"alert_after_certificate","reason":"certificate_expired"},
    "source":{"ip":"192.0.2.7","port":50123},"destination":{"ip":"198.51.100.5","port":443},
    "network":{"transport":"tcp","vlan":{"id":"10"}},
    "observer":{"name":"edge-1"},
    "tls":{"version":"1.2","version_protocol":"tls","cipher":"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
           "curve":"x25519","established":false,"resumed":false,
           "client":{"server_name":"api.example.com","supported_ciphers":["A","B"]},
           "server":{"subject":"CN=api.example.com","issuer":"CN=Example CA",
                     "not_before":"2024-01-01T00:00:00Z","not_after":"2025-01-01T00:00:00Z"}},
    "shakedown":{"capture":"edge.pcap",
      "outcome":{"name":"alert_after_certificate","kind":"alert","by":"client","stage":"certificate",
                 "inferred":false},
      "alerts":[{"level":"fatal","code":45,"name":"certificate_expired","from":"client","encrypted":false}],
      "cause":{"id":"certificate_expired","confidence":"certain","rule":"certificate_expired.alert",
               "evidence":["the client said certificate_expired","it expired 323 days before"],
               "against":["others accept it"],"refutation":"the same client accepts it later",
               "remedy":"Renew it.","for":"server owner",
               "reproduce":"openssl s_client -connect 198.51.100.5:443 </dev/null",
               "alternatives":[{"id":"clock_skew","confidence":"possible"}]},
      "client_hello":{"max_version":"TLSv1.3","supported_versions":["1.3","1.2"],"length":517,
                      "groups":["x25519"],"alpn":["h2"],"server_name_missing":false},
      "capture_gap":false,"one_way":false}})");
  event.at("source").at("ip") = client;
  std::string time(event.at("@timestamp").as_string());
  time[17] = static_cast<char>('0' + second / 10);
  time[18] = static_cast<char>('0' + second % 10);
  event.at("@timestamp") = time;
  return event;
}

inline boost::json::value a_success(std::string_view client = "192.0.2.7") {
  boost::json::value event = a_failure(client);
  boost::json::object& fields = event.at("event").as_object();
  fields["outcome"] = "success";
  fields.erase("reason");
  event.at("shakedown").as_object().erase("cause");
  event.at("shakedown").as_object().erase("alerts");
  event.at("shakedown").at("outcome") = {{"name", "established"}, {"kind", "established"}};
  return event;
}

}  // namespace shakedown::explain::test
