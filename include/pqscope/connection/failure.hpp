#ifndef PQSCOPE_CONNECTION_FAILURE_HPP
#define PQSCOPE_CONNECTION_FAILURE_HPP

#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/raise.hpp>
#include <pqscope/error/redact_values.hpp>
#include <pqscope/libpq/diagnostics.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/request.hpp>

namespace pqscope::detail {

/// The first request that failed, null if none did.
inline libpq::request const* first_failure(std::span<libpq::request const> requests) noexcept {
  for (libpq::request const& each : requests) {
    if (each.error) {
      return &each;
    }
  }
  return nullptr;
}

/// Whether an error can come of what has changed since a statement was prepared: its columns, a
/// constant of an altered type, a type that was made anew (a domain, or another one), or what its
/// parameters are for.
inline bool is_outdated(libpq::request const& failed) noexcept {
  std::string_view const code = libpq::sqlstate_of(failed.error);
  return failed.kind == libpq::request_kind::execute_prepared &&
         (code == "0A000" || code == "22P07" || code == "42704" || code == "XX000" ||
          ((code == "42804" || code == "42883") && libpq::names_place(failed.error)));
}

/// The server's words on a failed request, without the values of its text parameters.
inline diagnostics describe_failure(libpq::request const& failed) {
  diagnostics fields = libpq::read_diagnostics(failed.error.get());
  std::vector<std::string_view> values;
  auto const& bound = failed.parameters;
  for (int i = 0; bound.values != nullptr && i < bound.count; ++i) {
    bool const is_text = bound.values[i] != nullptr && bound.formats[i] == 0;
    values.push_back(is_text ? std::string_view{bound.values[i]} : std::string_view{});
  }
  redact_values(fields, values);
  return fields;
}

/// Throws the first error the server gave an SQLSTATE for, if there is one: what happened to the
/// connection after it is told by `connection_usable()`, which is false.
inline void throw_last_word(std::span<libpq::request const> requests,
                            std::source_location const& where) {
  for (libpq::request const& each : requests) {
    if (each.error && !libpq::sqlstate_of(each.error).empty()) {
      throw_server_error(describe_failure(each), each.text, where, false);
    }
  }
}

/// Throws what a lost connection comes to: the server's last word where it gave one.
[[noreturn]] inline void throw_lost(std::span<libpq::request const> requests,
                                    std::string_view text_of_libpq,
                                    std::source_location const& where) {
  throw_last_word(requests, where);
  std::string message = "the connection was lost";
  if (!text_of_libpq.empty()) {
    message += ": ";
    message += text_of_libpq;
  }
  throw connection_lost(message, where);
}

/// Throws what a breach of the protocol comes to: the server's last word where it gave one. What
/// was asked for may have happened or not, and the connection cannot tell.
[[noreturn]] inline void throw_violated(std::span<libpq::request const> requests,
                                        std::string_view text_of_libpq,
                                        std::source_location const& where) {
  throw_last_word(requests, where);
  std::string message = "the server violated the protocol";
  if (!text_of_libpq.empty()) {
    message += ": ";
    message += text_of_libpq;
  }
  throw connection_lost(message, where, "08P01");
}

/// Throws what an operation that was given up by its user's limit comes to.
///
/// `sent`: whether anything may have reached the server; `usable`: whether the connection survived.
[[noreturn]] inline void throw_interrupted(libpq::drive_result drove, bool sent, bool usable,
                                           std::source_location const& where) {
  std::string message = drove == libpq::drive_result::stopped ? "the operation was cancelled"
                                                              : "the deadline has passed";
  if (!sent) {
    message += "; nothing was sent";
  } else if (usable) {
    message += "; the statement was cancelled on the server";
  } else {
    message += "; the server did not react to the cancel request, the connection is given up";
  }
  if (drove == libpq::drive_result::stopped) {
    throw operation_cancelled(message, usable, where);
  }
  throw deadline_exceeded(message, usable, where);
}

}  // namespace pqscope::detail

#endif
