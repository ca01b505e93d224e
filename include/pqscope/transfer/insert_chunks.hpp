#ifndef PQSCOPE_TRANSFER_INSERT_CHUNKS_HPP
#define PQSCOPE_TRANSFER_INSERT_CHUNKS_HPP

#include <pqscope/connection/record_chunks.hpp>
#include <pqscope/libpq/batch.hpp>
#include <pqscope/libpq/fifo.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/transfer/plain_insert.hpp>
#include <pqscope/transfer/record_chunk.hpp>
#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// Asks whether an INSERT of many rows does what as many of one row do, and what the parameters'
/// types are: a row for each, none where it does not.
///
/// `$1` is the table, `$2` the columns by name, or by place where `$3` is false, `$4` the types
/// declared. Not so are a view, a partitioned table, rules, row security, triggers other than
/// those of foreign keys, a foreign key to the table itself, and where a column that is left out
/// has a default that a function computes, unless that only depends on its arguments, on the
/// session or the transaction, or on nothing.
inline constexpr char const* chunks_question =
    "WITH target AS MATERIALIZED ("
    "SELECT c.oid FROM pg_catalog.pg_class c "
    "WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind = 'r' "
    "AND NOT (c.relhasrules OR c.relrowsecurity OR c.relispartition) "
    "AND NOT (c.relhastriggers AND EXISTS (SELECT FROM pg_catalog.pg_trigger "
    "WHERE tgrelid = c.oid AND (NOT tgisinternal OR tgconstrrelid = c.oid)))), "
    "field AS MATERIALIZED ("
    "SELECT attrelid, attname, attnum, atttypid, atthasdef, attgenerated, "
    "pg_catalog.row_number() OVER (ORDER BY attnum) AS place "
    "FROM target JOIN pg_catalog.pg_attribute ON attrelid = target.oid "
    "WHERE attnum > 0 AND NOT attisdropped), "
    "wanted AS MATERIALIZED ("
    "SELECT n, attnum, CASE declared WHEN 0 THEN atttypid ELSE declared END AS type "
    "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($4)) "
    "WITH ORDINALITY AS p(name, declared, n) "
    "JOIN field ON name = CASE WHEN $3 THEN attname::pg_catalog.text "
    "ELSE place::pg_catalog.text END) "
    "SELECT b.oid, b.typarray, b.typinput::pg_catalog.oid, b.typreceive::pg_catalog.oid "
    "FROM wanted JOIN pg_catalog.pg_type t ON t.oid = type "
    "JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid "
    "END "
    "WHERE NOT EXISTS ("
    "SELECT FROM field JOIN pg_catalog.pg_type d ON d.oid = atttypid "
    "WHERE attgenerated = '' AND attnum NOT IN (SELECT attnum FROM wanted) "
    "AND CASE WHEN NOT atthasdef THEN d.typdefaultbin IS NOT NULL ELSE EXISTS ("
    "SELECT FROM pg_catalog.pg_attrdef a, "
    "pg_catalog.regexp_matches(a.adbin::pg_catalog.text, ':(?:op)?funcid (\\d+)', 'g') AS m, "
    "pg_catalog.pg_proc p "
    "WHERE adrelid = attrelid AND adnum = attnum AND p.oid = m[1]::pg_catalog.oid "
    "AND p.provolatile <> 'i' AND NOT (p.oid < 16384 AND CASE p.provolatile "
    "WHEN 's' THEN proname <> 'statement_timestamp' ELSE proname IN ('nextval', 'random', "
    "'clock_timestamp', 'gen_random_uuid', 'uuidv4', 'uuidv7') END)) END) ORDER BY n";

/// Records for a plain INSERT that go many at a time, as arrays that the server unnests.
///
/// What makes that the same as one by one is in docs/decisions/0010-execute-many.md.
///
/// A template so that only programs that send many records compile it.
template <class = void>
class insert_chunks : public record_chunks {
 public:
  /// \param insert the statement
  /// \param fields how the records look; outlive it
  /// \param ahead  how many records go ahead of the question
  insert_chunks(plain_insert insert, std::span<chunk_field const> fields, std::size_t ahead)
      : insert_{std::move(insert)}, fields_{fields}, ahead_{ahead} {}

  libpq::request const& question() override {
    names_ = "{";
    declared_ = "{";
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      std::size_t const place = insert_.places[i];
      names_ += i == 0 ? "\"" : ",\"";
      for (char const c :
           insert_.columns.empty() ? std::to_string(place + 1) : insert_.columns[place]) {
        names_.append(c == '"' || c == '\\' ? 1 : 0, '\\').push_back(c);
      }
      names_ += '"';
      declared_.append(i == 0 ? "" : ",").append(std::to_string(fields_[i].declared));
    }
    names_ += '}';
    declared_ += '}';
    values_[0] = insert_.table.c_str();
    values_[1] = names_.c_str();
    values_[2] = insert_.columns.empty() ? "f" : "t";
    values_[3] = declared_.c_str();
    question_ = {.text = chunks_question,
                 .parameters = {.count = 4,
                                .types = question_types,
                                .values = values_,
                                .lengths = question_zeros,
                                .formats = question_zeros},
                 .is_own = true};
    return question_;
  }
  std::size_t records_ahead() const noexcept override { return ahead_; }

  bool allows(libpq::result_view answer) override {
    if (static_cast<std::size_t>(answer.rows()) != fields_.size()) {
      return false;
    }
    for (int row = 0; row < answer.rows(); ++row) {
      oid_t element = number(answer.text(row, 0));
      oid_t array = number(answer.text(row, 1));
      chunk_field const& field = fields_[static_cast<std::size_t>(row)];
      if (field.declared == 0 && field.is_text) {
        if (element == oid::jsonb) {
          element = oid::json;
          array = oid::json_array;
        } else if (!reads_text(number(answer.text(row, 2)), number(answer.text(row, 3)))) {
          return false;
        }
      }
      if (array == 0) {
        return false;
      }
      elements_.push_back(element);
      arrays_.push_back(array);
    }
    return true;
  }

  std::size_t full() const noexcept override {
    return gathered_.size() - (empty() || is_full(*gathered_.back()) ? 0 : 1);
  }
  bool empty() const noexcept override { return gathered_.empty(); }
  std::size_t records() const noexcept override { return gathered_.front()->records(); }
  void spread(libpq::batch& into) override {
    while (gathered_.front()->give(into)) {
    }
    spare_.push_back(gathered_.take_front());
  }
  libpq::request seal() override {
    libpq::parameters const bound = gathered_.front()->arrays(elements_, arrays_);
    sealed_.push_back(gathered_.take_front());
    return {.text = insert_.of_arrays.c_str(), .parameters = bound};
  }
  void settle(std::size_t chunks) noexcept override {
    for (; chunks > 0; --chunks) {
      chunk done = sealed_.take_front();
      try {
        spare_.push_back(std::move(done));
      } catch (...) {  // another one is made then
      }
    }
  }
  void rewind() override {
    while (!gathered_.empty()) {
      sealed_.push_back(gathered_.take_front());
    }
  }

  /// Gives a record of those that `rewind` was about; false where there is none.
  bool give(libpq::batch& into) {
    while (!sealed_.empty()) {
      if (sealed_.front()->give(into)) {
        return true;
      }
      sealed_.take_front();
    }
    return false;
  }

 protected:
  /// Where records are gathered; to be filled no more than it takes to be full.
  record_chunk<>& gathering() {
    if (!gathered_.empty() && !is_full(*gathered_.back())) {
      return *gathered_.back();
    }
    if (spare_.empty()) {
      gathered_.push_back(std::make_unique<record_chunk<>>(fields_));
      return *gathered_.back();
    }
    gathered_.push_back(spare_.take_front());
    gathered_.back()->clear();
    return *gathered_.back();
  }
  /// Takes back the chunk that was to be filled, where there is nothing in it.
  void drop_empty() noexcept {
    if (!gathered_.empty() && gathered_.back()->records() == 0) {
      gathered_.take_back();
    }
  }

 private:
  using chunk = std::unique_ptr<record_chunk<>>;

  static bool is_full(record_chunk<> const& chunk) noexcept {
    return chunk.bytes() >= record_chunk<>::enough;
  }

  static constexpr oid_t question_types[] = {oid::text, oid::text_array, oid::boolean,
                                             oid::oid_array};
  static constexpr int question_zeros[4] = {};

  static oid_t number(std::string_view digits) noexcept {
    oid_t value = 0;
    for (char const digit : digits) {
      value = value * 10 + static_cast<oid_t>(digit - '0');
    }
    return value;
  }

  /// Whether a type takes the same bytes in binary format as in text format, by the functions that
  /// read them. Source: PostgreSQL, `pg_proc.dat`.
  static bool reads_text(oid_t input, oid_t receive) noexcept {
    constexpr std::pair<oid_t, oid_t> pairs[] = {{46, 2414},
                                                 {1046, 2432},
                                                 {1044, 2430},  // text, varchar, bpchar
                                                 {3506, 3532},
                                                 {321, 323}};  // enums, json
    for (auto const& each : pairs) {
      if (each == std::pair{input, receive}) {
        return true;
      }
    }
    return false;
  }

  plain_insert insert_;
  std::span<chunk_field const> fields_;
  std::size_t ahead_;
  std::string names_{};
  std::string declared_{};
  char const* values_[4]{};
  libpq::request question_{};
  std::vector<oid_t> elements_{};
  std::vector<oid_t> arrays_{};
  libpq::fifo<chunk> gathered_{};
  libpq::fifo<chunk> sealed_{};
  libpq::fifo<chunk> spare_{};
};

}  // namespace pqscope::detail

#endif
