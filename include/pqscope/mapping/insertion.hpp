#ifndef PQSCOPE_MAPPING_INSERTION_HPP
#define PQSCOPE_MAPPING_INSERTION_HPP

#include <pqscope/mapping/change.hpp>
#include <pqscope/mapping/entity.hpp>
#include <pqscope/mapping/executor.hpp>
#include <pqscope/mapping/row_text.hpp>

#include <cstddef>
#include <optional>
#include <source_location>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pqscope {
namespace detail {

/// Gives the values of a row for that INSERT.
template <class T>
void bind_insert(argument_binder& binder, T const& row, bool with_identity) {
  for_each_column<T>([&]<class Binding>(column_facts const& facts, Binding) {
    if (is_inserted(facts, with_identity)) {
      binder.add(Binding::get(row));
    }
  });
}

/// What happens on a conflict; see `pqscope::on_conflict`.
struct no_conflict {};      ///< nothing: the conflict is an error
struct ignore_conflict {};  ///< the row is not inserted
struct replace_columns {};  ///< the columns of the row that is there become those of the new one

/// Writes `DO UPDATE SET` of all columns that are neither key nor the conflict's own.
constexpr void put_replace(text_writer& out, table_view const& table,
                           std::span<std::size_t const> target) {
  bool first = true;
  for (bool const keys : {false, true}) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      column_facts const& column = table.columns[i];
      bool is_target = is_key(table, i) || column.identity;
      for (std::size_t const each : target) {
        is_target = is_target || each == i;
      }
      if (is_target != keys || !column.generated.empty() || (keys && !first)) {
        continue;  // a key only where there is nothing else, so that the row is returned
      }
      out << (first ? "" : ", ");
      first = false;
      out.name(column.name) << " = ";
      if (column.version) {
        out << "t0.";
        out.name(column.name) << " + 1";
      } else {
        out << "excluded.";
        out.name(column.name);
      }
    }
  }
}

/// A conflict in the columns of `Members`, or in the primary key where there are none.
template <class Action, auto... Members>
struct conflict {
  Action action;

  static constexpr std::size_t parameters = [] {
    if constexpr (requires { Action::parameters; }) {
      return Action::parameters;
    } else {
      return std::size_t{0};
    }
  }();

  template <class T>
  static constexpr void write(text_writer& out) {
    out << " ON CONFLICT (";
    table_view const table = table_of<T>;
    if constexpr (sizeof...(Members) == 0) {
      static_assert(key_size<T> != 0,
                    "pqscope: the table has no primary key: say which columns conflict, with "
                    "on_conflict<&user::name>()");
      put_target(out, table, key_of<T>);
    } else {
      static_assert((std::is_same_v<owner_of<Members>, T> && ...),
                    "pqscope: the columns of a conflict are those of the table");
      std::size_t const target[] = {column_of<Members>...};
      put_target(out, table, target);
    }
  }

 private:
  static constexpr void put_target(text_writer& out, table_view const& table,
                                   std::span<std::size_t const> target) {
    bool first = true;
    for (std::size_t const each : target) {
      out << (first ? "" : ", ");
      first = false;
      out.name(table.columns[each].name);
    }
    if constexpr (std::is_same_v<Action, ignore_conflict>) {
      out << ") DO NOTHING";
    } else {
      out << ") DO UPDATE SET ";
      if constexpr (std::is_same_v<Action, replace_columns>) {
        put_replace(out, table, target);
      }
    }
  }
};

/// `on_conflict` without what is to be done yet.
template <auto... Members>
struct conflict_target : conflict<replace_columns, Members...> {
  /// The row is not inserted.
  constexpr auto do_nothing() const { return conflict<ignore_conflict, Members...>{}; }
  /// All columns of the row that is there, but for its key, become those of the new one.
  constexpr auto do_update() const { return conflict<replace_columns, Members...>{}; }
  /// The row that is there is changed: `do_update(col<&user::n> = col<&user::n> + 1)`. A version
  /// column counts up where it is not set.
  template <class... Assignments>
    requires(sizeof...(Assignments) > 0)
  constexpr auto do_update(Assignments const&... assignments) const {
    static_assert((is_assignment<Assignments> && ...),
                  "pqscope: do_update() takes assignments, as in do_update(col<&user::n> = 1)");
    using list = expression_list<Assignments...>;
    return conflict<list, Members...>{list{{assignments...}}};
  }
};

template <class Conflict>
struct conflict_action {
  using type = no_conflict;
};
template <class Action, auto... Members>
struct conflict_action<conflict<Action, Members...>> {
  using type = Action;
};
template <auto... Members>
struct conflict_action<conflict_target<Members...>> {
  using type = replace_columns;
};

/// A column of the row that could not be inserted; see `pqscope::excluded`.
template <auto Member>
struct excluded_expression : operand_members<excluded_expression<Member>> {
  using type = non_null_t<value_of<Member>>;
  static constexpr bool nullable = is_nullable<value_of<Member>>;
  static constexpr int precedence = atom_level;
  static constexpr std::size_t parameters = 0;
  static constexpr column_facts const* facts() { return &facts_of_member<Member>; }
  static constexpr void write(text_writer& out, column_hint = {}) {
    (out << "excluded.").name(facts()->name);
  }
  void bind(argument_binder&) const noexcept {}
};

/// An INSERT of one row.
template <class T, class Conflict>
class insertion {
 public:
  using action = typename conflict_action<Conflict>::type;
  /// What it returns: the row as it is then; nothing where it was not inserted and that is right.
  using answer = std::conditional_t<std::is_same_v<action, ignore_conflict>, std::optional<T>, T>;

  insertion(T row, Conflict conflict) : row_(std::move(row)), conflict_(std::move(conflict)) {}

  /// Carries it out.
  answer run(executor const& on, std::source_location const& at) const {
    if constexpr (has_identity<T>) {
      return gives_identity(row_) ? run<true>(on, at) : run<false>(on, at);
    } else {
      return run<true>(on, at);
    }
  }
  /// The SQL text where the server makes the key of the identity column.
  static constexpr std::string_view text() noexcept { return text_of<form<!has_identity<T>>>(); }
  /// The SQL text where the struct has it.
  static constexpr std::string_view keyed_text() noexcept { return text_of<form<true>>(); }

 private:
  template <bool Keyed>
  struct form {
    static constexpr std::size_t parameters = [] {
      std::size_t const inserted = count_inserted(table_of<T>, Keyed);
      if constexpr (requires { Conflict::parameters; }) {
        return inserted + Conflict::parameters;
      } else {
        return inserted;
      }
    }();

    static constexpr void write(text_writer& out) {
      out.add_table(code_of_struct<T>);
      put_insert(out, table_of<T>, Keyed);
      if constexpr (!std::is_same_v<action, no_conflict>) {
        Conflict::template write<T>(out);
      }
      if constexpr (requires { action::size; }) {
        out.qualify();
        put_assignments<T>(out, static_cast<action*>(nullptr));
        out.qualify(false);
      }
      out << " RETURNING ";
      put_columns(out, table_of<T>, 0);
    }
  };

  template <bool Keyed>
  answer run(executor const& on, std::source_location const& at) const {
    auto const found =
        read_query<form<Keyed>, T, entity_shape<T>>(on, at, [this](argument_binder& binder) {
          bind_insert(binder, row_, Keyed);
          if constexpr (requires { action::size; }) {
            conflict_.action.bind(binder);
          }
        });
    if constexpr (std::is_same_v<answer, T>) {
      return found.one();
    } else {
      return found.one_or_none();
    }
  }

  T row_;
  Conflict conflict_;
};

}  // namespace detail

/// The columns in which a row conflicts with one that is there: those of a unique constraint or
/// index; without any the primary key. Says what is done then:
///
///     s.upsert(u, pqscope::on_conflict<&user::username>().do_nothing());
template <auto... Members>
constexpr auto on_conflict() {
  return detail::conflict_target<Members...>{};
}

/// In `do_update`: the column as it is in the row that could not be inserted.
template <auto Member>
inline constexpr detail::excluded_expression<Member> excluded{};

/// An INSERT without anything to carry it out, to look at its text; see `statements::insert`.
template <class T>
[[nodiscard]] auto insert(T row) {
  static_assert(detail::require_entity<T>());
  return detail::insertion<T, detail::no_conflict>{std::move(row), {}};
}

/// The same with what is done on a conflict; see `statements::upsert`.
template <class T, class Conflict = detail::conflict_target<>>
[[nodiscard]] auto upsert(T row, Conflict conflict = {}) {
  static_assert(detail::require_entity<T>());
  static_assert(
      !std::is_same_v<typename detail::conflict_action<Conflict>::type, detail::no_conflict>,
      "pqscope: say what happens on a conflict, as in on_conflict<&user::name>().do_nothing()");
  return detail::insertion<T, Conflict>{std::move(row), std::move(conflict)};
}

}  // namespace pqscope

#endif
