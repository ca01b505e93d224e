#ifndef PQSCOPE_TRANSFER_LARGE_OBJECT_HPP
#define PQSCOPE_TRANSFER_LARGE_OBJECT_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/sql/sql_view.hpp>
#include <pqscope/transfer/transaction_bond.hpp>
#include <pqscope/types/bytea.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/wire_value.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// What a large object is opened for.
enum class large_object_mode : unsigned char {
  read,        ///< reading, as it was when it was opened
  read_write,  ///< both, as it is
};

/// From where `large_object::seek` counts.
enum class seek_from : unsigned char {
  begin = 0,    ///< the object's first byte
  current = 1,  ///< the position
  end = 2,      ///< behind its last byte
};

/// Asks for a large object that does not exist yet.
struct new_large_object {
  oid_t id = oid::none;  ///< the OID it is to have; `oid::none` lets the server choose
};

namespace detail {

/// What a large object can be opened in: all that has statements.
template <class T>
concept has_statements = requires(T& in, std::source_location const& where) {
  { in.core_for(where) } -> std::same_as<connection_core&>;
};

/// Carries out a statement of the library's text on the user's behalf; answers in binary format.
template <class... Args>
libpq::result_handle ask(connection_core& core, std::source_location const& where,
                         sql<Args...> text, Args const&... arguments) {
  parameter_pack const bound(where, arguments...);
  sql_view view = text.view();
  view.where = where;
  return core.run(
      {.text = view.text, .parameters = bound.view(), .format = libpq::value_format::binary}, view);
}

/// An `integer` or `bigint` of the only row of such an answer. \throws decode_error if it is none
inline std::int64_t integer_of(libpq::result_handle const& answer, int column = 0) {
  libpq::result_view const view{answer};
  switch (view.size(0, column)) {
    case 4:
      return read_int32(view.data(0, column));
    case 8:
      return read_int64(view.data(0, column));
    default:
      throw_malformed("integer");
  }
}

/// A `bytea` of the only row of such an answer. \throws decode_error if it is none
inline std::span<std::byte const> bytes_of(libpq::result_handle const& answer) {
  libpq::result_view const view{answer};
  if (view.rows() != 1 || view.is_null(0, 0)) {
    throw_malformed("bytea");
  }
  return bytea_codec::view(
      {.data = view.data(0, 0), .size = static_cast<std::size_t>(view.size(0, 0))});
}

}  // namespace detail

/// A large object, open for reading and writing from a position, as a file is: up to 4 TB that
/// tables refer to by its OID.
///
///     pqscope::large_object lo{s, pqscope::new_large_object{}};
///     lo.write(bytes);
///     s.execute("INSERT INTO files (name, content) VALUES ($1, $2::oid)", name, lo.id());
///
/// Opened in a session, transaction or savepoint, and closed with the transaction. What is written
/// is undone with it. After a rollback to a savepoint it is opened once more by itself, at its
/// position. Bytes travel in chunks of 256 KiB, a round trip each; so does every other operation
/// unless it says otherwise.
///
/// Errors are those of any statement and fail the transaction: `undefined_object` if it does not
/// exist. Closed, moved from, or after the end of its transaction or connection every use is a
/// `usage_error` and sends nothing. Move-only. One thread at a time, the connection's.
class large_object {
 public:
  /// Bytes of a chunk.
  static constexpr std::size_t chunk_size = std::size_t{256} * 1024;

  /// Opens one that exists. \throws usage_error outside a transaction
  template <detail::has_statements Scope>
  large_object(Scope& in, oid_t id, large_object_mode mode = large_object_mode::read_write,
               std::source_location where = std::source_location::current())
      : large_object{in.core_for(where), id, mode, where} {}
  /// Makes one and opens it for reading and writing, in one round trip.
  /// \throws usage_error outside a transaction; duplicate_object or unique_violation if its OID is
  ///         taken
  template <detail::has_statements Scope>
  explicit large_object(Scope& in, new_large_object wanted,
                        std::source_location where = std::source_location::current())
      : large_object{in.core_for(where), wanted, where} {}

  large_object(large_object&&) noexcept = default;
  /// Closes this one, takes the other's place.
  large_object& operator=(large_object&& other) noexcept {
    if (this != &other) {
      close();
      id_ = other.id_;
      descriptor_ = other.descriptor_;
      position_ = other.position_;
      mode_ = other.mode_;
      bond_ = std::move(other.bond_);
    }
    return *this;
  }
  /// As `close()`.
  ~large_object() { close(); }

  /// Its OID.
  oid_t id() const noexcept { return id_; }
  /// Whether it can be used, as far as is known without asking the server.
  bool is_open() const noexcept { return descriptor_ >= 0 && bond_.holds(); }

  /// Reads into `to` from the position on; returns how many bytes, fewer than there is room for
  /// only at the end.
  std::size_t read(std::span<std::byte> to,
                   std::source_location where = std::source_location::current()) {
    require(where);
    std::size_t done = 0;
    while (done < to.size()) {
      std::size_t const wanted = detail::least(chunk_size, to.size() - done);
      auto const got = read_chunk(wanted, where);
      auto const bytes = detail::bytes_of(got);
      if (!bytes.empty()) {
        __builtin_memcpy(to.data() + done, bytes.data(), bytes.size());
      }
      done += bytes.size();
      if (bytes.size() < wanted) {
        break;
      }
    }
    return done;
  }
  /// Reads at most `count` bytes, fewer only at the end. Memory grows with what there is to read.
  std::vector<std::byte> read(std::size_t count,
                              std::source_location where = std::source_location::current()) {
    require(where);
    std::vector<std::byte> all;
    while (all.size() < count) {
      std::size_t const wanted = detail::least(chunk_size, count - all.size());
      auto const got = read_chunk(wanted, where);
      auto const bytes = detail::bytes_of(got);
      all.insert(all.end(), bytes.data(), bytes.data() + bytes.size());
      if (bytes.size() < wanted) {
        break;
      }
    }
    return all;
  }

  /// Writes all of `from` at the position, over what is there or beyond the end.
  /// \throws usage_error if it was opened for reading
  void write(std::span<std::byte const> from,
             std::source_location where = std::source_location::current()) {
    require_writable(where);
    while (!from.empty()) {
      auto const chunk = from.first(detail::least(chunk_size, from.size()));
      int const fd = descriptor(where);
      position_ += detail::integer_of(
          detail::ask(core(where), where, "SELECT pg_catalog.lowrite($1, $2)", fd, chunk));
      from = from.subspan(chunk.size());
    }
  }
  /// The same for the bytes of a text.
  void write(std::string_view from, std::source_location where = std::source_location::current()) {
    write(std::as_bytes(std::span{from.data(), from.size()}), where);
  }

  /// Goes to a place, which may be beyond the end; what is not written before it reads as zeros.
  /// Returns the new position.
  /// \throws usage_error for a negative place counted from the beginning
  std::int64_t seek(std::int64_t by, seek_from from = seek_from::begin,
                    std::source_location where = std::source_location::current()) {
    if (from == seek_from::begin && by < 0) {
      throw usage_error("a position in a large object is not negative", where);
    }
    int const fd = descriptor(where);
    position_ = detail::integer_of(detail::ask(core(where), where,
                                               "SELECT pg_catalog.lo_lseek64($1, $2, $3)", fd, by,
                                               static_cast<int>(from)));
    return position_;
  }
  /// The position, counted from 0. No round trip.
  std::int64_t tell() const noexcept { return position_; }
  /// The number of bytes.
  std::int64_t size(std::source_location where = std::source_location::current()) {
    int const fd = descriptor(where);
    auto const end_and_back = detail::ask(
        core(where), where,
        "SELECT pg_catalog.lo_lseek64($1, 0, 2), pg_catalog.lo_lseek64($1, $2, 0)", fd, position_);
    position_ = detail::integer_of(end_and_back, 1);
    return detail::integer_of(end_and_back);
  }
  /// Makes it so many bytes long, cut off or filled with zeros; the position stays.
  /// \throws usage_error if it was opened for reading, or the size is negative
  void truncate(std::int64_t bytes, std::source_location where = std::source_location::current()) {
    require_writable(where);
    if (bytes < 0) {
      throw usage_error("the size of a large object is not negative", where);
    }
    int const fd = descriptor(where);
    detail::ask(core(where), where, "SELECT pg_catalog.lo_truncate64($1, $2)", fd, bytes);
  }
  /// Deletes it; it is closed then.
  void unlink(std::source_location where = std::source_location::current()) {
    detail::ask(require(where), where, "SELECT pg_catalog.lo_unlink($1::pg_catalog.oid)",
                std::int64_t{id_});
    descriptor_ = -1;  // the server has closed it
  }

  /// Closes it: what does so rides with the next statement of the transaction. Nothing is sent, and
  /// nothing thrown, where the transaction has failed or is over or the connection is gone.
  void close() noexcept {
    int const open = std::exchange(descriptor_, -1);
    if (open >= 0 && bond_.holds()) {
      try {
        // where somebody has deleted it in this transaction the server has closed it
        bond_.let_go(
            "SELECT pg_catalog.lo_close(" + std::to_string(open) +
            ") FROM pg_catalog.pg_largeobject_metadata WHERE oid = " + std::to_string(id_));
      } catch (...) {  // no memory: the end of the transaction closes it
      }
    }
  }

  /// Not for users: writes the end of what a stream has buffered, from its destructor. What goes
  /// wrong reaches the observer.
  void write_last(std::span<std::byte const> from) noexcept {
    detail::connection_core* const core = is_open() ? bond_.core() : nullptr;
    if (core == nullptr || core->status() != connection_status::in_transaction) {
      return;
    }
    detail::destructor_limits const bounded{*core};
    try {
      write(from);
    } catch (...) {
      core->notices().problem_in_flight("writing the end of a stream to a large object");
    }
  }

 private:
  large_object(detail::connection_core& core, oid_t id, large_object_mode mode,
               std::source_location const& where)
      : id_{id}, mode_{mode} {
    detail::require_open_transaction(core, "a large object", where);
    bond_ = detail::transaction_bond{core};
    open(core, where);
  }
  large_object(detail::connection_core& core, new_large_object wanted,
               std::source_location const& where)
      : mode_{large_object_mode::read_write} {
    detail::require_open_transaction(core, "a large object", where);
    auto const made = detail::ask(core, where,
                                  "SELECT pg_catalog.lo_open(id, 393216), id::bigint "
                                  "FROM pg_catalog.lo_create($1::pg_catalog.oid) AS made (id)",
                                  std::int64_t{wanted.id});
    bond_ = detail::transaction_bond{core};
    descriptor_ = static_cast<int>(detail::integer_of(made));
    id_ = static_cast<oid_t>(detail::integer_of(made, 1));
  }

  /// Opens it, at its position.
  void open(detail::connection_core& core, std::source_location const& where) {
    int const flags = mode_ == large_object_mode::read ? 0x40000 : 0x60000;  // INV_READ, INV_WRITE
    auto const fd = static_cast<int>(detail::integer_of(
        detail::ask(core, where, "SELECT pg_catalog.lo_open($1::pg_catalog.oid, $2)",
                    std::int64_t{id_}, flags)));
    if (position_ > 0) {
      detail::ask(core, where, "SELECT pg_catalog.lo_lseek64($1, $2, 0)", fd, position_);
    }
    bond_ = detail::transaction_bond{core};
    descriptor_ = fd;
  }

  detail::connection_core& core(std::source_location const& where) const {
    return bond_.require("large object", false, where);
  }
  detail::connection_core& require(std::source_location const& where) const {
    detail::connection_core& used = core(where);
    if (descriptor_ < 0) {
      throw usage_error("the large object is closed", where);
    }
    return used;
  }
  void require_writable(std::source_location const& where) const {
    require(where);
    if (mode_ == large_object_mode::read) {
      throw usage_error("the large object was opened for reading", where);
    }
  }
  /// The server's number for it; that of before a rollback to a savepoint may be another's now.
  int descriptor(std::source_location const& where) {
    detail::connection_core& used = require(where);
    if (bond_.undone()) {
      open(used, where);
    }
    return descriptor_;
  }
  libpq::result_handle read_chunk(std::size_t count, std::source_location const& where) {
    int const fd = descriptor(where);
    auto got = detail::ask(core(where), where, "SELECT pg_catalog.loread($1, $2)", fd,
                           static_cast<int>(count));
    position_ += static_cast<std::int64_t>(detail::bytes_of(got).size());
    return got;
  }

  oid_t id_ = oid::none;
  int descriptor_ = -1;
  std::int64_t position_ = 0;
  large_object_mode mode_;
  detail::transaction_bond bond_;
};

/// Deletes a large object that is not open. One round trip; outside a transaction it is deleted at
/// once.
/// \throws undefined_object if there is none of this OID
template <detail::has_statements Scope>
void unlink_large_object(Scope& in, oid_t id,
                         std::source_location where = std::source_location::current()) {
  detail::ask(in.core_for(where), where, "SELECT pg_catalog.lo_unlink($1::pg_catalog.oid)",
              std::int64_t{id});
}

}  // namespace pqscope

#endif
