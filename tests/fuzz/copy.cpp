// The reader of binary COPY data.
//
// The first byte of an input is the number of columns, the second one how many messages the rest
// comes in; a byte each tells how long they are, the last one has what is left. Whatever it is: it
// is taken apart or refused, nothing beyond a message is read, and what was read can be written and
// comes back.

#include "fuzz.hpp"

#include <pqscope/transfer/copy_data.hpp>
#include <pqscope/types/encoder.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fuzz::require;
using pqscope::detail::copied_value;
using pqscope::detail::copy_data;
using pqscope::detail::copy_step;

constexpr std::string_view head{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};

struct value {
  bool is_null;
  std::string bytes;
  friend bool operator==(value const&, value const&) = default;
};
using row = std::vector<value>;

struct outcome {
  std::vector<row> rows;
  bool is_refused = false;
};

outcome read(std::vector<std::string_view> const& messages, std::size_t columns) {
  outcome seen;
  copy_data data;
  std::vector<copied_value> values(columns);
  for (std::string_view const message : messages) {
    fuzz::exact_copy const bytes{message};
    data.give(bytes.view());
    copy_step step = data.next(values);
    for (; step == copy_step::row; step = data.next(values)) {
      row& at = seen.rows.emplace_back();
      char const* front = bytes.view().data();
      for (copied_value const& each : values) {
        require((each.size < 0) == (each.data == nullptr), "a NULL has no bytes");
        if (each.data == nullptr) {
          at.push_back({true, {}});
          continue;
        }
        auto const size = static_cast<std::size_t>(each.size);
        require(each.data >= front && each.data + size <= bytes.view().data() + message.size(),
                "a value lies in its message, behind the one before it");
        front = each.data + size;
        at.push_back({false, std::string{each.data, size}});
      }
    }
    if (step == copy_step::fault) {
      require(!message.empty(), "nothing is no fault");
      seen.is_refused = true;
      break;
    }
  }
  return seen;
}

std::string written(std::vector<row> const& rows) {
  pqscope::encoder out;
  out.append(head);
  for (row const& each : rows) {
    out.put_int16(static_cast<std::int16_t>(each.size()));
    for (value const& one : each) {
      out.put_int32(one.is_null ? -1 : static_cast<std::int32_t>(one.bytes.size()));
      out.append(one.bytes);
    }
  }
  out.put_int16(-1);
  return std::string{out.view()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  std::size_t const columns = fuzz::take_byte(input) % 9;
  std::vector<std::string_view> messages;
  unsigned const count = fuzz::take_byte(input) % 8;
  std::vector<std::size_t> sizes;
  for (unsigned i = 0; i < count; ++i) {
    sizes.push_back(fuzz::take_byte(input));
  }
  std::string_view const all = input;
  for (std::size_t const length : sizes) {
    messages.push_back(input.substr(0, length));
    input.remove_prefix(std::min(length, input.size()));
  }
  messages.push_back(input);

  outcome const apart = read(messages, columns);
  outcome const together = read({all}, columns);
  require(apart.rows.size() <= together.rows.size() &&
              std::equal(apart.rows.begin(), apart.rows.end(), together.rows.begin()),
          "rows are the same wherever messages end");
  if (!apart.is_refused) {
    require(!together.is_refused && apart.rows.size() == together.rows.size(),
            "what is good in messages is good in one");
  }
  outcome const again = read({written(together.rows)}, columns);
  require(!again.is_refused && again.rows == together.rows, "what was read can be written");
  return 0;
}
