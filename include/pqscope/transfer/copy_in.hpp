#ifndef PQSCOPE_TRANSFER_COPY_IN_HPP
#define PQSCOPE_TRANSFER_COPY_IN_HPP

#include <pqscope/connection/core_copy.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/error/raise.hpp>
#include <pqscope/error/server_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/copy.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/transfer/copy_column.hpp>
#include <pqscope/transfer/copy_options.hpp>
#include <pqscope/transfer/copy_record.hpp>
#include <pqscope/types/codec.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {
namespace detail {

/// A copy of records into a table, whatever these are.
///
/// A template so that only programs that copy records into a table compile it.
template <class = void>
class record_copy {
 public:
  /// Asks for the table's columns and matches them with `fields`. Sends no COPY yet.
  record_copy(connection_core& core, copy_target const& table,
              std::span<std::string_view const> names, std::span<copy_field const> fields,
              copy_options options, std::source_location const& where)
      : command_{"COPY " + table.text() + column_list(names, where)},
        where_{where},
        options_{std::move(options)},
        copy_{core, where},
        plan_{plan_copy(ask_columns(core, table), names, fields, where)},
        writer_{plan_} {}
  record_copy(record_copy const&) = delete;
  record_copy& operator=(record_copy const&) = delete;

  /// Begins the COPY.
  void begin() {
    copy_.begin(command_ + (plan_.as_text ? " FROM STDIN" : " FROM STDIN (FORMAT binary)"));
    writer_.put_head();
  }
  /// Adds a record. \throws usage_error that names it, counted from 0, and the column
  template <class Record>
  void put(Record const& record) {
    try {
      writer_.put(record);
    } catch (usage_error const& fault) {
      refuse(fault);
    }
    ++done_.rows;
    if (writer_.bytes().size() >= block) {
      flush_blocks();
    }
  }
  /// Ends the COPY. Returns the number of rows the server has taken.
  std::uint64_t end() {
    writer_.put_tail();
    flush(writer_.bytes().size());
    return copy_.end();
  }

  /// The columns as they stand behind the table's name.
  static std::string column_list(std::span<std::string_view const> names,
                                 std::source_location const& where) {
    std::string list;
    for (std::string_view const name : names) {
      list += list.empty() ? " (" : ", ";
      list += identifier{name, where}.text();
    }
    return list.empty() ? list : list + ')';
  }

 private:
  static constexpr std::size_t block = libpq::copy_in_operation::block_size;
  static constexpr std::size_t worth_keeping = 4096;  // rather than sending it by itself

  std::vector<copy_column> ask_columns(connection_core& core, copy_target const& table) {
    char const* const values[] = {table.text().c_str()};
    oid_t const types[] = {oid::text};
    int const lengths[] = {0};
    int const formats[] = {0};
    std::vector<libpq::request> questions;
    questions.push_back(
        {.text = copy_columns_query,
         .parameters =
             {.count = 1, .types = types, .values = values, .lengths = lengths, .formats = formats},
         .is_own = true});
    try {
      auto const answers = copy_.ask(std::move(questions), copy_columns_query);
      return read_copy_columns(libpq::result_view{answers.front()});
    } catch (server_error const& failure) {
      if (failure.sql() != copy_columns_query) {
        throw;  // of what went ahead
      }
      tell_of_copy(core, failure);
    }
  }

  /// Throws an error of the question as one of the COPY, which is what its user asked for.
  [[noreturn, gnu::cold]] void tell_of_copy(connection_core& core,
                                            server_error const& failure) const {
    server_error const told{failure.diagnostics(), command_ + " FROM STDIN", where_};
    if (core.first_error && core.first_error->sql() == copy_columns_query) {
      core.first_error = told;
    }
    throw_server_error(told);
  }

  [[noreturn, gnu::cold]] void refuse(usage_error const& fault) const {
    throw usage_error("record " + std::to_string(done_.rows) + ", counted from 0, column " +
                          detail::quoted(writer_.column()) + ": " + fault.what(),
                      where_);
  }

  [[gnu::noinline]] void flush_blocks() {
    std::size_t const rest = writer_.bytes().size() % block;
    flush(writer_.bytes().size() - (rest <= worth_keeping ? rest : 0));
  }

  void flush(std::size_t size) {
    copy_.put(writer_.bytes().substr(0, size));
    done_.bytes += size;
    writer_.drop(size);
    if (options_.on_progress) {
      options_.on_progress(done_);
    }
  }

  std::string command_;
  std::source_location where_;
  copy_options options_;
  core_copy_in copy_;
  copy_plan plan_;
  copy_writer writer_;
  copy_progress done_;
};

/// What `copy_in` does.
template <class Range>
std::uint64_t copy_records_in(connection_core& core, copy_target const& table,
                              std::span<std::string_view const> columns, Range& records,
                              copy_options options, std::source_location const& where) {
  using record_type = record_of<Range>;
  auto const fields = copy_fields<record_type>();
  record_copy<> copy{core, table, columns, fields, std::move(options), where};
  copy.begin();
  for (auto&& each : records) {
    record_type const& record = each;
    copy.put(record);
  }
  return copy.end();
}

/// Refuses columns that are not as many as a record's fields.
template <class Range>
void require_columns(std::size_t columns, std::source_location const& where) {
  static_assert(std::ranges::input_range<Range>, "pqscope: copy_in takes its records from a range");
  std::size_t const fields = copy_fields<record_of<Range>>().size();
  if (columns != 0 && columns != fields) {
    throw usage_error("there are " + std::to_string(columns) + " columns, the record has " +
                          std::to_string(fields) + " fields",
                      where);
  }
}

}  // namespace detail

template <class Self>
template <class Range, class Options>
std::uint64_t statements<Self>::copy_in(copy_target const& table,
                                        std::initializer_list<std::string_view> columns,
                                        Range&& records, Options options,
                                        std::source_location where) {
  detail::require_columns<Range>(columns.size(), where);
  return detail::copy_records_in<Range>(self().core_for(where), table,
                                        {columns.begin(), columns.size()}, records,
                                        copy_options{std::move(options)}, where);
}

}  // namespace pqscope

#endif
