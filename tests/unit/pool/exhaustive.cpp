#include "pool_model.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace {

using pool_model::event;
using pool_model::happens;
using pool_model::world;

/// A pool to be tried out, and how far.
struct setting {
  pqscope::detail::pool_rules rules;
  std::size_t slots;    ///< that it may be resized to
  std::size_t callers;  ///< who use it
  std::size_t states;   ///< that are looked at, at most
};

/// Everything that can happen, possible or not.
std::vector<event> all_events(setting const& of) {
  std::vector<event> events;
  auto const add = [&](happens from, happens to, std::size_t count) {
    for (auto what = static_cast<int>(from); what <= static_cast<int>(to); ++what) {
      for (std::size_t i = 0; i < count; ++i) {
        events.push_back({static_cast<happens>(what), static_cast<unsigned char>(i)});
      }
    }
  };
  add(happens::request, happens::give_old, of.callers);
  add(happens::closed, happens::closed, of.slots);
  add(happens::fill, happens::maintain, 1);
  for (std::size_t size = 1; size <= of.slots; ++size) {
    events.push_back({happens::resize, static_cast<unsigned char>(size)});
  }
  add(happens::close, happens::close, 1);
  return events;
}

/// Goes to every state that can be reached, the nearest first, by the shortest way to each.
class search {
 public:
  explicit search(setting const& of) : of_{of}, events_{all_events(of)} {}

  /// How many states were looked at.
  std::size_t run() {
    nodes_.push_back({});
    known_.insert(begin().key());
    for (std::size_t at = 0; at < nodes_.size() && nodes_.size() < of_.states; ++at) {
      expand(at);
    }
    return nodes_.size();
  }

 private:
  struct node {
    std::size_t from = 0;
    event by{};
  };

  world begin() const { return world{of_.rules, of_.slots, of_.callers}; }

  void expand(std::size_t at) {
    std::vector<event> way = way_to(at);
    std::optional<world> here;
    for (event const& next : events_) {
      if (!here) {
        go(here.emplace(of_.rules, of_.slots, of_.callers), way);
      }
      if (!here->apply(next)) {
        continue;  // nothing has happened
      }
      way.push_back(next);
      require_none(here->fault(), way);
      if (known_.insert(here->key()).second) {
        nodes_.push_back({at, next});
        require_good_future(way);
      }
      way.pop_back();
      here.reset();
    }
  }

  static void go(world& there, std::vector<event> const& way) {
    for (event const& each : way) {
      there.apply(each);
    }
  }

  std::vector<event> way_to(std::size_t at) const {
    std::vector<event> way;
    for (; at != 0; at = nodes_[at].from) {
      way.insert(way.begin(), nodes_[at].by);
    }
    return way;
  }

  void require_good_future(std::vector<event> const& way) const {
    world to_turn = begin();
    world to_end = begin();
    go(to_turn, way);
    go(to_end, way);
    require_none(to_turn.turn_fault(), way);
    require_none(to_end.ending_fault(), way);
  }

  static void require_none(char const* fault, std::vector<event> const& way) {
    if (fault == nullptr) {
      return;
    }
    std::string text = fault;
    for (event const& each : way) {
      text += std::string("\n  ") + pool_model::name_of(each.what) + ' ' + std::to_string(each.who);
    }
    FAIL(text);
  }

  setting of_;
  std::vector<event> events_;
  std::vector<node> nodes_;
  std::unordered_set<std::string> known_;
};

/// Rules whose times are a few ticks.
pqscope::detail::pool_rules rules_of(std::size_t min_size, std::size_t max_size) {
  return {.min_size = min_size,
          .max_size = max_size,
          .base_delay = pool_model::tick,
          .max_delay = 2 * pool_model::tick,
          .growth_pause = 2 * pool_model::tick,
          .parking_time = 3 * pool_model::tick};
}

/// Looks at the states of a pool until there are no more, or enough; how many there were.
std::size_t states_of(setting const& of) {
  return search{of}.run();
}

}  // namespace

TEST_CASE("one connection and two callers get through whatever happens") {
  REQUIRE(states_of({rules_of(0, 1), 1, 2, 100'000}) > 4'000);
}

TEST_CASE("one connection and three callers get through whatever happens") {
  REQUIRE(states_of({rules_of(1, 1), 1, 3, 10'000}) >= 10'000);
}

TEST_CASE("two connections and two callers get through whatever happens") {
  REQUIRE(states_of({rules_of(1, 2), 2, 2, 10'000}) >= 10'000);
}

TEST_CASE("two connections and three callers get through whatever happens") {
  REQUIRE(states_of({rules_of(0, 2), 2, 3, 10'000}) >= 10'000);
}

TEST_CASE("connections that age are replaced whatever else happens") {
  auto rules = rules_of(1, 2);
  rules.max_lifetime = 4 * pool_model::tick;
  rules.idle_timeout = 2 * pool_model::tick;
  REQUIRE(states_of({rules, 2, 2, 10'000}) >= 10'000);
}

TEST_CASE("callers whom a pool refuses get through whatever else happens") {
  for (std::size_t const max_size : {std::size_t{1}, std::size_t{2}}) {
    auto rules = rules_of(0, max_size);
    rules.max_waiting = 0;
    rules.checks = false;
    REQUIRE(states_of({rules, 2, 3, 10'000}) >= 10'000);
  }
}
