// The SQL scanner and what else reads SQL text: an input is a text.

#include "fuzz.hpp"
#include "sql_tokens.hpp"

#include <pqscope/error/mask_passwords.hpp>
#include <pqscope/error/sql_excerpt.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/scanner.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace {

using fuzz::require;
using pqscope::sql_fault;

pqscope::scan_result scan(std::string_view text) {
  std::uint64_t used[pqscope::detail::placeholder_bits::words_for(65535)] = {};
  return pqscope::scan_sql(text, used);
}

void check_placeholders(fuzz::tokens const& words, pqscope::scan_result const& found) {
  std::set<unsigned long> numbers;
  for (auto const& [kind, text] : words.all) {
    if (kind == fuzz::token_kind::placeholder) {
      numbers.insert(std::stoul(text.substr(1)));
    }
  }
  unsigned long const highest = numbers.empty() ? 0 : *numbers.rbegin();
  unsigned long missing = 1;
  while (numbers.contains(missing)) {
    ++missing;
  }
  require(found.highest_placeholder == highest, "the highest placeholder is that of the words");
  require(found.missing_placeholder == (missing < highest ? missing : 0),
          "the missing placeholder is that of the words");
}

void check_words(fuzz::tokens const& words) {
  for (fuzz::token const& word : words.all) {
    fuzz::tokens const alone = fuzz::take_apart(word.text);
    require(alone.fault == sql_fault::none && alone.all.size() == 1 && alone.all[0] == word,
            "a word by itself is the same word");
  }
  fuzz::tokens const again = fuzz::take_apart(fuzz::put_together(words.all));
  require(again.fault == sql_fault::none && again.all == words.all,
          "the words put together again are the same words");
}

/// What must not change when a comment or white space is put around a text.
bool same_statements(pqscope::scan_result const& a, pqscope::scan_result const& b) {
  return a.fault == b.fault && a.highest_placeholder == b.highest_placeholder &&
         a.missing_placeholder == b.missing_placeholder && a.statements == b.statements &&
         a.verb == b.verb && a.ends_transaction == b.ends_transaction;
}

void check_surroundings(std::string const& text, pqscope::scan_result const& found) {
  require(same_statements(found, scan(text + " /* $9 ' \" */ ")), "a comment behind it is one");
  require(same_statements(found, scan(text + "\n-- $9 ' \" /*")), "so is one up to the end");
  require(same_statements(found, scan("/* ; /* ' */ $x$ */" + text)), "and one before it");
  require(same_statements(found, scan("-- $x$ '\n" + text)), "and a line of comment before it");
  require(scan(text + "\n'").fault == sql_fault::unterminated_string, "a quote opens a string");
  require(scan(text + "\n\"").fault == sql_fault::unterminated_identifier, "or a name");
  require(scan(text + "\n/*").fault == sql_fault::unterminated_comment, "or a comment");
  require(scan(text + "\n$x$").fault == sql_fault::unterminated_dollar_quote, "or such a quote");
  require(scan(text + "\n$0").fault == sql_fault::placeholder_zero, "a $0 is one behind it too");
  require(scan(text + "\n$65535").highest_placeholder == 65535, "and so is the last placeholder");
}

void check_messages(std::string_view text) {
  static_cast<void>(pqscope::detail::sql_beginning(text));
  for (int position = 0; position < 300; position = position * 2 + 1) {
    static_cast<void>(pqscope::detail::sql_with_caret(text, position, "  "));
    auto const masked = pqscope::detail::mask_passwords(text, position);
    require((masked.position == 0) == (position == 0), "a place stays one when secrets are masked");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::exact_copy const copy{fuzz::as_text(data, size)};
  std::string_view const text = copy.view();
  pqscope::scan_result const found = scan(text);
  require(found.offset <= text.size(), "the place of a fault is in the text");
  require((found.fault == sql_fault::nul_byte) == (text.find('\0') != text.npos),
          "a NUL byte comes before all other faults");
  pqscope::control const verb = pqscope::control_of(text);
  fuzz::tokens const words = fuzz::take_apart(text);
  check_words(words);
  check_messages(text);
  if (found.fault == sql_fault::nul_byte) {
    return 0;
  }
  require(found.fault == words.fault, "the fault is the lexer's");
  check_placeholders(words, found);
  require(pqscope::dynamic_sql{text}.text() == text, "the text is taken as it is");
  if (found.fault == sql_fault::none) {
    require(found.verb == verb, "the first words tell the verb");
    check_surroundings(std::string{text}, found);
  }
  return 0;
}
