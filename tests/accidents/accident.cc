// SPDX-License-Identifier: Apache-2.0
#include "accident.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "altered_copy.h"

namespace shakedown::accidents {

namespace {

using Alter = std::vector<std::uint8_t> (*)(Bytes, packet::LinkType);

/// Arrivals with the place where each wants to be.
struct Queue {
  struct Item {
    std::uint64_t place;
    Arrival arrival;
  };
  std::vector<Item> items;

  void add(std::uint64_t place, Arrival arrival) { items.push_back({place, arrival}); }

  /// Everything in its place.
  [[nodiscard]] std::vector<Arrival> in_places() {
    std::stable_sort(items.begin(), items.end(),
                     [](const Item& a, const Item& b) { return a.place < b.place; });
    std::vector<Arrival> arrivals;
    for (const Item& item : items) arrivals.push_back(item.arrival);
    return arrivals;
  }
};

/// Who arrives when does not move the clock: the stamps of the places stay where they are.
void stamp_on_arrival(std::vector<Arrival>& arrivals, std::span<const Arrival> before) {
  for (std::size_t i = 0; i < arrivals.size(); ++i) arrivals[i].time_ns = before[i].time_ns;
}

/// How many places the n-th of some arrivals may come late.
std::vector<std::uint64_t> slack_of(std::span<const Arrival> arrivals) {
  std::vector<std::uint64_t> slack(arrivals.size());
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const std::uint64_t from = arrivals[i].time_ns;
    // Captures put together from several jump back as well.
    while (slack[i] < kDisplacementMax && i + slack[i] + 1 < arrivals.size()) {
      const std::uint64_t to = arrivals[i + slack[i] + 1].time_ns;
      if (to < from || to > from + kLatenessNanosMax) break;
      ++slack[i];
    }
  }
  return slack;
}

template <class Keep>
Replay those(const Capture& capture, Keep&& keep) {
  Replay replay;
  for (const Packet& packet : capture.packets) {
    if (keep(packet)) replay.arrivals.push_back({packet.time_ns, packet.bytes});
  }
  return replay;
}

Replay lose(Replay replay, Random& random, std::uint64_t per_thousand) {
  std::erase_if(replay.arrivals,
                [&](const Arrival&) { return random.one_in_thousand(per_thousand); });
  return replay;
}

Replay one_way(const Capture& capture, Sender sender) {
  return those(capture, [sender](const Packet& packet) {
    return packet.sender == sender || packet.sender == Sender::nobody;
  });
}

/// Every packet again, `delay` places later.
Replay repeat(Replay replay, std::uint64_t delay, Alter alter = nullptr,
              packet::LinkType link_type = packet::LinkType::ethernet) {
  const auto slack = slack_of(replay.arrivals);
  Queue queue;
  for (std::size_t i = 0; i < replay.arrivals.size(); ++i) {
    const Arrival& arrival = replay.arrivals[i];
    queue.add(2 * i, arrival);
    Bytes copy = arrival.bytes;
    if (alter != nullptr) copy = replay.own.emplace_back(alter(arrival.bytes, link_type));
    const std::size_t place = i + std::min(delay, slack[i]);
    queue.add(2 * place + 1, {replay.arrivals[place].time_ns, copy});
  }
  replay.arrivals = queue.in_places();
  return replay;
}

/// Every packet again, each copy late by a number of places of its own.
Replay repeat_late(Replay replay, Random& random) {
  const auto slack = slack_of(replay.arrivals);
  Queue queue;
  for (std::size_t i = 0; i < replay.arrivals.size(); ++i) {
    queue.add(2 * i, replay.arrivals[i]);
    const std::size_t place = i + random.below(slack[i] + 1);
    queue.add(2 * place + 1, {replay.arrivals[place].time_ns, replay.arrivals[i].bytes});
  }
  replay.arrivals = queue.in_places();
  return replay;
}

Replay reorder(Replay replay, Random& random, std::uint64_t displacement_max) {
  const auto slack = slack_of(replay.arrivals);
  Queue queue;
  for (std::size_t i = 0; i < replay.arrivals.size(); ++i) {
    queue.add(i + random.below(std::min(slack[i], displacement_max) + 1), replay.arrivals[i]);
  }
  std::vector<Arrival> arrivals = queue.in_places();
  stamp_on_arrival(arrivals, replay.arrivals);
  replay.arrivals = std::move(arrivals);
  return replay;
}

/// Two ports with one direction each: each keeps its order, and their merging lags now and then.
/// With `own_clocks` every packet keeps the stamp of its port.
Replay two_ports(const Capture& capture, Random& random, std::uint64_t lag_max, bool own_clocks) {
  Replay replay = unharmed(capture);
  const auto slack = slack_of(replay.arrivals);
  std::array<std::uint64_t, 2> newest{};
  Queue queue;
  for (std::size_t i = 0; i < replay.arrivals.size(); ++i) {
    const std::size_t port = capture.packets[i].sender == Sender::server ? 1 : 0;
    const std::uint64_t lag = random.below(std::min(slack[i], lag_max) + 1);
    newest[port] = std::max<std::uint64_t>(newest[port], i + lag);
    if (newest[port] > i + slack[i]) newest[port] = i + slack[i];
    queue.add(newest[port], replay.arrivals[i]);
  }
  std::vector<Arrival> arrivals = queue.in_places();
  if (!own_clocks) stamp_on_arrival(arrivals, replay.arrivals);
  replay.arrivals = std::move(arrivals);
  return replay;
}

Replay cut_to(Replay replay, std::size_t snap_length) {
  for (Arrival& arrival : replay.arrivals) {
    arrival.bytes = arrival.bytes.first(std::min(snap_length, arrival.bytes.size()));
  }
  return replay;
}

class List {
 public:
  std::vector<Accident> take() && { return std::move(accidents_); }

  void add(std::string group, std::string name, Promise promise, bool random,
           std::function<Replay(const Capture&, Random&)> happen) {
    accidents_.push_back({std::move(name), std::move(group), promise, random, std::move(happen)});
  }

  void add_copies() {
    const auto again = [this](const std::string& name, std::uint64_t delay, Alter alter) {
      add("duplicates: " + name, name, Promise::nothing_changes, false,
          [=](const Capture& capture, Random&) {
            return repeat(unharmed(capture), delay, alter, capture.link_type);
          });
    };
    again("every packet twice", 0, nullptr);
    again("copy with TTL - 1", 0, one_hop_further);
    again("copy in another VLAN", 0, in_other_vlan);
    again("copy with other MAC addresses", 0, with_other_mac);
    again("copy behind a router (TTL, VLAN, MAC)", 0, routed);
    again("both directions mirrored (copy 2 packets later)", 2, nullptr);
    add("duplicates: copies up to 8 packets late", "copies late", Promise::nothing_changes, true,
        [](const Capture& capture, Random& random) {
          return repeat_late(unharmed(capture), random);
        });
  }

  void add_order() {
    for (const std::uint64_t displacement : {2u, 8u}) {
      const std::string name = "reordered by up to " + std::to_string(displacement) + " packets";
      add(name, name, Promise::same_outcomes, true,
          [displacement](const Capture& capture, Random& random) {
            return reorder(unharmed(capture), random, displacement);
          });
    }
    for (const bool own_clocks : {false, true}) {
      const std::string name = std::string("two ports, merged up to 4 packets late, ") +
                               (own_clocks ? "each with its own clock" : "stamped on arrival");
      add(name, name, Promise::same_outcomes, true,
          [own_clocks](const Capture& capture, Random& random) {
            return two_ports(capture, random, 4, own_clocks);
          });
    }
    add("duplicates and reordering", "duplicates and reordering", Promise::same_outcomes, true,
        [](const Capture& capture, Random& random) {
          return reorder(repeat(unharmed(capture), 0), random, kDisplacementMax);
        });
  }

  void add_loss() {
    for (const std::uint64_t percent : {1u, 5u}) {
      const std::string name = "loss of " + std::to_string(percent) + " %";
      add(name, name, Promise::no_invention, true,
          [percent](const Capture& capture, Random& random) {
            return lose(unharmed(capture), random, 10 * percent);
          });
    }
    add("loss of 1 % and reordering", "loss of 1 % and reordering", Promise::no_invention, true,
        [](const Capture& capture, Random& random) {
          return reorder(lose(unharmed(capture), random, 10), random, kDisplacementMax);
        });
  }

  void add_one_way() {
    const std::array<std::pair<Sender, const char*>, 2> halves{
        {{Sender::client, "client to server"}, {Sender::server, "server to client"}}};
    for (const auto& [sender, direction] : halves) {
      const std::string name = std::string("one way: ") + direction + " only";
      add(name, name, Promise::no_invention, false,
          [sender](const Capture& capture, Random&) { return one_way(capture, sender); });
    }
    for (const auto& [sender, direction] : halves) {
      add("one way with loss of 1 %", std::string("loss, ") + direction + " only",
          Promise::no_invention, true, [sender](const Capture& capture, Random& random) {
            return lose(one_way(capture, sender), random, 10);
          });
    }
  }

  void add_cuts() {
    for (const std::size_t snap_length : {64u, 96u, 128u, 256u, 512u}) {
      const std::string name = "snap length " + std::to_string(snap_length);
      add(name, name, Promise::no_invention, false, [snap_length](const Capture& capture, Random&) {
        return cut_to(unharmed(capture), snap_length);
      });
    }
    for (std::uint32_t k = 1; k <= 20; ++k) {
      add("midstream: first 1 to 20 packets of each connection missing",
          "midstream from packet " + std::to_string(k), Promise::no_invention, false,
          [k](const Capture& capture, Random&) {
            return those(capture, [k](const Packet& packet) { return packet.place >= k; });
          });
    }
    add("capture stops anywhere", "capture stops", Promise::no_invention, true,
        [](const Capture& capture, Random& random) {
          Replay replay = unharmed(capture);
          replay.arrivals.resize(random.below(replay.arrivals.size() + 1));
          return replay;
        });
  }

 private:
  std::vector<Accident> accidents_;
};

}  // namespace

Replay unharmed(const Capture& capture) {
  return those(capture, [](const Packet&) { return true; });
}

const std::vector<Accident>& all_accidents() {
  static const std::vector<Accident> list = [] {
    List building;
    building.add_one_way();
    building.add_loss();
    building.add_copies();
    building.add_order();
    building.add_cuts();
    return std::move(building).take();
  }();
  return list;
}

}  // namespace shakedown::accidents
