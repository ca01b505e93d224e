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
#include <pqscope/transfer/insert_chunks.hpp>
#include <pqscope/transfer/plain_insert.hpp>
#include <pqscope/transfer/plain_statement.hpp>
#include <pqscope/transfer/record_chunk.hpp>
#include <pqscope/transfer/record_values.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/record.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace pqscope {
namespace detail {

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

/// Hands the records of a range to a batch, one by one or gathered.
template <class Iterator, class Sentinel>
class range_source {
 public:
  range_source(Iterator first, Sentinel last, std::source_location const& where)
      : at_{std::move(first)}, end_{std::move(last)}, where_{where} {}
  range_source(range_source const&) = delete;
  range_source& operator=(range_source const&) = delete;

  bool empty() const { return at_ == end_; }
  libpq::record_source handle() noexcept {
    return {this, [](void* of, libpq::batch& into) {
              return static_cast<range_source*>(of)->next(into);
            }};
  }
  /// Has the records that `chunks` kept go ahead of the others.
  void give_first(insert_chunks<>& chunks) noexcept { kept_ = &chunks; }

  /// Adds the next records to those gathered; false when there are no more.
  bool gather(record_chunk<>& into) {
    constexpr int at_once = 64;
    for (int i = 0; i < at_once && into.bytes() < record_chunk<>::enough; ++i) {
      if (!use_next([&](auto const&... values) { into.put(values...); })) {
        return false;
      }
    }
    return true;
  }

 private:
  bool next(libpq::batch& into) {
    return (kept_ != nullptr && kept_->give(into)) || use_next([&](auto const&... values) {
             into.add(parameter_pack(std::source_location{}, values...).view());
           });
  }

  /// Calls `use` with the values of the next record; false when there is none.
  template <class Use>
  bool use_next(Use const& use) {
    if (gone_past_) {
      ++at_;
    }
    gone_past_ = false;
    if (at_ == end_) {
      return false;
    }
    auto&& given = *at_;
    record_at<Iterator> const& record = given;
    with_values(record, [&](auto const&... values) { name_faults(use, values...); });
    gone_past_ = true;
    ++number_;
    return true;
  }

  template <class Use, class... Ts>
  void name_faults(Use const& use, Ts const&... values) const {
    std::string problem;
    try {
      use(values...);
      return;
    } catch (usage_error const& unsendable) {
      problem = unsendable.what();
    }
    throw usage_error("record " + std::to_string(number_) + ", counted from 0: " + problem, where_);
  }

  Iterator at_;
  Sentinel end_;
  std::source_location where_;
  insert_chunks<>* kept_ = nullptr;
  std::size_t number_ = 0;
  bool gone_past_ = false;
};

/// Gathers the records of a range.
template <class Source>
class range_chunks final : public insert_chunks<> {
 public:
  range_chunks(Source& from, plain_insert insert, std::span<chunk_field const> fields,
               std::size_t ahead)
      : insert_chunks<>{std::move(insert), fields, ahead}, from_{from} {
    from_.give_first(*this);
  }
  bool gather() override {
    bool const more = from_.gather(gathering());
    drop_empty();
    return more;
  }

 private:
  Source& from_;
};

/// The types of a record's values.
template <class Record>
auto value_types_of() noexcept {
  if constexpr (positional_record<Record>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return std::type_identity<
          std::tuple<std::remove_cvref_t<std::tuple_element_t<I, Record>>...>>{};
    }(std::make_index_sequence<std::tuple_size_v<Record>>{});
  } else if constexpr (named_record<Record>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return std::type_identity<std::tuple<std::remove_cvref_t<field_type<Record, I>>...>>{};
    }(std::make_index_sequence<record_size<Record>>{});
  } else {
    return std::type_identity<std::tuple<Record>>{};
  }
}

/// How the values of a record go in arrays; null where some do not.
template <class Record>
auto chunk_fields_of() noexcept {
  return []<class... Ts>(std::type_identity<std::tuple<Ts...>>) {
    if constexpr ((goes_in_array<Ts>() && ...)) {
      return std::array<chunk_field, sizeof...(Ts)>{chunk_field_of<Ts>()...};
    } else {
      return nullptr;
    }
  }(value_types_of<Record>());
}

/// How many records go one by one ahead of the question whether they can go many at a time; 0 where
/// it is not worth asking.
template <class Range>
std::size_t records_ahead(Range& records) {
  constexpr std::size_t worth_asking = 4096;
  constexpr std::size_t trial = 1000;  // where nobody knows how many there are
  if constexpr (std::ranges::sized_range<Range>) {
    return static_cast<std::size_t>(std::ranges::size(records)) < worth_asking ? 0 : 1;
  } else {
    return trial;
  }
}

template <class Core, class Range>
std::uint64_t send_records(sql_view const& text, Range&& records, Core const& core_for) {
  static_assert(std::ranges::input_range<Range>, "pqscope: the records have to be a range");
  require_plain(text, "execute_many");
  std::size_t const ahead = records_ahead(records);
  range_source source{std::ranges::begin(records), std::ranges::end(records), text.where};
  if (source.empty()) {
    return 0;
  }
  using record_type = record_of<Range>;
  auto const fields = chunk_fields_of<record_type>();
  if constexpr (!std::is_null_pointer_v<std::remove_const_t<decltype(fields)>>) {
    auto insert =
        ahead == 0 ? std::nullopt : plain_insert_reader<>{text.str(), fields.size()}.read();
    if (insert) {
      range_chunks chunks{source, *std::move(insert), fields, ahead};
      return core_batch<>{core_for(), text, source.handle(), &chunks}.run();
    }
  }
  return core_batch<>{core_for(), text, source.handle()}.run();
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
