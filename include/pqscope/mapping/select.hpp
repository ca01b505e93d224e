#ifndef PQSCOPE_MAPPING_SELECT_HPP
#define PQSCOPE_MAPPING_SELECT_HPP

#include <pqscope/mapping/executor.hpp>
#include <pqscope/mapping/functions.hpp>
#include <pqscope/mapping/operators.hpp>
#include <pqscope/mapping/source.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope {

/// The type of `skip_locked`.
struct skip_locked_t {};
/// For `for_update` and `for_share`: leaves out rows that others have locked.
inline constexpr skip_locked_t skip_locked{};
/// The type of `nowait`.
struct nowait_t {};
/// For `for_update`: an error where others have locked a row.
inline constexpr nowait_t nowait{};

namespace detail {

/// No condition.
struct no_condition {
  static constexpr std::size_t parameters = 0;
  void bind(argument_binder&) const noexcept {}
};

template <class Condition>
constexpr void put_condition(text_writer& out, std::string_view keyword) {
  if constexpr (!std::is_same_v<Condition, no_condition>) {
    out << keyword;
    Condition::write(out);
  }
}

/// A condition and one more.
template <class Before, class More>
constexpr auto both_conditions(Before const& before, More const& more) {
  require_condition<More>();
  if constexpr (std::is_same_v<Before, no_condition>) {
    return more;
  } else {
    return make_binary<op_and, bool>(before, more);
  }
}

/// A query's own options.
enum selection_flags : unsigned {
  has_limit = 1,
  has_offset = 2,
  is_distinct = 4,
  locks_update = 8,
  locks_share = 16,
  lock_skips = 32,
  lock_fails = 64,
};

/// The columns of all tables of a query.
template <class Source>
struct entity_output {
  using shape = typename Source::shape;
  static constexpr std::size_t parameters = 0;
  static constexpr void write(text_writer& out) { Source::write_columns(out); }
  void bind(argument_binder&) const noexcept {}
};

/// Whether an expression of a query can be NULL: as itself, or for a column behind a LEFT JOIN.
template <class Source, class E>
inline constexpr bool is_nullable_in = E::nullable;
template <class Source, auto Member, int Occurrence>
inline constexpr bool is_nullable_in<Source, column_expression<Member, Occurrence>> =
    column_expression<Member, Occurrence>::nullable ||
    Source::is_left(Source::template find<owner_of<Member>>(Occurrence));
template <class Source, class Op, class Type, class Inner>
inline constexpr bool is_nullable_in<Source, unary_expression<Op, Type, Inner>> =
    Op::nullable(is_nullable_in<Source, Inner>);
template <class Source, class Op, class Type, class Left, class Right>
inline constexpr bool is_nullable_in<Source, binary_expression<Op, Type, Left, Right>> =
    Op::can_be_null && (is_nullable_in<Source, Left> || is_nullable_in<Source, Right>);
template <class Source, class Inner, class Value>
inline constexpr bool is_nullable_in<Source, coalesce_expression<Inner, Value>> =
    is_nullable_in<Source, Value>;

template <class Source, class E>
using result_of = std::conditional_t<is_nullable_in<Source, E>, std::optional<typename E::type>,
                                     typename E::type>;

/// The type that an expression is cast to when it is read; empty: none. What is made of a column
/// that is cast, and is of its C++ type or a number as well, is cast, too: `max(col<&t::made>)`.
template <class E>
inline constexpr std::string_view read_as{};
template <class Type, class... Parts>
consteval std::string_view read_made_of() {
  constexpr bool is_cast =
      ((!read_as<Parts>.empty() && (std::is_same_v<Type, typename Parts::type> ||
                                    (is_number<Type> && is_number<typename Parts::type>))) ||
       ...);
  if constexpr (is_cast) {
    return natural_text<Type>;
  } else {
    return {};
  }
}
template <auto Member, int Occurrence>
inline constexpr std::string_view read_as<column_expression<Member, Occurrence>> =
    facts_of_member<Member>.read_as;
template <class Op, class Type, class Inner>
inline constexpr std::string_view read_as<unary_expression<Op, Type, Inner>> =
    read_made_of<Type, Inner>();
template <class Op, class Type, class Left, class Right>
inline constexpr std::string_view read_as<binary_expression<Op, Type, Left, Right>> =
    read_made_of<Type, Left, Right>();
template <class Inner, class Value>
inline constexpr std::string_view read_as<coalesce_expression<Inner, Value>> =
    read_made_of<typename coalesce_expression<Inner, Value>::type, Inner, Value>();

/// Expressions instead of structs.
template <class Source, class... Expressions>
struct value_output {
  using shape = mapped_shape<value_part<result_of<Source, Expressions>>...>;
  static constexpr std::size_t parameters = expression_list<Expressions...>::parameters;

  expression_list<Expressions...> values;

  static constexpr void write(text_writer& out) {
    bool first = true;
    (put<Expressions>(out, std::exchange(first, false)), ...);
  }
  void bind(argument_binder& binder) const { values.bind(binder); }

 private:
  template <class E>
  static constexpr void put(text_writer& out, bool first) {
    out << (first ? "" : ", ");
    if constexpr (read_as<E>.empty()) {
      E::write(out);
    } else {
      put_part<E>(out, atom_level);
      out << "::" << read_as<E>;
    }
  }
};

/// A SELECT in the making; see `statements::select`.
template <class Source, class Output, class Where = no_condition, class Group = expression_list<>,
          class Having = no_condition, class Order = expression_list<>, unsigned Flags = 0>
class [[nodiscard]] selection {
 public:
  using shape = typename Output::shape;
  using row = typename shape::row;

  explicit selection(executor on) : on_{on} {}
  selection(executor on, Output output, Where where, Group group, Having having, Order order,
            std::int64_t limit, std::int64_t offset)
      : on_{on},
        output_(std::move(output)),
        where_(std::move(where)),
        group_(std::move(group)),
        having_(std::move(having)),
        order_(std::move(order)),
        limit_{limit},
        offset_{offset} {}

  /// Rows that fulfil the condition; every further one counts as well.
  template <class Condition>
  auto where(Condition const& condition) const {
    auto both = both_conditions(where_, condition);
    return selection<Source, Output, decltype(both), Group, Having, Order, Flags>{
        on_, output_, std::move(both), group_, having_, order_, limit_, offset_};
  }
  /// In this order: columns and expressions, each by itself or in `desc` or `asc`; further ones
  /// decide among equals.
  template <class... By>
  auto order_by(By const&... by) const {
    auto order = order_.with(as_ordering(by)...);
    return selection<Source, Output, Where, Group, Having, decltype(order), Flags>{
        on_, output_, where_, group_, having_, std::move(order), limit_, offset_};
  }
  /// At most so many rows.
  auto limit(std::int64_t count) const { return flagged<has_limit>(count, offset_); }
  /// Without so many first ones.
  auto offset(std::int64_t count) const { return flagged<has_offset>(limit_, count); }
  /// Without rows that are equal to another one.
  auto distinct() const { return flagged<is_distinct>(limit_, offset_); }
  /// Locks the rows, of joined tables those of the first, until the transaction ends.
  auto for_update() const { return flagged<locks_update>(limit_, offset_); }
  /// The same, without rows that others have locked.
  auto for_update(skip_locked_t) const {
    return flagged < locks_update | lock_skips > (limit_, offset_);
  }
  /// The same; fails with `lock_not_available` where others have locked a row.
  auto for_update(nowait_t) const {
    return flagged < locks_update | lock_fails > (limit_, offset_);
  }
  /// Locks the rows against changes.
  auto for_share() const { return flagged<locks_share>(limit_, offset_); }
  /// The same, without rows that others are changing.
  auto for_share(skip_locked_t) const {
    return flagged < locks_share | lock_skips > (limit_, offset_);
  }

  /// With the table at the other end of a reference, `join<&post::author_id>()`: from the struct
  /// that has it to the one it references, or the other way round. Rows become tuples of structs.
  /// Where a struct is there more than once, `Occurrence` counts them from 0.
  template <auto Reference, int Occurrence = 0>
  auto join() const {
    return joined<decltype(join_over<Source, Reference, Occurrence, false>())>();
  }
  /// The same; where there is no row at the other end its struct is an empty optional.
  template <auto Reference, int Occurrence = 0>
  auto left_join() const {
    return joined<decltype(join_over<Source, Reference, Occurrence, true>())>();
  }

  /// One row for all rows that are equal in these; see `values`.
  template <class... By>
  auto group_by(By const&... by) const {
    auto group = group_.with(by...);
    return selection<Source, Output, Where, decltype(group), Having, Order, Flags>{
        on_, output_, where_, std::move(group), having_, order_, limit_, offset_};
  }
  /// Groups that fulfil the condition.
  template <class Condition>
  auto having(Condition const& condition) const {
    auto both = both_conditions(having_, condition);
    return selection<Source, Output, Where, Group, decltype(both), Order, Flags>{
        on_, output_, where_, group_, std::move(both), order_, limit_, offset_};
  }
  /// Columns and expressions instead of structs: rows become tuples of them, or what the only one
  /// is. What can be NULL is an optional, also a column behind a `left_join`.
  template <expression... Values>
  auto values(Values const&... values) const {
    static_assert(sizeof...(Values) > 0, "pqscope: say which values a row has");
    return selection<Source, value_output<Source, Values...>, Where, Group, Having, Order, Flags>{
        on_, {{{values...}}}, where_, group_, having_, order_, limit_, offset_};
  }

  /// Carries it out and returns its rows; see `pqscope::rows`.
  [[nodiscard]] auto rows(std::source_location at = std::source_location::current()) const {
    return run<how::all, row, shape, row_number::many>(at);
  }
  /// Every row.
  [[nodiscard]] std::vector<row> all(
      std::source_location at = std::source_location::current()) const {
    return rows(at).all();
  }
  /// The first row, nothing if there is none; the server sends only that.
  [[nodiscard]] std::optional<row> first(
      std::source_location at = std::source_location::current()) const {
    return run<how::first, row, shape>(at).first();
  }
  /// The only row. \throws no_rows, too_many_rows unless there is exactly one
  [[nodiscard]] row one(std::source_location at = std::source_location::current()) const {
    return run<how::all, row, shape>(at).one();
  }
  /// The only row, nothing if there is none. \throws too_many_rows if there are more
  [[nodiscard]] std::optional<row> one_or_none(
      std::source_location at = std::source_location::current()) const {
    return run<how::all, row, shape>(at).one_or_none();
  }
  /// How many rows it has.
  [[nodiscard]] std::int64_t count(
      std::source_location at = std::source_location::current()) const {
    return run<how::count, std::int64_t, mapped_shape<value_part<std::int64_t>>>(at).one();
  }
  /// Whether it has a row.
  [[nodiscard]] bool exists(std::source_location at = std::source_location::current()) const {
    return run<how::exists, bool, mapped_shape<value_part<bool>>>(at).one();
  }

  /// The SQL text of `rows`, `all` and `one`.
  static constexpr std::string_view text() noexcept { return text_of<form<how::all>>(); }
  /// The SQL text of `first`.
  static constexpr std::string_view first_text() noexcept { return text_of<form<how::first>>(); }
  /// The SQL text of `count`.
  static constexpr std::string_view count_text() noexcept { return text_of<form<how::count>>(); }
  /// The SQL text of `exists`.
  static constexpr std::string_view exists_text() noexcept { return text_of<form<how::exists>>(); }

 private:
  enum class how { all, first, count, exists };

  static constexpr bool is_plain = Group::size == 0 && std::is_same_v<Having, no_condition> &&
                                   (Flags & ~locks_update) == 0 &&
                                   std::is_same_v<Output, entity_output<Source>>;

  /// A text of the query, and how many parameters that has.
  template <how How>
  struct form {
    static constexpr bool is_whole = How == how::all || How == how::first || !is_plain;
    static constexpr std::size_t parameters =
        Where::parameters +
        (!is_whole
             ? 0
             : Output::parameters + Group::parameters + Having::parameters + Order::parameters +
                   (Flags & has_limit ? 1 : 0) + (Flags & has_offset ? 1 : 0));

    static constexpr void write(text_writer& out) {
      Source::enter(out);
      out << (How == how::exists  ? "SELECT EXISTS ("
              : How != how::count ? ""
              : is_whole          ? "SELECT count(*) FROM ("
                                  : "SELECT count(*)");
      if constexpr (is_whole) {
        write_whole(out);
      } else {
        out << (How == how::exists ? "SELECT FROM " : " FROM ");
        Source::write(out);
        put_condition<Where>(out, " WHERE ");
      }
      out << (How == how::exists ? ")" : How == how::count && is_whole ? ") AS counted" : "");
    }

   private:
    static constexpr void write_whole(text_writer& out) {
      out << (Flags & is_distinct ? "SELECT DISTINCT " : "SELECT ");
      Output::write(out);
      out << " FROM ";
      Source::write(out);
      put_condition<Where>(out, " WHERE ");
      if constexpr (Group::size != 0) {
        out << " GROUP BY ";
        Group::write(out);
      }
      put_condition<Having>(out, " HAVING ");
      if constexpr (Order::size != 0) {
        out << " ORDER BY ";
        Order::write(out);
      }
      if constexpr ((Flags & has_limit) != 0) {
        (out << " LIMIT ").placeholder();
      } else if constexpr (How == how::first) {
        out << " LIMIT 1";
      }
      if constexpr ((Flags & has_offset) != 0) {
        (out << " OFFSET ").placeholder();
      }
      if constexpr ((Flags & (locks_update | locks_share)) != 0) {
        out << (Flags & locks_update ? " FOR UPDATE" : " FOR SHARE")
            << (Source::is_joined ? " OF t0" : "")
            << (Flags & lock_skips   ? " SKIP LOCKED"
                : Flags & lock_fails ? " NOWAIT"
                                     : "");
      }
    }
  };

  template <how How, class Row, class Shape, row_number Number = row_number::few>
  auto run(std::source_location const& at) const {
    return read_query<form<How>, Row, Shape, Number>(on_, at, [this](argument_binder& binder) {
      constexpr bool is_whole = form<How>::is_whole;
      if constexpr (is_whole) {
        output_.bind(binder);
      }
      where_.bind(binder);
      if constexpr (is_whole) {
        group_.bind(binder);
        having_.bind(binder);
        order_.bind(binder);
        if constexpr ((Flags & has_limit) != 0) {
          binder.add(limit_);
        }
        if constexpr ((Flags & has_offset) != 0) {
          binder.add(offset_);
        }
      }
    });
  }

  template <unsigned More>
  auto flagged(std::int64_t limit, std::int64_t offset) const {
    return selection<Source, Output, Where, Group, Having, Order, Flags | More>{
        on_, output_, where_, group_, having_, order_, limit, offset};
  }
  template <class Joined>
  auto joined() const {
    static_assert(std::is_same_v<Output, entity_output<Source>>,
                  "pqscope: values() comes behind the joins");
    return selection<Joined, entity_output<Joined>, Where, Group, Having, Order, Flags>{
        on_, {}, where_, group_, having_, order_, limit_, offset_};
  }

  executor on_;
  Output output_;
  Where where_;
  Group group_;
  Having having_;
  Order order_;
  std::int64_t limit_ = 0;
  std::int64_t offset_ = 0;
};

/// Whether the references of a struct's columns are possible; looked at by every query of it.
template <class T>
consteval bool require_entity() {
  return references_of<T>.size() <= table_of<T>.columns.size();
}

template <class T>
auto select_from(executor on) {
  static_assert(require_entity<T>());
  using tables = source<base_table<T>>;
  return selection<tables, entity_output<tables>>{on};
}

}  // namespace detail

/// A SELECT without anything to carry it out, to look at its text; see `statements::select`.
template <class T>
[[nodiscard]] auto select() {
  return detail::select_from<T>({});
}

/// The SQL text of a typed query: a constant of the program.
template <class Query>
constexpr std::string_view to_sql(Query const&) noexcept {
  return Query::text();
}

}  // namespace pqscope

#endif
