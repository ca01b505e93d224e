#ifndef PQSCOPE_CONNECTION_STATEMENT_CACHE_HPP
#define PQSCOPE_CONNECTION_STATEMENT_CACHE_HPP

#include <pqscope/connection/planned_statement.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/libpq/wait.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// How many rows are few: of those that arrive one by one, as they do with libpq before 17, each
/// costs more than in one result.
inline constexpr std::uint64_t few_rows = 4096;

/// Where it is not known how many rows a statement returns.
inline constexpr std::uint64_t any_number = UINT64_MAX;

/// A statement that is prepared on the server, or about to be.
struct cached_statement {
  std::uint64_t key = 0;
  std::string text;
  std::vector<unsigned> types;  ///< of its parameters, as declared
  std::string name;
  bool prepared = false;
  std::uint64_t used = 0;           ///< when, in uses of the cache
  unsigned pins = 0;                ///< uses of it by what is being made, or under way
  std::uint64_t rows = any_number;  ///< that it returned the last time
  std::uint64_t made_in = 0;        ///< which of the times that `outdate` parts
};

/// Statements of the library's own that are prepared.
enum class own_statement : unsigned char {
  begin,   ///< BEGIN without options
  commit,  ///< COMMIT
  mark,    ///< the question for the transaction's mark
};

/// The statements that a connection has prepared, by text and parameter types; those used longest
/// ago make room for new ones.
class statement_cache {
 public:
  /// \param capacity how many; 0 for none
  explicit statement_cache(std::size_t capacity) : capacity_{capacity} {
    constexpr std::string_view digits = "0123456789abcdef";
    auto mixed = static_cast<std::uint64_t>(libpq::clock::now().time_since_epoch().count()) ^
                 reinterpret_cast<std::uintptr_t>(this);
    mixed = (mixed ^ mixed >> 30U) * 0xBF58476D1CE4E5B9U;
    for (int i = 0; i < 8; ++i, mixed >>= 4U) {
      prefix_ += digits[mixed >> 28U & 15U];
    }
    prefix_ += '_';
  }

  /// The statement of this text and these types; null where it is not known, or outdated.
  cached_statement* find(sql_view const& text, libpq::parameters const& bound) noexcept {
    if (entries_.empty()) {
      return nullptr;
    }
    std::uint64_t const key = key_of(text, bound);
    for (std::size_t at = key & mask(); index_[at] != nullptr; at = (at + 1) & mask()) {
      cached_statement& each = *index_[at];
      if (each.key == key && is(each, text, bound)) {
        if (each.made_in != now_ && each.pins == 0) {
          forget(each);
          return nullptr;
        }
        each.used = ++uses_;
        return &each;
      }
    }
    return nullptr;
  }

  /// Makes room for a new statement; null where it gains nothing by being prepared, or is a text
  /// made at run time that was not seen lately, or all that are kept are needed for this exchange.
  cached_statement* add(sql_view const& text, libpq::parameters const& bound) {
    if (capacity_ == 0 || !is_planned(text.str()) || (text.is_dynamic && is_new(text, bound))) {
      return nullptr;
    }
    if (entries_.size() >= capacity_ && !evict()) {
      return nullptr;
    }
    auto made = std::make_unique<cached_statement>();
    made->key = key_of(text, bound);
    made->text = text.str();
    for (int i = 0; i < bound.count; ++i) {
      made->types.push_back(bound.types[i]);
    }
    made->name = prefix_ + std::to_string(++made_);
    made->used = ++uses_;
    made->made_in = now_;
    entries_.push_back(std::move(made));
    rebuild();
    return entries_.back().get();
  }

  /// Keeps one for the exchange that is being made; whether it has to be prepared ahead of this
  /// use of it.
  bool needs_prepare(cached_statement& which) noexcept {
    bool const first = which.pins++ == 0;
    has_pinned_ = true;
    return first && !which.prepared;
  }
  /// The exchange is over: forgets what it was to prepare, and did not.
  void unpin() noexcept {
    if (!has_pinned_) {
      return;
    }
    has_pinned_ = false;
    for (cached_statement& each : own_) {
      each.pins = 0;
    }
    bool dead = false;
    for (auto const& each : entries_) {
      each->pins = 0;
      dead = dead || !each->prepared;
    }
    if (dead) {
      for (std::size_t i = entries_.size(); i-- > 0;) {
        if (!entries_[i]->prepared) {
          erase(i);
        }
      }
      rebuild();
    }
  }

  /// A statement of the library's own, which no other one makes room for; there is one of each
  /// until all are forgotten.
  cached_statement& own(own_statement which) {
    constexpr std::string_view names[] = {"_BEGIN", "_COMMIT", "_MARK"};
    auto const index = static_cast<std::size_t>(which);
    cached_statement& found = own_[index];
    if (found.name.empty()) {
      found.name = prefix_ + std::to_string(++made_);
      found.name += names[index];
    }
    return found;
  }
  /// The one that is a plain BEGIN or COMMIT. Null for other texts, and for its first use on a
  /// connection: many have no second one.
  cached_statement* own_control(std::string_view text) {
    bool const begins = text == "BEGIN";
    if (capacity_ == 0 || (!begins && text != "COMMIT")) {
      return nullptr;
    }
    cached_statement& found = own(begins ? own_statement::begin : own_statement::commit);
    return ++found.used > 1 ? &found : nullptr;
  }
  /// Takes note that the server has prepared what has this name, if it is one of the library's own.
  void note_prepared(std::string_view name) noexcept {
    for (cached_statement& each : own_) {
      each.prepared = each.prepared || (!each.name.empty() && each.name == name);
    }
  }

  /// Forgets one that the server has, but cannot use any more; it is told to drop it together with
  /// those that made room.
  void forget(cached_statement const& which) noexcept {
    for (cached_statement& each : own_) {
      if (&each == &which) {
        each.name.clear();
        each.prepared = false;
        return;
      }
    }
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].get() == &which) {
        drop(i);
        break;
      }
    }
    rebuild();
  }
  /// What there is refers to types and columns that may not be there any more: each is prepared
  /// anew when it is used next, as for the first time.
  void outdate() noexcept { ++now_; }
  /// Forgets all: the server has done so.
  void clear() noexcept {
    entries_.clear();
    evicted_.clear();
    for (cached_statement& each : own_) {
      each.name.clear();
      each.prepared = false;
    }
    rebuild();
  }
  /// Keeps nothing any more.
  void close() noexcept {
    capacity_ = 0;
    clear();
  }

  /// What the names of the connection's statements begin with; small letters, digits and
  /// underscores.
  std::string const& prefix() const noexcept { return prefix_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t size() const noexcept { return entries_.size(); }
  /// Statements that tell the server to drop those that made room since it was last asked.
  std::vector<std::string> take_evicted() noexcept { return std::exchange(evicted_, {}); }

 private:
  static std::uint64_t key_of(sql_view const& text, libpq::parameters const& bound) noexcept {
    std::uint64_t key = text.hash;
    for (int i = 0; i < bound.count; ++i) {
      key = (key ^ bound.types[i]) * 0x00000100000001b3U;
    }
    return key ^ key >> 32U;
  }

  /// Whether a text has not been seen lately; it has, the next time.
  bool is_new(sql_view const& text, libpq::parameters const& bound) noexcept {
    std::uint64_t const key = key_of(text, bound);
    for (std::uint64_t const seen : seen_) {
      if (seen == key) {
        return false;
      }
    }
    seen_[next_seen_++ % std::size(seen_)] = key;
    return true;
  }

  static bool is(cached_statement const& known, sql_view const& text,
                 libpq::parameters const& bound) noexcept {
    if (known.types.size() != static_cast<std::size_t>(bound.count)) {
      return false;
    }
    for (std::size_t i = 0; i < known.types.size(); ++i) {
      if (known.types[i] != bound.types[i]) {
        return false;
      }
    }
    return known.text == text.str();
  }

  bool evict() {
    std::size_t oldest = entries_.size();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i]->pins == 0 &&
          (oldest == entries_.size() || entries_[i]->used < entries_[oldest]->used)) {
        oldest = i;
      }
    }
    if (oldest == entries_.size()) {
      return false;
    }
    drop(oldest);
    return true;
  }

  void drop(std::size_t which) noexcept {
    if (entries_[which]->prepared) {
      try {
        evicted_.push_back("DEALLOCATE " + entries_[which]->name);
      } catch (std::bad_alloc const&) {  // then the server keeps it
      }
    }
    erase(which);
  }

  void erase(std::size_t which) noexcept {
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  std::size_t mask() const noexcept { return index_.size() - 1; }

  /// Makes the index, at most half full; without memory for it there is no cache.
  void rebuild() noexcept {
    try {
      std::size_t size = 16;
      while (size < 2 * entries_.size() + 2) {
        size *= 2;
      }
      index_.assign(size, nullptr);
    } catch (...) {
      capacity_ = 0;
      entries_.clear();
      index_.clear();
      return;
    }
    for (auto const& each : entries_) {
      std::size_t at = each->key & mask();
      while (index_[at] != nullptr) {
        at = (at + 1) & mask();
      }
      index_[at] = each.get();
    }
  }

  std::size_t capacity_;
  std::string prefix_ = "pqscope_";  // of names: a pooler can have several clients share a session
  cached_statement own_[3];
  std::vector<std::unique_ptr<cached_statement>> entries_;
  std::vector<cached_statement*> index_;  // open addressing, size a power of two
  std::vector<std::string> evicted_;
  std::uint64_t uses_ = 0;
  std::uint64_t now_ = 0;
  std::uint64_t made_ = 0;
  bool has_pinned_ = false;
  std::uint64_t seen_[64] = {};
  std::size_t next_seen_ = 0;
};

}  // namespace pqscope::detail

#endif
