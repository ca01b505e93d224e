#ifndef PQSCOPE_TRANSFER_CURSOR_HPP
#define PQSCOPE_TRANSFER_CURSOR_HPP

#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/transfer/cursor_handle.hpp>
#include <pqscope/transfer/cursor_options.hpp>
#include <pqscope/types/parameters.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// A cursor on the server: the rows of a query in pages, in constant memory, with other statements
/// in between.
///
/// Made by `cursor<Row>(…)` and `adopt_cursor<Row>(…)` of a session, transaction, savepoint or
/// connection; rows are as for `query<Row>`. It belongs to the transaction it was declared in, and
/// is gone with it, or with the savepoint it was declared in if that is rolled back; WITH HOLD it
/// survives a commit and lives as long as the connection; close it before that goes back to a pool,
/// which may keep it open. Declaring costs a round trip, so does each page. It can be used while a
/// scope nested in its own lives; an error then fails that one.
///
/// Iterating, `fetch` and `move` go on where the one before stopped. Iterating reads ahead a page:
/// the server's own position, for `WHERE CURRENT OF`, is that of the last row only after `fetch`
/// or `fetch_one`, and when nothing was left of a page. Going backwards needs
/// `cursor_options::scrollable`; the server refuses it otherwise, with 55000
/// (`object_not_in_prerequisite_state`), and fails the transaction.
///
/// Errors are those of any statement; one in a transaction fails it. Closed, moved from, or after
/// the end of its transaction or connection every use is a `usage_error` and sends nothing.
/// Move-only. One thread at a time, the connection's.
template <class Row>
class cursor {
 public:
  /// Used by `cursor` and `adopt_cursor`.
  explicit cursor(detail::cursor_handle<> handle) noexcept : handle_{std::move(handle)} {}
  cursor(cursor&&) noexcept = default;
  /// Closes this one, takes the other's place.
  cursor& operator=(cursor&& other) noexcept {
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  /// As `close()`.
  ~cursor() = default;

  /// Goes through the rows that are left, a page at a time; made by `begin()`.
  class iterator {
   public:
    using value_type = Row;                            ///< decoded as it is looked at
    using difference_type = std::ptrdiff_t;            ///< distance of elements
    using iterator_concept = std::input_iterator_tag;  ///< one way, once
    /// Points nowhere.
    iterator() noexcept = default;
    /// Used by `begin()`.
    explicit iterator(cursor* of) noexcept : of_{of} {}
    /// The row. A `std::string_view` or `std::span` in it holds until the next one is gone to.
    /// Throws what decoding throws.
    Row operator*() const { return of_->current(); }
    /// Goes to the next row; may fetch a page.
    iterator& operator++() {
      of_ = of_->advance() ? of_ : nullptr;
      return *this;
    }
    /// The same.
    void operator++(int) { ++*this; }
    /// Whether there are no more rows.
    bool operator==(std::default_sentinel_t) const noexcept { return of_ == nullptr; }

   private:
    cursor* of_ = nullptr;
  };

  /// Goes to the next row, which counts as read then. The cursor is not moved from meanwhile.
  iterator begin() { return iterator{advance() ? this : nullptr}; }
  /// Behind the last row.
  std::default_sentinel_t end() const noexcept { return {}; }

  /// The next rows, at most `count`; fewer at the end, none behind it. One round trip, none for
  /// rows that are here already. Where it throws, after a `deadline` or for a value that cannot be
  /// decoded, no row counts as read: `move` and iterating go past one that cannot be.
  std::vector<Row> fetch(std::size_t count,
                         std::source_location where = std::source_location::current()) {
    check_owning();
    handle_.require(where);
    std::size_t const pages = pages_.size();
    if (count > left() && !knows_end()) {
      read_ahead(detail::least<std::size_t>(count - left(), most), where);
    }
    return take(count, pages);
  }
  /// The next row; nothing behind the last one. One round trip, as above.
  std::optional<Row> fetch_one(std::source_location where = std::source_location::current()) {
    std::vector<Row> found = fetch(1, where);
    return found.empty() ? std::nullopt : std::optional<Row>{std::move(found.front())};
  }
  /// All rows that are left, fetched in pages, which are kept until the last one is there. Throws
  /// as `fetch` does.
  std::vector<Row> fetch_all(std::source_location where = std::source_location::current()) {
    check_owning();
    handle_.require(where);
    std::size_t const pages = pages_.size();
    while (!knows_end()) {
      read_ahead(page_size(), where);
    }
    return take(left() + 1, pages);
  }
  /// The rows before the one read last, at most `count`, the nearest first. One round trip, one
  /// more where rows that were read ahead have to be gone back over.
  std::vector<Row> fetch_backward(std::size_t count,
                                  std::source_location where = std::source_location::current()) {
    check_owning();
    handle_.require(where);
    if (count == 0) {
      return {};
    }
    if (ahead() > 0) {
      handle_.move("BACKWARD", ahead(), where);
    }
    forget_page();
    auto const back = static_cast<std::int64_t>(detail::least<std::size_t>(count, most));
    return read(handle_.fetch("BACKWARD", back, where), where).all();
  }

  /// Goes over `by` rows without reading them, backwards if negative; returns how many there were.
  /// One round trip, none over rows that are here already.
  std::uint64_t move(std::int64_t by, std::source_location where = std::source_location::current());
  /// Goes to a row, so that it counts as read last: counted from 1, or if negative from the end
  /// with -1 for the last; 0 is before the first. Whether there is such a row; it stands behind
  /// the last, or before the first, otherwise. Needs a scrollable cursor. One round trip.
  bool move_to(std::int64_t row, std::source_location where = std::source_location::current()) {
    handle_.require(where);
    bool const found = handle_.move("ABSOLUTE", row, where) > 0;
    forget_page();
    return found;
  }

  /// Closes it: CLOSE rides with the next statement of the transaction. Nothing is sent, and
  /// nothing thrown, where the transaction has failed or is over or the connection is gone: the
  /// server has closed it then or will. Nor where a savepoint was rolled back since it was
  /// declared: the end of the transaction closes it.
  ///
  /// One WITH HOLD, outside its transaction or in a savepoint, is closed in a round trip or two, of
  /// less than five seconds. Where the transaction has failed, or rows of a stream are arriving,
  /// these go ahead of the first statement after that.
  void close() noexcept {
    handle_.close();
    forget_page();
  }
  /// Whether it can be used, as far as is known without asking the server.
  bool is_open() const noexcept { return handle_.is_open(); }
  /// Its name on the server, not quoted: for `WHERE CURRENT OF`, `identifier` and `compose`.
  std::string const& name() const noexcept { return handle_.name(); }

  /// Closes it and declares it anew for another query, with the same options, in the transaction
  /// it belongs to; one WITH HOLD in whatever is open on the connection. One round trip.
  template <class... Args>
  void execute(sql<Args...> text, Args const&... arguments) {
    parameter_pack const bound(text.where(), arguments...);
    forget_page();
    handle_.declare(text.view(), bound.view());
  }
  /// The same for text made at run time.
  template <class... Args>
  void execute(dynamic_sql const& text, Args const&... arguments) {
    parameter_pack const bound(text.where(), arguments...);
    forget_page();
    handle_.declare(text.view(), bound.view());
  }

 private:
  static constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();

  static constexpr void check_owning() {
    static_assert(!detail::refers_to_result<Row>,
                  "pqscope: a std::string_view or span would outlive the rows it refers to: go "
                  "through the cursor with for, or read std::string");
  }

  std::size_t page_size() const noexcept {
    return static_cast<std::size_t>(handle_.options().fetch);
  }
  /// Rows of the pages that have not been read.
  std::size_t left() const noexcept { return held_ > next_ ? held_ - next_ : 0; }
  /// By how much the server's position is ahead of what has been read; behind the last row counts.
  std::int64_t ahead() const noexcept {
    return static_cast<std::int64_t>(left()) + (is_last_page_ ? 1 : 0);
  }
  /// Whether the server has no more rows.
  bool knows_end() const noexcept { return is_last_page_ || at_end_; }
  /// Whether it stands behind the last row; with no row left in the pages it is gone there.
  bool at_end() noexcept {
    at_end_ = at_end_ || is_last_page_;
    is_last_page_ = false;
    return at_end_;
  }
  /// The server stands where the reader does now, who may be anywhere.
  void forget_page() noexcept {
    next_ = held_;
    is_last_page_ = false;
    at_end_ = false;
  }

  Row current() const {
    if (pages_.empty()) {
      throw usage_error("the cursor was executed again or moved from while being gone through");
    }
    return pages_.front()[current_];
  }

  /// Decodes rows that are here; they count as read once all of them could be. Forgets all but the
  /// first `pages` then, which an iterator may look at.
  std::vector<Row> take(std::size_t count, std::size_t pages) {
    std::vector<Row> found;
    std::size_t const here = detail::least(count, left());
    found.reserve(here);
    std::size_t skipped = next_;
    for (rows<Row> const& page : pages_) {
      std::size_t const first = detail::least(skipped, page.size());
      for (std::size_t i = first; i < page.size() && found.size() < here; ++i) {
        found.push_back(page[i]);
      }
      skipped -= first;
    }
    next_ += here;
    if (here < count) {
      at_end();
    }
    while (left() == 0 && pages_.size() > pages) {
      held_ -= pages_.back().size();
      pages_.pop_back();
      next_ = held_;
    }
    return found;
  }

  bool advance() {
    handle_.require(handle_.where());
    if (left() == 0) {
      if (at_end()) {
        return false;
      }
      read_ahead(page_size(), handle_.where());
    }
    while (pages_.size() > 1 && next_ >= pages_.front().size()) {
      held_ -= pages_.front().size();
      next_ -= pages_.front().size();
      pages_.erase(pages_.begin());
    }
    if (left() == 0) {
      return !at_end();
    }
    current_ = next_++;
    return true;
  }

  /// Fetches a page; nothing changes where that throws.
  void read_ahead(std::size_t count, std::source_location const& where) {
    pages_.push_back(
        read(handle_.fetch("FORWARD", static_cast<std::int64_t>(count), where), where));
    held_ += pages_.back().size();
    is_last_page_ = pages_.back().size() < count;
  }
  rows<Row> read(libpq::result_handle answer, std::source_location const& where) {
    return {std::move(answer), where, detail::types_of(handle_.require(where))};
  }

  detail::cursor_handle<> handle_;
  std::vector<rows<Row>> pages_{};  // one; more after a fetch that threw
  std::size_t held_ = 0;            // rows of all of them
  std::size_t next_ = 0;            // row of the pages to be read next
  std::size_t current_ = 0;         // of the first page: the one gone to last
  bool is_last_page_ = false;       // and the server stands behind its last row
  bool at_end_ = false;
};

template <class Row>
std::uint64_t cursor<Row>::move(std::int64_t by, std::source_location where) {
  handle_.require(where);
  if (by < 0) {
    auto const before = static_cast<std::uint64_t>(ahead());
    auto const back =
        -detail::greatest(by, -static_cast<std::int64_t>(most) - 1);  // more is refused
    std::uint64_t const gone = handle_.move("BACKWARD", back + ahead(), where);
    forget_page();
    return gone - detail::least(gone, before);
  }
  auto const here = detail::least(static_cast<std::uint64_t>(by), std::uint64_t{left()});
  auto const rest = by - static_cast<std::int64_t>(here);
  std::uint64_t gone = 0;
  bool const more = rest > 0 && !knows_end();
  if (more) {
    gone = handle_.move("FORWARD", rest, where);
  }
  next_ += static_cast<std::size_t>(here);
  if (rest > 0) {
    at_end_ = at_end() || gone < static_cast<std::uint64_t>(rest);
  }
  return here + gone;
}

template <class Self>
template <class... Row, class... Args>
  requires(!std::same_as<Args, cursor_options> && ...)
auto statements<Self>::cursor(sql<Args...> text, Args const&... arguments)
    -> pqscope::cursor<detail::row_of_t<Row...>> {
  parameter_pack const bound(text.where(), arguments...);
  return open_cursor<Row...>(text.view(), {}, bound.view());
}

template <class Self>
template <class... Row, class... Args>
auto statements<Self>::cursor(sql<Args...> text, cursor_options const& options,
                              Args const&... arguments)
    -> pqscope::cursor<detail::row_of_t<Row...>> {
  parameter_pack const bound(text.where(), arguments...);
  return open_cursor<Row...>(text.view(), options, bound.view());
}

template <class Self>
template <class... Row, class... Args>
  requires(!std::same_as<Args, cursor_options> && ...)
auto statements<Self>::cursor(dynamic_sql const& text, Args const&... arguments)
    -> pqscope::cursor<detail::row_of_t<Row...>> {
  parameter_pack const bound(text.where(), arguments...);
  return open_cursor<Row...>(text.view(), {}, bound.view());
}

template <class Self>
template <class... Row, class... Args>
auto statements<Self>::cursor(dynamic_sql const& text, cursor_options const& options,
                              Args const&... arguments)
    -> pqscope::cursor<detail::row_of_t<Row...>> {
  parameter_pack const bound(text.where(), arguments...);
  return open_cursor<Row...>(text.view(), options, bound.view());
}

template <class Self>
template <class... Row>
auto statements<Self>::open_cursor(sql_view const& text, cursor_options const& options,
                                   libpq::parameters const& bound)
    -> pqscope::cursor<detail::row_of_t<Row...>> {
  static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in cursor<int, std::string>");
  detail::cursor_handle<> handle{self().core_for(text.where), options, text.where};
  handle.declare(text, bound);
  return pqscope::cursor<detail::row_of_t<Row...>>{std::move(handle)};
}

template <class Self>
template <class... Row>
auto statements<Self>::adopt_cursor(std::string_view name, cursor_options const& options,
                                    std::source_location where)
    -> pqscope::cursor<detail::row_of_t<Row...>> {
  static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in cursor<int, std::string>");
  cursor_options named = options;
  named.name = name;
  detail::cursor_handle<> handle{self().core_for(where), std::move(named), where};
  handle.adopt();
  return pqscope::cursor<detail::row_of_t<Row...>>{std::move(handle)};
}

template <class Self>
template <class... Row>
auto statements<Self>::adopt_cursor(std::string_view name, std::source_location where)
    -> pqscope::cursor<detail::row_of_t<Row...>> {
  return adopt_cursor<Row...>(name, cursor_options{}, where);
}

}  // namespace pqscope

#endif
