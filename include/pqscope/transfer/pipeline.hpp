#ifndef PQSCOPE_TRANSFER_PIPELINE_HPP
#define PQSCOPE_TRANSFER_PIPELINE_HPP

#include <pqscope/connection/core_pipeline.hpp>
#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/result.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/transfer/pipelined.hpp>
#include <pqscope/transfer/plain_statement.hpp>
#include <pqscope/types/parameter_list.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope {
namespace detail {

template <class Part, std::size_t Size>
struct answer_of<std::array<Part, Size>> {
  template <class Pipeline>
  static auto take([[maybe_unused]] Pipeline& from, std::array<Part, Size>&& returned) {
    using answer = decltype(answer_of<Part>::take(from, std::declval<Part>()));
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<answer, Size>{take_answer(from, returned[I])...};
    }(std::make_index_sequence<Size>{});
  }
};

template <class Part>
struct answer_of<std::optional<Part>> {
  template <class Pipeline>
  static auto take(Pipeline& from, std::optional<Part>&& returned) {
    using answer = decltype(answer_of<Part>::take(from, std::declval<Part>()));
    return returned ? std::optional<answer>{take_answer(from, *returned)} : std::nullopt;
  }
};

}  // namespace detail

/// The statements of one round trip, while they are collected: what `statements::pipeline` hands to
/// its body.
///
/// `query` and `execute` send nothing yet: they keep the statement and copies of its arguments, and
/// answer a handle. When the body has returned, all are sent in order, with one Sync behind them;
/// then each handle in what it returned, which is one handle or value, or a `std::tuple`,
/// `std::pair`, `std::array`, `std::vector` or `std::optional` of them, also within each other,
/// becomes the `rows` or `result` it stands for. Answers of handles that are not returned are
/// dropped. Without a statement there is no round trip. Where the
/// body throws, nothing is sent.
///
/// Outside a transaction the statements are one unit: all take effect or none does. The first that
/// fails is told, with its number and its own line; later ones are not carried out. Inside a
/// transaction it fails that. What shows only when the unit is committed, such as a deferred
/// constraint, is told of the last statement.
///
/// COPY, transaction commands and texts of several statements are refused with `usage_error`; there
/// are no streams and cursors here. What the body does with the session itself is carried out at
/// once, ahead of the pipeline. One thread at a time.
class pipeline {
 public:
  /// Used by `statements::pipeline`.
  pipeline() = default;
  pipeline(pipeline const&) = delete;
  pipeline& operator=(pipeline const&) = delete;
  ~pipeline() = default;

  /// Adds a statement; its handle becomes a `result`.
  template <class... Args>
  pipelined<result> execute(sql<Args...> text, Args const&... arguments) {
    return add<result>(text.view(), {}, libpq::value_format::text, arguments...);
  }
  /// The same for text made at run time, which is copied.
  template <class... Args>
  pipelined<result> execute(dynamic_sql const& text, Args const&... arguments) {
    return add<result>(text.view(), text.text(), libpq::value_format::text, arguments...);
  }
  /// The same for a number of parameters known only at run time, at most 65535.
  pipelined<result> execute(dynamic_sql const& text, parameter_list arguments) {
    return add_bound<result>(text.view(), text.text(), libpq::value_format::text,
                             std::move(arguments));
  }

  /// Adds a statement; its handle becomes `rows` of `Row`, as `statements::query` answers them. A
  /// `type_mismatch` is thrown when all statements have been carried out; until then, too, nothing
  /// is asked about types made by users that the connection has not met, which costs a round trip
  /// for each statement with such types.
  template <class... Row, class... Args>
  [[nodiscard]] auto query(sql<Args...> text, Args const&... arguments)
      -> pipelined<rows<detail::row_of_t<Row...>>> {
    static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in query<int, std::string>");
    return add<rows<detail::row_of_t<Row...>>>(text.view(), {}, libpq::value_format::binary,
                                               arguments...);
  }
  /// The same for text made at run time, which is copied.
  template <class... Row, class... Args>
  [[nodiscard]] auto query(dynamic_sql const& text, Args const&... arguments)
      -> pipelined<rows<detail::row_of_t<Row...>>> {
    static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in query<int, std::string>");
    return add<rows<detail::row_of_t<Row...>>>(text.view(), text.text(),
                                               libpq::value_format::binary, arguments...);
  }
  /// The same for a number of parameters known only at run time, at most 65535.
  template <class... Row>
  [[nodiscard]] auto query(dynamic_sql const& text, parameter_list arguments)
      -> pipelined<rows<detail::row_of_t<Row...>>> {
    return add_bound<rows<detail::row_of_t<Row...>>>(
        text.view(), text.text(), libpq::value_format::binary, std::move(arguments));
  }

  /// Adds a statement that is declared as an object, with its types; see `statement`. Defined in
  /// `pqscope/mapping/statement_transfer.hpp`.
  template <class Row, class... Declared, class... Args>
  pipelined<result> execute(statement<Row(Declared...)> const& text, Args const&... arguments);
  /// The same for a statement that returns rows.
  template <class Row, class... Declared, class... Args>
  [[nodiscard]] auto query(statement<Row(Declared...)> const& text, Args const&... arguments)
      -> pipelined<rows<detail::declared_row_t<Row>>>;

  /// How many statements it has.
  std::size_t size() const noexcept { return entries_.size(); }
  /// Whether it has none.
  bool empty() const noexcept { return entries_.empty(); }

  /// Not for users: carries them out.
  template <class Core>
  void send(Core& core, std::source_location const& where) {
    core_ = &core;
    for (entry& each : entries_) {
      detail::pipelined_statement statement{
          .text = each.text, .parameters = each.arguments.view(), .format = each.format};
      if (each.text.is_dynamic) {
        statement.text.text = each.owned.c_str();
      }
      statements_.push_back(std::move(statement));
    }
    detail::core_pipeline<>{core, statements_, where}.run();
  }
  /// Not for users: the answer that a handle stands for. \throws usage_error for one of another
  /// pipeline, or moved from
  template <class Answer>
  Answer take(pipelined<Answer>&& handle) {
    if (handle.of_ != number_) {
      throw usage_error("a handle was returned that is of another pipeline, or was moved from",
                        handle.where_);
    }
    handle.of_ = 0;
    libpq::result_handle answer = std::move(statements_[handle.index_].answer);
    if constexpr (std::is_same_v<Answer, result>) {
      return result{std::move(answer)};
    } else {
      return Answer{std::move(answer), handle.where_, detail::types_of(*core_)};
    }
  }

 private:
  struct entry {
    sql_view text;
    std::string owned;  // where the text was made at run time
    parameter_list arguments;
    libpq::value_format format;
  };

  template <class Answer, class... Args>
  pipelined<Answer> add(sql_view const& text, std::string owned, libpq::value_format format,
                        Args const&... arguments) {
    parameter_list bound;
    (bound.add(arguments, text.where), ...);
    return add_bound<Answer>(text, std::move(owned), format, std::move(bound));
  }

  template <class Answer>
  pipelined<Answer> add_bound(sql_view const& text, std::string owned, libpq::value_format format,
                              parameter_list&& bound) {
    detail::require_plain(text, "a pipeline");
    entries_.push_back({text, std::move(owned), std::move(bound), format});
    return pipelined<Answer>{number_, entries_.size() - 1, text.where};
  }

  static inline std::atomic<std::uint64_t> made_{0};

  std::uint64_t number_ = ++made_;  // addresses are used again
  std::vector<entry> entries_;
  std::vector<detail::pipelined_statement> statements_;
  detail::connection_core* core_ = nullptr;  // once they have been sent
};

template <class Self>
template <class Body>
auto statements<Self>::pipeline(Body&& body, std::source_location where) {
  pqscope::pipeline collected;
  auto const send = [&] {
    if (!collected.empty()) {
      collected.send(self().core_for(where), where);
    }
  };
  if constexpr (std::is_void_v<std::invoke_result_t<Body&, pqscope::pipeline&>>) {
    body(collected);
    send();
  } else {
    auto returned = body(collected);
    send();
    return detail::answer_of<decltype(returned)>::take(collected, std::move(returned));
  }
}

}  // namespace pqscope

#endif
