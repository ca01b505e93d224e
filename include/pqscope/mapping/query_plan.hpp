#ifndef PQSCOPE_MAPPING_QUERY_PLAN_HPP
#define PQSCOPE_MAPPING_QUERY_PLAN_HPP

#include <pqscope/types/malformed.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// One node of a plan, as far as it tells what can be NULL.
struct plan_node {
  std::string type{};                 ///< `Hash Join`, `Seq Scan`…
  std::string operation{};            ///< `Insert`… of a `ModifyTable`
  std::string join{};                 ///< `Left`, `Inner`…
  std::string relationship{};         ///< what it is to the node above: `Outer`, `Inner`, `Member`…
  std::string subplan{};              ///< `CTE name`, and the like
  std::string alias{};                ///< what expressions call the rows it makes
  std::string schema{};               ///< of the relation it reads
  std::string relation{};             ///< the relation it reads
  std::string cte{};                  ///< the CTE it reads
  std::vector<std::string> output{};  ///< the expressions it makes
  std::vector<std::string> conditions{};             ///< what each of its rows fulfils
  std::vector<std::vector<std::string>> grouping{};  ///< its grouping sets, if it has several
  std::vector<plan_node> plans{};
};

/// Reads what `EXPLAIN (VERBOSE, FORMAT JSON)` prints of one statement.
/// Source: PostgreSQL's `explain.c`; RFC 8259.
///
/// A template so that only programs that check statements compile it.
template <class = void>
class plan_reader {
 public:
  explicit plan_reader(std::string_view text) : rest_{text} {}

  /// The plan; no type where it is that of no or several statements. \throws decode_error for what
  /// is no plan
  plan_node read() {
    plan_node root;
    std::size_t count = 0;
    list([&] {
      ++count;
      object([&](std::string const& key) {
        if (key == "Plan") {
          root = node();
        } else {
          skip();
        }
      });
    });
    return count == 1 ? std::move(root) : plan_node{};
  }

 private:
  plan_node node() {
    plan_node made;
    std::vector<std::string> join_conditions;
    object([&](std::string const& key) {
      std::pair<std::string_view, std::string plan_node::*> const known_keys[] = {
          {"Node Type", &plan_node::type},       {"Operation", &plan_node::operation},
          {"Join Type", &plan_node::join},       {"Parent Relationship", &plan_node::relationship},
          {"Subplan Name", &plan_node::subplan}, {"Alias", &plan_node::alias},
          {"Schema", &plan_node::schema},        {"Relation Name", &plan_node::relation},
          {"CTE Name", &plan_node::cte}};
      for (auto const& [name, member] : known_keys) {
        if (key == name) {
          made.*member = text();
          return;
        }
      }
      if (key == "Output") {
        made.output = texts_of_list();
      } else if (key == "Filter" || key == "Index Cond" || key == "Recheck Cond") {
        made.conditions.push_back(text());
      } else if (key == "Hash Cond" || key == "Merge Cond" || key == "Join Filter") {
        join_conditions.push_back(text());
      } else if (key == "Grouping Sets") {
        list([&] { object([&](std::string const& given) { read_grouping(given, made); }); });
      } else if (key == "Plans") {
        list([&] { made.plans.push_back(node()); });
      } else {
        skip();
      }
    });
    if (made.join == "Inner") {
      for (std::string& each : join_conditions) {
        made.conditions.push_back(std::move(each));
      }
    }
    return made;
  }

  void read_grouping(std::string const& kind, plan_node& into) {
    if (kind == "Group Keys" || kind == "Hash Keys") {
      list([&] { into.grouping.push_back(texts_of_list()); });
    } else {
      skip();
    }
  }

  std::vector<std::string> texts_of_list() {
    std::vector<std::string> found;
    list([&] { found.push_back(text()); });
    return found;
  }

  void skip_space() noexcept {
    auto const end = rest_.find_first_not_of(" \n\r\t");
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
  }
  char peek() {
    skip_space();
    if (rest_.empty()) {
      fail();
    }
    return rest_.front();
  }
  bool take(char wanted) {
    bool const there = peek() == wanted;
    rest_.remove_prefix(there ? 1 : 0);
    return there;
  }
  void expect(char wanted) {
    if (!take(wanted)) {
      fail();
    }
  }
  [[noreturn]] static void fail() { throw_malformed("plan"); }

  template <class Read>
  void list(Read const& read) {
    expect('[');
    if (take(']')) {
      return;
    }
    do {
      read();
    } while (take(','));
    expect(']');
  }
  template <class Read>
  void object(Read const& read) {
    expect('{');
    if (take('}')) {
      return;
    }
    do {
      std::string const key = text();
      expect(':');
      read(key);
    } while (take(','));
    expect('}');
  }
  void skip() {
    switch (peek()) {
      case '[':
        list([this] { skip(); });
        break;
      case '{':
        object([this](std::string const&) { skip(); });
        break;
      case '"':
        text();
        break;
      default: {
        std::size_t const end = rest_.find_first_of(",]} \n\r\t");
        if (end == 0 || end == std::string_view::npos) {
          fail();
        }
        rest_.remove_prefix(end);
      }
    }
  }

  std::string text() {
    expect('"');
    std::string read;
    for (;;) {
      if (rest_.empty()) {
        fail();
      }
      char const c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') {
        return read;
      }
      read += c == '\\' ? escaped() : c;
    }
  }
  /// The server escapes nothing but quotes, backslashes and control characters.
  char escaped() {
    if (rest_.empty()) {
      fail();
    }
    char const c = rest_.front();
    if (c == 'u') {
      if (rest_.size() < 5) {
        fail();
      }
      rest_.remove_prefix(5);
      return ' ';  // a control character in a name, or in a literal
    }
    rest_.remove_prefix(1);
    return c == 'n' || c == 't' || c == 'r' || c == 'b' || c == 'f' ? ' ' : c;
  }

  std::string_view rest_;
};

}  // namespace pqscope::detail

#endif
