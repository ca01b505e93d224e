#ifndef PQSCOPE_TRANSFER_EXECUTE_MANY_HPP
#define PQSCOPE_TRANSFER_EXECUTE_MANY_HPP

#include <pqscope/connection/core_batch.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/batch.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/scanner.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/sql/sql_view.hpp>
#include <pqscope/transfer/plain_statement.hpp>
#include <pqscope/transfer/record_values.hpp>
#include <pqscope/types/parameters.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace pqscope {
namespace detail {

template <class Range>
using record_of = std::remove_cvref_t<std::ranges::range_reference_t<Range>>;

template <class Index>
struct sql_of_size;
template <std::size_t... I>
struct sql_of_size<std::index_sequence<I...>> {
  using type = basic_sql<std::integral_constant<std::size_t, I>...>;
};

/// The text of a statement for the records of a range: as many placeholders as a record has values.
template <class Range>
struct sql_for_records {
  using type =
      typename sql_of_size<std::make_index_sequence<count_values<record_of<Range>>()>>::type;
};

/// Hands the records of a range to a batch, one by one.
template <class Iterator, class Sentinel>
class range_source {
 public:
  range_source(Iterator first, Sentinel last, std::source_location const& where)
      : at_{std::move(first)}, end_{std::move(last)}, where_{where} {}

  bool empty() const { return at_ == end_; }
  libpq::record_source handle() noexcept {
    return {this, [](void* of, libpq::batch& into) {
              return static_cast<range_source*>(of)->next(into);
            }};
  }

 private:
  bool next(libpq::batch& into) {
    if (gone_past_) {
      ++at_;
    }
    gone_past_ = false;
    if (at_ == end_) {
      return false;
    }
    auto&& record = *at_;
    with_values(std::as_const(record), [&](auto const&... values) { add(into, values...); });
    gone_past_ = true;
    ++number_;
    return true;
  }

  template <class... Ts>
  void add(libpq::batch& into, Ts const&... values) {
    std::string problem;
    try {
      parameter_pack const bound(std::source_location{}, values...);
      into.add(bound.view());
      return;
    } catch (usage_error const& unsendable) {
      problem = unsendable.what();
    }
    throw usage_error("record " + std::to_string(number_) + ", counted from 0: " + problem, where_);
  }

  Iterator at_;
  Sentinel end_;
  std::source_location where_;
  std::size_t number_ = 0;
  bool gone_past_ = false;
};

template <class Core, class Range>
std::uint64_t send_records(sql_view const& text, Range&& records, Core const& core_for) {
  static_assert(std::ranges::input_range<Range>, "pqscope: the records have to be a range");
  require_plain(text, "execute_many");
  range_source source{std::ranges::begin(records), std::ranges::end(records), text.where};
  return source.empty() ? 0 : core_batch{core_for(), text, source.handle()}.run();
}

}  // namespace detail

template <class Self>
template <class Range>
std::uint64_t statements<Self>::execute_many(typename detail::sql_for_records<Range>::type text,
                                             Range&& records) {
  return detail::send_records(text.view(), records, [&]() -> detail::connection_core& {
    return self().core_for(text.where());
  });
}

template <class Self>
template <class Range>
std::uint64_t statements<Self>::execute_many(dynamic_sql const& text, Range&& records) {
  constexpr std::size_t values = detail::count_values<detail::record_of<Range>>();
  if (std::size_t const wanted = scan_sql(text.text()).highest_placeholder; wanted != values) {
    throw usage_error("the statement has " + std::to_string(wanted) +
                          " placeholders, each record has " + std::to_string(values) + " values",
                      text.where());
  }
  return detail::send_records(text.view(), records, [&]() -> detail::connection_core& {
    return self().core_for(text.where());
  });
}

}  // namespace pqscope

#endif
