#ifndef PQSCOPE_MAPPING_TRACKED_HPP
#define PQSCOPE_MAPPING_TRACKED_HPP

#include <pqscope/error/usage_error.hpp>

#include <cstddef>
#include <memory>
#include <source_location>
#include <utility>
#include <vector>

namespace pqscope {

class session;

namespace detail {

class unit_of_work;

/// Where an object of a session stands.
enum class entity_status : unsigned char {
  detached,  ///< belongs to no session
  pending,   ///< is inserted by the next flush
  stored,    ///< has a row
  doomed,    ///< its row is deleted by the next flush
  removed,   ///< its row was deleted
};

struct entity_base;

/// A reference of an object to another one, whose key may not be known yet.
struct entity_link {
  std::shared_ptr<entity_base> parent;
  bool (*fill)(entity_base& child, entity_base const& parent);  ///< whether that is known
};

/// What is known of an object of any type.
struct entity_base {
  entity_status status = entity_status::detached;
  bool awaits_key = false;  ///< it is being inserted, and the server has not told its key
  int born = 0;             ///< the depth of the session it came into
  int inserted = -1;        ///< the depth it was inserted at, if nothing else was flushed since
  unit_of_work* unit = nullptr;  ///< that it belongs to
  std::vector<entity_link> links{};
  std::source_location where{};  ///< where it was added or removed
};

/// An object of a session, and what its row was like.
template <class T>
struct entity : entity_base {
  /// What it was before something was flushed, at a depth of nested sessions.
  struct moment {
    int depth;
    entity_status status;
    T value;
    T loaded;
  };

  explicit entity(T initial) : value(std::move(initial)), loaded(value) {}

  T value;
  T loaded;  ///< as the row is, as far as the session knows
  std::vector<moment> history{};
};

}  // namespace detail

/// An object of a session: a plain struct that the session watches.
///
/// A flush inserts, updates or deletes its row by what has been done to it. Copies are handles of
/// the same object, of which there is one for each key in a session. It may be empty, where there
/// is no such row. The value outlives the session, and can be used in another thread then; while
/// the session lives it belongs to its thread.
template <class T>
class tracked {
 public:
  /// An empty one.
  tracked() noexcept = default;

  /// Whether there is an object.
  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Whether there is one.
  bool has_value() const noexcept { return state_ != nullptr; }

  /// The value. \throws usage_error if it is empty
  T& operator*() const { return checked().value; }
  /// Its members. \throws usage_error if it is empty
  T* operator->() const { return &checked().value; }
  /// The value. \throws usage_error if it is empty
  T& value() const { return checked().value; }

  /// Whether both are handles of the same object.
  friend bool operator==(tracked const&, tracked const&) noexcept = default;

 private:
  friend class session;
  friend class detail::unit_of_work;

  explicit tracked(std::shared_ptr<detail::entity<T>> held) noexcept : state_{std::move(held)} {}

  detail::entity<T>& checked() const {
    if (state_ == nullptr) {
      throw usage_error("the tracked object is empty: there is no such row");
    }
    return *state_;
  }

  std::shared_ptr<detail::entity<T>> state_;
};

}  // namespace pqscope

#endif
