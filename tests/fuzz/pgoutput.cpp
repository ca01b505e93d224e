// The decoder of the plugin pgoutput.
//
// An input is messages one after the other: two bytes for the length of each, then its bytes; the
// last one has what is left. Whatever they are: they are decoded or refused, nothing beyond a
// message is read, and what was decoded lies in its message and can be read, in any format, or is
// refused.

#include "fuzz.hpp"

#include <pqscope/error/error.hpp>
#include <pqscope/events/pgoutput_decoder.hpp>
#include <pqscope/types/types.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

using fuzz::require;
using pqscope::replication_change;
using pqscope::replication_kind;
using pqscope::replication_row;

void read(replication_row const& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    pqscope::replication_value const value = row[i];
    require(value.is_sent() || value.bytes().empty(), "what was not sent has no bytes");
    require(!value.is_null() || value.bytes().empty(), "a NULL has no bytes");
    require(!row.at(value.name()).name().empty() || value.name().empty(), "columns have names");
    try {
      static_cast<void>(value.as<std::optional<std::string>>());
      static_cast<void>(value.as<std::optional<std::int64_t>>());
    } catch (pqscope::decode_error const&) {
    }
  }
}

void look(replication_change const& change) {
  read(change.old_row());
  read(change.new_row());
  for (std::string_view const each : {change.prefix(), change.content(), change.origin(),
                                      change.type_name(), change.type_schema()}) {
    require(each.size() < 65'536, "names lie in their messages");
  }
  for (auto const& each : change.relations()) {
    require(each->name.size() < 65'536, "names lie in their messages");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  pqscope::detail::pgoutput_decoder<> decoder;
  replication_change change;
  std::optional<replication_change> kept;
  while (!input.empty()) {
    std::size_t const claimed = fuzz::take_byte(input) * 256U + fuzz::take_byte(input);
    fuzz::exact_copy const message{input.substr(0, claimed)};
    input.remove_prefix(message.view().size());
    try {
      decoder.decode(message.view(), pqscope::lsn{size}, change);
    } catch (pqscope::decode_error const&) {
      decoder.reset();
      change = {};
      continue;
    }
    require(!message.view().empty(), "nothing is no message");
    look(change);
    if (kept) {
      look(*kept);
    }
    kept = change;
  }
  return 0;
}
