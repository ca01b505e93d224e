#ifndef PQSCOPE_MAPPING_CHANGE_HPP
#define PQSCOPE_MAPPING_CHANGE_HPP

#include <pqscope/mapping/col.hpp>
#include <pqscope/mapping/entity.hpp>
#include <pqscope/mapping/executor.hpp>
#include <pqscope/mapping/select.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope {
namespace detail {

/// Every row, said in so many words.
struct every_row : no_condition {};

template <class T>
inline constexpr bool is_assignment = false;
template <auto Member, class Value>
inline constexpr bool is_assignment<assignment<Member, Value>> = true;

/// Writes assignments, and that the version column counts up where there is one that they leave
/// out.
template <class T, auto... Members, class... Values>
constexpr void put_assignments(text_writer& out, expression_list<assignment<Members, Values>...>*) {
  std::size_t const assigned[] = {column_of<Members>...};
  bool first = true;
  ((out << (std::exchange(first, false) ? "" : ", "), assignment<Members, Values>::write(out)),
   ...);
  std::size_t at = 0;
  for (column_facts const& column : table_of<T>.columns) {
    bool wanted = column.version;
    for (std::size_t const each : assigned) {
      wanted = wanted && each != at;
    }
    if (wanted) {
      out << ", ";
      out.name(column.name) << " = ";
      out.column(0, column.name) << " + 1";
    }
    ++at;
  }
}

/// What an UPDATE does.
template <class T, class Assignments = expression_list<>>
struct update_verb {
  using entity = T;
  static constexpr bool is_complete = Assignments::size != 0;
  static constexpr std::size_t parameters = Assignments::parameters;

  Assignments assignments;

  static constexpr void write(text_writer& out) {
    out << "UPDATE ";
    put_table(out, table_of<T>) << " SET ";
    put_assignments<T>(out, static_cast<Assignments*>(nullptr));
  }
  void bind(argument_binder& binder) const { assignments.bind(binder); }
};

/// What a DELETE does.
template <class T>
struct erase_verb {
  using entity = T;
  static constexpr bool is_complete = true;
  static constexpr std::size_t parameters = 0;
  static constexpr void write(text_writer& out) {
    out << "DELETE FROM ";
    put_table(out, table_of<T>);
  }
  void bind(argument_binder&) const noexcept {}
};

/// An UPDATE or DELETE that returns the rows it affected, as they are then or were.
template <class Verb, class Where>
class [[nodiscard]] returning_change {
 public:
  using row = typename Verb::entity;
  static constexpr std::size_t parameters = Verb::parameters + Where::parameters;

  returning_change(executor on, Verb verb, Where where)
      : on_{on}, verb_(std::move(verb)), where_(std::move(where)) {}

  /// Carries it out and returns the rows; see `pqscope::rows`.
  auto rows(std::source_location at = std::source_location::current()) const {
    return run<row_number::many>(at);
  }
  /// Every row.
  std::vector<row> all(std::source_location at = std::source_location::current()) const {
    return rows(at).all();
  }
  /// The first row, nothing if there is none; all are affected.
  std::optional<row> first(std::source_location at = std::source_location::current()) const {
    return run<row_number::few>(at).first();
  }
  /// The only row. \throws no_rows, too_many_rows unless there is exactly one; all are affected
  row one(std::source_location at = std::source_location::current()) const {
    return run<row_number::few>(at).one();
  }
  /// The only row, nothing if there is none. \throws too_many_rows; all are affected then
  std::optional<row> one_or_none(std::source_location at = std::source_location::current()) const {
    return run<row_number::few>(at).one_or_none();
  }

  /// The SQL text.
  static constexpr std::string_view text() noexcept { return text_of<returning_change>(); }
  /// Not for users.
  static constexpr void write(text_writer& out) {
    out.add_table(code_of_struct<row>);
    Verb::write(out);
    if constexpr (!std::is_same_v<Where, every_row>) {
      put_condition<Where>(out, " WHERE ");
    }
    out << " RETURNING ";
    put_columns(out, table_of<row>, 0);
  }

 private:
  template <row_number Number>
  auto run(std::source_location const& at) const {
    return read_query<returning_change, row, entity_shape<row>, Number>(
        on_, at, [this](argument_binder& binder) {
          verb_.bind(binder);
          where_.bind(binder);
        });
  }

  executor on_;
  Verb verb_;
  Where where_;
};

/// An UPDATE or DELETE in the making; see `statements::update` and `statements::erase`.
template <class Verb, class Where = no_condition>
class [[nodiscard]] change {
 public:
  using entity = typename Verb::entity;
  static constexpr std::size_t parameters = Verb::parameters + Where::parameters;

  explicit change(executor on, Verb verb = {}, Where where = {})
      : on_{on}, verb_(std::move(verb)), where_(std::move(where)) {}

  /// What an UPDATE sets: `set(col<&user::name> = "eve", col<&user::n> = col<&user::n> + 1)`. A
  /// version column counts up where it is not set.
  template <class... Assignments>
  auto set(Assignments const&... assignments) const {
    static_assert((is_assignment<Assignments> && ...),
                  "pqscope: set() takes assignments, as in set(col<&user::name> = \"eve\")");
    static_assert((std::is_same_v<owner_of<Assignments::member>, entity> && ...),
                  "pqscope: set() assigns to columns of the table that is updated");
    auto all = verb_.assignments.with(assignments...);
    using verb = update_verb<entity, decltype(all)>;
    return change<verb, Where>{on_, verb{std::move(all)}, where_};
  }
  /// Only rows that fulfil the condition; every further one counts as well.
  template <class Condition>
  auto where(Condition const& condition) const {
    static_assert(!std::is_same_v<Where, every_row>, "pqscope: all_rows() and a condition");
    auto both = both_conditions(where_, condition);
    return change<Verb, decltype(both)>{on_, verb_, std::move(both)};
  }
  /// Every row of the table.
  auto all_rows() const {
    static_assert(std::is_same_v<Where, no_condition>, "pqscope: all_rows() and a condition");
    return change<Verb, every_row>{on_, verb_, every_row{}};
  }

  /// Carries it out; answers how many rows it affected.
  std::uint64_t execute(std::source_location at = std::source_location::current()) const {
    require_whole();
    return execute_query<change>(on_, at, give());
  }
  /// Keeps it until something else is sent; see `statements::defer`.
  void defer(std::source_location at = std::source_location::current()) const {
    require_whole();
    defer_query<change>(on_, at, give());
  }
  /// The same, with the rows it affects: `.returning().all()`.
  auto returning() const {
    require_whole();
    return returning_change<Verb, Where>{on_, verb_, where_};
  }

  /// The SQL text.
  static constexpr std::string_view text() noexcept {
    require_whole();
    return text_of<change>();
  }
  /// Not for users.
  static constexpr void write(text_writer& out) {
    out.add_table(code_of_struct<entity>);
    Verb::write(out);
    if constexpr (!std::is_same_v<Where, every_row>) {
      put_condition<Where>(out, " WHERE ");
    }
  }

 private:
  static constexpr void require_whole() noexcept {
    static_assert(Verb::is_complete, "pqscope: say what the update sets, with set()");
    static_assert(!std::is_same_v<Where, no_condition>,
                  "pqscope: an update or erase has a condition, where(), or says all_rows()");
  }
  auto give() const {
    return [this](argument_binder& binder) {
      verb_.bind(binder);
      where_.bind(binder);
    };
  }

  executor on_;
  Verb verb_;
  Where where_;
};

template <class T>
auto update_of(executor on) {
  static_assert(require_entity<T>());
  return change<update_verb<T>>{on};
}
template <class T>
auto erase_of(executor on) {
  static_assert(require_entity<T>());
  return change<erase_verb<T>>{on};
}

}  // namespace detail

/// An UPDATE without anything to carry it out, to look at its text; see `statements::update`.
template <class T>
[[nodiscard]] auto update() {
  return detail::update_of<T>({});
}

/// A DELETE without anything to carry it out, to look at its text; see `statements::erase`.
template <class T>
[[nodiscard]] auto erase() {
  return detail::erase_of<T>({});
}

}  // namespace pqscope

#endif
