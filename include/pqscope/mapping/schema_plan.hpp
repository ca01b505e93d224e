#ifndef PQSCOPE_MAPPING_SCHEMA_PLAN_HPP
#define PQSCOPE_MAPPING_SCHEMA_PLAN_HPP

#include <pqscope/mapping/schema_table.hpp>
#include <pqscope/mapping/schema_text.hpp>

#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <vector>

namespace pqscope::detail {

/// In which order tables are made: those that are referred to first, as far as there is such an
/// order; else as they were given. A foreign key that comes too early is added in the end.
///
/// A template so that only programs that work with schemas compile it.
template <class = void>
class creation_plan {
 public:
  /// `is_made` says for each table whether it need not be made.
  creation_plan(std::span<schema_table const> tables, std::vector<bool> const& is_made,
                std::source_location const& where)
      : tables_{tables}, texts_{describe_tables(tables, where)}, state_(tables.size()) {
    for (std::size_t i = 0; i < tables.size(); ++i) {
      bool const is_first = find_table(tables, tables[i].table) == i;
      state_[i] = is_made[i] || !is_first ? state::made : state::waiting;
    }
  }

  /// The statements that make the tables, in their order.
  std::vector<std::string> statements() && {
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      add(i);
    }
    statements_.insert(statements_.end(), late_.begin(), late_.end());
    return std::move(statements_);
  }

 private:
  enum class state : unsigned char { waiting, entered, made };

  void add(std::size_t at) {
    if (state_[at] != state::waiting) {
      return;
    }
    state_[at] = state::entered;
    std::span<reference_facts const> const references = tables_[at].references;
    for (reference_facts const& each : references) {
      std::size_t const target = find_table(tables_, each.target);
      if (target < tables_.size()) {
        add(target);
      }
    }
    table_text const& table = texts_[at];
    std::string text = begin_table("TABLE ", table.name, table);
    for (std::size_t i = 0; i < references.size(); ++i) {
      std::size_t const target = find_table(tables_, references[i].target);
      std::string const key = constraint_text(table.foreign_keys[i]);
      if (target < tables_.size() && target != at && state_[target] != state::made) {
        late_.push_back("ALTER TABLE " + table.name + " ADD " + key);
      } else {
        text += ",\n  " + key;
      }
    }
    statements_.push_back(text + "\n)");
    for (schema_part const& each : table.indexes) {
      statements_.push_back(create_index(each, table.name));
    }
    state_[at] = state::made;
  }

  std::span<schema_table const> tables_;
  std::vector<table_text> texts_;
  std::vector<state> state_;
  std::vector<std::string> statements_;
  std::vector<std::string> late_;
};

}  // namespace pqscope::detail

#endif
