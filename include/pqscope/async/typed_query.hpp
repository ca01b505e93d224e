#ifndef PQSCOPE_ASYNC_TYPED_QUERY_HPP
#define PQSCOPE_ASYNC_TYPED_QUERY_HPP

#include <pqscope/mapping/queries.hpp>

#include <cstdint>
#include <source_location>
#include <utility>

namespace pqscope::async::detail {

/// A typed query of `async::session` or `async::connection`: it is said further as a blocking one
/// is (`where`, `order_by`, `limit`, `set` and so on), and carried out by operations (`all`,
/// `first`, `execute` and so on). Refers to what made it; owns its values.
template <class Self, class Make>
class typed_query {
 public:
  typed_query(Self& self, Make make) : self_{&self}, make_{std::move(make)} {}

  /// As the blocking query's.
  template <class Condition>
  auto where(Condition const& condition) const {
    return further([condition](auto const& query) { return query.where(condition); });
  }
  /// As the blocking query's.
  template <class... By>
  auto order_by(By const&... by) const {
    return further([by...](auto const& query) { return query.order_by(by...); });
  }
  /// As the blocking query's.
  auto limit(std::int64_t count) const {
    return further([count](auto const& query) { return query.limit(count); });
  }
  /// As the blocking query's.
  auto offset(std::int64_t count) const {
    return further([count](auto const& query) { return query.offset(count); });
  }
  /// As the blocking query's.
  auto distinct() const {
    return further([](auto const& query) { return query.distinct(); });
  }
  /// As the blocking query's.
  template <class... How>
  auto for_update(How... how) const {
    return further([how...](auto const& query) { return query.for_update(how...); });
  }
  /// As the blocking query's.
  template <class... How>
  auto for_share(How... how) const {
    return further([how...](auto const& query) { return query.for_share(how...); });
  }
  /// As the blocking query's.
  template <auto Reference, int Occurrence = 0>
  auto join() const {
    return further([](auto const& query) { return query.template join<Reference, Occurrence>(); });
  }
  /// As the blocking query's.
  template <auto Reference, int Occurrence = 0>
  auto left_join() const {
    return further(
        [](auto const& query) { return query.template left_join<Reference, Occurrence>(); });
  }
  /// As the blocking query's.
  template <class... By>
  auto group_by(By const&... by) const {
    return further([by...](auto const& query) { return query.group_by(by...); });
  }
  /// As the blocking query's.
  template <class Condition>
  auto having(Condition const& condition) const {
    return further([condition](auto const& query) { return query.having(condition); });
  }
  /// As the blocking query's.
  template <class... Values>
  auto values(Values const&... values) const {
    return further([values...](auto const& query) { return query.values(values...); });
  }
  /// As the blocking query's.
  template <class... Assignments>
  auto set(Assignments const&... assignments) const {
    return further([assignments...](auto const& query) { return query.set(assignments...); });
  }
  /// As the blocking query's.
  auto all_rows() const {
    return further([](auto const& query) { return query.all_rows(); });
  }
  /// As the blocking query's.
  auto returning() const {
    return further([](auto const& query) { return query.returning(); });
  }

  /// As the blocking query's.
  auto all(std::source_location where = std::source_location::current()) const {
    return carry_out([where](auto const& query) { return query.all(where); }, where);
  }
  /// As the blocking query's.
  auto first(std::source_location where = std::source_location::current()) const {
    return carry_out([where](auto const& query) { return query.first(where); }, where);
  }
  /// As the blocking query's.
  auto one(std::source_location where = std::source_location::current()) const {
    return carry_out([where](auto const& query) { return query.one(where); }, where);
  }
  /// As the blocking query's.
  auto one_or_none(std::source_location where = std::source_location::current()) const {
    return carry_out([where](auto const& query) { return query.one_or_none(where); }, where);
  }
  /// As the blocking query's.
  auto rows(std::source_location where = std::source_location::current()) const {
    return carry_out([where](auto const& query) { return query.rows(where); }, where);
  }
  /// As the blocking query's.
  auto count(std::source_location where = std::source_location::current()) const {
    return carry_out([where](auto const& query) { return query.count(where); }, where);
  }
  /// As the blocking query's.
  auto exists(std::source_location where = std::source_location::current()) const {
    return carry_out([where](auto const& query) { return query.exists(where); }, where);
  }
  /// As the blocking query's.
  auto execute(std::source_location where = std::source_location::current()) const {
    return carry_out([where](auto const& query) { return query.execute(where); }, where);
  }
  /// As the blocking query's.
  auto defer(std::source_location where = std::source_location::current()) const {
    return carry_out([where](auto const& query) { return query.defer(where); }, where);
  }

 private:
  template <class Step>
  auto further(Step step) const {
    auto next = [make = make_, own_step = std::move(step)](auto& on) { return own_step(make(on)); };
    return typed_query<Self, decltype(next)>{*self_, std::move(next)};
  }
  template <class Step>
  auto carry_out(Step step, std::source_location const& where) const {
    return self_->perform(
        [make = make_, own_step = std::move(step)](auto& on) { return own_step(make(on)); }, where);
  }

  Self* self_;
  Make make_;
};

}  // namespace pqscope::async::detail

#endif
