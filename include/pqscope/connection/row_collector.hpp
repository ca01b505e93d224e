#ifndef PQSCOPE_CONNECTION_ROW_COLLECTOR_HPP
#define PQSCOPE_CONNECTION_ROW_COLLECTOR_HPP

#include <pqscope/connection/add_row.hpp>
#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/connection/row_collection.hpp>
#include <pqscope/connection/row_plan.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/row_sink.hpp>
#include <pqscope/connection/type_source.hpp>
#include <pqscope/libpq/append.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/sql_view.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/user_type.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <utility>

namespace pqscope::detail {

/// As `plan_row`, for the first of the rows that arrive, while the server cannot be asked: false
/// where something does not fit, or something is not known of a type that users made. Throws only
/// `std::bad_alloc`.
inline bool plan_known_row(libpq::result_view view, std::span<field_shape const> fields,
                           bool by_name, std::span<column_plan> plan, type_source const& source,
                           shared_types& types) {
  std::string faults;
  if (!match_columns(view, fields, by_name, plan, faults) || !faults.empty()) {
    return false;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    oid_t const type = view.column_type(plan[i].column);
    plan[i].type = type;
    if (is_record(type)) {
      return false;  // each value tells its own types
    }
    if (type < oid::first_unfixed) {
      if (!fields[i].accepts(type)) {
        return false;
      }
      continue;
    }
    if (types == nullptr) {
      types = source.table();
    }
    if (types == nullptr || types->find(type) == nullptr ||
        !fields[i].accepts_known(type, types.get(), &faults)) {
      return false;
    }
  }
  return true;
}

/// Has rows decoded as they arrive, so that no whole result is held beside them. From the first
/// that cannot be decoded yet, or at all, it keeps them as they are: they are looked at once the
/// statement has ended.
class row_keeper : public row_sink {
 public:
  void expect(std::uint64_t rows) noexcept override { expected_ = rows; }

  /// The statement has ended, with this answer; answers the rows that were not decoded, or else the
  /// columns.
  libpq::result_handle finish(libpq::result_handle answer) {
    if (problem_) {
      std::rethrow_exception(problem_);
    }
    return std::move(kept_ ? kept_ : answer);
  }
  /// Whether columns and rows have been matched.
  bool is_planned() const noexcept { return planned_; }

 protected:
  row_keeper() = default;
  ~row_keeper() = default;

  /// Matches columns and rows, of which `expected` may come; false where that has to wait.
  virtual bool plan(libpq::result_view view, std::uint64_t expected) = 0;

  /// Whether rows, of which these come next, are to be decoded.
  bool decodes(libpq::result_view next) {
    if (!has_begun_) [[unlikely]] {
      has_begun_ = true;
      planned_ = plan(next, expected_);
      decodes_ = planned_;
    }
    return decodes_;
  }
  /// Keeps rows from that one on as they are, and all that come behind them.
  [[gnu::noinline]] void keep(libpq::result_handle const& rows, int row) noexcept {
    decodes_ = false;
    try {
      for (int const end = libpq::result_view{rows}.rows(); row < end && !problem_; ++row) {
        libpq::append_row(kept_, rows, row);
      }
    } catch (...) {
      note_problem();
    }
  }
  /// The statement cannot be answered.
  void note_problem() noexcept { problem_ = std::current_exception(); }

 private:
  libpq::result_handle kept_;
  std::exception_ptr problem_;
  std::uint64_t expected_ = 0;
  bool has_begun_ = false;
  bool planned_ = false;
  bool decodes_ = false;  // all rows so far were
};

template <class Row, class Shape>
class row_collector final : public row_keeper {
 public:
  row_collector(row_collection<Row, Shape>& to, type_source const& source) noexcept
      : to_{to}, source_{source} {}

  void take(libpq::result_handle const& rows) noexcept override {
    libpq::result_view const view{rows};
    int row = 0;
    int const end = view.rows();
    try {
      for (bool const decodes = this->decodes(view); decodes && row < end; ++row) {
        add_row(to_.decoded, [&] {
          return Shape::make(row_reader<Shape::size>{view, to_.plan, row, to_.types.get()});
        });
      }
    } catch (std::bad_alloc const&) {
      note_problem();
    } catch (...) {  // thrown once somebody looks at the row
    }
    if (row < end) [[unlikely]] {
      keep(rows, row);
    }
  }

 private:
  bool plan(libpq::result_view view, std::uint64_t expected) override {
    auto const fields = Shape::fields();
    if (!plan_known_row(view, fields, Shape::by_name, to_.plan, source_, to_.types)) {
      return false;
    }
    constexpr std::uint64_t most = (1U << 20U) / sizeof(Row) + 1;  // a wrong guess costs 1 MiB
    to_.decoded.reserve(static_cast<std::size_t>(least(expected, most)));
    return true;
  }

  row_collection<Row, Shape>& to_;
  type_source const& source_;
};

/// Carries out a statement whose rows are wanted in binary format. Large results are decoded as
/// they arrive, unless rows refer to them.
template <class Row, class Shape>
row_collection<Row, Shape> collect_rows(connection_core& core, libpq::request&& statement,
                                        sql_view const& text) {
  row_collection<Row, Shape> made;
  type_source const source = types_of(core);
  bool is_planned = false;
  if constexpr (is_copyable<Row> && !shape_refers<Row, Shape>) {
    row_collector<Row, Shape> collector{made, source};
    made.result = collector.finish(core.run(std::move(statement), text, &collector));
    is_planned = collector.is_planned();
  } else {
    made.result = core.run(std::move(statement), text);
  }
  if (!is_planned) {
    auto const fields = Shape::fields();
    made.types = plan_row(made.view(), fields, Shape::by_name, made.plan, text.where, source);
  }
  return made;
}

}  // namespace pqscope::detail

#endif
