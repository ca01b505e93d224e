#ifndef PQSCOPE_TRANSFER_COPY_TEXT_HPP
#define PQSCOPE_TRANSFER_COPY_TEXT_HPP

#include <pqscope/connection/core_copy.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/libpq/copy.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/sql/sql_view.hpp>
#include <pqscope/transfer/copy_in.hpp>
#include <pqscope/transfer/copy_options.hpp>
#include <pqscope/transfer/copy_query.hpp>

#include <cstddef>
#include <cstdint>
#include <istream>
#include <memory>
#include <ostream>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {
namespace detail {

using copy_callback = callback<void(copy_progress const&)>;

inline constexpr std::size_t copy_block = 64 * 1024;

/// A character as an option of COPY; `usage_error` for NUL.
inline std::string option_text(char value, std::source_location const& where) {
  return literal{std::string_view{&value, 1}, where}.text();
}

inline std::string format_options(copy_csv_options const& options,
                                  std::source_location const& where) {
  return std::string{"(FORMAT csv, HEADER "} + (options.header ? "true" : "false") +
         ", DELIMITER " + option_text(options.delimiter, where) + ", NULL " +
         literal{options.null, where}.text() + ", QUOTE " + option_text(options.quote, where) +
         ", ESCAPE " + option_text(options.quote, where) + ')';
}

inline std::string format_options(copy_text_options const& options,
                                  std::source_location const& where) {
  return "(FORMAT text, DELIMITER " + option_text(options.delimiter, where) + ", NULL " +
         literal{options.null, where}.text() + ')';
}

[[noreturn]] inline void throw_stream_failure(char const* what) {
  throw std::ios_base::failure(what);
}

/// Reads the next block of a stream; 0 at its end.
///
/// Reads by its buffer: `istream::read` takes the end of the data for a failure, which a stream may
/// have been told to throw.
inline std::size_t read_block(std::istream& from, char* block) {
  if (from.fail() || from.rdbuf() == nullptr) {
    throw_stream_failure("the stream to copy from has failed");
  }
  if (from.eof()) {
    return 0;
  }
  auto const got = from.rdbuf()->sgetn(block, static_cast<std::streamsize>(copy_block));
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

/// Sends a stream as the data of a COPY.
///
/// A template so that only programs that copy from and to streams compile it.
template <class = void>
std::uint64_t copy_stream_in(connection_core& core, std::string command, std::istream& from,
                             copy_callback& on_progress, std::source_location const& where) {
  auto const block = std::make_unique<char[]>(copy_block);
  copy_progress done;
  core_copy_in copy{core, where};
  std::size_t size = read_block(from, block.get());  // what fails at once sends nothing
  copy.ask({}, command);
  copy.begin(std::move(command));
  while (size > 0) {
    copy.put({block.get(), size});
    done.bytes += size;
    if (on_progress) {
      on_progress(done);
    }
    size = read_block(from, block.get());
  }
  done.rows = copy.end();
  return done.rows;
}

/// Writes the data of a COPY to a stream; `heads` lines of it are no rows.
template <class = void>
std::uint64_t copy_stream_out(connection_core& core, std::string command, std::ostream& to,
                              std::uint64_t heads, copy_callback& on_progress,
                              std::source_location const& where) {
  std::string block;
  copy_progress done;
  std::uint64_t lines = 0;
  auto const flush = [&] {
    to.write(block.data(), static_cast<std::streamsize>(block.size()));
    if (!to.good()) {
      throw_stream_failure("the stream to copy to has failed");
    }
    done.bytes += block.size();
    done.rows = lines > heads ? lines - heads : 0;
    block.clear();
    if (on_progress) {
      on_progress(done);
    }
  };
  if (!to.good()) {
    throw_stream_failure("the stream to copy to has failed");
  }
  core_copy_out copy{core, where};
  copy.ask({}, command);
  copy.begin(std::move(command));
  while (copy.next()) {
    block += copy.row();
    ++lines;
    if (block.size() >= copy_block) {
      flush();
    }
  }
  flush();
  return copy.rows();
}

template <class Options>
std::uint64_t copy_query_out(connection_core& core, sql_view const& text, std::ostream& to,
                             Options options) {
  std::uint64_t heads = 0;
  if constexpr (requires { options.header; }) {
    heads = options.header ? 1 : 0;
  }
  return copy_stream_out(
      core, "COPY (" + query_to_copy(text) + ") TO STDOUT " + format_options(options, text.where),
      to, heads, options.on_progress, text.where);
}

template <class Options>
std::uint64_t copy_table_in(connection_core& core, copy_target const& table, std::istream& from,
                            Options options, std::source_location const& where) {
  std::vector<std::string_view> const names{options.columns.begin(), options.columns.end()};
  return copy_stream_in(core,
                        "COPY " + table.text() + record_copy<>::column_list(names, where) +
                            " FROM STDIN " + format_options(options, where),
                        from, options.on_progress, where);
}

}  // namespace detail

template <class Self>
template <class Options>
std::uint64_t statements<Self>::copy_in_csv(copy_target const& table, std::istream& from,
                                            Options options, std::source_location where) {
  return detail::copy_table_in<copy_csv_options>(self().core_for(where), table, from,
                                                 std::move(options), where);
}

template <class Self>
template <class Options>
std::uint64_t statements<Self>::copy_in_text(copy_target const& table, std::istream& from,
                                             Options options, std::source_location where) {
  return detail::copy_table_in<copy_text_options>(self().core_for(where), table, from,
                                                  std::move(options), where);
}

template <class Self>
template <class Options>
std::uint64_t statements<Self>::copy_out_csv(sql<> text, std::ostream& to, Options options) {
  return detail::copy_query_out<copy_csv_options>(self().core_for(text.where()), text.view(), to,
                                                  std::move(options));
}

template <class Self>
template <class Options>
std::uint64_t statements<Self>::copy_out_csv(dynamic_sql const& text, std::ostream& to,
                                             Options options) {
  return detail::copy_query_out<copy_csv_options>(self().core_for(text.where()), text.view(), to,
                                                  std::move(options));
}

template <class Self>
template <class Options>
std::uint64_t statements<Self>::copy_out_text(sql<> text, std::ostream& to, Options options) {
  return detail::copy_query_out<copy_text_options>(self().core_for(text.where()), text.view(), to,
                                                   std::move(options));
}

template <class Self>
template <class Options>
std::uint64_t statements<Self>::copy_out_text(dynamic_sql const& text, std::ostream& to,
                                              Options options) {
  return detail::copy_query_out<copy_text_options>(self().core_for(text.where()), text.view(), to,
                                                   std::move(options));
}

}  // namespace pqscope

#endif
