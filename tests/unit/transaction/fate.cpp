#include <pqscope/transaction/fate.hpp>

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

using pqscope::resolution;
using pqscope::server_moment;
using pqscope::detail::fate_of;
using pqscope::detail::id_status;
using pqscope::detail::last_checkpoint;
using pqscope::detail::server_past;

namespace {

constexpr std::uint64_t id = 700;
constexpr server_moment then{.time = 5'000'000, .started = 1'000'000};
constexpr std::int64_t before = 3'000'000;
constexpr std::int64_t after = 9'000'000;
constexpr std::optional<resolution> ask_again{};

struct row {
  std::string name;
  id_status status = id_status::committed;
  server_past past{};
  std::optional<resolution> fate{};
};

constexpr last_checkpoint ordinary(std::int64_t time, std::uint64_t next_id) {
  return {.time = time, .next_id = next_id, .ends_recovery = false};
}

constexpr last_checkpoint end_of_recovery(std::int64_t time, std::uint64_t next_id) {
  return {.time = time, .next_id = next_id, .ends_recovery = true};
}

// The server the transaction ran on, and it was not restarted.
constexpr server_past same{
    .started = then.started, .statistics_reset = before, .checkpoint = ordinary(after, id + 50)};

// One that came up after a crash.
constexpr server_past crashed(std::int64_t started, last_checkpoint last) {
  return {.started = started, .recovered = true, .statistics_reset = after, .checkpoint = last};
}

// A standby that was promoted; it was started before the transaction began.
constexpr server_past promoted(std::optional<std::int64_t> replayed, last_checkpoint last) {
  return {.started = before,
          .recovered = true,
          .last_replayed = replayed,
          .statistics_reset = before,
          .checkpoint = last};
}

constexpr server_past standby{
    .in_recovery = true, .started = before, .recovered = true, .last_replayed = after};

}  // namespace

TEST_CASE("the fate of a transaction follows from its id's status and the server's past") {
  using enum id_status;
  constexpr auto yes = resolution::committed;
  constexpr auto no = resolution::aborted;
  constexpr auto open = resolution::unknown;
  server_past crashed_earlier = same;
  crashed_earlier.recovered = true;
  server_past reset_by_hand = same;
  reset_by_hand.statistics_reset = after;
  server_past told_nothing = same;
  told_nothing.statistics_reset.reset();
  server_past stopped = same;
  stopped.started = after;
  server_past crashed_then_stopped = stopped;
  crashed_then_stopped.statistics_reset = after;
  server_past stopped_before_reuse = crashed_then_stopped;
  stopped_before_reuse.checkpoint = ordinary(after, id);
  server_past prepared = crashed(after, end_of_recovery(after, id + 1));
  prepared.is_prepared = true;
  std::int64_t const same_second = 5'000'000;

  std::vector<row> const table{
      {"same server", committed, same, yes},
      {"same server, in progress", in_progress, same, ask_again},
      {"same server, aborted", aborted, same, no},
      {"so long ago", forgotten, same, open},
      {"same server, crashed before that", committed, crashed_earlier, yes},
      {"same server, statistics reset by hand", committed, reset_by_hand, yes},
      {"same server, no statistics", committed, told_nothing, yes},
      {"stopped in order", committed, stopped, yes},
      {"stopped in order, in progress", in_progress, stopped, no},
      {"crashed and then stopped in order", committed, crashed_then_stopped, open},
      {"crashed, stopped, and then given out", committed, stopped_before_reuse, no},

      {"crash, id survived", committed, crashed(after, end_of_recovery(after, id + 1)), yes},
      {"crash, id given out again", committed, crashed(after, end_of_recovery(after, id)), no},
      {"crash, id given out again, all within a second", committed,
       crashed(after, end_of_recovery(same_second, id)), no},
      {"crash, id survived, all within a second", committed,
       crashed(after, end_of_recovery(same_second, id + 1)), yes},
      {"crash, id given out after a checkpoint", committed, crashed(after, ordinary(after, id)),
       no},
      {"crash, checkpoint of that second", committed, crashed(after, ordinary(same_second, id)),
       open},
      {"crash, ordinary checkpoint", committed, crashed(after, ordinary(after, id + 1)), open},
      {"crash, id in progress", in_progress, crashed(after, end_of_recovery(after, id)), no},
      {"crash, id prepared", in_progress, prepared, ask_again},
      {"crash, id not given out", not_given, crashed(after, end_of_recovery(after, id)), no},
      {"crash, id aborted", aborted, crashed(after, end_of_recovery(after, id)), no},

      {"a process crashed, id survived", committed,
       crashed(then.started, end_of_recovery(after, id + 1)), yes},
      {"a process crashed, id given out again", committed,
       crashed(then.started, end_of_recovery(after, id)), no},
      {"a process crashed, ordinary checkpoint", committed,
       crashed(then.started, ordinary(after, id + 1)), open},
      {"a process crashed, id in progress", in_progress,
       crashed(then.started, end_of_recovery(after, id)), ask_again},
      {"a process crashed, id not given out", not_given,
       crashed(then.started, end_of_recovery(after, id)), no},

      {"promoted, replayed", committed, promoted(after, ordinary(after, id + 1)), yes},
      {"promoted, replayed, no checkpoint since", committed, promoted(after, ordinary(before, 600)),
       yes},
      {"promoted, lagged, given out again", committed, promoted(before, ordinary(after, id + 1)),
       open},
      {"promoted, lagged, given out after a checkpoint", committed,
       promoted(before, ordinary(after, id)), no},
      {"promoted, nothing replayed", committed, promoted({}, ordinary(before, 600)), open},
      {"promoted, in progress", in_progress, promoted(before, ordinary(before, 600)), no},
      {"promoted, not given out", not_given, promoted(before, ordinary(before, 600)), no},

      {"standby, committed", committed, standby, ask_again},
      {"standby, in progress", in_progress, standby, ask_again},
      {"standby, not given out", not_given, standby, ask_again},
      {"standby, aborted", aborted, standby, no},
  };
  for (row const& each : table) {
    INFO(each.name);
    CHECK(fate_of(id, each.status, then, each.past) == each.fate);
  }
}

TEST_CASE("a server is believed where nothing is known of the moment or of its past") {
  for (bool const moment : {false, true}) {
    std::optional<server_moment> const at = moment ? std::optional{then} : std::nullopt;
    std::optional<server_past> const past = moment ? std::nullopt : std::optional{standby};
    CHECK(fate_of(id, id_status::committed, at, past) == resolution::committed);
    CHECK(fate_of(id, id_status::aborted, at, past) == resolution::aborted);
    CHECK(fate_of(id, id_status::forgotten, at, past) == resolution::unknown);
    CHECK(fate_of(id, id_status::in_progress, at, past) == ask_again);
    CHECK(fate_of(id, id_status::not_given, at, past) == ask_again);
  }
}
