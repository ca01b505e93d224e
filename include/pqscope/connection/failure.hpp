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

/// The server's words on a failed request, without the values of its text parameters.
inline diagnostics describe_failure(libpq::request const& failed) {
  diagnostics fields = libpq::read_diagnostics(failed.error.get());
  std::vector<std::string_view> values;
  auto const& bound = failed.parameters;
  for (int i = 0; i < bound.count; ++i) {
    bool const is_text = bound.values[i] != nullptr && bound.formats[i] == 0;
    values.push_back(is_text ? std::string_view{bound.values[i]} : std::string_view{});
  }
  redact_values(fields, values);
  return fields;
}

/// Throws what a lost connection comes to: the server's last word where it gave one.
[[noreturn]] inline void throw_lost(std::span<libpq::request const> requests,
                                    std::string_view text_of_libpq,
                                    std::source_location const& where) {
  if (auto const* const failed = first_failure(requests)) {
    diagnostics fields = describe_failure(*failed);
    if (!fields.sqlstate.empty()) {
      throw_server_error(std::move(fields), failed->text, where, false);
    }
  }
  std::string message = "the connection was lost";
  if (!text_of_libpq.empty()) {
    message += ": ";
    message += text_of_libpq;
  }
  throw connection_lost(message, where);
}

/// Throws what a breach of the protocol comes to.
[[noreturn]] inline void throw_violated(std::string_view text_of_libpq,
                                        std::source_location const& where) {
  std::string message = "the server violated the protocol";
  if (!text_of_libpq.empty()) {
    message += ": ";
    message += text_of_libpq;
  }
  throw connection_error(message, where, "08P01");
}

}  // namespace pqscope::detail

#endif
