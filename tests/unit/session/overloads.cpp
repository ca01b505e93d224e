#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <concepts>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

// As a user writes it: nothing of the library may be hidden by, or hide, names of the options.
using namespace pqscope;
using namespace std::chrono_literals;

namespace {

template <class Db, class Work>
concept opens = requires(Db&& db, Work&& work) { with_session(std::forward<Db>(db), work); };
template <class Db, class Work>
concept opens_with_options =
    requires(Db&& db, Work&& work) { with_session(std::forward<Db>(db), session_options{}, work); };

using plain = void (*)(session&);

static_assert(opens<config&, plain> && opens<config const&, plain> && opens<config, plain>);
static_assert(opens<connection&, plain> && opens<connection, plain>);
static_assert(opens<transaction&, plain> && opens<savepoint&, plain>);
static_assert(opens<session&, plain> && opens<unique_session&, plain>);
static_assert(opens_with_options<config&, plain> && opens_with_options<connection&, plain>);
static_assert(opens_with_options<session&, plain> && opens_with_options<unique_session&, plain>);

static_assert(!opens<connection const&, plain> && !opens<int&, plain>);
static_assert(!opens<std::string&, plain> && !opens<char const*, plain>);
static_assert(!opens_with_options<connection const&, plain> && !opens_with_options<int&, plain>);
static_assert(!opens<config&, int> && !opens<config&, void (*)()>);
static_assert(!opens<config&, void (*)(connection&)> && !opens<config&, session_options>);
static_assert(!opens_with_options<config&, int> && !opens_with_options<config&, void (*)()>);

static_assert(!std::copyable<session> && !std::movable<session>);
static_assert(!std::is_copy_constructible_v<session> && !std::is_move_constructible_v<session>);
static_assert(!std::is_copy_assignable_v<session> && !std::is_move_assignable_v<session>);
static_assert(std::is_aggregate_v<session_options> && std::is_aggregate_v<retry_policy>);
static_assert(std::is_nothrow_destructible_v<session>);

struct calls_either {
  int operator()(session&) { return 1; }
  int operator()(session&) const { return 2; }
};

}  // namespace

TEST_CASE("options are written by name, with the values' names brought in or not") {
  using enum pqscope::isolation;
  session_options const options{.isolation = serializable,
                                .access = access::read_only,
                                .deferrable = true,
                                .retry = {.attempts = 5, .base_delay = 5ms, .max_delay = 2s},
                                .deadline = 2s,
                                .statement_timeout = 1s,
                                .on_in_doubt = on_in_doubt::resolve,
                                .label = "work"};
  CHECK(options.isolation == isolation::serializable);
  CHECK(options.statement_timeout == 1000ms);
  CHECK(options.deadline == 2s);
  session_options const none;
  CHECK_FALSE(none.isolation);
  CHECK_FALSE(none.access);
  CHECK(none.retry.attempts <= 1);
  CHECK_FALSE(none.on_in_doubt);
  CHECK_FALSE(none.identify);
}

TEST_CASE("the values of every option can be brought in together") {
  using enum pqscope::isolation;
  using enum pqscope::access;
  using enum pqscope::on_in_doubt;
  session_options const options{
      .isolation = repeatable_read, .access = read_only, .on_in_doubt = resolve};
  CHECK(options.on_in_doubt == pqscope::on_in_doubt::resolve);
}

TEST_CASE("work runs without a database as long as it has no statement") {
  config const nowhere{.host = "/nonexistent"};
  CHECK(with_session(nowhere, [](auto& s) { return s.attempt(); }) == 1);
  CHECK(with_session(nowhere, {}, [](auto&) { return 2; }) == 2);
  CHECK(with_session(nowhere, {.label = "x"}, [](session& s) { return s.label(); }) == "x");
  CHECK(with_session(config{.host = "/nonexistent"}, [](session&) { return 3; }) == 3);
  CHECK(with_session(nowhere, [](session const& s) { return s.is_active(); }));
  session_options const options{.label = "kept"};
  CHECK(with_session(nowhere, options, [](session& s) { return s.label(); }) == "kept");
  unique_session s{nowhere};
  CHECK(with_session(s, [](session& n) { return n.attempt(); }) == 1);
}

TEST_CASE("a function object is called as const as it is") {
  config const nowhere{.host = "/nonexistent"};
  calls_either object;
  CHECK(with_session(nowhere, object) == 1);
  CHECK(with_session(nowhere, std::as_const(object)) == 2);
  CHECK(with_session(nowhere, calls_either{}) == 1);
}

TEST_CASE("the place of a scope can be handed on") {
  config const nowhere{.host = "/nonexistent"};
  auto const here = std::source_location::current();
  try {
    with_session(nowhere, [](session&) -> int& { throw rollback{}; }, here);
    FAIL("nothing was thrown");
  } catch (usage_error const& failure) {
    CHECK(failure.where().line() == here.line());
  }
}
