#ifndef PQSCOPE_TRANSACTION_XID_HPP
#define PQSCOPE_TRANSACTION_XID_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/transaction/base64.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace pqscope {

/// The name of one branch of a distributed transaction, as X/Open XA has it, for coordinators that
/// speak of transactions so. PostgreSQL itself knows plain text only, the *gid*.
///
/// Written as a gid it is what PostgreSQL's JDBC driver makes of it, so that either can recover
/// what the other has prepared: `42_Z3RyaWQ=_YnF1YWw=`. A gid that does not look so is an xid
/// without `format_id`, whose `gtrid` is that gid as it stands.
struct xid {
  std::optional<std::int32_t> format_id{};  ///< which naming scheme; unset: a plain gid
  std::string gtrid{};                      ///< global transaction, at most 64 bytes of any kind
  std::string bqual{};                      ///< branch of it, at most 64 bytes of any kind

  /// The gid of it. What `parse` makes of that equals it.
  /// \throws usage_error if `format_id` is negative, one of the others is too long, or there is a
  ///         `bqual` without a `format_id`
  std::string to_string(std::source_location where = std::source_location::current()) const;
  /// The xid that a gid stands for. Never fails; `to_string()` gives the gid again.
  static xid parse(std::string_view gid);

  /// Whether both are the same.
  friend bool operator==(xid const&, xid const&) = default;

 private:
  static constexpr std::size_t max_size = 64;
};

inline std::string xid::to_string(std::source_location where) const {
  if (!format_id) {
    if (!bqual.empty()) {
      throw usage_error("an xid with a bqual has a format_id", where);
    }
    return gtrid;
  }
  if (*format_id < 0) {
    throw usage_error("the format_id of an xid is negative", where);
  }
  if (gtrid.size() > max_size || bqual.size() > max_size) {
    throw usage_error("the gtrid and the bqual of an xid have at most 64 bytes", where);
  }
  return std::to_string(*format_id) + '_' + detail::to_base64(gtrid) + '_' +
         detail::to_base64(bqual);
}

inline xid xid::parse(std::string_view gid) {
  xid plain;
  plain.gtrid = gid;
  std::size_t const first = gid.find('_');
  std::size_t const second = gid.find('_', first == gid.npos ? first : first + 1);
  if (second == gid.npos) {
    return plain;
  }
  std::string_view const number = gid.substr(0, first);
  std::int32_t format = 0;
  auto const [end, problem] = std::from_chars(number.data(), number.data() + number.size(), format);
  auto gtrid = detail::from_base64(gid.substr(first + 1, second - first - 1));
  auto bqual = detail::from_base64(gid.substr(second + 1));
  bool const is_number = problem == std::errc{} && std::to_string(format) == number && format >= 0;
  if (!is_number || !gtrid || !bqual || gtrid->size() > max_size || bqual->size() > max_size) {
    return plain;
  }
  return {format, std::move(*gtrid), std::move(*bqual)};
}

}  // namespace pqscope

#endif
