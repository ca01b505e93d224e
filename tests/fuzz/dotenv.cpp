// The reader of `.env` files: an input is a file.

#include "fuzz.hpp"

#include <pqscope/connection/dotenv.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fuzz::require;
using pqscope::detail::dotenv_document;
using pqscope::detail::dotenv_entry;

dotenv_document read(std::string_view text) {
  fuzz::exact_copy const copy{text};
  return pqscope::detail::dotenv_reader::read(copy.view());
}

bool same_values(std::vector<dotenv_entry> const& a, std::vector<dotenv_entry> const& b) {
  return std::ranges::equal(a, b, [](dotenv_entry const& one, dotenv_entry const& other) {
    return one.key == other.key && one.value == other.value;
  });
}

bool same_lines(dotenv_document const& a, dotenv_document const& b) {
  constexpr auto line = [](auto const& one) { return one.line; };
  return std::ranges::equal(a.entries, b.entries, {}, line, line) &&
         std::ranges::equal(a.problems, b.problems, {}, line, line);
}

template <class Items>
void check_lines(Items const& items, long lines) {
  int last = 1;
  for (auto const& item : items) {
    require(item.line >= last && item.line <= lines, "lines ascend and are lines of the file");
    last = item.line;
  }
}

std::string quoted(std::string_view value, char quote) {
  std::string text{quote};
  for (char const c : value) {
    text += c == quote || c == '\\' ? "\\" : "";
    text += c;
  }
  return text + quote;
}

/// A file with the same entries, written another way.
std::string rewritten(std::vector<dotenv_entry> const& entries, char quote) {
  std::string text = "# not a byte order mark\n";
  for (auto const& [key, value, line] : entries) {
    bool const bare = key.find('\'') != std::string::npos;  // then it was so, and has no space
    text += bare ? key : '\'' + key + '\'';
    text += value ? " = " + quoted(*value, quote) + " # comment" : "";
    text += '\n';
  }
  return text;
}

/// Whether `text` means the same with other ends of lines: a quoted value can hold them.
bool has_plain_lines(std::string_view text) {
  return text.find_first_of("\r\"'") == std::string_view::npos;
}

std::string with_ends(std::string_view text, std::string_view end) {
  std::string changed;
  for (char const c : text) {
    changed += c == '\n' ? end : std::string_view{&c, 1};
  }
  return changed;
}

void check_expansion(std::string_view value) {
  constexpr auto nothing = [](std::string_view) -> std::string const* { return nullptr; };
  std::string const word = "${word}";
  auto const same = [&word](std::string_view) { return &word; };
  std::string const without = pqscope::detail::expand_variables(value, nothing);
  std::string const with = pqscope::detail::expand_variables(value, same);
  require(without.size() <= value.size(), "what is not set makes a text no longer");
  if (value.find("${") == std::string_view::npos) {
    require(without == value && with == value, "a text without variables stays as it is");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const text{fuzz::as_text(data, size)};
  dotenv_document const file = read(text);
  auto const lines = 1 + std::ranges::count_if(text, [](char c) { return c == '\n' || c == '\r'; });
  check_lines(file.entries, lines);
  check_lines(file.problems, lines);
  for (auto const& problem : file.problems) {
    require(!problem.text.empty(), "a problem says what it is");
  }
  for (auto const& [key, value, line] : file.entries) {
    require(!key.empty(), "there is no entry without a key");
    check_expansion(value.value_or(""));
  }
  for (char const quote : {'"', '\''}) {
    dotenv_document const again = read(rewritten(file.entries, quote));
    require(again.problems.empty(), "what was read can be written");
    require(same_values(file.entries, again.entries), "what was written reads the same");
  }
  dotenv_document const longer = read(text + "\nLAST=1 # x\n");
  require(!longer.entries.empty() && longer.entries.back().key == "LAST" &&
              longer.entries.back().value == "1",
          "reading goes on behind any bad line");
  require(longer.entries.size() == file.entries.size() + 1 &&
              longer.problems.size() == file.problems.size(),
          "what follows changes nothing");
  if (!text.starts_with("\xEF\xBB\xBF")) {
    dotenv_document const marked = read("\xEF\xBB\xBF" + text);
    require(same_values(file.entries, marked.entries) && same_lines(file, marked),
            "a byte order mark is not a part of the text");
  }
  if (has_plain_lines(text)) {
    for (std::string_view const end : {"\r\n", "\r"}) {
      dotenv_document const other = read(with_ends(text, end));
      require(same_values(file.entries, other.entries) && same_lines(file, other),
              "all ends of lines are the same");
    }
  }
  return 0;
}
