#ifndef PQSCOPE_EVENTS_REPLICATION_CHANGE_HPP
#define PQSCOPE_EVENTS_REPLICATION_CHANGE_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/events/replication_relation.hpp>
#include <pqscope/events/replication_row.hpp>
#include <pqscope/types/lsn.hpp>
#include <pqscope/types/oid.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope {

/// What a `replication_change` tells.
enum class replication_kind : unsigned char {
  begin,     ///< a transaction, which has committed; its changes follow, then `commit`
  insert,    ///< a row is new
  update,    ///< a row has changed
  delete_,   ///< a row is gone
  truncate,  ///< tables have been emptied
  commit,    ///< the end of the transaction
  relation,  ///< what a table looks like, ahead of the first change to it and when that has altered
  type,      ///< name of a type that is not built in, ahead of a table with such a column
  origin,    ///< the transaction was itself replicated here, from there
  message,   ///< a logical message

  // with `replication_options::streaming` alone
  stream_start,   ///< changes of a transaction that has not ended follow, until `stream_stop`
  stream_stop,    ///< there may be more of it later, after other transactions
  stream_commit,  ///< all that was received of it in blocks has committed
  stream_abort,  ///< all that was received of it, or of its subtransaction `subxid`, counts no more
};

namespace detail {
template <class>
class pgoutput_decoder;
}

/// One message of the plugin pgoutput, decoded. A value: it may be copied, moved and kept; one that
/// was moved from may only be assigned to or destroyed.
///
/// Which members mean something depends on `kind`. Source: PostgreSQL, "Logical Replication Message
/// Formats".
class replication_change {
 public:
  /// What it tells.
  replication_kind kind = replication_kind::begin;
  /// The first one on a new connection: a transaction whose `commit` has not been handed out, or
  /// not been confirmed, begins anew.
  bool resumed = false;
  /// What to confirm once it has been dealt with. Of `commit` it is the end of the transaction; a
  /// place within that does no harm, and confirms what ended before it.
  pqscope::lsn lsn{};
  /// Where the transaction's commit is in the log, told from `begin` on; none while it has not
  /// ended.
  pqscope::lsn commit_lsn{};
  /// When it committed, by the server's clock; told from `begin` on.
  std::chrono::sys_time<std::chrono::microseconds> commit_time{};
  /// Number of the transaction, or of the subtransaction in a block of a transaction that has not
  /// ended; 0 for a message outside of any.
  std::uint32_t xid = 0;
  /// Of `stream_abort`: the subtransaction, or the transaction itself.
  std::uint32_t subxid = 0;
  /// Of `stream_start`: whether it is the first block of its transaction.
  bool is_first_block = false;
  /// Of `message`: whether it is part of a transaction. Others are received at once.
  bool is_transactional = false;
  /// Of `truncate`: whether CASCADE was said.
  bool cascade = false;
  /// Of `truncate`: whether RESTART IDENTITY was said.
  bool restart_identity = false;

  /// The table, of `insert`, `update`, `delete_` and `relation`; the first one of `truncate`.
  /// Lives as long as the change. \throws usage_error for other kinds
  replication_relation const& relation(
      std::source_location where = std::source_location::current()) const {
    if (relations_.empty()) {
      throw usage_error("the change is not one of a table", where);
    }
    return *relations_.front();
  }
  /// All tables of `truncate`; the one of `insert` and the like; else none.
  std::span<std::shared_ptr<replication_relation const> const> relations() const noexcept {
    return relations_;
  }

  /// The row as it is now, of `insert` and `update`; else empty.
  replication_row new_row() const noexcept { return row(new_at_, new_at_ + new_size_, has_new_); }
  /// The row as it was, of `delete_`, and of `update` where its key has changed or the table has
  /// REPLICA IDENTITY FULL; else empty.
  replication_row old_row() const noexcept { return row(0, new_at_, has_old_); }
  /// Whether `old_row` has but the columns of the key.
  bool old_is_key() const noexcept { return old_is_key_; }
  /// The new row, or the old one of `delete_`, as a struct, `std::tuple` or single value; see
  /// `replication_row::as`.
  template <class Row>
  Row as(std::source_location where = std::source_location::current()) const {
    return (has_new_ ? new_row() : old_row()).template as<Row>(where);
  }

  /// Of `message`: what it is about, as whoever sent it said.
  std::string_view prefix() const noexcept { return name_of(replication_kind::message); }
  /// Of `message`: its bytes.
  std::string_view content() const noexcept {
    return std::string_view{message_}.substr(content_at_, content_size_);
  }
  /// Of `origin`: its name.
  std::string_view origin() const noexcept { return name_of(replication_kind::origin); }
  /// Of `origin`: where the transaction's commit is in the log there.
  pqscope::lsn origin_lsn() const noexcept { return origin_lsn_; }
  /// Of `type`: its OID.
  oid_t type_id() const noexcept { return type_; }
  /// Of `type`: its name, or that of the type below a domain.
  std::string_view type_name() const noexcept { return name_of(replication_kind::type); }
  /// Of `type`: the schema of that name.
  std::string_view type_schema() const noexcept {
    return kind != replication_kind::type ? std::string_view{}
           : content_size_ == 0           ? std::string_view{"pg_catalog"}
                                          : content();
  }

 private:
  template <class>
  friend class detail::pgoutput_decoder;

  replication_row row(std::size_t from, std::size_t to, bool is_there) const noexcept {
    if (!is_there) {
      return {};
    }
    return {*relations_.front(), message_,
            std::span<detail::replicated_value const>{values_}.subspan(from, to - from)};
  }

  std::string_view name_of(replication_kind wanted) const noexcept {
    return kind == wanted ? std::string_view{message_}.substr(name_at_, name_size_)
                          : std::string_view{};
  }

  std::string message_;  // as it came: values and names are places in it
  std::vector<std::shared_ptr<replication_relation const>> relations_;
  std::vector<detail::replicated_value> values_;  // of the old row, then of the new one
  std::size_t new_at_ = 0;
  std::size_t new_size_ = 0;
  std::size_t name_at_ = 0;
  std::size_t name_size_ = 0;
  std::size_t content_at_ = 0;
  std::size_t content_size_ = 0;
  pqscope::lsn origin_lsn_{};
  oid_t type_ = 0;
  bool has_new_ = false;
  bool has_old_ = false;
  bool old_is_key_ = false;
};

}  // namespace pqscope

#endif
