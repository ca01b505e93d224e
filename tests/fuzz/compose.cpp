// compose, join and quoting: an input is a list of pieces, each ended by a byte 1. The first
// character of a piece tells what it is; the words of all of them have to come out in their order,
// none of them run together with its neighbour.

#include "fuzz.hpp"
#include "sql_tokens.hpp"

#include <pqscope/sql/compose.hpp>
#include <pqscope/sql/join.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fuzz::require;
using pqscope::detail::is_operator;

constexpr std::string_view nul{"\0", 1};
constexpr std::string_view empty_comment = "/**/";  // what may be put between two strings

/// What the quoted `text` stands for, by the rules of the server.
std::string unquoted(std::string_view text) {
  bool const escapes = text.starts_with('E');
  text.remove_prefix(escapes ? 1 : 0);
  char const quote = text.front();
  std::string plain;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == quote || (escapes && text[i] == '\\')) {
      require(i + 2 < text.size() && text[i + 1] == text[i], "what is special is doubled");
      ++i;
    }
    plain += text[i];
  }
  return plain;
}

void check_quoted(std::string_view text, fuzz::token_kind kind, std::string_view meaning) {
  auto const words = fuzz::take_apart(text);
  require(words.fault == pqscope::sql_fault::none && words.all.size() == 1 &&
              words.all[0].kind == kind && words.all[0].text == text,
          "what is quoted is one word");
  require(unquoted(text) == meaning, "what is quoted stands for itself");
}

/// The piece as a part of SQL text; nothing where it is refused.
std::optional<pqscope::dynamic_sql> quoted(char kind, std::string_view text) {
  bool const is_name = kind == 'i';
  bool const fits = text.find(nul) == text.npos && !(is_name && (text.empty() || text.size() > 63));
  try {
    if (is_name) {
      pqscope::identifier const name{text};
      check_quoted(name.text(), fuzz::token_kind::quoted_identifier, text);
      require(fits, "a name that is none is refused");
      return pqscope::dynamic_sql{name.text()};
    }
    pqscope::literal const value{text};
    check_quoted(value.text(), fuzz::token_kind::string, text);
    require(fits, "a value that is none is refused");
    return pqscope::dynamic_sql{value.text()};
  } catch (pqscope::usage_error const&) {
    require(!fits, "a name or value that can be one is taken");
    return std::nullopt;
  }
}

struct pieces {
  std::string format;                        ///< with {} for each of `parts`
  std::vector<pqscope::dynamic_sql> parts;   ///< none of them has a fault
  std::vector<std::vector<fuzz::token>> in;  ///< the words of the parts
};

pieces read_pieces(std::string_view input) {
  pieces read;
  while (!input.empty()) {
    std::string_view const piece = input.substr(0, input.find('\1'));
    input.remove_prefix(std::min(piece.size() + 1, input.size()));
    char const kind = piece.empty() ? '\0' : piece.front();
    std::string_view const text = piece.substr(piece.empty() ? 0 : 1);
    std::optional<pqscope::dynamic_sql> part;
    if (kind == 'i' || kind == 'l') {
      part = quoted(kind, text);
    } else if (kind == 'd' && text.find(nul) == text.npos) {
      part.emplace(text);
    } else if (text.find_first_of("{}") == text.npos && text.find(nul) == text.npos) {
      read.format += text;
    }
    if (!part) {
      continue;
    }
    auto words = fuzz::take_apart(part->text());
    if (words.fault == pqscope::sql_fault::none) {
      read.format += "{}";
      read.in.push_back(std::move(words.all));
      read.parts.push_back(std::move(*part));
    } else {
      bool refused = false;
      try {
        static_cast<void>(pqscope::join({*part}));
      } catch (pqscope::usage_error const&) {
        refused = true;
      }
      require(refused, "a fragment that is not complete is refused");
    }
  }
  return read;
}

/// The words of the format with those of the parts in place of `{}`, and where each begins that
/// does not belong to the same text as the one before it; nothing where it would not compile.
struct expected {
  std::vector<fuzz::token> words;
  std::vector<bool> begins;
};
std::optional<expected> expect(pieces const& read) {
  auto const format = fuzz::take_apart(read.format);
  expected all;
  auto const add = [&all](fuzz::token const& word, bool begins) {
    all.words.push_back(word);
    all.begins.push_back(begins);
  };
  std::size_t part = 0;
  bool begins = false;
  for (fuzz::token const& word : format.all) {
    if (word.text == "}") {
      begins = true;
    } else if (word.text == "{") {
      begins = true;
      for (fuzz::token const& inner : read.in[part]) {
        add(inner, std::exchange(begins, false));
      }
      ++part;
    } else {
      add(word, std::exchange(begins, false));
    }
  }
  bool const compiles = format.fault == pqscope::sql_fault::none && part == read.parts.size();
  return compiles ? std::optional{all} : std::nullopt;
}

/// Whether the ends of two words are one sign when nothing stands between them.
bool is_one_sign(char left, char right) {
  return (is_operator(left) && is_operator(right)) || (left == ':' && right == ':') ||
         (left == ':' && right == '=') || (left == '.' && right == '.');
}

std::vector<fuzz::token> without_empty_comments(std::vector<fuzz::token> words) {
  std::erase_if(words, [](fuzz::token const& word) { return word.text == empty_comment; });
  return words;
}

void check_words(expected const& wanted, std::string const& text) {
  auto const words = fuzz::take_apart(text);
  require(words.fault == pqscope::sql_fault::none, "what is put together has no fault");
  require(without_empty_comments(words.all) == without_empty_comments(wanted.words),
          "the words of all pieces come out in their order");
  // Operators come as single characters, so that the lexer does not see them run together.
  pqscope::detail::sql_lexer lexer{text};
  char const* end = nullptr;
  for (std::size_t i = 0; i != wanted.begins.size(); ++i) {
    if (wanted.words[i].text == empty_comment) {
      continue;
    }
    auto word = lexer.next();
    while (std::string_view{word.begin, word.size()} == empty_comment) {
      word = lexer.next();
    }
    require(!(wanted.begins[i] && end == word.begin && is_one_sign(word.begin[-1], *word.begin)),
            "operators of different pieces stay apart");
    end = word.end;
  }
}

void check_list(pieces const& read) {
  expected wanted;
  for (auto const& words : read.in) {
    if (&words != &read.in.front()) {
      wanted.words.push_back({fuzz::token_kind::symbol, ","});
    }
    wanted.words.insert(wanted.words.end(), words.begin(), words.end());
  }
  check_words(wanted, pqscope::join(read.parts).text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  pieces const read = read_pieces(fuzz::as_text(data, size));
  check_list(read);
  if (auto const wanted = expect(read)) {
    std::vector<pqscope::detail::sql_piece> parts;
    for (auto const& part : read.parts) {
      parts.push_back(pqscope::detail::piece_of(part));
    }
    auto const composed =
        pqscope::detail::compose_pieces(read.format, parts, std::source_location::current());
    check_words(*wanted, composed.text());
  }
  return 0;
}
