#ifndef PQSCOPE_POOL_POOL_SLOT_HPP
#define PQSCOPE_POOL_POOL_SLOT_HPP

#include <pqscope/libpq/wait.hpp>

#include <cstddef>
#include <cstdint>

namespace pqscope::detail {

/// What has become of a place for a connection in a pool.
enum class slot_state : unsigned char {
  vacant,   ///< there is no connection
  opening,  ///< somebody connects
  parked,   ///< somebody has begun to connect and left it to the next one who wants to
  idle,     ///< a connection waits to be used
  leased,   ///< somebody uses the connection, checks it, or closes it
};

/// A place for one connection, as `pool_state` sees it: its driver keeps the connection beside it.
struct pool_slot {
  slot_state state = slot_state::vacant;  ///< what has become of it
  bool doomed = false;                    ///< leased to be closed
  bool resumed = false;                   ///< opened again after it was parked
  std::uint64_t generation = 0;           ///< the pool's when the connection was begun
  libpq::clock::time_point since{};       ///< when it entered its state
  libpq::clock::time_point expires{};     ///< when the connection has lived long enough
  pool_slot* newer = nullptr;             ///< in its list; towards what was added last
  pool_slot* older = nullptr;             ///< in its list; towards what was added first
};

/// Slots in the order in which they were added; owns none of them.
class slot_list {
 public:
  bool empty() const noexcept { return newest_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  pool_slot* newest() const noexcept { return newest_; }
  pool_slot* oldest() const noexcept { return oldest_; }

  void add(pool_slot& slot) noexcept {
    slot.older = newest_;
    slot.newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = &slot;
    newest_ = &slot;
    ++size_;
  }
  void remove(pool_slot& slot) noexcept {
    (slot.newer != nullptr ? slot.newer->older : newest_) = slot.older;
    (slot.older != nullptr ? slot.older->newer : oldest_) = slot.newer;
    slot.newer = slot.older = nullptr;
    --size_;
  }

 private:
  pool_slot* newest_ = nullptr;
  pool_slot* oldest_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pqscope::detail

#endif
