#ifndef PQSCOPE_MAPPING_STATEMENT_CHECK_HPP
#define PQSCOPE_MAPPING_STATEMENT_CHECK_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/core_questions.hpp>
#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/connection/record_scan.hpp>
#include <pqscope/connection/row_plan.hpp>
#include <pqscope/connection/type_source.hpp>
#include <pqscope/error/server_error.hpp>
#include <pqscope/libpq/copy.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/mapping/catalog_columns.hpp>
#include <pqscope/mapping/mismatch.hpp>
#include <pqscope/mapping/nullability.hpp>
#include <pqscope/mapping/query_plan.hpp>
#include <pqscope/mapping/statement_shape.hpp>
#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// Asks the server what it makes of statements, and compares that with what they are declared as.
///
/// A template so that only programs that check statements compile it.
template <class = void>
class statement_check {
 public:
  /// \param shapes at least one
  statement_check(connection_core& core, std::span<statement_shape const> shapes)
      : core_{core}, where_{shapes.front().text.where} {
    for (statement_shape const& each : shapes) {
      statements_.push_back({.shape = each});
    }
  }

  /// All that does not fit, in the order of the statements.
  std::vector<mismatch> run() {
    {
      core_questions<> ask{core_, where_};
      describe(ask);
      look_up(ask);
    }
    learn_user_types();
    for (checked const& each : statements_) {
      compare(each);
    }
    return std::move(found_);
  }

 private:
  /// A field that cannot be NULL, and what its column comes from.
  struct source {
    std::size_t field;
    std::size_t fact;                         ///< of the table's or view's column
    std::optional<std::size_t> named_fact{};  ///< of the table's column below, as the plan has it
  };

  struct checked {
    statement_shape const& shape;
    std::string name{};  ///< on the server, while it is there
    std::string explain{};
    std::string deallocate{};
    std::vector<oid_t> declared{};
    std::optional<diagnostics> refusal{};
    libpq::result_handle arguments{};  ///< as described
    libpq::result_handle columns{};    ///< as described, in the form of a result
    plan_node plan{};
    std::vector<column_plan> columns_of_fields{};
    bool matches = false;  ///< whether columns and fields have to do with each other
    std::string faults{};
    std::vector<source> sources{};
  };

  /// One round trip: what the statements are, and how those are planned of which it has to be known
  /// what outer joins do.
  void describe(core_questions<>& ask) {
    bool const plans = ask.server_version() >= 120000;
    std::vector<question> questions(statements_.size());
    for (std::size_t i = 0; i < statements_.size(); ++i) {
      checked& each = statements_[i];
      sql_view const& text = each.shape.text;
      for (argument_shape const& argument : each.shape.arguments) {
        each.declared.push_back(argument.declared);
      }
      bool const explains = plans && needs_plan(each.shape);
      each.name = explains ? ask.statement_name() : "";
      std::vector<libpq::request>& parts = questions[i].parts;
      parts.push_back({.kind = libpq::request_kind::prepare,
                       .text = text.text,
                       .name = each.name.c_str(),
                       .parameters = {.count = static_cast<int>(each.declared.size()),
                                      .types = each.declared.data()}});
      parts.push_back(
          {.kind = libpq::request_kind::describe, .text = text.text, .name = each.name.c_str()});
      if (explains) {
        each.explain = "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) EXECUTE " + each.name;
        for (std::size_t k = 0; k < each.declared.size(); ++k) {
          each.explain += k == 0 ? "(NULL" : ", NULL";
        }
        each.explain += each.declared.empty() ? "" : ")";
        each.deallocate = "DEALLOCATE " + each.name;
        parts.push_back({.text = each.explain.c_str()});
        parts.push_back({.text = each.deallocate.c_str()});
      }
    }
    ask.ask({questions.data(), questions.size()},
            plans ? "SELECT pg_catalog.set_config('plan_cache_mode', "
                    "'force_generic_plan', true)"
                  : nullptr);
    for (std::size_t i = 0; i < statements_.size(); ++i) {
      take(statements_[i], questions[i]);
    }
  }

  static bool needs_plan(statement_shape const& shape) { return contains(shape.nullable, false); }

  void take(checked& each, question& asked) {
    bool const is_prepared = static_cast<bool>(asked.parts[0].answer);
    each.arguments = std::move(asked.parts[1].answer);
    if (!each.arguments) {
      each.refusal = std::move(asked.refusal);
    } else {
      each.columns = libpq::described_rows(each.arguments);
      match(each);
    }
    if (asked.parts.size() == 4) {
      libpq::result_view const plan{asked.parts[2].answer};
      if (plan.rows() == 1) {
        try {
          each.plan = plan_reader<>{plan.text(0, 0)}.read();
        } catch (decode_error const&) {
          each.plan = {};  // what outer joins do is not known then
        }
      }
      if (is_prepared && !asked.parts[3].answer) {
        left_over_.push_back(&each);
      }
    }
  }

  /// Finds the columns of the fields, and what has to be known of them.
  void match(checked& each) {
    libpq::result_view const view{each.columns};
    std::span<field_shape const> const fields = each.shape.fields;
    each.columns_of_fields.resize(fields.size());
    if (view.columns() == 0 && !fields.empty()) {
      each.faults = "\n  the statement returns no rows";
      return;
    }
    if (!each.shape.returns_rows) {
      bool only_void = true;
      for (int column = 0; column < view.columns(); ++column) {
        only_void = only_void && view.column_type(column) == oid::void_;
      }
      each.faults = only_void ? "" : "\n  the statement returns rows, and is declared without";
      return;
    }
    each.matches =
        match_columns(view, fields, each.shape.by_name, each.columns_of_fields, each.faults);
    for (std::size_t i = 0; each.matches && i < fields.size(); ++i) {
      column_plan& from = each.columns_of_fields[i];
      if (from.column < 0) {
        continue;
      }
      from.type = view.column_type(from.column);
      oid_t const relation = view.column_table(from.column);
      int const number = view.column_number(from.column);
      if (!each.shape.nullable[i] && relation != 0 && number != 0) {
        each.sources.push_back({.field = i, .fact = table_columns_.add(relation, number)});
      }
    }
  }

  /// One round trip, if there is anything to ask: what tables say of the columns.
  void look_up(core_questions<>& ask) {
    for (checked& each : statements_) {
      for (source& from : each.sources) {
        auto const column = static_cast<std::size_t>(each.columns_of_fields[from.field].column);
        if (column < output_of(each.plan).size()) {
          plan_column const below = plan_column_of(each.plan, output_of(each.plan)[column]);
          if (!below.relation.empty()) {
            from.named_fact = table_columns_.add(below);
          }
        }
      }
    }
    std::vector<question> questions;
    if (!table_columns_.empty()) {
      questions = table_columns_.questions();
    }
    for (checked const* each : left_over_) {
      questions.emplace_back().parts.push_back({.text = each->deallocate.c_str()});
    }
    ask.ask({questions.data(), questions.size()});
    if (!table_columns_.empty()) {
      table_columns_.read(questions[0], questions[1]);
    }
  }

  /// What types are that users made, of arguments and columns: one round trip if there are any.
  void learn_user_types() {
    std::vector<oid_t> wanted;
    for (checked const& each : statements_) {
      for (int i = 0; i < libpq::result_view{each.arguments}.parameters(); ++i) {
        oid_t const type = libpq::result_view{each.arguments}.parameter_type(i);
        if (type >= oid::first_unfixed && each.declared[static_cast<std::size_t>(i)] == 0) {
          wanted.push_back(type);
        }
      }
      for (column_plan const& from : each.columns_of_fields) {
        if (from.type >= oid::first_unfixed) {
          wanted.push_back(from.type);
        }
      }
    }
    if (!wanted.empty()) {
      types_ = pqscope::detail::learn_types(core_, {wanted.data(), wanted.size()}, where_);
    }
  }

  void compare(checked const& each) {
    if (each.refusal) {
      add(each, mismatch_kind::refused,
          server_error{*each.refusal, std::string(each.shape.text.str())}.what());
      return;
    }
    compare_arguments(each);
    std::string faults = each.faults;
    if (each.matches) {
      faults += type_faults(libpq::result_view{each.columns}, each.shape.fields,
                            each.columns_of_fields, types_.get());
    }
    constexpr std::string_view separator = "\n  ";
    for (std::size_t at = 0; at < faults.size();) {
      std::size_t const begin = at + separator.size();
      at = least(faults.find(separator, begin), faults.size());
      add(each, mismatch_kind::column, faults.substr(begin, at - begin));
    }
    for (source const& from : each.sources) {
      compare_nullability(each, from);
    }
  }

  void compare_arguments(checked const& each) {
    libpq::result_view const described{each.arguments};
    for (std::size_t i = 0; i < each.shape.arguments.size(); ++i) {
      argument_shape const& argument = each.shape.arguments[i];
      oid_t const type = described.parameter_type(static_cast<int>(i));
      bool const anonymous = is_record(type);
      if (anonymous || (type != argument.declared && !argument.goes_into(type, types_.get()))) {
        add(each, mismatch_kind::argument,
            "argument $" + std::to_string(i + 1) + " is " + name_of(type, types_.get()) +
                ", and declared as " + std::string(argument.type_name) +
                (anonymous ? ": cast it in the SQL text, for the server reads no anonymous rows"
                           : ""));
      }
    }
  }

  void compare_nullability(checked const& each, source const& from) {
    catalog_column const& fact = table_columns_.by_number(from.fact);
    int const column = each.columns_of_fields[from.field].column;
    nullness const plan =
        nullness_of_column(each.plan, static_cast<std::size_t>(column), fact.relation, fact.name);
    std::string why;
    if (plan == nullness::possible) {
      why = "an outer join or a grouping set leaves it empty in some rows";
    } else if (plan != nullness::never) {
      bool const below = !fact.is_stored && from.named_fact.has_value();
      catalog_column const& stored = below ? table_columns_.by_name(*from.named_fact) : fact;
      if (stored.is_known && stored.is_stored && !stored.not_null) {
        why = stored.shown + " is not declared NOT NULL";
      }
    }
    if (!why.empty()) {
      add(each, mismatch_kind::nullable,
          told_apart(libpq::result_view{each.columns}, column) + " can be NULL, since " + why +
              ": read it as a std::optional");
    }
  }

  void add(checked const& of, mismatch_kind kind, std::string problem) {
    found_.push_back({.kind = kind,
                      .problem = std::move(problem),
                      .sql = std::string(of.shape.text.str()),
                      .where = of.shape.text.where});
  }

  connection_core& core_;
  std::source_location where_;
  std::vector<checked> statements_;
  std::vector<checked const*> left_over_;  // on the server, because their plan was refused
  catalog_columns<> table_columns_;
  shared_types types_;
  std::vector<mismatch> found_;
};

}  // namespace pqscope::detail

#endif
