#ifndef PQSCOPE_EVENTS_PGOUTPUT_DECODER_HPP
#define PQSCOPE_EVENTS_PGOUTPUT_DECODER_HPP

#include <pqscope/error/decode_error.hpp>
#include <pqscope/events/replication_change.hpp>
#include <pqscope/events/replication_relation.hpp>
#include <pqscope/events/replication_row.hpp>
#include <pqscope/types/lsn.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/wire_value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// The built-in type of this name in `pg_type`, 0 if there is none of that name here.
constexpr oid_t builtin_type_named(std::string_view name) noexcept {
  constexpr struct {
    std::string_view name;
    oid_t type;
  } others[] = {{"bool", oid::boolean},        {"int2", oid::int2},
                {"int4", oid::int4},           {"int8", oid::int8},
                {"float4", oid::float4},       {"float8", oid::float8},
                {"char", oid::char_},          {"bpchar", oid::bpchar},
                {"varchar", oid::varchar},     {"varbit", oid::varbit},
                {"time", oid::time},           {"timetz", oid::timetz},
                {"timestamp", oid::timestamp}, {"timestamptz", oid::timestamptz}};
  bool const is_array = name.starts_with('_');
  name.remove_prefix(is_array ? 1 : 0);
  oid_t wanted = oid::none;
  for (auto const& other : others) {
    wanted = other.name == name ? other.type : wanted;
  }
  for (builtin_type const& known : builtin_types) {
    if (wanted != oid::none ? known.type == wanted : known.name == name) {
      return is_array ? known.array_type : known.type;
    }
  }
  return oid::none;
}

/// Reads numbers and names off the front of a message. \throws decode_error where it ends too early
class pgoutput_reader {
 public:
  explicit pgoutput_reader(std::string_view message) noexcept : message_{message} {}

  [[noreturn]] static void fail(char const* what) {
    throw decode_error(std::string{"a message of the replication stream is malformed: "} + what);
  }

  std::uint8_t byte() { return static_cast<std::uint8_t>(*take(1)); }
  std::uint16_t int16() { return static_cast<std::uint16_t>(read_int16(take(2))); }
  std::uint32_t int32() { return static_cast<std::uint32_t>(read_int32(take(4))); }
  std::uint64_t int64() { return static_cast<std::uint64_t>(read_int64(take(8))); }
  pqscope::lsn place() { return {int64()}; }
  /// Microseconds since 2000.
  std::chrono::sys_time<std::chrono::microseconds> time() {
    // a number of the server's may be any: it is not to overflow
    constexpr std::uint64_t epoch = 946'684'800'000'000;
    return std::chrono::sys_time<std::chrono::microseconds>{
        std::chrono::microseconds{static_cast<std::int64_t>(int64() + epoch)}};
  }
  /// A text that ends in a NUL byte, which is gone past.
  std::string_view name() {
    std::size_t const end = message_.find('\0', at_);
    if (end == std::string_view::npos) {
      fail("a name does not end");
    }
    std::string_view const found = message_.substr(at_, end - at_);
    at_ = end + 1;
    return found;
  }
  void skip(std::size_t bytes) { take(bytes); }
  /// How far it has come.
  std::size_t at() const noexcept { return at_; }
  void require_end() const {
    if (at_ != message_.size()) {
      fail("it is longer than what it says");
    }
  }

 private:
  char const* take(std::size_t bytes) {
    if (message_.size() - at_ < bytes) {
      fail("it ends too early");
    }
    char const* const taken = message_.data() + at_;
    at_ += bytes;
    return taken;
  }

  std::string_view message_;
  std::size_t at_ = 0;
};

/// Takes the messages of the plugin pgoutput apart, protocol versions 1 and 2. Does no I/O; keeps
/// what the server has told of tables and types, and the transaction it is in.
///
/// Source: PostgreSQL, "Logical Replication Message Formats".
///
/// A template so that only programs that replicate compile it.
template <class = void>
class pgoutput_decoder {
 public:
  /// Decodes a message.
  /// \param message what XLogData holds
  /// \param place   what it says of the place in the log; none where the server tells none
  /// \param change  what it is, in place of what it was
  /// \throws decode_error for bytes that are no message, whatever they are; the decoder is to be
  ///         `reset` then, and `change` to be assigned to
  void decode(std::string_view message, pqscope::lsn place, replication_change& change) {
    clear(change);
    change.message_.assign(message);
    pgoutput_reader in{change.message_};
    last_ = place.is_none() ? last_ : place;
    change.lsn = last_;
    char const type = static_cast<char>(in.byte());
    // in a block of a transaction that has not ended each message has the number of that
    if (in_block_ && std::string_view{"RYIUDTM"}.find(type) != std::string_view::npos) {
      change.xid = in.int32();
    } else {
      change.xid = xid_;
      change.commit_lsn = commit_lsn_;
      change.commit_time = commit_time_;
    }
    switch (type) {
      case 'B':
        begin(in, change);
        break;
      case 'C':
        change.kind = replication_kind::commit;
        read_commit(in, change);
        xid_ = 0;
        commit_lsn_ = {};
        commit_time_ = {};
        break;
      case 'O':
        change.kind = replication_kind::origin;
        change.origin_lsn_ = in.place();
        read_name(in, change);
        break;
      case 'R':
        read_relation(in, change);
        break;
      case 'Y':
        read_type(in, change);
        break;
      case 'I':
        change.kind = replication_kind::insert;
        read_relation_id(in, change);
        read_new(in, in.byte(), change);
        break;
      case 'U':
        read_update(in, change);
        break;
      case 'D':
        change.kind = replication_kind::delete_;
        read_relation_id(in, change);
        read_old(in, in.byte(), change);
        break;
      case 'T':
        read_truncate(in, change);
        break;
      case 'M':
        read_message(in, change);
        break;
      case 'S':
        require(!in_transaction(), "a block begins within another");
        change.kind = replication_kind::stream_start;
        change.xid = in.int32();
        change.is_first_block = in.byte() == 1;
        in_block_ = true;
        break;
      case 'E':
        require(in_block_, "a block ends that has not begun");
        change.kind = replication_kind::stream_stop;
        in_block_ = false;
        break;
      case 'c':
        require(!in_block_, "a transaction ends within a block");
        change.kind = replication_kind::stream_commit;
        change.xid = in.int32();
        read_commit(in, change);
        break;
      case 'A':
        require(!in_block_, "a transaction ends within a block");
        change.kind = replication_kind::stream_abort;
        change.xid = in.int32();
        change.subxid = in.int32();
        break;
      default:
        pgoutput_reader::fail("it is of no known type");
    }
    in.require_end();
  }

  /// Whether it is between the beginning and the end of a transaction, or of a block of one.
  bool in_transaction() const noexcept { return in_block_ || begun_; }

  /// Forgets all: a new stream begins.
  void reset() { *this = {}; }

 private:
  struct named_type {
    oid_t type;
    oid_t reads_as;
  };

  static void require(bool holds, char const* what) {
    if (!holds) {
      pgoutput_reader::fail(what);
    }
  }

  /// Empties it, and keeps its memory.
  static void clear(replication_change& change) {
    replication_change fresh;
    fresh.message_ = std::move(change.message_);
    fresh.relations_ = std::move(change.relations_);
    fresh.values_ = std::move(change.values_);
    fresh.relations_.clear();
    fresh.values_.clear();
    change = std::move(fresh);
  }

  void begin(pgoutput_reader& in, replication_change& change) {
    require(!in_transaction(), "a transaction begins within another");
    change.kind = replication_kind::begin;
    change.commit_lsn = commit_lsn_ = in.place();
    change.commit_time = commit_time_ = in.time();
    change.xid = xid_ = in.int32();
    begun_ = true;
  }

  void read_commit(pgoutput_reader& in, replication_change& change) {
    if (change.kind == replication_kind::commit) {
      require(begun_, "a transaction ends that has not begun");
      begun_ = false;
    }
    in.skip(1);  // flags, of which there are none yet
    change.commit_lsn = in.place();
    change.lsn = in.place();
    change.commit_time = in.time();
  }

  static void read_name(pgoutput_reader& in, replication_change& change) {
    change.name_at_ = in.at();
    change.name_size_ = in.name().size();
  }

  static std::string schema_of(std::string_view told) {
    return std::string{told.empty() ? std::string_view{"pg_catalog"} : told};
  }

  void read_relation(pgoutput_reader& in, replication_change& change) {
    change.kind = replication_kind::relation;
    auto told = std::make_shared<replication_relation>();
    told->id = in.int32();
    told->schema = schema_of(in.name());
    told->name = in.name();
    auto const identity = static_cast<char>(in.byte());
    require(std::string_view{"dnfi"}.find(identity) != std::string_view::npos,
            "there is no such replica identity");
    told->identity = static_cast<replica_identity>(identity);
    for (unsigned left = in.int16(); left > 0; --left) {
      replication_column& column = told->columns.emplace_back();
      column.is_key = (in.byte() & 1U) != 0;
      column.name = in.name();
      column.type = in.int32();
      column.modifier = static_cast<std::int32_t>(in.int32());
      column.reads_as = column.type;
      for (named_type const& each : types_) {
        column.reads_as = each.type == column.type ? each.reads_as : column.reads_as;
      }
    }
    change.relations_.push_back(told);
    for (auto& known : relations_) {
      if (known->id == told->id) {
        known = std::move(told);
        return;
      }
    }
    relations_.push_back(std::move(told));
  }

  void read_type(pgoutput_reader& in, replication_change& change) {
    change.kind = replication_kind::type;
    change.type_ = in.int32();
    change.content_at_ = in.at();
    std::string_view const schema = in.name();
    change.content_size_ = schema.size();
    change.name_at_ = in.at();
    std::string_view const name = in.name();
    change.name_size_ = name.size();
    oid_t below = change.type_;
    if (schema.empty() || schema == "pg_catalog") {
      oid_t const known = builtin_type_named(name);
      below = known != oid::none ? known : below;
    }
    for (named_type& each : types_) {
      if (each.type == change.type_) {
        each.reads_as = below;
        return;
      }
    }
    types_.push_back({change.type_, below});
  }

  std::shared_ptr<replication_relation const> const& find(oid_t id) {
    for (auto& known : relations_) {
      if (known->id == id) {
        std::swap(known, relations_.front());  // the next change is likely to be of the same
        return relations_.front();
      }
    }
    pgoutput_reader::fail("its table has not been described");
  }

  void read_relation_id(pgoutput_reader& in, replication_change& change) {
    change.relations_.push_back(find(in.int32()));
  }

  /// Appends the values of a row.
  static void read_row(pgoutput_reader& in, replication_change& change) {
    std::size_t const columns = change.relations_.front()->columns.size();
    require(in.int16() == columns, "a row has not the columns of its table");
    for (std::size_t i = 0; i < columns; ++i) {
      replicated_value value;
      switch (static_cast<char>(in.byte())) {
        case 'n':
          break;
        case 'u':
          value.state = replicated::unchanged;
          break;
        case 't':
          value.state = replicated::text;
          read_bytes(in, value);
          break;
        case 'b':
          value.state = replicated::binary;
          read_bytes(in, value);
          break;
        default:
          pgoutput_reader::fail("a value is of no known kind");
      }
      change.values_.push_back(value);
    }
  }

  static void read_bytes(pgoutput_reader& in, replicated_value& value) {
    value.size = in.int32();
    value.offset = static_cast<std::uint32_t>(in.at());
    in.skip(value.size);
  }

  static void read_old(pgoutput_reader& in, std::uint8_t how, replication_change& change) {
    require(how == 'K' || how == 'O', "an old row is of no known kind");
    read_row(in, change);
    change.has_old_ = true;
    change.old_is_key_ = how == 'K';
    change.new_at_ = change.values_.size();
    auto const& columns = change.relations_.front()->columns;
    for (std::size_t i = 0; change.old_is_key_ && i < columns.size(); ++i) {
      if (!columns[i].is_key) {  // sent as NULL, whatever it is
        change.values_[i] = {.state = replicated::left_out};
      }
    }
  }

  static void read_new(pgoutput_reader& in, std::uint8_t how, replication_change& change) {
    require(how == 'N', "a new row is of no known kind");
    read_row(in, change);
    change.has_new_ = true;
    change.new_size_ = change.values_.size() - change.new_at_;
    for (std::size_t i = 0; change.has_old_ && i < change.new_size_; ++i) {
      replicated_value const& old = change.values_[i];
      replicated_value& now = change.values_[change.new_at_ + i];
      if (now.state == replicated::unchanged && old.state != replicated::left_out) {
        now = old;
      }
    }
  }

  void read_update(pgoutput_reader& in, replication_change& change) {
    change.kind = replication_kind::update;
    read_relation_id(in, change);
    std::uint8_t how = in.byte();
    if (how != 'N') {
      read_old(in, how, change);
      how = in.byte();
    }
    read_new(in, how, change);
  }

  void read_truncate(pgoutput_reader& in, replication_change& change) {
    change.kind = replication_kind::truncate;
    std::uint32_t const count = in.int32();
    unsigned const flags = in.byte();
    change.cascade = (flags & 1U) != 0;
    change.restart_identity = (flags & 2U) != 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      read_relation_id(in, change);
    }
  }

  void read_message(pgoutput_reader& in, replication_change& change) {
    change.kind = replication_kind::message;
    change.is_transactional = (in.byte() & 1U) != 0;
    pqscope::lsn const end = in.place();
    if (!change.is_transactional) {
      require(!in_transaction(), "a message by itself comes within a transaction");
      change.xid = 0;
      change.lsn = end;
    }
    read_name(in, change);
    std::uint32_t const size = in.int32();
    change.content_at_ = in.at();
    change.content_size_ = size;
    in.skip(size);
  }

  std::vector<std::shared_ptr<replication_relation const>> relations_;
  std::vector<named_type> types_;
  pqscope::lsn last_{};
  pqscope::lsn commit_lsn_{};
  std::chrono::sys_time<std::chrono::microseconds> commit_time_{};
  std::uint32_t xid_ = 0;
  bool begun_ = false;
  bool in_block_ = false;
};

}  // namespace pqscope::detail

#endif
